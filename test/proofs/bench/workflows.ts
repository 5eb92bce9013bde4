import type { WorkflowNode, WorkflowTemplate } from '../../../sandbox/playground/api';
import type { InFlight } from '../../../lib/http/inFlight/gate';
import { BARE_TRIGGER } from './barePackage';
import { LISTENERS, clientIdOf, type PbxDescription, type Place } from './pbx';

/** Name of the node from which manual runs start. */
export const START = 'Start';
/** Name of the node whose time counts. */
export const MEASURED = 'Measured';

/** What n8n gives back for a saved credential. */
export type CredentialRef = { id: string; name: string };

/** How a node of ours or the HTTP Request node reaches the PBX. */
export interface Access {
	place: Place;
	url: string;
	credential: CredentialRef;
}

/** Name and data of a credential to save. */
export interface CredentialTemplate {
	name: string;
	type: string;
	data: Record<string, unknown>;
}

/** Items that a workflow begins with. */
type Items = Array<Record<string, unknown>>;

/** An extension to create; the fields are XAPI's. */
export interface NewUser extends Record<string, unknown> {
	Number: string;
	FirstName: string;
	LastName: string;
	EmailAddress: string;
}

/** The credential of our package, for one way to the PBX. */
export const ourCredential = (
	{ urls, clientSecret }: PbxDescription,
	place: Place,
	clientId = clientIdOf('ours', place),
): CredentialTemplate => ({
	name: clientId,
	type: 'threeCxOAuth2Api',
	data: { pbxUrl: urls[place], clientId, clientSecret, ignoreSSLIssues: true },
});

/** n8n's own OAuth2 credential, as somebody without our package would set it up. */
export const httpCredential = (
	{ urls, clientSecret }: PbxDescription,
	place: Place,
): CredentialTemplate => ({
	name: clientIdOf('http', place),
	type: 'oAuth2Api',
	data: {
		grantType: 'clientCredentials',
		accessTokenUrl: `${urls[place]}/connect/token`,
		clientId: clientIdOf('http', place),
		clientSecret,
		scope: '',
		authentication: 'body',
		ignoreSSLIssues: true,
	},
});

/** A function of XAPI takes all its parameters, also those that mean "no filter". */
const callLogPath = ({ from, to }: PbxDescription['period']) =>
	`/xapi/v1/ReportCallLogData/Pbx.GetCallLogData(periodFrom=${from},periodTo=${to},sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='',callTimeFilterTo='',hidePcalls=false)`;

/** Rows a page that people ask the HTTP Request node for: the most that 3CX allows for nearly everything. */
const HTTP_PAGE = 100;

const requestOptions = (inFlight: InFlight | undefined) =>
	inFlight === undefined ? {} : { requestOptions: { inFlight } };

/** The jobs that are compared, for our node. `inFlight` is its option. */
export const OURS = {
	list: (
		access: Access,
		{ from, to }: PbxDescription['period'],
		inFlight?: InFlight,
		limit?: number,
	) =>
		ours(access, {
			resource: 'callLog',
			operation: 'getAll',
			period: 'between',
			from,
			to,
			itemPer: 'leg',
			returnAll: limit === undefined,
			...(limit === undefined ? {} : { limit }),
			order: 'oldest',
			simplify: false,
			...requestOptions(inFlight),
		}),
	create: (access: Access, inFlight?: InFlight) =>
		ours(access, {
			...requestOptions(inFlight),
			resource: 'user',
			operation: 'create',
			number: '={{ $json.Number }}',
			firstName: '={{ $json.FirstName }}',
			lastName: '={{ $json.LastName }}',
			emailAddress: '={{ $json.EmailAddress }}',
		}),
	get: (access: Access, inFlight?: InFlight) =>
		ours(access, {
			...requestOptions(inFlight),
			resource: 'user',
			operation: 'get',
			user: { __rl: true, mode: 'byId', value: '={{ $json.Id }}' },
			simplify: false,
		}),
	download: (access: Access, id: number) =>
		ours(access, {
			resource: 'recording',
			operation: 'download',
			recording: { __rl: true, mode: 'byId', value: String(id) },
		}),
};

