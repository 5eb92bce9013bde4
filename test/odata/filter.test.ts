import { ODataInputError } from '../../lib/odata/error';
import {
	filter,
	OPERATORS,
	operatorsFor,
	rawFilter,
	type Condition,
	type Operator,
} from '../../lib/odata/filter';

const enums = { EventLogType: ['Error', 'Warning', 'Info'] };
const one = (condition: Condition) => filter({ match: 'all', conditions: [condition] }, enums);
const uuid = '01234567-89ab-cdef-0123-456789abcdef';

/** A value of every class: the type, what the user gives, and how it stands in the filter. */
const SAMPLES = {
	'string?': ["O'B", "'O''B'"],
	int32: ['5', '5'],
	int64: ['5', '5'],
	uint8: ['5', '5'],
	decimal: ['1.5', '1.5'],
	'double?': [1.5, '1.5'],
	float: ['1.5', '1.5'],
	'boolean?': [true, 'true'],
	'date-time': ['2025-03-13T23:00:00Z', '2025-03-13T23:00:00.000Z'],
	date: ['2025-03-13', '2025-03-13'],
	time: ['09:30', '09:30:00'],
	duration: ['0:01:00', "duration'PT0H1M0S'"],
	uuid: [uuid, uuid],
	EventLogType: ['Error', "'Error'"],
	'string[]': ['x', ''],
	Schedule: ['x', ''],
	object: ['x', ''],
} as const;

/** Types that have an order. */
const ORDERED = 'int32 int64 uint8 decimal double? float date-time date time duration';

/** How each operator is written for a value `v`; `undefined` where it must be refused for the type. */
const EXPECTED: Record<Operator, { types: string; text: string; other?: string }> = {
	equals: { types: '*', text: 'F eq v' },
	notEquals: { types: '*', text: 'F ne v' },
	contains: { types: 'string?', text: 'contains(F,v)' },
	notContains: { types: 'string?', text: '(F eq null or not contains(F,v))' },
	startsWith: { types: 'string?', text: 'startswith(F,v)' },
	endsWith: { types: 'string?', text: 'endswith(F,v)' },
	greaterThan: { types: ORDERED, text: 'F gt v' },
	greaterOrEqual: { types: ORDERED, text: 'F ge v' },
	lessThan: { types: ORDERED, text: 'F lt v' },
	lessOrEqual: { types: ORDERED, text: 'F le v' },
	between: { types: ORDERED, text: '(F ge v and F le v)' },
	in: {
		types: `string? ${ORDERED} uuid EventLogType`,
		text: '(F eq v or F eq v)',
	},
	isEmpty: { types: '*', text: 'F eq null', other: "(F eq null or F eq '')" },
	isNotEmpty: { types: '*', text: 'F ne null', other: "(F ne null and F ne '')" },
};

const CELLS = (Object.keys(OPERATORS) as Operator[]).flatMap((operator) =>
	Object.entries(SAMPLES).map(([type, [value, written]]) => {
		const { types, text, other } = EXPECTED[operator];
		const comparable = !['string[]', 'Schedule', 'object'].includes(type);
		const fits = comparable && (types === '*' || types.split(' ').includes(type));
		const template = type === 'string?' && other ? other : text;
		return [
			operator,
			type,
			operator === 'in' ? [value, value] : value,
			fits
				? template.replaceAll('v)', `${written})`).replaceAll(/\bv\b/g, () => written)
				: undefined,
		] as const;
	}),
);

