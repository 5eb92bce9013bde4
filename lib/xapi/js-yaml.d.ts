/** The two members of js-yaml that we use; the package brings no types. */
declare module 'js-yaml' {
	/** Plain JSON values only: no dates, no functions. */
	export const JSON_SCHEMA: unknown;
	/** @throws YAMLException when the text is no YAML */
	export function load(text: string, options?: { schema?: unknown }): unknown;
}
