import type {
	IDataObject,
	INodeParameters,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { MAX_SUBJECTS } from '../../lib/status/changes';
import { EVENTS } from '../../nodes/ThreeCxSystemTrigger/events';
import { ThreeCxSystemTrigger } from '../../nodes/ThreeCxSystemTrigger/ThreeCxSystemTrigger.node';
import { watch } from '../../nodes/ThreeCxSystemTrigger/watch';
import { startPbx, type ApiClient, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { Collector } from '../callcontrol/collector';
import { until } from '../callcontrolnode/node';
import { CredentialStore, loadOptionsContext } from '../support/n8n';
import { activate, Database, testManually, type Emitted } from '../support/triggerHarness';

const OWNER: ApiClient = {
	clientId: 'n8n',
	clientSecret: 'a-secret-for-tests',
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
};

const HOUR = 3_600_000;

let pbx: Pbx;
let emitted: Collector<Emitted>;
/** The clock of the trigger, which a test may set. */
let clock: { now: () => number };
const closers: Array<() => Promise<void>> = [];

/** The trigger, impatient. */
class Impatient extends ThreeCxSystemTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await watch(this, { now: () => clock.now(), everyMs: 5 });
	}
}

const start = async (options: PbxOptions = {}) => {
	const started = await startPbx({ clients: [OWNER], ...options });
	pbx = started;
	closers.push(async () => await started.close());
};

beforeEach(() => {
	emitted = new Collector();
	clock = { now: Date.now };
});

afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
});

afterAll(closeDispatchers);

const credentials = (fields: IDataObject = {}) =>
	new CredentialStore({
		pbxUrl: pbx.url,
		clientId: OWNER.clientId,
		clientSecret: OWNER.clientSecret,
		...(fields as Record<string, string>),
	});

const publish = async (
	parameters: INodeParameters,
	{ mode, ...more }: { mode?: 'activate' | 'init'; database?: Database } = {},
) => {
	const { response, emittedErrors } = await activate(
		{ type: Impatient, credentials: credentials(), onEmit: emitted.push, parameters, ...more },
		mode,
	);
	const close = async () => await response.closeFunction?.();
	closers.push(close);
	return { close, emittedErrors };
};

/** Waits until the PBX was looked at so often from now on, from begin to end. */
const looks = async (count: number, path: RegExp) => {
	const seen = () => pbx.requests.filter((request) => path.test(request.path)).length;
	const before = seen();
	await until(() => seen() > before + count, `${count} looks`);
};

const told = () => emitted.items.flatMap(({ items }) => items.map(({ json }) => json));
const next = async (count: number) => {
	await emitted.first(() => told().length >= count, `${count} events`);
	return told();
};

