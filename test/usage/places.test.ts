import { PLACES, rangesOf, usesIn } from '../../lib/usage/places';
import type { Entity } from '../../lib/xapi/entities';

/** Where a row names an extension, and what another destination makes of it. */

const set = (name: string) => PLACES.find((each) => each.name === name)!;
const at = (To: string, Number: string) => ({ To, Number, External: '', Type: 'Extension' });

describe('an outbound rule', () => {
	test.each<[string, Array<{ From?: string | null; To?: string | null }>, number, number, number]>([
		['of nobody', [], 0, 0, 0],
		['of this extension', [{ From: '103', To: '103' }], 1, 0, 0],
		['of this extension without an end', [{ From: '103', To: '' }], 1, 0, 0],
		['of this extension with no end at all', [{ From: '103' }], 1, 0, 0],
		['of a range with it', [{ From: '100', To: '199' }], 0, 1, 1],
		['of a range that ends with it', [{ From: '100', To: '103' }], 0, 1, 1],
		['of a range after it', [{ From: '104', To: '199' }], 0, 0, 1],
		['of longer numbers', [{ From: '1000', To: '1999' }], 0, 0, 1],
		['of a range whose end is null', [{ From: null, To: null }], 0, 0, 1],
		[
			'of several',
			[
				{ From: '103', To: '103' },
				{ From: '110', To: '120' },
			],
			1,
			0,
			1,
		],
	])('%s', (_, DNRanges, alone, shared, others) => {
		const found = rangesOf({ DNRanges }, '103');
		expect([found.alone, found.shared, found.others].map(({ length }) => length)).toEqual([
			alone,
			shared,
			others,
		]);
	});
});

test.each<[string, string, Entity, string[]]>([
	['an empty row', 'queues', { Name: 'Q', Agents: [], Managers: [] }, []],
	[
		'a queue that waits for a voicemail',
		'queues',
		{
			Number: '800',
			Name: 'Q',
			Agents: [{ Number: '103' }],
			ForwardNoAnswer: at('VoiceMail', '103'),
		},
		['Queue 800 Q, Agent: Extension 103', 'Queue 800 Q, If No Agent Answers: Voice Mail 103'],
	],
	[
		'the end of a call at no number, and an outside number of the same digits',
		'ringGroups',
		{
			Name: 'R',
			ForwardNoAnswer: { To: 'None', Number: '103' },
			HolidaysRoute: { Route: { To: 'External', Number: '103', External: '103' } },
		},
		[],
	],
	[
		'a menu',
		'ivrs',
		{
			Number: '700',
			Name: 'M',
			Forwards: [
				{ Input: '1', ForwardType: 'Extension', ForwardDN: '103' },
				{ Input: '2', ForwardType: 'CallByName', ForwardDN: '' },
				{ Input: '3', ForwardType: 'VoiceMail', ForwardDN: '103' },
			],
			TimeoutForwardType: 'Extension',
			TimeoutForwardDN: '103',
			InvalidKeyForwardDN: '103',
			BreakRoute: { Route: at('Extension', '103'), Prompt: 'x.wav' },
		},
		[
			'IVR 700 M, Key 1: Extension 103',
			'IVR 700 M, Key 3: Voice Mail 103',
			'IVR 700 M, After Timeout: Extension 103',
			'IVR 700 M, Other Keys: Extension 103',
			'IVR 700 M, During Breaks: Extension 103',
		],
	],
	[
		'a department without a number',
		'departments',
		{ Name: 'Sales', OfficeRoute: { Route: at('Extension', '103') }, CustomOperator: null },
		['Department null Sales, In Office Hours: Extension 103'],
	],
	[
		'a user in several statuses',
		'users',
		{
			Number: '104',
			FirstName: 'Ana',
			LastName: '',
			ForwardingProfiles: [
				{ Name: 'Available', AvailableRoute: { BusyExternal: at('Extension', '103') } },
				{ Name: 'Away', AwayRoute: { Internal: at('VoiceMail', '103') } },
			],
		},
		[
			'User 104 Ana, Available: Busy, From Outside: Extension 103',
			'User 104 Ana, Away: Always, Internal: Voice Mail 103',
		],
	],
	[
		'a user with exceptions',
		'users',
		{
			Number: '104',
			FirstName: 'Ana',
			ForwardingExceptions: [
				{ Id: 1, Condition: 'BasedOnCallerID', Data: '07*', Destination: at('Extension', '103') },
				{ Id: 2, Condition: 'ForwardAll', Data: '', Destination: at('VoiceMail', '103') },
				{ Id: 3, Condition: 'ForwardAll', Destination: null },
				{ Id: 4, Condition: 'ForwardAll', Destination: at('Queue', '800') },
			],
		},
		[
			'User 104 Ana, Forwarding Exception 07*: Extension 103',
			'User 104 Ana, Forwarding Exception: Voice Mail 103',
		],
	],
	...(
		[
			['DN', '103', ['Extension 103']],
			['ExtensionVoiceMail', '103', ['Voice Mail 103']],
			['RoutePoint', '103', ['Route Point 103']],
			['DN', '104', []],
			['TransferBack', '103', []],
			['ExternalNumber', '103', []],
			[null, '103', []],
		] as const
	).map(([type, number, found]): [string, string, Entity, string[]] => [
		`parking that sends to ${type} ${number}`,
		'parking',
		{
			AutoPickupForwardType: type,
			AutoPickupForwardDN: number,
			AutoPickupForwardExternalNumber: '103',
		},
		found.map((text) => `Call Parking null , If Nobody Picks Up: ${text}`),
	]),
	[
		'a hotel',
		'hotel',
		{ NoAnswerDestination: at('Extension', '103') },
		['Hotel Services null , If Nobody Answers: Extension 103'],
	],
	[
		'the operator',
		'settings',
		{ OperatorExtension: '103' },
		['General Settings null , Operator: Extension 103'],
	],
	['no operator', 'settings', { OperatorExtension: '' }, []],
])('%s is read', (_, name, row, expected) => {
	expect(
		usesIn(set(name), row, '103').map(
			(use) => `${use.in} ${use.number} ${use.name}, ${use.as}: ${use.is}`,
		),
	).toEqual(expected);
});

