import { callKeyOf } from '../lib/callKey';

const AT = Date.UTC(2026, 10, 27, 23, 59);

test.each<[number | undefined, number | undefined, string | null]>([
	[41, AT, '41-20261127'],
	[41, AT + 120_000, '41-20261128'],
	[0, AT, null],
	[undefined, AT, null],
	[41, undefined, null],
	[41, NaN, null],
])('call %s that began at %s has the key %s', (callid, at, key) => {
	expect(callKeyOf(callid, at)).toBe(key);
});
