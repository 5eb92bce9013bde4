const { mkdir, readFile, readdir, writeFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');
const { transform } = require('@swc/core');

/** Folders whose TypeScript becomes the package. */
const FOLDERS = ['credentials', 'lib', 'nodes'];

/**
 * Writes the package's JavaScript so that a module is loaded when something of it is used, not when a file names it.
 * n8n reads the descriptions of all nodes whenever it starts; undici, ws, libphonenumber-js and whatever else only an
 * execution needs then stays unread, and our own modules with it. The sources say nothing of this: they import as usual,
 * and `tsc` has checked them before.
 *
 * @param {string} root the checkout
 * @param {string} dist where the JavaScript goes, as `tsc` would name it
 */
async function writeLazyModules(root, dist) {
	for (const folder of FOLDERS) {
		const entries = await readdir(join(root, folder), { recursive: true });
		const sources = entries.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
		await Promise.all(
			sources.map(async (name) => {
				const target = join(dist, folder, name.replace(/\.ts$/, '.js'));
				await mkdir(dirname(target), { recursive: true });
				await writeFile(target, await lazyModule(join(root, folder, name)));
			}),
		);
	}
}

async function lazyModule(filename) {
	const source = await readFile(filename, 'utf8');
	const imported = [...source.matchAll(/\bfrom '([^']+)'/g)].map(([, name]) => name);
	const { code } = await transform(source, {
		filename,
		swcrc: false,
		configFile: false,
		jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
		module: { type: 'commonjs', lazy: [...new Set(imported)] },
	});
	return code;
}

module.exports = { writeLazyModules };
