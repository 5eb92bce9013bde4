import type { PbxClient } from '../http/client';
import { queryString } from '../odata/query';
import { listEntities, type Entity } from '../xapi/entities';
import { MAX_ROWS } from './reads';

/** A call that goes on, as XAPI's `ActiveCalls` has it (protocol 4.6). */
export interface ActiveCall {
	/** The callid of Call Control, as far as is known (protocol 8.10). */
	id: number;
	/** Number at the begin of the text that the PBX shows, and what follows it. */
	caller: { number: string; name: string };
	callee: { number: string; name: string };
	/** Such as `Routing` or `Talking`. */
	status: string;
	/**
	 * When it was answered, or, while it rings or waits, when that began; in ms since the epoch. 3CX has no time of its begin.
	 */
	since?: number;
	/** The clock of the PBX when it was read, in ms since the epoch. */
	now?: number;
}

const timeOf = (value: unknown): number | undefined => {
	const ms = Date.parse(String(value ?? ''));
	return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
};

/** `800 Appointments` is the number 800 and the name Appointments (protocol 4.6, G44). */
function partyIn(value: unknown): ActiveCall['caller'] {
	const text = typeof value === 'string' ? value.trim() : '';
	const end = text.search(/\s/);
	return end < 0
		? { number: text, name: '' }
		: { number: text.slice(0, end), name: text.slice(end).trim() };
}

/** @returns a row of `ActiveCalls`, read */
export const activeCallFrom = (row: Entity): ActiveCall => ({
	id: Number(row.Id),
	caller: partyIn(row.Caller),
	callee: partyIn(row.Callee),
	status: typeof row.Status === 'string' ? row.Status : '',
	since: timeOf(row.EstablishedAt) ?? timeOf(row.LastChangeStatus),
	now: timeOf(row.ServerNow),
});

const QUERY = queryString({
	select: ['Id', 'Caller', 'Callee', 'Status', 'EstablishedAt', 'LastChangeStatus', 'ServerNow'],
});

/** @returns the calls that go on */
export const readActiveCalls = async (
	client: PbxClient,
	signal?: AbortSignal,
): Promise<ActiveCall[]> =>
	(await listEntities(client, '/ActiveCalls', { query: QUERY, limit: MAX_ROWS, signal })).map(
		activeCallFrom,
	);
