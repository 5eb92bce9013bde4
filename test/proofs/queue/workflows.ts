import type { WorkflowTemplate } from '../../../sandbox/playground/api';

/** How a workflow node names a credential. */
type Reference = { id: string; name: string };

/** The credentials of the run. */
export interface Credentials {
	/** The PBX whose calls are played; the trigger listens with the same client ID. */
	office: Reference;
	/** Its fields are expressions: the input item decides which of several PBXs is meant. */
	branches: Reference;
}

export const CREDENTIAL_TYPE = 'threeCxOAuth2Api';

/** Names of the nodes whose output is looked at. */
export const NODE = { trigger: '3CX Trigger', office: 'Office', branch: 'Branch' } as const;

/** Where the cold start's webhook listens. */
export const COLD_PATH = 'cold-start';

const userOf = (name: string, number: string, credential: Reference, column: number) => ({
	id: name,
	name,
	type: 'n8n-nodes-threecx.threeCx',
	typeVersion: 1,
	position: [column * 220, 0],
	parameters: {
		resource: 'user',
		operation: 'get',
		user: { __rl: true, mode: 'Number', value: number },
	},
	credentials: { [CREDENTIAL_TYPE]: credential },
});

const chain = (...names: string[]) =>
	Object.fromEntries(
		names
			.slice(0, -1)
			.map((name, index) => [
				name,
				{ main: [[{ node: names[index + 1], type: 'main', index: 0 }]] },
			]),
	);

/** Both nodes behind the start: back into the PBX that called, then into the branch that belongs to the extension. */
const callBack = (number: string, { office, branches }: Credentials) => [
	userOf(NODE.office, number, office, 1),
	userOf(NODE.branch, '={{ $json.Number }}', branches, 2),
];

/** A phone rings, and the workflow looks its user up with the very client ID that the trigger listens with. */
export const callsWorkflow = (credentials: Credentials): WorkflowTemplate => ({
	name: 'Queue mode: calls',
	nodes: [
		{
			id: NODE.trigger,
			name: NODE.trigger,
			type: 'n8n-nodes-threecx.threeCxTrigger',
			typeVersion: 1,
			position: [0, 0],
			parameters: { events: ['callRinging'], extensions: [], options: {} },
			credentials: { [CREDENTIAL_TYPE]: credentials.office },
		},
		...callBack('={{ $json.extension }}', credentials),
	],
	connections: chain(NODE.trigger, NODE.office, NODE.branch),
	settings: {},
});

/** The same lookups, started by a webhook: many executions on all workers before anybody has a token. */
export const coldWorkflow = (credentials: Credentials): WorkflowTemplate => ({
	name: 'Queue mode: cold start',
	nodes: [
		{
			id: 'Webhook',
			name: 'Webhook',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			position: [0, 0],
			webhookId: COLD_PATH,
			parameters: { path: COLD_PATH, httpMethod: 'POST', responseMode: 'onReceived' },
		},
		...callBack('={{ $json.body.extension }}', credentials),
	],
	connections: chain('Webhook', NODE.office, NODE.branch),
	settings: {},
});
