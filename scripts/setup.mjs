/**
 * Brings a checkout to the state that the npm scripts need, on any Node from 20 up, with nothing installed yet:
 *
 *   node scripts/setup.mjs                      the development tree and the Node 24 that comes with it
 *   node scripts/setup.mjs --n8n                also the pinned n8n of the playground (`sandbox/n8n`)
 *   node scripts/setup.mjs --run file.ts args   then runs a TypeScript file under that Node 24
 *
 * Each step leaves a stamp of what it installed, so a second call only compares hashes. Everything is written to
 * stderr: stdout belongs to the script that follows (`npm start -- --once --json`).
 *
 * Why the extra steps: `.npmrc` switches install scripts off (no package may run code on `npm install`), and the two
 * packages whose scripts are needed are named here: `node` links its binary, `sqlite3` compiles its binding.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	writeFileSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const windows = process.platform === 'win32';
const bin = join(root, 'node_modules', '.bin');
const node24 = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');
const n8nSource = join(root, 'sandbox', 'n8n');
// A dot folder: `n8n-node build` copies every png and svg that it finds outside node_modules and dot folders.
const n8nFolder = join(root, '.playground', 'n8n');
const N8N_FILES = ['package.json', 'package-lock.json', '.npmrc'];

const [own, run] = splitAt(process.argv.slice(2), '--run');

await installTree();
if (own.includes('--n8n')) await installN8n();
if (run.length > 0) runScript(run);

/** The development tree, exactly as the lock file says, then the bundled Node. */
async function installTree() {
	const stamp = treeStamp();
	const stampFile = join(root, 'node_modules', '.installed');
	if (isStamped(stampFile, stamp) && existsSync(node24)) return;
	if (!isStamped(stampFile, stamp)) {
		await npm('Installing the development tree', root, ['ci']);
	}
	await npm('Linking Node 24', root, ['rebuild', 'node', '--ignore-scripts=false']);
	writeFileSync(stampFile, stamp);
}

/** The real n8n of the playground: 1,100 packages and 2.4 GB, so it stays out of the development tree. */
async function installN8n() {
	const stamp = stampOf(n8nSource, N8N_FILES);
	const stampFile = join(n8nFolder, 'node_modules', '.setup');
	if (isStamped(stampFile, stamp)) return;
	mkdirSync(n8nFolder, { recursive: true });
	for (const file of N8N_FILES) copyFileSync(join(n8nSource, file), join(n8nFolder, file));
	await npm('Installing n8n (about 2 minutes, once)', n8nFolder, ['ci']);
	await npm('Compiling sqlite3 for n8n (about 1 minute, once)', n8nFolder, [
		'rebuild',
		'sqlite3',
		'--ignore-scripts=false',
	]);
	writeFileSync(stampFile, stamp);
}

/** Runs a TypeScript file under Node 24 as our only child, and ends as it ended. */
function runScript([file, ...args]) {
	// The ipc channel lets the child notice when this process is gone and clean up behind itself.
	const child = spawn(node24, ['--import', 'tsx', file, ...args], {
		cwd: root,
		env: environment(),
		stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
	});
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
		process.on(signal, () => child.kill(signal));
	// A shell between npm and us takes a signal for itself and dies: all that we see is a new parent.
	const parent = process.ppid;
	setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 1_000).unref();
	child.on('error', (error) => fail(`Could not start ${file}: ${error.message}`));
	child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** One npm command with its progress on stderr; its own output is shown only when it fails. */
async function npm(title, cwd, args) {
	const progress = startProgress(title);
	const { code, output } = await spawnNpm(cwd, [
		...args,
		'--no-audit',
		'--no-fund',
		'--loglevel=error',
	]);
	progress.end(code === 0);
	if (code === 0) return;
	fail(
		`${excerpt(output)}\n\n"npm ${args.join(' ')}" failed in ${cwd} (exit code ${code}); what it said is above. ` +
			'Once that is cured (often: the connection to the npm registry), run the same command again.',
	);
}

/** The first and the last lines: npm names the cause first, a compiler last. */
function excerpt(output) {
	const lines = output.split('\n').filter((line) => line.trim() !== '');
	return (lines.length <= 40 ? lines : [...lines.slice(0, 20), '...', ...lines.slice(-20)]).join(
		'\n',
	);
}

function spawnNpm(cwd, args) {
	// Inside an npm script npm tells where it lives; by hand it is found on the PATH.
	const cli = process.env.npm_execpath;
	const useCli = cli?.endsWith('.js') && existsSync(cli);
	const headers = nodeHeaders();
	const options = {
		cwd,
		env: { ...environment(), ...(headers && { npm_config_nodedir: headers }) },
	};
	const child = useCli
		? spawn(process.env.npm_node_execpath ?? process.execPath, [cli, ...args], options)
		: spawn(windows ? 'npm.cmd' : 'npm', args, { ...options, shell: windows });
	let output = '';
	const collect = (chunk) => {
		output = (output + chunk).slice(-100_000);
	};
	child.stdout.on('data', collect);
	child.stderr.on('data', collect);
	return new Promise((done) => {
		child.on('error', (error) => done({ code: -1, output: `${output}\n${error.message}` }));
		child.on('close', (code) => done({ code: code ?? -1, output }));
	});
}

/** Node 24 first on the PATH. */
function environment() {
	const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
	return { ...process.env, [pathKey]: [bin, process.env[pathKey]].filter(Boolean).join(delimiter) };
}

/** The headers that came with Node 24, so that compiling fetches nothing. */
function nodeHeaders() {
	const packages = join(root, 'node_modules', 'node', 'node_modules');
	if (!existsSync(packages)) return undefined;
	return readdirSync(packages)
		.map((name) => join(packages, name))
		.find((folder) => existsSync(join(folder, 'include', 'node', 'node_api.h')));
}

/** On a terminal one line that counts the seconds; elsewhere a plain line every 15 s, so that a CI log shows life. */
function startProgress(title) {
	const started = Date.now();
	const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
	const live = process.stderr.isTTY;
	const show = () =>
		process.stderr.write(live ? `\r${title} ... ${seconds()} ` : `${title} ... ${seconds()}\n`);
	process.stderr.write(live ? `${title} ...` : `${title} ...\n`);
	const timer = setInterval(show, live ? 1_000 : 15_000);
	return {
		end(ok) {
			clearInterval(timer);
			process.stderr.write(
				`${live ? '\r' : ''}${title} ... ${ok ? 'done' : 'failed'} after ${seconds()}\n`,
			);
		},
	};
}

function stampOf(folder, files) {
	return hashOf(files.map((file) => readFileSync(join(folder, file))));
}

function hashOf(contents) {
	const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
	for (const content of contents) hash.update(content);
	return hash.digest('hex');
}

/** What the lock file installs; the package's own version, which stands in it too, installs nothing. */
function treeStamp() {
	const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
	const { version, ...own } = packages[''];
	return hashOf([JSON.stringify({ ...packages, '': own })]);
}

function isStamped(file, stamp) {
	return existsSync(file) && readFileSync(file, 'utf8') === stamp;
}

function splitAt(values, marker) {
	const index = values.indexOf(marker);
	return index < 0 ? [values, []] : [values.slice(0, index), values.slice(index + 1)];
}

function fail(message) {
	process.stderr.write(`${message}\n`);
	process.exit(1);
}
