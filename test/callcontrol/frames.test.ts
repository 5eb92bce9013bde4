import fc from 'fast-check';
import { parseEntity, parseFrame } from '../../lib/callcontrol/link/frames';

const wire = (type: unknown, entity: unknown, data: unknown = null, sequence: unknown = 5) =>
	JSON.stringify({ sequence, event: { event_type: type, entity, attached_data: data } });

const LEG = { kind: 'participant', dn: '100', id: 42 };

describe('a message of the socket', () => {
	test.each([
		[
			'upsert',
			wire(0, '/callcontrol/100/participants/42'),
			{ kind: 'upsert', entity: LEG, sequence: 5 },
		],
		[
			'remove',
			wire(1, '/callcontrol/100/participants/42'),
			{ kind: 'remove', entity: LEG, sequence: 5 },
		],
		[
			'type as text',
			wire('1', '/callcontrol/100/participants/42'),
			{ kind: 'remove', entity: LEG, sequence: 5 },
		],
		[
			'type by name',
			wire('Upset', '/callcontrol/100/participants/42'),
			{ kind: 'upsert', entity: LEG, sequence: 5 },
		],
		[
			'keys',
			wire(2, '/callcontrol/100/participants/42', { dtmf_input: '12#' }),
			{ kind: 'keys', entity: LEG, digits: '12#', sequence: 5 },
		],
		[
			'prompt finished',
			wire(3, '/callcontrol/100/participants/42'),
			{ kind: 'promptFinished', entity: LEG, sequence: 5 },
		],
		[
			'answer to a request',
			wire(4, '/callcontrol/100/makecall', {}),
			{ kind: 'other', sequence: 5 },
		],
		['type of the future', wire(9, '/callcontrol/100'), { kind: 'other', sequence: 5 }],
		[
			'sequence as text',
			wire(1, '/callcontrol/100', null, '17'),
			{ kind: 'remove', entity: { kind: 'dn', dn: '100' }, sequence: 17 },
		],
		[
			'Pascal case',
			JSON.stringify({
				Sequence: 3,
				Event: {
					EventType: 2,
					Entity: '/callcontrol/100/participants/42',
					AttachedData: { DtmfInput: '*' },
				},
			}),
			{ kind: 'keys', entity: LEG, digits: '*', sequence: 3 },
		],
	])('%s', (_, text, expected) => {
		expect(parseFrame(text)).toEqual({ ...expected });
	});

	test.each([
		['no JSON', 'hello', /not a JSON object: hello/],
		['an array', '[1]', /not a JSON object/],
		['empty', '', /not a JSON object/],
		['without event', '{"sequence":1}', /no event/],
		['without type', '{"sequence":1,"event":{"entity":"/callcontrol/100"}}', /no event_type/],
		['with a foreign path', wire(0, '/xapi/v1/Users'), /no known entity: \/xapi/],
		['without entity', wire(0, undefined), /no known entity/],
		[
			'with a leg id that is no number',
			wire(0, '/callcontrol/100/participants/x'),
			/no known entity/,
		],
		['keys without digits', wire(2, '/callcontrol/100/participants/42'), /no dtmf_input/],
		['keys of a phone', wire(2, '/callcontrol/100/devices/a', { dtmf_input: '1' }), /for a device/],
	])('%s is malformed', (_, text, problem) => {
		expect(parseFrame(text)).toMatchObject({
			kind: 'malformed',
			problem: expect.stringMatching(problem),
		});
	});

	test.each<[unknown, string]>([
		['Upsert', 'upsert'],
		['upset', 'upsert'],
		[' REMOVE ', 'remove'],
		['DtmfString', 'keys'],
		['PromptPlaybackFinished', 'promptFinished'],
		['Response', 'other'],
		['4', 'other'],
		['constructor', 'other'],
		['', 'malformed'],
		[null, 'malformed'],
	])('of the type "%s" is understood: %s', (type, kind) => {
		const path = '/callcontrol/100/participants/42';
		expect(parseFrame(wire(type, path, { dtmf_input: 5 })).kind).toBe(kind);
	});

	test.each([
		['12', 12],
		[12, 12],
		['12x', undefined],
		['x12', undefined],
		['', undefined],
		[1.5, undefined],
		['9007199254740993', undefined],
		[null, undefined],
		[[7], undefined],
	])('with the number %j is the %s.', (sequence, expected) => {
		expect(parseFrame(wire(0, '/callcontrol/100', null, sequence))).toEqual({
			kind: 'upsert',
			entity: { kind: 'dn', dn: '100' },
			sequence: expected,
		});
		// What is not understood has its number, too: it is no gap.
		expect(parseFrame(wire(0, '/xapi', null, sequence)).sequence).toBe(expected);
	});

	test.each([
		[{ dtmf_input: '' }, ''],
		[{ dtmf_input: 5 }, '5'],
		[{ DtmfInput: '*#' }, '*#'],
	])('tells keys as text: %j', (data, digits) => {
		const told = parseFrame(wire(2, '/callcontrol/100/participants/42', data));
		expect(told).toMatchObject({ kind: 'keys', digits });
	});

	test.each<[string, ReturnType<typeof parseEntity>]>([
		['/callcontrol/100', { kind: 'dn', dn: '100' }],
		['callcontrol/100', { kind: 'dn', dn: '100' }],
		['/CallControl/100', { kind: 'dn', dn: '100' }],
		['/callcontrol/1%20%2f', { kind: 'dn', dn: '1 /' }],
		['/callcontrol/1%', { kind: 'dn', dn: '1%' }],
		['/callcontrol/100/participants/42', { kind: 'participant', dn: '100', id: 42 }],
		['/callcontrol/100/devices/a', { kind: 'device', dn: '100', id: 'a' }],
		['/callcontrol/100/devices/sip:a/b/c', { kind: 'device', dn: '100', id: 'sip:a/b/c' }],
		['/callcontrol', undefined],
		['/callcontrol/', undefined],
		['//callcontrol/100', undefined],
		['/callcontrol/100/', undefined],
		['/callcontrol/100/devices', undefined],
		['/callcontrol/100/devices/', undefined],
		['/callcontrol/100/participants', undefined],
		['/callcontrol/100/participants/', undefined],
		['/callcontrol/100/participants/42/', undefined],
		['/callcontrol/100/participants/42/drop', undefined],
		['/callcontrol/100/participants/x42', undefined],
		['/callcontrol/100/participants/42x', undefined],
		['/callcontrol/100/participants/-42', undefined],
		['/callcontrol/100/makecall/42', undefined],
		['', undefined],
	])('about "%s"', (path, entity) => {
		expect(parseEntity(path)).toEqual(entity);
	});

	test('any text at all is read without throwing', () => {
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string(),
					fc.json(),
					fc.jsonValue().map((event) => JSON.stringify({ event })),
				),
				(text) => {
					expect(typeof parseFrame(text).kind).toBe('string');
				},
			),
		);
	});

	test('a phone is found under its SIP contact, whatever is in it', () => {
		fc.assert(
			fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (dn, id) => {
				const path = `/callcontrol/${encodeURIComponent(dn)}/devices/${encodeURIComponent(id)}`;
				expect(parseEntity(path)).toEqual({ kind: 'device', dn, id });
			}),
		);
	});
});
