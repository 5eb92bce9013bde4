import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
	displayParameter,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyCollection,
	type INodeType,
} from 'n8n-workflow';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { ThreeCxCallHistoryTrigger } from '../../nodes/ThreeCxCallHistoryTrigger/ThreeCxCallHistoryTrigger.node';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { WorkflowTemplate } from '../../sandbox/playground/api';
import { TABLES } from '../../sandbox/playground/tables';
import { scenarios } from '../proofs/workflows/scenarios';

/**
 * What holds for all workflows that ship: `npm run e2e:workflows` runs them in a real n8n, which takes minutes; a parameter
 * that was renamed is seen here.
 */

const FOLDER = join(__dirname, '..', '..', 'workflows');
const FILES = readdirSync(FOLDER);
const OURS: Record<string, INodeType> = Object.fromEntries(
	[
		new ThreeCx(),
		new ThreeCxCallControl(),
		new ThreeCxCallHistoryTrigger(),
		new ThreeCxTrigger(),
	].map((node) => [`n8n-nodes-threecx.${node.description.name}`, node]),
);
const NOTE = 'n8n-nodes-base.stickyNote';

/** What n8n itself adds to the parameters of a node. */
const OF_N8N = ['pollTimes', '__rl', 'mode', 'descriptionType', 'toolDescription'];

const read = (file: string) => {
	const text = readFileSync(join(FOLDER, file), 'utf8');
	return { text, template: JSON.parse(text) as WorkflowTemplate };
};

/** Names of parameters that the panel does not have, at any depth. */
function unknownIn(
	parameters: INodeParameters,
	properties: INodeProperties[],
	isShown: (property: INodeProperties) => boolean = () => true,
): string[] {
	return Object.entries(parameters).flatMap(([name, value]) => {
		if (OF_N8N.includes(name)) return [];
		const property = properties.find((each) => each.name === name && isShown(each));
		if (!property) return [name];
		if (property.type !== 'collection' && property.type !== 'fixedCollection') return [];
		const inner =
			property.type === 'collection'
				? unknownIn(value as INodeParameters, property.options as INodeProperties[])
				: Object.entries(value as INodeParameters).flatMap(([group, rows]) => {
						const found = (property.options as INodePropertyCollection[]).find(
							(option) => option.name === group,
						);
						if (!found) return [group];
						return [rows].flat().flatMap((row) => unknownIn(row as INodeParameters, found.values));
					});
		return inner.map((each) => `${name}.${each}`);
	});
}

test('every workflow has a scenario in the proof, and every scenario a workflow', () => {
	expect(Object.keys(scenarios).sort()).toEqual([...FILES].sort());
});

describe.each(FILES)('%s', (file) => {
	const { text, template } = read(file);
	const { nodes, connections } = template;
	const working = nodes.filter(({ type }) => type !== NOTE);

	test('sets only parameters that our nodes have', () => {
		for (const { name, type, parameters } of working) {
			const description = OURS[type.replace(/Tool$/, '')]?.description;
			if (!description) continue;
			const { properties } = description;
			const isShown = (property: INodeProperties) =>
				displayParameter(parameters as INodeParameters, property, null, description);
			expect({
				name,
				unknown: unknownIn(parameters as INodeParameters, properties, isShown),
			}).toEqual({
				name,
				unknown: [],
			});
		}
	});

	test('has no node that nothing leads to or from', () => {
		const targets = Object.values(
			connections as Record<string, Record<string, Array<Array<{ node: string }> | null>>>,
		)
			.flatMap((outputs) => Object.values(outputs).flat())
			.flatMap((links) => links ?? [])
			.map(({ node }) => node);
		const linked = new Set([...Object.keys(connections), ...targets]);
		expect(working.map(({ name }) => name).filter((name) => !linked.has(name))).toEqual([]);
		expect([...linked].filter((name) => !nodes.some((node) => node.name === name))).toEqual([]);
	});

	test('names its credentials, carries no ID of one, and has no code', () => {
		for (const { name, type, credentials = {} } of working) {
			expect(type).not.toMatch(/\.(code|function|functionItem)$/);
			if (type in OURS) expect(credentials).toHaveProperty('threeCxOAuth2Api');
			for (const reference of Object.values(credentials))
				expect({ name, id: reference.id }).toEqual({ name, id: null });
		}
	});

	test('explains each credential and data table that it needs', () => {
		const notes = nodes
			.filter(({ type }) => type === NOTE)
			.map(({ parameters }) => String(parameters.content))
			.join('\n');
		const needed = working.flatMap(({ credentials = {} }) =>
			Object.values(credentials).map(({ name }) => name),
		);
		for (const name of needed) expect(notes).toContain(`**${name}**`);
		for (const table of Object.keys(TABLES))
			if (text.includes(`"value": "${table}"`)) expect(notes).toContain(`**${table}**`);
	});
});
