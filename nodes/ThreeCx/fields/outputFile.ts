import type { INodeProperties } from 'n8n-workflow';
import type { ItemRun } from '../../shared/router';

const NAME = 'binaryPropertyName';

const DEFAULT = 'data';

/** Where an operation puts the file that it gets; every operation with a file has it. */
export const outputFileProperty: INodeProperties = {
	displayName: 'Put Output File in Field',
	name: NAME,
	type: 'string',
	default: DEFAULT,
	required: true,
	placeholder: `e.g. ${DEFAULT}`,
	hint: 'The name of the output binary field to put the file in',
};

/** @returns the name of the binary field that the item asks for; an empty one means the usual */
export const outputFieldOf = ({ context, index }: Pick<ItemRun, 'context' | 'index'>): string =>
	String(context.getNodeParameter(NAME, index, DEFAULT) ?? '').trim() || DEFAULT;
