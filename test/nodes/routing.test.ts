import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { HIDDEN } from '../../lib/xapi/secrets';
import { listSearch, loadOptions } from '../../nodes/ThreeCx/methods';
import type { LoadOptionsMethod } from '../../nodes/ThreeCx/resource';
import { loadOptionsContext } from '../support/n8n';
import { by, list, startNode, type NodeUnderTest } from './routingHarness';

/** The resources that route calls, in n8n's engine against the simulated PBX. */

let node: NodeUnderTest;

beforeAll(async () => {
	node = await startNode();
});

afterAll(async () => {
	await closeDispatchers();
	await node.pbx.close();
});

const run = async (...args: Parameters<NodeUnderTest['run']>) => await node.run(...args);
const refusal = async (...args: Parameters<NodeUnderTest['run']>) => await node.refusal(...args);

const to = (kind: string, target = '') => ({ destination: { to: kind, target } });
const outside = (external: string) => ({ destination: { to: 'External', external } });
const condition = (field: string, value: string) => ({
	filters: { conditions: [{ field: `${field}|text`, operator: 'equals', value }] },
});
const trunkId = async () => (await run('trunk', 'getAll'))[0]?.Id as number;

describe('IVR', () => {
	const menu = {
		number: '710',
		name: 'Night menu',
		keys: {
			key: [
				{ key: '1', to: 'Queue', target: '800' },
				{ key: '2', to: 'VoiceMail', target: '100' },
				{ key: '*', to: 'RepeatPrompt' },
			],
		},
		additionalFields: {
			timeout: 8,
			timeoutDestination: to('RingGroup', '600'),
			invalidKeyDestination: to('Extension', '104'),
		},
		closedRoutes: {
			route: [
				{ when: 'HolidaysRoute', to: 'External', external: '+44 20 7946 0101' },
				{ when: 'OutOfOfficeRoute', to: 'VoiceMail', target: '100' },
			],
		},
	};
	const forwards = async (): Promise<IDataObject[]> => {
		const [found] = await run('ivr', 'get', {
			ivr: by('Number', '710'),
			simplify: false,
			options: { expand: ['Forwards'] },
		});
		return found?.Forwards as IDataObject[];
	};

	test('its life, with the whole menu as a table', async () => {
		expect(await run('ivr', 'upsert', menu)).toMatchObject([{ outcome: 'created', Number: '710' }]);
		expect(await forwards()).toMatchObject([
			{ Input: '1', ForwardType: 'Queue', ForwardDN: '800', PeerType: 'Queue' },
			{ Input: '2', ForwardType: 'VoiceMail', ForwardDN: '100', PeerType: 'Extension' },
			{ Input: '*', ForwardType: 'RepeatPrompt', ForwardDN: '', PeerType: 'None' },
		]);
		const [whole] = await run('ivr', 'get', { ivr: by('Name', 'Night menu'), simplify: false });
		expect(whole).toMatchObject({
			Timeout: 8,
			TimeoutForwardType: 'RingGroup',
			TimeoutForwardDN: '600',
			TimeoutForwardPeerType: 'RingGroup',
			InvalidKeyForwardDN: '104',
			HolidaysRoute: { Route: { To: 'External', External: '+442079460101', Number: '' } },
			OutOfOfficeRoute: { Route: { To: 'VoiceMail', Number: '100' } },
			BreakRoute: { Route: { To: 'None' } },
		});
		expect(await run('ivr', 'upsert', menu)).toMatchObject([{ outcome: 'unchanged' }]);
		expect(
			await run('ivr', 'update', { ivr: by('Number', '710'), updateFields: { name: 'Late menu' } }),
		).toMatchObject([{ Name: 'Late menu', Timeout: 8 }]);
		expect(await run('ivr', 'getAll', condition('Name', 'late menu'))).toMatchObject([
			{ Number: '710' },
		]);
		expect(await run('ivr', 'delete', { ivr: by('Number', '710') })).toEqual([{ deleted: true }]);
	});

	test('setting and removing a key leaves the others, also when many are set at once', async () => {
		await run('ivr', 'create', menu);
		const ivr = by('Number', '710');
		expect(
			await run('ivr', 'setKey', { ivr, key: '2', keyDestination: to('Queue', '801') }),
		).toEqual([
			expect.objectContaining({
				key: '2',
				outcome: 'updated',
				changed: {
					'Key 2': {
						from: { type: 'VoiceMail', target: '100' },
						to: { type: 'Queue', target: '801' },
					},
				},
				before: { type: 'VoiceMail', target: '100' },
				after: { type: 'Queue', target: '801' },
			}),
		]);
		expect(
			await run('ivr', 'setKey', { ivr, key: '2', keyDestination: to('Queue', '801') }),
		).toMatchObject([{ outcome: 'unchanged', changed: {} }]);
		await run(
			'ivr',
			'setKey',
			{ ivr, key: '={{ $json.key }}', keyDestination: to('EndCall') },
			{ items: ['5', '6', '7', '8', '9'].map((key) => ({ key })) },
		);
		// Which of them comes first is up to the network.
		expect((await forwards()).map(({ Input }) => Input).sort()).toEqual([
			'*',
			...['1', '2', '5', '6', '7', '8', '9'],
		]);
		expect(await run('ivr', 'removeKey', { ivr, key: '1' })).toMatchObject([
			{ outcome: 'updated', before: { type: 'Queue', target: '800' }, after: null },
		]);
		expect(await run('ivr', 'removeKey', { ivr, key: '1' })).toMatchObject([
			{ outcome: 'unchanged' },
		]);
		expect(await forwards()).toHaveLength(7);
		await run('ivr', 'delete', { ivr });
	});

	test('mistakes', async () => {
		const ivr = by('Number', '700');
		expect(await refusal('ivr', 'setKey', { ivr, key: '1' })).toMatchObject({
			message: 'The field "Destination" is empty',
		});
		expect(
			await refusal('ivr', 'setKey', { ivr, key: '1', keyDestination: to('Queue') }),
		).toMatchObject({ message: '"Key 1" has no target: Queue' });
		expect(
			await refusal('ivr', 'setKey', { ivr, key: '1', keyDestination: to('Queue', '899') }),
		).toMatchObject({ message: expect.stringContaining('Forwards[0].ForwardDN') as string });
		expect(
			await refusal('ivr', 'setKey', {
				ivr: by('Number', '799'),
				key: '1',
				keyDestination: to('EndCall'),
			}),
		).toMatchObject({ message: 'This PBX has no IVR with Number 799' });
	});
});

