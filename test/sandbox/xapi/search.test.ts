import { defaultParser } from '@odata/parser';
import fc from 'fast-check';
import { parseSearch } from '../../../sandbox/pbx/odata/search';

/** `$search`, judged by @odata/parser, which follows the OASIS grammar but for the AND that may be left out, and by the tree that a text was written from. */

type Tree = string | { not: Tree } | { and: [Tree, Tree] } | { or: [Tree, Tree] };

const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta');

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
	tree: fc.oneof(
		{ depthSize: 'small', withCrossShrink: true },
		word,
		fc.record({ not: tie('tree') }),
		fc.record({ and: fc.tuple(tie('tree'), tie('tree')) }),
		fc.record({ or: fc.tuple(tie('tree'), tie('tree')) }),
	),
}));

/** All brackets written, so that nothing hangs on what binds tighter. */
function written(node: Tree): string {
	if (typeof node === 'string') return node;
	if ('not' in node) {
		return typeof node.not === 'string' ? `NOT ${node.not}` : `NOT (${written(node.not)})`;
	}
	const [operator, [left, right]] = 'and' in node ? ['AND', node.and] : ['OR', node.or];
	return `(${written(left)}) ${operator} (${written(right)})`;
}

function holds(node: Tree, text: string): boolean {
	if (typeof node === 'string') return text.includes(node);
	if ('not' in node) return !holds(node.not, text);
	if ('and' in node) return node.and.every((each) => holds(each, text));
	return node.or.some((each) => holds(each, text));
}

test('an expression means what it was written from', () => {
	fc.assert(
		fc.property(tree, fc.subarray(['alpha', 'beta', 'gamma', 'delta']), (node, words) => {
			const search = written(node);
			expect(parseSearch(search)(words.join(' '))).toBe(holds(node, words.join(' ')));
		}),
	);
});

test.each(['a OR b', 'a AND b', 'NOT a', '"a b"', '(a OR b) AND NOT c', 'a OR b AND c'])(
	'%s is in the grammar, and understood',
	(search) => {
		expect(() => defaultParser.query(`$search=${encodeURI(search)}`)).not.toThrow();
		expect(() => parseSearch(search)).not.toThrow();
	},
);

test.each(['a OR', 'AND a', '(a', 'a)', '()', 'a OR OR b', ''])(
	'%s is not in the grammar, and refused',
	(search) => {
		expect(() => defaultParser.query(`$search=${encodeURI(search)}`)).toThrow();
		expect(() => parseSearch(search)).toThrow();
	},
);

test.each([
	['a OR b AND c', 'a', true],
	['a OR b AND c', 'b', false],
	['a b OR c', 'c', true],
	['a b OR c', 'a', false],
	['NOT a b', 'b', true],
])('%s in "%s": %s', (search, text, expected) => {
	expect(parseSearch(search)(text)).toBe(expected);
});
