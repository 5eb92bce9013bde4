import { ThreeCxError } from '../../../lib/http/errors';
import { numbersIn } from './extensions';

/** Departments are chosen from a list and named by their ID, which an expression can give in several forms. */

/**
 * The ID of one department.
 *
 * @param value what the parameter holds
 * @param field name of the parameter, for the error
 * @throws ThreeCxError of kind `input` when it is empty or no ID
 */
export function departmentId(value: unknown, field: string): number {
	const text = String(value ?? '').trim();
	if (/^\d+$/.test(text)) return Number(text);
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: text === '' ? 'No department was chosen' : `"${text}" is not the ID of a department`,
		hint: 'Choose the department from the list, or enter the Id from Department > Get Many.',
	});
}

/**
 * The IDs of any number of departments: a list, one ID, or text with commas; each once.
 *
 * @throws ThreeCxError of kind `input` when one is no ID
 */
export const departmentIds = (value: unknown, field: string): number[] =>
	numbersIn(value).map((text) => departmentId(text, field));