describe('inbound rule', () => {
	const rule = {
		ruleName: 'Hotline',
		data: '+442079460890',
		officeHoursDestination: to('Queue', '800'),
		additionalFields: {
			outOfOfficeHoursDestination: outside('(020) 7946-0199'),
			holidaysDestination: to('None'),
			trunk: '10000',
		},
	};

	test('its life', async () => {
		expect(await run('inboundRule', 'upsert', rule)).toMatchObject([
			{
				outcome: 'created',
				RuleName: 'Hotline',
				Condition: 'BasedOnDID',
				OfficeHoursDestination: { To: 'Queue', Number: '800', Type: 'Queue' },
				AlterDestinationDuringOutOfOfficeHours: true,
				OutOfOfficeHoursDestination: { To: 'External', External: '02079460199' },
				AlterDestinationDuringHolidays: true,
				HolidaysDestination: { To: 'None', Type: 'None' },
			},
		]);
		expect(await run('inboundRule', 'upsert', rule)).toMatchObject([{ outcome: 'unchanged' }]);
		expect(
			await run('inboundRule', 'getAll', {
				...condition('Data', '+442079460890'),
				options: { expand: ['TrunkDN'] },
			}),
		).toMatchObject([{ RuleName: 'Hotline', TrunkDN: { Number: '10000' } }]);
		expect(
			await run('inboundRule', 'update', {
				inboundRule: by('Data', '+442079460890'),
				updateFields: { officeHoursDestination: to('VoiceMail', '100'), alterHolidays: false },
			}),
		).toMatchObject([
			{
				OfficeHoursDestination: { To: 'VoiceMail', Number: '100', Type: 'Extension' },
				AlterDestinationDuringHolidays: false,
			},
		]);
		// Somebody has switched it off: another destination does not switch it on.
		for (const [operation, parameters] of [
			[
				'update',
				{
					inboundRule: by('Data', '+442079460890'),
					updateFields: { holidaysDestination: to('Queue', '800') },
				},
			],
			['upsert', { ...rule, officeHoursDestination: to('VoiceMail', '100') }],
		] as const) {
			expect(await run('inboundRule', operation, parameters)).toMatchObject([
				{ AlterDestinationDuringHolidays: false, AlterDestinationDuringOutOfOfficeHours: true },
			]);
		}
		expect(await run('inboundRule', 'delete', { inboundRule: by('RuleName', 'Hotline') })).toEqual([
			{ deleted: true },
		]);
	});

	test('Delete Many says what was there', async () => {
		const ids: number[] = [];
		for (const ruleName of ['One', 'Two']) {
			const [created] = await run('inboundRule', 'create', {
				ruleName,
				data: `+4420794608${ruleName}`,
			});
			ids.push(created?.Id as number);
		}
		expect(await run('inboundRule', 'deleteMany', { ids: `${ids.join(', ')}, 999999` })).toEqual([
			expect.objectContaining({ RuleName: 'One', deleted: true }),
			expect.objectContaining({ RuleName: 'Two', deleted: true }),
			{ Id: 999999, deleted: false },
		]);
		expect(await run('inboundRule', 'deleteMany', { ids })).toEqual(
			ids.map((Id) => ({ Id, deleted: false })),
		);
		expect(await refusal('inboundRule', 'deleteMany', { ids: '={{ [] }}' })).toMatchObject({
			message: 'Nothing to delete is selected',
		});
		expect(await run('inboundRule', 'deleteMany', { ids: 'No such line' })).toEqual([
			{ RuleName: 'No such line', deleted: false },
		]);
	});

	test('mistakes', async () => {
		const wrong = (officeHoursDestination: object) =>
			refusal('inboundRule', 'create', {
				ruleName: 'Wrong',
				data: '1',
				officeHoursDestination,
			} as never);
		expect(await wrong(to('Queue'))).toMatchObject({
			message: '"Destination in Office Hours" has no target: Queue',
		});
		expect(await wrong(outside('call me'))).toMatchObject({
			message: '"call me" under "Destination in Office Hours" is not a phone number',
		});
		expect(await wrong(to('Moon'))).toMatchObject({
			message: '"Destination in Office Hours" cannot have the type "Moon"',
		});
		expect(await wrong(to('Queue', '899'))).toMatchObject({
			message: expect.stringContaining('OfficeHoursDestination.Number') as string,
		});
	});
});

