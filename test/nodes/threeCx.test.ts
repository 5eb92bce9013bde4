import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { HIDDEN } from '../../lib/xapi/secrets';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode, type NodeRunInput } from '../support/n8n';

/** The 3CX node in n8n's engine against the simulated PBX, over real HTTP. */

let pbx: Pbx;
let credentials: CredentialStore;

beforeAll(async () => {
	pbx = await startPbx();
});

beforeEach(() => {
	credentials = new CredentialStore({
		pbxUrl: pbx.url,
		clientId: pbx.defaultClient.clientId,
		clientSecret: pbx.defaultClient.clientSecret,
	});
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

/** Runs an operation for each item and gives the JSON of the output; throws what the node threw. */
async function run(
	resource: string,
	operation: string,
	parameters: INodeParameters = {},
	more: Partial<NodeRunInput> = {},
): Promise<IDataObject[]> {
	const { items, error } = await runNode({
		parameters: { resource, operation, ...parameters },
		credentials,
		...more,
	});
	if (error) throw error;
	return items.map(({ json }) => json);
}

const list = (value: string | number) => ({ __rl: true, mode: 'list', value });
const by = (mode: string, value: string) => ({ __rl: true, mode, value });

/** What the node refuses an operation with. */
const refusal = async (...args: Parameters<typeof run>) =>
	await run(...args).then(
		(items) => Promise.reject(new Error(`It was not refused: ${JSON.stringify(items)}`)),
		(error: { message: string; description?: string; httpCode?: string }) => error,
	);

describe('a user’s life', () => {
	test('create, read back in every way, update, list, delete', async () => {
		const [department] = await run('department', 'create', { name: 'Night Shift' });
		expect(department).toMatchObject({ Name: 'Night Shift' });
		const departmentId = department?.Id as number;

		const [created] = await run('user', 'create', {
			number: '180',
			firstName: 'Nia',
			lastName: "O'Hara",
			emailAddress: 'nia.ohara@example.com',
			departments: { membership: [{ groupId: departmentId, role: 'managers' }] },
			additionalFields: { mobile: '+447700900180', recordCalls: true },
		});
		expect(created).toMatchObject({ Number: '180', FirstName: 'Nia', Mobile: '+447700900180' });
		const id = created?.Id as number;

		for (const user of [
			list(id),
			by('id', ` ${id} `),
			by('Number', '180'),
			by('EmailAddress', 'nia.ohara@example.com'),
		]) {
			const [found] = await run('user', 'get', { user, options: { expand: ['Groups'] } });
			expect(found).toMatchObject({
				Id: id,
				LastName: "O'Hara",
				Groups: [{ Name: 'Night Shift' }],
			});
		}

		const [updated] = await run('user', 'update', {
			user: by('Number', '180'),
			updateFields: { lastName: 'Hart', currentProfileName: 'Away' },
		});
		expect(updated).toMatchObject({
			Id: id,
			LastName: 'Hart',
			CurrentProfileName: 'Away',
			FirstName: 'Nia',
		});

		expect(
			await run('user', 'getAll', {
				filters: { conditions: [{ field: 'LastName|text', operator: 'equals', value: 'hart' }] },
			}),
		).toEqual([expect.objectContaining({ Id: id })]);

		expect(await run('user', 'delete', { user: by('Number', '180') })).toEqual([{ deleted: true }]);
		expect(await refusal('user', 'get', { user: by('Number', '180') })).toMatchObject({
			message: 'This PBX has no user with Number 180',
			httpCode: '404',
		});
		await run('department', 'delete', { department: list(departmentId) });
	});

	test('3CX gives the next free number when none is asked for', async () => {
		const [created] = await run('user', 'create', { firstName: 'Free' });
		expect(created?.Number).toMatch(/^\d+$/);
		await run('user', 'delete', { user: list(created?.Id as number) });
	});
});

describe('create or update', () => {
	const hire = {
		number: '181',
		firstName: 'Omar',
		lastName: 'Reyes',
		emailAddress: 'omar.reyes@example.com',
		departments: { membership: [{ groupId: 1, role: 'users' }] },
	};

	afterEach(async () => {
		const rows = await run('user', 'getAll', {
			filters: { conditions: [{ field: 'Number|text', operator: 'equals', value: '181' }] },
		});
		for (const { Id } of rows) await run('user', 'delete', { user: list(Id as number) });
	});

	test('creates, then changes nothing, then only what differs', async () => {
		expect(await run('user', 'upsert', hire)).toEqual([
			expect.objectContaining({ outcome: 'created', Number: '181' }),
		]);

		const before = pbx.requests.length;
		expect(await run('user', 'upsert', hire)).toEqual([
			expect.objectContaining({ outcome: 'unchanged', changed: {} }),
		]);
		expect(pbx.requests.slice(before).map(({ method }) => method)).toEqual(['GET']);

		expect(
			await run('user', 'upsert', {
				...hire,
				matchBy: 'EmailAddress',
				firstName: 'Omari',
				departments: { membership: [{ groupId: 1, role: 'receptionists' }] },
			}),
		).toEqual([
			expect.objectContaining({
				outcome: 'updated',
				changed: { FirstName: expect.anything(), Groups: expect.anything() },
				FirstName: 'Omari',
			}),
		]);
	});

	test('many at once end with one user', async () => {
		const outcomes = await run('user', 'upsert', hire, {
			items: Array.from({ length: 8 }, () => ({})),
		});
		expect(outcomes.map(({ outcome }) => outcome)).toEqual([
			'created',
			...Array.from({ length: 7 }, () => 'unchanged'),
		]);
	});

	test('says which field decides when it is empty', async () => {
		expect(await refusal('user', 'upsert', { ...hire, number: '' })).toMatchObject({
			message: 'The field "Number" is empty, but it is used to find the user',
		});
	});
});

describe('a queue', () => {
	test('takes agents and managers by number, and keeps their order', async () => {
		const [created] = await run('queue', 'create', {
			name: 'Emergencies',
			agents: ['103', '101'],
			managers: ['100'],
			additionalFields: { pollingStrategy: 'Hunt', ringTimeout: 15 },
		});
		const [read] = await run('queue', 'get', {
			queue: list(created?.Id as number),
			options: { expand: ['Agents', 'Managers'] },
		});
		expect(read).toMatchObject({
			PollingStrategy: 'Hunt',
			RingTimeout: 15,
			Agents: [{ Number: '103' }, { Number: '101' }],
			Managers: [{ Number: '100' }],
		});
		await run('queue', 'delete', { queue: list(created?.Id as number) });
	});

	test('an agent that does not exist is named', async () => {
		expect(await refusal('queue', 'create', { name: 'X', agents: ['9999'] })).toMatchObject({
			message: expect.stringMatching(/Agents.*does not exist on this PBX/),
		});
	});
});

describe('get many', () => {
	test('reads all pages in order, several at a time', async () => {
		for (let n = 0; n < 230; n++) {
			await run('department', 'create', { name: `Branch ${n}` });
		}
		const before = pbx.requests.length;
		const rows = await run('department', 'getAll', { returnAll: true });
		expect(rows.length).toBeGreaterThan(230);
		const ids = rows.map(({ Id }) => Id as number);
		expect(ids).toEqual([...ids].sort((a, b) => a - b));
		expect(new Set(ids).size).toBe(ids.length);
		expect(pbx.requests.slice(before)).toHaveLength(3);
		expect(await run('department', 'getAll', { limit: 120 })).toEqual(rows.slice(0, 120));
	});

	test('sorts, selects and searches', async () => {
		const rows = await run('user', 'getAll', {
			limit: 3,
			options: {
				sort: { by: [{ field: 'Number|text', direction: 'desc' }] },
				select: ['Number'],
			},
		});
		expect(rows).toEqual([{ Number: '129' }, { Number: '128' }, { Number: '127' }]);
	});

	test.each([
		["a quote: O'Brien", "O'Brien"],
		['an injection', "' or 1 eq 1 or '"],
		['percent, plus, ampersand, hash', '100% + & # ?'],
		['unicode', '日本語 😀'],
	])('a filter value with %s finds nothing it should not', async (_, value) => {
		expect(
			await run('user', 'getAll', {
				filters: { conditions: [{ field: 'LastName|text', operator: 'equals', value }] },
			}),
		).toEqual([]);
	});

	test('an expert’s filter works beside the conditions, and a broken one is told before it is sent', async () => {
		const conditions = [{ field: 'Enabled|boolean', operator: 'equals', booleanValue: 'true' }];
		const rows = await run('user', 'getAll', {
			filters: { conditions },
			options: { rawFilter: "Number eq '100' or Number eq '101'" },
		});
		expect(rows.map(({ Number: number }) => number)).toEqual(['100', '101']);
		const before = pbx.requests.length;
		expect(
			await refusal('user', 'getAll', { options: { rawFilter: "Number eq '100" } }),
		).toMatchObject({ message: expect.stringContaining('position 11') });
		expect(pbx.requests).toHaveLength(before);
	});

	test('secrets are hidden unless they are named', async () => {
		const parameters = { simplify: false, limit: 1 };
		const [hidden] = await run('user', 'getAll', parameters);
		expect(hidden).toMatchObject({ AuthPassword: HIDDEN, VMPIN: HIDDEN });
		const [shown] = await run('user', 'getAll', { ...parameters, options: { reveal: ['VMPIN'] } });
		expect(shown).toMatchObject({ AuthPassword: HIDDEN, VMPIN: expect.stringMatching(/^\d+$/) });
	});

	test('what was hidden cannot be written back by mistake', async () => {
		expect(
			await refusal('user', 'update', {
				user: by('Number', '100'),
				updateFields: { voicemailPin: HIDDEN },
			}),
		).toMatchObject({ message: 'VMPIN contains the placeholder for a hidden secret' });
	});
});

describe('items', () => {
	test('are worked on side by side and come out in order, each linked to its input', async () => {
		const numbers = Array.from({ length: 20 }, (_, n) => ({ number: String(129 - n) }));
		const { items } = await runNode({
			parameters: {
				resource: 'user',
				operation: 'get',
				user: by('Number', '={{ $json.number }}'),
			},
			credentials,
			items: numbers,
		});
		expect(items.map(({ json }) => json.Number)).toEqual(numbers.map(({ number }) => number));
		expect(items.map(({ pairedItem }) => pairedItem)).toEqual(numbers.map((_, item) => ({ item })));
	});

	test('one that fails alone does not stop the others', async () => {
		const items = [{ number: '100' }, { number: 'nobody' }, { number: '102' }];
		const parameters = {
			resource: 'user',
			operation: 'get',
			user: by('Number', '={{ $json.number }}'),
		};
		const regular = await runNode({
			parameters,
			credentials,
			items,
			onError: 'continueRegularOutput',
		});
		expect(regular.items.map(({ json }) => json.Number ?? json.error)).toEqual([
			'100',
			'This PBX has no user with Number nobody',
			'102',
		]);
		const split = await runNode({ parameters, credentials, items, onError: 'continueErrorOutput' });
		expect(split.items.map(({ json }) => json.Number)).toEqual(['100', '102']);
		expect(split.failed).toEqual([
			{
				// The fields of the input item, as HTTP Request keeps them, too.
				json: {
					...items[1],
					error: expect.stringMatching(/^This PBX has no user with Number nobody\. [A-Z].+\.$/),
				},
				pairedItem: expect.objectContaining({ item: 1 }),
			},
		]);
	});

	test('an error names its item', async () => {
		const { error } = await runNode({
			parameters: { resource: 'user', operation: 'get', user: by('id', '={{ $json.id }}') },
			credentials,
			items: [{ id: '13' }, { id: 'abc' }],
		});
		expect(error?.message).toContain('an ID is a whole number');
		expect(error?.context?.itemIndex).toBe(1);
	});
});

describe('more fields', () => {
	const mapper = (value: IDataObject, types: Record<string, string> = {}) => ({
		mappingMode: 'defineBelow',
		value,
		schema: Object.keys(value).map((id) => ({
			id,
			displayName: id,
			required: false,
			defaultMatch: false,
			display: true,
			type: types[id] ?? 'string',
		})),
	});

	test('send what the everyday fields leave out', async () => {
		const [created] = await run('user', 'create', {
			firstName: 'More',
			moreFields: mapper({ SRTPMode: 'SRTPEnforced', PinProtectTimeout: 30, CallScreening: true }),
		} as INodeParameters);
		const [read] = await run('user', 'get', {
			user: list(created?.Id as number),
			options: { select: ['SRTPMode', 'PinProtectTimeout', 'CallScreening'] },
		});
		expect(read).toEqual({ SRTPMode: 'SRTPEnforced', PinProtectTimeout: 30, CallScreening: true });
		await run('user', 'delete', { user: list(created?.Id as number) });
	});

	test('JSON that does not parse names its field', async () => {
		expect(
			await refusal('user', 'create', {
				moreFields: mapper({ Hours: '{broken' }, { Hours: 'object' }),
			} as INodeParameters),
		).toMatchObject({ message: expect.stringMatching(/Hours/) });
	});
});

describe('what a new row needs', () => {
	test.each<[string, string, INodeParameters, RegExp]>([
		['user', 'create', {}, /^A new user needs "First Name" or "Last Name"$/],
		['user', 'create', { number: '131', emailAddress: 'a@example.com' }, /^A new user needs/],
		['user', 'upsert', { matchBy: 'Number', number: '131' }, /^A new user needs/],
		[
			'contact',
			'create',
			{ phoneNumber: '+442079460101' },
			/"First Name" or "Last Name" or "Company"$/,
		],
		['holiday', 'create', { name: 'X', start: "={{ '' }}" }, /^A new holiday needs "Start"$/],
		[
			'holiday',
			'create',
			{ name: "={{ '' }}", start: '2026-12-25' },
			/^A new holiday needs "Name"$/,
		],
		['holiday', 'upsert', { matchBy: 'Name', name: 'Y' }, /^A new holiday needs "Start"$/],
		['department', 'create', { name: "={{ ' ' }}" }, /^A new department needs "Name"$/],
		['queue', 'upsert', { matchBy: 'Number', number: '899' }, /^A new queue needs "Name"$/],
		['inboundRule', 'create', { ruleName: "={{ '' }}" }, /^A new inbound rule needs "Name"$/],
		['blockedIp', 'create', { ipAddrMask: "={{ '' }}" }, /needs "IP Address"$/],
	])(
		'%s: %s with %j is refused before it is sent',
		async (resource, operation, parameters, message) => {
			const before = pbx.requests.length;
			expect((await refusal(resource, operation, parameters)).message).toMatch(message);
			const sent = pbx.requests
				.slice(before)
				.filter(({ method, path }) => method === 'POST' && path.startsWith('/xapi'));
			expect(sent).toEqual([]);
		},
	);

	test('is not asked for of a row that is there', async () => {
		const rows = await run('user', 'upsert', {
			matchBy: 'Number',
			number: '100',
			additionalFields: { mobile: '+447700900199' },
		});
		expect(rows).toMatchObject([{ outcome: 'updated', Number: '100' }]);
	});
});

describe('mistakes and mishaps', () => {
	test.each([
		['an empty name', 'department', 'create', {}, /Parameter "Name" is required/],
		[
			'a number in use',
			'user',
			'create',
			{ number: '100', firstName: 'Ann' },
			/Number \(100\): is already in use/,
		],
		[
			'an e-mail in use',
			'user',
			'update',
			{ user: by('Number', '101'), updateFields: { emailAddress: 'FIRST' } },
			/EmailAddress/,
		],
		[
			'an unknown id',
			'queue',
			'get',
			{ queue: list(999999) },
			/This PBX has no queue with ID 999999/,
		],
		[
			'an empty locator',
			'queue',
			'get',
			{ queue: list("={{ '' }}") },
			/The field "Queue" is empty/,
		],
		['nothing to update', 'user', 'update', { user: by('Number', '100') }, /No field to update/],
		['a field that does not exist', 'user', 'getAll', { options: { select: ['Shoe'] } }, /Shoe/],
		[
			'a filter without a field',
			'user',
			'getAll',
			{ filters: { conditions: [{ field: '', operator: 'equals' }] } },
			/has no field/,
		],
	])('%s', async (_, resource, operation, parameters, message) => {
		const text = JSON.stringify(parameters);
		const [first] = text.includes('FIRST')
			? await run('user', 'get', { user: by('Number', '100') })
			: [];
		const filled = JSON.parse(
			text.replace('FIRST', String(first?.EmailAddress)),
		) as INodeParameters;
		const error = await refusal(resource, operation, filled);
		expect(error.message).toMatch(message);
	});

	test('a wrong secret', async () => {
		credentials.stored.clientSecret = 'wrong-secret';
		const error = await refusal('user', 'getAll');
		expect(error.message).toContain('refuses the client ID or the client secret');
		expect(JSON.stringify(error)).not.toContain('wrong-secret');
	});

	test.each([
		['', /Server URL is empty/],
		['not a url', /Server URL is not a web address/],
		['http://127.0.0.1:1', /refused the connection/],
		['https://nowhere.invalid', /could not be/],
	])('the server URL "%s"', async (pbxUrl, message) => {
		credentials.stored.pbxUrl = pbxUrl;
		expect((await refusal('user', 'getAll')).message).toMatch(message);
	});

	test('an answer that is cut short', async () => {
		pbx.faults.next({ path: /\/Users/, malformedJson: true });
		expect((await refusal('user', 'getAll')).message).toBe(
			'The answer is not JSON, as 3CX sends it',
		);
	});

	test('a PBX that is restarting is waited for', async () => {
		pbx.faults.next({ path: /\/Users/, status: 503, times: 2 });
		expect(await run('user', 'getAll', { limit: 1 })).toHaveLength(1);
	});

	test('a token that another program has replaced is renewed unseen', async () => {
		await run('user', 'getAll', { limit: 1 });
		const { clientId, clientSecret } = pbx.defaultClient;
		await fetch(`${pbx.url}/connect/token`, {
			method: 'POST',
			body: new URLSearchParams({
				client_id: clientId,
				client_secret: clientSecret,
				grant_type: 'client_credentials',
			}),
		});
		const before = pbx.mints[clientId] ?? 0;
		expect(
			await run('user', 'getAll', { limit: 1 }, { items: Array.from({ length: 10 }, () => ({})) }),
		).toHaveLength(10);
		expect((pbx.mints[clientId] ?? 0) - before).toBe(1);
	});
});

describe('what an API client may not do', () => {
	const weak = {
		clientId: 'weak',
		clientSecret: 'weak-secret',
		xapiEnabled: true,
		callControlEnabled: true,
		monitored: 'all' as const,
	};
	let other: Pbx | undefined;
	afterEach(async () => await other?.close());

	test.each([
		['its role is too low', { role: 'users' as const }, {}],
		['XAPI is switched off for it', { role: 'system_owners' as const, xapiEnabled: false }, {}],
		[
			'the licence has no API',
			{ role: 'system_owners' as const },
			{ licence: 'professional' as const },
		],
	])('%s', async (_, client, options) => {
		other = await startPbx({ seed: 'empty', clients: [{ ...weak, ...client }], ...options });
		const error = await refusal(
			'user',
			'getAll',
			{},
			{
				credentials: new CredentialStore({
					pbxUrl: other.url,
					clientId: 'weak',
					clientSecret: 'weak-secret',
				}),
			},
		);
		expect(error).toMatchObject({ httpCode: '403' });
		expect(error.description).toMatch(/Integrations > API.*Enterprise/s);
	});

	test('a private certificate', async () => {
		other = await startPbx({
			seed: 'empty',
			tls: true,
			clients: [{ ...weak, role: 'system_owners' }],
		});
		const store = new CredentialStore({
			pbxUrl: other.url,
			clientId: 'weak',
			clientSecret: 'weak-secret',
		});
		const error = await refusal('user', 'getAll', {}, { credentials: store });
		expect(error.message).toContain('is not trusted: it is self-signed');
		expect(error.description).toContain('Ignore SSL Issues');
		store.stored.ignoreSSLIssues = true;
		expect(await run('department', 'getAll', {}, { credentials: store })).toHaveLength(1);
	});
});

describe('one credential with expressions for many PBXs', () => {
	let pbxs: Pbx[] = [];
	afterEach(async () => {
		await Promise.all(pbxs.map(async (one) => await one.close()));
	});

	test('each item’s token and rows are its own PBX’s', async () => {
		// All have the same client ID and name themselves alike: nothing in a token tells whose it is.
		pbxs = await Promise.all(
			[0, 1, 2].map(async () => await startPbx({ seed: 'empty', fqdn: 'pbx.example.com' })),
		);
		const tenants = pbxs.map(({ url, defaultClient: { clientId, clientSecret } }, tenant) => ({
			url,
			clientId,
			clientSecret,
			name: `Tenant ${tenant}`,
		}));
		const store = new CredentialStore({
			pbxUrl: '={{ $json.url }}',
			clientId: '={{ $json.clientId }}',
			clientSecret: '={{ $json.clientSecret }}',
		});
		const items = Array.from({ length: 12 }, (_, n) => tenants[n % 3]!);
		const rows = await run(
			'department',
			'upsert',
			{ name: '={{ $json.name }}' },
			{ credentials: store, items },
		);
		expect(rows.map(({ Name }) => Name)).toEqual(items.map(({ name }) => name));
		for (const [tenant, { store: kept, requests, mints, defaultClient }] of pbxs.entries()) {
			const names = kept.rows('Groups').map(({ Name }) => Name);
			expect(names).toEqual(['DEFAULT', `Tenant ${tenant}`]);
			expect(requests.filter(({ status }) => status === 401)).toEqual([]);
			expect(mints[defaultClient.clientId]).toBe(1);
		}
	});
});
