import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { CredentialStore, runNode } from '../support/n8n';
import { startRecordingPbx } from '../support/recordingPbx';

/** PBXs of other versions, and proxies before them, as they were seen or may be: the sandbox with one quirk each. */

const by = (mode: string, value: string) => ({ __rl: true, mode, value });

let pbx: Pbx | undefined;
let credentials: CredentialStore;

async function start(options: PbxOptions = {}): Promise<Pbx> {
	const started = (pbx = await startPbx(options));
	const { clientId, clientSecret } = started.defaultClient;
	credentials = new CredentialStore({ pbxUrl: started.url, clientId, clientSecret });
	return started;
}

async function run(
	resource: string,
	operation: string,
	more: INodeParameters = {},
): Promise<IDataObject[]> {
	const { items, error } = await runNode({
		parameters: { resource, operation, ...more },
		credentials,
	});
	if (error) throw error;
	return items.map(({ json }) => json);
}

const writes = ({ requests }: Pbx) =>
	requests.filter(({ method, path }) => method !== 'GET' && path.startsWith('/xapi'));

afterEach(async () => {
	await closeDispatchers();
	await pbx?.close();
	pbx = undefined;
});

describe('a PBX that passes $expand over', () => {
	const OPERATIONS: Array<[string, string, string, (id: string) => INodeParameters]> = [
		['queue', 'addAgent', 'Agents', () => ({ extensions: ['101'] })],
		['queue', 'removeAgent', 'Agents', () => ({ extensions: ['100'] })],
		['queue', 'getAgents', 'Agents', () => ({})],
		['ringGroup', 'addMember', 'Members', () => ({ extensions: ['101'] })],
		[
			'ivr',
			'setKey',
			'Forwards',
			() => ({ key: '5', keyDestination: { destination: { to: 'EndCall' } } }),
		],
		['ivr', 'removeKey', 'Forwards', () => ({ key: '1' })],
		['user', 'addToDepartment', 'Groups', () => ({ groupId: 1, role: 'users' })],
		['user', 'removeFromDepartment', 'Groups', () => ({ groupId: 1 })],
		['user', 'setStatus', 'ForwardingProfiles', () => ({ status: 'Away' })],
		['user', 'getForwarding', 'ForwardingProfiles', () => ({ status: 'Away' })],
		[
			'user',
			'updateForwarding',
			'ForwardingProfiles',
			() => ({ status: 'Available', forwardingOptions: { noAnswerTimeout: 9 } }),
		],
		['apiClient', 'setMonitoredExtensions', 'Peers', () => ({ extensions: ['100'] })],
	];
	const SETS: Record<string, string> = {
		queue: 'Queues',
		ringGroup: 'RingGroups',
		ivr: 'Receptionists',
		user: 'Users',
		apiClient: 'ServicePrincipals',
	};

	test.each(OPERATIONS)(
		'%s: %s says so and writes nothing',
		async (resource, operation, property, more) => {
			const started = await start({ quirks: { ignoresExpand: true } });
			const rows = started.store.rows(SETS[resource]!);
			const row =
				rows.find((each) => (each[property] as unknown[] | undefined)?.length) ?? rows[0]!;
			const id = String(row.Id);
			const before = structuredClone(row[property]);
			await expect(
				run(resource, operation, { [resource]: by('id', id), ...more(id) }),
			).rejects.toMatchObject({
				message: `The PBX left out "${property}", which it was asked for`,
			});
			expect(writes(started)).toEqual([]);
			expect(row[property]).toEqual(before);
		},
	);
});

describe('a PBX that leaves out what is inside of linked records', () => {
	test('keeps the roles of a user in other departments', async () => {
		const started = await start();
		const [row] = started.store.rows('Users');
		const id = String(row!.Id);
		started.faults.next({
			method: 'GET',
			path: new RegExp(`/Users\\(${id}\\)`),
			status: 200,
			body: { Id: Number(id), Groups: [{ GroupId: 7 }, { GroupId: 8 }] },
		});
		await expect(
			run('user', 'addToDepartment', { user: by('id', id), groupId: 9, role: 'users' }),
		).rejects.toMatchObject({
			message: 'The PBX left out "Groups/Rights", which it was asked for',
		});
		expect(writes(started)).toEqual([]);
	});
});