describe('the 3CX System Trigger', () => {
	test('tells a trunk that goes offline and comes back, once each, with before and after', async () => {
		await start();
		const { emittedErrors } = await publish({ events: ['trunkOffline', 'trunkOnline'] });
		const trunk = pbx.store.rows('Trunks')[0]!;
		pbx.store.update('Trunks', trunk, { IsOnline: false });
		await next(1);
		await looks(3, /Trunks/);
		pbx.store.update('Trunks', trunk, { IsOnline: true });
		expect(await next(2)).toEqual([
			{
				event: 'trunkOffline',
				timestamp: expect.any(String) as string,
				pbx: new URL(pbx.url).host,
				number: '10000',
				name: 'Northgate Telecom',
				before: 'online',
				after: 'offline',
			},
			expect.objectContaining({ event: 'trunkOnline', before: 'offline', after: 'online' }),
		]);
		await looks(3, /Trunks/);
		expect(told()).toHaveLength(2);
		expect(emittedErrors).toEqual([]);
	});

	/** What a PBX does, and the event that tells it. */
	const changes: Array<[string, (store: Pbx['store']) => void, object]> = [
		[
			'addressBlocked',
			({ insert, nextId }) =>
				insert('Blocklist', { Id: nextId(), IPAddrMask: '192.0.2.66', BlockType: 'Block' }),
			{ after: '192.0.2.66', address: '192.0.2.66' },
		],
		[
			'agentLoggedIn',
			(store) => {
				store.update('Users', store.find('Users', 'Number', '104')!, { QueueStatus: 'LoggedIn' });
			},
			{ number: '104', name: 'Keira Doyle', before: 'loggedOut', after: 'loggedIn' },
		],
		[
			'agentLoggedOut',
			(store) => {
				store.update('Users', store.find('Users', 'Number', '103')!, { QueueStatus: 'LoggedOut' });
			},
			{ number: '103', before: 'loggedIn', after: 'loggedOut' },
		],
		[
			'backupFailed',
			({ insert }) =>
				insert('EventLogs', {
					Id: 7,
					Type: 'Error',
					TimeGenerated: new Date().toISOString(),
					Source: 'Backup',
					Message: 'No space on {0}',
					Params: ['ftp'],
				}),
			{ message: 'No space on ftp', source: 'Backup' },
		],
		[
			'errorLogged',
			({ insert }) =>
				insert('EventLogs', {
					Id: 8,
					Type: 'Error',
					TimeGenerated: new Date().toISOString(),
					EventId: 4101,
					Message: 'Trunk lost',
				}),
			{ message: 'Trunk lost', eventId: 4101 },
		],
		[
			'extensionRegistered',
			(store) => {
				store.update('Users', store.find('Users', 'Number', '106')!, { IsRegistered: true });
			},
			{ number: '106', before: 'unregistered', after: 'registered' },
		],
		[
			'extensionUnregistered',
			(store) => {
				store.update('Users', store.find('Users', 'Number', '105')!, { IsRegistered: false });
			},
			{ number: '105', before: 'registered', after: 'unregistered' },
		],
		[
			'numberBlocked',
			({ insert }) => insert('BlackListNumbers', { Id: 'b1', CallerId: '+441632960666' }),
			{ number: '+441632960666' },
		],
		[
			'sbcConnected',
			(store) => {
				store.update('Sbcs', store.rows('Sbcs')[1]!, { HasConnection: true });
			},
			{ name: 'Hill', after: 'connected' },
		],
		[
			'sbcDisconnected',
			(store) => {
				store.update('Sbcs', store.rows('Sbcs')[0]!, { HasConnection: false });
			},
			{ name: 'Harbour', after: 'disconnected' },
		],
		[
			'serviceStarted',
			(store) => {
				store.singleton('services').MediaServer = 'Running';
			},
			{ name: 'Media Server', before: 'stopped', after: 'running' },
		],
		[
			'serviceStopped',
			(store) => {
				store.singleton('services').QueueManager = 'Stopped';
			},
			{ name: 'Queue Manager', service: 'QueueManager', status: 'Stopped', after: 'stopped' },
		],
		[
			'trunkOffline',
			(store) => store.update('Trunks', store.rows('Trunks')[0]!, { IsOnline: false }),
			{ number: '10000' },
		],
		[
			'trunkOnline',
			(store) => {
				store.update('Trunks', store.rows('Trunks')[1]!, { IsOnline: true });
			},
			{ number: '10001' },
		],
		[
			'userStatusChanged',
			(store) => {
				store.update('Users', store.find('Users', 'Number', '100')!, {
					CurrentProfileName: 'Away',
				});
			},
			{ number: '100', name: 'Amelia Hartley', before: 'Available', after: 'Away' },
		],
	];

	/** A PBX on which each of these changes can happen. */
	const prepared = async () => {
		await start();
		const { store } = pbx;
		const connected = { Password: 'S3cret-of-sbc', HasConnection: true };
		store.insert('Sbcs', { Name: 's1', DisplayName: 'Harbour', ...connected });
		store.insert('Sbcs', { Name: 's2', DisplayName: 'Hill', ...connected, HasConnection: false });
		store.singleton('services').MediaServer = 'Stopped';
		store.insert('Trunks', { Id: 9_001, Number: '10001', IsOnline: false });
		store.update('Users', store.find('Users', 'Number', '104')!, { QueueStatus: 'LoggedOut' });
		store.update('Users', store.find('Users', 'Number', '106')!, { IsRegistered: false });
	};

	test.each(changes)('%s', async (event, change, expected) => {
		await prepared();
		await publish({ events: [event], extensions: ['105', '106'] });
		const { store } = pbx;
		change(
			Object.assign(Object.create(store) as Pbx['store'], {
				insert: store.insert.bind(store),
				nextId: store.nextId.bind(store),
			}),
		);
		expect(await next(1)).toEqual([expect.objectContaining({ event, ...expected })]);
	});

	/** What is read rarely, when its time has come. */
	const rarely: Array<[string, () => void, object]> = [
		[
			'backupTooOld',
			() => (clock = { now: () => Date.now() + 49 * HOUR }),
			{ before: 'recent', after: 'old', ageHours: 49 },
		],
		[
			'licenceEnding',
			() => (clock = { now: () => Date.now() + 340 * 24 * HOUR }),
			{ before: 'valid', after: 'ending', daysLeft: 24 },
		],
		[
			'updateAvailable',
			() => {
				pbx.store.insert('Updates', {
					Name: '3CX',
					Category: 'PBX',
					LocalVersion: '20.0.10',
					ServerVersion: '20.0.11',
					OutOfDate: true,
				});
				clock = { now: () => Date.now() + HOUR + 1 };
			},
			{ name: '3CX', installed: '20.0.10', available: '20.0.11', after: '20.0.11' },
		],
	];

	test.each(rarely)('%s, which is read rarely', async (event, change, expected) => {
		await start();
		pbx.store.insert('Backups', { FileName: 'a.zip', CreationTime: new Date().toISOString() });
		await publish({ events: [event] });
		const before = pbx.requests.length;
		// A second kind shows that looks go on.
		change();
		expect(await next(1)).toEqual([expect.objectContaining({ event, ...expected })]);
		expect(pbx.requests.slice(before).length).toBeLessThanOrEqual(3);
	});

	test('has a test for every event', () => {
		const tested = [...changes, ...rarely].map(([event]) => event);
		expect([...tested, 'queueThresholdPassed'].sort()).toEqual(
			EVENTS.map(({ value }) => value).sort(),
		);
	});

	test('a queue: once while it is full, and again after the time', async () => {
		await start({ calls: { pickUpAfterMs: 0 } });
		await publish({ events: ['queueThresholdPassed'], maxCallers: 1, maxWait: 0, againAfter: 15 });
		pbx.calls.incoming({ from: '+442079460101', to: '800' });
		await looks(2, /ActiveCalls/);
		expect(told()).toEqual([]);
		pbx.calls.incoming({ from: '+442079460102', fromName: 'Gareth', to: '800' });
		expect(await next(1)).toMatchObject([
			{
				event: 'queueThresholdPassed',
				queue: '800',
				name: 'Appointments',
				before: { waiting: 1 },
				after: { waiting: 2 },
				callers: [{ number: '+442079460101' }, { number: '+442079460102', name: 'Gareth' }],
				ringing: 4,
			},
		]);
		await looks(3, /ActiveCalls/);
		expect(told()).toHaveLength(1);
		clock = { now: () => Date.now() + 15 * 60_000 };
		expect(await next(2)).toHaveLength(2);
	});

	test('what changed while n8n was away is told when it is back, what was told is not', async () => {
		await start();
		const database = new Database();
		const events = ['trunkOffline', 'serviceStopped'];
		const first = await publish({ events }, { database });
		pbx.store.singleton('services').QueueManager = 'Stopped';
		await next(1);
		await first.close();
		pbx.store.update('Trunks', pbx.store.rows('Trunks')[0]!, { IsOnline: false });
		await publish({ events }, { database, mode: 'init' });
		await next(2);
		await looks(2, /Trunks/);
		expect(told().map(({ event }) => event)).toEqual(['serviceStopped', 'trunkOffline']);
	});

	test('the memory of another PBX does not count', async () => {
		await start();
		const database = new Database();
		const { close } = await publish({ events: ['trunkOffline'] }, { database });
		await close();
		await start();
		pbx.store.update('Trunks', pbx.store.rows('Trunks')[0]!, { IsOnline: false });
		await publish({ events: ['trunkOffline'] }, { database });
		await looks(3, /Trunks/);
		expect(told()).toEqual([]);
	});

	test('looks that fail are not events, and the next one makes up for them', async () => {
		await start();
		const { emittedErrors } = await publish({ events: ['trunkOffline'] });
		await pbx.down();
		pbx.store.update('Trunks', pbx.store.rows('Trunks')[0]!, { IsOnline: false });
		await pbx.up();
		expect(await next(1)).toMatchObject([{ event: 'trunkOffline' }]);
		expect(emittedErrors).toEqual([]);
	}, 20_000);

	test('who publishes is told what is wrong; when n8n starts, it keeps trying', async () => {
		await start();
		pbx.faults.next({ path: /Trunks/, status: 403 });
		await expect(publish({ events: ['trunkOffline'] })).rejects.toMatchObject({
			message: expect.stringMatching(/^The API client may not do this/) as string,
		});
		await pbx.down();
		const starting = publish({ events: ['trunkOffline'] }, { mode: 'init' });
		await pbx.up();
		await starting;
		await looks(2, /Trunks/);
		pbx.store.update('Trunks', pbx.store.rows('Trunks')[0]!, { IsOnline: false });
		expect(await next(1)).toHaveLength(1);
	}, 20_000);

	test('ends with the workflow', async () => {
		await start();
		const { close } = await publish({ events: ['trunkOffline'] });
		await looks(1, /Trunks/);
		await close();
		const before = pbx.requests.length;
		// A second trigger shows that time has gone by.
		await publish({ events: ['sbcDisconnected'] });
		await looks(5, /Sbcs/);
		expect(pbx.requests.slice(before).filter(({ path }) => path.includes('Trunks'))).toEqual([]);
	});

	test.each<[string, INodeParameters, RegExp]>([
		['no event', { events: [] }, /No event is chosen/],
		['an unknown one', { events: ['coffeeReady'] }, /no event "coffeeReady"/],
		['no extension', { events: ['extensionUnregistered'] }, /No extension to watch/],
	])('refuses %s', async (_, parameters, message) => {
		await start();
		await expect(publish(parameters)).rejects.toThrow(message);
	});

	test('a test in the editor shows the present state', async () => {
		await start();
		const manual = async (parameters: INodeParameters) => {
			const { run } = testManually({ type: Impatient, credentials: credentials(), parameters });
			const { data } = await run;
			const { error } = data.resultData;
			if (error) throw error;
			const [output] = data.resultData.runData['3CX Trigger']!;
			return output!.data!.main![0]!.map(({ json }) => json);
		};
		expect(await manual({ events: ['trunkOffline', 'queueThresholdPassed'] })).toMatchObject([
			{ event: 'trunkOffline', number: '10000', after: 'online', sample: true },
			{ event: 'queueThresholdPassed', queue: '800', after: { waiting: 0 } },
			{ event: 'queueThresholdPassed', queue: '801' },
			{ event: 'queueThresholdPassed', queue: '802' },
		]);
		await expect(manual({ events: ['addressBlocked'] })).rejects.toMatchObject({
			message: 'The PBX has nothing to show for these events',
		});
	});

	test('a PBX with a name that is none of ours', async () => {
		await start();
		pbx.store.insert('Trunks', { Id: 9_002, Number: '__proto__', IsOnline: true });
		await publish({ events: ['trunkOffline'] });
		pbx.store.update('Trunks', pbx.store.find('Trunks', 'Number', '__proto__')!, {
			IsOnline: false,
		});
		expect(await next(1)).toMatchObject([{ number: '__proto__', after: 'offline' }]);
		expect(MAX_SUBJECTS).toBe(5_000);
	});

	test('lists extensions and queues', async () => {
		await start();
		const { loadOptions } = new ThreeCxSystemTrigger().methods;
		const context = loadOptionsContext({}, credentials());
		expect(await loadOptions.getQueues.call(context)).toContainEqual({
			name: '801 Emergencies',
			value: '801',
		});
		expect(await loadOptions.getExtensions.call(context)).toContainEqual({
			name: '100 Amelia Hartley',
			value: '100',
		});
	});
});
