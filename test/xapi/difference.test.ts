import { differences, satisfies } from '../../lib/xapi/difference';

describe('satisfies', () => {
	test.each([
		['equal values', 'a', 'a', true],
		['other values', 'a', 'b', false],
		['what is absent and what shall be empty', undefined, '', true],
		['what is there and shall be empty', 'a', '', false],
		['a row with more properties', { GroupId: 1, Name: 'Sales' }, { GroupId: 1 }, true],
		['one agent more than wanted', [{ Number: '1' }, { Number: '2' }], [{ Number: '1' }], false],
		['one agent less than wanted', [{ Number: '1' }], [{ Number: '1' }, { Number: '2' }], false],
		[
			'agents in another order',
			[{ Number: '2' }, { Number: '1' }],
			[{ Number: '1' }, { Number: '2' }],
			false,
		],
		[
			'departments in another order',
			[{ GroupId: 2 }, { GroupId: 1 }],
			[{ GroupId: 1 }, { GroupId: 2 }],
			true,
		],
		['one department too many', [{ GroupId: 2 }, { GroupId: 1 }], [{ GroupId: 1 }], false],
		['a list that shall be emptied', [{ Number: '1' }], [], false],
	])('%s', (_, existing, wanted, expected) => {
		expect(satisfies(existing, wanted)).toBe(expected);
	});
});

test('differences are the wanted properties that are not so yet', () => {
	expect(
		differences({ Id: 1, Name: 'Sales', Agents: [{ Number: '1' }] }, { Name: 'Sales', Agents: [] }),
	).toEqual({ Agents: [] });
});
