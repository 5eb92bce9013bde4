import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { ItemRun } from '../../shared/router';

const NAME = 'confirmation';

/** A field into which the name of what will be lost must be typed. */
export const confirmationProperty = (
	displayName: string,
	description: string,
	placeholder: string,
): INodeProperties => ({
	displayName,
	name: NAME,
	type: 'string',
	required: true,
	default: '',
	placeholder,
	description,
});

/** @throws ThreeCxError of kind `input` unless `expected` was typed; nothing has been sent then */
export function assertConfirmed(
	{ context, index }: ItemRun,
	expected: string,
	consequence: string,
): void {
	const typed = String(context.getNodeParameter(NAME, index, '') ?? '').trim();
	if (typed === expected) return;
	throw new ThreeCxError({
		kind: 'input',
		field: NAME,
		message: `Not confirmed: the confirmation field must contain "${expected}"`,
		hint: `${consequence} Nothing was changed. To go ahead, type the text into the confirmation field.`,
	});
}
