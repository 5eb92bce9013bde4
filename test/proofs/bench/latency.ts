import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import type { Workflow } from '../../../sandbox/playground/api';
import type { Bench } from './bench';
import { LISTENERS, type RungCall } from './pbx';
import { RawClient } from './raw';
import { median, percentile, rotated, rounded } from './statistics';
import { MEASURED, bareListener, entityOf, ourCredential, ourListener } from './workflows';

/** ms from a frame until it is noticed; medians of the rounds. */
export interface Delays {
	p50: number;
	p95: number;
}

/**
 * Who notices: our trigger, one that only emits, and one that reads the state of the leg first, which 3CX does not send
 * with the frame (`limit`: the least that a trigger needs to tell who is calling), by the start of the execution; a
 * client outside n8n, by the frame (`plain`), or by that state (`read`).
 */
type Who = 'ours' | 'bare' | 'limit' | 'plain' | 'read';
const TRIGGERS = ['ours', 'limit', 'bare'] as const;
/** What is there for comparison only is measured in the first round. */
const WHO: readonly Who[] = [...TRIGGERS, 'plain', 'read'];

/** p95 of ours by p95 of the two other triggers, and everyone's delays, at so many events a second. */
export interface Latency {
	ratio_p95_5: number;
	ratio_p95_20: number;
	ratio_vs_limit_5: number;
	ratio_vs_limit_20: number;
	at_5: Record<Who, Delays>;
	at_20: Record<Who, Delays>;
}

/** ms within which the executions of a round have to end. */
const ROUND_MS = 60_000;

/** Lets phones of its own ring and tells the delay of each event, in ms. */
type Listener = (pace: { count: number; perSecond: number }) => Promise<number[]>;

/**
 * From the moment a frame is sent until the start of the execution that it causes. The triggers are loaded into the
 * same n8n and listen to an extension of their own, which they hear nobody else's frames of; so does the plain client.
 */
export async function measureLatency(bench: Bench): Promise<Latency> {
	await bench.n8n.start();
	const { listeners, close } = await startListeners(bench);
	try {
		const at = async (perSecond: 5 | 20) => await delaysAt(bench, listeners, perSecond);
		const [at_5, at_20] = [await at(5), await at(20)];
		const ratio = (delays: Record<Who, Delays>, to: 'bare' | 'limit') =>
			rounded(delays.ours.p95 / delays[to].p95, 2);
		return {
			ratio_p95_5: ratio(at_5, 'bare'),
			ratio_p95_20: ratio(at_20, 'bare'),
			ratio_vs_limit_5: ratio(at_5, 'limit'),
			ratio_vs_limit_20: ratio(at_20, 'limit'),
			at_5,
			at_20,
		};
	} finally {
		await close();
	}
}

async function delaysAt(
	{ scale, say }: Bench,
	listeners: Record<Who, Listener>,
	perSecond: 5 | 20,
): Promise<Record<Who, Delays>> {
	const rounds: Record<Who, Delays[]> = {
		ours: [],
		bare: [],
		limit: [],
		plain: [],
		read: [],
	};
	for (let round = 0; round < scale.rounds; round++) {
		for (const who of rotated<Who>(round === 0 ? WHO : TRIGGERS, round)) {
			const delays = await listeners[who]({ count: scale.events[perSecond], perSecond });
			const [p50, p95] = [percentile(delays, 0.5), percentile(delays, 0.95)];
			rounds[who].push({ p50, p95 });
			say(
				`  latency ${who} at ${perSecond}/s: p50 ${rounded(p50, 1)} ms, p95 ${rounded(p95, 1)} ms`,
			);
		}
	}
	const medians = (who: Who): Delays => ({
		p50: rounded(median(rounds[who].map(({ p50 }) => p50)), 1),
		p95: rounded(median(rounds[who].map(({ p95 }) => p95)), 1),
	});
	return Object.fromEntries(WHO.map((who) => [who, medians(who)])) as Record<Who, Delays>;
}

