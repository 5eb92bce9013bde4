import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Pbx } from '../../../sandbox/pbx';
import { chain, CREDENTIAL_TYPE, type ChainedNode } from '../../support/workflows';
import { accessTo, until } from '../workflows/stage';
import type { Panel } from './panel';
import { provide, READY_MADE } from './readyMade';
import type { Case, Scene } from './scene';

/** What people do in the editor, each from an empty n8n with a simulated PBX. */

const ROOT = resolve(__dirname, '..', '..', '..');

const CALLER = '+442079460101';

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

/** The address of a PBX in pictures. */
const EXAMPLE = 'https://pbx.example.com';

async function credential(scene: Scene): Promise<void> {
	const { editor, stage, picture } = scene;
	const pbx = await stage.pbx();
	const { clientId, clientSecret, pbxUrl } = accessTo(pbx);
	const { id } = await stage.api.saveWorkflow(
		chain('Editor: credential', { id: '', name: '' }, [{ ...users(), credentials: undefined }]),
	);
	await editor.workflow(id);
	const panel = await editor.panel('Users');
	const form = await editor.newCredential();
	assert.deepEqual((await form.labels()).slice(0, 3), ['Server URL', 'Client ID', 'Client Secret']);
	await form.fill({ pbxUrl: EXAMPLE, clientId, clientSecret: 'x'.repeat(32) });
	await picture('credential.png', form.window);
	await form.fill({ pbxUrl, clientSecret: 'wrong' });
	const made = editor.created('credentials');
	assert.match(String(await form.save()), /refuses the client ID or the client secret/);
	stage.api.adoptCredential(await made);
	await form.fill({ clientSecret });
	assert.equal(await form.save(), undefined);
	await panel.execute();
	assert.ok((await panel.table()).rows.length > 0);
}

async function picksAndRuns(scene: Scene): Promise<void> {
	const { panel } = await opened(scene, 'One User', [oneUser(by('list', ''))]);
	await panel.pick('user', 'Amelia Hartley');
	await panel.execute();
	const { columns, rows } = await panel.table();
	assert.equal(rows.length, 1);
	assert.equal(rows[0]![columns.indexOf('Number')], '100');
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

async function offersFields(scene: Scene): Promise<void> {
	const { editor } = scene;
	const schemas: Array<[string, number]> = [];
	editor.page.on('response', (response) => {
		const { pathname } = new URL(response.url());
		if (pathname.startsWith('/schemas/')) schemas.push([pathname, response.status()]);
	});
	const { panel } = await opened(scene, 'One User', [users(), oneUser(by('list', ''))]);
	await panel.drag('Number', panel.locator('user'));
	assert.equal(await panel.mode('user'), 'By Any');
	assert.deepEqual(
		schemas.filter(([path, status]) => status !== 200 || !path.includes('threeCx')),
		[],
	);
	assert.ok(schemas.length > 0, 'n8n did not ask for the fields of Users');
}

async function showsErrors(scene: Scene): Promise<void> {
	const { panel } = await opened(scene, 'One User', [oneUser(by('Number', '9999'))]);
	await panel.execute();
	const { message, description } = await panel.error();
	assert.equal(message, 'This PBX has no user with Number 9999');
	assert.match(description, /^Choose one from the list, or create it first/);
	await scene.picture('error.png', panel.root);
}

async function filters(scene: Scene): Promise<void> {
	const { panel } = await opened(scene, 'Users', [users({ returnAll: true })]);
	await panel.addCondition('Extension Number', 'Starts With', '10');
	await panel.addCondition('First Name', 'Equals', 'Amelia');
	await panel.execute();
	await panel.scrollTo(panel.filters);
	await scene.picture('filter.png', panel.root);
	const { columns, rows } = await panel.table();
	assert.deepEqual(
		rows.map((row) => row[columns.indexOf('Number')]),
		['100'],
	);
}

async function listens(scene: Scene): Promise<void> {
	const { editor, stage, picture } = scene;
	const pbx = await stage.pbx();
	await editor.workflow(await screenPop(scene, pbx));
	const panel = await editor.panel('3CX Trigger');
	await panel.listen(async () => {
		await until(() => pbx.sockets > 0, 'the trigger to listen');
		pbx.calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: '100' });
	});
	const { columns, rows } = await panel.table();
	assert.equal(columns[0], 'event');
	assert.equal(rows[0]![columns.indexOf('extensionName')], 'Amelia Hartley');
	await panel.showAs('schema');
	await picture('trigger-panel.png', panel.root);
}

