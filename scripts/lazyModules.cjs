const { mkdir, readFile, readdir, rm, writeFile } = require('node:fs/promises');
const { basename, dirname, join, relative } = require('node:path');
const { transform } = require('@swc/core');
const { build } = require('esbuild');

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

/** The one file below dist that holds all modules of the package. */
const BUNDLE = 'modules.js';

/**
 * Puts all modules of dist into one file, since n8n waits for each file that it opens. Where n8n looks for a node or a
 * credential stays a file that only names it. Modules stay as lazy as they were, and each is still there once, so that
 * what the nodes share (connections, limits) stays shared. JSON stays where it is.
 *
 * @param root the checkout, whose package.json says where n8n looks
 * @param dist what {@link writeLazyModules} has written
 */
async function bundleModules(root, dist) {
	const { n8n } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
	const entries = [...n8n.nodes, ...n8n.credentials].map((file) => ({
		file: relative('dist', file).replaceAll('\\', '/'),
		name: basename(file).split('.')[0],
	}));
	await build({
		absWorkingDir: dist,
		stdin: {
			resolveDir: dist,
			contents: entries.map(({ file, name }) => getter(name, `./${file}`)).join(''),
		},
		outfile: join(dist, BUNDLE),
		bundle: true,
		format: 'cjs',
		platform: 'node',
		target: 'esnext',
		packages: 'external',
		plugins: [jsonStays(dist)],
	});
	await Promise.all(
		FOLDERS.map(async (folder) => {
			const files = await readdir(join(dist, folder), { recursive: true });
			const modules = files.filter((name) => name.endsWith('.js'));
			await Promise.all(modules.map((name) => rm(join(dist, folder, name))));
		}),
	);
	for (const { file, name } of entries) {
		const up = '../'.repeat(file.split('/').length - 1);
		await writeFile(join(dist, file), `exports.${name} = require('${up}${BUNDLE}').${name};\n`);
	}
}

const getter = (name, file) =>
	`Object.defineProperty(exports, '${name}', { enumerable: true, get: () => require('${file}').${name} });\n`;

/** Has JSON read as before: parsed as JSON it takes a fraction of what it takes as JavaScript. */
const jsonStays = (dist) => ({
	name: 'json-stays',
	setup(esbuild) {
		esbuild.onResolve({ filter: /^\..*\.json$/ }, ({ path, resolveDir }) => ({
			path: `./${relative(dist, join(resolveDir, path)).replaceAll('\\', '/')}`,
			external: true,
		}));
	},
});

module.exports = { bundleModules, writeLazyModules };
