import fc from 'fast-check';
import { catchUp } from '../../lib/history/catchUp';
import { beginAt, type Found } from '../../lib/history/cursor';

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;
const NOW = 5 * WEEK;
const OPTIONS = { overlapMs: 4 * HOUR, aheadMs: 0, now: NOW };

/** Calls of two rows, the second up to four hours after the first; many of them where a week ends. */
const calls = fc.array(
	fc.record({
		at: fc.oneof(
			fc.integer({ min: 0, max: NOW - 4 * HOUR }),
			fc.integer({ min: WEEK - 4 * HOUR, max: WEEK + 4 * HOUR }),
		),
		lasts: fc.integer({ min: 0, max: 4 * HOUR - 1 }),
	}),
	{ maxLength: 20 },
);

test('every call is told once and with all its rows, wherever weeks end', async () => {
	await fc.assert(
		fc.asyncProperty(calls, async (pbx) => {
			const asked: number[] = [];
			const read = async (from: number, to: number) => {
				asked.push(to - from);
				return await Promise.resolve(
					pbx.flatMap(({ at, lasts }, index): Array<Found<string>> => {
						const rows = [at, at + lasts].filter((row) => row >= from && row < to);
						if (rows.length === 0) return [];
						const value = `${index}: ${rows.length}`;
						return [{ id: String(index), at: Math.min(...rows), value }];
					}),
				);
			};
			const told: string[] = [];
			let step = await catchUp(read, beginAt(0), OPTIONS);
			for (; step.isBehind; step = await catchUp(read, step.cursor, OPTIONS)) {
				// Behind, and with something to tell: otherwise it would have read on.
				expect(step.fresh.length).toBeGreaterThan(0);
				told.push(...step.fresh);
			}
			told.push(...step.fresh);
			expect([...told].sort()).toEqual(pbx.map((_, index) => `${index}: 2`).sort());
			expect(Math.max(...asked)).toBeLessThanOrEqual(WEEK + 8 * HOUR);
		}),
		{ numRuns: 500 },
	);
});

test('rows of a PBX whose clock is ahead are read now', async () => {
	const asked: number[] = [];
	const read = async (_from: number, to: number) => {
		asked.push(to);
		return await Promise.resolve([]);
	};
	await catchUp(read, beginAt(NOW - HOUR), { ...OPTIONS, aheadMs: 60_000 });
	expect(asked).toEqual([NOW + 60_000]);
});

test.each([
	[1, true],
	[2, false],
])('of two calls %d are told at once, so there is more to tell: %p', async (limit, isBehind) => {
	const found = ['a', 'b'].map((id): Found<string> => ({ id, at: NOW - HOUR, value: id }));
	const read = async () => await Promise.resolve(found);
	const step = await catchUp(read, beginAt(NOW - 2 * HOUR), { ...OPTIONS, limit });
	expect(step.fresh).toHaveLength(limit);
	expect(step.isBehind).toBe(isBehind);
});
