import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { readParticipant, type DnState } from '../../lib/callcontrol/rest/types';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { activeCallFrom } from '../../lib/status/activeCalls';
import { queueStatusOf, type QueueParts } from '../../lib/status/queues';
import { loadOptions } from '../../nodes/ThreeCx/methods';
import { startPbx, type ApiClient, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, loadOptionsContext, runNode } from '../support/n8n';

const NOW = '2026-11-27T12:00:00.000Z';

const secondsAgo = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();

const active = (Id: number, Caller: string, Callee: string, more: object = {}) =>
	activeCallFrom({ Id, Caller, Callee, Status: 'Routing', ServerNow: NOW, ...more });

const dn = (number: string, type: string, ...legs: object[]): DnState => ({
	dn: number,
	type,
	devices: [],
	participants: legs.map((leg, index) => readParticipant({ id: index + 1, dn: number, ...leg })!),
});

/** The user of the one agent. */
const agent = (more: object = {}) =>
	new Map([
		[
			'100',
			{
				QueueStatus: 'LoggedIn',
				IsRegistered: true,
				CurrentProfileName: 'Available',
				...more,
			},
		],
	]);

const QUEUE = { Number: '800', Name: 'Sales', Agents: [{ Number: '100', Name: 'Amelia Hartley' }] };

const PARTS: QueueParts = {
	queues: [QUEUE],
	users: agent(),
	active: [],
	dns: [dn('800', 'Wqueue'), dn('100', 'Wextension')],
	notes: {},
};

const one = (parts: Partial<QueueParts>) => queueStatusOf({ ...PARTS, ...parts })[0]!;

describe('what an agent does', () => {
	test.each<[string, Partial<QueueParts>, string]>([
		['free', {}, 'free'],
		['logged out', { users: agent({ QueueStatus: 'LoggedOut' }) }, 'loggedOut'],
		['unknown to the PBX', { users: new Map() }, 'loggedOut'],
		['without a phone', { users: agent({ IsRegistered: false }) }, 'offline'],
		['ringing', { dns: [dn('100', 'Wextension', { status: 'Ringing' })] }, 'ringing'],
		['talking', { dns: [dn('100', 'Wextension', { status: 'Connected' })] }, 'talking'],
		['dialing', { dns: [dn('100', 'Wextension', { status: 'Dialing' })] }, 'talking'],
		[
			'talking while a second call rings',
			{ dns: [dn('100', 'Wextension', { status: 'Connected' }, { status: 'Ringing' })] },
			'talking',
		],
		[
			'logged out and talking',
			{
				users: agent({ QueueStatus: 'LoggedOut' }),
				dns: [dn('100', 'Wextension', { status: 'Connected' })],
			},
			'loggedOut',
		],
		[
			'talking, without Call Control',
			{ dns: null, active: [active(1, '100 Amelia', '+44', { Status: 'Talking' })] },
			'talking',
		],
		[
			'ringing, without Call Control',
			{ dns: null, active: [active(1, '+44', '100 Amelia')] },
			'ringing',
		],
		['dialing, without Call Control', { dns: null, active: [active(1, '100', '+44')] }, 'talking'],
	])('%s', (_, parts, state) => {
		const { agents, free, ringing, talking, loggedOut, offline } = one(parts);
		expect(agents).toMatchObject([{ extension: '100', name: 'Amelia Hartley', state }]);
		const counts: Record<string, number | null> = { free, ringing, talking, loggedOut, offline };
		expect(counts[state]).toBe(1);
		expect(Object.values(counts).reduce((sum, count) => sum! + count!)).toBe(1);
	});
});

