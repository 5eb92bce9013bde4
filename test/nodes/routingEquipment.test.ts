import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { HIDDEN } from '../../lib/xapi/secrets';
import { runNode } from '../support/n8n';
import { by, startNode, type NodeUnderTest } from './routingHarness';

/** What belongs to the routing of calls besides its rules: parkings, conferences, phones, announcements, blocklists. */

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
const condition = (field: string, value: string) => ({
	filters: { conditions: [{ field: `${field}|text`, operator: 'equals', value }] },
});

describe('shared parking', () => {
	test('its life', async () => {
		const [billing] = await run('department', 'getAll', condition('Name', 'Billing'));
		const parking = { number: 'SP70', departments: [billing?.Id as number] };
		expect(await run('sharedParking', 'upsert', parking)).toMatchObject([{ outcome: 'created' }]);
		expect(await run('sharedParking', 'upsert', parking)).toMatchObject([{ outcome: 'unchanged' }]);
		const sharedParking = by('Number', 'SP70');
		expect(
			await run('sharedParking', 'get', { sharedParking, options: { expand: ['Groups'] } }),
		).toMatchObject([{ Number: 'SP70', Groups: [{ Name: 'Billing' }] }]);
		expect(
			await run('sharedParking', 'update', {
				sharedParking,
				updateFields: { transcriptionMode: 'Both' },
			}),
		).toMatchObject([{ TranscriptionMode: 'Both' }]);
		expect(await run('sharedParking', 'getAll', condition('Number', 'sp70'))).toHaveLength(1);
		await run('sharedParking', 'delete', { sharedParking });
		expect(await refusal('sharedParking', 'get', { sharedParking })).toMatchObject({
			message: 'This PBX has no shared parking with Number SP70',
		});
	});

	test('a parked call is found with who waits in it', async () => {
		expect(await run('sharedParking', 'getParkedCalls')).toEqual([]);
		const { calls } = node.pbx;
		const callid = calls.incoming({ from: '+442079460101', fromName: 'Nora Winslow', to: '102' });
		calls.answer({ callid, dn: '102' });
		expect(await run('sharedParking', 'getParkedCalls')).toEqual([]);
		calls.park({ dn: '102', slot: 'SP12' });
		expect(await run('sharedParking', 'getParkedCalls')).toEqual([
			{
				CallId: callid,
				Parking: 'SP12',
				CallerNumber: '+442079460101',
				CallerName: 'Nora Winslow',
				ParkedAt: expect.any(String) as string,
				ParkedSeconds: expect.any(Number) as number,
			},
		]);
		calls.hangUp({ callid });
	});
});

describe('conference', () => {
	test('settings, changed and read back without the PIN', async () => {
		const settings = { EnablePin: true, PinNumber: '4711', Zone: 'Europe' };
		expect(await run('conference', 'updateSettings', { settings })).toMatchObject([
			{
				outcome: 'updated',
				changed: { PinNumber: { to: HIDDEN }, EnablePin: { to: true }, Zone: {} },
				EnablePin: true,
				PinNumber: HIDDEN,
			},
		]);
		expect(await run('conference', 'updateSettings', { settings })).toMatchObject([
			{ outcome: 'unchanged', changed: {} },
		]);
		expect(await run('conference', 'getSettings')).toMatchObject([
			{ Zone: 'Europe', PinNumber: HIDDEN },
		]);
		expect(node.pbx.store.singleton('ConferenceSettings').PinNumber).toBe('4711');
	});

	test('zones and meetings', async () => {
		expect(await run('conference', 'getZones')).toEqual([
			{ zone: 'Europe' },
			{ zone: 'NorthAmerica' },
		]);
		expect(await run('conference', 'getOnboardMeetings')).toEqual([]);
	});

	test('mistakes', async () => {
		expect(await refusal('conference', 'updateSettings')).toMatchObject({
			message: 'No setting to update',
		});
		expect(
			await refusal('conference', 'updateSettings', { settings: { PinNumber: HIDDEN } }),
		).toMatchObject({ message: 'PinNumber contains the placeholder for a hidden secret' });
	});
});

