import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pinned from '../n8n/package.json';

const ROOT = resolve(__dirname, '..', '..');

/** The n8n that the playground and the tests run: a version, and the folder that `scripts/setup.mjs --n8n` put it in. */
export interface InstalledN8n {
	/** As its own package.json has it, such as `2.40.7`. */
	version: string;
	/** Has `node_modules/n8n` in it. */
	folder: string;
}

/**
 * The n8n that N8N_VERSION names; without it the pinned one (`sandbox/n8n`).
 *
 * @param version defaults to what the environment says
 * @throws Error when it is not installed
 */
export function installedN8n(version = process.env.N8N_VERSION): InstalledN8n {
	// Also in scripts/setup.mjs, which puts it there.
	const name = !version || version === pinned.dependencies.n8n ? 'n8n' : `n8n-${version}`;
	const folder = join(ROOT, '.playground', name);
	const manifest = join(folder, 'node_modules', 'n8n', 'package.json');
	if (!existsSync(manifest)) {
		const wanted = version ? `N8N_VERSION=${version} ` : '';
		throw new Error(`n8n is not installed: run "${wanted}node scripts/setup.mjs --n8n" first.`);
	}
	const { version: installed } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
	return { version: installed, folder };
}
