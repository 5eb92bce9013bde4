import type { INodeListSearchResult } from 'n8n-workflow';

/** Searchable lists that are short enough to be read whole. */

/**
 * @param choices what a list has, in its order
 * @param filter what was typed above it
 * @returns those that have all of its words in their names, in any case and order
 */
export function matching(
	choices: Array<{ name: string; value: string }>,
	filter: string,
): INodeListSearchResult {
	const words = filter.toLowerCase().split(/\s+/);
	const hasAll = (name: string) => words.every((word) => name.includes(word));
	return { results: choices.filter(({ name }) => hasAll(name.toLowerCase())) };
}
