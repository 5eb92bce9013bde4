import type { INodeProperties } from 'n8n-workflow';
import type { ItemRun } from '../router';

const returnAllProperty: INodeProperties = {
	displayName: 'Return All',
	name: 'returnAll',
	type: 'boolean',
	default: false,
	description: 'Whether to return all results or only up to a given limit',
};

const limitProperty: INodeProperties = {
	displayName: 'Limit',
	name: 'limit',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 50,
	description: 'Max number of results to return',
	displayOptions: { show: { returnAll: [false] } },
};

/**
 * Return All and Limit, for every operation that gives a list.
 *
 * @param returnAll whether all rows come before anybody has chosen; only where there are never many
 */
export const limitProperties = (returnAll = false): INodeProperties[] => [
	{ ...returnAllProperty, default: returnAll },
	limitProperty,
];

/**
 * @param returnAll as in {@link limitProperties}
 * @returns the most rows that the item asks for; undefined for all
 */
export const limitOf = ({ context, index }: ItemRun, returnAll = false): number | undefined =>
	context.getNodeParameter('returnAll', index, returnAll) === true
		? undefined
		: (context.getNodeParameter('limit', index, 50) as number);
