import { createHash } from 'node:crypto';

/*
 * Rows of call log, recordings and chat come late: a row bears the time when its call began and appears when the call
 * is over. "Newer than the last one" would lose it. So each poll reads again what lies within an overlap, and the ids of
 * what was seen there are kept. The times only say how far back to read; what is new is decided by ids alone.
 */

/** How far a poll has come. Plain JSON, for n8n's static data. */
export interface Cursor {
	/** Rows that started before this are not reported, in ms since the epoch. */
	floor: number;
	/** Time of the newest row so far, or until when all rows have been read, in ms since the epoch. */
	newest: number;
	/** What was seen within twice the overlap: a short hash of the id, and its time. */
	seen: Record<string, number>;
	/** Everything before this has been seen, but for what is unfinished, in ms since the epoch. */
	done?: number;
	/** What has been read but was not complete: its time, and how large it was; or was complete, but is still to be told. */
	unfinished: Record<string, { at: number; size: number }>;
}

/** A row that has been told, as the cursor knows it. */
export interface ToldRow {
	key: string;
	at: number;
}

/** A row, or what several rows make up, as the cursor sees it. */
export interface Found<T> {
	/** The same in every poll, and no other's. */
	id: string;
	/** The time by which the PBX filters, in ms since the epoch; that of the first of several rows. */
	at: number;
	/** How much of it there is; it counts as complete when that has not changed since the last poll. Default 1. */
	size?: number;
	/** Whether it is known to be complete (default), may still grow, or grows for sure. */
	state?: 'complete' | 'unsure' | 'growing';
	value: T;
}

/** How a cursor is moved. */
export interface CursorOptions {
	/** How much later than its time a row may appear, in ms: as long as the longest call. */
	overlapMs: number;
	/** The clock, in ms since the epoch. */
	now: number;
	/** Where the reading ended, in ms since the epoch; default `now`. */
	readTo?: number;
	/** Most ids that are kept; beyond it the oldest are dropped and never reported again. Default 20,000. */
	maxSeen?: number;
	/** Most rows that are told at once; the others are left for the next poll. Default all. */
	limit?: number;
}

/** Rows from the future of more than a day have a wrong clock behind them; they do not move the cursor, in ms. */
const DAY_MS = 86_400_000;

/** A call that grows for longer than this is reported as it is, in ms: nobody talks for two days. */
const LONGEST_GROWTH_MS = 2 * DAY_MS;

const MAX_SEEN = 20_000;

/** @returns a cursor that reports everything from a moment on. */
export const beginAt = (moment: number): Cursor => ({
	floor: moment,
	newest: moment,
	seen: {},
	unfinished: {},
});

/**
 * A cursor that reports what appears from now on. It does not trust the clocks: what is there now has been seen, whatever
 * its time; what is still growing has not.
 *
 * @param found what lies within the overlap before now
 * @param options `overlapMs` as for all further polls
 */
export function beginNow<T>(found: ReadonlyArray<Found<T>>, options: CursorOptions): Cursor {
	const floor = options.now - options.overlapMs;
	// A call that may be complete is not news yet.
	const settled = found.map(
		(each): Found<T> => (each.state === 'growing' ? each : { ...each, state: 'complete' }),
	);
	return advance({ ...beginAt(floor), newest: options.now }, settled, options).cursor;
}

/**
 * @param cursor how far the polls have come
 * @param overlapMs see {@link CursorOptions}
 * @returns the time from which on the next poll has to read, inclusive, in ms since the epoch
 */
export function readFrom(cursor: Cursor, overlapMs: number): number {
	const waiting = Object.values(cursor.unfinished).map(({ at }) => at);
	// Further back than the floor, or what began before it would seem to begin with its first row behind it.
	return Math.max(cursor.floor - overlapMs, Math.min(cursor.newest - overlapMs, ...waiting));
}

/**
 * Decides what is new.
 *
 * @param cursor how far the polls have come
 * @param found everything from {@link readFrom} to `readTo`, in any order; a row that a poll misses is found by a later one
 * @param options overlap, clock, and how far was read
 * @returns what has not been told before, oldest first, and the cursor for the next poll
 */