describe('operators and types', () => {
	test.each(CELLS)('%s on %s', (operator, type, value, expected) => {
		const condition = { field: 'F', type, operator, value, value2: value };
		if (expected === undefined) {
			expect(() => one(condition)).toThrow(ODataInputError);
			expect(operatorsFor(type, enums)).not.toContain(operator);
		} else {
			expect(one(condition)).toBe(expected);
			expect(operatorsFor(type, enums)).toContain(operator);
		}
	});

	test.each(['none', ' or 1 eq 1 or ', 'constructor'])('%j as match is refused', (match) => {
		const a = { field: 'A', type: 'int32', operator: 'equals', value: 1 } as const;
		const group = { match: match as 'all', conditions: [a, a] };
		expect(() => filter(group, enums)).toThrow(expect.objectContaining({ field: 'match' }));
	});

	test('a refused operator names those that fit', () => {
		expect(() =>
			one({ field: 'Type', type: 'EventLogType', operator: 'contains', value: 'E' }),
		).toThrow(
			'"Type" cannot be compared with "Contains". Use one of: Equals, Does Not Equal, Is One Of, Is Empty, Is Not Empty.',
		);
	});

	test.each(['string[]', 'Schedule', 'object'])('%s is refused with a way out', (type) => {
		expect(() => one({ field: 'A', type, operator: 'equals', value: 'x' })).toThrow(
			'"A" cannot be compared with "Equals". It holds a list or an object: filter on one of its inner fields.',
		);
	});

	test.each<[string, Condition, string]>([
		[
			'equals without regard to case',
			{
				field: 'EmailAddress',
				type: 'string?',
				operator: 'equals',
				value: 'A@B.c',
				ignoreCase: true,
			},
			"tolower(EmailAddress) eq 'a@b.c'",
		],
		[
			'contains without regard to case',
			{ field: 'Name', type: 'string?', operator: 'contains', value: 'ÄRZTE', ignoreCase: true },
			"contains(tolower(Name),'ärzte')",
		],
		[
			'case does not matter to numbers',
			{ field: 'Id', type: 'int32', operator: 'equals', value: 5, ignoreCase: true },
			'Id eq 5',
		],
		[
			'emptiness needs no case',
			{ field: 'Name', type: 'string?', operator: 'isEmpty', ignoreCase: true },
			"(Name eq null or Name eq '')",
		],
		[
			'the day of a timestamp',
			{
				field: 'SegmentStartTime',
				type: 'date-time',
				operator: 'greaterOrEqual',
				value: '2026-09-01',
				dayOnly: true,
			},
			'date(SegmentStartTime) ge 2026-09-01',
		],
		[
			'a nested path',
			{ field: 'Rights/RoleName', type: 'string', operator: 'equals', value: 'users' },
			"Rights/RoleName eq 'users'",
		],
		[
			'no value',
			{ field: 'Mobile', type: 'string?', operator: 'equals', value: null },
			'Mobile eq null',
		],
		[
			'any value',
			{ field: 'Mobile', type: 'string?', operator: 'notEquals', value: null },
			'Mobile ne null',
		],
		[
			'a number as text without regard to case',
			{ field: 'Number', type: 'string', operator: 'equals', value: 100, ignoreCase: true },
			"tolower(Number) eq '100'",
		],
	])('%s', (_name, condition, expected) => {
		expect(one(condition)).toBe(expected);
	});

	test.each<[string, Condition, RegExp]>([
		['no value', { field: 'A', type: 'int32', operator: 'equals' }, /"A" has no value/],
		[
			'half a range',
			{ field: 'A', type: 'int32', operator: 'between', value: 1 },
			/"A" has no value/,
		],
		['an empty list', { field: 'A', type: 'int32', operator: 'in', value: [] }, /"A" has no value/],
		[
			'null in contains',
			{ field: 'A', type: 'string', operator: 'contains', value: null },
			/Is Empty/,
		],
		[
			'day of a text',
			{ field: 'A', type: 'string', operator: 'equals', value: 'x', dayOnly: true },
			/time of day/,
		],
		[
			'a clause as field',
			{ field: "A eq 1 or 'B'", type: 'string', operator: 'equals', value: 'x' },
			/not a field name/,
		],
		[
			'an unknown operator',
			{ field: 'A', type: 'string', operator: 'constructor' as Operator, value: 'x' },
			/cannot be compared/,
		],
	])('%s is refused', (_name, condition, message) => {
		expect(() => one(condition)).toThrow(message);
	});
});

describe('groups', () => {
	const a: Condition = { field: 'A', type: 'int32', operator: 'equals', value: 1 };
	const b: Condition = { field: 'B', type: 'int32', operator: 'in', value: [2, 3] };

	test.each([
		[{ match: 'all' as const, conditions: [] }, undefined],
		[{ match: 'all' as const, conditions: [{ match: 'any' as const, conditions: [] }] }, undefined],
		[{ match: 'any' as const, conditions: [a, b] }, 'A eq 1 or (B eq 2 or B eq 3)'],
		[
			{ match: 'all' as const, conditions: [a, { match: 'any' as const, conditions: [a, b] }] },
			'A eq 1 and (A eq 1 or (B eq 2 or B eq 3))',
		],
		[
			{ match: 'any' as const, conditions: [{ match: 'all' as const, conditions: [a] }, b] },
			'A eq 1 or (B eq 2 or B eq 3)',
		],
	])('%j', (group, expected) => {
		expect(filter(group)).toBe(expected);
	});
});

describe('raw filters', () => {
	test.each([
		[" Name eq 'O''Brien (a)' and (Id gt 5) ", "Name eq 'O''Brien (a)' and (Id gt 5)"],
		["Groups/any(g: g/Name eq 'x')", "Groups/any(g: g/Name eq 'x')"],
		["'(' eq Name", "'(' eq Name"],
		['  ', undefined],
	])('%p passes', (text, expected) => {
		expect(rawFilter(text)).toBe(expected);
	});

	test.each([
		["Name eq 'O'Brien'", /no closing quote.*position 17/],
		["'A eq 1", /no closing quote.*position 1\./],
		['(A eq 1', /never closed: position 1/],
		['A eq 1)', /never opened: position 7/],
		["contains(Name,'(')) or (", /never opened: position 19/],
		["Name eq '\ud83d'", /"filter" holds half of a character/],
	])('%p is refused with the position', (text, message) => {
		expect(() => rawFilter(text)).toThrow(message);
	});
});
