import fc from 'fast-check';
import {
	isSameNumber,
	loggedCall,
	matchCalls,
	TOLERANCE_MS,
	type SeenCall,
} from '../../lib/history/missed';
import { loggedCallsIn } from '../../lib/xapi/callLog';
import type { Entity } from '../../lib/xapi/entities';

const T = Date.UTC(2026, 10, 27, 12);
const MINUTE = 60_000;

/** A row as GetCallLogData has it: an outside caller at extension 100, unless said otherwise. */
const row = (main: string, at: number, more: Entity = {}): Entity => ({
	MainCallHistoryId: main,
	CdrId: `${main}-${at}`,
	CallId: 0,
	SegmentId: at - T,
	StartTime: new Date(at).toISOString(),
	SourceDn: '10000',
	SourceCallerId: '+441632960123',
	DestinationDn: '100',
	DestinationCallerId: '100',
	RingingDuration: 'PT5S',
	TalkingDuration: 'PT0S',
	Answered: false,
	Direction: 'Inbound',
	CallType: 'Extension',
	...more,
});

const seen = (
	callid: number,
	openedAt: number | undefined,
	more: Partial<SeenCall> = {},
): SeenCall => ({
	callid,
	openedAt,
	numbers: ['+441632960123'],
	dns: ['100'],
	...more,
});

/** `call in the log = number of the call that was seen`, for all that were. */
function found(calls: SeenCall[], rows: Entity[], aheadMs = 0): string[] {
	const logged = loggedCallsIn(rows).map((call) => loggedCall(call, aheadMs));
	return [...matchCalls(calls, logged)]
		.map(([{ call }, { callid }]) => `${call.callId} = ${callid}`)
		.sort();
}

test.each<[string, SeenCall[], Entity[], number, string[]]>([
	['the same time', [seen(1, T)], [row('a', T)], 0, ['a = 1']],
	[
		'two alike in a minute, the first of which nobody saw',
		[seen(1, T + 40_000)],
		[row('a', T), row('b', T + 39_000)],
		0,
		['b = 1'],
	],
	[
		'two alike in a minute, both seen, in any order',
		[seen(2, T + 30_000), seen(1, T)],
		[row('b', T + 29_000), row('a', T - 1_000)],
		0,
		['a = 1', 'b = 2'],
	],
	[
		'two alike in a minute, with numbers that 3CX keeps: they decide',
		[seen(7, T + 9_000)],
		[row('a', T, { CallId: 7 }), row('b', T + 9_000, { CallId: 8 })],
		0,
		['a = 7'],
	],
	[
		'another caller at the same time',
		[seen(1, T, { numbers: ['+4930999'] })],
		[row('a', T)],
		0,
		[],
	],
	['the same caller an hour later', [seen(1, T + 60 * MINUTE)], [row('a', T)], 0, []],
	[
		'the same number of a call, but of another caller: the PBX has begun to count anew',
		[seen(7, T, { numbers: ['+4930999'] })],
		[row('a', T, { CallId: 7 })],
		0,
		[],
	],
	[
		'a clock that is seven minutes ahead, and is known to be',
		[seen(1, T)],
		[row('a', T + 7 * MINUTE), row('b', T)],
		7 * MINUTE,
		['a = 1'],
	],
	[
		'a transfer: seen where it came later',
		[seen(1, T + 20_000, { dns: ['101'] })],
		[row('a', T), row('a', T + 20_000, { DestinationDn: '101', DestinationCallerId: '101' })],
		0,
		['a = 1'],
	],
	[
		'a queue: seen when the agent rings, minutes after it began',
		[seen(1, T + 5 * MINUTE)],
		[
			row('a', T, { DestinationDn: '800', CallType: 'Queue', RingingDuration: 'PT300S' }),
			row('a', T + 5 * MINUTE),
		],
		0,
		['a = 1'],
	],
	[
		'a caller without a number, by the extension',
		[seen(1, T, { numbers: [] }), seen(2, T, { numbers: [], dns: ['101'] })],
		[
			row('a', T, { SourceCallerId: '', DestinationDn: '101', DestinationCallerId: '101' }),
			row('b', T, { SourceCallerId: 'anonymous' }),
		],
		0,
		['a = 2', 'b = 1'],
	],
	[
		'a number in local notation',
		[seen(1, T, { numbers: ['01632 960123'] })],
		[row('a', T)],
		0,
		['a = 1'],
	],
	[
		'a call that was there before anybody listened, and one that fits better',
		[seen(1, undefined), seen(2, T)],
		[row('a', T), row('b', T - 30 * MINUTE)],
		0,
		['a = 2', 'b = 1'],
	],
	[
		'a transfer within the house, after which the other side is a colleague',
		[seen(1, T, { numbers: ['101', '+441632960123'], dns: ['102'] })],
		[row('a', T)],
		0,
		['a = 1'],
	],
	[
		'a call of which only the end was seen',
		[seen(1, undefined, { endedAt: T + 30 * MINUTE + 4_000 })],
		[row('a', T), row('b', T + 30 * MINUTE)],
		0,
		['b = 1'],
	],
	[
		'a call that was seen to begin long before, but to end at the same time',
		[seen(1, T - 10 * MINUTE, { endedAt: T + 5_000 })],
		[row('a', T)],
		0,
		['a = 1'],
	],
	[
		'two alike at once, one of them at none of its extensions',
		[seen(1, T, { dns: ['103', '100'] })],
		[row('a', T, { DestinationDn: '101', DestinationCallerId: '101' }), row('b', T + 10_000)],
		0,
		['b = 1'],
	],
	[
		'one that ended an hour before, though when it began is not known: another call of the same number',
		[seen(1, undefined, { endedAt: T - 60 * MINUTE })],
		[row('a', T)],
		0,
		[],
	],
	[
		'one whose end only is known',
		[seen(1, undefined, { endedAt: T + 5_000 })],
		[row('a', T)],
		0,
		['a = 1'],
	],
	[
		'a call within the house',
		[seen(1, T, { numbers: ['102'], dns: ['100'] })],
		[row('a', T, { SourceDn: '102', SourceCallerId: '102', Direction: 'Internal' })],
		0,
		['a = 1'],
	],
])('recognises a call: %s', (_, calls, rows, aheadMs, expected) => {
	expect(found(calls, rows, aheadMs)).toEqual(expected);
});

