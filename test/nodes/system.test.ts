import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { catalogue } from '../../lib/xapi/catalogue';
import { HIDDEN } from '../../lib/xapi/secrets';
import { loadOptions } from '../../nodes/ThreeCx/methods';
import { activeCall } from '../../nodes/ThreeCx/resources/activeCall';
import { activityLog } from '../../nodes/ThreeCx/resources/activityLog';
import { auditLog } from '../../nodes/ThreeCx/resources/auditLog';
import { backup } from '../../nodes/ThreeCx/resources/backup';
import { callLog } from '../../nodes/ThreeCx/resources/callLog';
import { chat, chatMessage } from '../../nodes/ThreeCx/resources/chat';
import { contact } from '../../nodes/ThreeCx/resources/contact';
import { eventLog } from '../../nodes/ThreeCx/resources/eventLog';
import { recording } from '../../nodes/ThreeCx/resources/recording';
import { report } from '../../nodes/ThreeCx/resources/report';
import { system } from '../../nodes/ThreeCx/resources/system';
import { startPbx, VERSION, type ApiClient, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { CredentialStore, loadOptionsContext, runNode } from '../support/n8n';

/** The System resource: status, services, and what a credential may do. */

let pbx: Pbx;

beforeAll(async () => {
	pbx = await startPbx();
});

afterEach(() => pbx.faults.clear());

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

const credentialsFor = ({ url }: Pbx, { clientId, clientSecret }: ApiClient) =>
	new CredentialStore({ pbxUrl: url, clientId, clientSecret });

async function run(
	operation: string,
	parameters: INodeParameters = {},
	credentials = credentialsFor(pbx, pbx.defaultClient),
): Promise<IDataObject[]> {
	const { items, error } = await runNode({
		parameters: { resource: 'system', operation, ...parameters },
		credentials,
	});
	if (error) throw error;
	return items.map(({ json }) => json);
}

describe('the system', () => {
	test('status, simplified and whole, without the licence key', async () => {
		const [status] = await run('getStatus');
		expect(status).toMatchObject({ Version: VERSION, TrunksTotal: 1, CallsActive: 0 });
		expect(status).not.toHaveProperty('LicenseKey');
		const [whole] = await run('getStatus', { simplify: false });
		expect(whole).toMatchObject({ OS: 'Linux', LicenseKey: HIDDEN });
	});

	test('health, licence, version and telemetry', async () => {
		expect(await run('getHealth')).toEqual([
			expect.objectContaining({ Firewall: true, Phones: true, Trunks: true }),
		]);
		expect(await run('getLicence')).toEqual([
			expect.objectContaining({
				ProductCode: '3CXPSENT',
				IsEnterprise: true,
				MaxSimCalls: 32,
				LicenseKey: HIDDEN,
			}),
		]);
		expect(await run('getVersion')).toEqual([{ version: VERSION }]);
		expect(await run('getTelemetry')).toEqual([expect.objectContaining({ CpuUsage: 7.5 })]);
		expect(await run('getTelemetry', { telemetry: 'network' })).toEqual([]);
	});

	test('services are chosen from a list, and only those that exist are restarted', async () => {
		const context = loadOptionsContext(
			{ resource: 'system', operation: 'restartServices' },
			credentialsFor(pbx, pbx.defaultClient),
		);
		const lists = loadOptions as unknown as Record<string, (this: unknown) => Promise<unknown>>;
		expect(await lists.getServices!.call(context)).toContainEqual({
			name: 'Queue Manager',
			value: 'QueueManager',
		});
		pbx.store.singleton('services').QueueManager = 'Stopped';
		expect(await run('restartServices', { services: ['QueueManager', 'MediaServer'] })).toEqual([
			{ restarting: ['QueueManager', 'MediaServer'] },
		]);
		expect(pbx.store.singleton('services')).toEqual({
			QueueManager: 'Running',
			MediaServer: 'Running',
		});
		await expect(run('restartServices', { services: ['Coffee'] })).rejects.toMatchObject({
			message: 'This PBX has no service "Coffee"',
			description: expect.stringContaining('MediaServer') as string,
		});
		await expect(run('restartServices', { services: '={{ [] }}' })).rejects.toMatchObject({
			message: 'No service to restart is selected',
		});
	});
});

describe('Check API Access', () => {
	/** What the node tells about a client of a PBX. */
	async function accessOf(
		client: Partial<ApiClient>,
		options: PbxOptions = {},
	): Promise<IDataObject | undefined> {
		const own: ApiClient = { ...pbx.defaultClient, clientId: 'probe', ...client };
		const other = await startPbx({ ...options, clients: [own] });
		try {
			const [access] = await run('checkApiAccess', {}, credentialsFor(other, own));
			return access;
		} finally {
			await other.close();
		}
	}

	test('an owner with both boxes ticked may do everything', async () => {
		const access = await accessOf({});
		expect(access).toMatchObject({
			xapi: true,
			callControl: true,
			users: true,
			callHistory: true,
			role: 'system_owners',
			enterprise: true,
			licence: '3CXPSENT',
			simultaneousCalls: 32,
			version: VERSION,
			clientId: 'probe',
		});
		expect(access?.monitored).toContain('100');
		const left = Date.parse(String(access?.tokenExpiresAt)) - Date.now();
		expect(left).toBeGreaterThan(50 * 60_000);
		expect(left).toBeLessThanOrEqual(60 * 60_000);
		expect(JSON.stringify(access)).not.toContain(pbx.defaultClient.clientSecret);
	});

	const cases: Array<[string, Partial<ApiClient>, PbxOptions, IDataObject, string, RegExp]> = [
		[
			'an administrator',
			{ role: 'system_admins' },
			{},
			{ xapi: true, users: true, callHistory: false, role: 'system_admins' },
			'callHistoryReason',
			/System Owner/,
		],
		[
			'a plain user',
			{ role: 'users' },
			{},
			{ xapi: true, users: false, callHistory: false, role: 'users' },
			'usersReason',
			/role must be high enough/,
		],
		[
			'XAPI not ticked',
			{ xapiEnabled: false },
			{},
			{ xapi: false, users: false, callHistory: false, callControl: true },
			'xapiReason',
			/"3CX Configuration API Access" is ticked/,
		],
		[
			'Call Control not ticked',
			{ callControlEnabled: false },
			{},
			{ xapi: true, callControl: false },
			'callControlReason',
			/tick "Call Control API"/,
		],
		[
			'a small licence',
			{},
			{ licence: 'professional' },
			{ xapi: false, callControl: false },
			'callControlReason',
			/licence has Call Control/,
		],
		[
			'few extensions',
			{ role: 'users', monitored: ['101'] },
			{},
			{ callControl: true },
			'usersReason',
			/./,
		],
	];

	test.each(cases)('%s: told, not thrown', async (_, client, options, expected, field, reason) => {
		const access = await accessOf(client, options);
		expect(access).toMatchObject(expected);
		expect(access?.[field]).toMatch(reason);
	});

	test('only the monitored extensions are named', async () => {
		const access = await accessOf({ role: 'users', monitored: ['101'] });
		expect(access?.monitored).toEqual(expect.arrayContaining(['101']));
		expect(access?.monitored).not.toContain('100');
	});

	test('asks with a handful of reads and changes nothing', async () => {
		const before = pbx.requests.length;
		await run('checkApiAccess');
		const requests = pbx.requests.slice(before).filter(({ path }) => path !== '/connect/token');
		expect(requests).toHaveLength(5);
		expect(requests.every(({ method, status }) => method === 'GET' && status === 200)).toBe(true);
	});

	test('a PBX that fails, or refuses the secret, is an error all the same', async () => {
		pbx.faults.next({ path: /Recordings/, status: 500 });
		await expect(run('checkApiAccess')).rejects.toMatchObject({ httpCode: '500' });
		const wrong = credentialsFor(pbx, { ...pbx.defaultClient, clientSecret: 'not-the-secret' });
		await expect(run('checkApiAccess', {}, wrong)).rejects.toMatchObject({
			message: expect.stringContaining('refuses the client ID or the client secret') as string,
		});
	});
});

test('every own operation names the XAPI operations that it calls, and they exist', () => {
	const resources = [
		activeCall,
		activityLog,
		auditLog,
		backup,
		callLog,
		chat,
		chatMessage,
		contact,
		eventLog,
		recording,
		report,
		system,
	];
	for (const { operations = [], label } of resources) {
		for (const { name, uses = [] } of operations) {
			expect([label, name, uses.length > 0]).toEqual([label, name, true]);
			for (const id of uses) expect(catalogue.operations).toHaveProperty(id);
		}
	}
});
