import type { INodeProperties, ResourceMapperTypeOptions } from 'n8n-workflow';
import { execute } from '../anyOperation/execute';
import {
	listSearch,
	loadOptions,
	OPERATION_PARAMETER,
	resourceMapping,
} from '../anyOperation/methods';
import { limitProperties } from '../../shared/fields/limit';
import type { XapiResource } from '../resource';

const mapper = (
	property: Pick<INodeProperties, 'displayName' | 'name' | 'description'>,
	resourceMapper: Pick<ResourceMapperTypeOptions, 'resourceMapperMethod' | 'fieldWords'>,
): INodeProperties => ({
	...property,
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	typeOptions: {
		loadOptionsDependsOn: [`${OPERATION_PARAMETER}.value`],
		resourceMapper: {
			...resourceMapper,
			valuesLabel: property.displayName,
			mode: 'add',
			addAllFields: true,
			multiKeyMatch: false,
			supportAutoMap: false,
		} as ResourceMapperTypeOptions,
	},
});

const properties: INodeProperties[] = [
	{
		displayName: 'API Operation',
		name: OPERATION_PARAMETER,
		type: 'resourceLocator',
		required: true,
		default: { mode: 'list', value: '' },
		description: 'Any operation of the 3CX Configuration API (XAPI)',
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: 'Select an operation...',
				typeOptions: { searchListMethod: 'searchXapiOperations', searchable: true },
			},
			{
				displayName: 'By Name',
				name: 'name',
				type: 'string',
				placeholder: 'e.g. ResetQueueStatistics',
				hint: 'The operationId in the 3CX API description',
			},
		],
	},
	mapper(
		{
			displayName: 'Parameters',
			name: 'parameters',
			description: 'The parameters in the path. Empty texts are sent as empty.',
		},
		{
			resourceMapperMethod: 'getOperationParameters',
			fieldWords: { singular: 'parameter', plural: 'parameters' },
		},
	),
	{
		...mapper(
			{
				displayName: 'Body',
				name: 'body',
				description: 'The data to send. Empty fields are not sent.',
			},
			{
				resourceMapperMethod: 'getOperationBody',
				fieldWords: { singular: 'field', plural: 'fields' },
			},
		),
		// Until then, the parameters above say that an operation must be chosen: once is enough.
		displayOptions: { hide: { [OPERATION_PARAMETER]: [''] } },
	},
	...limitProperties(),
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Expand',
				name: 'expand',
				type: 'string',
				default: '',
				placeholder: 'e.g. Groups($select=Name),Phones',
				description: 'Related records to add, as an OData $expand',
			},
			{
				displayName: 'Filter',
				name: 'filter',
				type: 'string',
				default: '',
				placeholder: "e.g. startswith(Number,'1') and Enabled eq true",
				description: 'Which rows to return, as an OData $filter',
			},
			{
				displayName: 'Put Output File in Field',
				name: 'fileProperty',
				type: 'string',
				default: 'data',
				description: 'The name of the binary field for a file',
			},
			{
				displayName: 'Response',
				name: 'response',
				type: 'options',
				options: [
					{
						name: 'Automatic',
						value: 'auto',
						description: 'Returns a file for downloads, and items for all other operations',
					},
					{ name: 'File', value: 'file' },
					{ name: 'JSON', value: 'json' },
				],
				default: 'auto',
				description: 'What the operation returns',
			},
			{
				displayName: 'Search',
				name: 'search',
				type: 'string',
				default: '',
				placeholder: 'e.g. anna',
				description: 'Text to search for, as in the search box of the 3CX Admin Console',
			},
			{
				displayName: 'Select',
				name: 'select',
				type: 'string',
				default: '',
				placeholder: 'e.g. Number,FirstName',
				description: 'The fields to return, separated by commas',
			},
			{
				displayName: 'Show Secret Field Names or IDs',
				name: 'reveal',
				type: 'multiOptions',
				typeOptions: { loadOptionsMethod: 'getSecretNames' },
				default: [],
				description:
					'Passwords, PINs and provisioning links are hidden unless selected here. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
			},
			{
				displayName: 'Sort',
				name: 'sort',
				type: 'string',
				default: '',
				placeholder: 'e.g. LastName,Number desc',
				description: 'Fields to sort by, separated by commas',
			},
		],
	},
];

/** Every operation of XAPI, also those that have no resource of their own and those of newer versions. */
export const anyOperation: XapiResource = {
	name: 'anyOperation',
	label: 'Any Operation',
	plural: 'Any Operations',
	description: 'Any other operation of the 3CX Configuration API',
	operations: [
		{
			name: 'invoke',
			label: 'Invoke',
			action: 'Invoke any operation of the 3CX API, also one that deletes',
			description: 'Call an operation of the 3CX Configuration API (XAPI)',
			properties,
			execute,
		},
	],
	loadOptions,
	listSearch,
	resourceMapping,
};
