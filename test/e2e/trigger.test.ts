import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { INodeParameters } from 'n8n-workflow';
import { canReadMemory, childRunning, peakMegabytes } from '../proofs/bench/rss';
import { startProxy, type FaultProxy } from '../proofs/chaos/proxy';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import type { Workflow } from '../../sandbox/playground/api';
import { Collector } from '../callcontrol/collector';
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
 * The trigger in a real n8n: what it promises depends on n8n's own activation, retries and event loop. Each event that
 * starts the workflow is sent on to a server of this test, so that "delivered" means that an execution has run.
 */

const CALLER = '+441632960123';
/** Calls of the burst. What keeps it in bounds is ours, so fewer do where only the version of n8n differs. */
const BURST = process.env.N8N_VERSION ? 500 : 1_000;

/** How long n8n may take for the executions of the burst, in ms: on a busy machine it does three a second. */
const BURST_MS = 400_000;

/** What an execution has sent on. */
interface Told {
	event: string;
	callId: number;
	extension: string;
	recovered: boolean;
	queueOutcome: string | null;
	takenBy: string | null;
	agents: string[];
	granularity: string;
}

let n8n: TestedN8n;
let receiver: TestServer;
let told: Collector<Told>;
let pbx: Pbx;
/** Between n8n and the PBX, to count sockets from outside. */
let proxy: FaultProxy;
/** How often n8n has asked for a socket, in vain or not. */
let tries: number;
let credential: { id: string; name: string };
let workflow: Workflow;

beforeAll(async () => {
	receiver = await startReceiver<Told>((each) => told.push(each));
	n8n = await openN8n();
}, 330_000);

afterAll(async () => {
	await n8n?.close();
	await receiver?.close();
}, 60_000);

beforeEach(async () => {
	told = new Collector();
	pbx = await startPbx({ seedCallLogRows: 0, calls: { ringTimeoutMs: 600_000 } });
	proxy = await startProxy(pbx.url);
	tries = 0;
	proxy.fateOfRequest = (_, path) => {
		if (path.startsWith('/callcontrol/ws')) tries += 1;
		return {};
	};
	const { clientId, clientSecret } = pbx.defaultClient;
	credential = await n8n.api.saveCredential(proxy.url, CREDENTIAL_TYPE, {
		pbxUrl: proxy.url,
		clientId,
		clientSecret,
	});
	workflow = await n8n.api.saveWorkflow(workflowWith(EVENTS));
	await n8n.api.publish(workflow);
}, 60_000);

afterEach(async () => {
	await n8n.api.unpublish(workflow.id).catch(() => undefined);
	await proxy.close();
	await pbx.close();
}, 60_000);

const EVENTS = {
	events: ['callRinging', 'callEnded', 'callerEnteredQueue', 'callerLeftQueue'],
};

const workflowWith = (parameters: INodeParameters) =>
	telling(`Listens to ${credential.name}`, {
		trigger: {
			name: 'Call',
			type: 'n8n-nodes-threecx.threeCxTrigger',
			parameters,
			credentials: { [CREDENTIAL_TYPE]: credential },
		},
		origin: receiver.origin,
		body: '{ event: $json.event, callId: $json.callId, extension: $json.extension, recovered: $json.recovered, queueOutcome: $json.queueOutcome, takenBy: $json.takenBy, agents: $json.agents, granularity: $json.granularity }',
	});

const arrival = async (event: string, callId: number, ms = 30_000) =>
	await told.first(
		(each) => each.event === event && each.callId === callId,
		`${event} of call ${callId}; n8n says:\n${n8n.logTail()}`,
		0,
		ms,
	);
const call = () => pbx.calls.incoming({ from: CALLER, to: '100' });
const times = (callId: number, event: string) =>
	told.items.filter((each) => each.callId === callId && each.event === event).length;

/** Waits until n8n has its socket (again). */
const linked = async (ms = 30_000) => {
	await until(() => proxy.open > 0, `a socket:\n${n8n.logTail()}`, ms);
};

