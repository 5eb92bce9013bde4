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