/** The same jobs, for the HTTP Request node with its default settings. */
export const HTTP = {
	list: (access: Access, period: PbxDescription['period'], limit?: number) =>
		http(access, `${callLogPath(period)}?$orderby=SegmentId&$top=${HTTP_PAGE}`, {
			pagination: {
				pagination: {
					paginationMode: 'updateAParameterInEachRequest',
					parameters: {
						parameters: [{ type: 'qs', name: '$skip', value: `={{ $pageCount * ${HTTP_PAGE} }}` }],
					},
					paginationCompleteWhen: 'other',
					completeExpression: `={{ $response.body.value.length < ${HTTP_PAGE} }}`,
					limitPagesFetched: limit !== undefined,
					...(limit === undefined ? {} : { maxRequests: Math.ceil(limit / HTTP_PAGE) }),
					requestInterval: 0,
				},
			},
		}),
	/** The body in fields, as the node suggests: as many expressions as our node has for the same user. */
	create: (access: Access) =>
		http(
			access,
			'/xapi/v1/Users',
			{},
			{
				method: 'POST',
				sendBody: true,
				bodyParameters: {
					parameters: ['Number', 'FirstName', 'LastName', 'EmailAddress'].map((name) => ({
						name,
						value: `={{ $json.${name} }}`,
					})),
				},
			},
		),
	get: (access: Access) => http(access, '/xapi/v1/Users({{ $json.Id }})'),
	/** Anything, to have a token before many requests start at once: n8n would fetch one for each of them. */
	prime: (access: Access) => http(access, '/xapi/v1/Defs?$select=Id'),
	download: (access: Access, id: number) =>
		http(access, `/xapi/v1/Recordings/Pbx.DownloadRecording(recId=${id})`, {
			response: { response: { responseFormat: 'file' } },
		}),
};

/** Turns the pages of the HTTP Request node into one item a row. */
export const SPLIT_OUT: WorkflowNode = node('Split Out', 'n8n-nodes-base.splitOut', 1, {
	fieldToSplitOut: 'value',
});

/** Saved executions: n8n's defaults. */
const SAVED = { executionOrder: 'v1' };
/** For measuring memory: what saving takes would hide what the nodes take. */
export const UNSAVED = {
	...SAVED,
	saveManualExecutions: false,
	saveDataSuccessExecution: 'none',
};

/** A workflow that is started by hand, with items of its own, and runs these nodes one after another. */
export function manual(
	name: string,
	nodes: WorkflowNode[],
	{ items, settings = SAVED }: { items?: Items; settings?: Record<string, unknown> } = {},
): WorkflowTemplate {
	return {
		...chain(name, [node(START, 'n8n-nodes-base.manualTrigger', 1), ...nodes], settings),
		...(items && { pinData: { [START]: items.map((json) => ({ json })) } }),
	};
}

/** A workflow that only our trigger starts, for each call that rings. */
export const ourListener = (name: string, credential: CredentialRef): WorkflowTemplate =>
	listener(name, credential, 'n8n-nodes-threecx.threeCxTrigger', { events: ['callRinging'] });

/** The same with the bare trigger, which is told a token: it has the credential for n8n to check it, as it does ours. */
export const bareListener = (
	name: string,
	credential: CredentialRef,
	parameters: { url: string; token: string; read?: boolean },
): WorkflowTemplate => listener(name, credential, BARE_TRIGGER, parameters);

function listener(
	name: string,
	credential: CredentialRef,
	type: string,
	parameters: Record<string, unknown>,
): WorkflowTemplate {
	const credentials = { threeCxOAuth2Api: credential };
	return chain(name, [{ ...node(MEASURED, type, 1, parameters), credentials }]);
}

/** What the items of the listeners say about the leg that rings, as path of a Call Control entity. */
export const entityOf: Record<
	'ours' | 'bare' | 'limit',
	(item: Record<string, unknown>) => string
> = {
	ours: ({ participantId }) =>
		`/callcontrol/${LISTENERS.ours.dn}/participants/${String(participantId)}`,
	bare: ({ entity }) => String(entity),
	limit: ({ entity }) => String(entity),
};

function ours({ credential }: Access, parameters: Record<string, unknown>): WorkflowNode {
	return {
		...node(MEASURED, 'n8n-nodes-threecx.threeCx', 1, parameters),
		credentials: { threeCxOAuth2Api: credential },
	};
}

function http(
	{ url, credential }: Access,
	path: string,
	options: Record<string, unknown> = {},
	more: Record<string, unknown> = {},
): WorkflowNode {
	return {
		...node(MEASURED, 'n8n-nodes-base.httpRequest', 4.2, {
			url: `=${url}${path}`,
			authentication: 'genericCredentialType',
			genericAuthType: 'oAuth2Api',
			...more,
			options: { allowUnauthorizedCerts: true, ...options },
		}),
		credentials: { oAuth2Api: credential },
	};
}

function node(
	name: string,
	type: string,
	typeVersion: number,
	parameters: Record<string, unknown> = {},
): WorkflowNode {
	return { id: name, name, type, typeVersion, position: [0, 0], parameters };
}

function chain(
	name: string,
	nodes: WorkflowNode[],
	settings: Record<string, unknown> = SAVED,
): WorkflowTemplate {
	const connections = Object.fromEntries(
		nodes
			.slice(1)
			.map((next, index) => [
				nodes[index]!.name,
				{ main: [[{ node: next.name, type: 'main', index: 0 }]] },
			]),
	);
	return { name, nodes, connections, settings };
}
