import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pbx } from '../../../sandbox/pbx';
import type { WorkflowTemplate } from '../../../sandbox/playground/api';
import { TABLES, type TableName, type TableRow } from '../../../sandbox/playground/tables';
import { chain, CREDENTIAL_TYPE } from '../../support/workflows';
import { play, record } from '../workflows/scenarios/calls';
import { accessTo, until, WORKFLOWS, type Stage } from '../workflows/stage';
import type { Case, Scene } from './scene';

/** Each workflow of `workflows/`, imported from its file and executed with the button of the editor. */

const CALLER = '+441632960123';

const ALERT_TOKEN = 'playground-token-of-alert-senders';

/** Everything that the ready-made workflows name: credentials, and tables with a row where one is needed. */
export async function provide(stage: Stage, pbx: Pbx): Promise<void> {
	const { api } = stage;
	await stage.credentials(pbx);
	await api.saveCredential('3CX of each tenant', CREDENTIAL_TYPE, {
		pbxUrl: '={{ $json.pbxUrl }}',
		clientId: '={{ $json.clientId }}',
		clientSecret: '={{ $json.clientSecret }}',
	});
	await api.saveCredential('MCP clients', 'httpBearerAuth', { token: 'a-long-random-token' });
	await api.saveCredential('Wallboard', 'httpBasicAuth', { user: 'wall', password: 'board' });
	await api.saveCredential('Alert sender', 'httpHeaderAuth', {
		name: 'x-token',
		value: ALERT_TOKEN,
	});
	const rows: Partial<Record<TableName, TableRow[]>> = {
		'3CX tenants': [{ name: 'Alder & Sons', ...accessTo(pbx) }],
		'3CX on call': [{ name: 'Pat', number: CALLER, place: 1 }],
	};
	for (const table of Object.keys(TABLES) as TableName[]) await api.createTable(table, rows[table]);
}

/** How a workflow is executed. */
interface Execution {
	/** The trigger whose button is pressed. */
	trigger: string;
	/** What is there before. */
	before?(pbx: Pbx): void;
	/** What the trigger waits for, and what becomes of it. */
	happen?(pbx: Pbx, stage: Stage): Promise<void>;
	/** What has come of it. */
	check?(scene: Scene, pbx: Pbx): Promise<void>;
	/** Texts of the file that are replaced. */
	replace?: [from: string, to: string];
}

/** A call, once the trigger listens. */
const calls =
	(to: (pbx: Pbx) => string, then?: (pbx: Pbx, callid: number, stage: Stage) => Promise<void>) =>
	async (pbx: Pbx, stage: Stage): Promise<void> => {
		// A trigger that is tried tells nothing of what was there when it began: it has to have read the state.
		const hasRead = () =>
			pbx.requests.some(({ path, status }) => path === '/callcontrol' && status === 200);
		await until(() => pbx.sockets > 0 && hasRead(), 'the trigger to listen');
		const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada Lovelace', to: to(pbx) });
		await then?.(pbx, callid, stage);
	};

const toApp = ({ defaultClient }: Pbx) => defaultClient.clientId;

/** An alert arrives, once the webhook is there; nobody on call takes the call. */
async function alert(pbx: Pbx, { api }: Stage): Promise<void> {
	pbx.calls.setExternal(CALLER, 'busy');
	await until(async () => {
		const { status } = await fetch(`${api.baseUrl}/webhook-test/3cx-alert`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', 'x-token': ALERT_TOKEN },
			body: JSON.stringify({ text: 'Server 9 is down' }),
		});
		return status === 200;
	}, 'the webhook');
}

/** The caller hangs up when something is said. */
async function hangsUp(pbx: Pbx, callid: number, { services: { ai } }: Stage): Promise<void> {
	await until(() => ai.arrivals.some(({ path }) => path === '/audio/speech'), 'a word');
	pbx.calls.hangUp({ callid });
}

const EXECUTIONS: Record<string, Execution | undefined> = {
	// Only clients of MCP start it.
	'agent-tools.json': undefined,
	'ai-routing.json': { trigger: 'Call Arrives', happen: calls(toApp) },
	'licence-switch.json': { trigger: 'Every Hour' },
	'missed-calls.json': {
		trigger: 'Call History',
		before: (pbx) => play(pbx, CALLER, '100', false),
	},
	'nightly-report.json': { trigger: 'Try It' },
	'offboarding.json': { trigger: 'Try It' },
	'on-call-alert.json': { trigger: 'Alert', happen: alert },
	'onboarding.json': {
		trigger: 'Try It',
		replace: ['\\"act\\": false', '\\"act\\": true'],
		check: async ({ editor, picture }, pbx) => {
			assert.ok(pbx.store.rows('Users').some(({ Number: number }) => number === '160'));
			const panel = await editor.panel('User');
			await panel.ended();
			await panel.showAs('schema');
			await picture('user-panel.png', panel.root);
		},
	},
	'queue-report.json': { trigger: 'Try It' },
	'queue-watch.json': { trigger: 'Every Minute' },
	'retry.json': { trigger: 'Try It' },
	'screen-pop.json': { trigger: '3CX Trigger', happen: calls(() => '100') },
	'tenants.json': { trigger: 'Try It' },
	'transcription.json': { trigger: 'Recordings', before: (pbx) => record(pbx, 901) },
	'voice-agent.json': { trigger: 'Call Arrives', happen: calls(toApp, hangsUp) },
	'webhooks.json': { trigger: '3CX Trigger', happen: calls(() => '100') },
};

function importsAndRuns(file: string): Case['play'] {
	return async (scene) => {
		const { editor, stage, picture } = scene;
		const pbx = await stage.pbx({ fqdn: '127.0.0.1', seedCallLogRows: 200 });
		await provide(stage, pbx);
		assert.ok(file in EXECUTIONS, `nothing says how ${file} is executed`);
		const { trigger, before, happen, check, replace } = EXECUTIONS[file] ?? {};
		const text = stage.services.localise(readFileSync(join(WORKFLOWS, file), 'utf8'));
		if (replace) assert.ok(text.includes(replace[0]), `${file} has no ${replace[0]}`);
		const { nodes } = JSON.parse(text) as WorkflowTemplate;
		const empty = chain('Editor: import', { id: '', name: '' }, []);
		const { id } = await stage.api.saveWorkflow({ ...empty, nodes: [], connections: {} });
		await editor.workflow(id);
		await editor.import(file, replace ? text.replace(...replace) : text);
		for (const { name, type } of nodes)
			if (!type.endsWith('.stickyNote')) await editor.node(name).waitFor({ state: 'attached' });
		assert.deepEqual(await editor.troubledNodes(), []);
		await editor.asThumbnail(
			async (canvas) => await picture(`workflows/${file.replace('.json', '.png')}`, canvas),
		);
		if (!trigger) return;
		before?.(pbx);
		const said = await editor.run(trigger, async () => await happen?.(pbx, stage));
		assert.match(said, /executed successfully/);
		await check?.(scene, pbx);
	};
}

/** A case for each. */
export const READY_MADE: Case[] = readdirSync(WORKFLOWS)
	.filter((file) => file.endsWith('.json'))
	.map((file) => ({ name: `workflow: ${file}`, play: importsAndRuns(file) }));