describe('outbound rule', () => {
	const national = async () => ({
		name: 'Mobiles',
		prefix: '07',
		routes: { route: [{ trunkId: await trunkId(), stripDigits: 1, prepend: '+44' }] },
		additionalFields: {
			dnRanges: { range: [{ from: '100', to: '119' }, { from: '129' }] },
			numberLengthRanges: '11',
			groupIds: [
				(await run('department', 'getAll', condition('Name', 'Billing')))[0]?.Id as number,
			],
		},
	});

	test('its life and its place', async () => {
		const [created] = await run('outboundRule', 'upsert', await national());
		expect(created).toMatchObject({
			outcome: 'created',
			Name: 'Mobiles',
			GroupNames: ['Billing'],
			DNRanges: [
				{ From: '100', To: '119' },
				{ From: '129', To: '129' },
			],
			Routes: [{ StripDigits: 1, Prepend: '+44', TrunkName: 'Northgate Telecom' }],
		});
		expect(await run('outboundRule', 'upsert', await national())).toMatchObject([
			{ outcome: 'unchanged' },
		]);
		const outboundRule = by('Name', 'Mobiles');
		expect(await run('outboundRule', 'moveUp', { outboundRule })).toMatchObject([
			{ Name: 'Mobiles', Priority: 1, moved: true },
		]);
		expect(await run('outboundRule', 'moveUp', { outboundRule })).toMatchObject([
			{ Priority: 1, moved: false },
		]);
		expect(await run('outboundRule', 'moveDown', { outboundRule })).toMatchObject([
			{ Priority: 2, moved: true },
		]);
		expect(
			await run('outboundRule', 'update', { outboundRule, updateFields: { prefix: '077' } }),
		).toMatchObject([{ Prefix: '077', NumberLengthRanges: '11' }]);
		expect(await run('outboundRule', 'getAll', condition('Prefix', '077'))).toHaveLength(1);
		expect(await run('outboundRule', 'delete', { outboundRule })).toEqual([{ deleted: true }]);
	});

	test('Purge asks for confirmation', async () => {
		const [created] = await run('outboundRule', 'create', { name: 'Old' });
		const ids = [created?.Id as number];
		expect(await refusal('outboundRule', 'purge', { ids, confirmation: 'yes' })).toMatchObject({
			message: expect.stringContaining('Not confirmed') as string,
		});
		expect(await run('outboundRule', 'getAll', condition('Name', 'Old'))).toHaveLength(1);
		expect(await run('outboundRule', 'purge', { ids, confirmation: 'purge' })).toMatchObject([
			{ Name: 'Old', deleted: true },
		]);
		expect(await run('outboundRule', 'getAll', condition('Name', 'Old'))).toEqual([]);
	});

	test('mistakes', async () => {
		expect(
			await refusal('outboundRule', 'create', {
				name: 'Nowhere',
				routes: { route: [{ trunkId: 999999 }] },
			}),
		).toMatchObject({ message: 'This PBX has no trunk "999999"' });
		expect(
			await refusal('outboundRule', 'moveUp', { outboundRule: by('id', '999999') }),
		).toMatchObject({ message: 'This PBX has no outbound rule with ID 999999' });
	});
});

