import { execFile } from 'node:child_process';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The last commit of 0.1.0, which was never tagged. */
const FIRST = 'a129ac3af7da5c00cb91c0c1f01ab12ee2c99864';

/** A tarball of `npm pack`. */
export interface Tarball {
	file: string;
	version: string;
	/** Paths of its files, without the leading `package/`. */
	files: string[];
}

/** Packs what is built in a folder, as `npm publish` does. */
export async function pack(folder: string, target: string): Promise<Tarball> {
	await mkdir(target, { recursive: true });
	const args = ['pack', '--json', '--pack-destination', target, '--ignore-scripts'];
	const { stdout } = await run('npm', args, { cwd: folder, maxBuffer: 100_000_000 });
	const [packed] = JSON.parse(stdout) as Array<{
		filename: string;
		version: string;
		files: Array<{ path: string }>;
	}>;
	const { filename, version, files } = packed!;
	return { file: join(target, filename), version, files: files.map(({ path }) => path) };
}

/**
 * Builds and packs 0.1.0 as it was.
 *
 * @param root - our checkout, with its history
 * @param folder - an empty folder
 * @returns undefined where the history does not reach back to it, as in a shallow clone
 */
export async function packFirst(root: string, folder: string): Promise<Tarball | undefined> {
	const isThere = await run('git', ['cat-file', '-e', `${FIRST}^{commit}`], { cwd: root }).then(
		() => true,
		() => false,
	);
	if (!isThere) return undefined;
	const source = join(folder, 'source');
	await mkdir(source, { recursive: true });
	const archive = join(folder, 'source.tar');
	await run('git', ['archive', '--output', archive, FIRST], { cwd: root });
	await run('tar', ['-xf', archive, '-C', source]);
	await symlink(join(root, 'node_modules'), join(source, 'node_modules'), 'junction');
	await run(
		process.execPath,
		[join(root, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs'), 'build'],
		{
			cwd: source,
		},
	);
	return await pack(source, folder);
}

/** Where there is no 0.1.0: the package as it is now under that number. It shows that n8n updates, not what. */
export async function packAsFirst(root: string, folder: string): Promise<Tarball> {
	const source = join(folder, 'source');
	await mkdir(source, { recursive: true });
	for (const name of ['dist', 'workflows', 'package.json', 'README.md', 'LICENSE'])
		await cp(join(root, name), join(source, name), { recursive: true });
	await run('npm', ['version', '0.1.0', '--no-git-tag-version'], { cwd: source });
	return await pack(source, folder);
}
