import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { ItemRun } from '../../shared/router';

const NAME = 'confirmation';

/** What must be typed before many records are deleted. */
export const PURGE = 'PURGE';

/**
 * A field into which a word, or the name of what will be lost, must be typed.
 *
 * @param what to type, such as `PURGE` or "the File Name"
 * @param description what will happen
 * @param example what it looks like; the word itself when left out
 */
export const confirmationProperty = (
	what: string,
	description: string,
	example = what,
): INodeProperties => ({
	displayName: `Type ${what} to Confirm`,
	name: NAME,
	type: 'string',
	required: true,
	default: '',
	placeholder: `e.g. ${example}`,
	description,
});

/** @throws ThreeCxError of kind `input` unless `expected` was typed; nothing has been sent then */
export function assertConfirmed(
	{ context, index }: ItemRun,
	expected: string,
	consequence: string,
): void {
	const typed = String(context.getNodeParameter(NAME, index, '') ?? '').trim();
	// Words of ours may be typed in small letters; names of files differ in them.
	if (typed === expected || (expected === PURGE && typed.toUpperCase() === PURGE)) return;
	throw new ThreeCxError({
		kind: 'input',
		field: NAME,
		message: `Not confirmed: the confirmation field must contain "${expected}"`,
		hint: `${consequence} Nothing was changed. To go ahead, type the text into the confirmation field.`,
	});
}