async function publishes(scene: Scene): Promise<void> {
	const { editor, stage, picture } = scene;
	const pbx = await stage.pbx();
	const workflow = await screenPop(scene, pbx);
	await editor.workflow(workflow);
	await editor.publish();
	pbx.calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: '100' });
	const [execution] = await stage.api.endedExecutions(workflow, 1, new Set());
	assert.equal(execution?.status, 'success');
	await editor.visit(`/workflow/${workflow}/executions/${execution.id}`);
	await editor.node('Screen Pop').waitFor();
	// The heading else lies over the note.
	await editor.pan(40);
	await picture('executions.png');
	const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: '101' });
	pbx.calls.answer({ callid });
	pbx.calls.incoming({ from: '+441632960123', fromName: 'Grace Hopper', to: '102' });
	await editor.visit(pbx.url);
	await picture('sandbox.png');
}

/** The workflow for callers, with all that it needs. */
async function screenPop({ stage }: Scene, pbx: Pbx): Promise<string> {
	await stage.credentials(pbx);
	return (await stage.import('screen-pop.json')).workflow.id;
}

/** One node of each kind, side by side. */
const ALL_NODES = ['', 'CallControl', 'Trigger', 'CallHistoryTrigger', 'SystemTrigger'];

async function dark(scene: Scene): Promise<void> {
	const { editor, stage } = scene;
	const empty = chain('Editor: dark', { id: '', name: '' }, []);
	const nodes = ALL_NODES.map((name, index) => ({
		id: String(index),
		name: `3CX ${name}`.trim(),
		type: `n8n-nodes-threecx.threeCx${name}`,
		typeVersion: 1,
		position: [0, 160 * index],
		parameters: {},
	}));
	const { id } = await stage.api.saveWorkflow({ ...empty, nodes, connections: {} });
	for (const theme of ['dark', 'light'] as const) {
		await editor.workflow(id, theme);
		const icons = await Promise.all(nodes.map(async ({ name }) => await editor.icon(name)));
		for (const { source, width } of icons) {
			assert.ok(width > 0, `${source} is not shown`);
			assert.equal(source.endsWith('.dark.svg'), theme === 'dark', `${source} when it is ${theme}`);
		}
		assert.equal(new Set(icons.map(({ source }) => source)).size, ALL_NODES.length);
	}
}

async function tools({ editor, stage, picture }: Scene): Promise<void> {
	await provide(stage, await stage.pbx());
	const { workflow } = await stage.import('agent-tools.json');
	await editor.workflow(workflow.id);
	const panel = await editor.panel('Set Status');
	const words = await panel.words();
	assert.match(words, /Tool Description[^]*Resource[^]*Operation[^]*\$fromAI\('user'/);
	await panel.letModelFill(panel.locator('user'));
	assert.match(await panel.words(), /Defined automatically by the model/);
	await picture('tool-panel.png', panel.root);
}

export const CASES: Case[] = [
	{ name: 'search: each node by its name and its words', play: searches },
	{ name: 'credential: made, Test wrong and right', play: credential },
	{ name: 'pick: a user from the list, run, read the table', play: picksAndRuns },
	{ name: 'drag: a number onto a picker', play: drags },
	{ name: 'fields: a drag before the first run', play: offersFields },
	{ name: 'error: as it is shown', play: showsErrors },
	{ name: 'filter: two conditions', play: filters },
	{ name: 'listen: a trigger that is tried, and a call', play: listens },
	{ name: 'publish: a trigger, a call, its execution', play: publishes },
	{ name: 'dark: icons in both themes', play: dark },
	{ name: "tool: the panel of an AI agent's tool", play: tools },
	...READY_MADE,
];
