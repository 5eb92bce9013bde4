/**
 * Brings a checkout to the state that the npm scripts need, on any Node from 20 up, with nothing installed yet:
 *
 *   node scripts/setup.mjs                      the development tree and the Node 24 that comes with it
 *   node scripts/setup.mjs --n8n                also the real n8n of the playground (`sandbox/n8n`)
 *   node scripts/setup.mjs --registry           also the local npm registry of `npm run e2e:install`
 *   node scripts/setup.mjs --run file.ts args   then runs a TypeScript file under that Node 24
 *
 * The n8n is the pinned one, or the one that N8N_VERSION names; with N8N_URL, which names one that runs already, none.
 *
 * Each step leaves a stamp of what it installed, so a second call only compares hashes. Everything is written to
 * stderr: stdout belongs to the script that follows (`npm start -- --once --json`).
 *
 * Why the extra steps: `.npmrc` switches install scripts off (no package may run code on `npm install`), and the two
 * packages whose scripts are needed are named here: `node` links its binary, `sqlite3` compiles its binding. Steps that
 * do not need each other run side by side: while n8n's packages come, the binding is compiled.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	readdirSync,
	rmSync,
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
const playground = join(root, '.playground');
const sqliteFolder = join(playground, 'sqlite3');
const NPM_FILES = ['package.json', 'package-lock.json', '.npmrc'];
const PNPM_FILES = ['package.json', 'pnpm-lock.yaml', '.npmrc'];
const pnpmFolder = join(playground, 'pnpm');
const SCRIPTS = ['--ignore-scripts=false'];
const BINDING = join('build', 'Release', 'node_sqlite3.node');
const REBUILD_SQLITE = ['rebuild', 'sqlite3', ...SCRIPTS];

/** What runs and has not ended: the titles with the time of their start, and the npm processes. */
const underWay = new Map();
let ticking;
const CLEAR_LINE = '\r\x1b[K';
const children = new Set();
// Whatever ends this process: they would go on without it.
process.on('exit', () => children.forEach((child) => child.kill()));

const [own, run] = splitAt(process.argv.slice(2), '--run');

const tree = installTree();
await Promise.all([
	tree,
	own.includes('--n8n') && !process.env.N8N_URL && installN8n(tree),
	own.includes('--registry') && installRegistry(),
]);
if (run.length > 0) runScript(run);

/** The development tree, exactly as the lock file says, then the bundled Node. */
async function installTree() {
	const stamp = treeStamp();
	const stampFile = join(root, 'node_modules', '.installed');
	if (isStamped(stampFile, stamp) && existsSync(node24)) return;
	if (!isStamped(stampFile, stamp)) {
		await npm('Installing the development tree', root, ['ci']);
	}
	await npm('Linking Node 24', root, ['rebuild', 'node', ...SCRIPTS]);
	writeFileSync(stampFile, stamp);
}

/**
 * The real n8n of the playground: 1,100 packages and 2.4 GB, so it stays out of the development tree. The pinned one
 * comes as its lock file says, by pnpm, which unpacks those 230,000 files in less than half of npm's time; another version as npm
 * resolves it today: that is what its users get.
 *
 * @param tree resolves when Node 24 is there, whose headers sqlite3 is compiled with
 */
async function installN8n(tree) {
	const [pinned, versions] = ['package.json', 'versions.json'].map((name) =>
		JSON.parse(readFileSync(join(n8nSource, name), 'utf8')),
	);
	const version = process.env.N8N_VERSION || pinned.dependencies.n8n;
	if (!/^\d+\.\d+\.\d+$/.test(version))
		fail(`N8N_VERSION has to be a version such as ${pinned.dependencies.n8n}, not "${version}".`);
	const title = `Installing n8n ${version} (1 to 4 minutes, once)`;
	const isPinned = version === pinned.dependencies.n8n;
	// Also in sandbox/playground/n8nFolder.ts, which finds it there.
	const folder = join(playground, isPinned ? 'n8n' : `n8n-${version}`);
	// Older ones fetch a package from elsewhere than npm's registry; npm's own does as well here.
	const overrides = { ...pinned.pnpm.overrides, ...versions.overrides };
	const { pnpm: _, ...rest } = pinned;
	const manifest = JSON.stringify({ ...rest, dependencies: { n8n: version }, overrides });
	const stamp = isPinned ? stampOf(n8nSource, PNPM_FILES) : hashOf([manifest]);
	await once(folder, stamp, async () => {
		await Promise.all([
			isPinned ? installAsLocked(title, folder) : installAsOfToday(title, manifest, folder),
			tree.then(compileSqlite),
		]);
		await putBinding(folder);
	});
}

/** sqlite3's binding. It is the same for every n8n that comes with this version of sqlite3, so it is compiled apart. */
async function compileSqlite() {
	const source = join(n8nSource, 'sqlite3');
	await once(sqliteFolder, stampOf(source, NPM_FILES), async () => {
		await ci('Fetching sqlite3', source, sqliteFolder);
		await npm('Compiling sqlite3 for n8n (about 1 minute, once)', sqliteFolder, REBUILD_SQLITE);
	});
}

