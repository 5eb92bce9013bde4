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
export const readCalls: Read<Call> = async (client, { from, to, newest }, now) => {
	const active = new Set(await activeIds(client));
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
	const [torn] = newest !== undefined && rows.length >= newest ? rows.slice(-1) : [];
	const calls = loggedCallsIn(rows).filter(
		({ legs }) => torn === undefined || !legs.includes(torn),
	);
	return calls.map((call) => {
		const at = Math.min(...call.legs.map(({ StartTime }) => timeOf(StartTime)));
		const isActive = call.legs.some(({ CallId }) => active.has(Number(CallId)));
		const isOver = Math.max(...call.legs.map(endOf)) <= now - SETTLED_MS;
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
		activeIds(client),
	]);
	if (rows.length === 0 || active === undefined) return undefined;
	return JSON.stringify([rows, active.sort((a, b) => a - b)]);
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

/** The calls that go on; undefined where they may not be read. */
async function activeIds(client: PbxClient): Promise<number[] | undefined> {
	const query = queryString({ select: ['Id'] });
	const rows = await listEntities(client, '/ActiveCalls', { query }).catch(() => undefined);
	return rows?.map(({ Id }) => Number(Id));
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
