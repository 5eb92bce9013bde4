import { startPbx, type Pbx } from '../../sandbox/pbx';
import type { Workflow } from '../../sandbox/playground/api';
import { until } from '../callcontrolnode/node';
import type { TestServer } from '../support/httpServer';
import {
	CREDENTIAL_TYPE,
	openN8n,
	startReceiver,
	telling,
	testOfOwnN8n,
	type TestedN8n,
} from './support';

/**
 * What becomes of calls while n8n stops, is killed, publishes again, or the PBX is away: the end of each call starts one
 * execution, and no second one (`docs/delivery.md`). Each caller has a number of its own, so that an end that is told from
 * the call log is known as that of the same call.
 */

/** How long the end of a call may take that only the call log knows, in ms: three minutes and an execution. */
const TOLD_MS = 240_000;

/** Milliseconds that a test may take: n8n starts again, and the call log is asked in its own time. */
const TEST_MS = TOLD_MS + 120_000;

/** Extensions of the sandbox that have phones. */
const EXTENSIONS = ['100', '101', '102', '103', '104', '105', '106', '107'];

/** What an execution has sent on. */
interface Told {
	listener: string;
	event: string;
	from: string;
}

interface Call {
	callid: number;
	from: string;
}

let n8n: TestedN8n;
let receiver: TestServer;
let pbx: Pbx;
let credential: { id: string; name: string };
/** The workflows that listen, each of which has to be told of every call. */
let listeners: Workflow[];
/** How often an execution of which listener has said that the call of this number has ended. */

const ends = new Map<string, number>();
/** Callers of whom an execution has said that they ring. */
const rung = new Set<string>();
/** Callers of all tests. What is told twice may be so minutes later. */
const callers: string[] = [];
const expected: string[] = [];

beforeAll(async () => {
	receiver = await startReceiver<Told>(({ listener, event, from }) => {
		const key = `${listener} ${from}`;
		if (event === 'callEnded') ends.set(key, (ends.get(key) ?? 0) + 1);
		else rung.add(from);
	});
	n8n = await openN8n();
}, 330_000);

afterAll(async () => {
	await n8n?.close();
	await receiver?.close();
}, 60_000);

beforeEach(async () => {
	pbx = await startPbx({ seedCallLogRows: 0, calls: { ringTimeoutMs: 3_600_000 } });
	credential = await save(pbx.url);
	listeners = [];
});

afterEach(async () => {
	for (const { id } of listeners) await n8n.api.unpublish(id).catch(() => undefined);
	await pbx.close();
}, 60_000);

const save = async (pbxUrl: string) =>
	await n8n.api.saveCredential(`PBX of ${pbx.url}`, CREDENTIAL_TYPE, {
		pbxUrl,
		clientId: pbx.defaultClient.clientId,
		clientSecret: pbx.defaultClient.clientSecret,
	});

/** A workflow that tells the receiver of each end; saved again under its name it has other parameters. */
const draft = (name: string, parameters: object = {}) =>
	telling(`${name} of ${pbx.url}`, {
		trigger: {
			name: 'Call',
			type: 'n8n-nodes-threecx.threeCxTrigger',
			parameters: { events: ['callRinging', 'callEnded'], ...parameters },
			credentials: { [CREDENTIAL_TYPE]: credential },
		},
		origin: receiver.origin,
		body: `{ listener: '${name} of ${pbx.url}', event: $json.event, from: $json.number }`,
	});

async function listen(...names: string[]): Promise<void> {
	for (const name of names) {
		const workflow = await n8n.api.saveWorkflow(draft(name));
		await n8n.api.publish(workflow);
		listeners.push(workflow);
	}
}

/** So many callers ring; every second one is answered. */
const ring = (count: number): Call[] =>
	Array.from({ length: count }, (_, index) => {
		const from = `+4416329${String(60_000 + callers.length)}`;
		callers.push(from);
		const to = EXTENSIONS[index % EXTENSIONS.length]!;
		const callid = pbx.calls.incoming({ from, to });
		if (index % 2 === 1) pbx.calls.answer({ callid, dn: to });
		for (const { name } of listeners) expected.push(`${name} ${from}`);
		return { callid, from };
	});

/** Waits until it is known that they ring: a call that is over before it can be looked at is in the call log only. */
async function heard(calls: readonly Call[]): Promise<Call[]> {
	const isKnown = () => calls.every(({ from }) => rung.has(from));
	await until(isKnown, 'the calls to be known', 60_000);
	return [...calls];
}

const hangUp = (calls: readonly Call[]) =>
	calls.forEach(({ callid }) => pbx.calls.hangUp({ callid }));

/** Waits until the ends of all calls have been told. */
async function allTold(): Promise<void> {
	const missing = () => expected.filter((key) => !ends.has(key));
	await until(() => missing().length === 0, 'all ends', TOLD_MS).catch(() => {
		throw new Error(`Not told: ${missing().join(', ')}; n8n says:\n${n8n.logTail()}`);
	});
}

describe.each([
	['stopped', async () => await n8n.stop()],
	['killed', async () => await n8n.kill()],
])('n8n is %s in the middle of twenty calls', (_, end) => {
	testOfOwnN8n(
		'and each of them ends once, also those that came and went meanwhile',
		async () => {
			await listen('A');
			const calls = ring(20);
			hangUp(calls.slice(0, 6));
			await end();
			hangUp(calls.slice(6, 12));
			hangUp(ring(3));
			const later = ring(2);
			await n8n.start();
			hangUp(calls.slice(12));
			hangUp(later);
			await allTold();
		},
		TEST_MS,
	);
});

testOfOwnN8n(
	'the PBX is away while n8n starts',
	async () => {
		await listen('A');
		const calls = ring(6);
		await n8n.stop();
		await pbx.down();
		await n8n.start();
		hangUp(calls.slice(0, 3));
		hangUp(ring(2));
		await pbx.up();
		hangUp(calls.slice(3));
		await allTold();
	},
	TEST_MS,
);

test(
	'the workflow is published again with other parameters while calls go on',
	async () => {
		await listen('A');
		const calls = ring(6);
		hangUp(calls.slice(0, 2));
		const edited = await n8n.api.saveWorkflow(draft('A', { options: { executionsInFlight: 3 } }));
		await n8n.api.publish(edited);
		hangUp(calls.slice(2));
		hangUp(ring(2));
		await allTold();
	},
	TEST_MS,
);

test(
	'two workflows listen, and one is published while calls go on',
	async () => {
		await listen('A');
		const calls = await heard(ring(4));
		await listen('B');
		// B was not there when they began; it is told of their ends.
		for (const { from } of calls) expected.push(`B of ${pbx.url} ${from}`);
		hangUp(calls);
		hangUp(await heard(ring(4)));
		await allTold();
	},
	TEST_MS,
);

test(
	'the address in the credential is written otherwise while calls go on',
	async () => {
		await listen('A');
		const calls = await heard(ring(4));
		await save(pbx.url.replace('127.0.0.1', 'localhost'));
		hangUp(calls.slice(0, 2));
		await n8n.api.publish(await n8n.api.saveWorkflow(draft('A')));
		hangUp(calls.slice(2));
		hangUp(await heard(ring(2)));
		await allTold();
	},
	TEST_MS,
);

test('nothing was told twice, then or later', () => {
	expect(expected.length).toBeGreaterThan(0);
	expect(Object.fromEntries(ends)).toEqual(Object.fromEntries(expected.map((key) => [key, 1])));
});
