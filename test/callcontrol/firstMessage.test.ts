import { Sequence } from '../../lib/callcontrol/link/sequence';

const gaps = (numbers: Array<number | undefined>) => {
	const sequence = new Sequence();
	return numbers.map((number, at) => sequence.next(number, `message ${at}`).isGap);
};

test.each<[string, Array<number | undefined>, boolean[]]>([
	['from one', [1, 2, 3], [false, false, false]],
	['from zero', [0, 1, 2], [false, false, false]],
	['the first is lost', [2, 3, 4], [true, false, false]],
	['a later one is lost', [1, 3, 4], [false, true, false]],
	['always the same', [1, 1, 1], [false, false, false]],
	['without numbers', [undefined, undefined], [false, false]],
])('a gap is noticed: %s', (_, numbers, expected) => {
	expect(gaps(numbers)).toEqual(expected);
});

/** What comes on a socket, as number and text; and which of it is taken for a repeat. */
test.each<[string, Array<[number, string]>, boolean[]]>([
	[
		'one in the middle',
		[
			[1, 'a'],
			[2, 'b'],
			[2, 'b'],
			[3, 'b'],
		],
		[false, false, true, false],
	],
	// The first cannot be told from a PBX that does not count; those after it can.
	[
		'the first, and later ones',
		[
			[1, 'a'],
			[1, 'a'],
			[2, 'b'],
			[2, 'b'],
		],
		[false, false, false, true],
	],
	[
		'none: the number is always the same',
		[
			[1, 'a'],
			[1, 'a'],
			[1, 'b'],
			[1, 'b'],
		],
		[false, false, false, false],
	],
	[
		'none: it begins anew',
		[
			[1, 'a'],
			[2, 'b'],
			[1, 'a'],
			[1, 'a'],
		],
		[false, false, false, false],
	],
])('a message that comes twice: %s', (_, messages, expected) => {
	const sequence = new Sequence();
	expect(messages.map(([number, text]) => sequence.next(number, text).isRepeat)).toEqual(expected);
});
