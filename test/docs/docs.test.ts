import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { INode, INodeParameters } from 'n8n-workflow';
import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { operationsOf } from '../../nodes/ThreeCx/operations';
import { RESOURCES } from '../../nodes/ThreeCx/resources';
import { resources as callControlResources } from '../../nodes/ThreeCxCallControl/resources';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { PROFILES } from '../../sandbox/pbx/profiles';
import { anchorOf } from '../../scripts/docs/pages';
import { CredentialStore, runNode } from '../support/n8n';
import { DOCS, readExamples } from './recorded';

/** What the documentation says of the code is so, as far as a program can tell. */

const ROOT = join(DOCS, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const filesIn = (folder: string, ending: RegExp): string[] =>
	readdirSync(join(ROOT, folder), { recursive: true })
		.map(String)
		.filter((path) => ending.test(path))
		.map((path) => join(folder, path));

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...filesIn('docs', /\.md$/)];
/** Pages that people have written. */
const WRITTEN = PAGES.filter((path) => !path.startsWith(join('docs', 'nodes')));

/** Blocks of code in a language. */
const blocksOf = (text: string, language: string): string[] =>
	[...text.matchAll(new RegExp('^```' + language + '\\n([^]*?)^```$', 'gm'))].map(
		([, code = '']) => code,
	);

const withoutCode = (text: string) => text.replace(/^```[^]*?^```$/gm, '');

/** Where links to a page may lead on it. */
const anchorsOf = (path: string): string[] =>
	[...withoutCode(read(path)).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
		anchorOf(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]|(?<!\w)_|_(?!\w)/g, '')),
	);

/** Links and images of a page that lead to a file of ours. */
const linksOf = (page: string) =>
	[...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)]
		.map(([, link, image]) => link ?? image!)
		.filter((link) => !/^[a-z]+:/.test(link))
		.map((link) => {
			const [path = '', anchor] = link.split('#');
			return {
				link,
				target: path === '' ? page : relative('.', join(dirname(page), path)),
				anchor,
			};
		});

describe('links', () => {
	const anchors = new Map(PAGES.map((path) => [path, new Set(anchorsOf(path))]));

	test.each(PAGES)('of %s lead somewhere', (page) => {
		for (const { link, target, anchor } of linksOf(page)) {
			expect({ link, there: existsSync(join(ROOT, target)) }).toEqual({ link, there: true });
			if (anchor !== undefined)
				expect({ link, there: anchors.get(target)?.has(anchor) }).toEqual({ link, there: true });
		}
	});
});

