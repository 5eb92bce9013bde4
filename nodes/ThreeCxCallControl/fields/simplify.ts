import type { INodeProperties } from 'n8n-workflow';
import type { ItemRun } from '../../shared/router';

/** Plain words, or what 3CX sends. */
export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

/** @returns what the field says for the item. */
export const isSimple = ({ context, index }: ItemRun): boolean =>
	context.getNodeParameter('simplify', index, true) as boolean;
