import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { HIDDEN } from '../../lib/xapi/secrets';
import { panelResources } from '../../nodes/ThreeCx/properties';
import { by, openOffice, type Office } from './peopleHarness';

/** Dry Run: each operation that has it is tried, done and tried again, and the PBX counts what was sent. */

let office: Office;

beforeAll(async () => {
	office = await openOffice();
	await office.one('apiClient', 'create', { number: 'crm', firstName: 'CRM' });
	for (const callerId of ['+442079460191', '+442079460192']) {
		await office.one('blockedNumber', 'create', { callerId });
	}
});

afterAll(async () => await office.close());

const id = (entitySet: string, property: string, value: string) =>
	office.pbx.store.find(entitySet, property, value)!.Id as number;
const groupId = (name: string) => id('Groups', 'Name', name);

interface Case {
	resource: string;
	operation: string;
	/** Asked for when it is its turn, because IDs are the PBX's. */
	parameters: () => INodeParameters;
	outcome: 'wouldCreate' | 'wouldUpdate' | 'wouldDelete';
	/** What the dry run says of it. */
	changed: unknown;
	/** What it says afterwards, where that is not `unchanged`. */
	again?: RegExp;
}

const member = (from: string[], to: string[], property: string) => ({ [property]: { from, to } });
const role = (name: string, RoleName: string) =>
	expect.objectContaining({ Name: name, Rights: { RoleName } }) as unknown;
const dana = by('Number', '170');
const queue = by('Number', '800');
const ringGroup = by('Number', '600');
const update = (changed: unknown) => ({ outcome: 'wouldUpdate' as const, changed });

