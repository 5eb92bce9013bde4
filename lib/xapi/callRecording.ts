import type { PbxClient } from '../http/client';
import { queryString } from '../odata/query';
import { sameNumber } from '../phone/e164';
import { loggedCallsIn, UNFILTERED } from './callLog';
import { listEntities, type Entity, type RequestOptions } from './entities';
import { listFunction } from './functions';

/** A call whose recording is looked for, as far as it is known. */
export interface RecordedCall {
	/** `MainCallHistoryId` of the call log; the call history trigger has it. */
	historyId?: string;
	/** Number of the other side. */
	number?: string;
	/** Number of the extension that talked. */
	extension?: string;
	/** When it was answered, or when it began, in ms since the epoch. */
	from: number;
	/** When it ended, in ms since the epoch: what begins later is the recording of another call. */
	to: number;
}

/** The clocks of n8n and the PBX may differ by this much, in ms. */
const CLOCKS_MS = 120_000;

/** Most recordings of the time of a call that are looked through; the newest. */
const MAX_RECORDINGS = 500;

/**
 * Finds the recordings of a call: 3CX links them only from its call log, which has the call after its end. Those that have
 * the call's parties and began while it went on are its own; with a history ID the call log decides.
 *
 * @param client the PBX; only a System Owner may read recordings (protocol 1.6)
 * @param call the call; `number` or `extension` or `historyId` must be there
 * @param select properties to read, besides those that are needed
 * @returns its recordings, the one that began nearest to `from` first
 */
export async function recordingsOf(
	client: PbxClient,
	call: RecordedCall,
	select: readonly string[] = [],
	options: RequestOptions = {},
): Promise<Entity[]> {
	const [from, to] = [call.from - CLOCKS_MS, call.to + CLOCKS_MS].map((ms) => new Date(ms));
	const [rows, linked] = await Promise.all([
		listEntities(client, '/Recordings', {
			query: queryString({
				filter: `StartTime ge ${from!.toISOString()} and StartTime le ${to!.toISOString()}`,
				select: select.length > 0 ? [...new Set([...select, ...PARTIES, 'Id', 'StartTime'])] : [],
				orderBy: [{ field: 'StartTime', direction: 'desc' }],
			}),
			limit: MAX_RECORDINGS,
			...options,
		}),
		call.historyId === undefined
			? undefined
			: linkedTo(client, call.historyId, [from!, to!], options),
	]);
	return rows
		.filter((row) => (linked ? linked.has(Number(row.Id)) : isOf(row, call)))
		.sort((a, b) => distance(a, call) - distance(b, call));
}

/** Ids that the call log has for a call. */
async function linkedTo(
	client: PbxClient,
	historyId: string,
	[periodFrom, periodTo]: [Date, Date],
	options: RequestOptions,
): Promise<Set<number>> {
	const legs = await listFunction(
		client,
		'GetCallLogData',
		{ periodFrom, periodTo, ...UNFILTERED },
		{ query: queryString({ orderBy: [{ field: 'SegmentId' }] }), ...options },
	);
	const found = loggedCallsIn(legs).find(({ callId }) => callId === historyId);
	return new Set(found?.recordings);
}

const PARTIES = ['FromDn', 'FromCallerNumber', 'ToDn', 'ToCallerNumber'];

const distance = ({ StartTime }: Entity, { from }: RecordedCall) =>
	Math.abs(Date.parse(String(StartTime)) - from);

/** Whether a recording has both parties of a call, as far as they are known. */
function isOf(row: Entity, { number, extension }: RecordedCall): boolean {
	const parties = PARTIES.map((property) => row[property]).filter(
		(value): value is string => typeof value === 'string' && value !== '',
	);
	const has = (wanted: string | undefined) =>
		wanted === undefined || parties.some((party) => party === wanted || sameNumber(party, wanted));
	return (number ?? extension) !== undefined && has(number) && has(extension);
}