async function startListeners(bench: Bench) {
	const { n8n, description } = bench;
	const { api } = n8n;
	const { near } = description.urls;
	const credentialOf = async (who: (typeof TRIGGERS)[number]) => {
		const { clientId } = LISTENERS[who];
		const { type, data } = ourCredential(description, 'near', clientId);
		return await api.saveCredential(clientId, type, data);
	};
	const client = new RawClient(near, 1);
	const tokenOf = async (who: 'bare' | 'limit' | 'plain') =>
		await client.logIn(LISTENERS[who].clientId, description.clientSecret);
	const workflows = {
		ours: await api.saveWorkflow(ourListener('latency ours', await credentialOf('ours'))),
		bare: await api.saveWorkflow(
			bareListener('latency bare', await credentialOf('bare'), {
				url: near,
				token: await tokenOf('bare'),
			}),
		),
		limit: await api.saveWorkflow(
			bareListener('latency limit', await credentialOf('limit'), {
				url: near,
				token: await tokenOf('limit'),
				read: true,
			}),
		),
	};
	await api.publish(workflows.ours);
	await api.publish(workflows.bare);
	await api.publish(workflows.limit);
	const outside = await outsideListeners(bench, client, await tokenOf('plain'));
	return {
		listeners: {
			ours: executionsOf(bench, 'ours', workflows.ours),
			bare: executionsOf(bench, 'bare', workflows.bare),
			limit: executionsOf(bench, 'limit', workflows.limit),
			...outside.listeners,
		} satisfies Record<Who, Listener>,
		close: async () => {
			for (const { id } of Object.values(workflows)) await api.unpublish(id);
			outside.close();
			await client.close();
		},
	};
}

/** What any program can do: a socket without n8n around it. Its delay is the way, and our clocks. */
async function outsideListeners(
	{ pbx, description }: Bench,
	client: RawClient,
	token: string,
): Promise<{ listeners: Record<'plain' | 'read', Listener>; close(): void }> {
	const heard = new Map<string, number>();
	const read = new Map<string, number>();
	let isReading = false;
	const socket = new WebSocket(`${description.urls.near.replace(/^http/, 'ws')}/callcontrol/ws`, {
		headers: { authorization: `Bearer ${token}` },
		rejectUnauthorized: false,
	});
	socket.on('message', (frame: Buffer) => {
		const at = Date.now();
		const { event } = JSON.parse(frame.toString()) as { event: { entity: string } };
		const { entity } = event;
		if (heard.has(entity)) return;
		heard.set(entity, at);
		if (!isReading) return;
		void client.all([{ method: 'GET', path: entity }]).then(() => read.set(entity, Date.now()));
	});
	await once(socket, 'open');
	const listener =
		(noticed: Map<string, number>, reads: boolean): Listener =>
		async (pace) => {
			isReading = reads;
			const rung = await pbx.tell('ring', { dn: LISTENERS.plain.dn, ...pace });
			const deadline = Date.now() + ROUND_MS;
			while (rung.some(({ entity }) => !noticed.has(entity)) && Date.now() < deadline)
				await sleep(10);
			return rung.map(({ entity, at }) => (noticed.get(entity) ?? NaN) - at);
		};
	return {
		listeners: { plain: listener(heard, false), read: listener(read, true) },
		close: () => socket.terminate(),
	};
}

/** Reads the delays from the executions that n8n has started. */
function executionsOf(
	{ n8n, pbx }: Bench,
	who: (typeof TRIGGERS)[number],
	{ id }: Workflow,
): Listener {
	return async (pace) => {
		const { api } = n8n;
		const before = await api.countSucceeded(id);
		const rung = await pbx.tell('ring', { dn: LISTENERS[who].dn, ...pace });
		const deadline = Date.now() + ROUND_MS;
		while ((await api.countSucceeded(id)) < before + rung.length && Date.now() < deadline) {
			await sleep(250);
		}
		const executions = await api.latest(id, (await api.countSucceeded(id)) - before);
		const delays: number[] = [];
		for (const execution of executions) {
			const [item = {}] = (await api.execution(execution.id)).items(MEASURED);
			delays.push(Date.parse(execution.startedAt) - sentAt(rung, entityOf[who](item)));
		}
		if (delays.length === rung.length) return delays;
		throw new Error(`${who}: ${rung.length} frames made ${delays.length} executions`);
	};
}

function sentAt(rung: readonly RungCall[], wanted: string): number {
	const call = rung.find(({ entity }) => entity === wanted);
	if (!call) throw new Error(`An execution is about ${wanted}, which has not rung in this round`);
	return call.at;
}
