import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { loadOptionsContext } from '../support/n8n';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import type { LoadOptionsMethod } from '../../nodes/ThreeCx/resource';
import { by, list, openOffice, type Office } from './peopleHarness';

/** What is done with users and API clients besides the generic operations. */

let office: Office;

beforeAll(async () => {
	office = await openOffice();
});

afterEach(() => office.pbx.faults.clear());

afterAll(async () => await office.close());

const user = (number: string) => by('Number', number);
const stored = (number: string) => office.pbx.store.find('Users', 'Number', number)!;
const groupId = (name: string) => office.pbx.store.find('Groups', 'Name', name)!.Id as number;
const rolesOf = (number: string) =>
	Object.fromEntries(
		(stored(number).Groups as IDataObject[]).map(({ Name, Rights }) => [
			Name,
			(Rights as IDataObject).RoleName,
		]),
	) as Record<string, string>;

test.each<[string, string[]]>([
	['amelia hartley', ['100 Amelia Hartley']],
	['Hartley  100', ['100 Amelia Hartley']],
	['amelia 101', []],
])('a user is found by all words that people type: %s', async (text, expected) => {
	const context = loadOptionsContext({ resource: 'user' }, office.credentials);
	const { results } = await new ThreeCx().methods.listSearch.searchUsers!.call(context, text);
	expect(results.map(({ name }) => name)).toEqual(expected);
});

describe('the status of a user', () => {
	test('is set by name, in any case, and once only', async () => {
		expect(
			await office.one('user', 'setStatus', { user: user('105'), status: 'out of OFFICE' }),
		).toEqual({
			outcome: 'updated',
			Id: stored('105').Id,
			Number: '105',
			changed: { CurrentProfileName: { from: 'Available', to: 'Out of office' } },
			CurrentProfileName: 'Out of office',
			previous: 'Available',
		});
		expect(stored('105').CurrentProfileName).toBe('Out of office');
		expect(
			await office.requestsOf(async () => {
				expect(
					await office.one('user', 'setStatus', {
						user: list(stored('105').Id as number),
						status: 'Out of office',
					}),
				).toMatchObject({ outcome: 'unchanged' });
			}),
		).toEqual(['GET']);
	});

	test('can be named as the user named it', async () => {
		const profiles = stored('106').ForwardingProfiles as IDataObject[];
		profiles.find(({ Name }) => Name === 'Custom 2')!.CustomName = 'Lunch';
		await office.one('user', 'setStatus', { user: user('106'), status: 'lunch' });
		expect(stored('106').CurrentProfileName).toBe('Custom 2');
	});

	test('that there is none of lists those there are', async () => {
		expect(
			await office.refusal('user', 'setStatus', { user: user('105'), status: 'Holiday' }),
		).toMatchObject({
			message: 'This user has no status "Holiday"',
			description: expect.stringContaining(
				'Use one of: Available, Away, Out of office, Custom 1, Custom 2.',
			) as string,
		});
	});

	test.each([
		[
			'the chosen user’s own',
			by('EmailAddress', 'hannah.ashworth@larkfield.example.com'),
			'Lunch (Custom 2)',
		],
		['what every user has while none is chosen', list(''), 'Custom 2'],
		['what every user has while an expression chooses', list('={{ $json.id }}'), 'Custom 2'],
	])('is offered as %s', async (_, locator, expected) => {
		const context = loadOptionsContext(
			{ resource: 'user', operation: 'setStatus', user: locator },
			office.credentials,
		);
		const lists: Record<string, LoadOptionsMethod> = new ThreeCx().methods.loadOptions;
		const options = await lists.getStatuses!.call(context);
		expect(options.map(({ name }) => name)).toEqual(
			['Available', 'Away', 'Custom 1', expected, 'Out of office'].sort((a, b) =>
				a.localeCompare(b),
			),
		);
	});

	test('of an unknown user', async () => {
		expect(
			await office.refusal('user', 'setStatus', { user: user('9999'), status: 'Away' }),
		).toMatchObject({ message: 'This PBX has no user with Number 9999' });
	});
});

