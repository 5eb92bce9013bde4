import { accessOf, type Bench } from './bench';
import { peakMegabytes, restingMegabytes } from './rss';
import { median, rotated, rounded } from './statistics';
import { HTTP, OURS, SPLIT_OUT, UNSAVED, manual } from './workflows';

/** MB that n8n grows by at most. */
export interface Memory {
	ours_mb: number;
	http_request_mb: number;
}

const WHO = ['ours', 'http'] as const;

/**
 * How much n8n grows while it reads the call log into one item a row, without saving: our node, and the HTTP Request
 * node followed by Split Out. Each time in an n8n that has just been started and has read one page.
 */
export async function measureMemory(bench: Bench): Promise<Memory> {
	const { n8n, scale, description } = bench;
	const { period } = description;
	await n8n.up();
	const [ours, http] = [
		await accessOf(bench, 'ours', 'near'),
		await accessOf(bench, 'http', 'near'),
	];
	const nodes = {
		ours: (limit?: number) => [OURS.list(ours, period, undefined, limit)],
		http: (limit?: number) => [HTTP.list(http, period, limit), SPLIT_OUT],
	};
	const save = async (who: 'ours' | 'http', limit?: number) =>
		await n8n.save(
			manual(`memory ${who} ${limit ?? 'all'}`, nodes[who](limit), { settings: UNSAVED }),
		);
	const workflows = {
		ours: { small: await save('ours', 100), whole: await save('ours') },
		http: { small: await save('http', 100), whole: await save('http') },
	};
	const growth: Record<'ours' | 'http', number[]> = { ours: [], http: [] };
	for (let round = 0; round < scale.startRounds; round++) {
		for (const who of rotated(WHO, round)) {
			await n8n.start();
			await n8n.api.runUnsaved(workflows[who].small);
			const idle = await restingMegabytes(n8n.pid);
			const { peak } = await peakMegabytes(
				n8n.pid,
				async () => await n8n.api.runUnsaved(workflows[who].whole),
			);
			growth[who].push(peak - idle);
			bench.say(`  memory ${who}: ${Math.round(idle)} MB at rest, +${Math.round(peak - idle)} MB`);
		}
	}
	return {
		ours_mb: rounded(median(growth.ours)),
		http_request_mb: rounded(median(growth.http)),
	};
}
