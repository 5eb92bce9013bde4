import { setTimeout as sleep } from 'node:timers/promises';
import { accessOf, type Bench } from './bench';
import { LISTENERS, clientIdOf } from './pbx';
import { RawClient } from './raw';
import { median, percentile, rotated, rounded } from './statistics';
import { OURS, manual } from './workflows';

/** ms that Call Control takes beside a job. */
interface BesideJob {
	p50: number;
	p95: number;
	/** Items a second of the job. */
	job: number;
}

/** Call Control beside a long job, on a PBX that gets slower as requests queue. */
export interface Calls {
	fixed_4: BesideJob;
	automatic: BesideJob;
	ratio_p50: number;
	ratio_p95: number;
	/** How much quicker the job is with the automatic number. */
	job_ratio: number;
}

/** A PBX that works on so many requests at a time. */
const LOAD = { workers: 8, serviceMs: 25 };

/** ms between two requests of Call Control. */
const PACE_MS = 20;

/** The job has so many times the items of the others, so that there are enough calls beside it. */
const TIMES = 4;

const WHO = ['fixed_4', 'automatic'] as const;

/**
 * Another program asks for the calls of an extension again and again, over a connection of its own, while n8n reads
 * users one by one: with 4 in flight, and with the automatic number. What counts is asked between the first and the last
 * request of the job.
 */
export async function measureCalls(bench: Bench): Promise<Calls> {
	const { n8n, pbx, scale, description, say } = bench;
	await n8n.up();
	const access = await accessOf(bench, 'ours', 'near');
	const { userIds } = description;
	const items = Array.from({ length: scale.items * TIMES }, (_, index) => ({
		Id: userIds[index % userIds.length],
	}));
	const save = async (name: string, inFlight?: number) =>
		await n8n.save(manual(`calls ${name}`, [OURS.get(access, inFlight)], { items }));
	const workflows = { fixed_4: await save('4', 4), automatic: await save('automatic') };
	const client = new RawClient(description.urls.near, 1);
	const { clientId, dn } = LISTENERS.plain;
	await client.logIn(clientId, description.clientSecret);
	const rounds: Record<(typeof WHO)[number], BesideJob[]> = { fixed_4: [], automatic: [] };
	try {
		await n8n.api.measure(workflows.automatic);
		await pbx.tell('setLoad', LOAD);
		for (let round = 0; round < scale.rounds; round++) {
			for (const who of rotated(WHO, round)) {
				await pbx.tell('mark');
				const calls: Array<{ at: number; ms: number }> = [];
				let isOver = false;
				const asking = (async () => {
					while (!isOver) {
						const at = Date.now();
						calls.push({
							at,
							ms: await client.all([{ method: 'GET', path: `/callcontrol/${dn}` }]),
						});
						await sleep(PACE_MS);
					}
				})();
				const { ms } = await n8n.api.measure(workflows[who]).finally(() => (isOver = true));
				await asking;
				const { from, to } = await pbx.tell('workedFor', clientIdOf('ours', 'near'));
				const beside = calls.filter(({ at }) => at >= from && at <= to).map((call) => call.ms);
				const [p50, p95] = [percentile(beside, 0.5), percentile(beside, 0.95)];
				rounds[who].push({ p50, p95, job: (items.length / ms) * 1000 });
				say(
					`  calls beside ${who}: ${beside.length}, p50 ${rounded(p50, 1)} ms, p95 ${rounded(p95, 1)} ms; job ${Math.round(ms)} ms`,
				);
			}
		}
	} finally {
		await pbx.tell('setLoad', undefined);
		await client.close();
	}
	const of = (who: (typeof WHO)[number]): BesideJob => ({
		p50: rounded(median(rounds[who].map(({ p50 }) => p50)), 1),
		p95: rounded(median(rounds[who].map(({ p95 }) => p95)), 1),
		job: rounded(median(rounds[who].map(({ job }) => job))),
	});
	const [fixed_4, automatic] = [of('fixed_4'), of('automatic')];
	return {
		fixed_4,
		automatic,
		ratio_p50: rounded(automatic.p50 / fixed_4.p50, 2),
		ratio_p95: rounded(automatic.p95 / fixed_4.p95, 2),
		job_ratio: rounded(automatic.job / fixed_4.job, 2),
	};
}
