import fc from 'fast-check';
import {
	advance,
	beginAt,
	beginNow,
	hasSeen,
	readCursor,
	readFrom,
	takeBack,
	type Cursor,
	type Found,
} from '../../lib/history/cursor';

const OVERLAP = 100;
const DAY = 86_400_000;

/** A call as the PBX has it: filed under `at`, there from `appears` on, growing until `complete`. */
interface PbxCall {
	id: string;
	at: number;
	/** When the second of its two rows begins; `at` where it has one only. */
	second: number;
	appears: number;
	complete: number;
}

/** Calls begin anywhere, often at the same time as others, and appear and grow up to an overlap later. */
const calls = fc
	.array(
		fc.record({
			at: fc.integer({ min: 0, max: 400 }),
			late: fc.integer({ min: 0, max: OVERLAP - 1 }),
			grows: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
			second: fc.double({ min: 0, max: 1, noNaN: true }),
		}),
		{ maxLength: 40 },
	)
	.map((list) =>
		list.map(
			({ at, late, grows, second }, index): PbxCall => ({
				id: `call ${index}`,
				at,
				second: at + Math.floor(second * late),
				appears: at + late,
				complete: at + late + grows,
			}),
		),
	);

const pollTimes = fc
	.uniqueArray(fc.integer({ min: 0, max: 900 }), { maxLength: 30 })
	.map((times) => [...times.sort((a, b) => a - b), 2_000]);

/** What a poll finds: every row from the cursor on, in no particular order. Of some calls that is the second only. */
const answer = (pbx: PbxCall[], from: number, now: number): Array<Found<string>> =>
	pbx
		.filter(({ second, appears }) => second >= from && appears <= now)
		.reverse()
		.map(({ id, at, second, complete }) => ({
			id,
			at: at >= from ? at : second,
			size: Math.min(now, complete),
			state: complete > now ? 'growing' : complete % 2 === 0 ? 'complete' : 'unsure',
			value: id,
		}));

/** Static data goes through JSON. */
const stored = (cursor: Cursor): Cursor => readCursor(JSON.parse(JSON.stringify(cursor)))!;

