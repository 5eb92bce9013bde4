import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalogue, entitySets } from '../../lib/xapi/catalogue';
import { genericOperationsOf, ownOperationsOf } from '../../nodes/ThreeCx/operations';
import { hasRows } from '../../nodes/ThreeCx/resource';
import { resourceNamed } from '../../nodes/ThreeCx/resources';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { ThreeCxCallHistoryTrigger } from '../../nodes/ThreeCxCallHistoryTrigger/ThreeCxCallHistoryTrigger.node';
import { ThreeCxSystemTrigger } from '../../nodes/ThreeCxSystemTrigger/ThreeCxSystemTrigger.node';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import { pagesOf, type NodeDocs } from '../../scripts/docs/pages';
import { operationsOf } from '../support/everyOperation';
import { DOCS, isWriting, readExamples } from './recorded';

/** The pages of `docs/nodes` are those of the nodes as they are. `npm run docs` writes them. */

const FOLDER = join(DOCS, 'nodes');
const INTROS = join(__dirname, '../../scripts/docs/intro');

/** A page that is larger is no pleasure to open. */
const LARGEST_PAGE = 150_000;

/** What 3CX allows to a System Owner only, and what a System Admin may, too; of other things nobody has said it (protocol 1.6). */
const OWNER = ['callLog', 'chat', 'chatMessage', 'recording'];
const ADMIN = [
	'activeCall',
	'contact',
	'department',
	'eventLog',
	'queue',
	'ringGroup',
	'trunk',
	'user',
];

const needs = (resource: string): string | undefined => {
	if (OWNER.includes(resource))
		return 'The API client needs the role _System Owner_ for it ([roles](../../setup-3cx.md#roles)).';
	return ADMIN.includes(resource)
		? 'The role _System Admin_ is enough for it ([roles](../../setup-3cx.md#roles)).'
		: undefined;
};

/** The XAPI operations that an operation of the 3CX node calls. */
function uses(name: string, operation: string): readonly string[] {
	const resource = resourceNamed(name);
	const generic = genericOperationsOf(resource).find((each) => each.name === operation);
	if (!generic || !hasRows(resource))
		return ownOperationsOf(resource).find((each) => each.name === operation)?.uses ?? [];
	const { verbs = {} } = entitySets(catalogue)[resource.entitySet] ?? {};
	return generic.needs.flatMap((verb) => verbs[verb] ?? []);
}

const nodes: NodeDocs[] = [
	{ description: new ThreeCx().description, page: '3cx', pagePerResource: true, needs, uses },
	{ description: new ThreeCxCallControl().description, page: '3cx-call-control' },
	{ description: new ThreeCxTrigger().description, page: '3cx-trigger' },
	{ description: new ThreeCxCallHistoryTrigger().description, page: '3cx-call-history-trigger' },
	{ description: new ThreeCxSystemTrigger().description, page: '3cx-system-trigger' },
].map((node) => ({
	...node,
	intro: readFileSync(join(INTROS, `${node.page}.md`), 'utf8').trim(),
}));

const examples = readExamples();
const pages = new Map(nodes.flatMap((node) => [...pagesOf(node, examples)]));

/** What is in the folder, by path. */
const present = readdirSync(FOLDER, { recursive: true })
	.map(String)
	.filter((path) => path.endsWith('.md'));

if (isWriting) {
	for (const path of present) if (!pages.has(path)) rmSync(join(FOLDER, path));
	for (const [path, text] of pages) {
		mkdirSync(dirname(join(FOLDER, path)), { recursive: true });
		writeFileSync(join(FOLDER, path), text);
	}
}

test.each([...pages])('%s is up to date (if not: npm run docs)', (path, text) => {
	expect(readFileSync(join(FOLDER, path), 'utf8')).toBe(text);
	expect(text.length).toBeLessThan(LARGEST_PAGE);
});

test('there is no page of something that is gone', () => {
	const found = readdirSync(FOLDER, { recursive: true }).map(String);
	expect(found.filter((path) => path.endsWith('.md')).sort()).toEqual([...pages.keys()].sort());
});

test('every operation and every event has an example (if not: npm run docs -- --examples)', () => {
	const wanted = nodes.flatMap(({ description }) => {
		const { name, properties } = description;
		const operations = operationsOf(name, description).map(([key]) => key.replace(': ', '.'));
		const events = properties.find((each) => each.name === 'events')?.options ?? [];
		return [...operations, ...events.map((event) => ('value' in event ? event.value : ''))].map(
			(key) => `${name} ${key}`,
		);
	});
	const known = Object.entries(examples).flatMap(([name, recorded]) =>
		Object.keys(recorded).map((key) => `${name} ${key}`),
	);
	expect(known.sort()).toEqual(wanted.sort());
});

test('every parameter of the nodes stands on a page', () => {
	const all = [...pages.values()].join('\n');
	for (const { description } of nodes)
		for (const { name, type } of description.properties)
			if (!['notice', 'hidden', 'callout'].includes(type))
				expect({ name, told: all.includes(`\`${name}\``) }).toEqual({ name, told: true });
});
