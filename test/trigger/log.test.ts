import type { IDataObject, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { listen } from '../../nodes/ThreeCxTrigger/listen';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx } from '../../sandbox/pbx';
import { Collector } from '../callcontrol/collector';
import { QUICK, quietPbx } from '../callcontrol/link';
import { Scripted } from '../callcontrol/scripted';
import { CredentialStore } from '../support/n8n';
import { activate, type Emitted, type TriggerOptions } from '../support/triggerHarness';

/** What a published trigger writes into the log of n8n, and what not. */

const CALLER = '+441632960123';

let pbx: Pbx;
let emitted: Collector<Emitted>;
/** The log, each line with its level. */
let lines: Collector<string>;
const closers: Array<() => Promise<void>> = [];

/** The trigger with a log of its own, and with other things of n8n's where they are given. */
const logging = (more: PropertyDescriptorMap = {}) =>
	class extends ThreeCxTrigger {
		override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
			const logger = Object.fromEntries(
				['debug', 'info', 'warn', 'error'].map((level) => [
					level,
					(text: string) => lines.push(`${level}: ${text}`),
				]),
			);
			const context = Object.create(this, {
				logger: { value: logger },
				...more,
			}) as ITriggerFunctions;
			return await listen(context, { timing: { ...QUICK, pingMs: 5_000, pongMs: 5_000 } });
		}
	};

const publish = async (
	more: Partial<TriggerOptions> = {},
	mode: 'activate' | 'init' = 'activate',
) => {
	const { clientId, clientSecret } = pbx.defaultClient;
	const { response } = await activate(
		{
			type: logging(),
			credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
			onEmit: emitted.push,
			...more,
			parameters: {
				events: ['callRinging', 'connectionLost', 'connectionRestored'],
				...more.parameters,
			},
		},
		mode,
	);
	const close = async () => await response.closeFunction?.();
	closers.push(close);
	return close;
};

const told = async (event: string, times = 1) => {
	const all = () => emitted.items.flatMap(({ items }) => items.map(({ json }) => json.event));
	const isEnough = () => all().filter((each) => each === event).length >= times;
	await emitted.first(isEnough, `${event}, ${times} times`);
};
/** The lines that somebody reads. */
const said = () => lines.items.filter((line) => !line.startsWith('debug'));

beforeEach(async () => {
	[emitted, lines] = [new Collector(), new Collector()];
	pbx = await quietPbx();
	closers.push(async () => await pbx.close());
});

afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
	await closeDispatchers();
});

test('a trigger for which all goes well says nothing', async () => {
	const close = await publish();
	pbx.calls.incoming({ from: CALLER, to: '100' });
	await told('callRinging');
	await close();
	expect(said()).toEqual([]);
});

test('an outage is told when it begins and when it is over', async () => {
	await publish();
	pbx.faults.dropSockets();
	await told('connectionRestored');
	expect(said()).toEqual([
		expect.stringMatching(/^warn: .*not connected, will keep trying\. .+\. .+/),
		expect.stringMatching(/^info: .*connected again after \d s/),
	]);
});

test('what a person is shown who publishes is neither in the log nor an event', async () => {
	await pbx.down();
	await expect(publish()).rejects.toThrow(/refused the connection/);
	expect([said(), emitted.items]).toEqual([[], []]);
});

test('n8n that starts while the PBX is away is told so', async () => {
	await pbx.down();
	await publish({}, 'init');
	await told('connectionLost');
	expect(said()).toEqual([expect.stringMatching(/^warn: .*refused the connection/)]);
});

test('n8n that starts with a credential that cannot be used is told so; whose calls they would be is not known', async () => {
	const credentials = new CredentialStore({
		pbxUrl: 'ftp://pbx',
		clientId: 'a',
		clientSecret: 'b',
	});
	await publish({ credentials }, 'init');
	await told('connectionLost');
	expect(emitted.items[0]!.items[0]!.json).toMatchObject({ pbx: null });
	expect(said()).toEqual([expect.stringMatching(/^warn: .*Server URL/)]);
});