describe('pictures', () => {
	const IMAGES = join('.github', 'images');
	const pictures = filesIn(IMAGES, /\.png$/).sort();

	test('each is shown somewhere', () => {
		const targets = new Set(PAGES.flatMap(linksOf).map(({ target }) => target));
		expect([...targets].filter((target) => target.startsWith(IMAGES)).sort()).toEqual(pictures);
	});

	test('each is taken by npm run e2e:editor', () => {
		const cases = filesIn('test/proofs/editor', /\.ts$/).map(read).join();
		const taken = [...cases.matchAll(/picture\('([^']+)'/g)].map(([, name = '']) => name);
		const workflows = filesIn('workflows', /\.json$/).map((path) => path.replace(/json$/, 'png'));
		expect([...taken, ...workflows].map((name) => join(IMAGES, name)).sort()).toEqual(pictures);
	});

	test('all together take less than 2 MB', () => {
		const bytes = pictures.map((path) => readFileSync(join(ROOT, path)).length);
		expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(2_000_000);
	});
});

test.each(WRITTEN)('%s: JSON and YAML can be read', (page) => {
	for (const code of blocksOf(read(page), 'json'))
		expect(() => JSON.parse(code) as unknown).not.toThrow();
	for (const code of blocksOf(read(page), 'yaml'))
		expect(() => parseYaml(code) as unknown).not.toThrow();
});

test.each(WRITTEN)('%s: commands, files and operations that it names are there', (page) => {
	const text = read(page);
	const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
	for (const [, name = ''] of text.matchAll(/npm run (?:-s )?([a-z][\w:]*)/g))
		expect(Object.keys(scripts)).toContain(name);
	for (const [, path = ''] of text.matchAll(
		/`((?:test|sandbox|scripts|lib|nodes|workflows)\/[\w./-]+)`/g,
	))
		expect({
			path,
			there: existsSync(join(ROOT, path)) || existsSync(join(ROOT, `${path}.ts`)),
		}).toEqual({ path, there: true });
	const labels = new Map(
		[
			...RESOURCES.map((resource) => [resource.label, operationsOf(resource)] as const),
			...callControlResources.map(({ label, operations }) => [label, operations] as const),
		].map(([label, operations]) => [label, operations.map((operation) => operation.label)]),
	);
	for (const [, resource = '', operation = ''] of text.matchAll(
		/_([A-Z][\w ]+?) > ([A-Z][\w ]+?)_/g,
	)) {
		const known = labels.get(resource);
		if (known) expect(known).toContain(operation);
	}
});

describe('docs/filters.md', () => {
	const examples = [
		...read('docs/filters.md').matchAll(/^## (.*)$|^```json\n([^]*?)^```\n+Gives: (.*)$/gm),
	];
	let heading = '';
	const cases = examples.flatMap(
		([, title, json, gives], index): Array<[string, string, string]> => {
			heading = title ?? heading;
			return json === undefined ? [] : [[`${heading} (${index})`, json, gives!]];
		},
	);
	let pbx: Pbx;
	beforeAll(async () => {
		pbx = await startPbx();
	});
	afterAll(async () => {
		await closeDispatchers();
		await pbx.close();
	});

	test('gives a result for each example', () => {
		expect(cases).toHaveLength(blocksOf(read('docs/filters.md'), 'json').length);
	});

	test.each(cases)('%s', async (_, json, gives) => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const { items, error } = await runNode({
			parameters: JSON.parse(json) as INodeParameters,
			credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
		});
		if (error) throw error;
		const names = items.map(({ json: { FirstName, LastName, Name } }) =>
			FirstName === undefined ? String(Name) : `${String(FirstName)} ${String(LastName)}`,
		);
		expect(gives.endsWith('item') ? `${items.length} item` : names.join(', ')).toBe(gives);
	});
});

test('docs/troubleshooting.md quotes messages that the code has', () => {
	const source = [
		...filesIn('lib', /\.ts$/),
		...filesIn('nodes', /\.ts$/),
		...filesIn('credentials', /\.ts$/),
	]
		.map(read)
		.join('\n')
		// What stands in comments nobody is shown.
		.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
	const quoted = [...read('docs/troubleshooting.md').matchAll(/^\| `([^`]+)` +\|/gm)].map(
		([, each]) => each!,
	);
	expect(quoted.length).toBeGreaterThan(30);
	for (const message of quoted)
		for (const part of message
			.split('…')
			.map((each) => each.trim())
			.filter((each) => each.length > 2))
			expect({ message, part, there: source.includes(part) }).toEqual({
				message,
				part,
				there: true,
			});
});

describe('docs/events.md', () => {
	const { threeCxTrigger: events = {} } = readExamples();
	const rows = [
		...read('docs/events.md').matchAll(/^\| (`.*?`) +\| .*? \| ([^|]*?) +\|$/gm),
	].flatMap(([, fields = '', applies = '']) =>
		[...fields.matchAll(/`(\w+)`/g)].map(([, field]) => [field!, applies] as const),
	);
	const told = new Map(rows);
	const ABOUT_NO_CALL = /^(?:device|connection|raw)/;

	test('has every field of the items', () => {
		const fields = Object.values(events).flatMap((example) => Object.keys(example!.json));
		expect([...told.keys()].sort()).toEqual([...new Set(fields)].sort());
	});

	test.each(Object.keys(events))('says of %s which fields apply', (event) => {
		const applying = [...told].flatMap(([field, applies]) =>
			applies === 'all' ||
			(applies.startsWith('calls') && !ABOUT_NO_CALL.test(event)) ||
			applies.includes(`\`${event}\``)
				? [field]
				: [],
		);
		expect(Object.keys(events[event]!.json).sort()).toEqual(applying.sort());
	});
});

