import { ODataInputError } from './error';

/**
 * Refuses text with half of a surrogate pair, which has no UTF-8 form: `encodeURIComponent` would throw a bare URIError.
 *
 * @returns the text as it came
 */
export function wellFormed(text: string, field: string): string {
	if (!/\p{Surrogate}/u.test(text)) return text;
	throw new ODataInputError(
		`"${field}" holds half of a character (a cut-off emoji, for example), which cannot be sent. Enter the text again.`,
		field,
	);
}

/** A string literal: in single quotes, inner quotes doubled. */
export function quote(text: string): string {
	return `'${text.replace(/'/g, "''")}'`;
}
