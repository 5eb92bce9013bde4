import fc from 'fast-check';
import {
	advance,
	beginAt,
	beginNow,
	readCursor,
	readFrom,
	type Cursor,
	type Found,
} from '../../lib/history/cursor';

const OVERLAP = 100;

/** A row as the PBX has it: filed under `at`, there from `appears` on, growing until `complete`. */
interface PbxRow {
	id: string;
	at: number;
	appears: number;
	complete: number;
}

/** Rows begin anywhere, often at the same time as others, and appear and grow up to an overlap later. */
const rows = fc
	.array(
		fc.record({
			at: fc.integer({ min: 0, max: 400 }),
			late: fc.integer({ min: 0, max: OVERLAP - 1 }),
			grows: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
		}),
		{ maxLength: 40 },
	)
	.map((list) =>
		list.map(
			({ at, late, grows }, index): PbxRow => ({
				id: `call ${index}`,
				at,
				appears: at + late,
				complete: at + late + grows,
			}),
		),
	);

const pollTimes = fc
	.uniqueArray(fc.integer({ min: 0, max: 900 }), { maxLength: 30 })
	.map((times) => [...times.sort((a, b) => a - b), 2_000]);

/** What a poll finds: everything from the cursor on, in no particular order. */
const answer = (pbx: PbxRow[], from: number, now: number): Array<Found<string>> =>
	pbx
		.filter(({ at, appears }) => at >= from && appears <= now)
		.reverse()
		.map(({ id, at, complete }) => ({
			id,
			at,
			size: Math.min(now, complete),
			state: complete > now ? 'growing' : complete % 2 === 0 ? 'complete' : 'unsure',
			value: id,
		}));

/** Static data goes through JSON. */
const stored = (cursor: Cursor): Cursor => readCursor(JSON.parse(JSON.stringify(cursor)))!;

function run(pbx: PbxRow[], polls: number[], first: Cursor): string[] {
	let cursor = first;
	const told: string[] = [];
	// The last poll comes twice: what is unsure counts as complete when it has not grown in between.
	for (const now of [...polls, polls.at(-1)! + 1]) {
		const found = answer(pbx, readFrom(cursor, OVERLAP), now);
		const step = advance(cursor, found, { overlapMs: OVERLAP, now });
		told.push(...step.fresh);
		cursor = stored(step.cursor);
	}
	return told;
}

describe('the cursor', () => {
	test('from a chosen time on tells every row once, however late it comes and whenever it is polled', () => {
		fc.assert(
			fc.property(rows, pollTimes, fc.integer({ min: 0, max: 400 }), (pbx, polls, since) => {
				const told = run(pbx, polls, beginAt(since));
				const expected = pbx.filter(({ at }) => at >= since).map(({ id }) => id);
				expect([...told].sort()).toEqual([...expected].sort());
			}),
		);
	});

	test('from now on tells what appears from now on, and what was growing, once', () => {
		fc.assert(
			fc.property(rows, pollTimes, fc.integer({ min: 0, max: 400 }), (pbx, polls, published) => {
				const options = { overlapMs: OVERLAP, now: published };
				const there = answer(pbx, published - OVERLAP, published);
				const first = beginNow(there, options);
				const told = run(
					pbx,
					polls.filter((time) => time > published),
					first,
				);
				const expected = pbx
					.filter(({ at, appears, complete }) =>
						appears > published ? true : at >= published - OVERLAP && complete > published,
					)
					.map(({ id }) => id);
				expect([...told].sort()).toEqual([...expected].sort());
			}),
		);
	});

	test('keeps only what lies within the overlap', () => {
		fc.assert(
			fc.property(rows, pollTimes, (pbx, polls) => {
				let cursor = beginAt(0);
				for (const now of polls) {
					const found = answer(pbx, readFrom(cursor, OVERLAP), now);
					({ cursor } = advance(cursor, found, { overlapMs: OVERLAP, now }));
					const from = readFrom(cursor, OVERLAP);
					expect(Object.values(cursor.seen).every((at) => at >= from)).toBe(true);
				}
			}),
		);
	});

	test('gives up the oldest ids when there are too many, and never repeats their rows', () => {
		const found = (from: number): Array<Found<number>> =>
			Array.from({ length: 50 }, (_, at) => ({ id: `row ${at}`, at, value: at })).filter(
				({ at }) => at >= from,
			);
		const options = { overlapMs: 1_000, now: 50, maxSeen: 10 };
		const first = advance(beginAt(0), found(0), options);
		expect(first.fresh).toHaveLength(50);
		expect(Object.keys(first.cursor.seen)).toHaveLength(10);
		const second = advance(first.cursor, found(readFrom(first.cursor, 1_000)), options);
		expect(second.fresh).toEqual([]);
		const again = advance(first.cursor, found(0), options);
		expect(again.fresh).toEqual([]);
	});

	test('is not moved by a row with a wrong clock', () => {
		const found = [{ id: 'from the future', at: Date.UTC(2099, 0), value: 'x' }];
		const { fresh, cursor } = advance(beginAt(0), found, { overlapMs: OVERLAP, now: 1_000 });
		expect(fresh).toEqual(['x']);
		expect(cursor.newest).toBe(0);
		expect(advance(cursor, found, { overlapMs: OVERLAP, now: 1_000 }).fresh).toEqual([]);
	});

	test('tells in the end what never stops growing', () => {
		const days = 3 * 86_400_000;
		const found = [{ id: 'stuck', at: 0, state: 'growing' as const, value: 'x' }];
		const { fresh, cursor } = advance(beginAt(0), found, { overlapMs: OVERLAP, now: 1_000 });
		expect(fresh).toEqual([]);
		expect(readFrom(cursor, OVERLAP)).toBe(0);
		expect(advance(cursor, found, { overlapMs: OVERLAP, now: days }).fresh).toEqual(['x']);
	});

	test.each([undefined, null, 'text', {}, { floor: 1 }])(
		'is none where static data holds %j',
		(value) => expect(readCursor(value)).toBeUndefined(),
	);
});
