import 'reflect-metadata';
import { ExecutionLifecycleHooks, LoadOptionsContext, WorkflowExecute } from 'n8n-core';
import {
	ICredentialsHelper,
	NodeConnectionTypes,
	NodeHelpers,
	Workflow,
	type IBinaryKeyData,
	type ICredentialDataDecryptedObject,
	type ICredentialsExpressionResolveValues,
	type IDataObject,
	type IExecuteData,
	type IHttpRequestHelper,
	type ILoadOptionsFunctions,
	type INode,
	type INodeCredentialsDetails,
	type INodeExecutionData,
	type INodeParameters,
	type INodeProperties,
	type INodeType,
	type INodeTypes,
	type IRun,
	type IVersionedNodeType,
	type IWorkflowExecuteAdditionalData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';
import { ThreeCxServerApi } from '../../credentials/ThreeCxServerApi.credentials';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxCallControl } from '../../nodes/ThreeCxCallControl/ThreeCxCallControl.node';
import { seed, watch, watchLine } from './watch';

/**
 * n8n's own execution engine (n8n-core) around our nodes, without a server: parameters and expressions are resolved,
 * items are linked, errors are routed and credentials are decrypted the way n8n does it. What n8n keeps in its
 * database, the credential, is kept in memory here.
 */

/** Gives the workflow its input items. */
class Items implements INodeType {
	description = {
		displayName: 'Items',
		name: 'items',
		group: ['input' as const],
		version: 1,
		description: '',
		usableAsTool: true as const,
		defaults: {},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		properties: [{ displayName: 'Items', name: 'items', type: 'json' as const, default: '[]' }],
	};

	async execute(this: { getNode(): INode }): Promise<INodeExecutionData[][]> {
		const items = JSON.parse(String(this.getNode().parameters.items)) as IDataObject[];
		return await Promise.resolve([
			items.map(({ $binary, ...json }, item) => ({
				json,
				...($binary ? { binary: $binary as unknown as IBinaryKeyData } : {}),
				pairedItem: { item },
			})),
		]);
	}
}

/** The nodes by type; what cannot be imported here (see `test/proofs/soak`) may be put in. */
export const NODES: Record<string, new () => INodeType> = {
	'test.items': Items as unknown as new () => INodeType,
	'n8n-nodes-threecx.threeCx': ThreeCx,
	'n8n-nodes-threecx.threeCxCallControl': ThreeCxCallControl,
};

export const nodeTypes: INodeTypes = {
	getByName: (name: string): INodeType | IVersionedNodeType => nodeType(name),
	getByNameAndVersion: (name: string): INodeType => nodeType(name),
	getKnownTypes: () => ({}),
};

function nodeType(name: string): INodeType {
	// As n8n does, which makes a tool of each node that can be one.
	const type = NODES[name.replace(/Tool$/, '')];
	if (!type) throw new Error(`The test harness does not know the node ${name}`);
	return new type();
}

/** What n8n adds to every credential type that is sent over HTTP, with its defaults. */
const ADDED: INodeProperties[] = [
	{
		displayName: 'Allowed HTTP Request Domains',
		name: 'allowedHttpRequestDomains',
		type: 'options',
		options: ['all', 'domains', 'none'].map((value) => ({ name: value, value })),
		default: 'all',
	},
	{ displayName: 'Allowed Domains', name: 'allowedDomains', type: 'string', default: '' },
];

/** Our fields, and those of n8n's oAuth2Api that take part in minting. */
const credentialProperties = (): INodeProperties[] => [
	...new ThreeCxServerApi().properties,
	...new ThreeCxOAuth2Api().properties,
	...ADDED,
];

/** Stands for n8n's credential store: one record, with the token that n8n keeps in it. */
export class CredentialStore extends ICredentialsHelper {
	/** The record as n8n would have it in its database. */
	stored: ICredentialDataDecryptedObject;

	/** How many times a token was stored. */
	tokensStored = 0;

