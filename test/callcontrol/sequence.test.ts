import { Sequence, Twins } from '../../lib/callcontrol/link/sequence';

/** A message: its number, and what makes it another one than its neighbours. */
type Message = number | undefined | [number, string];

const positions = (messages: Message[]) => {
	const sequence = new Sequence();
	return messages.map((message, at) => {
		const [number, text] = Array.isArray(message) ? message : [message, `message ${at}`];
		const position = sequence.next(number, text);
		expect(position).toEqual({ isGap: expect.any(Boolean), isRepeat: expect.any(Boolean) });
		const { isGap, isRepeat } = position;
		return [isGap && 'gap', isRepeat && 'repeat'].filter(Boolean).join();
	});
};

test.each<[string, Message[], string[]]>([
	['from one', [1, 2, 3], ['', '', '']],
	['from zero', [0, 1, 2], ['', '', '']],
	['the first is lost', [2, 3, 4], ['gap', '', '']],
	['a later one is lost', [1, 3, 4], ['', 'gap', '']],
	['one is lost twice', [1, 2, 4, 7, 8], ['', '', 'gap', 'gap', '']],
	['always the same', [1, 1, 1], ['', '', '']],
	['without numbers', [undefined, undefined], ['', '']],
	['some without numbers', [1, undefined, 2, undefined, 4], ['', '', '', '', 'gap']],
	['told twice', [1, [2, 'key'], [2, 'key'], [2, 'key'], 3], ['', '', 'repeat', 'repeat', '']],
	['the same number for another message', [1, [2, 'key'], [2, 'other']], ['', '', '']],
	['the number of an older message', [1, [2, 'key'], [1, 'key']], ['', '', '']],
	// The first cannot be told from a PBX that does not count; those after it can.
	[
		'the first told twice, and later ones',
		[
			[1, 'a'],
			[1, 'a'],
			[2, 'b'],
			[2, 'b'],
		],
		['', '', '', 'repeat'],
	],
	[
		'always the same number',
		[
			[1, 'a'],
			[1, 'a'],
			[1, 'b'],
			[1, 'b'],
		],
		['', '', '', ''],
	],
	[
		'begins anew with the same',
		[
			[1, 'a'],
			[2, 'b'],
			[1, 'a'],
			[1, 'a'],
		],
		['', '', '', ''],
	],
	['not known to count yet', [[1, 'key'], [1, 'key'], 2], ['', '', '']],
	['begins anew: a gap would not be one', [1, 2, 1, 5, 9], ['', '', '', '', '']],
	[
		'begins anew: a key that is pressed twice would count once',
		[1, 2, 1, 2, [3, 'key'], [3, 'key']],
		['', '', '', '', '', ''],
	],
])(
	'the number of a message tells what is missing and what is told twice: %s',
	(_, messages, expected) => {
		expect(positions(messages)).toEqual(expected);
	},
);

describe('while one socket takes the place of another', () => {
	const [OLD, NEW] = [{}, {}];
	let now: number;
	let twins: Twins;
	beforeEach(() => {
		now = 5_000;
		twins = new Twins(() => now);
	});

	test.each([
		['{"sequence":12,"event":1}', '{"sequence":345,"event":1}'],
		['{"event":1,"sequence":12}', '{"event":1,"sequence":345}'],
		['{"Sequence" : "12" , "Event":1}', '{"Sequence" : "345" , "Event":1}'],
		['{"sequence":-1,"event":1}', '{"sequence":0,"event":1}'],
		['{"sequence":\t 12,"event":1}', '{"sequence":\t 345,"event":1}'],
		['<html>', '<html>'],
	])('what both tell is told once, whatever their numbers: %s', (one, two) => {
		expect(twins.isTwin(one, OLD)).toBe(false);
		expect(twins.isTwin(two, NEW)).toBe(true);
	});

	test('messages that say something else are told, both of them', () => {
		expect(twins.isTwin('{"sequence":12,"event":1}', OLD)).toBe(false);
		expect(twins.isTwin('{"sequence":12,"event":2}', NEW)).toBe(false);
	});

	test('each message stands for one: a key that is pressed twice counts twice', () => {
		const told = [OLD, OLD, NEW, NEW, NEW, OLD].map((source) => twins.isTwin('key', source));
		expect(told).toEqual([false, false, true, true, false, true]);
	});

	test('nobody waits for the other socket longer than it may take', () => {
		twins.isTwin('in time', OLD);
		twins.isTwin('late', OLD);
		now += 250;
		expect(twins.isTwin('in time', NEW)).toBe(true);
		now += 1;
		expect(twins.isTwin('late', NEW)).toBe(false);
		// That one waits for its twin now.
		expect(twins.isTwin('late', OLD)).toBe(true);
	});

	const tellOthers = (count: number, sources: object[] = [OLD]) => {
		for (let at = 0; at < count; at++)
			for (const source of sources) twins.isTwin(`other ${at}`, source);
	};

	test('of very many messages the oldest are not waited for', () => {
		twins.isTwin('first', OLD);
		twins.isTwin('second', OLD);
		tellOthers(999);
		expect(twins.isTwin('second', NEW)).toBe(true);
		expect(twins.isTwin('first', NEW)).toBe(false);
	});

	test('what was told again is not among the oldest', () => {
		twins.isTwin('first', OLD);
		tellOthers(999);
		twins.isTwin('first', OLD);
		twins.isTwin('last', OLD);
		expect(twins.isTwin('first', NEW)).toBe(true);
	});

	test('what both have told takes no place', () => {
		twins.isTwin('first', OLD);
		tellOthers(1_500, [OLD, NEW]);
		expect(twins.isTwin('first', NEW)).toBe(true);
	});
});
