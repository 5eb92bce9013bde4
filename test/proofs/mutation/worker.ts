/**
 * The process that runs tests against mutants: one request at a time over IPC, see {@link Request}.
 *
 * The engine is Jest's own (jest-circus, @jest/expect), without what costs seconds a run around it: the sources of this
 * project are loaded afresh for every test file of every mutant, packages stay loaded. Runs under plain Node 24, which
 * strips the types of this one file.
 */
import { createRequire, Module } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { compileFunction } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { Circus } from '@jest/types';

/** What the parent asks for: a run of some test files. */
export interface Request {
	/** The mutant that is switched on; undefined for a run of the code as it is. */
	mutant?: string;
	/** Times that the mutant may be reached before the run counts as endless. */
	hitLimit?: number;
	/** End after the first test that fails. */
	bail: boolean;
	files: FileRequest[];
}

/** One test file, relative to the root. */
export interface FileRequest {
	file: string;
	/** Full names of the tests to run, and the most ms that each may take; undefined for all tests of the file. */
	tests?: Record<string, number>;
	/** Most ms of a test that `tests` does not name. */
	testMs: number;
}

/** What a test did. */
export interface TestReport {
	name: string;
	ms: number;
	/** First line of what made it fail. */
	error?: string;
}

/** What a test file did. */
export interface FileReport {
	file: string;
	/** Loading it and running it, in ms. */
	ms: number;
	tests: TestReport[];
	/** It could not even be loaded. */
	error?: string;
}

/** The answer: what ran, and how often each mutant was reached (by test; under '' while the file was loaded). */
export interface Reply {
	files: FileReport[];
	coverage: Record<string, Record<string, Record<string, number>>>;
}

/** What Stryker's instrumented code reads and writes. */
interface StrykerNamespace {
	activeMutant?: string;
	currentTestId?: string;
	hitCount?: number;
	hitLimit?: number;
	mutantCoverage: {
		static: Record<string, number>;
		perTest: Record<string, Record<string, number>>;
	};
}

const [root = process.cwd(), instrumentedFile = ''] = process.argv.slice(2);
const require = createRequire(join(root, 'package.json'));
const circus = require('jest-circus') as typeof import('jest-circus');
const { jestExpect } = require('@jest/expect') as typeof import('@jest/expect');
const swc = require('@swc/core') as typeof import('@swc/core');
const instrumented = JSON.parse(readFileSync(instrumentedFile, 'utf8')) as Record<string, string>;
const compiled = new Map<string, ModuleFunction>();
const stryker: StrykerNamespace = { mutantCoverage: { static: {}, perTest: {} } };

interface LoadedModule {
	exports: unknown;
	require(id: string): unknown;
}

const internals = Module as unknown as {
	_extensions: Record<string, (module: LoadedModule, file: string) => void>;
};
const others = { ...internals._extensions };
for (const extension of Object.keys(others)) delete internals._extensions[extension];
// First, so that `./catalogue` is catalogue.ts rather than catalogue.json, as for TypeScript.
internals._extensions['.ts'] = (module, file) => {
	const requireHere = Object.assign((id: string) => module.require(id), {
		resolve: (id: string) => createRequire(file).resolve(id),
	});
	compile(file).call(module.exports, module.exports, requireHere, module, file, dirname(file));
};
for (const [extension, load] of Object.entries(others)) internals._extensions[extension] ??= load;

Object.assign(globalThis, {
	__stryker__: stryker,
	expect: jestExpect,
	jest: { isolateModulesAsync },
	...circus.default,
});
process.env.NODE_ENV = 'test';
require(join(root, 'test/support/quiet.cjs'));
// What a mutant left behind must not end, or decide, the run of another one.
process.on('uncaughtException', () => undefined);
process.on('unhandledRejection', () => undefined);
// A thread of its own: a mutant that loops for ever keeps this one from noticing that the parent is gone.
new Worker(
	`const { ppid } = process; setInterval(() => process.ppid === ppid || process.kill(process.pid, 'SIGKILL'), 1_000);`,
	{ eval: true },
).unref();
process.on('disconnect', () => process.exit(0));

let current: { request: FileRequest; bail: boolean; failed: boolean } | undefined;
circus.addEventHandler((event: Circus.Event) => {
	if (!current) return;
	if (event.name === 'run_start') choose(circus.getState().rootDescribeBlock, current.request);
	if (event.name === 'test_start') {
		const name = fullName(event.test);
		stryker.currentTestId = name;
		jestExpect.setState({ currentTestName: name });
		if (current.failed && current.bail) event.test.mode = 'skip';
	}
	if (event.name === 'test_done') {
		stryker.currentTestId = undefined;
		if (event.test.errors.length > 0) current.failed = true;
	}
});

