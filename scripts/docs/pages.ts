import type { INodeProperties, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';
import type { Example, Examples } from './example';
import { cell, isFor, rowsOf, tableOf } from './fields';

/** The pages of `docs/nodes`, made of what n8n is told of the nodes and of recorded items. */

/** What a page is made of. */
export interface NodeDocs {
	description: INodeTypeDescription;
	/** Name of its page, without `.md`. */
	page: string;
	/** Whether each resource has a page of its own. */
	pagePerResource?: boolean;
	/** What is said of the node on top, in Markdown; the list of operations comes in place of {@link OPERATIONS}. */
	intro: string;
	/** What a resource needs of the API client, in Markdown. */
	needs?: (resource: string) => string | undefined;
	/** operationIds of XAPI that an operation calls. */
	uses?: (resource: string, operation: string) => readonly string[];
}

const GENERATED =
	'<!-- Made by `npm run docs` from the descriptions of the nodes and from recorded items: change those, not this page. -->';

/** Where the operations are listed. */
const OPERATIONS = '<!-- operations -->';

/** A parameter that so many resources have alike is told once. */
const SHARED_BY = 3;

/** @returns the address of a heading on its page, as GitHub makes it */
export const anchorOf = (heading: string): string =>
	heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N}\-_ ]/gu, '')
		.replace(/ /g, '-');

const linkTo = (heading: string, page = ''): string => `[${heading}](${page}#${anchorOf(heading)})`;

/** @returns the pages of a node by their paths below `docs/nodes` */
export const pagesOf = (node: NodeDocs, examples: Examples): Map<string, string> =>
	new Map(
		Object.entries(
			node.description.properties.some(({ name }) => name === 'resource')
				? actionPages(node, examples[node.description.name] ?? {})
				: { [`${node.page}.md`]: triggerPage(node, examples[node.description.name] ?? {}) },
		),
	);

type Recorded = Examples[string];

interface Chosen {
	name: string;
	label: string;
	description: string;
}

const chosenOf = (options: INodeProperties['options'] = []): Chosen[] =>
	(options as INodePropertyOptions[]).map(({ name, value, description = '' }) => ({
		name: String(value),
		label: name,
		description,
	}));

const resourcesOf = ({ properties }: INodeTypeDescription): Chosen[] =>
	chosenOf(properties.find(({ name }) => name === 'resource')?.options);

const operationsOf = ({ properties }: INodeTypeDescription, resource: string): Chosen[] =>
	chosenOf(
		properties.find((each) => each.name === 'operation' && isFor(each, resource, ''))?.options,
	);

const parametersOf = ({ properties }: INodeTypeDescription, resource: string, operation: string) =>
	properties.filter(
		(each) => !['resource', 'operation'].includes(each.name) && isFor(each, resource, operation),
	);

/** A parameter without when it is shown. */
const alike = (property: INodeProperties) =>
	JSON.stringify({ ...property, displayOptions: undefined });

/** A parameter that several resources have alike. */
interface Shared {
	property: INodeProperties;
	resources: Set<string>;
	/** Labels of the operations that have it. */
	operations: Set<string>;
}

/** Parameters with inner ones that several resources have alike, by what they are. */
function sharedOf(description: INodeTypeDescription): Map<string, Shared> {
	const having = new Map<string, Shared>();
	for (const { name: resource } of resourcesOf(description))
		for (const { name: operation, label } of operationsOf(description, resource))
			for (const property of parametersOf(description, resource, operation)) {
				if (!['collection', 'fixedCollection'].includes(property.type)) continue;
				const key = alike(property);
				const known = having.get(key) ?? {
					property,
					resources: new Set<string>(),
					operations: new Set<string>(),
				};
				known.resources.add(resource);
				known.operations.add(label);
				having.set(key, known);
			}
	return new Map([...having].filter(([, { resources }]) => resources.size >= SHARED_BY));
}

/** Shared parameters of one name are told apart by the operation that has them. */
function sharedHeadings(shared: Map<string, Shared>): Map<string, string> {
	const labels = [...shared.values()].map(({ property }) => property.displayName);
	return new Map(
		[...shared].map(
			([
				key,
				{
					property: { displayName },
					operations,
				},
			]) => [
				key,
				labels.filter((label) => label === displayName).length === 1
					? displayName
					: `${displayName} of ${[...operations][0]}`,
			],
		),
	);
}