test('a user is logged out of queues and in again', async () => {
	const out = await office.one('user', 'logOutOfQueues', { user: user('103') });
	expect(out).toMatchObject({
		outcome: 'updated',
		Number: '103',
		QueueStatus: 'LoggedOut',
		previous: 'LoggedIn',
	});
	expect(stored('103').QueueStatus).toBe('LoggedOut');
	expect(await office.one('user', 'logOutOfQueues', { user: user('103') })).toMatchObject({
		outcome: 'unchanged',
	});
	await office.one('user', 'logInToQueues', { user: user('103') });
	expect(stored('103').QueueStatus).toBe('LoggedIn');
});

describe('departments of a user', () => {
	test('are joined, changed in role and left, and the others stay', async () => {
		const billing = { user: user('111'), groupId: groupId('Billing') };
		const home = rolesOf('111');
		expect(await office.one('user', 'addToDepartment', { ...billing, role: 'users' })).toEqual({
			outcome: 'updated',
			changed: { Groups: expect.anything() },
			added: [billing.groupId],
			updated: [],
			removed: [],
			unchanged: [],
			Id: stored('111').Id,
			GroupId: billing.groupId,
			RoleName: 'users',
		});
		expect(
			await office.requestsOf(async () => {
				const again = await office.one('user', 'addToDepartment', { ...billing, role: 'users' });
				expect(again.outcome).toBe('unchanged');
			}),
		).not.toContain('PATCH');
		expect(
			await office.one('user', 'addToDepartment', { ...billing, role: 'managers' }),
		).toMatchObject({ outcome: 'updated', updated: [billing.groupId], RoleName: 'managers' });
		expect(rolesOf('111')).toEqual({ ...home, Billing: 'managers' });
		expect(await office.one('user', 'removeFromDepartment', billing)).toMatchObject({
			outcome: 'updated',
			removed: [billing.groupId],
		});
		expect(await office.one('user', 'removeFromDepartment', billing)).toMatchObject({
			outcome: 'unchanged',
		});
		expect(rolesOf('111')).toEqual(home);
	});

	test('that do not exist, roles that do not exist and none at all are refused', async () => {
		const add = { user: user('111'), groupId: groupId('Billing'), role: 'users' };
		expect(
			(await office.refusal('user', 'addToDepartment', { ...add, groupId: 99_999 })).message,
		).toBe('Groups[1].GroupId (99999): names something that does not exist on this PBX: 99999');
		expect(
			(await office.refusal('user', 'addToDepartment', { ...add, role: 'emperors' })).message,
		).toMatch(/Rights.RoleName/);
		expect((await office.refusal('user', 'addToDepartment', { ...add, groupId: '' })).message).toBe(
			'No department was chosen',
		);
		expect(
			(await office.refusal('user', 'removeFromDepartment', { ...add, groupId: 'Bills' })).message,
		).toBe('This PBX has no department "Bills"');
	});

	test('may be named in all fields that take departments, where an expression gives the name', async () => {
		const named = { user: user('116'), groupId: 'billing' };
		await office.one('user', 'addToDepartment', { ...named, role: 'users' });
		expect(rolesOf('116')).toHaveProperty('Billing', 'users');
		const number = office.pbx.store.find('Groups', 'Name', 'Billing')!.Number as string;
		await office.one('user', 'removeFromDepartment', { ...named, groupId: number });
		expect(rolesOf('116')).not.toHaveProperty('Billing');
		const groupsOf = (set: 'Users' | 'RingGroups', at: string) =>
			(office.pbx.store.find(set, 'Number', at)!.Groups as IDataObject[]).map(({ Name }) => Name);
		await office.one('user', 'create', {
			number: '196',
			firstName: 'Temp',
			departments: { membership: [{ groupId: 'Billing', role: 'managers' }] },
		});
		// In no other department: the default one neither.
		expect(groupsOf('Users', '196')).toEqual(['Billing']);
		await office.one('ringGroup', 'create', {
			name: 'Named',
			additionalFields: { departments: `={{ 'Billing, ${groupId('Management')}, billing' }}` },
		});
		const ring = office.pbx.store.find('RingGroups', 'Name', 'Named')!;
		expect(groupsOf('RingGroups', String(ring.Number))).toEqual(['Billing', 'Management']);
	});

	test.each([
		[
			'update',
			(departments: object) => ({
				user: user('118'),
				updateFields: { departments, keepDepartments: true },
			}),
		],
		[
			'upsert',
			(departments: object) => ({
				number: '118',
				matchBy: 'Number',
				departments,
				// As an expression may give it.
				additionalFields: { keepDepartments: "={{ 'yes' }}" },
			}),
		],
	])('are added to those that are there: %s', async (operation, parameters) => {
		const billing = (role: string) =>
			parameters({ membership: [{ groupId: 'Billing', role }] }) as INodeParameters;
		await office.one('user', 'removeFromDepartment', { user: user('118'), groupId: 'Billing' });
		const home = rolesOf('118');
		expect(Object.keys(home).length).toBeGreaterThan(0);
		await office.one('user', operation, { ...billing('users'), dryRun: true });
		expect(rolesOf('118')).toEqual(home);
		await office.one('user', operation, billing('users'));
		expect(rolesOf('118')).toEqual({ ...home, Billing: 'users' });
		await office.one('user', operation, billing('managers'));
		expect(rolesOf('118')).toEqual({ ...home, Billing: 'managers' });
	});

	test('of the same name must be told apart by their ID', async () => {
		for (const name of ['Twin', 'TWIN', 'twin']) await office.one('department', 'create', { name });
		const add = { user: user('117'), role: 'users' };
		await office.one('user', 'addToDepartment', { ...add, groupId: 'TWIN' });
		expect((stored('117').Groups as IDataObject[]).map(({ GroupId }) => GroupId)).toContain(
			groupId('TWIN'),
		);
		expect(
			(await office.refusal('user', 'addToDepartment', { ...add, groupId: 'tWin' })).message,
		).toBe('Several departments are called "tWin"');
	});

	test('a role that may not be lowered says what to do', async () => {
		office.pbx.faults.next({
			method: 'PATCH',
			status: 400,
			body: {
				error: {
					code: '',
					message: 'Groups[0].Rights.RoleName:\nWARNINGS.XAPI.USER_ROLE_DOWNGRADE',
					details: [
						{
							code: '',
							message: 'WARNINGS.XAPI.USER_ROLE_DOWNGRADE',
							target: 'Groups[0].Rights.RoleName',
						},
					],
				},
			},
		});
		expect(
			await office.refusal('user', 'addToDepartment', {
				user: user('100'),
				groupId: groupId('Management'),
				role: 'users',
			}),
		).toMatchObject({
			message: expect.stringContaining('would lower a role that may not be lowered'),
			description: `Make another user the owner first. PBX: ${office.pbx.url}.`,
		});
	});
});

