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
	type IWorkflowSettings,
	type WorkflowActivateMode,
} from 'n8n-workflow';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { additionalDataFor, type CredentialStore } from './n8n';
import { seed, watch } from './watch';

/** An execution that a trigger has asked for. */
export interface Emitted {
	items: INodeExecutionData[];
	deduplicationKey?: string;
	/** Whether the trigger wants to know of its end. */
	isWatched: boolean;
	/** Ends the execution. */
	end: () => void;
	/** Ends it in another way: n8n could not start it, or it was stopped. */
	fail: (error: Error) => void;
}

/** What outlives a process of n8n: its database, as far as triggers have to do with it. */
export class Database {
	/** Column `staticData` of the workflow. */
	staticData = '{}';

	/** Unique keys of the executions, in order. */
	readonly keys = new Set<string>();

	/** Executions that were dropped because their key was there. */
	duplicates = 0;

	/** How many times the static data was written. */
	saves = 0;

	/** As n8n saves it: whole, and only when it has changed. */
	save(staticData: IDataObject): void {
		if (staticData.__dataChanged !== true) return;
		this.staticData = JSON.stringify(staticData);
		this.saves += 1;
		staticData.__dataChanged = false;
	}

	/** @returns whether the execution is new. */
	begin(key: string | undefined): boolean {
		if (key === undefined) return true;
		if (key.length > 255) throw new Error('value too long for type character varying(255)');
		if (this.keys.has(key)) this.duplicates += 1;
		else {
			this.keys.add(key);
			return true;
		}
		return false;
	}
}

/** A published trigger node. */
export interface ActiveTrigger {
	response: ITriggerResponse;
	/** From now on nothing reaches n8n: its process is dead. */
	kill: () => void;
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
	/** What n8n does with an execution before it is one: an error refuses it. Default: nothing. */
	refuse?: (emitted: Emitted) => Error | undefined;
	/** What outlives the trigger; by default nothing does. */
	database?: Database;
	/** Name of the node; default `3CX Trigger`. */
	nodeName?: string;
	/** Settings of the workflow. */
	settings?: IWorkflowSettings;
}

function workflowWith({
	type,
	parameters = {},
	nodeId = 'trigger',
	nodeName = '3CX Trigger',
	settings = {},
	database,
}: TriggerOptions) {
	const nodeType = new type();
	const nodeTypes: INodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}) as IDataObject,
	};
	const node: INode = {
		id: nodeId,
		name: nodeName,
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
		settings,
		staticData: JSON.parse(database?.staticData ?? '{}') as IDataObject,
	});
	return { workflow, node: workflow.getNode(node.name)! };
}

/** Registers a trigger the way n8n does when a workflow is published (`activate`), or at its start (`init`). */
export async function activate(
	options: TriggerOptions,
	mode: WorkflowActivateMode = 'activate',
): Promise<ActiveTrigger> {
	const { onEmit, endAtOnce = true, credentials, refuse, database = new Database() } = options;
	const { workflow, node } = workflowWith(options);
	const emittedErrors: Error[] = [];
	let isDead = false;
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
					if (isDead) return;
					const end = () => done?.resolve({} as IRun);
					const fail = (error: Error) => done?.reject(error);
					const isWatched = done !== undefined;
					const execution = { items: data_[0]!, deduplicationKey, isWatched, end, fail };
					seed(credentials, options.parameters);
					watch(
						'event',
						data_[0]!.map(({ json }) => json),
					);
					database.save(workflow.staticData);
					const refusal = refuse?.(execution);
					if (refusal) return fail(refusal);
					if (!database.begin(deduplicationKey)) return end();
					if (endAtOnce) end();
					onEmit?.(execution);
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
	if (!isDead) database.save(workflow.staticData);
	return { response: response!, emittedErrors, kill: () => (isDead = true) };
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