function run(pbx: PbxCall[], polls: number[], first: Cursor): string[] {
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
			fc.property(calls, pollTimes, fc.integer({ min: 0, max: 400 }), (pbx, polls, since) => {
				const told = run(pbx, polls, beginAt(since));
				const expected = pbx.filter(({ at }) => at >= since).map(({ id }) => id);
				expect([...told].sort()).toEqual([...expected].sort());
			}),
			{ numRuns: 1_000 },
		);
	});

	test('from now on tells what appears from now on, and what was growing, once', () => {
		fc.assert(
			fc.property(calls, pollTimes, fc.integer({ min: 0, max: 400 }), (pbx, polls, published) => {
				const options = { overlapMs: OVERLAP, now: published };
				const there = answer(pbx, published - OVERLAP, published);
				const first = beginNow(there, options);
				const told = run(
					pbx,
					polls.filter((time) => time > published),
					first,
				);
				const expected = pbx
					.filter(({ second, appears, complete }) =>
						appears > published ? true : second >= published - OVERLAP && complete > published,
					)
					.map(({ id }) => id);
				expect([...told].sort()).toEqual([...expected].sort());
			}),
			{ numRuns: 1_000 },
		);
	});

	test('keeps only what lies within twice the overlap', () => {
		fc.assert(
			fc.property(calls, pollTimes, (pbx, polls) => {
				let cursor = beginAt(0);
				for (const now of polls) {
					const found = answer(pbx, readFrom(cursor, OVERLAP), now);
					({ cursor } = advance(cursor, found, { overlapMs: OVERLAP, now }));
					const from = readFrom(cursor, OVERLAP) - OVERLAP;
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

	test('tells the oldest first, in whatever order they are found', () => {
		const found = [30, 10, 20].map((at) => ({ id: `row ${at}`, at, value: at }));
		expect(advance(beginAt(0), found, { overlapMs: OVERLAP, now: 50 }).fresh).toEqual([10, 20, 30]);
	});

	test.each([
		['of a day ahead', DAY, 1_000 + DAY - OVERLAP],
		['of more than a day ahead', DAY + 1, 500 - OVERLAP],
	])('reads on from the newest row, also from one %s', (_, ahead, from) => {
		const now = 1_000;
		const found = [500, now + ahead].map((at) => ({ id: `row ${at}`, at, value: at }));
		const { cursor } = advance(beginAt(0), found, { overlapMs: OVERLAP, now });
		expect(readFrom(cursor, OVERLAP)).toBe(from);
	});

	test('reads back to what was growing, also when a poll misses it, until it is sure to be gone', () => {
		const growing = { id: 'growing', at: 0, state: 'growing' as const, value: 'x' };
		const rows = [1, 2].map((n) => ({ id: `row ${n}`, at: 5_000, value: 'y' }));
		const options = { overlapMs: OVERLAP, limit: 1 };
		let { cursor } = advance(beginAt(0), [growing, ...rows], { ...options, now: 5_000 });
		const poll = (now: number) => ({ cursor } = advance(cursor, rows, { ...options, now }));
		poll(2 * DAY);
		expect(readFrom(cursor, OVERLAP)).toBe(0);
		poll(2 * DAY + 1);
		expect(readFrom(cursor, OVERLAP)).toBe(5_000 - OVERLAP);
	});

	test('knows a row that came too late from one that has been forgotten', () => {
		const options = { overlapMs: OVERLAP, now: 1_000 };
		const at = (time: number) => ({ id: `row ${time}`, at: time, value: time });
		const { cursor } = advance(beginAt(0), [at(1_000)], options);
		// Within twice the overlap everything that was seen is known.
		expect(advance(cursor, [at(799), at(800)], options).fresh).toEqual([800]);
	});

	test.each<[string, Array<Partial<Found<string>>>, number | undefined]>([
		['complete', [{ state: 'complete' }], 0],
		['complete, as rows are by default', [{}], 0],
		[
			'unsure, and has not grown',
			[
				{ state: 'unsure', size: 2 },
				{ state: 'unsure', size: 2 },
			],
			1,
		],
		['unsure, of one row', [{ state: 'unsure' }, { state: 'unsure' }], 1],
		[
			'unsure, and has grown',
			[
				{ state: 'unsure', size: 1 },
				{ state: 'unsure', size: 2 },
			],
			undefined,
		],
		['growing, without another row', [{ state: 'growing' }, { state: 'growing' }], undefined],
		['growing, then unsure', [{ state: 'growing' }, { state: 'unsure' }], 1],
	])('tells what is %s', (_, polls, told) => {
		let cursor = beginAt(0);
		const fresh = polls.map((state) => {
			const found = [{ id: 'row', at: 500, value: 'x', ...state }];
			const step = advance(cursor, found, { overlapMs: OVERLAP, now: 1_000 });
			cursor = stored(step.cursor);
			return step.fresh.length > 0;
		});
		expect(fresh.indexOf(true)).toBe(told ?? -1);
	});

	test('knows which rows it has seen, keeps as many as it may, and each in a few bytes', () => {
		const rows = [1, 2, 3].map((n) => ({ id: `${n} `.repeat(500), at: n, value: n }));
		const options = { overlapMs: OVERLAP, now: 10, maxSeen: 3 };
		const { cursor } = advance(beginAt(0), rows, options);
		expect(rows.every((row) => hasSeen(cursor, row))).toBe(true);
		expect(hasSeen(cursor, { id: 'another' })).toBe(false);
		expect(JSON.stringify(cursor).length).toBeLessThan(200);
		expect(advance(cursor, rows, options).cursor).toEqual(cursor);
	});

	test('tells in the end what never stops growing', () => {
		const found = [{ id: 'stuck', at: 0, state: 'growing' as const, value: 'x' }];
		const { fresh, cursor } = advance(beginAt(0), found, { overlapMs: OVERLAP, now: 1_000 });
		expect(fresh).toEqual([]);
		expect(readFrom(cursor, OVERLAP)).toBe(-OVERLAP);
		const after = (now: number) => advance(cursor, found, { overlapMs: OVERLAP, now }).fresh;
		expect(after(2 * DAY)).toEqual([]);
		expect(after(2 * DAY + 1)).toEqual(['x']);
	});

	const whole = { floor: 1, newest: 1, seen: {}, unfinished: {} };
	test.each([
		undefined,
		null,
		'text',
		{},
		...Object.keys(whole).map((field) => ({ ...whole, [field]: 'text' })),
	])('is none where static data holds %j', (value) => expect(readCursor(value)).toBeUndefined());
});

describe('what is left for later', () => {
	const HOUR = 3_600_000;
	const now = 100 * 24 * HOUR;
	const options = { overlapMs: 4 * HOUR, now };
	const rows = Array.from({ length: 50 }, (_, n) => ({
		id: `row ${n}`,
		// Some of them older than any call can grow.
		at: now - 5 * 24 * HOUR + n * 2 * HOUR,
		value: n,
	}));

	test('is told by the next polls, in order and once, however old it is', () => {
		let cursor = beginAt(now - 6 * 24 * HOUR);
		const told: number[] = [];
		for (let polls = 0; polls < 10; polls += 1) {
			const from = readFrom(cursor, options.overlapMs);
			const step = advance(
				cursor,
				rows.filter(({ at }) => at >= from),
				{ ...options, limit: 7 },
			);
			expect(step.fresh.length).toBeLessThanOrEqual(7);
			told.push(...step.fresh);
			cursor = step.cursor;
		}
		expect(told).toEqual(rows.map(({ value }) => value));
	});

	test.each([
		[3, 5],
		[48, 50],
	])('so is what was told, but has reached nobody: rows %d to %d', (begin, end) => {
		const first = advance(beginAt(now - 6 * 24 * HOUR), rows, options);
		expect(first.fresh).toHaveLength(50);
		const cursor = takeBack(first.cursor, first.told.slice(begin, end));
		const from = readFrom(cursor, options.overlapMs);
		const again = rows.filter(({ at }) => at >= from);
		const second = advance(cursor, again, options);
		expect(second.fresh).toEqual([begin, end - 1]);
		expect(advance(second.cursor, again, options).fresh).toEqual([]);
	});
});
