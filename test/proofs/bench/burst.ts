import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench';
import { LISTENERS } from './pbx';
import { peakMegabytes, restingMegabytes } from './rss';
import { rounded } from './statistics';
import { ourCredential, ourListener } from './workflows';

/** Many calls at the same moment. */
export interface Burst {
	/** Frames about a phone that begins to ring. */
	sent: number;
	/** Executions that succeeded. */
	delivered: number;
	rss_growth_mb: number;
	/** The longest that n8n took to say that it is well. */
	healthz_max_ms: number;
}

/** n8n starts about 28 executions a second here; twice the time that this takes, and some. */
const msFor = (events: number) => 60_000 + (events / 28) * 2_000;
/** ms between two questions about n8n's health. */
const HEALTH_MS = 100;
/** ms between two looks at what has been delivered. */
const LOOK_MS = 2_000;

/** One burst in an n8n that has just been started, with our trigger at its default settings. */
export async function measureBurst(bench: Bench): Promise<Burst> {
	const { n8n, pbx, scale, description } = bench;
	await n8n.start();
	const { api } = n8n;
	const { type, data } = ourCredential(description, 'near', LISTENERS.burst.clientId);
	const credential = await api.saveCredential(LISTENERS.burst.clientId, type, data);
	const workflow = await api.saveWorkflow(ourListener('burst', credential));
	await api.publish(workflow);
	const idle = await restingMegabytes(n8n.pid);

	let slowest = 0;
	const probe = new AbortController();
	const probing = (async () => {
		while (!probe.signal.aborted) {
			slowest = Math.max(slowest, await api.healthMs());
			await sleep(HEALTH_MS);
		}
	})();
	const { result, peak } = await peakMegabytes(n8n.pid, async () => {
		const { dn } = LISTENERS.burst;
		const { length: sent } = await pbx.tell('ring', { dn, count: scale.burst, perSecond: 0 });
		const deadline = Date.now() + msFor(sent);
		let delivered = 0;
		while (delivered < sent && Date.now() < deadline) {
			await sleep(LOOK_MS);
			delivered = await api.countSucceeded(workflow.id);
		}
		return { sent, delivered };
	}).finally(async () => {
		probe.abort();
		await probing;
	});
	await api.unpublish(workflow.id);
	bench.say(`  burst: ${result.delivered} of ${result.sent}, +${Math.round(peak - idle)} MB`);
	return {
		...result,
		rss_growth_mb: rounded(peak - idle),
		healthz_max_ms: rounded(slowest),
	};
}
