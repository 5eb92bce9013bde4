import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { feedAll, inputsOf, type BatchResult, type Finding, type Input } from './run';
import { closeTargets } from './targets';

const HELP = `npm run fuzz                     feeds 220,000 inputs to all that reads what comes from outside
npm run -s fuzz -- --json        the same; the last line is one JSON object
Options
  --inputs <n>    how many; default 220,000
  --seed <n>      another choice of inputs; default 1
  --minutes <n>   ends earlier; default 20

Fed are messages of the socket, JSON answers (over HTTP), API descriptions, filters, WAV files and telephone numbers. An
input that crashes, hangs, leaks the secret or takes more than 500 ms of the processor is printed with its seed and kept
in test/proofs/fuzz/corpus.json, which every further run feeds first. The exit code is 1 then.
`;

const CORPUS = join(__dirname, 'corpus.json');

/** Inputs that a child gets at a time, and how long it may take for them, in ms. */
const BATCH = 500;
const BATCH_MS = 60_000;

/** How long an input may take on its own before it counts as one that never ends, in ms. */
const HANG_MS = 10_000;

/** A process that is fed, so that one that hangs can be ended. */
class Fed {
	private child: ChildProcess | undefined;

	/** @returns what came of the inputs; undefined when they did not end in time */
	async feed(inputs: readonly Input[], withinMs: number): Promise<BatchResult | undefined> {
		const child = (this.child ??= fork(__filename, ['--fed'], {
			stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		}));
		return await new Promise<BatchResult | undefined>((resolve) => {
			const done = (result: BatchResult | undefined) => {
				clearTimeout(clock);
				child.removeAllListeners();
				if (!result) this.end();
				resolve(result);
			};
			const clock = setTimeout(() => done(undefined), withinMs);
			child.once('message', (result: BatchResult) => done(result));
			child.once('exit', () => done(undefined));
			child.send(inputs);
		});
	}

	end(): void {
		this.child?.kill('SIGKILL');
		this.child = undefined;
	}
}

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			json: { type: 'boolean', default: false },
			inputs: { type: 'string', default: '220000' },
			seed: { type: 'string', default: '1' },
			minutes: { type: 'string', default: '20' },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const wanted = Number(values.inputs);
	const deadline = performance.now() + Number(values.minutes) * 60_000;
	const fed = new Fed();
	const findings: Finding[] = [];
	let [inputs, slowestMs] = [0, 0];

	const feed = async (batch: readonly Input[]) => {
		const result = await fed.feed(batch, batch.length === 1 ? HANG_MS : BATCH_MS);
		if (!result && batch.length > 1) {
			// Which of them it was, only one by one can tell.
			for (const input of batch) await feed([input]);
			return;
		}
		inputs += batch.length;
		slowestMs = Math.max(slowestMs, result?.slowestMs ?? HANG_MS);
		const says = `did not end within ${HANG_MS} ms, or ended its process`;
		findings.push(
			...(result?.findings ?? batch.map((input) => ({ ...input, kind: 'hang' as const, says }))),
		);
	};

	const corpus = existsSync(CORPUS) ? (JSON.parse(readFileSync(CORPUS, 'utf8')) as Input[]) : [];
	for (let at = 0; at < corpus.length; at += BATCH) await feed(corpus.slice(at, at + BATCH));
	for (let at = 0; at < wanted && performance.now() < deadline; at += BATCH) {
		await feed(inputsOf(Number(values.seed), at, Math.min(BATCH, wanted - at)));
	}
	fed.end();

	for (const { kind, target, seed, says } of findings) {
		process.stderr.write(`${kind} of ${target}, seed ${seed}: ${says}\n`);
	}
	keep(corpus, findings);
	const count = (kind: Finding['kind']) =>
		findings.filter((finding) => finding.kind === kind).length;
	const result = {
		inputs,
		crashes: count('crash'),
		hangs: count('hang'),
		leaks: count('leak'),
		slowest_ms: Math.round(slowestMs),
	};
	process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : '\t')}\n`);
	const isShort = inputs < wanted;
	if (isShort)
		process.stderr.write(`Only ${inputs} of ${wanted} inputs within ${values.minutes} minutes\n`);
	return findings.length > 0 || isShort ? 1 : 0;
}

/** Keeps the seeds of what was found, so that no run forgets them. */
function keep(corpus: readonly Input[], findings: readonly Finding[]): void {
	if (findings.length === 0) return;
	const all = [...corpus, ...findings.map(({ target, seed }) => ({ target, seed }))];
	const unique = [
		...new Map(all.map((input) => [`${input.target} ${input.seed}`, input])).values(),
	];
	writeFileSync(CORPUS, `${JSON.stringify(unique, null, '\t')}\n`);
}

if (process.argv.includes('--fed')) {
	process.on('message', (inputs: Input[]) => {
		void feedAll(inputs).then((result) => process.send!(result));
	});
	process.on('disconnect', () => void closeTargets().finally(() => process.exit(0)));
} else {
	void main().then(
		(code) => process.exit(code),
		(error: unknown) => {
			process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
			process.exit(2);
		},
	);
}
