import 'reflect-metadata';
import { TriggerContext, TriggersAndPollers, WorkflowExecute } from 'n8n-core';
import {
	Workflow,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type INodeType,
	type INodeTypes,
	type IRun,
	type ITriggerResponse,
	type WorkflowActivateMode,
} from 'n8n-workflow';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { additionalDataFor, type CredentialStore } from './n8n';
import { seed, watch } from './watch';

/** An execution that a trigger has asked for. */
export interface Emitted {
	items: INodeExecutionData[];
	deduplicationKey?: string;
	/** Ends the execution. */
	end: () => void;
}

/** A published trigger node. */
export interface ActiveTrigger {
	response: ITriggerResponse;
	/** Errors given to `emitError`, which ends a trigger in n8n 2.40. */
	emittedErrors: Error[];
}

export interface TriggerOptions {
	type: new () => INodeType;
	parameters?: INodeParameters;
	credentials: CredentialStore;
	nodeId?: string;
	/** Told of each execution. */
	onEmit?: (emitted: Emitted) => void;
	/** Ends executions by itself as soon as they begin; default true. */
	endAtOnce?: boolean;
}

function workflowWith({ type, parameters = {}, nodeId = 'trigger' }: TriggerOptions) {
	const nodeType = new type();
	const nodeTypes: INodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}) as IDataObject,
	};
	const node: INode = {
		id: nodeId,
		name: '3CX Trigger',
		type: `n8n-nodes-threecx.${nodeType.description.name}`,
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
		nodeTypes,
	});
	return { workflow, node: workflow.getNode(node.name)! };
}

/** Registers a trigger the way n8n does when a workflow is published (`activate`), or at its start (`init`). */
export async function activate(
	options: TriggerOptions,
	mode: WorkflowActivateMode = 'activate',
): Promise<ActiveTrigger> {
	const { onEmit, endAtOnce = true, credentials } = options;
	const { workflow, node } = workflowWith(options);
	const emittedErrors: Error[] = [];
	const response = await new TriggersAndPollers().runTriggerFunction(
		workflow,
		node,
		(flow, triggerNode, data, executeMode, activation) =>
			new TriggerContext(
				flow,
				triggerNode,
				data,
				executeMode,
				activation,
				(data_, _response, done, deduplicationKey) => {
					const end = () => done?.resolve({} as IRun);
					seed(credentials, options.parameters);
					watch(
						'event',
						data_[0]!.map(({ json }) => json),
					);
					if (endAtOnce) end();
					onEmit?.({ items: data_[0]!, deduplicationKey, end });
				},
				(error) => {
					watch('emitted error', error);
					emittedErrors.push(error);
				},
			),
		additionalDataFor(credentials, 'trigger'),
		'trigger',
		mode,
	);
	return { response: response!, emittedErrors };
}

/** A manual test of a trigger: what "Execute step" in the editor does. */
export function testManually(options: TriggerOptions): {
	run: Promise<IRun>;
	cancel: () => void;
} {
	const { workflow, node } = workflowWith(options);
	const execution = new WorkflowExecute(
		additionalDataFor(options.credentials, 'manual'),
		'manual',
	).run({
		workflow,
		startNode: node,
	});
	return { run: execution, cancel: () => execution.cancel() };
}
