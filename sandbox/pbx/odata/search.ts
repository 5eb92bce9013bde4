/** `$search` of OData 4.01 (11.2.6.6): words and phrases, with AND, OR, NOT and parentheses. */
import { badQuery } from './errors';

/** Whether a text, in lower case, is what is searched for. */
export type Search = (text: string) => boolean;

const TOKEN = /\s*(?:"([^"]*)"|([()])|([^\s()"]+))/y;

interface Token {
	/** A phrase, a bracket, or a word; only a word can be AND, OR or NOT. */
	kind: 'phrase' | 'bracket' | 'word';
	text: string;
}

function tokenise(search: string): Token[] {
	const tokens: Token[] = [];
	for (TOKEN.lastIndex = 0; search.slice(TOKEN.lastIndex).trim() !== ''; ) {
		const at = TOKEN.lastIndex;
		const [, phrase, bracket, word] = TOKEN.exec(search) ?? [];
		if (phrase !== undefined) tokens.push({ kind: 'phrase', text: phrase });
		else if (bracket !== undefined) tokens.push({ kind: 'bracket', text: bracket });
		else if (word !== undefined) tokens.push({ kind: 'word', text: word });
		else throw badQuery(`Syntax error at position ${at} in '${search}' of $search.`);
	}
	return tokens;
}

/**
 * @param search the text of a `$search`
 * @throws ODataError 400 for one that is none
 */
export function parseSearch(search: string): Search {
	const tokens = tokenise(search);
	let at = 0;
	const isNext = (kind: Token['kind'], text: string) =>
		tokens[at]?.kind === kind && tokens[at]?.text === text;
	const tryTake = (kind: Token['kind'], text: string) => isNext(kind, text) && ++at > 0;
	const fail = () =>
		badQuery(`Syntax error near '${tokens[at]?.text ?? 'the end'}' in $search='${search}'.`);

	const term = (): Search => {
		if (tryTake('word', 'NOT')) {
			const negated = term();
			return (text) => !negated(text);
		}
		if (tryTake('bracket', '(')) {
			const inner = either();
			if (!tryTake('bracket', ')')) throw fail();
			return inner;
		}
		const token = tokens[at];
		if (!token || token.kind === 'bracket' || isNext('word', 'AND') || isNext('word', 'OR')) {
			throw fail();
		}
		at++;
		const wanted = token.text.toLowerCase();
		return (text) => text.includes(wanted);
	};
	const both = (): Search => {
		let left = term();
		while (at < tokens.length && !isNext('word', 'OR') && !isNext('bracket', ')')) {
			tryTake('word', 'AND');
			const [before, right] = [left, term()];
			left = (text) => before(text) && right(text);
		}
		return left;
	};
	const either = (): Search => {
		let left = both();
		while (tryTake('word', 'OR')) {
			const [before, right] = [left, both()];
			left = (text) => before(text) || right(text);
		}
		return left;
	};
	const found = either();
	if (at < tokens.length) throw fail();
	return found;
}