	/** @param fields pbxUrl, clientId, clientSecret, ignoreSSLIssues; values may be expressions (`={{ $json.url }}`) */
	constructor(fields: ICredentialDataDecryptedObject) {
		super();
		this.stored = { ...fields };
	}

	getParentTypes = () => new ThreeCxOAuth2Api().extends;

	isCredentialUsableByNode = () => true;

	getCredentialsProperties = credentialProperties;

	async authenticate(): Promise<never> {
		return await Promise.reject(new Error('The nodes do not use n8n’s own HTTP helper'));
	}

	async preAuthentication() {
		return await Promise.resolve(undefined);
	}

	async runPreAuthentication(
		helpers: IHttpRequestHelper,
		credentials: ICredentialDataDecryptedObject,
	) {
		const output = await new ThreeCxOAuth2Api().preAuthentication.call(helpers, credentials);
		return output as ICredentialDataDecryptedObject;
	}

	async getCredentials(): Promise<never> {
		return await Promise.reject(new Error('Not used'));
	}

	async getDecrypted(
		_additionalData: IWorkflowExecuteAdditionalData,
		_nodeCredentials: INodeCredentialsDetails,
		_type: string,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		raw?: boolean,
		values?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		if (raw) return { ...this.stored };
		const withDefaults = NodeHelpers.getNodeParameters(
			credentialProperties(),
			this.stored as INodeParameters,
			true,
			false,
			null,
			null,
		) as INodeParameters;
		if (this.stored.oauthTokenData !== undefined) {
			withDefaults.oauthTokenData = this.stored.oauthTokenData as INodeParameters;
		}
		const workflow = values?.workflow ?? emptyWorkflow();
		const resolved = workflow.expression.getParameterValue(
			withDefaults,
			values?.runExecutionData ?? null,
			values?.runIndex ?? 0,
			values?.itemIndex ?? 0,
			values?.node.name ?? 'none',
			values?.connectionInputData ?? [],
			mode,
			{},
			executeData,
			false,
			withDefaults,
		);
		return await Promise.resolve(resolved as ICredentialDataDecryptedObject);
	}

	async updateCredentials(): Promise<void> {
		return await Promise.reject(new Error('Not used'));
	}

	async updateCredentialsOauthTokenData(
		_nodeCredentials: INodeCredentialsDetails,
		_type: string,
		data: ICredentialDataDecryptedObject,
	): Promise<void> {
		this.stored = { ...this.stored, oauthTokenData: data.oauthTokenData ?? '' };
		this.tokensStored++;
		await Promise.resolve();
	}
}

const emptyWorkflow = () => new Workflow({ nodes: [], connections: {}, active: false, nodeTypes });

export const ourNode = (
	type: string,
	parameters: INodeParameters,
	more: Partial<INode> = {},
): INode => ({
	id: 'ours',
	name: '3CX',
	type,
	typeVersion: 1,
	position: [200, 0],
	parameters,
	credentials: { [CREDENTIAL]: { id: 'credential', name: '3CX' } },
	...more,
});

/** What n8n hands to its contexts besides the workflow. */
export function additionalDataFor(credentialsHelper: CredentialStore, mode: WorkflowExecuteMode) {
	return {
		credentialsHelper,
		currentNodeParameters: undefined,
		executionId: 'execution',
		hooks: new ExecutionLifecycleHooks(mode, 'execution', {
			id: 'workflow',
			name: 'Test',
			active: false,
			isArchived: false,
			createdAt: new Date(0),
			updatedAt: new Date(0),
			nodes: [],
			connections: {},
			activeVersionId: null,
		}),
		variables: {},
		webhookWaitingBaseUrl: 'http://n8n.invalid/webhook-waiting',
		formWaitingBaseUrl: 'http://n8n.invalid/form-waiting',
		instanceBaseUrl: 'http://n8n.invalid/',
		restApiUrl: 'http://n8n.invalid/rest',
		setExecutionStatus: () => undefined,
		sendDataToUI: () => undefined,
	} as unknown as IWorkflowExecuteAdditionalData;
}