describe('a place of a menu', () => {
	const row = {
		Forwards: [
			{ Input: '1', ForwardType: 'Extension', ForwardDN: '103', CustomData: 'kept' },
			{ Input: '2', ForwardType: 'Queue', ForwardDN: '800' },
		],
		TimeoutForwardType: 'VoiceMail',
		TimeoutForwardDN: '103',
		InvalidKeyForwardDN: '103',
	};
	const written = (To: string, Number: string, Type: string) => {
		const draft: Entity = {};
		const wrote = set('ivrs')
			.routes(row)
			.filter(({ to }) => to.Number === '103')
			.map(({ write }) => write(draft, { To, Number, External: '', Type }));
		return { wrote, draft };
	};

	test('takes what menus have a word for, and keeps all other keys', () => {
		expect(written('Queue', '801', 'Queue')).toEqual({
			wrote: [true, true, true],
			draft: {
				Forwards: [
					{
						Input: '1',
						ForwardType: 'Queue',
						ForwardDN: '801',
						PeerType: 'Queue',
						CustomData: 'kept',
					},
					row.Forwards[1],
				],
				TimeoutForwardType: 'Queue',
				TimeoutForwardDN: '801',
				TimeoutForwardPeerType: 'Queue',
				InvalidKeyForwardDN: '801',
			},
		});
		expect(row.Forwards[0]!.ForwardDN).toBe('103');
	});

	test.each([
		['External', [false, false, false]],
		['Fax', [false, false, false]],
		['toString', [false, false, false]],
		['None', [true, true, false]],
		['VoiceMail', [true, true, false]],
	])('with %s', (To, wrote) => {
		expect(written(To, '', 'None').wrote).toEqual(wrote);
	});
});

describe('what is written in settings of the whole PBX', () => {
	const EXTERNAL = { To: 'External', Number: '', External: '+441632960123', Type: 'None' };
	const row = { AutoPickupForwardType: 'DN', AutoPickupForwardDN: '103', OperatorExtension: '103' };
	const pickup = (type: string, number = '', external = '') => ({
		AutoPickupForwardType: type,
		AutoPickupForwardDN: number,
		AutoPickupForwardExternalNumber: external,
	});

	test.each([
		['parking', at('Queue', '800'), true, pickup('DN', '800')],
		['parking', at('VoiceMail', '104'), true, pickup('ExtensionVoiceMail', '104')],
		['parking', at('RoutePoint', 'app'), true, pickup('RoutePoint', 'app')],
		['parking', EXTERNAL, true, pickup('ExternalNumber', '', '+441632960123')],
		['parking', at('None', ''), false, {}],
		['settings', at('Queue', '800'), true, { OperatorExtension: '800' }],
		['settings', EXTERNAL, false, {}],
		['settings', at('VoiceMail', '104'), false, {}],
	])('%s', (name, destination, isPossible, written) => {
		const draft: Entity = {};
		const [route] = set(name).routes(row);
		expect(route!.write(draft, destination)).toBe(isPossible);
		expect(draft).toEqual(written);
	});
});
