import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';

/** The keys of a phone. */
const KEYS = /^[0-9*#A-Da-d]*$/;

/** The keys that stop something. */
export const stopKeysField: INodeProperties = {
	displayName: 'Keys That Stop It',
	name: 'stopKeys',
	type: 'string',
	default: '',
	placeholder: 'e.g. #; leave empty for any key',
	description:
		'The phone keys that stop it: one or more of 0 to 9, * and #. Leave empty for any key.',
};

/**
 * @param keys what the field holds
 * @param field which one, and `label`, what the panel calls it
 * @returns whether a key is one of them
 * @throws ThreeCxError of kind `input` when there is something else in it
 */
export function keyMatcher(
	keys: unknown,
	field = 'stopKeys',
	label = 'Keys That Stop It',
): (key: string) => boolean {
	const wanted = new Set(checkedKeys(field, label, keys));
	return (key) => wanted.size === 0 || wanted.has(key);
}

/** @returns the keys in a field, without what may stand between them. */
export function checkedKeys(field: string, label: string, keys: unknown): string {
	const text = String(keys ?? '').replaceAll(/[\s,]/g, '');
	if (KEYS.test(text)) return text;
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `The field "${label}" contains something other than phone keys: ${text}`,
		hint: 'Use the keys 0 to 9, * and #.',
	});
}
