import type { INodeProperties } from 'n8n-workflow';
import type { DigitRules } from '../../../lib/audio/digits';
import type { ItemRun } from '../../shared/router';
import { checkedKeys } from './phoneKeys';

/** Most digits, unless the operation says otherwise. */
const MAX_DIGITS = 10;

/**
 * The fields that say when enough digits have been entered.
 *
 * @param maxDigits default of the first of them
 */
export const digitFields = (maxDigits = MAX_DIGITS): INodeProperties[] => [
	{
		displayName: 'Maximum Digits',
		name: 'maxDigits',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: maxDigits,
		description: 'The entry is complete after this many digits, without an end key',
	},
	{
		displayName: 'End Key',
		name: 'terminator',
		type: 'string',
		default: '#',
		placeholder: 'e.g. #',
		description:
			'The key or keys that end the entry, not included in the output. Leave empty for none.',
	},
	{
		displayName: 'Wait for First Digit (Seconds)',
		name: 'firstTimeout',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 10,
		description: 'How long to wait for the first digit after the prompt',
	},
	{
		displayName: 'Wait Between Digits (Seconds)',
		name: 'betweenTimeout',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 5,
		description: 'The entry is complete after this long without another key',
	},
];

/**
 * @param run the item
 * @param maxDigits as in {@link digitFields}
 * @returns what the fields say
 * @throws ThreeCxError of kind `input` for an end key that no phone has
 */
export function digitRulesOf({ context, index }: ItemRun, maxDigits = MAX_DIGITS): DigitRules {
	const number = (name: string, fallback: number) =>
		context.getNodeParameter(name, index, fallback) as number;
	const endKey: unknown = context.getNodeParameter('terminator', index, '#');
	return {
		terminator: checkedKeys('terminator', 'End Key', endKey),
		max: number('maxDigits', maxDigits),
		firstMs: number('firstTimeout', 10) * 1_000,
		betweenMs: number('betweenTimeout', 5) * 1_000,
	};
}
