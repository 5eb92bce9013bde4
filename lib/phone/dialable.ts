/** A number as people write it: digits, and what makes them easier to read. */
const WRITTEN = /^\+?[\d\s().\-/\u00A0\u2010-\u2015]*\d[\d\s().\-/\u00A0\u2010-\u2015]*$/;

/** `+44 (0)20 7946 0000`: the zero is for those who dial within the country. */
const TRUNK_ZERO = /^(\+[^(]*)\(0\)/;

/**
 * Takes out of a number what people and address books put in for the eye: 3CX dials digits. Everything that is no such
 * number, such as `*777` or the client ID of a route point, stays as it is.
 *
 * @param text such as `020 7946 0102` or `tel:+44-20-7946-0102`
 * @returns what 3CX is to dial
 */
export function dialable(text: string): string {
	const number = text.trim().replace(/^tel:/i, '');
	if (!WRITTEN.test(number)) return text.trim();
	return number.replace(TRUNK_ZERO, '$1').replaceAll(/[^\d+]/g, '');
}