/** Another program with the same client ID mints a token: 3CX ends ours, and the socket with it. */
const killToken = async () => {
	const { clientId, clientSecret } = pbx.defaultClient;
	await fetch(`${pbx.url}/connect/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: clientId,
			client_secret: clientSecret,
			grant_type: 'client_credentials',
		}),
	});
};

test('starts the workflow, and comes back by itself after a dropped socket and a killed token', async () => {
	const first = call();
	expect(await arrival('callRinging', first)).toMatchObject({ extension: '100' });

	// The credential is read again for each try, long after trigger() has returned.
	proxy.dropSockets();
	const second = call();
	await arrival('callRinging', second);

	const minted = pbx.mints[pbx.defaultClient.clientId]!;
	await killToken();
	const third = call();
	await arrival('callRinging', third);
	expect(pbx.mints[pbx.defaultClient.clientId]).toBe(minted + 2); // theirs and one of ours

	for (const callId of [first, second, third]) expect(times(callId, 'callRinging')).toBe(1);
	expect(proxy.open).toBe(1);
	expect(n8n.logTail()).not.toMatch(/No bridge acquired/);
}, 60_000);

test('tells when a caller enters a queue, and whether an agent took the call or the caller gave up', async () => {
	const inQueue = async () => {
		const callId = pbx.calls.incoming({ from: CALLER, to: '800' });
		await arrival('callerEnteredQueue', callId);
		return callId;
	};
	const taken = await inQueue();
	pbx.calls.answer({ callid: taken, dn: '105' });
	expect(await arrival('callerLeftQueue', taken)).toMatchObject({
		extension: '800',
		queueOutcome: 'answered',
		takenBy: '105',
		agents: expect.arrayContaining(['105']),
	});
	const lost = await inQueue();
	pbx.calls.hangUp({ callid: lost });
	expect(await arrival('callerLeftQueue', lost)).toMatchObject({
		queueOutcome: 'abandoned',
		takenBy: null,
	});
	await arrival('callEnded', lost);
	for (const callId of [taken, lost]) expect(times(callId, 'callerLeftQueue')).toBe(1);
}, 60_000);

test('tells each phone that rings and each call once, with one trigger', async () => {
	await n8n.api.unpublish(workflow.id);
	const other = await n8n.api.saveWorkflow(
		workflowWith({
			events: ['callRinging', 'callEnded'],
			options: { perPhone: ['callRinging'] },
		}),
	);
	await n8n.api.publish(other);
	try {
		const callId = pbx.calls.incoming({ from: CALLER, to: '800' });
		const phones = () => times(callId, 'callRinging');
		await until(() => phones() === 4, `four phones that ring:\n${n8n.logTail()}`, 30_000);
		pbx.calls.answer({ callid: callId, dn: '105' });
		pbx.calls.hangUp({ callid: callId });
		expect(await arrival('callEnded', callId)).toMatchObject({ granularity: 'call' });
		expect({ phones: phones(), records: times(callId, 'callEnded') }).toEqual({
			phones: 4,
			records: 1,
		});
	} finally {
		await n8n.api.unpublish(other.id);
	}
}, 60_000);

test('a PBX that is away longer than n8n has patience: one registration, one socket', async () => {
	const before = call();
	await arrival('callRinging', before);
	const seen = tries;
	await pbx.down();
	pbx.calls.hangUp({ callid: before });
	const missed = call();
	// A trigger that reports an error is started again by n8n five times, and then never again.
	await until(() => tries >= seen + 6, `6 tries in vain:\n${n8n.logTail()}`, 90_000);
	await pbx.up();
	// The wait between two tries has grown to 32 s at most.
	expect(await arrival('callRinging', missed, 60_000)).toMatchObject({ recovered: true });
	expect(await arrival('callEnded', before)).toMatchObject({ recovered: true });
	const after = call();
	await arrival('callRinging', after);
	expect(times(after, 'callRinging')).toBe(1);
	expect(proxy.open).toBe(1);
	expect(await n8n.api.publicationStatus(workflow.id)).toMatchObject({ status: 'published' });
}, 150_000);

testOfOwnN8n(
	'n8n restarted while the PBX is down comes up, and connects when the PBX is back',
	async () => {
		await pbx.down();
		await n8n.stop();
		await n8n.start();
		expect(proxy.open).toBe(0);
		await pbx.up();
		await linked(75_000);
		const callId = call();
		await arrival('callRinging', callId);
		expect(times(callId, 'callRinging')).toBe(1);
		expect(proxy.open).toBe(1);
	},
	180_000,
);

test('unpublished during an outage, nothing is left', async () => {
	await linked();
	const seen = tries;
	await pbx.down();
	await until(() => tries > seen, 'a try in vain');
	await n8n.api.unpublish(workflow.id);
	const opens = proxy.opens;
	const asked: string[] = [];
	proxy.on('answered', ({ path }) => asked.push(path));
	await pbx.up();
	// Nothing tells of what does not happen: this is twice the longest wait after a second try in vain.
	await delay(4_000);
	expect({ open: proxy.open, opens: proxy.opens, asked }).toEqual({ open: 0, opens, asked: [] });
}, 60_000);

test(
	`a burst of ${BURST} events within a second is delivered whole, and n8n stays responsive`,
	async () => {
		await linked();
		let slowest = 0;
		let isOver = false;
		const watching = (async () => {
			while (!isOver) {
				const asked = performance.now();
				// A connection of its own: one that is kept may be closed while this machine is busy.
				await fetch(`${n8n.api.baseUrl}/healthz`, { headers: { connection: 'close' } });
				slowest = Math.max(slowest, performance.now() - asked);
				await delay(100);
			}
		})();
		const startedAt = performance.now();
		let playedMs = 0;
		const play = async () => {
			const calls = Array.from({ length: BURST }, call);
			playedMs = performance.now() - startedAt;
			await told.first(() => told.items.length >= calls.length, 'all executions', 0, BURST_MS);
			return calls;
		};
		const { result: calls, grown } = await growth(play);
		isOver = true;
		await watching;
		const seconds = (performance.now() - startedAt) / 1000;
		process.stdout.write(
			`burst: ${BURST} calls in ${Math.round(playedMs)} ms, delivered in ${seconds.toFixed(1)} s; ` +
				`/healthz at most ${Math.round(slowest)} ms; memory +${grown} MB\n`,
		);
		expect(new Set(told.items.map(({ callId }) => callId)).size).toBe(calls.length);
		expect(told.items).toHaveLength(calls.length);
		// Older versions of n8n take longer, and so does a busy machine; stopped is what it must not be.
		expect(slowest).toBeLessThan(3_000);
		expect(grown).toBeLessThan(1_500);
	},
	BURST_MS + 60_000,
);

/** How much resident memory n8n and all that it started take at most on top of what they have now, in MB; 0 without /proc. */
async function growth<T>(work: () => Promise<T>): Promise<{ result: T; grown: number }> {
	const root = canReadMemory() ? childRunning(join('n8n', 'bin', 'n8n')) : undefined;
	if (root === undefined) return { result: await work(), grown: 0 };
	const { peak: before } = await peakMegabytes(root, async () => await Promise.resolve());
	const { result, peak } = await peakMegabytes(root, work);
	return { result, grown: Math.round(peak - before) };
}
