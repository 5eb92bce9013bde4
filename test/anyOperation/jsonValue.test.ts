import fc from 'fast-check';
import { catalogue } from '../../lib/xapi/catalogue';
import { jsonMembers, jsonValue } from '../../lib/xapi/jsonValue';
import { sampleValue } from '../../lib/xapi/sample';
import { instantIn } from '../../nodes/shared/time';

const context = { catalogue, instant: instantIn('Europe/Berlin') };
const read = (value: unknown, type: string) => jsonValue(value, type, 'Field', context);

test.each<[string, unknown, string, unknown]>([
	['a number as text', ' 12 ', 'int32', 12],
	['a number', 12, 'int64', 12],
	['a fraction as text', '1.50', 'decimal', 1.5],
	['a switch as text', 'true', 'boolean', true],
	['a number for a text', 100, 'string(255)?', '100'],
	['an empty text', '', 'string?', ''],
	['nothing', null, 'int32?', null],
	['a local time in winter', '2026-01-15T08:00:00', 'date-time', '2026-01-15T07:00:00.000Z'],
	['a local time in summer', '2026-07-15 08:00', 'date-time', '2026-07-15T06:00:00.000Z'],
	['an instant', new Date('2026-01-15T07:00:00Z'), 'date-time', '2026-01-15T07:00:00.000Z'],
	['a day', '2026-01-15', 'date', '2026-01-15'],
	['a duration', '1:02:03', 'duration', 'PT1H2M3S'],
	['an enum member', 'RingAll', 'PollingStrategyType', 'RingAll'],
	['a list with commas', '1, 2 ,3', 'int32[]', [1, 2, 3]],
	['a list as JSON', '["a,b"]', 'string[]', ['a,b']],
	['a list of one', 7, 'int32[]', [7]],
	['an empty list', '', 'int32[]', []],
	['an object as JSON', '{"To":"None","Number":5}', 'Destination?', { To: 'None', Number: '5' }],
	['any JSON', '{"a":[1]}', 'object', { a: [1] }],
	[
		'an object that names its type, whose members only 3CX knows',
		{ '@odata.type': '#Pbx.Special', Extra: 1 },
		'Destination',
		{ '@odata.type': '#Pbx.Special', Extra: 1 },
	],
])('%s', (_, value, type, expected) => {
	expect(read(value, type)).toEqual(expected);
});

test.each<[string, unknown, string, RegExp]>([
	['no number', 'x', 'int32', /"Field" needs a whole number/],
	['too large', 3e9, 'int32', /"Field" needs a whole number/],
	['no date', 'tomorrow', 'date-time', /"tomorrow" is not a date and time.*"Field"/],
	['no member', 'Maybe', 'PollingStrategyType', /"Field" does not know "Maybe"/],
	['too long', 'x'.repeat(13), 'string(12)', /"Field" has 13 characters.*at most 12/],
	['an item that does not fit', [1, 'x'], 'int32[]', /"Field\[1\]" needs a whole number/],
	['an object where a text is wanted', {}, 'string', /"Field" needs a text/],
	['a text where an object is wanted', '"x"', 'Destination', /"Field" needs an object/],
	[
		'an unknown member',
		{ Nunber: '1' },
		'Destination',
		/Destination has no "Nunber", which stands in "Field"/,
	],
])('%s is refused', (_, value, type, message) => {
	expect(() => read(value, type)).toThrow(message);
});

test('a member of Object.prototype is no field', () => {
	expect(() => jsonMembers({ constructor: 1 }, 'Queue', { Name: 'string' }, context)).toThrow(
		'Queue has no "constructor"',
	);
});

const typeNames = fc.constantFrom(...Object.keys(catalogue.types), ...Object.keys(catalogue.enums));

test('what is made up for a type fits it, as an object and as JSON text', () => {
	fc.assert(
		fc.property(typeNames, fc.string(), fc.integer({ min: 1, max: 3 }), (name, text, levels) => {
			const value = sampleValue(catalogue, name, { text, levels });
			const expected = JSON.parse(JSON.stringify(value)) as unknown;
			const plain = (result: unknown) =>
				JSON.parse(JSON.stringify(result).replaceAll('.000Z', 'Z')) as unknown;
			expect(plain(read(value, name))).toEqual(expected);
			if (typeof value === 'object') {
				expect(plain(read(JSON.stringify(value), name))).toEqual(expected);
			}
		}),
		{ numRuns: 300 },
	);
});
