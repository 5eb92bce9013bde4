/** Do the tests notice when the code is changed? See README.md beside this file. */
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FOLDERS } from './folders';
import { hashOf, instrument, type Mutant } from './mutants';
import {
	isNamedBy,
	named,
	overall,
	percent,
	readJson,
	survivorOf,
	wilson,
	writeJson,
	type FolderResult,
	type NamedSurvivor,
	type Results,
	type Survivor,
} from './results';
import { Runner, type Verdict } from './runner';

const ROOT = resolve(__dirname, '../../..');
const WORK = join(ROOT, '.playground', 'mutation');
const RESULTS = join(__dirname, 'results.json');
const SURVIVORS = join(__dirname, 'survivors.json');

/** The least score of each folder, in percent. */
const GOAL = 85;

/** A mutant that takes this long is named while the run goes on, in s. */
const SLOW_S = 20;

/** After so many mutants the run says how far it is. */
const TOLD_EVERY = 20;

/** After so many mutants all tests run without one. */
const CONTROL_EVERY = 100;

const HELP = `npm run mutation                        mutates every folder; what is known from earlier runs is not run again
npm run mutation -- lib/odata           one folder
npm run mutation -- lib/odata/key.ts    one file; results are printed, not kept
npm run mutation -- --report            runs nothing: what the kept results come to

Options
  --sample <n>   so many mutants of each folder, chosen at random
  --seed <n>     of the sample; default 1
  --fresh        forget earlier runs
  --help         this text

The exit code is 0 when every folder has ${GOAL} % and every survivor is named in survivors.json.
`;

interface Options {
	sample?: number;
	seed: number;
	fresh: boolean;
}

/** What is remembered of a mutant that was noticed: it still is while neither its file nor that test file changes. */
interface Memory {
	verdict: Verdict;
	/** Content of the test file that noticed it. */
	test: string;
}

async function main(): Promise<number> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			sample: { type: 'string' },
			seed: { type: 'string', default: '1' },
			fresh: { type: 'boolean', default: false },
			report: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	mkdirSync(WORK, { recursive: true });
	const wanted = values.report ? [] : choose(positionals);
	const options: Options = {
		sample: values.sample === undefined ? undefined : Number(values.sample),
		seed: Number(values.seed),
		fresh: values.fresh,
	};
	for (const { folder, files } of wanted) {
		const result = await mutate(folder, files, options);
		tell(folder, result);
		if (files.length === filesOf(folder).length) {
			// Read anew: another folder may have been measured meanwhile.
			writeJson(RESULTS, { ...readJson<Results>(RESULTS, {}), [folder]: result });
		} else if (wanted.length === 1) {
			return result.survivors.every(({ reason }) => reason !== undefined) ? 0 : 1;
		}
	}
	return report(readJson<Results>(RESULTS, {}));
}

/** @throws Error when something is named that is not mutated */
function choose(names: readonly string[]): Array<{ folder: string; files: string[] }> {
	const wanted = names.map((name) => name.replace(/\/$/, ''));
	const unknown = wanted.find(
		(name) =>
			!Object.keys(FOLDERS).some((folder) => folder === name || name.startsWith(`${folder}/`)),
	);
	if (unknown !== undefined) {
		throw new Error(`"${unknown}" is not mutated; these are: ${Object.keys(FOLDERS).join(', ')}.`);
	}
	return Object.keys(FOLDERS)
		.map((folder) => ({
			folder,
			files: filesOf(folder).filter(
				(file) => wanted.length === 0 || wanted.some((name) => name === folder || name === file),
			),
		}))
		.filter(({ files }) => files.length > 0);
}

async function mutate(folder: string, files: string[], options: Options): Promise<FolderResult> {
	const { code, mutants, wording } = await instrument(ROOT, files);
	const instrumentedFile = join(WORK, `${folder.replaceAll('/', '-')}.json`);
	writeFileSync(instrumentedFile, JSON.stringify(code));
	const sampled = sampleOf(mutants, options);
	const tests = [...new Set((FOLDERS[folder]?.tests ?? []).flatMap((path) => testFilesOf(path)))];
	const runner = new Runner(ROOT, instrumentedFile, tests);
	const memoryFile = join(WORK, `${folder.replaceAll('/', '-')}.memory.json`);
	const memory = options.fresh ? {} : readJson<Record<string, Memory>>(memoryFile, {});
	const names = readJson<NamedSurvivor[]>(SURVIVORS, []);
	const startedAt = Date.now();
	const verdicts = new Map<Mutant, Verdict>();
	const remembered = sampled.filter((mutant) => {
		const known = memory[mutant.key];
		if (!known?.verdict.by || known.test !== contentOf(known.verdict.by)) return false;
		verdicts.set(mutant, known.verdict);
		return true;
	});
	let sound = 0;
	let controls = 0;
	try {
		say(
			`${folder}: ${await runner.measure()} tests, ${sampled.length} of ${mutants.length} mutants`,
		);
		if (remembered.length > 0) say(`${folder}: ${remembered.length} known from earlier runs`);
		const pending = sampled.filter((mutant) => !verdicts.has(mutant));
		for (let at = 0; at < pending.length; at += CONTROL_EVERY) {
			const part = pending.slice(at, at + CONTROL_EVERY);
			// Once more from a new worker when something was left behind that makes tests fail.
			for (let attempt = 0; attempt < 2; attempt++) {
				for (const [index, mutant] of part.entries()) {
					const began = Date.now();
					const verdict = await runner.judge(mutant);
					verdicts.set(mutant, verdict);
					const seconds = Math.round((Date.now() - began) / 1000);
					if (seconds >= SLOW_S)
						say(
							`${folder}: ${mutant.file}:${mutant.line} took ${seconds} s: ${verdict.status} ${verdict.why ?? ''}`,
						);
					if ((index + 1) % TOLD_EVERY === 0) say(`${folder}: ${at + index + 1} tried`);
				}
				controls += 1;
				const unsound = await runner.unsound();
				if (unsound === undefined) {
					sound += 1;
					break;
				}
				say(`${folder}: a control failed: ${unsound}`);
				runner.stop();
			}
			for (const mutant of part) remember(memory, mutant, verdicts.get(mutant));
			writeJson(memoryFile, memory);
			const seconds = Math.round((Date.now() - startedAt) / 1000);
			say(`${folder}: ${at + part.length} of ${pending.length} after ${seconds} s`);
		}
	} finally {
		runner.stop();
	}
	const count = (status: Verdict['status']) =>
		[...verdicts.values()].filter((verdict) => verdict.status === status).length;
	const noticed = count('killed') + count('timeout');
	return {
		mutants: mutants.length,
		tried: sampled.length,
		killed: count('killed'),
		timeout: count('timeout'),
		survived: count('survived'),
		uncovered: count('uncovered'),
		wording,
		score: percent(noticed, sampled.length),
		...(sampled.length < mutants.length
			? { interval: wilson(noticed, sampled.length), seed: options.seed }
			: {}),
		controls: `${sound} of ${controls}`,
		survivors: [...verdicts]
			.filter(([, { status }]) => status === 'survived' || status === 'uncovered')
			.map(([mutant, { status }]) => named(survivorOf(mutant, status === 'uncovered'), names)),
	};
}

