import { flatLeg } from '../../lib/callcontrol/calls/flatLeg';
import {
	directionOf,
	isExternal,
	isLine,
	isProgram,
	isTalking,
	parkingOf,
	picksUpItself,
	queueOf,
} from '../../lib/callcontrol/calls/legs';
import type { Participant } from '../../lib/callcontrol/rest/types';
import { leg } from './samples';

/** What 3CX does not say about a leg but means. */

test.each<[string, Partial<Participant>, 'inbound' | 'outbound']>([
	['rings', { status: 'Ringing' }, 'inbound'],
	['is connected', { status: 'Connected' }, 'inbound'],
	['dials', { status: 'Dialing' }, 'outbound'],
	['was started by its own DN', { status: 'Connected', originated_by_dn: '100' }, 'outbound'],
	['was started by another DN', { status: 'Ringing', originated_by_dn: '101' }, 'inbound'],
	['is the first of its call', { status: 'Connected', legid: 1 }, 'outbound'],
	['is the first, and rings for outside', { status: 'Ringing', legid: 1 }, 'inbound'],
	[
		'is the first, and rings for inside',
		{ status: 'Ringing', legid: 1, party_dn_type: 'Wextension' },
		'outbound',
	],
	['names neither', { status: 'Ringing', dn: '', originated_by_dn: '' }, 'inbound'],
])('a leg that %s', (_name, fields, direction) => {
	expect(directionOf(leg(fields))).toBe(direction);
	// What was known before counts, unless the leg dials.
	expect(directionOf(leg(fields), 'outbound')).toBe('outbound');
	expect(directionOf(leg(fields), 'inbound')).toBe(
		fields.status === 'Dialing' ? 'outbound' : 'inbound',
	);
});

const TYPES = [
	'Wextension',
	'Wroutepoint',
	'Wexternalline',
	'Wqueue',
	'Wivr',
	'Wringgroup',
	'Wparkextension',
	'Wspecialmenu',
	'Wconference',
	'None',
	'',
];
const TALKING = ['Wextension', 'Wroutepoint', 'Wexternalline'];

test.each(TYPES)('the other end is of type %j', (type) => {
	const connected = leg({ status: 'Connected', party_dn_type: type });
	expect(isExternal(connected)).toBe(type === 'Wexternalline');
	for (const own of TYPES) {
		const talks = TALKING.includes(type) && (own === '' || TALKING.includes(own));
		expect([own, isTalking(connected, own)]).toEqual([own, talks]);
	}
	expect(isTalking(connected, undefined)).toBe(TALKING.includes(type));
	expect(isTalking(leg({ status: 'Ringing', party_dn_type: type }), 'Wextension')).toBe(false);
});

test('queues, menus, parking and route points pick up by themselves; phones and the unknown ring', () => {
	expect(TYPES.filter(picksUpItself)).toEqual([
		'Wroutepoint',
		'Wqueue',
		'Wivr',
		'Wparkextension',
		'Wspecialmenu',
	]);
	expect(picksUpItself(undefined)).toBe(false);
	expect(TYPES.filter(isLine)).toEqual(['Wexternalline']);
	expect(TYPES.filter(isProgram)).toEqual(['Wroutepoint']);
});

test.each<[string, Partial<Participant>, string | undefined, string | undefined]>([
	['the slot itself', { dn: 'SP0' }, 'Wparkextension', 'SP0'],
	[
		'a party in a slot',
		{ party_dn: 'SP1', party_dn_type: 'Wparkextension' },
		'Wexternalline',
		'SP1',
	],
	['a slot that still rings', { dn: 'SP0', status: 'Ringing' }, 'Wparkextension', undefined],
	['a phone that talks', {}, 'Wextension', undefined],
])('where a call is parked: %s', (_name, fields, dnType, slot) => {
	expect(parkingOf(leg({ status: 'Connected', ...fields }), dnType)).toBe(slot);
});

test.each<[string, Partial<Participant>, string | undefined, string | undefined]>([
	['its own DN is one', { dn: '800' }, 'Wqueue', '800'],
	[
		'it rings for one',
		{ on_behalf_of_dn: '801', on_behalf_of_type: 'Wqueue' },
		'Wextension',
		'801',
	],
	['it comes from one', { referred_by_dn: '802', referred_by_type: 'Wqueue' }, undefined, '802'],
	['one started it', { originated_by_dn: '803', originated_by_type: 'Wqueue' }, undefined, '803'],
	['one is at the other end', { party_dn: '804', party_dn_type: 'Wqueue' }, undefined, '804'],
	[
		'its own DN comes before where it came from',
		{ dn: '800', referred_by_dn: '802', referred_by_type: 'Wqueue' },
		'Wqueue',
		'800',
	],
	[
		'whom it rings for comes before the other end',
		{
			on_behalf_of_dn: '801',
			on_behalf_of_type: 'Wqueue',
			party_dn: '804',
			party_dn_type: 'Wqueue',
		},
		undefined,
		'801',
	],
	[
		'nothing is a queue',
		{ referred_by_dn: '8', referred_by_type: 'Wivr' },
		'Wextension',
		undefined,
	],
])('the queue of a leg: %s', (_name, fields, dnType, queue) => {
	expect(queueOf(leg(fields), dnType)).toBe(queue);
});

test('a leg in plain words', () => {
	const full = leg({
		party_did: '030 901820',
		originated_by_dn: '100',
		referred_by_dn: '800',
		on_behalf_of_dn: '801',
		direct_control: true,
	});
	expect(
		flatLeg(full, { dnType: 'Wextension', direction: 'inbound', defaultCountry: 'DE' }),
	).toEqual({
		callId: 7,
		legId: 2,
		participantId: 1,
		extension: '100',
		extensionType: 'Wextension',
		status: 'Ringing',
		direction: 'inbound',
		external: true,
		callerName: 'Ada Lovelace',
		number: '+4930123456',
		numberE164: '+4930123456',
		numberNational: '030 123456',
		numberCountry: 'DE',
		numberKind: 'external',
		did: '030 901820',
		didE164: '+4930901820',
		otherExtension: '10000',
		otherType: 'Wexternalline',
		startedBy: '100',
		referredBy: '800',
		onBehalfOf: '801',
		device: 'sip:100@127.0.0.1:5483',
		canAnswerByApi: true,
	});
});

test('what 3CX does not tell is null', () => {
	const bare = leg({
		party_caller_name: '',
		party_caller_id: '',
		party_dn: '',
		party_dn_type: 'None',
		device_id: '',
	});
	expect(flatLeg(bare)).toMatchObject({
		extensionType: null,
		direction: 'inbound',
		external: false,
		callerName: null,
		number: null,
		numberE164: null,
		numberNational: null,
		numberCountry: null,
		numberKind: 'hidden',
		did: null,
		didE164: null,
		otherExtension: null,
		otherType: null,
		startedBy: null,
		referredBy: null,
		onBehalfOf: null,
		device: null,
		canAnswerByApi: false,
	});
});
