import { ThreeCxError } from '../../../lib/http/errors';

/**
 * The text in a field that must not be empty.
 *
 * @param field name of the parameter
 * @param label its name in the panel
 * @param value what it holds for this item
 * @param hint what to do about an empty one
 * @returns the text, without spaces around it
 * @throws ThreeCxError of kind `input` when it is empty
 */
export function required(
	field: string,
	label: string,
	value: unknown,
	hint = 'Fill it in, or check what the expression in it returns for this item.',
): string {
	const text = String(value ?? '').trim();
	if (text !== '') return text;
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `The field "${label}" is empty`,
		hint,
	});
}