describe('where the log has the numbers of Call Control, as calls beyond doubt show', () => {
	const others = [1, 2, 3].map((number) => `+4416329600${number}`);
	const beyondDoubt = {
		seen: others.map((number, at) => seen(at + 1, T, { numbers: [number] })),
		rows: (callids: number[]) =>
			others.map((SourceCallerId, at) =>
				row(`sure ${at}`, T + 200, { SourceCallerId, CallId: callids[at] }),
			),
	};
	/** Nobody has seen call 9; somebody called from the same number a moment later. */
	const alike = { seen: seen(8, T + 20_000), row: row('unseen', T, { CallId: 9 }) };
	const matched = (callids: number[], more: SeenCall = alike.seen) =>
		found([...beyondDoubt.seen, more], [...beyondDoubt.rows(callids), alike.row]).filter((line) =>
			line.startsWith('unseen'),
		);

	test('a call of another number is not taken for one that was seen', () => {
		expect(matched([1, 2, 3])).toEqual([]);
	});

	test.each<[string, number[]]>([
		['has other numbers', [101, 102, 103]],
		['has other numbers, and one is the same by chance', [1, 102, 103]],
		['has none', [0, 0, 0]],
	])('but it may be where the log %s', (_, callids) => {
		expect(matched(callids)).toEqual(['unseen = 8']);
	});

	test.each<[string, number[], number, string[]]>([
		['another number', [0, 0, 0], 8, []],
		['its number', [101, 102, 103], 9, ['unseen = 9']],
		['no number', [1, 2, 3], 0, ['unseen = 0']],
	])('one that only the log has told of, with %s', (_, callids, callid, expected) => {
		expect(matched(callids, { ...alike.seen, callid, isLogged: true })).toEqual(expected);
	});
});

test('the times of a call are those of its legs; it is answered when a person takes it', () => {
	const legs = [
		row('a', T, { CallType: 'IVR', Answered: true, TalkingDuration: 'PT10S' }),
		row('a', T + 15_000, { CallId: 3 }),
		row('a', T + 20_000, { CallId: 3, Answered: true, TalkingDuration: 'PT60S' }),
		row('a', T + 30_000, { RingingDuration: undefined, TalkingDuration: undefined }),
	];
	const [call] = loggedCallsIn(legs);
	expect(loggedCall(call!, 1_000)).toMatchObject({
		callids: [0, 3],
		startedAt: T - 1_000,
		answeredAt: T + 24_000,
		endedAt: T + 84_000,
		legs: [
			{ startedAt: T - 1_000, answeredAt: T + 4_000, endedAt: T + 14_000 },
			{ startedAt: T + 14_000, endedAt: T + 19_000 },
			{ startedAt: T + 19_000, answeredAt: T + 24_000, endedAt: T + 84_000 },
			{ startedAt: T + 29_000, endedAt: T + 29_000 },
		],
	});
	const [missed] = loggedCallsIn([legs[0]!, legs[1]!]);
	expect(loggedCall(missed!, 0)).not.toHaveProperty('answeredAt');
});

test('no call is two, and times are never further apart than may be, whatever there is', () => {
	const time = fc.integer({ min: 0, max: 10 * MINUTE }).map((ms) => T + ms);
	const number = fc.constantFrom('+441632960123', '+4930999', '');
	fc.assert(
		fc.property(
			fc.array(fc.tuple(fc.nat(5), time, number), { maxLength: 12 }),
			fc.array(fc.tuple(fc.nat(5), time, number), { maxLength: 12 }),
			(calls, rows) => {
				const logged = loggedCallsIn(
					rows.map(([CallId, at, SourceCallerId], n) =>
						row(`${n}`, at, { CallId, SourceCallerId }),
					),
				).map((call) => loggedCall(call, 0));
				const matches = [
					...matchCalls(
						calls.map(([callid, openedAt, each]) =>
							seen(callid, openedAt, { numbers: each === '' ? [] : [each] }),
						),
						logged,
					),
				];
				expect(new Set(matches.map(([, each]) => each)).size).toBe(matches.length);
				for (const [{ startedAt }, { openedAt }] of matches)
					expect(Math.abs(startedAt - openedAt!)).toBeLessThanOrEqual(TOLERANCE_MS);
			},
		),
	);
});

test.each([
	['+441632960123', '01632960123', true],
	['+441632960123', '+441632960124', false],
	['100', '100', true],
	['100', '1100', false],
	['', '', true],
	['', '100', false],
	['anonymous', 'anonymous', true],
	['anonymous', 'Private', false],
])('%s and %s are the same number: %s', (one, other, isSame) => {
	expect(isSameNumber(one, other)).toBe(isSame);
});
