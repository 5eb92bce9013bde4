import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { writeLazyModules } from '../../scripts/lazyModules.cjs';

/** Loading the package as n8n does when it starts: only what the descriptions need may be read. */

const ROOT = resolve(__dirname, '../..');

/** What only an execution, a trigger that listens or an open panel needs. */
const LATER = ['js-yaml', 'luxon', 'undici', 'wavefile', 'ws', 'libphonenumber-js/index.cjs'];

const LOAD = `
	const { join } = require('node:path');
	const { n8n } = require(join(${JSON.stringify(ROOT)}, 'package.json'));
	const [dist] = process.argv.slice(1);
	const descriptions = [...n8n.nodes, ...n8n.credentials].map((file) => {
		const loaded = require(join(dist, file.replace(/^dist/, '')));
		const [Type] = Object.values(loaded);
		return new Type();
	});
	const names = descriptions.map(({ description, name }) => description?.name ?? name);
	process.stdout.write(JSON.stringify({ names, modules: Object.keys(require.cache) }));
`;

test('reads no library that only an execution needs', async () => {
	const folder = await mkdtemp(join(tmpdir(), 'threecx-loading-'));
	try {
		const dist = join(folder, 'dist');
		await writeLazyModules(ROOT, dist);
		await cp(join(ROOT, 'lib/xapi/catalogue.json'), join(dist, 'lib/xapi/catalogue.json'));
		await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
		const { stdout } = await promisify(execFile)(process.execPath, ['-e', LOAD, dist]);
		const { names, modules } = JSON.parse(stdout) as { names: string[]; modules: string[] };
		expect(names.sort()).toEqual(
			expect.arrayContaining([
				'threeCx',
				'threeCxCallControl',
				'threeCxOAuth2Api',
				'threeCxTrigger',
			]),
		);
		const ofOurs = modules.filter((file) => !file.includes('n8n-workflow'));
		const read = LATER.filter((library) =>
			ofOurs.some((file) => file.includes(`/node_modules/${library}`) && !file.includes('.json')),
		);
		// n8n-workflow reads luxon itself.
		expect(read.filter((library) => library !== 'luxon')).toEqual([]);
		expect(modules.some((file) => file.endsWith('ThreeCx/resources/mail.js'))).toBe(true);
		expect(modules.some((file) => file.endsWith('lib/http/client.js'))).toBe(false);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}, 60_000);
