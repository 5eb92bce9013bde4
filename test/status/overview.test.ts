import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { overviewOf, type PbxParts } from '../../lib/status/overview';
import { startPbx, type ApiClient, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode } from '../support/n8n';

const NOW = Date.parse('2026-11-27T12:00:00Z');

/** A PBX that has nothing to look after. */
const WELL: PbxParts = {
	status: {
		FQDN: 'pbx.example.com',
		LicenseActive: true,
		ExpirationDate: '2027-11-27T12:00:00Z',
		DiskUsage: 35,
	},
	trunks: [{ number: '10000', name: 'Northgate', online: true }],
	sbcs: [{ name: 'Harbour', connected: true }],
	services: [{ name: 'Queue Manager', service: 'QueueManager', status: 'Running' }],
	backup: { fileName: 'night.zip', createdAt: '2026-11-27T02:00:00Z', sizeBytes: 4096 },
	errors: [],
	updates: [],
};

describe('the overview of what was read', () => {
	test('has no problems where all is well', () => {
		expect(overviewOf(WELL, NOW)).toMatchObject({
			fqdn: 'pbx.example.com',
			licence: { active: true, daysLeft: 365 },
			trunks: { total: 1, online: 1, offline: [] },
			sbcs: { total: 1, connected: 1, disconnected: [] },
			services: { total: 1, running: 1, notRunning: [] },
			backup: { newest: '2026-11-27T02:00:00Z', ageHours: 10, fileName: 'night.zip' },
			backupErrors: [],
			updates: [],
			disk: { usedPercent: 35 },
			problems: [],
		});
	});

	const status = (more: object): Partial<PbxParts> => ({ status: { ...WELL.status, ...more } });

	test.each<[string, Partial<PbxParts>, string]>([
		[
			'a licence that ends',
			status({ ExpirationDate: '2026-11-30T13:00:00Z' }),
			'Days left on the licence: 3',
		],
		[
			'one that has ended',
			status({ ExpirationDate: '2026-11-27T11:00:00Z' }),
			'The licence has expired',
		],
		['one that is not active', status({ LicenseActive: false }), 'The licence is not active'],
		['a full disk', status({ DiskUsage: 90 }), 'The disk is 90 % full'],
		['no recording', status({ RecordingStopped: true }), 'Recording has stopped'],
		['no voicemail', status({ VoicemailStopped: true }), 'Voicemail has stopped'],
		[
			'a trunk',
			{ trunks: [{ number: '10000', name: 'Northgate', online: false }] },
			'Trunk 10000 Northgate is offline',
		],
		['an SBC', { sbcs: [{ name: 'Harbour', connected: false }] }, 'SBC Harbour is not connected'],
		[
			'a service',
			{ services: [{ name: 'SIP', service: 'Sip', status: 'StopPending' }] },
			'Service SIP: StopPending',
		],
		['no backup', { backup: undefined }, 'There is no backup'],
		[
			'a backup that failed',
			{
				errors: [
					{ id: 1, at: null, eventId: 7, source: 'Backup Service', message: 'No space' },
					{ id: 2, at: null, eventId: 8, source: 'Trunks', message: 'Not registered' },
				],
			},
			'Errors about backups in the last 7 days: 1',
		],
		[
			'an update',
			{
				updates: [{ name: '3CX', category: 'PBX', installed: '1', available: '2', type: 'Hotfix' }],
			},
			'Updates to install: 1',
		],
	])('tells %s', (_, parts, problem) => {
		expect(overviewOf({ ...WELL, ...parts }, NOW).problems).toEqual([problem]);
	});

	test('the time of the last backup comes from the status where the list does not have it', () => {
		const LastBackupDateTime = '2026-11-27T06:00:00Z';
		for (const backup of [undefined, null, WELL.backup]) {
			const { backup: told } = overviewOf(
				{ ...WELL, ...status({ LastBackupDateTime }), backup },
				NOW,
			);
			expect(told).toMatchObject({ newest: LastBackupDateTime, ageHours: 6 });
		}
	});

	test('what could not be read is null and no problem', () => {
		const nothing = {
			status: null,
			trunks: null,
			sbcs: null,
			services: null,
			backup: null,
			errors: null,
			updates: null,
		};
		expect(overviewOf(nothing, NOW)).toEqual({
			fqdn: null,
			version: null,
			licence: null,
			calls: null,
			extensions: null,
			trunks: null,
			sbcs: null,
			services: null,
			backup: null,
			backupErrors: null,
			updates: null,
			disk: null,
			problems: [],
		});
	});
});

