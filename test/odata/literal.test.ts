import { ODataInputError } from '../../lib/odata/error';
import { literal } from '../../lib/odata/literal';

const enums = { EventLogType: ['Error', 'Warning', 'Info'] };
const write = (value: unknown, type: string) => literal(value, type, { field: 'F', enums });

describe('literals', () => {
	test.each<[unknown, string, string]>([
		['100', 'string', `'100'`],
		[100, 'string?', `'100'`],
		["O'Brien's", 'string(255)?', `'O''Brien''s'`],
		['', 'string', `''`],
		['Łódź 😀 %20&+#', 'string', `'Łódź 😀 %20&+#'`],
		[true, 'string', `'true'`],
		[12, 'int32', '12'],
		[-(2 ** 31), 'int32', '-2147483648'],
		[2 ** 31 - 1, 'int32', '2147483647'],
		['-9223372036854775808', 'int64', '-9223372036854775808'],
		[0, 'uint8', '0'],
		[' -7 ', 'int32', '-7'],
		['9223372036854775807', 'int64', '9223372036854775807'],
		[9223372036854775807n, 'int64', '9223372036854775807'],
		[255, 'uint8', '255'],
		[1.5, 'double', '1.5'],
		['-0.25', 'decimal?', '-0.25'],
		[0, 'float', '0'],
		[1e21, 'double', '1e+21'],
		['-2.5E-17', 'double', '-2.5E-17'],
		['12e5', 'double', '12e5'],
		[true, 'boolean', 'true'],
		['false', 'boolean?', 'false'],
		[null, 'int32?', 'null'],
		[new Date(Date.UTC(2025, 2, 13, 23)), 'date-time', '2025-03-13T23:00:00.000Z'],
		['2025-03-14T00:00:00+01:00', 'date-time', '2025-03-13T23:00:00.000Z'],
		['2025-03-13T23:00Z', 'date-time', '2025-03-13T23:00:00.000Z'],
		[' 2025-03-13 23:00:00.1234567+0000 ', 'date-time', '2025-03-13T23:00:00.123Z'],
		[{ valueOf: () => 0 }, 'date-time', '1970-01-01T00:00:00.000Z'],
		['2024-02-29', 'date', '2024-02-29'],
		[new Date(Date.UTC(2025, 2, 13, 23)), 'date', '2025-03-13'],
		['09:30', 'time', '09:30:00'],
		['23:59:59.5', 'time', '23:59:59.5'],
		['09:30:15', 'time', '09:30:15'],
		['19:00:00.123456789012', 'time', '19:00:00.123456789012'],
		['P1D', 'duration', `duration'P1D'`],
		['-P10DT10H', 'duration', `duration'-P10DT10H'`],
		['PT1H10M', 'duration', `duration'PT1H10M'`],
		['PT5S', 'duration', `duration'PT5S'`],
		['PT15.25S', 'duration', `duration'PT15.25S'`],
		['100:5:9', 'duration', `duration'PT100H5M9S'`],
		['PT1M12.577027S', 'duration', `duration'PT1M12.577027S'`],
		['1:05:09', 'duration', `duration'PT1H5M9S'`],
		['01234567-89AB-cdef-0123-456789abcdef', 'uuid', '01234567-89ab-cdef-0123-456789abcdef'],
		['Error', 'EventLogType?', `'Error'`],
	])('%p as %s is written %s', (value, type, expected) => {
		expect(write(value, type)).toBe(expected);
	});

	test.each<[unknown, string, RegExp]>([
		[NaN, 'int32', /whole number/],
		[NaN, 'double', /a number/],
		[Infinity, 'decimal', /a number/],
		[1.5, 'int32', /whole number/],
		['', 'int32', /whole number/],
		['1 or 1 eq 1', 'int32', /whole number/],
		[2 ** 31, 'int32', /2147483647/],
		[2 ** 60, 'int64', /whole number/],
		['9223372036854775808', 'int64', /whole number/],
		['-2147483649', 'int32', /2147483647/],
		[-1, 'uint8', /between 0 and 255/],
		[NaN, 'float', /a number/],
		['1e', 'double', /a number/],
		[256, 'uint8', /between 0 and 255/],
		['1,5', 'double', /with a point/],
		['yes', 'boolean', /true or false/],
		['2025-03-13T23:00:00', 'date-time', /zone/],
		['2025-02-30T10:00:00Z', 'date-time', /zone/],
		['yesterday', 'date-time', /zone/],
		['Thu 2025-03-13 10:00:00Z', 'date-time', /zone/],
		['2025-03-13 10:00:00+01:00 (CET)', 'date-time', /zone/],
		[new Date(NaN), 'date-time', /zone/],
		[1741906800000, 'date-time', /zone/],
		[true, 'date-time', /zone/],
		['2025-02-30', 'date', /YYYY-MM-DD/],
		['2025-03', 'date', /YYYY-MM-DD/],
		[20250313, 'date', /YYYY-MM-DD/],
		['2025-03-13T10:00:00Z', 'date', /YYYY-MM-DD/],
		['24:00', 'time', /HH:mm:ss/],
		['P', 'duration', /h:mm:ss/],
		['90', 'duration', /h:mm:ss/],
		['PxD', 'duration', /h:mm:ss/],
		['PT', 'duration', /h:mm:ss/],
		['0:60:00', 'duration', /h:mm:ss/],
		['1234', 'uuid', /01234567-89ab/],
		[['01234567-89ab-cdef-0123-456789abcdef'], 'uuid', /01234567-89ab/],
		['Eror', 'EventLogType', /one of: Error, Warning, Info/],
		["Error' or 1 eq 1", 'EventLogType', /one of/],
		['x', 'Schedule', /inner fields/],
		['x', 'constructor', /inner fields/],
		[['a'], 'string[]', /list/],
		[{}, 'string', /a text/],
		[undefined, 'string', /a text/],
		['{}', 'object', /JSON/],
		['\ud83d', 'string', /half of a character/],
	])('%p as %s is refused', (value, type, message) => {
		const attempt = () => write(value, type);
		expect(attempt).toThrow(ODataInputError);
		expect(attempt).toThrow(message);
		expect(attempt).toThrow(expect.objectContaining({ field: 'F' }));
	});

	test.each([
		['boolean', 'true'],
		['int32', '5'],
		['double', '1.5'],
		['date-time', '2025-03-13T23:00:00Z'],
		['date', '2025-03-13'],
		['time', '09:30:00'],
		['time', '09:30'],
		['duration', 'PT1M'],
		['duration', '1:05:09'],
		['uuid', '01234567-89ab-cdef-0123-456789abcdef'],
		['EventLogType', 'Error'],
	])('nothing rides along with the %s %s', (type, text) => {
		expect(() => write(text, type)).not.toThrow();
		for (const more of [
			`${text} or 1 eq 1`,
			`not ${text}`,
			`${text}'`,
			`(${text}`,
			`${text}\n`,
			`${text}x`,
		]) {
			if (more.trim() !== text) expect(() => write(more, type)).toThrow(ODataInputError);
		}
	});

	// JSON can bring such an object, and `String()` of it throws.
	test.each([
		'string',
		'boolean',
		'int32',
		'double',
		'date-time',
		'date',
		'time',
		'duration',
		'uuid',
		'EventLogType',
	])('an object whose toString is no function is refused as %s like any other', (type) => {
		for (const value of [{ toString: 1 }, { toString: 1, valueOf: 2 }, Object.create(null)]) {
			expect(() => write(value, type)).toThrow(ODataInputError);
		}
	});

	test('a refusal is an input error, by kind and by name', () => {
		expect(() => write('x', 'int32')).toThrow(
			expect.objectContaining({ kind: 'input', name: 'ODataInputError' }),
		);
	});
});