function remember(memory: Record<string, Memory>, mutant: Mutant, verdict?: Verdict): void {
	if (verdict?.by) memory[mutant.key] = { verdict, test: contentOf(verdict.by) };
}

const contentOf = (file: string): string => hashOf(textOf(join(ROOT, file)));

function textOf(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return '';
	}
}

/** The same seed chooses the same mutants of the same code. */
function sampleOf(mutants: readonly Mutant[], { sample, seed }: Options): Mutant[] {
	if (sample === undefined || sample >= mutants.length) return [...mutants];
	const drawn = mutants
		.map((mutant) => ({ mutant, lot: hashOf(`${seed} ${mutant.key}`) }))
		.sort((a, b) => (a.lot < b.lot ? -1 : 1))
		.slice(0, sample);
	return drawn.map(({ mutant }) => mutant);
}

function tell(folder: string, result: FolderResult): void {
	for (const survivor of result.survivors) {
		if (survivor.reason === undefined)
			say(`  ${survivor.uncovered ? 'not reached' : 'survived'}: ${show(survivor)}`);
	}
	say(`${folder}: ${line(result)}`);
}

const show = ({ file, line: at, mutator, original, replacement }: Survivor): string =>
	`${file}:${at} ${mutator}\n      ${original}\n   => ${replacement}`;

function line(result: FolderResult): string {
	const { score, killed, timeout, tried, mutants, interval, survivors, controls } = result;
	const unnamed = survivors.filter(({ reason }) => reason === undefined).length;
	const range = interval ? `, 95 % interval ${interval[0]} to ${interval[1]} %` : '';
	return `${score} %: ${killed} killed and ${timeout} timed out of ${tried} (of ${mutants}${range}), ${survivors.length} survivors, ${unnamed} of them unnamed; controls passed: ${controls}`;
}

function report(results: Results): number {
	const names = readJson<NamedSurvivor[]>(SURVIVORS, []);
	const survivors = Object.values(results).flatMap((result) =>
		result.survivors.map((survivor) => named(survivor, names)),
	);
	say('');
	for (const [folder, result] of Object.entries(results)) say(`${folder}: ${line(result)}`);
	for (const name of names) {
		if (!survivors.some((survivor) => isNamedBy(survivor, name))) {
			say(
				`survivors.json names what does not survive (or is not in the sample): ${name.file}: ${name.original}`,
			);
		}
	}
	const missing = Object.keys(FOLDERS).filter((folder) => !results[folder]);
	const low = Object.entries(results).filter(([, { score }]) => score < GOAL);
	const unnamed = survivors.filter(({ reason }) => reason === undefined);
	say(
		JSON.stringify({
			score: overall(results),
			folders: Object.fromEntries(
				Object.entries(results).map(([folder, { score }]) => [folder, score]),
			),
			survivors: survivors.length,
			unnamed: unnamed.length,
			missing,
		}),
	);
	return missing.length + low.length + unnamed.length === 0 ? 0 : 1;
}

const filesOf = (folder: string): string[] =>
	walk(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));

/** Without those that need what only Jest itself has, see README.md. */
const testFilesOf = (path: string): string[] =>
	walk(path).filter(
		(file) =>
			file.endsWith('.test.ts') &&
			!/\bjest\.(?!isolateModulesAsync\b)\w/.test(textOf(join(ROOT, file))),
	);

function walk(path: string): string[] {
	if (statSync(join(ROOT, path)).isFile()) return [path];
	return readdirSync(join(ROOT, path))
		.sort()
		.flatMap((name) => walk(`${path}/${name}`));
}

const say = (text: string) => void process.stdout.write(`${text}\n`);

main().then(
	(code) => process.exit(code),
	(error: unknown) => {
		process.stderr.write(
			`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
		);
		process.exit(2);
	},
);
