import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { bundleModules, writeLazyModules } from '../../scripts/lazyModules.cjs';

/** Loading the package as n8n does when it starts: only what the descriptions need may be read. */

const ROOT = resolve(__dirname, '../..');

/** What only an execution, a trigger that listens or an open panel needs. */
const LATER = ['js-yaml', 'luxon', 'undici', 'wavefile', 'ws', 'libphonenumber-js'];

const NODES = [
	'threeCx',
	'threeCxCallControl',
	'threeCxCallHistoryTrigger',
	'threeCxSystemTrigger',
	'threeCxTrigger',
];

const LOAD = `
	const { basename, join } = require('node:path');
	const { n8n } = require(join(${JSON.stringify(ROOT)}, 'package.json'));
	const [dist] = process.argv.slice(1);
	const types = [...n8n.nodes, ...n8n.credentials].map((file) => {
		// n8n takes the class that has the name of the file.
		const Type = require(join(dist, file.replace(/^dist/, '')))[basename(file).split('.')[0]];
		return new Type();
	});
	const names = types.map(({ description, name }) => description?.name ?? name);
	process.stdout.write(JSON.stringify({ names, types, modules: Object.keys(require.cache) }));
`;

interface Loaded {
	names: string[];
	types: unknown[];
	modules: string[];
}

let folder: string;
let lazy: Loaded;
let bundled: Loaded;

const dist = () => join(folder, 'dist');

async function load(): Promise<Loaded> {
	const { stdout } = await promisify(execFile)(process.execPath, ['-e', LOAD, dist()], {
		maxBuffer: 16_000_000,
	});
	return JSON.parse(stdout) as Loaded;
}

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'threecx-loading-'));
	await writeLazyModules(ROOT, dist());
	for (const file of ['lib/xapi/catalogue.json', 'lib/phone/countryNames.json'])
		await cp(join(ROOT, file), join(dist(), file));
	await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
	lazy = await load();
	await bundleModules(ROOT, dist());
	bundled = await load();
}, 60_000);

afterAll(async () => await rm(folder, { recursive: true, force: true }));

test('loads a module of ours when something of it is used', () => {
	expect(lazy.modules.some((file) => file.endsWith('ThreeCx/resources/mail.js'))).toBe(true);
	expect(lazy.modules.some((file) => file.endsWith('lib/http/client.js'))).toBe(false);
});

test.each([
	['module by module', () => lazy],
	['in one file', () => bundled],
])('reads no library that only an execution needs: %s', (_, loaded) => {
	const { names, modules } = loaded();
	expect(names).toEqual([...NODES, 'threeCxOAuth2Api', 'threeCxServerApi']);
	const ofOurs = modules.filter((file) => !file.includes('n8n-workflow'));
	const read = LATER.filter((library) =>
		ofOurs.some((file) => file.includes(`/node_modules/${library}/`)),
	);
	// n8n-workflow reads luxon itself.
	expect(read.filter((library) => library !== 'luxon')).toEqual([]);
});

test('opens one file of modules, which describes what the modules did', () => {
	const opened = bundled.modules
		.filter((file) => !file.includes('/node_modules/'))
		.map((file) => relative(dist(), file).replaceAll('\\', '/'))
		.filter((file) => !file.startsWith('..'));
	expect(opened.sort()).toEqual([
		'credentials/ThreeCxOAuth2Api.credentials.js',
		'credentials/ThreeCxServerApi.credentials.js',
		'lib/phone/countryNames.json',
		'lib/xapi/catalogue.json',
		'modules.js',
		...[
			'ThreeCx',
			'ThreeCxCallControl',
			'ThreeCxCallHistoryTrigger',
			'ThreeCxSystemTrigger',
			'ThreeCxTrigger',
		].map((name) => `nodes/${name}/${name}.node.js`),
	]);
	expect(bundled.types).toEqual(lazy.types);
});
