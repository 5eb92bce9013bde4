import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { PollContext } from 'n8n-core';
import { NodeConnectionTypes, Workflow, type INodeParameters, type INodeType } from 'n8n-workflow';
import { poll } from '../../../nodes/ThreeCxCallHistoryTrigger/poll';
import { properties } from '../../../nodes/ThreeCxCallHistoryTrigger/properties';
import { CREDENTIAL } from '../../../nodes/shared/credential';
import { trigger } from '../chaos/trigger';
import { additionalDataFor, CredentialStore, NODES, ourNode, runNode } from '../../support/n8n';
import type { SceneAddress } from './scene';

/** What the clients have done. */
export interface Counts {
	/** Events that started an execution. */
	events: number;
	polls: number;
	/** Items that polls gave. */
	polled: number;
	actions: number;
	/** Actions that failed, because of what went wrong or because the call had ended. */
	failed: number;
	/** Failures that are no failure of the PBX or the network: bugs. */
	surprises: string[];
}

export interface Clients {
	counts: Counts;
	/** Actions and polls under way. */
	waiting(): number;
	stop(): Promise<void>;
}

/** Between two polls, and between two actions, in ms. */
const POLL_MS = 2_000;
const ACTION_MS = 200;

/** Actions under way at the same time. */
const SIDE_BY_SIDE = 3;

const XAPI_NODE = 'n8n-nodes-threecx.threeCx';
const CALL_NODE = 'n8n-nodes-threecx.threeCxCallControl';

const by = (mode: string, value: string) => ({ __rl: true, mode, value });

/** What workflows do all day: read, write, call; and what does not work, every time. */
const ACTIONS: Array<[type: string, parameters: INodeParameters]> = [
	[XAPI_NODE, { resource: 'user', operation: 'getAll', returnAll: true }],
	[XAPI_NODE, { resource: 'user', operation: 'get', user: by('Number', '100') }],
	[XAPI_NODE, { resource: 'user', operation: 'get', user: by('Number', 'nobody') }],
	[
		XAPI_NODE,
		{
			resource: 'user',
			operation: 'update',
			user: by('Number', '101'),
			updateFields: { mobile: '+441632960111' },
		},
	],
	[XAPI_NODE, { resource: 'callLog', operation: 'getAll', returnAll: false, limit: 20 }],
	[XAPI_NODE, { resource: 'recording', operation: 'getAll', returnAll: false, limit: 5 }],
	[CALL_NODE, { resource: 'extension', operation: 'getMany' }],
	[CALL_NODE, { resource: 'call', operation: 'getMany' }],
];

/** tsx resolves `ThreeCx.node` to the JSON file beside it, so the nodes are named with their whole file names. */
export async function loadNodes(): Promise<void> {
	const load = async (name: string) =>
		(
			(await import(`../../../nodes/${name}/${name}.node.ts`)) as Record<
				string,
				new () => INodeType
			>
		)[name]!;
	NODES[XAPI_NODE] = await load('ThreeCx');
	NODES[CALL_NODE] = await load('ThreeCxCallControl');
}

/** Starts all that a workflow can do with a PBX, over and over. */
export async function startClients(access: SceneAddress): Promise<Clients> {
	const counts: Counts = { events: 0, polls: 0, polled: 0, actions: 0, failed: 0, surprises: [] };
	const credentials = new CredentialStore({ ...access });
	const stopping = new AbortController();
	const { signal } = stopping;
	const pause = async (ms: number) => await sleep(ms, undefined, { signal }).catch(() => undefined);
	let waiting = 0;

	const listener = await trigger.listen(access, () => counts.events++);

	const held = async <T>(job: () => Promise<T>): Promise<T> => {
		waiting++;
		return await job().finally(() => waiting--);
	};
	const surprise = (error: unknown) => {
		const { message, stack } = error as Error;
		// A bug says so in these words; what the PBX and the network do has words of ours.
		if (!/is not a function|undefined|not iterable|null|stack size/.test(message)) return;
		if (counts.surprises.length < 10) counts.surprises.push(String(stack));
	};

	const context = pollContext(credentials, (count) => (counts.polled += count));
	const polling = (async () => {
		while (!signal.aborted) {
			counts.polls++;
			await held(async () => await poll(context)).catch(surprise);
			await pause(POLL_MS);
		}
	})();

	const acting = Array.from({ length: SIDE_BY_SIDE }, async (_, lane) => {
		for (let turn = lane; !signal.aborted; turn++) {
			const [type, parameters] = ACTIONS[turn % ACTIONS.length]!;
			counts.actions++;
			const { error } = await held(async () => await runNode({ type, parameters, credentials }));
			if (error) {
				counts.failed++;
				surprise(error);
			}
			await pause(ACTION_MS);
		}
	});

	return {
		counts,
		waiting: () => waiting,
		async stop() {
			stopping.abort();
			await Promise.all([polling, ...acting]);
			await listener.close();
		},
	};
}

/**
 * A published Call History Trigger.
 *
 * @param onItems gets the number of items that start an execution
 */
function pollContext(credentials: CredentialStore, onItems: (count: number) => void): PollContext {
	const type = {
		description: {
			displayName: '3CX Call History Trigger',
			name: 'threeCxCallHistoryTrigger',
			group: ['trigger'],
			version: 1,
			description: '',
			defaults: {},
			inputs: [],
			outputs: [NodeConnectionTypes.Main],
			credentials: [{ name: CREDENTIAL, required: true }],
			properties,
		},
	} as unknown as INodeType;
	const name = 'n8n-nodes-threecx.threeCxCallHistoryTrigger';
	const node = ourNode(name, { events: ['callFinished'] });
	const workflow = new Workflow({
		id: 'soak',
		nodes: [node],
		connections: {},
		active: true,
		nodeTypes: {
			getByName: () => type,
			getByNameAndVersion: () => type,
			getKnownTypes: () => ({}),
		},
	});
	const additional = additionalDataFor(credentials, 'trigger');
	return new PollContext(
		workflow,
		workflow.getNode(node.name)!,
		additional,
		'trigger',
		'init',
		([items], _, done) => {
			onItems(items!.length);
			done?.resolve(undefined);
		},
	);
}