/** Puts the compiled binding into an n8n, or compiles one for it where its sqlite3 is of another version. */
async function putBinding(folder) {
	const [from, to] = [sqliteFolder, folder].map((each) => join(each, 'node_modules', 'sqlite3'));
	const [ours, theirs] = [from, to].map(
		(each) => JSON.parse(readFileSync(join(each, 'package.json'), 'utf8')).version,
	);
	if (ours !== theirs) {
		await npm(`Compiling sqlite3 ${theirs} (about 1 minute, once)`, folder, REBUILD_SQLITE);
		return;
	}
	mkdirSync(join(to, 'build', 'Release'), { recursive: true });
	copyFileSync(join(from, BINDING), join(to, BINDING));
}

/** The npm registry that `npm run e2e:install` publishes to. */
async function installRegistry() {
	const source = join(root, 'test', 'proofs', 'install', 'registry');
	const folder = join(playground, 'registry');
	await once(folder, stampOf(source, NPM_FILES), async () => {
		await ci('Installing a local npm registry (once)', source, folder);
	});
}

/** Does what brings a folder to a state, unless a stamp says that it is in it. */
async function once(folder, stamp, work) {
	const stampFile = join(folder, 'node_modules', '.setup');
	if (isStamped(stampFile, stamp)) return;
	mkdirSync(folder, { recursive: true });
	await work();
	writeFileSync(stampFile, stamp);
}

/** Installs in a folder what the lock file of another one says. */
async function ci(title, source, folder) {
	for (const file of NPM_FILES) copyFileSync(join(source, file), join(folder, file));
	await npm(title, folder, ['ci']);
}

/** Installs the pinned n8n. The store lies beside it: its files are the same ones, and go when the checkout goes. */
async function installAsLocked(title, folder) {
	const source = join(n8nSource, 'pnpm');
	await once(pnpmFolder, stampOf(source, NPM_FILES), async () => {
		await ci('Fetching pnpm', source, pnpmFolder);
	});
	rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
	for (const file of PNPM_FILES) copyFileSync(join(n8nSource, file), join(folder, file));
	const store = `--store-dir=${join(playground, 'pnpm-store')}`;
	const flat = ['--ignore-workspace', '--config.node-linker=hoisted'];
	const args = ['install', '--frozen-lockfile', '--reporter=append-only', store, ...flat];
	await attempt(title, 'pnpm', folder, args, () => {
		const cli = join(pnpmFolder, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
		return spawn(process.execPath, [cli, ...args], { cwd: folder, env: environment() });
	});
}

/** Installs what a manifest says as npm resolves it now. */
async function installAsOfToday(title, manifest, folder) {
	for (const name of ['node_modules', 'package-lock.json'])
		rmSync(join(folder, name), { recursive: true, force: true });
	copyFileSync(join(n8nSource, '.npmrc'), join(folder, '.npmrc'));
	writeFileSync(join(folder, 'package.json'), manifest);
	await npm(title, folder, ['install']);
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
	const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
	await attempt(title, 'npm', cwd, args, () => spawnNpm(cwd, [...args, ...quiet]));
}

/** The same for any command that installs. */
async function attempt(title, command, cwd, args, start) {
	const progress = startProgress(title);
	const { code, output } = await outcomeOf(start());
	progress.end(code === 0);
	if (code === 0) return;
	fail(
		`${excerpt(output)}\n\n"${command} ${args.join(' ')}" failed in ${cwd} (exit code ${code}); what it said is above. ` +
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
		env: {
			// Where sqlite3 cannot be fetched compiled: -O3 takes the compiler almost twice as long.
			CFLAGS: '-O1',
			...environment(),
			...(headers && { npm_config_nodedir: headers }),
		},
	};
	return useCli
		? spawn(process.env.npm_node_execpath ?? process.execPath, [cli, ...args], options)
		: spawn(windows ? 'npm.cmd' : 'npm', args, { ...options, shell: windows });
}

/** Waits for what was started, and keeps the end of what it says. */
function outcomeOf(child) {
	children.add(child);
	child.once('close', () => children.delete(child));
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

/**
 * Shows that something is under way: on a terminal one line that counts the seconds of all that is; elsewhere a plain
 * line every 15 s, so that a CI log shows life.
 */
function startProgress(title) {
	underWay.set(title, Date.now());
	say(`${title} ...`);
	ticking ??= setInterval(showProgress, process.stderr.isTTY ? 1_000 : 15_000);
	return {
		end(ok) {
			const line = `${title} ... ${ok ? 'done' : 'failed'} after ${seconds(title)}`;
			underWay.delete(title);
			say(line);
			if (underWay.size > 0) return;
			clearInterval(ticking);
			ticking = undefined;
		},
	};
}

function seconds(title) {
	return `${Math.round((Date.now() - underWay.get(title)) / 1000)} s`;
}

function showProgress() {
	const line = [...underWay.keys()].map((title) => `${title} ... ${seconds(title)}`).join(' | ');
	if (!process.stderr.isTTY) say(line);
	else process.stderr.write(CLEAR_LINE + line.slice(0, (process.stderr.columns ?? 80) - 1));
}

function say(line) {
	process.stderr.write(`${process.stderr.isTTY ? CLEAR_LINE : ''}${line}\n`);
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
