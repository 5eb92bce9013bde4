import { WorkflowExecute } from 'n8n-core';
import { Workflow, type IConnections, type INode, type INodeExecutionData } from 'n8n-workflow';
import { additionalDataFor, nodeTypes, type CredentialStore } from './n8n';
import { chain, type ChainedNode } from './workflows';

/** What the nodes of a chain have put out. */
export interface ChainRun {
	/** @returns the items of a node's first output; none where it has not run */
	items: (name: string) => INodeExecutionData[];
	/** What ended the workflow before its end. */
	error?: Error;
}

/**
 * Runs nodes of ours one after another in n8n's engine: what {@link chain} makes for a real n8n.
 *
 * @param steps nodes of this package; those of n8n itself are not here
 * @param credentials what all of them use
 */
export async function runChain(
	steps: readonly ChainedNode[],
	credentials: CredentialStore,
): Promise<ChainRun> {
	const { nodes, connections, settings } = chain('Chain', { id: 'credential', name: '3CX' }, steps);
	const workflow = new Workflow({
		id: 'workflow',
		nodes: nodes.map((node) =>
			node.name === 'Go' ? { ...node, type: 'test.items', parameters: { items: '[{}]' } } : node,
		) as unknown as INode[],
		connections: connections as unknown as IConnections,
		active: false,
		nodeTypes,
		settings,
	});
	const run = await new WorkflowExecute(additionalDataFor(credentials, 'manual'), 'manual').run({
		workflow,
		startNode: workflow.getNode('Go')!,
	});
	const { runData, error } = run.data.resultData;
	return {
		items: (name) => runData[name]?.[0]?.data?.main?.[0] ?? [],
		...(error && { error: error as Error }),
	};
}