test('a PBX that cannot be listened to at the start is asked for country and names once it can be', async () => {
	pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
	pbx.faults.next({ path: /callcontrol\/ws/, status: 500, times: 5 });
	await publish({}, 'init');
	await told('connectionLost');
	await told('connectionRestored');
	pbx.calls.incoming({ from: '020 7946 0018', to: '100' });
	await told('callRinging');
	expect(emitted.items.at(-1)!.items[0]!.json).toMatchObject({
		numberE164: '+442079460018',
		extensionName: 'Amelia Hartley',
	});
	const paths = pbx.requests.map(({ path }) => path.replace(/^\/xapi.*/, '/xapi'));
	expect(new Set(paths.filter((path) => /^\/(?:callcontrol|xapi)$/.test(path)))).toEqual(
		new Set(['/callcontrol', '/xapi']),
	);
	expect(paths.indexOf('/xapi')).toBeGreaterThan(paths.indexOf('/callcontrol'));
});

test('a PBX that tells more than can be kept is told once, not for each message', async () => {
	const server = await new Scripted().start();
	closers.push(async () => await server.close());
	let answer: () => void = () => undefined;
	const reading = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
	server.onRequest = ({ path }) => {
		if (path === '/connect/token') return [200, { access_token: 'token', expires_in: 60 }];
		return path === '/callcontrol' ? reading : undefined;
	};
	const { clientId, clientSecret } = pbx.defaultClient;
	const credentials = new CredentialStore({ pbxUrl: server.origin, clientId, clientSecret });
	await publish({ credentials }, 'init');
	await server.sockets.count(1, 'sockets');
	await server.read(1);
	for (let at = 1; at <= 5_002; at++) server.say(at, 4, '/callcontrol');
	await server.arrived();
	expect(said()).toEqual([expect.stringMatching(/^warn: .*more messages .*dropped 1 so far/)]);
	answer();
});

test("n8n's second engine is told once: it does not say when an execution has ended", async () => {
	await publish({
		refuse: ({ isWatched }) =>
			isWatched ? new Error('a trigger that waits for its execution to finish') : undefined,
	});
	for (const to of ['100', '101', '102']) pbx.calls.incoming({ from: CALLER, to });
	await told('callRinging', 3);
	expect(said()).toEqual([expect.stringMatching(/^warn: .*engine 2\.0/)]);
});

test('another program with the same client ID is told once it has ended three tokens', async () => {
	await publish();
	for (let times = 1; times <= 4; times += 1) {
		pbx.otherLogin();
		pbx.faults.dropSockets();
		await told('connectionRestored', times);
	}
	const warnings = said().filter((line) => /another program seems to use/.test(line));
	expect(warnings).toEqual([expect.stringContaining('warn: ')]);
});

test('what waits when the trigger ends is told', async () => {
	const close = await publish({
		endAtOnce: false,
		parameters: { options: { executionsInFlight: 1 } },
	});
	// Another node, whose executions end, shows what has been understood by now.
	const other = new Collector<Emitted>();
	await publish({ nodeId: 'other', onEmit: other.push });
	for (const to of ['100', '101', '102']) pbx.calls.incoming({ from: CALLER, to });
	await other.count(3, 'executions of the other node');
	await close();
	expect(said()).toEqual([
		expect.stringMatching(/^warn: .*stopped while 2 events waited and 1 executions were under way/),
	]);
});

test('an error in one event is told, and ends neither the trigger nor the events after it', async () => {
	let failures = 1;
	const store = new Proxy({} as IDataObject, {
		set: (target, name, value) => {
			if (failures-- > 0) throw new Error('no place left');
			return Reflect.set(target, name, value);
		},
	});
	await publish({ type: logging({ getWorkflowStaticData: { value: () => store } }) }, 'init');
	pbx.calls.incoming({ from: CALLER, to: '100' });
	await told('callRinging');
	expect(said()).toEqual([
		expect.stringMatching(/^error: .*event could not be processed: no place left/),
	]);
});
