import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What the build reads; a change in any of these makes `dist` stale. */
const SOURCES = [
	'nodes',
	'credentials',
	'lib',
	'icons',
	'gulpfile.js',
	'scripts/lazyModules.cjs',
	'scripts/outputSchemas.cjs',
	'docs/nodes/examples.json',
	'package.json',
	'tsconfig.json',
];

export interface Manifest {
	name: string;
	n8n: { nodes: string[]; credentials: string[] };
	dependencies: Record<string, string>;
}

/** The package.json of our checkout. */
export async function readManifest(packageDir: string): Promise<Manifest> {
	return JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as Manifest;
}

/**
 * Whether `npm run build` has something to do: a built file is missing or a source is newer than the oldest of them.
 */
export async function isStale(packageDir: string): Promise<boolean> {
	const { n8n } = await readManifest(packageDir);
	const built = [...n8n.nodes, ...n8n.credentials].map((file) => join(packageDir, file));
	if (!built.every((file) => existsSync(file))) return true;
	const builtAt = Math.min(...(await Promise.all(built.map(newest))));
	const changedAt = Math.max(
		...(await Promise.all(SOURCES.map(async (source) => await newest(join(packageDir, source))))),
	);
	return changedAt > builtAt;
}

/** Runs `npm run build`; its output is shown only when it fails, in the error. */
export async function build(packageDir: string): Promise<void> {
	const child = spawn('npm', ['run', 'build'], {
		cwd: packageDir,
		shell: process.platform === 'win32',
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let output = '';
	const collect = (chunk: Buffer) => {
		output = (output + chunk.toString()).slice(-20_000);
	};
	child.stdout.on('data', collect);
	child.stderr.on('data', collect);
	const code = await new Promise<number | null>((resolve) => {
		child.once('error', () => resolve(null));
		child.once('close', resolve);
	});
	if (code !== 0) throw new Error(`"npm run build" failed:\n${output}`);
}

/**
 * Puts the built package where n8n looks for installed community packages, with the files that npm would publish.
 * The name of the folder makes the node types `n8n-nodes-threecx.*`, as after a real installation. `n8n-workflow` is left
 * out on purpose: like an installed package, ours then gets the one n8n itself uses.
 *
 * @param nodeModules - `<user folder>/.n8n/nodes/node_modules`
 */
export async function installPackage(packageDir: string, nodeModules: string): Promise<void> {
	const { name, dependencies } = await readManifest(packageDir);
	const target = join(nodeModules, name);
	await rm(target, { recursive: true, force: true });
	await mkdir(target, { recursive: true });
	await cp(join(packageDir, 'package.json'), join(target, 'package.json'));
	await cp(join(packageDir, 'dist'), join(target, 'dist'), { recursive: true });
	await Promise.all(
		Object.keys(dependencies).map(async (dependency) => {
			const link = join(nodeModules, dependency);
			await rm(link, { recursive: true, force: true });
			await symlink(join(packageDir, 'node_modules', dependency), link, 'junction');
		}),
	);
}

/** The latest change (ms since 1970) of a file, or of anything below a folder; 0 when it does not exist. */
async function newest(path: string): Promise<number> {
	if (!existsSync(path)) return 0;
	const { mtimeMs } = await stat(path);
	if (!(await stat(path)).isDirectory()) return mtimeMs;
	const entries = await readdir(path, { recursive: true, withFileTypes: true });
	// The build itself draws the dark icons.
	const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.dark.svg'));
	const times = await Promise.all(
		files.map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs),
	);
	return Math.max(0, ...times);
}
