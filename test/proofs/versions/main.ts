import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import pinned from '../../../sandbox/n8n/package.json';
import versions from '../../../sandbox/n8n/versions.json';
import { build, isStale } from '../../../sandbox/playground/package';

const HELP = `npm run e2e:versions                            the tests in a real n8n, with the oldest that is supported, a middle one and the pinned one
npm run e2e:versions -- trigger                 only test files whose path has "trigger" in it
npm run e2e:versions -- --n8n 2.30.8,2.36.9     other versions

Options
  --n8n list  versions, separated by commas; each is installed once under .playground (2.4 GB)
  --help      this text

The last line says how many tests passed and failed, the lines before it the same for each version.
`;

const ROOT = resolve(__dirname, '..', '..', '..');

/** What became of the tests on one version. */
interface Outcome {
	version: string;
	passed: number;
	failed: number;
	seconds: number;
	/** Why there are no tests to count. */
	problem?: string;
}

/** As much of jest's `--json` as we read. */
interface JestResult {
	numPassedTests: number;
	numFailedTests: number;
	/** Files that could not even begin. */
	numRuntimeErrorTestSuites: number;
}

async function main(): Promise<number> {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			n8n: {
				type: 'string',
				default: [versions.oldest, versions.middle, pinned.dependencies.n8n].join(),
			},
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	if (process.env.N8N_URL)
		throw new Error('npm run e2e:versions brings its own n8n: unset N8N_URL.');
	if (await isStale(ROOT)) await build(ROOT);
	const outcomes: Outcome[] = [];
	for (const version of values.n8n.split(',')) {
		process.stdout.write(`\n=== n8n ${version}\n`);
		outcomes.push(await testOn(version.trim(), positionals));
	}
	process.stdout.write(`\n${outcomes.map(lineOf).join('\n')}\n`);
	const sum = (of: 'passed' | 'failed') => outcomes.reduce((total, each) => total + each[of], 0);
	process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
	return sum('failed') === 0 ? 0 : 1;
}

const lineOf = ({ version, passed, failed, seconds, problem }: Outcome) =>
	`n8n ${version.padEnd(8)} ${passed} passed, ${failed} failed in ${seconds} s${problem ? ` (${problem})` : ''}`;

/** Installs one version and runs the tests on it. */
async function testOn(version: string, patterns: string[]): Promise<Outcome> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-3cx-versions-'));
	const began = Date.now();
	const end = (passed: number, failed: number, problem?: string): Outcome => {
		const seconds = Math.round((Date.now() - began) / 1000);
		return { version, passed, failed, seconds, ...(problem && { problem }) };
	};
	try {
		const environment = { N8N_VERSION: version === pinned.dependencies.n8n ? '' : version };
		if ((await run(environment, 'scripts/setup.mjs', '--n8n')) !== 0) {
			return end(0, 1, 'not installed');
		}
		const file = join(folder, 'result.json');
		const jest = ['node_modules/jest/bin/jest.js', '--config', 'jest.e2e.config.mjs'];
		await run(environment, ...jest, '--json', '--outputFile', file, ...patterns);
		const result = JSON.parse(await readFile(file, 'utf8')) as JestResult;
		const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = result;
		const failed = numFailedTests + numRuntimeErrorTestSuites;
		if (numPassedTests + failed === 0) return end(0, 1, 'no tests ran');
		return end(numPassedTests, failed);
	} catch (error) {
		return end(0, 1, (error as Error).message);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Runs Node with what it prints on our stderr (jest repeats its JSON on stdout); gives the exit code. */
async function run(environment: NodeJS.ProcessEnv, ...args: string[]): Promise<number | null> {
	const child = spawn(process.execPath, args, {
		cwd: ROOT,
		env: { ...process.env, ...environment },
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	return await new Promise((done) => {
		child.once('error', () => done(null));
		child.once('close', done);
	});
}

void main()
	.catch((error: unknown) => {
		process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
		return 2;
	})
	.then((code) => process.exit(code));