describe('phone', () => {
	test('registered ones are restarted, set up and upgraded by MAC, however that is written', async () => {
		const [first] = await run('phone', 'getRegistered');
		expect(first).toMatchObject({ Extension: '103', MAC: '0015650A0B0C', Model: 'T54W' });
		for (const operation of ['reboot', 'reprovision']) {
			expect(await run('phone', operation, { mac: '00:15:65:0a:0b:0c' })).toMatchObject([
				{ MAC: '0015650A0B0C', sent: operation },
			]);
		}
		expect(await run('phone', 'upgrade', { mac: '00-15-65-0A-0B-0C' })).toEqual([
			{
				MAC: '0015650A0B0C',
				before: '96.86.0.70',
				version: '96.86.0.75',
				upgrading: true,
			},
		]);
		expect(
			await run('phone', 'upgrade', { mac: '0015650A0B0C', version: '96.86.0.70' }),
		).toMatchObject([{ upgrading: false }]);
		const sent = node.pbx.requests.filter(({ path }) => path.includes('Phone'));
		expect(sent.map(({ path }) => path.split('Pbx.')[1])).toEqual([
			'RebootPhone',
			'ReprovisionPhone',
			'UpgradePhone',
		]);
	});

	test('a detected one is given to a user, once', async () => {
		const phone = by('MAC', '0015650A0BFF');
		const [user] = await run('user', 'get', { user: by('Number', '105') });
		const userId = user?.Id as number;
		expect(await run('phone', 'getAll')).toMatchObject([{ Model: 'T46U', Assigned: false }]);
		expect(await run('phone', 'provision', { phone, userId })).toMatchObject([
			{ userId, provisioned: true },
		]);
		expect(await run('phone', 'get', { phone })).toMatchObject([
			{ Assigned: true, AssignedUser: '105 Tomasz Wrona' },
		]);
		expect(await refusal('phone', 'provision', { phone, userId })).toMatchObject({
			message: expect.stringContaining('MAC') as string,
		});
		expect(await run('phone', 'provision', { phone, userId, reprovision: true })).toHaveLength(1);
		expect(await run('phone', 'delete', { phone })).toEqual([{ deleted: true }]);
	});

	test('mistakes', async () => {
		expect(await refusal('phone', 'reboot', { mac: 'desk 4' })).toMatchObject({
			message: '"desk 4" is not a MAC address',
		});
		expect(await refusal('phone', 'reboot', { mac: '00:00:00:00:00:01' })).toMatchObject({
			message: 'No registered phone has the MAC address 00:00:00:00:00:01',
		});
		expect(
			await refusal('phone', 'provision', { phone: by('id', '1'), userId: 'Tomasz' }),
		).toMatchObject({ message: 'The field "User" does not contain a user' });
	});
});

describe('fax extension', () => {
	test('its life: drafted by 3CX, login hidden', async () => {
		const [created] = await run('fax', 'create', {
			additionalFields: { outboundCallerId: '+442079460809', authPassword: 'not-to-be-seen' },
		});
		expect(created).toMatchObject({ Number: '900', OutboundCallerId: '+442079460809' });
		const fax = by('Number', '900');
		expect(await run('fax', 'get', { fax, simplify: false })).toMatchObject([
			{ AuthPassword: HIDDEN, AuthID: HIDDEN },
		]);
		expect(node.pbx.store.find('Fax', 'Number', '900')).toMatchObject({
			AuthPassword: 'not-to-be-seen',
			AuthID: expect.stringMatching(/^\w{10}$/) as string,
		});
		expect(await run('fax', 'update', { fax, updateFields: { faxServer: true } })).toMatchObject([
			{ FaxServer: true },
		]);
		expect(await run('fax', 'getAll', condition('Number', '900'))).toHaveLength(1);
		const [second] = await run('fax', 'create', { number: '905' });
		expect(await run('fax', 'deleteMany', { ids: [second?.Id as number] })).toMatchObject([
			{ Number: '905', deleted: true },
		]);
		await run('fax', 'delete', { fax });
		expect(await run('fax', 'getAll')).toEqual([]);
	});

	test('a number that is taken', async () => {
		expect(await refusal('fax', 'create', { number: '100' })).toMatchObject({
			message: expect.stringContaining('Number') as string,
		});
	});
});

