import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readManifest } from '../../../sandbox/playground/package';
import type { Bench } from './bench';
import { median, rotated, rounded } from './statistics';

/** What our package costs an n8n that only has it installed. */
export interface Load {
	/** JSON of our biggest node's description, as n8n sends it to each editor, in kB. */
	description_kb_max: number;
	/** ms that a Node.js which has n8n's interface loaded takes to load our nodes and credentials. */
	modules_ms: number;
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
	for (let round = 0; round < scale.startRounds; round++) {
		for (const which of rotated(['with', 'without'] as const, round)) {
			const ms = await n8n.start(which === 'with');
			times[which].push(ms);
			say(`  start-up ${which} our package: ${Math.round(ms)} ms`);
		}
	}
	await n8n.stop();
	return {
		modules_ms: rounded(await modulesMs()),
		description_kb_max: rounded(Math.max(...sizes)),
		startup_ms_delta: rounded(median(times.with) - median(times.without)),
	};
}

const ROOT = resolve(__dirname, '../../..');

/** Processes of which the median counts. */
const LOADS = 5;

/** Loads what n8n would load, and prints the ms that it took. */
const LOADER = `
	require('n8n-workflow');
	const began = performance.now();
	for (const file of process.argv.slice(1)) require(file);
	console.log(performance.now() - began);
`;

async function modulesMs(): Promise<number> {
	const { n8n } = await readManifest(ROOT);
	const files = [...n8n.nodes, ...n8n.credentials].map((file) => join(ROOT, file));
	const times: number[] = [];
	for (let load = 0; load < LOADS; load++) {
		const { stdout } = await promisify(execFile)(process.execPath, ['-e', LOADER, ...files], {
			cwd: ROOT,
		});
		times.push(Number(stdout));
	}
	return median(times);
}