describe('trunk', () => {
	test('create from template, register, test, update, delete', async () => {
		const [created] = await run('trunk', 'createFromTemplate', {
			template: 'Northgate.pv.xml',
			trunkName: 'Second line',
			authPassword: 'not-to-be-seen',
			trunkFields: {
				didNumbers: '+442079460870, +442079460871',
				simultaneousCalls: 4,
				authId: 'larkfield',
				host: 'sip2.northgate.example.com',
			},
		});
		expect(created).toMatchObject({
			IsOnline: false,
			SimultaneousCalls: 4,
			DidNumbers: ['+442079460870', '+442079460871'],
			Gateway: { Name: 'Second line', Host: 'sip2.northgate.example.com', Type: 'Provider' },
		});
		const trunk = by('Number', String(created?.Number));
		const [whole] = await run('trunk', 'get', { trunk, simplify: false });
		expect(whole).toMatchObject({ AuthPassword: { Value: HIDDEN }, AuthID: HIDDEN });
		expect(node.pbx.store.find('Trunks', 'Id', created?.Id)).toMatchObject({
			AuthID: 'larkfield',
			AuthPassword: { Value: 'not-to-be-seen' },
		});
		expect(await run('trunk', 'refreshRegistration', { trunk })).toMatchObject([
			{ IsOnline: true, refreshed: true },
		]);
		expect(await run('trunk', 'testInboundCall', { trunk })).toMatchObject([{ ok: true }]);
		expect(
			await run('trunk', 'testOutboundCall', {
				trunk,
				destination: '+44 20 7946 0101',
				contact: '100',
			}),
		).toMatchObject([
			{
				ok: true,
				findings: [{ message: '+442079460101 was dialled' }, { level: 'Info' }],
				log: [{ Text: expect.any(String) as string }],
			},
		]);
		expect(
			await run('trunk', 'update', { trunk, updateFields: { enableInboundCalls: false } }),
		).toMatchObject([{ EnableInboundCalls: false, Gateway: { Name: 'Second line' } }]);
		expect(await run('trunk', 'getAll')).toHaveLength(2);
		expect(await run('trunk', 'delete', { trunk })).toEqual([{ deleted: true }]);
	});

	test('mistakes', async () => {
		expect(await refusal('trunk', 'createFromTemplate', { template: '={{ "" }}' })).toMatchObject({
			message: 'The field "Template" is empty',
		});
		expect(
			await refusal('trunk', 'createFromTemplate', {
				template: 'Northgate.pv.xml',
				authPassword: HIDDEN,
			}),
		).toMatchObject({
			message: 'AuthPassword.Value contains the placeholder for a hidden secret',
		});
		expect(
			await refusal('trunk', 'testOutboundCall', {
				trunk: by('Number', '10000'),
				destination: 'home',
				contact: '100',
			}),
		).toMatchObject({ message: '"home" under "Number to Call" is not a phone number' });
		expect(
			await refusal('trunk', 'refreshRegistration', { trunk: by('Number', '10999') }),
		).toMatchObject({ message: 'This PBX has no trunk with Number 10999' });
	});
});

