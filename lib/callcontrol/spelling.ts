/** An object of Call Control, its fields under names in lower case without underscores. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Brings the fields of an object under one spelling: 3CX has documented snake case and Pascal case (protocol 3.2), and
 * `party_dn`, `PartyDn` and `partyDN` mean the same.
 *
 * @returns the fields, or undefined when the value is no object
 */
export function fieldsOf(value: unknown): Fields | undefined {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
	return Object.fromEntries(
		Object.entries(value).map(([name, item]) => [name.replaceAll('_', '').toLowerCase(), item]),
	);
}
