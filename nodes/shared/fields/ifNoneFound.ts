import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';

/** What an operation that looks for something does when there is nothing. */
export type IfNoneFound = 'item' | 'nothing' | 'error';

/**
 * The choice of what to do when nothing is found.
 *
 * @param preset what is chosen at first
 */
export const ifNoneFoundField = (preset: IfNoneFound): INodeProperties => ({
	displayName: 'If None Found',
	name: 'ifNoneFound',
	type: 'options',
	options: [
		{ name: 'Fail', value: 'error', description: 'Stop with an error' },
		{
			name: 'Return an Item',
			value: 'item',
			description: 'One that says found: false, so that the next node knows',
		},
		{ name: 'Return Nothing', value: 'nothing', description: 'Continue without this item' },
	],
	default: preset,
	description: 'What to do when there is no match',
});

/**
 * The output for an item for which there is nothing.
 *
 * @param choice what the field says
 * @param error what it fails with, if it is to
 * @returns one item or none
 * @throws the error
 */
export function noneFound(choice: unknown, error: ThreeCxError): IDataObject[] {
	if (choice === 'item') return [{ found: false }];
	if (choice === 'nothing') return [];
	throw error;
}
