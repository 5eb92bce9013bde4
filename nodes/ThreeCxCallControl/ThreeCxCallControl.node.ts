import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';
import {
	declaredOnce,
	operationProperty,
	parametersOf,
	resourceProperty,
	runOperations,
} from '../shared/panel';
import { requestOptionsProperty } from '../shared/requestOptions';
import { explainNotFound } from '../../lib/callcontrol/rest/available';
import { getDevices, searchDestinations, searchExtensions, searchRoutePoints } from './extension';
import { searchCalls } from './fields/call';
import { searchLegs } from './fields/leg';
import { call, resources } from './resources';

const properties: INodeProperties[] = [
	// Most come here to do something with a call.
	resourceProperty(resources, call),
	...resources.map(operationProperty),
	...declaredOnce(resources, resources.flatMap(parametersOf)),
	requestOptionsProperty,
];

/** Live calls of a 3CX phone system (Call Control API). */
export class ThreeCxCallControl implements INodeType {
	description: INodeTypeDescription = {
		displayName: '3CX Call Control',
		name: 'threeCxCallControl',
		icon: {
			light: 'file:../../icons/callcontrol.svg',
			dark: 'file:../../icons/callcontrol.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
		description:
			'Make, answer, transfer and end calls on a 3CX phone system, play and record audio, and get the state of its phones',
		defaults: { name: '3CX Call Control' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties,
	};

	methods = {
		listSearch: {
			searchCalls,
			searchDestinations,
			searchExtensions,
			searchLegs,
			searchRoutePoints,
		},
		loadOptions: { getDevices },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await runOperations(
			this,
			{ resources, properties },
			async (error, { client }) => await explainNotFound(error, client),
		);
	}
}
