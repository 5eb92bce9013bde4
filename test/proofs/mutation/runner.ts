/** Keeps a worker alive, bounds what it does, and judges mutants by it. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Mutant } from './mutants';
import type { FileRequest, Reply, Request } from './worker';

/** What became of a mutant. */
export interface Verdict {
	status: 'killed' | 'timeout' | 'survived' | 'uncovered';
	/** The test file that noticed. */
	by?: string;
	/** What failed there. */
	why?: string;
	/** The full name of the test that failed. */
	test?: string;
}

/** How long things take without a mutant, and what reaches which mutant. */
interface Baseline {
	/** Loading a test file and what it needs, in ms. */
	loadMs: Map<string, number>;
	/** Per test file, the ms of each test. */
	testMs: Map<string, Map<string, number>>;
	/** Per mutant and test file, the tests that reach it; '' when loading does. */
	reach: Map<string, Map<string, Set<string>>>;
	/** Per mutant, how often it is reached in all. */
	hits: Map<string, number>;
}

/** A new worker after so many mutants: what they leave behind is not to grow. */
const MUTANTS_A_WORKER = 250;

/** So many times longer than usual a test may take on a busy machine, before it counts as too late. */
const MOST_PATIENCE = 8;

/** Runs test files with mutants switched on, one after the other. */
export class Runner {
	private worker?: ChildProcess;

	private age = 0;

	private baseline?: Baseline;

	/** Test files in the order of their latest success, per mutated file: neighbours are often noticed by the same. */
	private readonly latest = new Map<string, string>();

	constructor(
		private readonly root: string,
		private readonly instrumentedFile: string,
		private readonly tests: readonly string[],
	) {}

	/**
	 * Runs everything without a mutant.
	 *
	 * @returns how many tests ran
	 * @throws Error when a test fails: then nothing can be said about mutants
	 */
	async measure(): Promise<number> {
		const reply = await this.ask({ bail: false, files: this.everything() }, 600_000);
		if (!reply) throw new Error('The tests do not end, even without a mutant.');
		const failure = failureOf(reply);
		if (failure)
			throw new Error(`The tests fail without a mutant: ${failure.file}: ${failure.why}`);
		const baseline: Baseline = {
			loadMs: new Map(),
			testMs: new Map(),
			reach: new Map(),
			hits: new Map(),
		};
		for (const { file, ms, tests } of reply.files) {
			const own = new Map(tests.map((test) => [test.name, test.ms]));
			baseline.testMs.set(file, own);
			baseline.loadMs.set(file, Math.max(0, ms - sum(own.values())));
			for (const [test, counts] of Object.entries(reply.coverage[file] ?? {})) {
				for (const [mutant, count] of Object.entries(counts)) {
					const files = entry(baseline.reach, mutant, () => new Map<string, Set<string>>());
					entry(files, file, () => new Set<string>()).add(test);
					baseline.hits.set(mutant, (baseline.hits.get(mutant) ?? 0) + count);
				}
			}
		}
		this.baseline = baseline;
		return sum([...baseline.testMs.values()].map(({ size }) => size));
	}

	/** @returns what fails without a mutant, now; undefined when all tests pass. */
	async unsound(): Promise<string | undefined> {
		const reply = await this.ask({ bail: true, files: this.everything() }, 600_000);
		if (!reply) return 'the tests do not end';
		const failure = failureOf(reply);
		return failure && `${failure.file}: ${failure.why}`;
	}

	/**
	 * @returns what the tests say to a mutant. A test that takes too long runs once more without the mutant, in the same
	 *   time: only where it keeps to that has the mutant been noticed. Else the machine is busy, and both get more time.
	 */
	async judge(mutant: Mutant): Promise<Verdict> {
		for (let patience = 1; ; patience *= 2) {
			const verdict = await this.attempt(mutant, patience);
			if (verdict.status !== 'timeout' || verdict.why?.includes('Hit count limit')) return verdict;
			// In a new process: what the mutant has left hanging would hold it up.
			this.stop();
			const without = await this.attempt(mutant, patience, verdict);
			if (without.status === 'survived' || patience >= MOST_PATIENCE) return verdict;
		}
	}

	/** Ends the worker. */
	stop(): void {
		this.worker?.kill('SIGKILL');
		this.worker = undefined;
		this.age = 0;
	}