test('docs/sandbox.md names every profile and every option', () => {
	const page = read('docs/sandbox.md');
	for (const name of Object.keys(PROFILES)) expect(page).toContain(`\`${name}\``);
	const [, options = ''] = /options: \{([^]*?)\n\t\t\},/.exec(read('sandbox/pbx/main.ts'))!;
	const names = [...options.matchAll(/^\t\t\t'?([\w-]+)'?: \{/gm)].map(([, name]) => name!);
	expect(names.length).toBeGreaterThan(8);
	for (const name of names) expect(page).toContain(`--${name} `.trimEnd());
});

/** `3CX Call Control` stands for `ThreeCxCallControl`. */
const nodesNamed = (page: string): string =>
	/^# (.*)$/m.exec(page)![1]!.replace('3CX', 'ThreeCx').replaceAll(' ', '');

describe('documentation that n8n links to', () => {
	const REPOSITORY = 'https://github.com/n8n-nodes-threecx/n8n-nodes-threecx/blob/main/';
	const codexes = filesIn('nodes', /\.node\.json$/).map(
		(path) => [path, read(path)] as [string, string],
	);
	const linked: Array<[string, string]> = [
		...codexes,
		['credential', new ThreeCxOAuth2Api().documentationUrl],
	];

	test.each(linked)('of %s is there', (_, text) => {
		const links = [...text.matchAll(/https:[^"\s]+/g)].map(([link]) => link);
		expect(links.length).toBeGreaterThan(0);
		for (const link of links) {
			expect(link.startsWith(REPOSITORY)).toBe(true);
			const [path = '', anchor] = link.slice(REPOSITORY.length).split('#');
			expect({ link, there: existsSync(join(ROOT, path)) }).toEqual({ link, there: true });
			if (anchor !== undefined) expect(anchorsOf(path)).toContain(anchor);
		}
	});

	test('is the page of the node', () => {
		for (const [path, text] of codexes) {
			const { resources } = JSON.parse(text) as {
				resources: { primaryDocumentation: Array<{ url: string }> };
			};
			const page = resources.primaryDocumentation[0]!.url.slice(REPOSITORY.length);
			// n8n appends a query, which would become a part of it.
			expect(page).not.toContain('#');
			const node = path.split(/[/.]/).at(-3)!;
			expect(nodesNamed(read(page))).toBe(node);
		}
	});
});

describe('pages about a workflow name its nodes', () => {
	const nodesOf = (file: string) =>
		(JSON.parse(read(join('workflows', file))) as { nodes: INode[] }).nodes.filter(
			({ type }) => !type.endsWith('stickyNote'),
		);

	test('docs/ai.md: the tools, and which of them act', () => {
		const rows = [...read('docs/ai.md').matchAll(/^\| ([A-Z][\w ]+?) +\| (.*?) +\|$/gm)];
		const told = rows.map(([, name, does = '']) => [name, does.startsWith('**acts**')]);
		const tools = nodesOf('agent-tools.json').filter(({ type }) => type.endsWith('Tool'));
		const acts = ({ parameters }: INode) => String(parameters.toolDescription).startsWith('ACTS');
		const byName = (rowsOf: unknown[][]) =>
			rowsOf.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
		expect(byName(told)).toEqual(byName(tools.map((node) => [node.name, acts(node)])));
	});

	test('docs/many-pbxs.md: each that it tells to look at', () => {
		const names = nodesOf('tenants.json').map(({ name }) => name);
		for (const name of ['Tenants', 'Who Answers', 'Christmas Day', 'Done', 'Failed']) {
			expect(read('docs/many-pbxs.md')).toContain(`**${name}**`);
			expect(names).toContain(name);
		}
	});
});
