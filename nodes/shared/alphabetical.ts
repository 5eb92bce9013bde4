/** Letters without accents and case: "Åland" stands beside "Algeria", as in a dictionary of English. */
const plain = (text: string): string =>
	(ASCII.test(text) ? text : text.normalize('NFD').replace(/\p{M}/gu, '')).toLowerCase();

/** Almost all labels are, and n8n waits for them when it starts. */
const ASCII = /^[\x20-\x7e]*$/;

/**
 * Sorts the labels of a panel, which are English. `localeCompare` would make n8n read the rules of all languages when it
 * starts, which takes longer than all the rest of a panel.
 *
 * @param textOf what an entry is sorted by
 * @returns a function for `sort`
 */
export const alphabetically =
	<T>(textOf: (entry: T) => string) =>
	(one: T, other: T): number => {
		const [a, b] = [plain(textOf(one)), plain(textOf(other))];
		return a < b ? -1 : a > b ? 1 : 0;
	};
