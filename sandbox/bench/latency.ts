import { setTimeout as sleep } from 'node:timers/promises';
import type { Workflow } from '../playground/api';
import type { Bench } from './bench';
import { LISTENERS, type RungCall } from './pbx';
import { RawClient } from './raw';
import { median, percentile, rotated, rounded } from './statistics';
import { MEASURED, bareListener, entityOf, ourCredential, ourListener } from './workflows';

/** p95 of ours by p95 of a trigger that only emits, at so many events a second. */
export interface Latency {
	ratio_p95_5: number;
	ratio_p95_20: number;
}

type Who = 'ours' | 'bare';
const WHO: readonly Who[] = ['ours', 'bare'];

/** ms within which the executions of a round have to end. */
const ROUND_MS = 60_000;

/**
 * From the moment a frame is sent until the start of the execution that it causes. Both triggers are loaded into the
 * same n8n and listen to an extension of their own, which they hear nobody else's frames of.
 */
export async function measureLatency(bench: Bench): Promise<Latency> {
	const { n8n, scale } = bench;
	await n8n.start();
	const { workflows, close } = await publishListeners(bench);
	try {
		const ratios: number[] = [];
		for (const perSecond of [5, 20] as const) {
			const p95: Record<Who, number[]> = { ours: [], bare: [] };
			for (let round = 0; round < scale.rounds; round++) {
				for (const who of rotated(WHO, round)) {
					const count = scale.events[perSecond];
					const delays = await oneRound(bench, who, workflows[who].id, { count, perSecond });
					const [p50, high] = [percentile(delays, 0.5), percentile(delays, 0.95)];
					p95[who].push(high);
					bench.say(
						`  latency ${who} at ${perSecond}/s: p50 ${rounded(p50, 1)} ms, p95 ${rounded(high, 1)} ms`,
					);
				}
			}
			ratios.push(rounded(median(p95.ours) / median(p95.bare), 2));
		}
		const [ratio_p95_5 = NaN, ratio_p95_20 = NaN] = ratios;
		return { ratio_p95_5, ratio_p95_20 };
	} finally {
		for (const { id } of Object.values(workflows)) await n8n.api.unpublish(id);
		await close();
	}
}

async function publishListeners({ n8n, description }: Bench) {
	const { api } = n8n;
	const { type, data } = ourCredential(description, 'near', LISTENERS.ours.clientId);
	const credential = await api.saveCredential(LISTENERS.ours.clientId, type, data);
	const { near } = description.urls;
	const client = new RawClient(near, 1);
	const token = await client.logIn(LISTENERS.bare.clientId, description.clientSecret);
	const workflows: Record<Who, Workflow> = {
		ours: await api.saveWorkflow(ourListener('latency ours', credential)),
		bare: await api.saveWorkflow(bareListener('latency bare', near, token)),
	};
	await api.publish(workflows.ours);
	await api.publish(workflows.bare);
	return { workflows, close: async () => await client.close() };
}

/** @returns ms of each event */
async function oneRound(
	{ n8n, pbx }: Bench,
	who: Who,
	workflowId: string,
	pace: { count: number; perSecond: number },
): Promise<number[]> {
	const { api } = n8n;
	const before = await api.countSucceeded(workflowId);
	const rung = await pbx.tell('ring', { dn: LISTENERS[who].dn, ...pace });
	const deadline = Date.now() + ROUND_MS;
	while ((await api.countSucceeded(workflowId)) < before + rung.length && Date.now() < deadline) {
		await sleep(250);
	}
	const executions = await api.latest(workflowId, (await api.countSucceeded(workflowId)) - before);
	const delays: number[] = [];
	for (const { id, startedAt } of executions) {
		const [item = {}] = (await api.execution(id)).items(MEASURED);
		delays.push(Date.parse(startedAt) - sentAt(rung, entityOf[who](item)));
	}
	if (delays.length === rung.length) return delays;
	throw new Error(`${who}: ${rung.length} frames made ${delays.length} executions`);
}

function sentAt(rung: readonly RungCall[], wanted: string): number {
	const call = rung.find(({ entity }) => entity === wanted);
	if (!call) throw new Error(`An execution is about ${wanted}, which has not rung in this round`);
	return call.at;
}
