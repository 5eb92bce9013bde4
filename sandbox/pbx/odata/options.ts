/** OData query options: the text after `?` and the parentheses of `$expand`, to a tree. Pure functions. */
import { badQuery } from './errors';
import { parseFilter, parseOrderBy, type Expression, type OrderItem } from './expression';

export interface QueryOptions {
	filter?: Expression;
	orderBy?: OrderItem[];
	/** Property paths; undefined for all. */
	select?: string[];
	/** Navigation property (or `*`) to the options within its parentheses. */
	expand?: Map<string, QueryOptions>;
	/** Number of rows to answer at most. */
	top?: number;
	/** Number of rows to pass over. */
	skip?: number;
	/** Whether `@odata.count` is wanted. */
	count?: boolean;
	search?: string;
}

/** Splits at a separator, but not within quotes or parentheses; parts are trimmed. */
export function splitOutside(text: string, separator: string): string[] {
	const parts: string[] = [];
	let depth = 0;
	let quoted = false;
	let from = 0;
	for (let at = 0; at < text.length; at += 1) {
		const char = text[at];
		if (char === "'") quoted = !quoted;
		else if (quoted) continue;
		else if (char === '(') depth += 1;
		else if (char === ')') depth -= 1;
		else if (char === separator && depth === 0) {
			parts.push(text.slice(from, at).trim());
			from = at + 1;
		}
	}
	if (quoted || depth !== 0) throw badQuery(`Unbalanced quote or parenthesis in '${text}'.`);
	parts.push(text.slice(from).trim());
	return parts;
}

function whole(name: string, text: string): number {
	if (!/^\d+$/.test(text)) {
		throw badQuery(
			`Invalid value '${text}' for ${name} query option found. A non-negative integer is expected.`,
		);
	}
	return Number(text);
}

function bool(name: string, text: string): boolean {
	if (text !== 'true' && text !== 'false') {
		throw badQuery(
			`Invalid value '${text}' for ${name} query option found. Valid values are 'true' and 'false'.`,
		);
	}
	return text === 'true';
}

function names(option: string, text: string): string[] {
	const list = splitOutside(text, ',');
	const bad = list.find((name) => !/^(\*|[A-Za-z_]\w*(\/[A-Za-z_]\w*)*)$/.test(name));
	if (bad !== undefined) throw badQuery(`Syntax error near '${bad}' in ${option}='${text}'.`);
	return list;
}

function parseExpand(text: string): Map<string, QueryOptions> {
	return new Map(
		splitOutside(text, ',').map((item) => {
			const parts = /^(\*|[A-Za-z_]\w*)(?:\((.*)\))?$/s.exec(item);
			if (!parts?.[1]) throw badQuery(`Syntax error near '${item}' in $expand='${text}'.`);
			const inner = parts[2] === undefined ? [] : splitOutside(parts[2], ';');
			return [
				parts[1],
				parseOptions(
					inner.map((option): [string, string] => {
						const equals = option.indexOf('=');
						return [option.slice(0, equals).trim(), option.slice(equals + 1).trim()];
					}),
				),
			];
		}),
	);
}

const OPTIONS: Record<string, (text: string) => QueryOptions> = {
	$filter: (text) => ({ filter: parseFilter(text) }),
	$orderby: (text) => ({ orderBy: parseOrderBy(text) }),
	$select: (text) => ({ select: names('$select', text) }),
	$expand: (text) => ({ expand: parseExpand(text) }),
	$top: (text) => ({ top: whole('$top', text) }),
	$skip: (text) => ({ skip: whole('$skip', text) }),
	$count: (text) => ({ count: bool('$count', text) }),
	$search: (text) => ({ search: text }),
	$format: () => ({}),
};

/**
 * Parses decoded query options. Names that do not begin with `$` (such as `access_token`) are not OData's and are passed over.
 * @throws ODataError 400 for an unknown or repeated option and for any syntax error
 */
export function parseOptions(pairs: Iterable<[string, string]>): QueryOptions {
	const options: QueryOptions = {};
	const seen = new Set<string>();
	for (const [name, text] of pairs) {
		if (!name.startsWith('$')) {
			if (name === '') throw badQuery('An option without a name was found within parentheses.');
			continue;
		}
		const parse = OPTIONS[name];
		if (!parse) throw badQuery(`The query parameter '${name}' is not supported.`);
		if (seen.has(name))
			throw badQuery(
				`Query option '${name}' was specified more than once, but it must be specified at most once.`,
			);
		seen.add(name);
		Object.assign(options, parse(text));
	}
	return options;
}
