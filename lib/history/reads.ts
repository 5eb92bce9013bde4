import type { PbxClient } from '../http/client';
import { queryString } from '../odata/query';
import { loggedCallsIn, UNFILTERED, type Call } from '../xapi/callLog';
import { durationSeconds } from '../xapi/duration';
import { listEntities, type Entity } from '../xapi/entities';
import { listFunction } from '../xapi/functions';
import type { Found } from './cursor';

/** How history is read: which rows, and what makes each of them complete. */

/** A call whose last leg ended this long ago gets no more legs, in ms. The PBX writes each when it ends. */
const SETTLED_MS = 15_000;

/** A span of time, in ms since the epoch. The end does not belong to it (protocol 4.7). */
export interface TimeSpan {
	from: number;
	to: number;
	/** The newest so many rows only. */
	newest?: number;
	/** A call whose last leg ended this long ago gets no more legs, in ms; default {@link SETTLED_MS}. */
	settledMs?: number;
}

/** @param now the clock, in ms since the epoch */
export type Read<T> = (
	client: PbxClient,
	period: TimeSpan,
	now: number,
) => Promise<Array<Found<T>>>;

/**
 * Reads whole calls (`GetCallLogData`). A leg has its row as soon as it ends, while the call may go on: a queue passes
 * a caller on, and the agent talks for an hour. So a call that is still among the active ones is growing; that those
 * bear the same ids is likely but not proven (protocol 8.10), so that where they do not, a call counts as complete when
 * its last leg has been over for a while, or when it has not grown between two polls. Which calls are active is asked
 * first: of one that ends while its rows are read, only some may have been read.
 */
export const readCalls: Read<Call> = async (
	client,
	{ from, to, newest, settledMs = SETTLED_MS },
	now,
) => {
	const active = await activeCalls(client).then(
		(calls) => new Map(calls.map((call) => [Number(call.Id), call])),
		() => new Map<number, Entity>(),
	);
	const rows = await listFunction(
		client,
		'GetCallLogData',
		{
			periodFrom: new Date(from),
			periodTo: new Date(to),
			...UNFILTERED,
		},
		{ query: order('StartTime', 'SegmentId', newest), limit: newest },
	);
	// The oldest of a limited number of rows may be a part of its call only.
	const torn = rows.length >= (newest ?? Infinity) ? rows.at(-1) : undefined;
	const calls = loggedCallsIn(rows).filter(({ legs }) => legs.every((leg) => leg !== torn));
	return calls.map((call) => {
		const at = Math.min(...call.legs.map(({ StartTime }) => timeOf(StartTime)));
		const end = Math.max(...call.legs.map(endOf));
		const isActive = call.legs.some(({ CallId }) =>
			mayBeOf(active.get(Number(CallId)), { at, end }),
		);
		const isOver = end <= now - settledMs;
		const state = isActive ? 'growing' : isOver ? 'complete' : 'unsure';
		return { id: call.callId, at, size: call.legs.length, state, value: call };
	});
};

/** Reads recordings that are complete: those whose call has ended. Only a System Owner may (protocol 1.6). */
export const readRecordings: Read<Entity> = async (client, period) =>
	(await listRows(client, '/Recordings', 'StartTime', 'Id', period)).map((row) => ({
		id: String(row.Id),
		at: timeOf(row.StartTime),
		state: row.EndTime === undefined || row.EndTime === null ? 'growing' : 'complete',
		value: row,
	}));

/** Reads chat messages. */
export const readMessages: Read<Entity> = async (client, period) =>
	(await listRows(client, '/ChatMessagesHistoryView', 'TimeSent', 'MessageId', period)).map(
		(row) => ({ id: String(row.MessageId), at: timeOf(row.TimeSent), value: row }),
	);

/**
 * What tells cheaply that there may be news: the times of the latest call and message, and which calls go on. The times
 * alone are not enough: that of a call is when it began, and one that began before the latest and ends after it does
 * not change them.
 *
 * @returns text that is different when they are; undefined where they may not be read
 */
export async function probe(client: PbxClient): Promise<string | undefined> {
	const [rows, active] = await Promise.all([
		listEntities(client, '/LastCdrAndChatMessageTimestamp', { limit: 1 }).catch(() => []),
		activeCalls(client).catch(() => undefined),
	]);
	if (rows.length === 0 || active === undefined) return undefined;
	const ids = active.map(({ Id }) => Number(Id)).sort((a, b) => a - b);
	return JSON.stringify([rows, ids]);
}

async function listRows(
	client: PbxClient,
	path: string,
	time: string,
	id: string,
	{ from, to, newest }: TimeSpan,
): Promise<Entity[]> {
	// A date-time without quotes, as XAPI wants it (protocol 4.3).
	const filter = `${time} ge ${new Date(from).toISOString()} and ${time} lt ${new Date(to).toISOString()}`;
	const query = [queryString({ filter }), order(time, id, newest)].join('&');
	return await listEntities(client, path, { query, limit: newest });
}

/** Oldest first, so that a row that comes in between two pages can only push others to the next one. */
const order = (time: string, id: string, newest?: number): string => {
	const direction = newest === undefined ? 'asc' : 'desc';
	return queryString({
		orderBy: [
			{ field: time, direction },
			{ field: id, direction },
		],
	});
};

/** The calls that go on. */
async function activeCalls(client: PbxClient): Promise<Entity[]> {
	const query = queryString({ select: ['Id', 'EstablishedAt', 'LastChangeStatus'] });
	return await listEntities(client, '/ActiveCalls', { query });
}

/** Between two legs of a call, at most so much may pass without one that ends, in ms: a queue is waited in for long. */
const LONGEST_PAUSE_MS = 10 * 60_000;

/** How far apart the times of one PBX for the same thing may be, in ms. */
const LEEWAY_MS = 60_000;

/**
 * Whether an active call may be the one that rows of the same number are of. Numbers may be used again after a restart, or
 * count the calls of each answer (protocol 8.10); so what was established before the call of the rows began, or long after
 * its last leg had ended, is another call. Without its times it may be the same.
 */
function mayBeOf(active: Entity | undefined, rows: { at: number; end: number }): boolean {
	if (!active) return false;
	const { EstablishedAt, LastChangeStatus } = active;
	const established = timeOf(EstablishedAt);
	if (established > 0) {
		return established >= rows.at - LEEWAY_MS && established <= rows.end + LONGEST_PAUSE_MS;
	}
	const changed = timeOf(LastChangeStatus);
	return changed === 0 || changed >= rows.at - LEEWAY_MS;
}

const timeOf = (value: unknown): number => {
	const ms = Date.parse(String(value));
	return Number.isNaN(ms) ? 0 : ms;
};

/** When a leg ended, in ms since the epoch. */
const endOf = ({ StartTime, RingingDuration, TalkingDuration }: Entity): number => {
	const seconds = (durationSeconds(RingingDuration) ?? 0) + (durationSeconds(TalkingDuration) ?? 0);
	return timeOf(StartTime) + seconds * 1000;
};