/** What {@link runNode} gives back. */
export interface NodeRun {
	/** The items of the first output. */
	items: INodeExecutionData[];
	/** The items of the error output, where On Error is `continueErrorOutput`. */
	failed: INodeExecutionData[];
	/** What the node threw. */
	error?: Error & { description?: string | null; httpCode?: string | null; context?: IDataObject };
	run: IRun;
}

/** What {@link runNode} runs. */
export interface NodeRunInput {
	/** Such as `n8n-nodes-threecx.threeCx`. */
	type?: string;
	parameters: INodeParameters;
	credentials: CredentialStore;
	/** Input items; one empty one by default. `$binary` holds their files, which are not part of the JSON then. */
	items?: IDataObject[];
	onError?: INode['onError'];
	/** Time zone of the workflow, an IANA name; default Europe/London. */
	timezone?: string;
	/** Handed the running execution, to cancel it. */
	started?: (execution: { cancel: () => void }) => void;
}

/** Runs one of our action nodes, behind a node with the input items, through n8n's WorkflowExecute. */
export async function runNode({
	type = 'n8n-nodes-threecx.threeCx',
	parameters,
	credentials,
	items = [{}],
	onError,
	timezone = 'Europe/London',
	started,
}: NodeRunInput): Promise<NodeRun> {
	const input = ourNode(
		'test.items',
		{ items: JSON.stringify(items) },
		{
			id: 'input',
			name: 'Items',
			credentials: undefined,
			position: [0, 0],
		},
	);
	const node = ourNode(type, parameters, onError ? { onError } : {});
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [input, node],
		connections: { Items: { main: [[{ node: '3CX', type: NodeConnectionTypes.Main, index: 0 }]] } },
		active: false,
		nodeTypes,
		settings: { timezone },
	});
	const execution = new WorkflowExecute(additionalDataFor(credentials, 'manual'), 'manual').run({
		workflow,
		startNode: input,
	});
	started?.(execution);
	const run = await execution;
	const task = run.data.resultData.runData['3CX']?.[0];
	const result: NodeRun = {
		items: task?.data?.main?.[0] ?? [],
		failed: task?.data?.main?.[1] ?? [],
		error: (run.data.resultData.error ?? task?.error) as NodeRun['error'],
		run,
	};
	seed(credentials, parameters);
	const asked = askedFor(parameters);
	watch(
		'items',
		[...result.items, ...result.failed].map(({ json }) => json),
		asked,
	);
	watch('error', result.error, asked);
	return result;
}

/** Names of the secrets that the parameters ask for; see `watch.ts`. */
function askedFor({ operation, options }: INodeParameters): string[] {
	const { reveal = [] } = (options ?? {}) as { reveal?: string[] };
	return operation === 'generateKey' ? ['ClientSecret', ...reveal] : reveal;
}

/**
 * The context that n8n gives to the methods behind dropdowns, searchable lists and resource mappers.
 *
 * @param path of the parameter that is filled, such as `parameters.filters.conditions[0].enumValue`; for methods that
 *   look at its neighbours
 */
export function loadOptionsContext(
	parameters: INodeParameters,
	credentials: CredentialStore,
	type = 'n8n-nodes-threecx.threeCx',
	path = '',
): ILoadOptionsFunctions {
	const node = ourNode(type, parameters);
	const workflow = new Workflow({
		id: 'workflow',
		nodes: [node],
		connections: {},
		active: false,
		nodeTypes,
	});
	const additionalData = additionalDataFor(credentials, 'internal');
	additionalData.currentNodeParameters = parameters;
	return new LoadOptionsContext(workflow, node, additionalData, path);
}

/** The log of n8n, which all contexts share: whatever the nodes or n8n-core write into it is watched for secrets. */
const { logger } = loadOptionsContext({}, new CredentialStore({}), 'test.items');
for (const level of ['error', 'warn', 'info', 'debug'] as const) {
	const write = logger[level].bind(logger);
	logger[level] = (...line) => {
		watchLine(...line);
		write(...line);
	};
}