process.on('message', (request: Request) => {
	void answer(request).then((reply) => process.send?.(reply));
});
process.send?.('ready');

async function answer({ mutant, hitLimit, bail, files }: Request): Promise<Reply> {
	const reply: Reply = { files: [], coverage: {} };
	for (const request of files) {
		Object.assign(stryker, {
			activeMutant: mutant,
			hitLimit,
			hitCount: hitLimit === undefined ? undefined : 0,
		});
		const covered = stryker.mutantCoverage;
		covered.static = {};
		covered.perTest = {};
		const report = await runFile(request, bail);
		reply.files.push(report);
		if (mutant === undefined) {
			reply.coverage[request.file] = { ...covered.perTest, '': covered.static };
		}
		if (bail && (report.error !== undefined || report.tests.some(({ error }) => error))) break;
	}
	stryker.activeMutant = undefined;
	return reply;
}

async function runFile(request: FileRequest, bail: boolean): Promise<FileReport> {
	const startedAt = performance.now();
	forgetProject();
	circus.resetState();
	circus.getState().testTimeout = request.testMs;
	current = { request, bail, failed: false };
	const path = join(root, request.file);
	jestExpect.setState({ testPath: path, currentTestName: undefined });
	const done = (tests: TestReport[], error?: unknown): FileReport => ({
		file: request.file,
		ms: Math.round(performance.now() - startedAt),
		tests,
		...(error === undefined ? {} : { error: firstLine(error) }),
	});
	try {
		require(path);
	} catch (error) {
		return done([], error);
	}
	const { testResults, unhandledErrors } = await circus.run();
	const tests = testResults
		.filter(({ status }) => status === 'done')
		.map(({ testPath: [, ...names], duration, errors }) => ({
			name: names.join(' '),
			ms: duration ?? 0,
			...(errors[0] === undefined ? {} : { error: firstLine(errors[0]) }),
		}));
	return done(tests, unhandledErrors[0]);
}

/** Leaves out what was not asked for, and bounds the rest. */
function choose(block: Circus.DescribeBlock, { tests, testMs }: FileRequest): void {
	for (const child of block.children) {
		if (child.type === 'describeBlock') choose(child, { file: '', tests, testMs });
		else if (tests && !Object.hasOwn(tests, fullName(child))) child.mode = 'skip';
		else if (tests) child.timeout = tests[fullName(child)];
	}
}

function fullName(test: Circus.TestEntry): string {
	const names = [test.name];
	for (
		let block: Circus.DescribeBlock | undefined = test.parent;
		block?.parent;
		block = block.parent
	) {
		names.unshift(block.name);
	}
	return names.join(' ');
}

/** So that module-level state and what is computed on loading are new for every test file, as under Jest. */
function forgetProject(): void {
	for (const file of Object.keys(require.cache)) if (isProject(file)) delete require.cache[file];
}

/** As Jest's: what is loaded meanwhile is new, and nobody else's. */
async function isolateModulesAsync(load: () => Promise<void>): Promise<void> {
	const others = Object.entries(require.cache).filter(([file]) => isProject(file));
	forgetProject();
	try {
		await load();
	} finally {
		forgetProject();
		Object.assign(require.cache, Object.fromEntries(others));
	}
}

function isProject(file: string): boolean {
	return (
		file.startsWith(root + sep) &&
		file.endsWith('.ts') &&
		!file.includes(`${sep}node_modules${sep}`)
	);
}

/** What is around the code of a CommonJS module. */
type ModuleFunction = (
	this: unknown,
	exports: unknown,
	require: (id: string) => unknown,
	module: LoadedModule,
	filename: string,
	dirname: string,
) => void;

/** Compiled once, run anew whenever the module is loaded. */
function compile(file: string): ModuleFunction {
	let made = compiled.get(file);
	if (!made) {
		const { code } = swc.transformSync(instrumented[file] ?? readFileSync(file, 'utf8'), {
			filename: file,
			swcrc: false,
			jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
			module: { type: 'commonjs' },
		});
		const names = ['exports', 'require', 'module', '__filename', '__dirname'];
		made = compileFunction(code, names, { filename: file }) as ModuleFunction;
		compiled.set(file, made);
	}
	return made;
}

function firstLine(error: unknown): string {
	const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
	return (text.split('\n').find((line) => line.trim() !== '') ?? '').slice(0, 200);
}
