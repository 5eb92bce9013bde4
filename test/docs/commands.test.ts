import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DOCS } from './recorded';

/** Commands and examples of the documentation that can run here, run. */

const ROOT = join(DOCS, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const run = promisify(execFile);

const block = (page: string, language: string, holding: string): string => {
	const blocks = [...read(page).matchAll(new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm'))];
	const found = blocks.find(([, code = '']) => code.includes(holding))?.[1];
	if (found === undefined) throw new Error(`${page} has no ${language} with ${holding}`);
	return found;
};

const children: ChildProcess[] = [];
afterEach(() => {
	for (const child of children.splice(0)) child.kill();
});

/** As `npx tsx` runs it, on a port that is free. */
async function startSandbox(options: readonly string[]): Promise<Record<string, string>> {
	const child = spawn(
		process.execPath,
		['--import', 'tsx', 'sandbox/pbx/main.ts', ...options, '--port', '0'],
		{ cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
	);
	children.push(child);
	let said = '';
	return await new Promise((resolve, reject) => {
		const take = (chunk: Buffer) => {
			said += String(chunk);
			const [, url, id, secret] =
				/PBX: (\S+)\nClient ID: (\S+)\nClient secret: (\S+)\n/.exec(said) ?? [];
			if (secret === undefined) return;
			resolve({
				THREECX_URL: url!,
				THREECX_CLIENT_ID: id!,
				THREECX_CLIENT_SECRET: secret,
			});
		};
		child.stdout.on('data', take);
		child.stderr.on('data', take);
		child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)));
	});
}

/** Not every machine has it. */
const testWithCurl = spawnSync('curl', ['--version']).status === 0 ? test : test.skip;

describe('docs/sandbox.md', () => {
	testWithCurl(
		'starts the simulated PBX, and asks it',
		async () => {
			const command = block('docs/sandbox.md', 'sh', 'sandbox/pbx/main.ts');
			expect(command).toContain('npx tsx sandbox/pbx/main.ts --port 5000');
			const environment = await startSandbox([]);
			const { stdout } = await run('sh', ['-c', block('docs/sandbox.md', 'sh', 'TOKEN=')], {
				env: { ...process.env, ...environment },
			});
			expect(stdout).toContain('"FirstName":"Amelia"');
			expect(stdout).toContain('"dn":"100"');
		},
		60_000,
	);

	const options = [...read('docs/sandbox.md').matchAll(/^\| `(--[^`]+)` +\|/gm)].map(
		([, option]) => option!,
	);

	/** As a shell splits it. */
	const words = (text: string) =>
		[...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
			([, single, double, bare]) => single ?? double ?? bare!,
		);

	test('all options of its table work', async () => {
		expect(options.length).toBeGreaterThan(8);
		const { THREECX_URL: url } = await startSandbox(
			options.flatMap(words).filter((word, index, all) => {
				// Profiles set what other options set as well, and a port is taken that is free.
				const isOf = (name: string) => word === name || all[index - 1] === name;
				return !isOf('--profile') && !isOf('--port') && !isOf('--host');
			}),
		);
		expect(url).toMatch(/^https:/);
		const profile = options.find((option) => option.startsWith('--profile'))!;
		await startSandbox([...words(profile), '--host', '127.0.0.1']);
	}, 60_000);

	test('its example in TypeScript runs', async () => {
		const code = block('docs/sandbox.md', 'ts', 'startPbx');
		const [imports, ...statements] = code.split('\n\n');
		const folder = mkdtempSync(join(tmpdir(), '3cx-docs-'));
		try {
			const file = join(folder, 'example.cts');
			const own = imports!.replace('./sandbox/pbx', join(ROOT, 'sandbox/pbx'));
			const body = `async function main() {\n${statements.join('\n')}\nprocess.stdout.write('done');\n}\nvoid main();\n`;
			writeFileSync(file, `${own}\n${body}`);
			const { stdout } = await run(process.execPath, ['--import', 'tsx', file], { cwd: ROOT });
			expect(stdout).toBe('done');
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}, 60_000);
});

test('docs/install.md: the package holds the workflows that it speaks of', async () => {
	expect(block('docs/install.md', 'sh', 'npm pack')).toContain('package/workflows');
	const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
		cwd: ROOT,
		maxBuffer: 100_000_000,
	});
	const [{ files }] = JSON.parse(stdout) as [{ files: Array<{ path: string }> }];
	const packed = files.map(({ path }) => path);
	const named = [...read('README.md').matchAll(/\(workflows\/([\w-]+\.json)\)/g)];
	for (const [, file] of named) expect(packed).toContain(`workflows/${file}`);
}, 60_000);

/** What `npm run` starts, by the name of the script. */
function sourceOf(script: string): string | undefined {
	const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
	const [, file] = / --run (\S+)/.exec(scripts[script] ?? '') ?? [];
	return file === undefined ? undefined : read(file);
}

test.each([
	'README.md',
	'CONTRIBUTING.md',
	'docs/events.md',
	'docs/how-it-is-built.md',
	'docs/protocol.md',
	'docs/sandbox.md',
	'docs/scaling.md',
])('%s: the options of commands are known to them', (page) => {
	const commands = [...read(page).matchAll(/npm (?:run (?:-s )?)?([a-z][\w:]*) -- ([^`\n#]*)/g)];
	for (const [command, script = '', options = ''] of commands) {
		const source = sourceOf(script);
		if (source === undefined) continue;
		for (const [, option = ''] of options.matchAll(/--([a-z][\w-]*)/g)) {
			const isKnown = new RegExp(`^\\s+'?${option}'?: \\{|--${option}\\b`, 'm');
			expect({ command, option, known: isKnown.test(source) }).toEqual({
				command,
				option,
				known: true,
			});
		}
	}
});

test('the example of one test in CONTRIBUTING.md finds one', () => {
	const [, file = '', name = ''] =
		/npm test -- (\S+) -t "([^"]+)"/.exec(read('CONTRIBUTING.md')) ?? [];
	expect(read(file)).toMatch(new RegExp(`test\\(\\s*'[^']*${name}`));
});