describe('prompt', () => {
	test('is recorded by phone, listed and deleted', async () => {
		expect(
			await run('prompt', 'record', { extension: '104', fileName: "easter's closed" }),
		).toEqual([{ calling: '104', Filename: "easter's closed.wav" }]);
		expect(await run('prompt', 'getAll', condition('Filename', "easter's closed.wav"))).toEqual([
			expect.objectContaining({ CanBeDeleted: true, PromptType: 'File' }),
		]);
		const prompt = by('id', "easter's closed.wav");
		expect(await run('prompt', 'delete', { prompt })).toEqual([{ deleted: true }]);
		expect(await run('prompt', 'getAll', condition('Filename', "easter's closed.wav"))).toEqual([]);
	});

	test('mistakes', async () => {
		expect(
			await refusal('prompt', 'record', { extension: '104', fileName: '../x.wav' }),
		).toMatchObject({ message: '"../x.wav" is not a file name' });
		expect(await refusal('prompt', 'record', { extension: '199', fileName: 'x' })).toMatchObject({
			message: expect.stringContaining('dn') as string,
		});
		expect(await refusal('prompt', 'delete', { prompt: by('id', 'onboardivr.wav') })).toMatchObject(
			{ message: expect.stringContaining('Filename') as string },
		);
	});
});

describe('playlist', () => {
	test('its life', async () => {
		expect(
			await run('playlist', 'create', { name: 'Café & Bar', additionalFields: { shuffle: true } }),
		).toMatchObject([{ Name: 'Café & Bar', Shuffle: true, MaxVolumePercent: 100 }]);
		const playlist = by('id', 'Café & Bar');
		expect(
			await run('playlist', 'update', { playlist, updateFields: { maxVolumePercent: 60 } }),
		).toMatchObject([{ MaxVolumePercent: 60, Shuffle: true }]);
		expect(await run('playlist', 'getAll', condition('Name', 'café & bar'))).toHaveLength(1);
		expect(await run('playlist', 'delete', { playlist })).toEqual([{ deleted: true }]);
		expect(await refusal('playlist', 'get', { playlist })).toMatchObject({
			message: 'This PBX has no playlist with Name Café & Bar',
		});
	});

	test('its files', async () => {
		const playlist = by('id', 'Calm Piano');
		const { items } = await runNode({
			parameters: {
				resource: 'playlist',
				operation: 'downloadFile',
				playlist,
				fileName: 'morning.wav',
			},
			credentials: node.credentials,
		});
		expect(items[0]).toMatchObject({
			json: { fileName: 'morning.wav' },
			binary: { data: { mimeType: 'audio/wav' } },
		});
		expect(await run('playlist', 'deleteFile', { playlist, fileName: 'morning.wav' })).toEqual([
			{ Name: 'Calm Piano', fileName: 'morning.wav', deleted: true },
		]);
		expect(await run('playlist', 'get', { playlist })).toMatchObject([{ Files: ['evening.wav'] }]);
	});
});

describe('blocked number', () => {
	test('its life, though its Id is a text', async () => {
		const blocked = { callerId: '+442079460199', description: 'Nuisance' };
		expect(await run('blockedNumber', 'upsert', blocked)).toMatchObject([{ outcome: 'created' }]);
		expect(
			await run('blockedNumber', 'upsert', { ...blocked, description: 'Sales calls' }),
		).toMatchObject([{ outcome: 'updated', changed: { Description: { to: 'Sales calls' } } }]);
		const blockedNumber = by('CallerId', '+442079460199');
		expect(await run('blockedNumber', 'get', { blockedNumber })).toMatchObject([
			{ Id: expect.any(String) as string, Description: 'Sales calls' },
		]);
		expect(
			await run('blockedNumber', 'update', {
				blockedNumber,
				updateFields: { description: 'Spam' },
			}),
		).toMatchObject([{ Description: 'Spam' }]);
		expect(await run('blockedNumber', 'getAll', condition('Description', 'spam'))).toHaveLength(1);
		await run('blockedNumber', 'delete', { blockedNumber });
		expect(await run('blockedNumber', 'getAll')).toEqual([]);
	});

	test('Delete Many takes more than fit into one request', async () => {
		await run(
			'blockedNumber',
			'create',
			{ callerId: '={{ $json.number }}' },
			{ items: Array.from({ length: 45 }, (_, index) => ({ number: `+4420794602${index}` })) },
		);
		const rows = await run('blockedNumber', 'getAll', { returnAll: true });
		const ids = rows.map(({ Id }) => Id as string);
		const deleted = await run('blockedNumber', 'deleteMany', { ids });
		expect(deleted.map(({ Id }) => Id).sort()).toEqual([...ids].sort());
		expect(deleted.every((row: IDataObject) => row.deleted === true)).toBe(true);
		expect(await run('blockedNumber', 'getAll')).toEqual([]);
	});
});