test('DID numbers come with their routing', async () => {
	const all = await run('didNumber', 'getRouting');
	expect(all).toHaveLength(6);
	expect(all[1]).toMatchObject({
		Number: '+442079460801',
		HasRule: true,
		RuleName: 'Appointments',
		OfficeHoursDestination: { To: 'Queue', Number: '800' },
	});
	expect(
		await run('didNumber', 'getAll', {
			...condition('Number', '+442079460803'),
			options: { expand: ['RoutingRule'] },
		}),
	).toMatchObject([{ Number: '+442079460803', RoutingRule: { RuleName: 'Billing' } }]);
});

describe('dropdowns', () => {
	const lists: Record<string, LoadOptionsMethod> = loadOptions;

	test.each([
		['getTrunkNumbers', { name: '10000 Northgate Telecom', value: '10000' }],
		['getTrunkTemplates', { name: 'Northgate Telecom', value: 'Northgate.pv.xml' }],
		['getPrompts', { name: 'Welcome menu', value: 'onboardivr.wav' }],
		[
			'getRegisteredPhones',
			{ name: '103 Oscar Lindqvist T54W 0015650A0B0C', value: '0015650A0B0C' },
		],
		['getConferenceZones', { name: 'North America', value: 'NorthAmerica' }],
		['getAllinboundrules', { name: 'Billing +442079460803', value: expect.any(Number) as number }],
	])('%s', async (method, option) => {
		expect(await lists[method]!.call(loadOptionsContext({}, node.credentials))).toContainEqual(
			option,
		);
	});

	test('targets are of the type chosen beside them', async () => {
		const context = loadOptionsContext({}, node.credentials);
		context.getCurrentNodeParameter = (name) => (name === '&to' ? 'RingGroup' : undefined);
		expect(await lists.getDestinationTargets!.call(context)).toEqual([
			{ name: '600 Front Desk', value: '600' },
			{ name: '601 Practice Managers', value: '601' },
		]);
		context.getCurrentNodeParameter = () => 'None';
		expect(await lists.getDestinationTargets!.call(context)).toEqual([]);
	});
});

test('the list of trunks shows their providers', async () => {
	const found = await listSearch.searchTrunks!.call(loadOptionsContext({}, node.credentials));
	expect(found.results).toEqual([{ name: '10000 Northgate Telecom', value: await trunkId() }]);
	expect(await run('trunk', 'get', { trunk: list(await trunkId()) })).toMatchObject([
		{ Gateway: { Name: 'Northgate Telecom' } },
	]);
});
