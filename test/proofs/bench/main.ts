/** How fast our nodes are in a real n8n, compared with what its users have today and with what is possible. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, isStale } from '../../../sandbox/playground/package';
import { writeBarePackage } from './barePackage';
import { FULL, QUICK, type Bench, type Scale } from './bench';
import { measureBurst } from './burst';
import { measureCalls } from './calls';
import { measureDownload } from './download';
import { measureLatency } from './latency';
import { measureLoad } from './load';
import { measureMemory } from './memory';
import { BenchN8n } from './n8n';
import { PbxProcess } from './pbx';
import { tableOf, type Result } from './report';
import { canReadMemory } from './rss';
import { rounded } from './statistics';
import { measureThroughput } from './throughput';

const ROOT = resolve(__dirname, '../../..');
const PLAYGROUND = join(ROOT, '.playground');

type Part = Exclude<keyof Result, 'conditions'>;

/** What is measured, in this order. */
const PARTS: { [Name in Part]: (bench: Bench) => Promise<Result[Name]> } = {
	list: async (bench) => {
		const { lanes, connections } = await measureThroughput(bench, 'list');
		return { ...lanes, connections };
	},
	create: async (bench) => (await measureThroughput(bench, 'create')).lanes,
	get: async (bench) => (await measureThroughput(bench, 'get')).lanes,
	memory: measureMemory,
	download: measureDownload,
	latency: measureLatency,
	calls: measureCalls,
	burst: measureBurst,
	load: measureLoad,
};

const HELP = `npm run bench                measures our nodes in a real n8n, about 12 minutes on an otherwise idle machine
npm run bench -- --json      the same; the last line is one JSON object

Options
  --json         result as JSON on stdout, everything else on stderr
  --quick        one small round of everything: shows that it works, the figures mean nothing
  --only <list>  some of ${Object.keys(PARTS).join(',')}
  --help         this text

The exit code is 0 when everything could be measured, also where a goal was missed: the table says so.
`;

interface Options {
	json: boolean;
	quick: boolean;
	only?: string;
}

/** Ends what was started, last first; what fails to end does not keep the others alive. */
type Cleanup = Array<() => Promise<unknown>>;

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			json: { type: 'boolean', default: false },
			quick: { type: 'boolean', default: false },
			only: { type: 'string' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	if (!canReadMemory()) throw new Error('The memory of n8n is read from /proc: run this on Linux.');
	const cleanup: Cleanup = [];
	const interrupted = new Promise<number>((done) => {
		// 'disconnect': the process that started us is gone, see scripts/setup.mjs.
		for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'])
			process.on(event, () => done(130));
	});
	const code = await Promise.race([
		measure(values, cleanup).catch((error: unknown) => {
			report(error);
			return 1;
		}),
		interrupted,
	]);
	for (const step of cleanup.reverse()) await step().catch(report);
	return code;
}

const report = (error: unknown) =>
	void process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);

async function measure(options: Options, cleanup: Cleanup): Promise<number> {
	const parts = partsOf(options.only);
	const scale: Scale = options.quick ? QUICK : FULL;
	const say = (line: string) =>
		void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
	const loadBefore = loadavg()[0] ?? 0;
	if (await isStale(ROOT)) {
		say('Building the package ...');
		await build(ROOT);
	}

	const folder = join(PLAYGROUND, `bench-${process.pid}`);
	await mkdir(folder, { recursive: true });
	cleanup.push(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
	await writeBarePackage(join(folder, 'bare'));
	const userFolder = join(folder, 'n8n');
	await mkdir(userFolder);

	const { rows, recordingBytes } = scale;
	const pbx = await PbxProcess.start({ rows, recordingBytes });
	cleanup.push(async () => await pbx.stop());
	const description = await pbx.tell('describe');
	const n8n = new BenchN8n(userFolder, join(folder, 'bare'), join(PLAYGROUND, 'bench.log'));
	cleanup.push(async () => await n8n.stop());

	const bench: Bench = { scale, pbx, description, n8n, say };
	const result: Result = { conditions: await conditions(scale, loadBefore) };
	for (const part of parts) {
		say(`${part} ...`);
		Object.assign(result, { [part]: await PARTS[part](bench) });
	}
	say(`\n${tableOf(result)}\n`);
	if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
	return 0;
}

/** @throws Error when there is no such part */
function partsOf(only: string | undefined): Part[] {
	const known = Object.keys(PARTS) as Part[];
	if (only === undefined) return known;
	const wanted = only.split(',').map((name) => name.trim());
	const unknown = wanted.find((name) => !known.includes(name as Part));
	if (unknown === undefined) return known.filter((part) => wanted.includes(part));
	throw new Error(
		`There is nothing called "${unknown}" to measure; there are ${known.join(', ')}.`,
	);
}

async function conditions(scale: Scale, loadBefore: number): Promise<Record<string, unknown>> {
	const manifest = join(PLAYGROUND, 'n8n/node_modules/n8n/package.json');
	const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
	return {
		n8n: version,
		node: process.version,
		cpus: cpus().length,
		cpu: cpus()[0]?.model,
		memory_gb: rounded(totalmem() / 1e9),
		load_average_before: rounded(loadBefore, 2),
		latency_ms: 20,
		connection_delay_ms: 20,
		...scale,
	};
}

void main()
	.catch((error: unknown) => {
		report(error);
		return 2;
	})
	.then((code) => process.exit(code));
