import fc from 'fast-check';
import {
	formatType,
	isPrimitive,
	parseType,
	PRIMITIVES,
	type TypeExpression,
} from '../../lib/odata/typeExpression';

const plain = {
	array: false,
	nullable: false,
	navigation: false,
	optional: false,
	wrapped: false,
};

test.each<[string, TypeExpression]>([
	['int32', { ...plain, name: 'int32' }],
	['string(255)?', { ...plain, name: 'string', maxLength: 255, nullable: true }],
	['int32[]', { ...plain, name: 'int32', array: true }],
	['UserGroup[]~', { ...plain, name: 'UserGroup', array: true, navigation: true }],
	['Schedule?', { ...plain, name: 'Schedule', nullable: true }],
	['value:boolean', { ...plain, name: 'boolean', wrapped: true }],
	['string optional', { ...plain, name: 'string', optional: true }],
])('%s is read and written', (text, type) => {
	expect(parseType(text)).toEqual(type);
	expect(formatType(type)).toBe(text);
	expect(formatType({ ...type, array: type.array || undefined })).toBe(text);
});

test('whatever is written is read back', () => {
	fc.assert(
		fc.property(
			fc.record({
				name: fc.stringMatching(/^[A-Za-z][\w.-]{0,20}$/),
				array: fc.boolean(),
				nullable: fc.boolean(),
				navigation: fc.boolean(),
				optional: fc.boolean(),
				wrapped: fc.boolean(),
				maxLength: fc.option(fc.nat(), { nil: undefined }),
			}),
			({ maxLength, ...rest }) => {
				const type = { ...rest, ...(maxLength === undefined ? {} : { maxLength }) };
				expect(parseType(formatType(type))).toEqual(type);
			},
		),
	);
});

test.each([
	'',
	'?',
	'string?[]',
	'string (5)',
	'string(x)',
	'string(5',
	'string or more',
	' string',
	'string optional more',
	'value:',
])('%j is none, and says how to mend it', (text) => {
	expect(() => parseType(text)).toThrow(
		`"${text}" is not a type expression of the XAPI catalogue. Generate the catalogue again with "gulp catalogue".`,
	);
});

test('primitives are told from types and enums', () => {
	expect(PRIMITIVES.every(isPrimitive)).toBe(true);
	expect(['Schedule', 'PeerType', '', 'constructor'].some(isPrimitive)).toBe(false);
});
