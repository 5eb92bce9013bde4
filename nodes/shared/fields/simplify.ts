import type { INodeProperties } from 'n8n-workflow';
import type { ItemRun } from '../router';

/** The switch between a short, flat answer and all that 3CX sends. */
export const simplifyProperty: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

/** @returns whether the item asks for the short answer */
export const isSimplified = ({ context, index }: ItemRun): boolean =>
	context.getNodeParameter('simplify', index, true) as boolean;
