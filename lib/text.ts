/**
 * The text of whatever came from outside, as `String()` writes it. `String()` throws where JSON brought an object with a
 * `toString` of its own that is no function; here that is an object like any other.
 *
 * @param value anything: a field of a PBX's answer, an expression's result
 * @returns its text, `[object Object]` where an object has none
 */
export function textOf(value: unknown): string {
	try {
		return String(value);
	} catch {
		return '[object Object]';
	}
}

/**
 * A PascalCase name of XAPI as words: `RingTimeout` becomes "Ring Timeout", `VMEmailOptions` "VM Email Options",
 * `system_owners` "System Owners".
 */
export const titleCase = (name: string): string =>
	name
		.replaceAll('_', ' ')
		.replace(/([a-z0-9])([A-Z])/g, '$1 $2')
		.replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
		.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
