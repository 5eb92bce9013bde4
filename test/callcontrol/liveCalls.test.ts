import { liveCallsIn } from '../../lib/callcontrol/calls/liveCalls';
import type { Participant } from '../../lib/callcontrol/rest/types';
import { leg, state } from './samples';

const TYPES = { '100': 'Wextension', '101': 'Wextension', '800': 'Wqueue' };
const callsIn = (country: string | undefined, ...legs: Array<Partial<Participant>>) =>
	liveCallsIn(
		state(
			legs.map((fields) => leg(fields)),
			TYPES,
		),
		country,
	);
const calls = (...legs: Array<Partial<Participant>>) => callsIn(undefined, ...legs);
const inside = { party_dn_type: 'Wextension', party_caller_id: '101', party_dn: '101' };

test('nothing goes on', () => {
	expect(calls()).toEqual([]);
});

test('legs of one callid are one call, legs in order, the oldest call first', () => {
	const found = calls(
		{ callid: 9, legid: 1, id: 5 },
		{ callid: 7, legid: 2, id: 1, dn: '101' },
		{ callid: 7, legid: 1, id: 1, dn: '800' },
	);
	expect(found.map(({ callId }) => callId)).toEqual([7, 9]);
	expect(found[0]!.legs.map(({ legId }) => legId)).toEqual([1, 2]);
	expect(found[0]!.extensions).toEqual(['800', '101']);
});

test.each<[string, Array<Partial<Participant>>, string]>([
	['from outside', [{}], 'inbound'],
	['to outside', [{ status: 'Dialing' }], 'outbound'],
	['to outside, connected', [{ status: 'Connected', originated_by_dn: '100' }], 'outbound'],
	[
		'to outside, passed on to a colleague',
		[
			{ status: 'Connected', originated_by_dn: '100' },
			{ status: 'Connected', dn: '101', id: 2 },
		],
		'outbound',
	],
	['within the company', [inside], 'internal'],
	[
		'passed on from outside',
		[
			{ ...inside, legid: 1 },
			{ dn: '101', legid: 2 },
		],
		'inbound',
	],
])('a call %s', (_name, legs, direction) => {
	const [call] = calls(...legs);
	expect(call).toMatchObject({ direction, external: direction !== 'internal' });
});

test.each([
	[['Dialing', 'Ringing'], 'Ringing'],
	[['Ringing', 'Connected'], 'Connected'],
	[['Connected', 'Dialing'], 'Connected'],
	[['Dialing', 'Dialing'], 'Dialing'],
	[['Held', 'Parked'], 'Held'],
	[['Held', 'Ringing'], 'Ringing'],
])('legs that are %j: the call is %s', (statuses, status) => {
	const [call] = calls(
		...statuses.map((each, legid) => ({ ...inside, status: each, id: legid, legid })),
	);
	expect(call!.status).toBe(status);
});

test('the number is that of the outside, or of the one who calls within the company', () => {
	const [outside] = calls(
		{ ...inside, legid: 1, dn: '800' },
		{ legid: 2, party_caller_id: '+4930901820', party_caller_name: 'Ada' },
	);
	expect(outside).toMatchObject({
		callerName: 'Ada',
		number: '+4930901820',
		numberE164: '+4930901820',
		numberNational: '030 901820',
		numberCountry: 'DE',
		numberKind: 'external',
	});
	const [within] = calls(
		{ ...inside, legid: 1, status: 'Dialing', party_caller_id: '101', originated_by_dn: '100' },
		{ ...inside, legid: 2, dn: '101', party_caller_id: '100', originated_by_dn: '100' },
	);
	expect(within).toMatchObject({ number: '100', numberKind: 'extension', startedBy: '100' });
	// Only the caller's own leg can be seen.
	const [own] = calls({ ...inside, status: 'Dialing', party_caller_id: '101' });
	expect(own).toMatchObject({ number: '101' });
});

test('numbers without a country code belong to the country that is asked for', () => {
	const [call] = callsIn('GB', { party_caller_id: '020 7946 0100' });
	expect(call).toMatchObject({ numberE164: '+442079460100', legs: [{ numberCountry: 'GB' }] });
});

test('answered when two talk: who waits in a queue does not', () => {
	const waiting = { status: 'Connected', dn: '800', legid: 1 };
	expect(calls(waiting)[0]).toMatchObject({ answered: false, queue: '800' });
	const agent = { status: 'Connected', legid: 2, id: 2 };
	expect(calls(waiting, agent)[0]).toMatchObject({ answered: true, queue: '800' });
});

test('queue and dialled number are told where any leg knows them, and null where none does', () => {
	expect(calls({})[0]).toMatchObject({ queue: null, did: null, startedBy: null });
	expect(
		calls({ legid: 1 }, { legid: 2, id: 2, dn: '101', party_did: '+44207946' })[0],
	).toMatchObject({ did: '+44207946' });
	expect(calls({ legid: 1 }, { legid: 2, id: 2, dn: '800' })[0]).toMatchObject({ queue: '800' });
});

test('an extension with two legs is named once', () => {
	expect(calls({ legid: 1 }, { legid: 2, id: 2 })[0]!.extensions).toEqual(['100']);
});
