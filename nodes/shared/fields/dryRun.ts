import type { INodeProperties } from 'n8n-workflow';
import type { ItemRun } from '../router';

/** The switch that tries an operation: nothing is written, and the output says what would be. */
export const dryRunProperty: INodeProperties = {
	displayName: 'Dry Run',
	name: 'dryRun',
	type: 'boolean',
	default: false,
	description: 'Whether to change nothing and only return what would change',
};

/** What leaves the switch off, in lower case. */
const OFF = ['', 'false', 'no', 'off', '0'];

/**
 * Whether the item is a dry run. What an expression gives and nobody understands (`"yes"`, `{}`) is one: writing by
 * mistake is worse than not writing.
 *
 * @returns false only where the switch is off: false, 0, nothing, or those in words
 */
export const isDryRun = ({ context, index }: Pick<ItemRun, 'context' | 'index'>): boolean =>
	isOn(context.getNodeParameter('dryRun', index, false));

/** @returns whether a switch that keeps something from being changed is on; see {@link isDryRun} */
export const isOn = (value: unknown): boolean =>
	!OFF.includes(
		String(value ?? '')
			.trim()
			.toLowerCase(),
	);
