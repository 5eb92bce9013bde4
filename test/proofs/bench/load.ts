import type { Bench } from './bench';
import { median, rotated, rounded } from './statistics';

/** What our package costs an n8n that only has it installed. */
export interface Load {
	/** JSON of our biggest node's description, as n8n sends it to each editor, in kB. */
	description_kb_max: number;
	/** How much later n8n is ready. */
	startup_ms_delta: number;
}

const PACKAGE = 'n8n-nodes-threecx.';

export async function measureLoad(bench: Bench): Promise<Load> {
	const { n8n, scale, say } = bench;
	await n8n.up();
	// n8n derives a variant for AI agents from each node, which is no work of ours.
	const ours = (await n8n.api.descriptions()).filter(
		({ name }) => name.startsWith(PACKAGE) && !name.endsWith('Tool'),
	);
	const sizes = ours.map((description) => Buffer.byteLength(JSON.stringify(description)) / 1000);
	const times = { with: [] as number[], without: [] as number[] };
	for (let round = 0; round < scale.rounds; round++) {
		for (const which of rotated(['with', 'without'] as const, round)) {
			const ms = await n8n.start(which === 'with');
			times[which].push(ms);
			say(`  start-up ${which} our package: ${Math.round(ms)} ms`);
		}
	}
	await n8n.stop();
	return {
		description_kb_max: rounded(Math.max(...sizes)),
		startup_ms_delta: rounded(median(times.with) - median(times.without)),
	};
}
