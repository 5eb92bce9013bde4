import {
	advance,
	readFrom,
	type Cursor,
	type CursorOptions,
	type Found,
	type ToldRow,
} from './cursor';

/**
 * What is read at once where there is much to catch up on, in ms: over long periods the PBX runs out of time
 * (protocol 4.4), and years of calls are too much to be told at once.
 */
const PORTION_MS = 7 * 86_400_000;

/**
 * Reads on from where the polls have come, in portions of a week, as far as the first one with news.
 *
 * @param read reads a period, in ms since the epoch; the end does not belong to it
 * @param cursor how far the polls have come
 * @param options `aheadMs`: rows of so far ahead of our clock are read, too
 * @returns what is new, the cursor for the next poll, and whether there is more to read at once
 */
export async function catchUp<T>(
	read: (from: number, to: number) => Promise<Array<Found<T>>>,
	cursor: Cursor,
	{ aheadMs, ...options }: CursorOptions & { aheadMs: number },
): Promise<{ fresh: T[]; told: ToldRow[]; cursor: Cursor; isBehind: boolean }> {
	const { now, overlapMs } = options;
	for (let at = cursor; ; ) {
		const end = at.newest + PORTION_MS;
		const from = readFrom(at, overlapMs);
		if (end >= now) {
			const found = await read(from, now + aheadMs);
			const step = advance(at, found, options);
			return { ...step, isBehind: step.left > 0 };
		}
		// All rows of what begins in this portion; what begins later is left to the next one, whole.
		const found = (await read(from, end + overlapMs)).filter((each) => each.at < end);
		const step = advance(at, found, { ...options, readTo: end });
		if (step.fresh.length > 0) return { ...step, isBehind: true };
		at = step.cursor;
	}
}