describe('forwarding', () => {
	const available = { user: user('112'), status: 'Available' };

	test('is read, changed for some callers and read back', async () => {
		const before = await office.one('user', 'getForwarding', available);
		expect(before).toMatchObject({
			Number: '112',
			status: 'Available',
			isCurrent: true,
			noAnswerTimeout: 20,
			busyInternal: { to: 'VoiceMail', number: '112', text: 'Voice Mail 112' },
			noAnswerExternal: { to: 'VoiceMail', number: '112', text: 'Voice Mail 112' },
		});
		const rules = {
			rule: [
				{ when: 'busy', callers: 'external', to: 'Queue', target: '800' },
				{ when: 'noAnswer', callers: 'all', to: 'External', external: '+44 7700 900 112' },
			],
		};
		const change = { ...available, rules, forwardingOptions: { noAnswerTimeout: 15 } };
		const outside = { to: 'External', number: '+447700900112', text: 'External +447700900112' };
		expect(await office.one('user', 'updateForwarding', change)).toMatchObject({
			outcome: 'updated',
			noAnswerTimeout: 15,
		});
		expect(await office.one('user', 'getForwarding', available)).toEqual({
			...before,
			noAnswerTimeout: 15,
			busyExternal: { to: 'Queue', number: '800', text: 'Queue 800' },
			noAnswerInternal: outside,
			noAnswerExternal: outside,
		});
		const profiles = stored('112').ForwardingProfiles as IDataObject[];
		expect(profiles).toHaveLength(5);
		expect(profiles[0]!.AvailableRoute).toMatchObject({
			BusyAllCalls: false,
			NoAnswerAllCalls: true,
		});
		expect(await office.one('user', 'updateForwarding', change)).toMatchObject({
			outcome: 'unchanged',
		});
	});

	test('of an away status goes one way', async () => {
		const away = { user: user('113'), status: 'Away' };
		const rules = { rule: [{ when: 'always', callers: 'internal', to: 'None' }] };
		await office.one('user', 'updateForwarding', { ...away, rules });
		expect(await office.one('user', 'getForwarding', away)).toMatchObject({
			isCurrent: false,
			alwaysInternal: { to: 'None', number: null, text: 'End Call' },
			alwaysExternal: { text: 'Voice Mail 113' },
		});
	});

	test('of all statuses changes at once, each for the reasons that it has', async () => {
		const all = { user: user('114'), status: '*' };
		const rules = { rule: [{ when: 'always', callers: 'all', to: 'Extension', target: '103' }] };
		const sent = await office.requestsOf(async () => {
			const row = await office.one('user', 'updateForwarding', { ...all, rules });
			expect(row.outcome).toBe('updated');
			expect((row.statuses as IDataObject[]).map(({ status }) => status)).toEqual([
				'Available',
				'Away',
				'Out of office',
				'Custom 1',
				'Custom 2',
			]);
			const change = { from: 'Voice Mail 114', to: 'Extension 103' };
			expect(row.changed).toMatchObject({
				'Available.notRegisteredInternal': change,
				'Away.alwaysExternal': change,
			});
		});
		expect(sent.filter((method) => method === 'PATCH')).toHaveLength(1);
		const now = await office.run('user', 'getForwarding', all);
		const destinations = now.flatMap((row) =>
			Object.entries(row).filter(([name]) => /(?:In|Ex)ternal$/.test(name)),
		);
		expect(destinations.length).toBeGreaterThan(5 * 2);
		expect(new Set(destinations.map(([, value]) => (value as IDataObject).text))).toEqual(
			new Set(['Extension 103']),
		);
		expect(await office.one('user', 'updateForwarding', { ...all, rules })).toMatchObject({
			outcome: 'unchanged',
			changed: {},
		});
		// A reason that only some statuses have changes those.
		const one = { when: 'busy', callers: 'external', to: 'Extension', target: '104' };
		const some = await office.one('user', 'updateForwarding', { ...all, rules: { rule: [one] } });
		expect(Object.keys(some.changed as object).sort()).toEqual([
			'Available.busyExternal',
			'Custom 1.busyExternal',
		]);
	});

	test.each([
		[
			'a reason that the status does not have',
			'Away',
			{ rule: [{ when: 'busy', callers: 'all', to: 'None' }] },
			/"Away" has no destination for "Busy"/,
		],
		[
			'a destination without its number',
			'Available',
			{ rule: [{ when: 'busy', callers: 'all', to: 'Queue', target: '' }] },
			/has no target: Queue/,
		],
		['no rule', 'Available', {}, /Nothing to change/],
		[
			'a reason that there is not',
			'*',
			{ rule: [{ when: 'toString', callers: 'all', to: 'None' }] },
			/"When" cannot be "toString"/,
		],
	])('%s is refused before anything is sent', async (_, status, rules, message) => {
		const sent = await office.requestsOf(async () => {
			const parameters = { user: user('113'), status, rules };
			expect((await office.refusal('user', 'updateForwarding', parameters)).message).toMatch(
				message,
			);
		});
		expect(sent).not.toContain('PATCH');
	});
});

