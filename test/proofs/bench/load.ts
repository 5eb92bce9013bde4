import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
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
	/** That, by what it took before modules were loaded when they are used; undefined without git's history. */
	modules_ratio?: number;
	/** The same of the processor's time, which others on the machine disturb less. */
	modules_cpu_ratio?: number;
	/** How much later n8n is ready. */
	startup_ms_delta: number;
}

const run = promisify(execFile);

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
		...(await measureModules(say)),
		description_kb_max: rounded(Math.max(...sizes)),
		startup_ms_delta: rounded(median(times.with) - median(times.without)),
	};
}

const ROOT = resolve(__dirname, '../../..');

/** Processes of each, of which the median counts. */
const LOADS = 7;

/** The commit before modules were loaded when they are used, which the goal is set by. */
const BEFORE = 'a129ac3';

/** Makes the nodes and the credential as n8n does when it starts, and prints the ms of wall and of CPU that it took. */
const LOADER = `
	require('n8n-workflow');
	const { cpuUsage } = process;
	const [began, cpu] = [performance.now(), cpuUsage()];
	for (const file of process.argv.slice(1)) {
		const [Type] = Object.values(require(file));
		new Type();
	}
	const ms = performance.now() - began;
	const { user, system } = cpuUsage(cpu);
	console.log(JSON.stringify({ ms, cpu: (user + system) / 1000 }));
`;

interface Cost {
	ms: number;
	cpu: number;
}

/** Loads what is built here and what that commit was, in turns and each in a process of its own. */
async function measureModules(
	say: (line: string) => void,
): Promise<Pick<Load, 'modules_ms' | 'modules_ratio' | 'modules_cpu_ratio'>> {
	// Inside the checkout, so that it finds our node_modules.
	await mkdir(join(ROOT, '.playground'), { recursive: true });
	const folder = await mkdtemp(join(ROOT, '.playground', 'before-'));
	try {
		const before = await build(BEFORE, folder).catch((error: unknown) => {
			say(
				`  no comparison with ${BEFORE}: ${error instanceof Error ? error.message : String(error)}`,
			);
		});
		const costs = { now: [] as Cost[], before: [] as Cost[] };
		for (let load = 0; load < LOADS; load++) {
			for (const which of rotated(['now', 'before'] as const, load)) {
				const built = which === 'now' ? ROOT : before;
				if (built !== undefined) costs[which].push(await costOf(built));
			}
		}
		const of = (which: keyof typeof costs, what: keyof Cost) =>
			median(costs[which].map((cost) => cost[what]));
		const ratio = (what: keyof Cost) =>
			before === undefined ? undefined : rounded(of('now', what) / of('before', what), 3);
		for (const which of ['now', 'before'] as const) {
			if (costs[which].length > 0)
				say(
					`  loading the nodes, ${which}: ${of(which, 'ms').toFixed()} ms, ${of(which, 'cpu').toFixed()} ms of CPU`,
				);
		}
		return {
			modules_ms: rounded(of('now', 'ms')),
			modules_ratio: ratio('ms'),
			modules_cpu_ratio: ratio('cpu'),
		};
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Builds a commit in a folder with `tsc`. @returns the folder */
async function build(commit: string, folder: string): Promise<string> {
	const archive = join(folder, 'before.tar');
	await run('git', ['archive', '--output', archive, commit], { cwd: ROOT });
	await run('tar', ['-xf', archive, '-C', folder]);
	await run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', folder]);
	return folder;
}

async function costOf(folder: string): Promise<Cost> {
	const { n8n } = await readManifest(folder);
	const files = [...n8n.nodes, ...n8n.credentials].map((file) => join(folder, file));
	const { stdout } = await run(process.execPath, ['-e', LOADER, ...files], { cwd: ROOT });
	return JSON.parse(stdout) as Cost;
}
