import fc from 'fast-check';
import { ThreeCxError } from '../../lib/http/errors';
import { enumMembers, catalogue } from '../../lib/xapi/catalogue';
import {
	destinationFrom,
	destinationProperty,
	type DestinationValue,
} from '../../nodes/ThreeCx/fields/destination';
import { dialledNumber } from '../../nodes/shared/fields/dialled';
import { parkedCalls } from '../../nodes/ThreeCx/resources/sharedParking';

const chosen = (to: string, target = '', external = ''): DestinationValue => ({
	destination: { to, target, external },
});

describe('destinationFrom', () => {
	test.each<[string, DestinationValue | undefined, unknown]>([
		['nothing', undefined, undefined],
		['an empty parameter', {}, undefined],
		[
			'an extension, which is the default',
			{ destination: { target: 100 } },
			{ To: 'Extension', Number: '100', External: '', Type: 'Extension' },
		],
		[
			'a voicemail',
			chosen('VoiceMail', ' 100 '),
			{ To: 'VoiceMail', Number: '100', External: '', Type: 'Extension' },
		],
		[
			'a route point',
			chosen('RoutePoint', '9000'),
			{ To: 'RoutePoint', Number: '9000', External: '', Type: 'RoutePoint' },
		],
		[
			'a number outside, though a target is left over from another type',
			chosen('External', '100', '+44 (20) 7946-0100'),
			{ To: 'External', Number: '', External: '+442079460100', Type: 'None' },
		],
		[
			'the end, though a target is left over',
			chosen('None', '100'),
			{ To: 'None', Number: '', External: '', Type: 'None' },
		],
	])('%s', (_name, value, expected) => {
		expect(destinationFrom(value)).toEqual(expected);
	});

	test.each([
		[chosen('Queue'), '"Overflow" has no target: Queue'],
		[chosen('External'), 'The field "Overflow" is empty'],
		[chosen('External', '', '100; drop'), '"100; drop" under "Overflow" is not a phone number'],
		[chosen('toString'), '"Overflow" cannot have the type "toString"'],
	])('refuses %j', (value, message) => {
		expect(() => destinationFrom(value, 'Overflow')).toThrow(
			expect.objectContaining({ kind: 'input', message }) as ThreeCxError,
		);
	});

	test('every type that can be chosen is one of XAPI', () => {
		const [group] = destinationProperty('a', 'A').options as Array<{
			values: Array<{ name: string; options?: Array<{ value: string }> }>;
		}>;
		const types = group!.values.find(({ name }) => name === 'to')!.options!;
		const known = enumMembers(catalogue, 'DestinationType');
		expect(types.length).toBeGreaterThan(5);
		expect(types.filter(({ value }) => !known.includes(value))).toEqual([]);
	});
});

describe('dialledNumber', () => {
	test('keeps what is dialled and drops how it was written', () => {
		const digit = fc.constantFrom(...'123456789');
		const gap = fc.constantFrom('', ' ', '-', '.', '/', '\u00a0', '\u2069');
		const code = fc.constantFrom('', '*', '#', '*777#', '#31#');
		fc.assert(
			fc.property(
				code,
				fc.array(fc.tuple(digit, gap), { minLength: 6, maxLength: 15 }),
				(before, parts) => {
					const number = before + parts.map(([key]) => key).join('');
					expect(dialledNumber('n', 'N', before + parts.flat().join(''))).toBe(number);
				},
			),
		);
	});

	test('gives a dialable number or refuses', () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				let number: string;
				try {
					number = dialledNumber('n', 'N', text);
				} catch (error) {
					expect(error).toBeInstanceOf(ThreeCxError);
					return;
				}
				expect(number).toMatch(/^\+?[\d*#]+$/);
			}),
		);
	});
});

describe('parkedCalls', () => {
	const call = (Id: number, Caller: string, Callee: string) => ({
		Id,
		Caller,
		Callee,
		LastChangeStatus: '2026-11-23T09:00:00.000Z',
		ServerNow: '2026-11-23T09:01:30.400Z',
	});

	test('are those whose callee is a slot or the code that is dialled to park', () => {
		expect(
			parkedCalls(
				[
					call(1, '+442079460101 Nora Winslow', 'SP11 SP11'),
					call(2, '100 Amelia Hartley', '101 Rhys SP12'),
					call(3, '104', '*888'),
					call(4, '', ''),
					call(5, '105 Tomasz Wrona', 'SP110 Other'),
				],
				['SP11', 'SP12'],
			),
		).toEqual([
			{
				CallId: 1,
				Parking: 'SP11',
				CallerNumber: '+442079460101',
				CallerName: 'Nora Winslow',
				ParkedAt: '2026-11-23T09:00:00.000Z',
				ParkedSeconds: 90,
			},
			expect.objectContaining({ CallId: 3, Parking: '*888', CallerNumber: '104', CallerName: '' }),
		]);
	});
});
