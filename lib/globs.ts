/**
 * Compares a text with a pattern, without regard to case. Without a regular expression: `*1*1*1*2` would try each way to
 * divide a long text up.
 *
 * @param text such as `+493012345678`
 * @param pattern `*` stands for any characters, also none, `?` for one
 * @returns whether the whole text fits; takes at most as many steps as one length times the other
 */
export function fitsPattern(text: string, pattern: string): boolean {
	const [given, wanted] = [text.toLowerCase(), pattern.toLowerCase()];
	let [at, within] = [0, 0];
	/** The last star, and where the text goes on behind what it stands for. Earlier ones need no second try. */
	let [star, resume] = [-1, 0];
	while (at < given.length) {
		if (wanted[within] === '*') {
			[star, resume] = [within, at];
			within++;
		} else if (wanted[within] === '?' || wanted[within] === given[at]) {
			within++;
			at++;
		} else if (star >= 0) {
			resume++;
			[within, at] = [star + 1, resume];
		} else return false;
	}
	while (wanted[within] === '*') within++;
	return within === wanted.length;
}