describe('System > Get Overview', () => {
	let pbx: Pbx;

	beforeAll(async () => {
		pbx = await startPbx();
	});

	afterEach(() => pbx.faults.clear());

	afterAll(async () => {
		await closeDispatchers();
		await pbx.close();
	});

	const read = async (of = pbx, { clientId, clientSecret }: ApiClient = of.defaultClient) => {
		const { items, error } = await runNode({
			parameters: { resource: 'system', operation: 'getOverview' },
			credentials: new CredentialStore({ pbxUrl: of.url, clientId, clientSecret }),
		});
		if (error) throw error;
		return items.map(({ json }) => json);
	};

	test('one item for the PBX, with seven reads', async () => {
		const before = pbx.requests.length;
		const [overview, ...more] = await read();
		expect(more).toEqual([]);
		expect(overview).toMatchObject({
			fqdn: 'larkfield.3cx.example.com',
			licence: { product: '3CXPSENT', active: true, daysLeft: 365, simultaneousCalls: 32 },
			trunks: { total: 1, online: 1, offline: [] },
			sbcs: { total: 0 },
			services: { total: 4, running: 4 },
			backup: { newest: null },
			backupErrors: [],
			updates: [],
			disk: { usedPercent: 35 },
			problems: ['There is no backup'],
			notes: {},
		});
		expect(JSON.stringify(overview)).not.toMatch(/LicenseKey|DownloadLink/);
		const requests = pbx.requests.slice(before).filter(({ path }) => path !== '/connect/token');
		expect(requests.map(({ method, status }) => `${method} ${status}`)).toEqual(
			Array<string>(7).fill('GET 200'),
		);
	});

	test('what is wrong, as the PBX tells it', async () => {
		const other = await startPbx();
		const { store } = other;
		try {
			store.update('Trunks', store.rows('Trunks')[0]!, { IsOnline: false });
			store.insert('Sbcs', {
				Name: 'sbc1',
				DisplayName: 'Harbour',
				HasConnection: false,
				Password: 'S3cret-of-sbc',
			});
			store.singleton('services').QueueManager = 'Stopped';
			store.insert('Backups', {
				FileName: 'old.zip',
				CreationTime: '2026-01-01T00:00:00Z',
				Size: 1,
			});
			store.insert('Backups', {
				FileName: 'new.zip',
				CreationTime: '2026-02-01T00:00:00Z',
				Size: 2,
			});
			const TimeGenerated = new Date().toISOString();
			const entry = {
				TimeGenerated,
				Source: 'Backup',
				Message: 'Backup {0} failed: {1}',
				Params: ['night', 'no space'],
			};
			store.insert('EventLogs', { Id: 1, Type: 'Error', ...entry });
			store.insert('EventLogs', { Id: 2, Type: 'Info', ...entry });
			store.insert('EventLogs', {
				Id: 3,
				Type: 'Error',
				...entry,
				TimeGenerated: '2026-01-01T00:00:00Z',
			});
			const update = {
				Name: '3CX',
				Category: 'PBX',
				LocalVersion: '20.0.10',
				ServerVersion: '20.0.11',
				UpdateType: 'Release',
			};
			store.insert('Updates', { ...update, OutOfDate: true });
			store.insert('Updates', { ...update, OutOfDate: true, Ignore: true });
			store.insert('Updates', { ...update, OutOfDate: false });
			store.singleton('machine').ExpirationDate = new Date(
				Date.now() + 5.5 * 86_400_000,
			).toISOString();
			const [overview] = await read(other);
			expect(overview).toMatchObject({
				trunks: { online: 0, offline: [{ number: '10000', name: 'Northgate Telecom' }] },
				sbcs: { connected: 0, disconnected: ['Harbour'] },
				services: { running: 3, notRunning: [{ name: 'Queue Manager', status: 'Stopped' }] },
				backup: { newest: '2026-02-01T00:00:00Z', fileName: 'new.zip', sizeBytes: 2 },
				backupErrors: [{ message: 'Backup night failed: no space' }],
				updates: [{ name: '3CX', installed: '20.0.10', available: '20.0.11', type: 'Release' }],
				licence: { daysLeft: 5 },
			});
			expect((overview as { problems: string[] }).problems).toHaveLength(6);
		} finally {
			await other.close();
		}
	});

	test('parts that the role does not allow are null, with the reason', async () => {
		const user: ApiClient = { ...pbx.defaultClient, clientId: 'plain', role: 'users' };
		const other = await startPbx({ clients: [user] });
		try {
			const [overview] = await read(other, user);
			const { notes, problems, ...facts } = overview as IDataObject & { notes: object };
			expect(facts).toMatchObject({ licence: null, trunks: null, updates: null });
			expect(problems).toEqual([]);
			expect(Object.keys(notes)).toEqual(
				expect.arrayContaining(['status', 'trunks', 'sbcs', 'services', 'backup', 'updates']),
			);
			expect(Object.values(notes)).toContainEqual(expect.stringMatching(/role/));
		} finally {
			await other.close();
		}
	});

	test('a part that the PBX fails over does not end the others', async () => {
		pbx.faults.next({ path: /GetUpdates/, status: 400 });
		const [overview] = await read();
		expect(overview).toMatchObject({
			updates: null,
			trunks: { total: 1 },
			notes: { updates: expect.any(String) as string },
		});
	});

	test('a wrong secret is an error', async () => {
		await expect(
			read(pbx, { ...pbx.defaultClient, clientSecret: 'not-the-secret' }),
		).rejects.toMatchObject({
			message: expect.stringContaining('refuses the client ID') as string,
		});
	});
});