	/** @param late the test that took too long: it alone is run, without the mutant */
	private async attempt(mutant: Mutant, patience: number, late?: Verdict): Promise<Verdict> {
		const { baseline } = this;
		if (!baseline) throw new Error('measure() comes first.');
		const reach = baseline.reach.get(mutant.id);
		if (!reach) return { status: 'uncovered' };
		const asked = late?.test ? [[late.by!, new Set([late.test])] as const] : [...reach];
		const plans = asked.map(([file, names]) => this.plan(file, names, patience));
		const isOn = late === undefined;
		const latest = this.latest.get(mutant.file);
		plans.sort((a, b) => Number(b.file === latest) - Number(a.file === latest) || a.ms - b.ms);
		if (this.age >= MUTANTS_A_WORKER) this.stop();
		this.age += 1;
		const reply = await this.ask(
			{
				mutant: isOn ? mutant.id : undefined,
				hitLimit: (baseline.hits.get(mutant.id) ?? 0) * 100 + 1_000,
				bail: true,
				files: plans.map(({ request }) => request),
			},
			(sum(plans.map(({ ms }) => ms)) * 4 + 8_000) * patience,
		);
		if (!reply) return { status: 'timeout', why: 'the process had to be ended' };
		const failure = failureOf(reply);
		if (!failure) return { status: 'survived' };
		if (isOn) this.latest.set(mutant.file, failure.file);
		const isLate = /Exceeded timeout|Hit count limit/.test(failure.why);
		const { file: by, why, test } = failure;
		return { status: isLate ? 'timeout' : 'killed', by, why, test };
	}

	private plan(file: string, reaching: ReadonlySet<string>, patience: number) {
		const own = this.baseline?.testMs.get(file) ?? new Map<string, number>();
		const names = reaching.has('') ? [...own.keys()] : [...reaching];
		const tests = Object.fromEntries(
			names.map((name) => [name, ((own.get(name) ?? 0) * 4 + 2_000) * patience]),
		);
		const ms =
			(this.baseline?.loadMs.get(file) ?? 0) + sum(names.map((name) => own.get(name) ?? 0));
		return { file, ms, request: { file, tests, testMs: 5_000 * patience } satisfies FileRequest };
	}

	private everything(): FileRequest[] {
		return this.tests.map((file) => ({ file, testMs: 60_000 }));
	}

	/** @returns the answer; undefined when none came in time, and the worker is gone. */
	private async ask(request: Request, ms: number): Promise<Reply | undefined> {
		const worker = (this.worker ??= await this.start());
		return await new Promise<Reply | undefined>((resolve) => {
			const done = (reply: Reply | undefined) => {
				clearTimeout(timer);
				worker.removeAllListeners('message');
				worker.removeAllListeners('exit');
				if (!reply) this.stop();
				resolve(reply);
			};
			const timer = setTimeout(() => done(undefined), ms);
			worker.once('message', (reply) => done(reply as Reply));
			worker.once('exit', () => done(undefined));
			worker.send(request);
		});
	}

	private async start(): Promise<ChildProcess> {
		const worker = fork(join(__dirname, 'worker.ts'), [this.root, this.instrumentedFile], {
			cwd: this.root,
			execArgv: [
				'--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
				'--disable-warning=ExperimentalWarning',
			],
			stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
		});
		let said = '';
		worker.stderr
			?.setEncoding('utf8')
			.on('data', (text: string) => (said = (said + text).slice(-2_000)));
		await new Promise<void>((resolve, reject) => {
			worker.once('message', () => resolve());
			worker.once('exit', (code) =>
				reject(new Error(`The worker ended at once, with code ${code}: ${said}`)),
			);
		});
		worker.removeAllListeners('exit');
		return worker;
	}
}

function failureOf(reply: Reply): { file: string; why: string; test?: string } | undefined {
	for (const { file, tests, error } of reply.files) {
		const failed = tests.find((test) => test.error !== undefined);
		if (failed) return { file, why: `${failed.name}: ${failed.error}`, test: failed.name };
		if (error !== undefined) return { file, why: error };
	}
	return undefined;
}

function sum(values: Iterable<number>): number {
	let total = 0;
	for (const value of values) total += value;
	return total;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	const value = map.get(key) ?? make();
	map.set(key, value);
	return value;
}
