const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
	34, 92, 91, 93, 123, 125,
];

/**
 * Objects and lists inside of each other, at most: 3CX's deepest answer has about ten levels. What walks through an
 * answer, here and in n8n, calls itself once for each level, and some thousand levels are too many for the stack.
 */
export const MAX_LEVELS = 100;

/**
 * @param json a JSON text
 * @returns whether it has more than {@link MAX_LEVELS} levels; about 1 ms for 1 MB
 */
export function isTooDeep(json: string): boolean {
	let level = 0;
	for (let at = 0; at < json.length; at++) {
		const character = json.charCodeAt(at);
		if (character === QUOTE) at = endOfText(json, at);
		else if (character === OPEN_LIST || character === OPEN_OBJECT) {
			if (++level > MAX_LEVELS) return true;
		} else if (character === CLOSE_LIST || character === CLOSE_OBJECT) level--;
	}
	return false;
}

/** Where the quote is that closes the text which begins at `from`. */
function endOfText(json: string, from: number): number {
	for (let at = json.indexOf('"', from + 1); at >= 0; at = json.indexOf('"', at + 1)) {
		let before = at;
		while (json.charCodeAt(before - 1) === BACKSLASH) before--;
		if ((at - before) % 2 === 0) return at;
	}
	return json.length;
}