function actionPages(node: NodeDocs, recorded: Recorded): Record<string, string> {
	const { description, page, pagePerResource = false, intro, needs } = node;
	const resources = resourcesOf(description);
	const shared = sharedOf(description);
	const mainPage = pagePerResource ? `../${page}.md` : '';
	const headings = sharedHeadings(shared);
	const folded = (property: INodeProperties) => {
		const heading = headings.get(alike(property));
		return heading === undefined ? undefined : `See ${linkTo(heading, mainPage)}.`;
	};
	const sections = (resource: Chosen) =>
		operationsOf(description, resource.name).map((operation) =>
			operationSection(node, { resource, operation, recorded, folded }),
		);
	const pageOf = (resource: Chosen) => `${page}/${kebab(resource.label)}.md`;
	const contents = resources.map((resource) => {
		const operations = operationsOf(description, resource.name);
		const own = pagePerResource ? pageOf(resource) : '';
		const links = operations.map(({ label }) =>
			pagePerResource
				? linkTo(label, own)
				: `[${label}](#${anchorOf(`${resource.label}: ${label}`)})`,
		);
		const title = pagePerResource ? `[${resource.label}](${own})` : resource.label;
		return `| ${title} | ${links.join(', ')} |`;
	});
	const list = [
		'## Operations',
		'',
		'| resource | operations |',
		'| --- | --- |',
		...contents,
	].join('\n');
	const main = [
		`# ${description.displayName}`,
		GENERATED,
		intro.replace(OPERATIONS, () => list),
		...(pagePerResource ? [] : resources.flatMap(sections)),
		...(shared.size === 0 ? [] : ['## Shared fields', 'Several operations have these alike.']),
		...[...shared].flatMap(([key, { property }]) => [
			`### ${headings.get(key)}`,
			tableOf(rowsOf([{ ...property, displayOptions: undefined }])),
		]),
	];
	const pages = { [`${page}.md`]: text(main) };
	if (!pagePerResource) return pages;
	for (const resource of resources) {
		const needed = needs?.(resource.name);
		pages[pageOf(resource)] = text([
			`# ${resource.label}`,
			GENERATED,
			[`A resource of the [${description.displayName} node](../${page}.md)`, resource.description]
				.filter(Boolean)
				.join(': ')
				.replace(/[^.]$/, '$&.'),
			...(needed === undefined ? [] : [needed]),
			operationsOf(description, resource.name)
				.map(({ label, description: what }) => `- ${linkTo(label)}: ${what}`)
				.join('\n'),
			...sections(resource),
		]);
	}
	return pages;
}

interface Section {
	resource: Chosen;
	operation: Chosen;
	recorded: Recorded;
	folded: (property: INodeProperties) => string | undefined;
}

function operationSection(
	{ description, pagePerResource = false, uses }: NodeDocs,
	{ resource, operation, recorded, folded }: Section,
): string {
	const heading = pagePerResource ? operation.label : `${resource.label}: ${operation.label}`;
	const calls = uses?.(resource.name, operation.name) ?? [];
	const named = `In expressions and JSON: \`resource\` is \`${resource.name}\`, \`operation\` is \`${operation.name}\`.`;
	const called =
		calls.length === 0 ? '' : ` Calls ${calls.map((id) => `\`${id}\``).join(', ')} of XAPI.`;
	return text(
		[
			`## ${heading}`,
			`${operation.description}.`,
			named + called,
			tableOf(rowsOf(parametersOf(description, resource.name, operation.name), folded)),
			exampleText(recorded[`${resource.name}.${operation.name}`]),
		],
		'',
	);
}

/** An item, as the panel shows it under JSON. */
function exampleText(example: Example | null | undefined): string {
	if (!example) return 'Gives no item on the simulated PBX.';
	const files = Object.entries(example.files ?? {}).map(
		([field, { fileName = '', mimeType }]) =>
			`The file is in the field \`${field}\`: \`${fileName}\`, ${mimeType}.`,
	);
	return [
		'An item that it gives:',
		'```json',
		JSON.stringify(example.json, null, 2),
		'```',
		...(files.length === 0 ? [] : ['', ...files]),
	].join('\n');
}

function triggerPage({ description, intro }: NodeDocs, recorded: Recorded): string {
	const { properties, displayName } = description;
	const events = chosenOf(properties.find(({ name }) => name === 'events')?.options);
	return text([
		`# ${displayName}`,
		GENERATED,
		intro,
		`- ${linkTo('Fields')}\n- ${linkTo('Events')}: ${events.map(({ label }) => linkTo(label)).join(', ')}`,
		'## Fields',
		tableOf(rowsOf(properties)),
		'## Events',
		[
			'| event | `event` in the item | when |',
			'| --- | --- | --- |',
			...events.map(
				({ name, label, description: when }) =>
					`| ${linkTo(label)} | \`${name}\` | ${cell(when)} |`,
			),
		].join('\n'),
		...events.flatMap(({ name, label }) => [
			`### ${label}`,
			exampleText(withoutNulls(recorded[name])),
		]),
	]);
}

/** Fields that an event leaves at null are left out. */
function withoutNulls(example: Example | null | undefined): Example | null | undefined {
	if (!example) return example;
	const known = Object.entries(example.json).filter(([, value]) => value !== null);
	return { ...example, json: Object.fromEntries(known) };
}

const kebab = (label: string): string => label.toLowerCase().replace(/[^a-z0-9]+/g, '-');

const text = (blocks: readonly string[], end = '\n'): string => blocks.join('\n\n').trimEnd() + end;
