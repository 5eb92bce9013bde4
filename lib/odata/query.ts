import { expand, type Expand } from './expand';
import { orderBy, rowCount, select, type OrderBy } from './field';
import { wellFormed } from './text';

/** OData query options. What is undefined or empty is left out. */
export interface Query {
	/** As `filter` or `rawFilter` writes it, not percent-encoded. */
	filter?: string | undefined;
	select?: readonly string[];
	expand?: readonly Expand[];
	orderBy?: readonly OrderBy[];
	/** What the user typed into a search box. */
	search?: string;
	/** At most so many rows. 3CX refuses more than 100 on entity sets; report functions have no such limit. */
	top?: number;
	skip?: number;
	/** Ask for `@odata.count`, the number of rows without `top` and `skip`. Default false. */
	count?: boolean;
}

/**
 * Writes the query options of a request, percent-encoded and without `?`; an empty string when there are none.
 *
 * @throws ODataInputError for a field name that is none or a count that is no whole number
 */
export function queryString(query: Query): string {
	return Object.entries({
		$filter: query.filter,
		$search: search(query.search),
		$select: select(query.select),
		$expand: expand(query.expand),
		$orderby: orderBy(query.orderBy),
		$top: rowCount(query.top, 'top'),
		$skip: rowCount(query.skip, 'skip'),
		$count: query.count ? 'true' : undefined,
	})
		.filter((option): option is [string, string] => Boolean(option[1]))
		.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
		.join('&');
}

/** A word of letters alone, and none of the three that `$search` reads as operators. */
const BARE_WORD = /^(?!(AND|OR|NOT)$)\p{L}+$/u;

/**
 * Writes a search text. Anything but a single word of letters is quoted, or its parts would be read as operators and its
 * digits refused; inside the quotes a quote and a backslash are escaped by a backslash (OData 4.01).
 *
 * @throws ODataInputError when the text holds half of a character
 */
export function search(text = ''): string | undefined {
	const trimmed = wellFormed(text.trim(), 'search');
	if (trimmed === '') return undefined;
	return BARE_WORD.test(trimmed) ? trimmed : `"${trimmed.replace(/["\\]/g, '\\$&')}"`;
}