export function advance<T>(
	cursor: Cursor,
	found: ReadonlyArray<Found<T>>,
	options: CursorOptions,
): { fresh: T[]; told: ToldRow[]; left: number; cursor: Cursor } {
	const { overlapMs, now, readTo = now, maxSeen = MAX_SEEN, limit = Infinity } = options;
	const seen = new Map(Object.entries(cursor.seen));
	const unfinished: Cursor['unfinished'] = { ...cursor.unfinished };
	const fresh: Array<{ key: string; at: number; value: T }> = [];
	for (const each of found) {
		const key = keyOf(each.id);
		const { at } = each;
		if (seen.has(key)) continue;
		// So long ago that its id has been dropped: it is read again only because of an older one.
		if (at < (cursor.done ?? -Infinity) && !(key in cursor.unfinished)) continue;
		if (at < cursor.floor) seen.set(key, at);
		else if (isComplete(each, cursor.unfinished[key], now)) {
			delete unfinished[key];
			seen.set(key, at);
			fresh.push({ key, at, value: each.value });
		} else {
			unfinished[key] = { at, size: each.size ?? 1 };
		}
	}
	fresh.sort((a, b) => a.at - b.at);
	const left = fresh.splice(limit);
	for (const [key, { at }] of Object.entries(unfinished)) {
		// Gone from the PBX before it was complete: deleted.
		if (at < now - LONGEST_GROWTH_MS) delete unfinished[key];
	}
	for (const { key, at } of left) {
		seen.delete(key);
		unfinished[key] = { at, size: 1 };
	}
	const times = found.map(({ at }) => at).filter((at) => at <= now + DAY_MS);
	const next: Cursor = {
		floor: cursor.floor,
		newest: [...times, ...(readTo < now ? [readTo] : [])].reduce(
			(newest, at) => Math.max(newest, at),
			cursor.newest,
		),
		seen: {},
		unfinished,
	};
	const oldestKept = floorFor([...seen.values()], maxSeen);
	next.floor = Math.max(next.floor, oldestKept);
	const keepFrom = Math.max(oldestKept, readFrom(next, overlapMs) - overlapMs);
	next.done = Math.max(cursor.done ?? -Infinity, keepFrom);
	next.seen = Object.fromEntries([...seen].filter(([, at]) => at >= keepFrom));
	return {
		fresh: fresh.map(({ value }) => value),
		told: fresh.map(({ key, at }) => ({ key, at })),
		left: left.length,
		cursor: next,
	};
}

/**
 * @param cursor how far the polls have come
 * @param rows what was told, but has reached nobody
 * @returns a cursor whose next poll tells them again, and no others
 */
export function takeBack(cursor: Cursor, rows: readonly ToldRow[]): Cursor {
	const keys = new Set(rows.map(({ key }) => key));
	return {
		...cursor,
		seen: Object.fromEntries(Object.entries(cursor.seen).filter(([key]) => !keys.has(key))),
		unfinished: {
			...cursor.unfinished,
			...Object.fromEntries(rows.map(({ key, at }) => [key, { at, size: 1 }])),
		},
	};
}

/** @returns whether a row has been seen: of a PBX whose rows have ids that no other has, that tells which PBX it is. */
export const hasSeen = (cursor: Cursor, { id }: Pick<Found<unknown>, 'id'>): boolean =>
	keyOf(id) in cursor.seen;

function isComplete<T>(
	{ state = 'complete', size = 1, at }: Found<T>,
	before: Cursor['unfinished'][string] | undefined,
	now: number,
): boolean {
	if (at < now - LONGEST_GROWTH_MS) return true;
	return state === 'complete' || (state === 'unsure' && before?.size === size);
}

/** @returns the time from which on no more than `max` ids are left. */
function floorFor(times: number[], max: number): number {
	if (times.length <= max) return -Infinity;
	return times.sort((a, b) => b - a)[max]! + 1;
}

/** Ids are long and many, and only compared: 72 bits of them are enough. */
const keyOf = (id: string): string =>
	createHash('sha256').update(id).digest('base64url').slice(0, 12);

/** @returns the cursor in static data, or undefined when there is none that can be used. */
export function readCursor(value: unknown): Cursor | undefined {
	const cursor = value as Partial<Cursor> | null | undefined;
	const isWhole =
		typeof cursor?.floor === 'number' &&
		typeof cursor.newest === 'number' &&
		typeof cursor.seen === 'object' &&
		typeof cursor.unfinished === 'object';
	return isWhole ? (cursor as Cursor) : undefined;
}