describe('accounts', () => {
	test('a free number is free', async () => {
		const { Number: number } = await office.one('user', 'getFreeNumber');
		expect(office.pbx.store.dn(String(number))).toBeUndefined();
	});

	test('many are deleted at once, and each is reported', async () => {
		for (const number of ['181', '182'])
			await office.one('user', 'create', { number, firstName: 'Temp' });
		const ids = [stored('181').Id, stored('182').Id];
		expect(await office.run('user', 'deleteMany', { extensions: ['181', '9999', '182'] })).toEqual([
			{ Number: '181', Id: ids[0], deleted: true },
			{ Number: '9999', deleted: false, error: 'This PBX has no user with Number 9999' },
			{ Number: '182', Id: ids[1], deleted: true },
		]);
		expect(office.pbx.store.dn('181') ?? office.pbx.store.dn('182')).toBeUndefined();
		expect(await office.refusal('user', 'deleteMany', { extensions: '={{ [] }}' })).toMatchObject({
			message: 'No extension was chosen',
		});
	});

	test('one that 3CX does not delete comes with its reason', async () => {
		await office.one('user', 'create', { number: '183', firstName: 'Temp' });
		office.pbx.faults.next({
			path: /BatchDelete/,
			status: 200,
			body: { value: [{ ExtensionNumber: '183', Error: 'WARNINGS.OPERATOR_CANNOT_BE_DELETED' }] },
		});
		expect(await office.run('user', 'deleteMany', { extensions: '183' })).toEqual([
			{
				Number: '183',
				Id: stored('183').Id,
				deleted: false,
				error: 'WARNINGS.OPERATOR_CANNOT_BE_DELETED',
			},
		]);
	});

	test.each([{ value: 'fine' }, { value: 7 }, { deleted: true }, { value: ['x', null] }])(
		'an answer that is no list, %j, fails nothing: what is left is looked up',
		async (body) => {
			await office.one('user', 'create', { number: '184', firstName: 'Temp' });
			const { Id } = stored('184');
			office.pbx.faults.next({ path: /BatchDelete/, status: 200, body });
			expect(await office.run('user', 'deleteMany', { extensions: '184' })).toEqual([
				{
					Number: '184',
					Id,
					deleted: false,
					error: 'The PBX did not delete this user, and did not say why',
				},
			]);
			await office.run('user', 'deleteMany', { extensions: '184' });
		},
	);

	test('only the chosen credentials are made anew, and none is shown', async () => {
		const { AuthPassword, AccessPassword } = stored('114');
		stored('114').VMPIN = '';
		const output = await office.one('user', 'regenerate', {
			user: user('114'),
			credentials: ['VoicemailPIN', 'SipAuth'],
		});
		expect(output).toEqual({ Id: stored('114').Id, regenerated: ['VoicemailPIN', 'SipAuth'] });
		expect(stored('114').AccessPassword).toBe(AccessPassword);
		expect(stored('114').AuthPassword).not.toBe(AuthPassword);
		expect(stored('114').VMPIN).toMatch(/^\d+$/);
		expect(
			await office.refusal('user', 'regenerate', { user: user('114'), credentials: '={{ [] }}' }),
		).toMatchObject({ message: 'Nothing to regenerate is selected' });
	});

	test('the welcome email goes to the user who is named, and to nobody for an unknown one', async () => {
		const before = office.pbx.requests.length;
		expect(await office.one('user', 'sendWelcomeEmail', { user: user('114') })).toMatchObject({
			sent: true,
		});
		expect(office.pbx.requests.slice(before).map(({ path }) => path)).toContain(
			`/xapi/v1/Users(${String(stored('114').Id)})/Pbx.SendWelcomeEmail`,
		);
		expect(await office.refusal('user', 'sendWelcomeEmail', { user: list(999_999) })).toMatchObject(
			{ message: 'This PBX has no user with ID 999999' },
		);
	});

	test('a call is made from the extension of the user', async () => {
		expect(
			await office.one('user', 'makeCall', { user: user('100'), destination: ' 101 ' }),
		).toMatchObject({ success: true, extension: '100', destination: '101' });
		office.pbx.faults.next({
			path: /MakeCall/,
			status: 200,
			body: { FinalStatus: 'Failed', Reason: 'NotRegistered', ReasonText: 'No phone' },
		});
		expect(
			await office.refusal('user', 'makeCall', { user: user('100'), destination: '101' }),
		).toMatchObject({ message: '3CX could not make the call from 100: No phone' });
		expect(
			await office.refusal('user', 'makeCall', { user: user('100'), destination: ' ' }),
		).toMatchObject({ message: 'The field "Destination" is empty' });
	});
});

