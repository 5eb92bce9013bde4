import { linkCount } from '../../lib/callcontrol/link/sharing';
import { runChaos } from '../proofs/chaos';
import { judge, longestSight, type Blindness, type Delivered } from '../proofs/chaos/judge';
import type { JournalEntry } from '../../sandbox/pbx/callcontrol';
import { trigger } from '../proofs/chaos/trigger';

const SIGHTED: Blindness = { link: [], legs: new Map() };

/** A line of the journal for the one leg of call 1 that is at extension 100, unless said otherwise. */
const line = (at: number, kind: JournalEntry['kind'], more: Partial<JournalEntry> = {}) =>
	({ at: new Date(at), callid: 1, participant: 1, dn: '100', kind, ...more }) as JournalEntry;

const told = (type: Delivered['type'], more: Partial<Delivered> = {}): Delivered => ({
	type,
	callid: 1,
	dn: '100',
	participant: 1,
	recovered: false,
	...more,
});

const CALL = [line(0, 'ringing'), line(5_000, 'answered'), line(9_000, 'ended')];
const WHOLE = [told('ringing'), told('answered'), told('ended')];

describe('the judge', () => {
	test('finds nothing wrong where all was told once and in order', () => {
		expect(judge(CALL, WHOLE, SIGHTED)).toMatchObject({
			events_expected: 3,
			delivered: 3,
			lost: 0,
			duplicated: 0,
			out_of_order: 0,
			examples: [],
		});
	});

	test.each<[string, Delivered[], object]>([
		['lost', WHOLE.slice(0, 2), { lost: 1, delivered: 2 }],
		['told twice', [...WHOLE, told('ended')], { duplicated: 1 }],
		['made up', [...WHOLE, told('ringing', { participant: 2 })], { duplicated: 1 }],
		['out of order', [told('answered'), told('ringing'), told('ended')], { out_of_order: 1 }],
	])('finds what was %s', (_, delivered, found) => {
		expect(judge(CALL, delivered, SIGHTED)).toMatchObject(found);
	});

	test('finds what came after something of the same call that happened later', () => {
		const journal = [...CALL, line(12_000, 'ringing', { participant: 2 })];
		const second = told('ringing', { participant: 2 });
		expect(judge(journal, [...WHOLE, second], SIGHTED).out_of_order).toBe(0);
		expect(judge(journal, [second, ...WHOLE], SIGHTED).out_of_order).toBe(3);
		// Found out later, by reading the state: its place is where it was found.
		const late = WHOLE.map((event) => ({ ...event, recovered: true }));
		expect(judge(journal, [second, ...late], SIGHTED).out_of_order).toBe(0);
	});

	test.each<[string, Blindness['link'], object]>([
		[
			'the whole call fell into an outage',
			[{ from: -10, to: 9_500 }],
			{ lost: 0, unknowable_link_down: 3 },
		],
		[
			'only the answer and the end could not be seen',
			[{ from: 4_900, to: 9_500 }],
			// The phone rang in sight; so that it was over could be known, too.
			{ lost: 2, unknowable_link_down: 1 },
		],
		[
			'the outage was over in time',
			[{ from: -10, to: 2_000 }],
			{ lost: 2, unknowable_link_down: 0 },
		],
	])('excuses only what nobody could have known: %s', (name, link, found) => {
		const delivered = name.includes('in time') ? [told('answered')] : [];
		expect(judge(CALL, delivered, { link, legs: new Map() })).toMatchObject(found);
	});

	test.each<[string, number, Blindness['link'], Delivered['type'][], number]>([
		['answered at once', 500, [], ['transferred', 'ended'], 0],
		['that rang in blind time', 3_000, [{ from: -10, to: 3_500 }], ['transferred', 'ended'], 0],
		['that rang in sight', 3_000, [{ from: -10, to: 1_500 }], ['transferred', 'ended'], 2],
		['that was told as nothing', 500, [], ['ended'], 2],
	])('of a transferred call %s', (_, answeredAt, link, types, lost) => {
		const call = [line(0, 'ringing'), line(answeredAt, 'answered'), line(9_000, 'ended')];
		expect(judge(call, types.map((type) => told(type)), { link, legs: new Map() }).lost).toBe(lost);
	});

	test('counts apart what was over in a moment', () => {
		const short = [line(0, 'ringing'), line(200, 'ended')];
		expect(judge(short, [], SIGHTED)).toMatchObject({ lost: 0, unknowable_too_short: 2 });
	});

	test('excuses no key that was pressed in sight', () => {
		const keys = [
			line(0, 'answered'),
			line(3_000, 'key'),
			line(3_001, 'key'),
			line(9_000, 'ended'),
		];
		const delivered = [told('answered'), told('keyPressed'), told('ended')];
		expect(judge(keys, delivered, SIGHTED)).toMatchObject({ events_happened: 4, lost: 1 });
	});

	test.each([
		['nothing', [], 100],
		['the beginning', [{ from: -50, to: 30 }], 70],
		['the middle', [{ from: 40, to: 50 }], 50],
		[
			'overlapping times',
			[
				{ from: 20, to: 60 },
				{ from: 10, to: 30 },
			],
			40,
		],
		['all of it', [{ from: -1, to: 101 }], 0],
	])('measures the longest sight with %s cut out', (_, blind, longest) => {
		expect(longestSight({ from: 0, to: 100 }, blind)).toBe(longest);
	});
});

test('a hundred calls while one thing after another goes wrong: none lost, none twice, none out of order', async () => {
	const result = await runChaos({ ...trigger, calls: 100, seed: 7 });
	expect(result.examples).toEqual([]);
	expect(result).toMatchObject({ lost: 0, duplicated: 0, out_of_order: 0, sockets_leaked: 0 });
	expect(result.delivered).toBeGreaterThan(200);
	expect(result.events_expected).toBe(result.delivered);
	expect(result.events_happened).toBe(
		result.delivered + result.unknowable_link_down + result.unknowable_too_short,
	);
	expect(linkCount()).toBe(0);
}, 60_000);