describe('blocked IP', () => {
	test('its life, with an end in the zone of the workflow', async () => {
		const blocked = {
			ipAddrMask: '203.0.113.7',
			additionalFields: { expiresAt: '2026-07-01T12:00:00', description: 'Guessed passwords' },
		};
		expect(await run('blockedIp', 'upsert', blocked)).toMatchObject([
			{
				outcome: 'created',
				BlockType: 'Block',
				AddedBy: 'Manual',
				ExpiresAt: '2026-07-01T11:00:00.000Z',
			},
		]);
		expect(await run('blockedIp', 'upsert', blocked)).toMatchObject([{ outcome: 'unchanged' }]);
		const blockedIp = by('IPAddrMask', '203.0.113.7');
		expect(
			await run('blockedIp', 'update', { blockedIp, updateFields: { blockType: 'Allow' } }),
		).toMatchObject([{ BlockType: 'Allow' }]);
		const [row] = await run('blockedIp', 'getAll', condition('Description', 'guessed passwords'));
		expect(await run('blockedIp', 'deleteMany', { ids: [row?.Id as number] })).toMatchObject([
			{ IPAddrMask: '203.0.113.7', deleted: true },
		]);
		expect(await refusal('blockedIp', 'delete', { blockedIp })).toMatchObject({
			message: 'This PBX has no blocked IP with IP Address 203.0.113.7',
		});
	});

	test('a date that is none', async () => {
		expect(
			await refusal('blockedIp', 'create', {
				ipAddrMask: '203.0.113.8',
				additionalFields: { expiresAt: 'next week' },
			}),
		).toMatchObject({ message: '"next week" is not a date and time' });
	});
});

describe('SBC', () => {
	const sbc = by('DisplayName', 'Harbour');
	beforeAll(() => {
		node.pbx.store.insert('Sbcs', {
			Name: 'sbc0harbour',
			DisplayName: 'Harbour',
			HasConnection: true,
			Password: 'open sesame',
			ProvisionLink: 'https://pbx.example.com/provisioning/sesame',
		});
	});

	test('is found by its name, shown without its password, and sent its configuration', async () => {
		const whole = await run('sbc', 'getAll', { simplify: false });
		expect(whole).toMatchObject([{ Name: 'sbc0harbour', Password: HIDDEN, ProvisionLink: HIDDEN }]);
		expect(await run('sbc', 'get', { sbc })).toMatchObject([
			{ Name: 'sbc0harbour', HasConnection: true },
		]);
		expect(await run('sbc', 'pushConfig', { sbc })).toEqual([
			{ Name: 'sbc0harbour', pushed: true },
		]);
		expect(node.pbx.requests.at(-1)).toMatchObject({
			method: 'POST',
			path: "/xapi/v1/Sbcs('sbc0harbour')/Pbx.PushConfig",
		});
	});

	test('one that is not there is named', async () => {
		const nobody = { sbc: by('DisplayName', 'Hill') };
		expect(await refusal('sbc', 'pushConfig', nobody)).toMatchObject({
			message: 'This PBX has no SBC with Display Name Hill',
		});
	});

	test('is renamed and deleted', async () => {
		const updateFields = { displayName: 'Port' };
		expect(await run('sbc', 'update', { sbc, updateFields })).toMatchObject([
			{ Name: 'sbc0harbour', DisplayName: 'Port' },
		]);
		await run('sbc', 'delete', { sbc: by('id', 'sbc0harbour') });
		expect(await run('sbc', 'getAll')).toEqual([]);
	});
});