describe('an older PBX', () => {
	test('that does not know the alternate key is asked in another way', async () => {
		await start({ quirks: { noAlternateKeys: true } });
		for (const [resource, number] of [
			['user', '100'],
			['queue', '800'],
			['trunk', '10000'],
		] as const) {
			expect(await run(resource, 'get', { [resource]: by('Number', number) })).toMatchObject([
				{ Number: number },
			]);
		}
	});

	test('still says which row there is not', async () => {
		await start({ quirks: { noAlternateKeys: true } });
		await expect(run('user', 'get', { user: by('Number', '4711') })).rejects.toMatchObject({
			message: 'This PBX has no user with Number 4711',
		});
	});
});

describe.each(['noValue', 'noContent'] as const)('an empty list that comes as %s', (emptyList) => {
	test('is no items', async () => {
		await start({ seed: 'empty', quirks: { emptyList } });
		expect(await run('contact', 'getAll', { returnAll: true })).toEqual([]);
		expect(await run('activeCall', 'getAll', { returnAll: true })).toEqual([]);
		expect(await run('conference', 'getOnboardMeetings')).toEqual([]);
	});
});

test.each([
	['without a count', { noCount: true }, {}],
	['without a count, in pages of 20', { noCount: true, cap: 20 }, {}],
	['in pages of 20', { cap: 20 }, {}],
	['with links, in pages of 20', { noCount: true }, { nextLink: true, pageSize: 20 }],
])('a list of 250 rows %s is read whole, and up to a limit', async (_, quirks, more) => {
	const { store } = await start({ quirks, ...more });
	const have = store.rows('Contacts').length;
	for (let made = have; made < 250; made++) {
		store.insert('Contacts', { Id: 10_000 + made, FirstName: `C${made}`, PhoneNumber: '1' });
	}
	expect(await run('contact', 'getAll', { returnAll: true })).toHaveLength(Math.max(250, have));
	expect(await run('contact', 'getAll', { returnAll: false, limit: 50 })).toHaveLength(50);
});

test('a row of Sort in which no field is chosen sorts by nothing', async () => {
	await start();
	const sort = { by: [{ field: '' }, { field: 'Number', direction: 'desc' }, {}] };
	const rows = await run('user', 'getAll', { returnAll: true, options: { sort } });
	const numbers = rows.map(({ Number: number }) => String(number));
	expect(numbers).toEqual(numbers.toSorted().reverse());
	expect(
		await run('user', 'getAll', { returnAll: true, options: { sort: { by: [{ field: '' }] } } }),
	).toHaveLength(rows.length);
});

describe('an action without a body', () => {
	test.each<[string, string, INodeParameters]>([
		['user', 'sendWelcomeEmail', { user: by('id', '1') }],
		['queue', 'resetStatistics', { queue: by('id', '1') }],
		['apiClient', 'generateKey', { apiClient: by('id', '1') }],
		['activeCall', 'drop', { activeCall: by('id', '1') }],
	])('%s: %s is sent none', async (resource, operation, parameters) => {
		const other = await startRecordingPbx(() => [200, { value: 'key' }]);
		try {
			credentials = new CredentialStore({ pbxUrl: other.url, clientId: 'n8n', clientSecret: 's' });
			await run(resource, operation, parameters);
			expect(other.asked).toMatchObject([
				{ method: 'POST', body: '', headers: { 'content-length': '0' } },
			]);
			expect(other.asked[0]!.headers).not.toHaveProperty('content-type');
		} finally {
			await other.close();
		}
	});

	test('is taken by a PBX that refuses one', async () => {
		await start({ quirks: { refusesNeedlessBody: true } });
		expect(await run('user', 'sendWelcomeEmail', { user: by('Number', '100') })).toMatchObject([
			{ sent: true },
		]);
	});
});