describe('who waits', () => {
	const ROWS = [
		active(1, '+441 Nora Winslow', '800 Sales', { LastChangeStatus: secondsAgo(30) }),
		active(2, '+442', '800 Sales', {
			LastChangeStatus: secondsAgo(90),
			EstablishedAt: secondsAgo(95),
		}),
		active(3, '+443', '801 Other', { LastChangeStatus: secondsAgo(500) }),
		active(4, '+444', '100 Amelia', { Status: 'Talking', EstablishedAt: secondsAgo(700) }),
	];
	const leg = (callid: number, party_caller_id: string, party_caller_name = '') => ({
		callid,
		status: 'Connected',
		party_caller_id,
		party_caller_name,
		party_dn: '10000',
	});

	test('nobody', () => {
		expect(one({})).toMatchObject({ waiting: 0, longestWait: 0, callers: [] });
	});

	test.each<[string, Partial<QueueParts>]>([
		['from the active calls alone', { dns: null, active: ROWS }],
		[
			'from Call Control, with the times of the active calls',
			{
				dns: [dn('800', 'Wqueue', leg(1, '+441', 'Nora Winslow'), leg(2, '+442'))],
				active: ROWS,
			},
		],
	])('%s, the longest first', (_, parts) => {
		expect(one(parts)).toMatchObject({
			waiting: 2,
			longestWait: 95,
			callers: [
				{ callId: 2, number: '+442', name: null, startedAt: secondsAgo(95), waitingSeconds: 95 },
				{ callId: 1, number: '+441', name: 'Nora Winslow', waitingSeconds: 30 },
			],
		});
	});

	test('the number tells which call it is where ids differ', () => {
		const dns = [dn('800', 'Wqueue', leg(71, '+441'))];
		expect(one({ dns, active: ROWS }).callers).toMatchObject([{ callId: 71, waitingSeconds: 30 }]);
	});

	test('without times, how long is not known', () => {
		const dns = [dn('800', 'Wqueue', leg(1, '+441'))];
		expect(one({ dns, active: null })).toMatchObject({
			waiting: 1,
			longestWait: null,
			callers: [{ number: '+441', startedAt: null, waitingSeconds: null }],
		});
	});

	test('what may not be read is null', () => {
		expect(one({ dns: null, active: null, users: null })).toMatchObject({
			waiting: null,
			longestWait: null,
			free: null,
			callers: null,
			agents: null,
		});
	});
});

