import { ThreeCxError } from '../../../lib/http/errors';
import { required } from '../../shared/fields/required';
import type { ItemRun } from '../../shared/router';

/** Fields that name something of Call Control by its number. */

/** How such a field is called. */
interface IdField {
	/** Name of the parameter. */
	name: string;
	/** Its name in the panel. */
	label: string;
	/** As in "is not a call ID". */
	what: string;
	/** Where the number is to be found. */
	from: string;
}

/**
 * @param field the locator
 * @returns the number in it
 * @throws ThreeCxError of kind `input` when it is empty or no whole number
 */
export function idIn({ context, index }: ItemRun, { name, label, what, from }: IdField): number {
	const value: unknown = context.getNodeParameter(name, index, '', { extractValue: true });
	const text = required(name, label, value);
	if (/^\d+$/.test(text)) return Number(text);
	throw new ThreeCxError({
		kind: 'input',
		field: name,
		message: `"${text}" is not a ${what}`,
		hint: `Enter a whole number: the ${name} in the output of ${from}.`,
	});
}