/** In this order: each finds what those before it have made. */
const CASES: Case[] = [
	{
		resource: 'user',
		operation: 'create',
		parameters: () => ({ number: '170', firstName: 'Dana', lastName: 'Field' }),
		outcome: 'wouldCreate',
		changed: {
			Number: { from: null, to: '170' },
			FirstName: { from: null, to: 'Dana' },
			LastName: { from: null, to: 'Field' },
		},
		again: /^The Number 170 is already in use on this PBX$/,
	},
	{
		resource: 'user',
		operation: 'upsert',
		parameters: () => ({
			matchBy: 'Number',
			number: '170',
			lastName: 'Fields',
			emailAddress: '',
			additionalFields: { voicemailPin: '975310' },
		}),
		...update({
			LastName: { from: 'Field', to: 'Fields' },
			VMPIN: { from: HIDDEN, to: HIDDEN },
		}),
	},
	{
		resource: 'user',
		operation: 'update',
		parameters: () => ({ user: dana, updateFields: { mobile: '+447700900170' } }),
		...update({ Mobile: expect.objectContaining({ to: '+447700900170' }) as unknown }),
	},
	{
		resource: 'user',
		operation: 'setStatus',
		parameters: () => ({ user: dana, status: 'Away' }),
		...update({ CurrentProfileName: { from: 'Available', to: 'Away' } }),
	},
	{
		resource: 'user',
		operation: 'updateForwarding',
		parameters: () => ({
			user: dana,
			status: 'Available',
			rules: { rule: [{ when: 'busy', callers: 'external', to: 'Queue', target: '800' }] },
			forwardingOptions: { noAnswerTimeout: 12 },
		}),
		...update({
			noAnswerTimeout: { from: 20, to: 12 },
			busyExternal: { from: 'Voice Mail 170', to: 'Queue 800' },
		}),
	},
	{
		resource: 'user',
		operation: 'addToDepartment',
		parameters: () => ({ user: dana, groupId: groupId('Billing'), role: 'managers' }),
		...update({
			Groups: {
				from: [role('DEFAULT', 'users')],
				to: [
					role('DEFAULT', 'users'),
					{ GroupId: expect.any(Number), Rights: { RoleName: 'managers' } },
				],
			},
		}),
	},
	{
		resource: 'user',
		operation: 'removeFromDepartment',
		parameters: () => ({ user: dana, groupId: groupId('Billing') }),
		...update({
			Groups: {
				from: [role('DEFAULT', 'users'), role('Billing', 'managers')],
				to: [role('DEFAULT', 'users')],
			},
		}),
	},
	{
		resource: 'department',
		operation: 'addMember',
		parameters: () => ({
			department: by('Name', 'Billing'),
			extensions: ['170'],
			role: 'users',
		}),
		...update({ Groups: expect.anything() as unknown }),
	},
	{
		resource: 'department',
		operation: 'removeMember',
		parameters: () => ({ department: by('Name', 'Billing'), extensions: ['170'] }),
		...update({ Groups: expect.anything() as unknown }),
	},
	{
		resource: 'department',
		operation: 'setOfficeHoursMode',
		parameters: () => ({ department: by('Name', 'Billing'), mode: 'ForceClosed' }),
		...update({ CurrentGroupHours: { from: 'Default', to: 'ForceClosed' } }),
	},
	{
		resource: 'queue',
		operation: 'addAgent',
		parameters: () => ({ queue, extensions: ['170'] }),
		...update(member(['103', '104', '105', '106'], ['103', '104', '105', '106', '170'], 'Agents')),
	},
	{
		resource: 'queue',
		operation: 'removeAgent',
		parameters: () => ({ queue, extensions: ['170'] }),
		...update(member(['103', '104', '105', '106', '170'], ['103', '104', '105', '106'], 'Agents')),
	},
	{
		resource: 'queue',
		operation: 'addManager',
		parameters: () => ({ queue, extensions: ['170'] }),
		...update({ Managers: expect.anything() as unknown }),
	},
	{
		resource: 'queue',
		operation: 'removeManager',
		parameters: () => ({ queue, extensions: ['170'] }),
		...update({ Managers: expect.anything() as unknown }),
	},
	{
		resource: 'ringGroup',
		operation: 'addMember',
		parameters: () => ({ ringGroup, extensions: ['170'] }),
		...update({ Members: expect.anything() as unknown }),
	},
	{
		resource: 'ringGroup',
		operation: 'removeMember',
		parameters: () => ({ ringGroup, extensions: ['170'] }),
		...update({ Members: expect.anything() as unknown }),
	},
	{
		resource: 'user',
		operation: 'logOutOfQueues',
		parameters: () => ({ user: by('Number', '103') }),
		...update({ QueueStatus: { from: 'LoggedIn', to: 'LoggedOut' } }),
	},
	{
		resource: 'user',
		operation: 'logInToQueues',
		parameters: () => ({ user: by('Number', '103') }),
		...update({ QueueStatus: { from: 'LoggedOut', to: 'LoggedIn' } }),
	},
	{
		resource: 'ivr',
		operation: 'setKey',
		parameters: () => ({
			ivr: by('Number', '700'),
			key: '9',
			keyDestination: { destination: { to: 'Extension', target: '170' } },
		}),
		...update({ 'Key 9': { from: null, to: { type: 'Extension', target: '170' } } }),
	},
	{
		resource: 'ivr',
		operation: 'removeKey',
		parameters: () => ({ ivr: by('Number', '700'), key: '9' }),
		...update({ 'Key 9': { from: { type: 'Extension', target: '170' }, to: null } }),
	},
	{
		resource: 'apiClient',
		operation: 'setRights',
		parameters: () => ({
			apiClient: by('Number', 'crm'),
			groupId: groupId('Management'),
			role: 'system_admins',
			xapiEnabled: true,
			callControlEnabled: true,
		}),
		...update(
			expect.objectContaining({ CallControlEnabled: { from: false, to: true } }) as unknown,
		),
	},
	{
		resource: 'apiClient',
		operation: 'setMonitoredExtensions',
		parameters: () => ({ apiClient: by('Number', 'crm'), extensions: ['100', '101'] }),
		...update({ Peers: { from: [], to: ['100', '101'] } }),
	},
	{
		resource: 'officeHours',
		operation: 'update',
		parameters: () => ({ hours: { time: [{ days: ['Monday'], from: '7:30', to: '17:00' }] } }),
		...update({ Hours: expect.anything() as unknown }),
	},
	{
		resource: 'mail',
		operation: 'updateSettings',
		parameters: () => ({ settings: { MailPassword: 'open sesame' } }),
		...update({ MailPassword: expect.anything() as unknown }),
		again: /./,
	},
	{
		resource: 'blockedNumber',
		operation: 'deleteMany',
		parameters: () => ({
			ids: ['+442079460191', '+442079460192'].map((number) =>
				id('BlackListNumbers', 'CallerId', number),
			),
		}),
		outcome: 'wouldDelete',
		changed: expect.objectContaining({ CallerId: { from: '+442079460191', to: null } }) as unknown,
		again: /./,
	},
	{
		resource: 'outboundRule',
		operation: 'purge',
		parameters: () => ({
			ids: [office.pbx.store.rows('OutboundRules')[0]!.Id as number],
			confirmation: 'purge',
		}),
		outcome: 'wouldDelete',
		changed: expect.objectContaining({
			Name: { from: expect.anything() as unknown, to: null },
		}) as unknown,
		again: /./,
	},
	{
		resource: 'user',
		operation: 'delete',
		parameters: () => ({ user: dana }),
		outcome: 'wouldDelete',
		changed: expect.objectContaining({
			Number: { from: '170', to: null },
			FirstName: { from: 'Dana', to: null },
		}) as unknown,
		again: /^This PBX has no user with Number 170$/,
	},
	{
		resource: 'user',
		operation: 'deleteMany',
		parameters: () => ({ extensions: ['129'] }),
		outcome: 'wouldDelete',
		changed: { Id: expect.anything() as unknown, Number: { from: '129', to: null } },
	},
];