describe('Queue > Get Live Status', () => {
	let pbx: Pbx;

	beforeEach(async () => {
		pbx = await startPbx({ calls: { pickUpAfterMs: 0 } });
	});

	afterEach(async () => await pbx.close());

	afterAll(closeDispatchers);

	const credentials = ({ clientId, clientSecret }: ApiClient = pbx.defaultClient) =>
		new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });

	const read = async (parameters: INodeParameters = {}, client?: ApiClient) => {
		const { items, error } = await runNode({
			parameters: { resource: 'queue', operation: 'getLiveStatus', ...parameters },
			credentials: credentials(client),
		});
		if (error) throw error;
		return items.map(({ json }) => json);
	};

	test('all queues in four reads, with callers and agents', async () => {
		pbx.store.update('Users', pbx.store.find('Users', 'Number', '106')!, {
			QueueStatus: 'LoggedOut',
		});
		const talking = pbx.calls.incoming({ from: '+442079460101', to: '103' });
		pbx.calls.answer({ callid: talking, dn: '103' });
		const waiting = pbx.calls.incoming({
			from: '+442079460102',
			fromName: 'Gareth Pugh',
			to: '800',
		});
		const before = pbx.requests.length;
		const items = await read();
		const requests = pbx.requests.slice(before).filter(({ path }) => path !== '/connect/token');
		expect(requests.map(({ method, status }) => `${method} ${status}`)).toEqual(
			Array<string>(4).fill('GET 200'),
		);
		expect(items.map(({ queue }) => queue)).toEqual(['800', '801', '802']);
		expect(items[0]).toMatchObject({
			name: 'Appointments',
			waiting: 1,
			talking: 1,
			ringing: 2,
			loggedOut: 1,
			free: 0,
			callers: [
				{
					callId: waiting,
					number: '+442079460102',
					name: 'Gareth Pugh',
					startedAt: expect.any(String) as string,
					waitingSeconds: expect.any(Number) as number,
				},
			],
			notes: {},
		});
		expect(items[0]!.agents).toContainEqual({
			extension: '104',
			name: 'Keira Doyle',
			state: 'ringing',
			status: 'Available',
		});
		expect(items[1]).toMatchObject({ waiting: 0, longestWait: 0, free: 3 });
	});

	test('the wait goes on while one agent after the other rings', async () => {
		const clock = { now: Date.now() };
		const other = await startPbx({
			now: () => new Date(clock.now),
			calls: { pickUpAfterMs: 0, ringTimeoutMs: 30, queueWaveGapMs: 1 },
		});
		try {
			const callid = other.calls.incoming({ from: '+442079460102', to: '800' });
			const waves = () =>
				other.calls.journal.filter((entry) => entry.callid === callid && entry.kind === 'ringing');
			const first = waves().length;
			clock.now += 60_000;
			while (waves().length <= first) await new Promise((resolve) => setImmediate(resolve));
			const { items } = await runNode({
				parameters: { resource: 'queue', operation: 'getLiveStatus', queueNumbers: ['800'] },
				credentials: new CredentialStore({
					pbxUrl: other.url,
					clientId: other.defaultClient.clientId,
					clientSecret: other.defaultClient.clientSecret,
				}),
			});
			expect(items[0]!.json).toMatchObject({ waiting: 1, longestWait: 60 });
		} finally {
			await other.close();
		}
	});

	test('a caller who was taken does not wait', async () => {
		const callid = pbx.calls.incoming({ from: '+442079460102', to: '800' });
		pbx.calls.answer({ callid, dn: '104' });
		const [queue] = await read({ queueNumbers: ['800'] });
		expect(queue).toMatchObject({ waiting: 0, talking: 1, free: 3 });
	});

	test('some queues, by list or by text of an expression; one that is not there is named', async () => {
		const numbers = async (queueNumbers: string | string[]) =>
			(await read({ queueNumbers })).map(({ queue }) => queue);
		expect(await numbers(['801'])).toEqual(['801']);
		expect(await numbers('={{ "802, 800" }}')).toEqual(['800', '802']);
		await expect(numbers(['899'])).rejects.toMatchObject({
			message: 'This PBX has no queue with Number 899',
		});
	});

	test('without Call Control, it says so and tells what the active calls have', async () => {
		await pbx.close();
		const client: ApiClient = {
			clientId: 'xapi-only',
			clientSecret: 'a-secret-for-tests',
			role: 'system_owners',
			xapiEnabled: true,
			callControlEnabled: false,
			monitored: 'all',
		};
		pbx = await startPbx({ clients: [client], calls: { pickUpAfterMs: 0 } });
		pbx.calls.incoming({ from: '+442079460102', to: '800' });
		const [queue] = await read({}, client);
		expect(queue).toMatchObject({
			waiting: 1,
			callers: [{ number: '+442079460102' }],
			notes: { callControl: expect.stringContaining('Call Control') as string },
		});
	});

	test('agents that the PBX leaves out are not known, which is not the same as none', async () => {
		await pbx.close();
		pbx = await startPbx({ quirks: { ignoresExpand: true } });
		const [queue] = await read();
		expect(queue).toMatchObject({
			agents: null,
			free: null,
			loggedOut: null,
			notes: { agents: expect.stringContaining('left out "Agents"') as string },
		});
	});

	test('the list of queues', async () => {
		const context = loadOptionsContext(
			{ resource: 'queue', operation: 'getLiveStatus' },
			credentials(),
		);
		const lists = loadOptions as unknown as Record<string, (this: unknown) => Promise<unknown>>;
		expect(await lists.getQueues!.call(context)).toContainEqual({
			name: '800 Appointments',
			value: '800',
		});
	});
});

describe('Call > Get Many', () => {
	const calls = async (pbx: Pbx): Promise<IDataObject[]> => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const { items, error } = await runNode({
			type: 'n8n-nodes-threecx.threeCxCallControl',
			parameters: { resource: 'call', operation: 'getMany' },
			credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
		});
		if (error) throw error;
		return items.map(({ json }) => json);
	};

	test('has the time of each call, or null without the right to read it', async () => {
		const client: ApiClient = {
			clientId: 'both',
			clientSecret: 'a-secret-for-tests',
			role: 'system_owners',
			xapiEnabled: true,
			callControlEnabled: true,
			monitored: 'all',
		};
		for (const [xapiEnabled, startedAt] of [
			[true, expect.stringMatching(/^2026-11-27T12:/)],
			[false, null],
		]) {
			const pbx = await startPbx({
				now: () => new Date(NOW),
				clients: [{ ...client, xapiEnabled: xapiEnabled === true }],
			});
			try {
				pbx.calls.incoming({ from: '+442079460102', to: '100' });
				expect(await calls(pbx)).toMatchObject([{ number: '+442079460102', startedAt }]);
			} finally {
				await pbx.close();
			}
		}
		await closeDispatchers();
	});
});
