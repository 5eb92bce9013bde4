import { ThreeCxError } from '../../../lib/http/errors';
import { dialled } from '../../../lib/phone/dialled';
import { required } from './required';

/** The client ID of a route point, which its calls are sent to like an extension: a word with a letter (protocol 1.5). */
const NAME = /^(?=.*\p{L})[\p{L}\p{N}._-]+$/u;

/**
 * The number in a field that people fill in as they know it. All operations that dial read it here, so that the same text
 * is the same call in each of them.
 *
 * @param field name of the parameter
 * @param label its name in the panel
 * @param value what it holds for this item
 * @param takesNames whether 3CX takes the client ID of a route point there, such as `voiceagent`
 * @returns digits with a plus or a dial code in front, or that client ID
 * @throws ThreeCxError of kind `input` when it is empty or no number
 */
export function dialledNumber(
	field: string,
	label: string,
	value: unknown,
	takesNames = false,
): string {
	const hint = 'Enter it as you would dial it, such as +442079460100, 101 or *777.';
	const text = required(field, label, value, hint);
	const number = dialled(text) ?? (takesNames && NAME.test(text) ? text : undefined);
	if (number !== undefined) return number;
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `"${text}" under "${label}" is not a phone number`,
		hint,
	});
}