test.each(CASES)('$resource > $operation', async (one) => {
	const { resource, operation, outcome, changed, again } = one;
	const parameters = one.parameters();
	const tried = { ...parameters, dryRun: true };
	let plan: IDataObject = {};
	const sent = await office.requestsOf(async () => {
		plan = await office.one(resource, operation, tried);
	});
	expect(new Set(sent)).toEqual(new Set(['GET']));
	expect(plan).toMatchObject({ outcome, changed });
	expect(JSON.stringify(plan)).not.toMatch(/975310|open sesame/);

	const done = await office.one(resource, operation, parameters);
	// The same shape without dry run, where the operation knows what was before.
	if (done.changed !== undefined) expect(done.changed).toEqual(plan.changed);
	expect(String(done.outcome)).not.toMatch(/^would/);

	if (again === undefined) {
		expect(await office.one(resource, operation, tried)).toMatchObject({
			outcome: 'unchanged',
			changed: {},
		});
		return;
	}
	const repeated = await office
		.run(resource, operation, tried)
		.catch((error: Error) => [{ error: error.message }]);
	expect(repeated[0]).toMatchObject(
		repeated[0]!.error === undefined ? {} : { error: expect.stringMatching(again) as unknown },
	);
});

test('every operation of its own that has a dry run is among them', () => {
	const generic = new Set(['create', 'upsert', 'update', 'delete', 'updateSettings', 'deleteMany']);
	// They change many rows at once, see `usage.test.ts`.
	for (const name of ['removeFromEverything', 'replaceDestination']) generic.add(name);
	const own = panelResources.flatMap(({ name, operations }) =>
		operations
			.filter(({ dryRun, name: operation }) => dryRun && !generic.has(operation))
			.map(({ name: operation }) => `${name}.${operation}`),
	);
	const tested = CASES.map(({ resource, operation }) => `${resource}.${operation}`);
	expect(own.filter((name) => !tested.includes(name))).toEqual([]);
});

test('a new row shows what it would be, and nobody makes it', async () => {
	const upsert = { matchBy: 'Name', name: 'Night shift', number: '809', dryRun: true };
	expect(await office.one('queue', 'upsert', upsert)).toMatchObject({
		outcome: 'wouldCreate',
		changed: { Name: { from: null, to: 'Night shift' }, Number: { from: null, to: '809' } },
	});
	expect(office.pbx.store.find('Queues', 'Number', '809')).toBeUndefined();
});

test.each([
	['the number of a queue', { number: '800', firstName: 'X' }, 'The Number 800 is already'],
	[
		'the email of somebody else',
		{ number: '171', firstName: 'X', emailAddress: 'hannah.ashworth@larkfield.example.com' },
		'The Email hannah.ashworth@larkfield.example.com is already',
	],
	['no name', { number: '171' }, 'A new user needs "First Name" or "Last Name"'],
])('a new user with %s is refused in a dry run as without', async (_, parameters, message) => {
	const refusal = await office.refusal('user', 'create', { ...parameters, dryRun: true });
	expect(refusal.message).toContain(message);
});

test.each([
	[true, 'wouldUpdate'],
	['true', 'wouldUpdate'],
	['yes please', 'wouldUpdate'],
	[false, 'updated'],
])('the switch may be an expression: %j', async (value, outcome) => {
	const parameters = { user: by('Number', '111'), status: 'Away', dryRun: '={{ $json.dry }}' };
	const [item] = await office.run('user', 'setStatus', parameters, { items: [{ dry: value }] });
	expect(item).toMatchObject({ outcome });
});

test.each([
	['false', 'updated'],
	['', 'updated'],
	[0, 'updated'],
])('and is off with %j', async (value, outcome) => {
	await office.run('user', 'setStatus', { user: by('Number', '112'), status: 'Available' });
	const parameters = { user: by('Number', '112'), status: 'Away', dryRun: '={{ $json.dry }}' };
	const [item] = await office.run('user', 'setStatus', parameters, { items: [{ dry: value }] });
	expect(item).toMatchObject({ outcome });
});
