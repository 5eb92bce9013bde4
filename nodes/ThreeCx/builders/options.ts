import type { INodeProperties } from 'n8n-workflow';
import { fieldProperty } from './conditions';

/** Members of the Options collection that shape a list. */
export const queryOptions: INodeProperties[] = [
	{
		displayName: 'Expand Names or IDs',
		name: 'expand',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getNavigationProperties' },
		default: [],
		description:
			'Related records to add. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Field Names or IDs',
		name: 'select',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getFields' },
		default: [],
		description:
			'The fields to return instead of the simplified output. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Raw Filter (OData)',
		name: 'rawFilter',
		type: 'string',
		default: '',
		placeholder: "e.g. startswith(Number,'1') and Enabled eq true",
		description: 'A raw OData $filter expression, combined with the conditions above',
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
		displayName: 'Show Secret Field Names or IDs',
		name: 'reveal',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getSecretFields' },
		default: [],
		description:
			'Passwords, PINs and provisioning links are hidden unless selected here. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Sort',
		name: 'sort',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Sort Field',
		default: {},
		options: [
			{
				name: 'by',
				displayName: 'Field',
				values: [
					fieldProperty({ fields: 'getFilterFields' }),
					{
						displayName: 'Direction',
						name: 'direction',
						type: 'options',
						options: [
							{ name: 'Ascending', value: 'asc' },
							{ name: 'Descending', value: 'desc' },
						],
						default: 'asc',
					},
				],
			},
		],
	},
];
