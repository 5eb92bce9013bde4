import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Pbx } from '../../../sandbox/pbx';
import { chain, CREDENTIAL_TYPE, type ChainedNode } from '../../support/workflows';
import { accessTo, type Stage } from '../workflows/stage';
import type { Editor, Panel } from './editor';

/** What people do in the editor, each from an empty n8n with a simulated PBX. */

/** What a case plays with. */
export interface Scene {
	editor: Editor;
	/** n8n's interface, the services at the other ends, and simulated PBXs. */
	stage: Stage;
}

/** Something that people do. */
export interface Case {
	name: string;
	play(scene: Scene): Promise<void>;
}

const ROOT = resolve(__dirname, '..', '..', '..');

const by = (mode: string, value: string) => ({ __rl: true, mode, value });

/** Saves a workflow of our nodes behind a Manual Trigger, with the credential of a PBX. */
async function saved(
	{ stage }: Scene,
	name: string,
	steps: readonly ChainedNode[],
	pbx?: Pbx,
): Promise<{ id: string; pbx: Pbx }> {
	const there = pbx ?? (await stage.pbx());
	const credential = await stage.api.saveCredential('3CX', CREDENTIAL_TYPE, accessTo(there));
	const { id } = await stage.api.saveWorkflow(chain(name, credential, steps));
	return { id, pbx: there };
}

/** Opens a step of a new workflow of ours. */
async function opened(
	scene: Scene,
	node: string,
	steps: readonly ChainedNode[],
): Promise<{ panel: Panel; pbx: Pbx }> {
	const { id, pbx } = await saved(scene, `Editor: ${node}`, steps);
	await scene.editor.workflow(id);
	return { panel: await scene.editor.panel(node), pbx };
}

const users = (more: Record<string, unknown> = {}): ChainedNode => ({
	name: 'Users',
	parameters: { resource: 'user', operation: 'getAll', ...more },
});

const oneUser = (user: unknown): ChainedNode => ({
	name: 'One User',
	parameters: { resource: 'user', operation: 'get', user },
});

/** How the search calls the nodes: it leaves out that a node is a trigger, and shows 3CX and its trigger as one. */
const NODES = [
	['ThreeCx', '3CX'],
	['ThreeCxCallControl', '3CX Call Control'],
	['ThreeCxCallHistoryTrigger', '3CX Call History'],
	['ThreeCxSystemTrigger', '3CX System'],
] as const;

const aliasesOf = (node: string): string[] =>
	(
		JSON.parse(readFileSync(join(ROOT, 'nodes', node, `${node}.node.json`), 'utf8')) as {
			alias: string[];
		}
	).alias;

async function searches({ editor, stage }: Scene): Promise<void> {
	const { id } = await stage.api.saveWorkflow(chain('Editor: search', { id: '', name: '' }, []));
	await editor.workflow(id);
	const missing: string[] = [];
	for (const [node, label] of NODES)
		for (const word of [label, ...aliasesOf(node)])
			if (!(await editor.finds(word, label))) missing.push(`"${word}" does not find ${label}`);
	assert.deepEqual(missing, []);
	await editor.finds('3CX', '3CX');
	assert.match(
		await editor.descriptionOf('3CX'),
		/^Manage a 3CX phone system, and start workflows when/,
	);
}

async function drags(scene: Scene): Promise<void> {
	const { panel } = await opened(scene, 'Users', [
		users({ returnAll: false, limit: 3 }),
		oneUser(by('list', '')),
	]);
	await panel.execute();
	const given = await panel.table();
	await panel.close();
	const next = await scene.editor.panel('One User');
	await next.drag('Number', next.locator('user'));
	assert.equal(await next.mode('user'), 'By Any');
	await next.execute();
	const { columns, rows } = await next.table();
	const numbers = (table: typeof given) =>
		table.rows.map((row) => row[table.columns.indexOf('Number')]);
	assert.deepEqual(numbers({ columns, rows }), numbers(given));
}

export const CASES: Case[] = [
	{ name: 'search: each node by its name and its words', play: searches },
	{ name: 'drag: a number onto a picker', play: drags },
];
