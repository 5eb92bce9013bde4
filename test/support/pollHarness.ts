import 'reflect-metadata';
import { PollContext } from 'n8n-core';
import {
	Workflow,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type IPollFunctions,
	type WorkflowActivateMode,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { poll } from '../../nodes/ThreeCxCallHistoryTrigger/poll';
import { ThreeCxCallHistoryTrigger } from '../../nodes/ThreeCxCallHistoryTrigger/ThreeCxCallHistoryTrigger.node';
import type { Pbx } from '../../sandbox/pbx';
import { additionalDataFor, CredentialStore } from './n8n';
import { seed, watch } from './watch';

const MINUTE = 60_000;

/** How n8n has come to poll, and what it has kept from before. */
interface Begun {
	staticData?: IDataObject;
	activation?: WorkflowActivateMode;
	/** Name of the node; default `History`. */
	nodeName?: string;
	/** Makes n8n unable to start an execution. */
	refuse?: () => Error | undefined;
}

/**
 * A polling node as n8n runs it: the workflow, with it the static data, and the context are the same for every poll
 * until it is published anew, or n8n restarts.
 */
export function published(
	pbx: Pick<Pbx, 'url' | 'defaultClient'>,
	parameters: INodeParameters,
	{ staticData = {}, activation = 'activate', nodeName = 'History', refuse }: Begun = {},
) {
	const nodeType = new ThreeCxCallHistoryTrigger();
	const node: INode = {
		id: 'history',
		name: nodeName,
		type: 'n8n-nodes-threecx.threeCxCallHistoryTrigger',
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: { [CREDENTIAL]: { id: 'credential', name: '3CX' } },
	};
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [node],
		connections: {},
		active: true,
		nodeTypes: {
			getByName: () => nodeType,
			getByNameAndVersion: () => nodeType,
			getKnownTypes: () => ({}),
		},
		staticData,
		settings: { timezone: 'Europe/London' },
	});
	const { clientId, clientSecret } = pbx.defaultClient;
	const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	/** What the poll under way has asked n8n to start. */
	let emitted: INodeExecutionData[] = [];
	const emit: IPollFunctions['__emit'] = (data, _response, done) => {
		const refusal = refuse?.();
		if (refusal) return done?.reject(refusal);
		emitted.push(...data[0]!);
		done?.resolve(undefined);
	};
	const contextFor = (mode: WorkflowExecuteMode) =>
		new PollContext(
			workflow,
			workflow.getNode(nodeName)!,
			additionalDataFor(credentials, mode),
			mode,
			mode === 'manual' ? 'manual' : activation,
			emit,
		);
	const context = contextFor('trigger');
	const run = async (polling: IPollFunctions, now?: number): Promise<INodeExecutionData[]> => {
		const output = await poll(polling, now).catch((error: unknown) => {
			seed(credentials, parameters);
			watch('poll error', error);
			throw error;
		});
		const items = [...emitted, ...(output?.[0] ?? [])];
		emitted = [];
		seed(credentials, parameters);
		watch(
			'polled items',
			items.map(({ json }) => json),
		);
		return items;
	};
	const pollOnce = async (now = Date.now() + MINUTE) => await run(context, now);
	return {
		staticData,
		poll: pollOnce,
		/** What the polls give, one after another, until there is nothing new. */
		async pollAll(): Promise<INodeExecutionData[][]> {
			const outputs: INodeExecutionData[][] = [];
			for (let items = await pollOnce(); items.length > 0; items = await pollOnce())
				outputs.push(items);
			return outputs;
		},
		/** What a person sees who tests the node in the editor. */
		test: async () => await run(contextFor('manual')),
	};
}
