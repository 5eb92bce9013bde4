import type { INodeProperties } from 'n8n-workflow';
import type { ItemRun } from '../../shared/router';

/** Return All and Limit, for lists that an operation of one resource gives; the generic Get Many has its own. */
export const limitProperties: INodeProperties[] = [
	{
		displayName: 'Return All',
		name: 'returnAll',
		type: 'boolean',
		default: false,
		description: 'Whether to return all results or only up to a given limit',
	},
	{
		displayName: 'Limit',
		name: 'limit',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 50,
		description: 'Max number of results to return',
		displayOptions: { show: { returnAll: [false] } },
	},
];

/** @returns the most rows that the item asks for; undefined for all */
export const limitOf = ({ context, index }: ItemRun): number | undefined =>
	context.getNodeParameter('returnAll', index, false) === true
		? undefined
		: (context.getNodeParameter('limit', index, 50) as number);