describe('an API client', () => {
	const crm = { apiClient: by('Number', 'crm') };
	const login = async (client_secret: string) =>
		(
			await fetch(`${office.pbx.url}/connect/token`, {
				method: 'POST',
				body: new URLSearchParams({
					client_id: 'crm',
					client_secret,
					grant_type: 'client_credentials',
				}),
			})
		).status;

	test('is created, gets a key that works until the next one, rights and extensions, and is deleted', async () => {
		const management = groupId('Management');
		const created = await office.one('apiClient', 'create', {
			number: 'crm',
			departments: { membership: [{ groupId: management, role: 'users' }] },
			xapiEnabled: true,
		});
		expect(created).toMatchObject({ Number: 'crm', XAPIEnabled: true, CallControlEnabled: false });

		const { ClientSecret: first } = await office.one('apiClient', 'generateKey', crm);
		expect(await login(String(first))).toBe(200);
		const { ClientSecret: second } = await office.one('apiClient', 'generateKey', crm);
		expect(second).not.toBe(first);
		expect(await login(String(second))).toBe(200);
		expect(await login(String(first))).toBe(401);

		const rights = {
			...crm,
			groupId: management,
			role: 'system_admins',
			xapiEnabled: true,
			callControlEnabled: true,
		};
		expect(await office.one('apiClient', 'setRights', rights)).toEqual({
			outcome: 'updated',
			changed: { Groups: expect.anything(), CallControlEnabled: { from: false, to: true } },
			Id: created.Id,
			Number: 'crm',
		});
		expect(await office.one('apiClient', 'setRights', rights)).toMatchObject({
			outcome: 'unchanged',
		});
		expect(office.pbx.clients.find(({ clientId }) => clientId === 'crm')).toMatchObject({
			role: 'system_admins',
			callControlEnabled: true,
		});

		const monitored = { ...crm, extensions: ['100', '101'] };
		expect(await office.one('apiClient', 'setMonitoredExtensions', monitored)).toMatchObject({
			outcome: 'updated',
			monitored: ['100', '101'],
			previous: [],
		});
		expect(
			await office.one('apiClient', 'setMonitoredExtensions', {
				...crm,
				extensions: ['101', '100'],
			}),
		).toMatchObject({ outcome: 'unchanged' });
		expect(
			await office.one('apiClient', 'setMonitoredExtensions', { ...crm, extensions: '101' }),
		).toMatchObject({ outcome: 'updated', monitored: ['101'], previous: ['100', '101'] });
		expect(
			await office.one('apiClient', 'get', { ...crm, options: { expand: ['Peers'] } }),
		).toMatchObject({ Peers: [{ Number: '101' }] });

		await office.one('apiClient', 'delete', crm);
		expect(await login(String(second))).toBe(401);
		expect(await office.refusal('apiClient', 'generateKey', crm)).toMatchObject({
			message: 'This PBX has no API client with Client ID crm',
		});
	});
});
