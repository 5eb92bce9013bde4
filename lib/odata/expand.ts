import { fieldPath, orderBy, rowCount, select, type OrderBy } from './field';

/** Rows behind a navigation property, without a further level. */
export interface InnerExpand {
	/** Navigation property, such as `Groups`. A list of complex values (`Trunks.DidNumbers`) cannot be expanded: 400. */
	property: string;
	/** Fields to return; all when empty. */
	select?: readonly string[];
	/** A `$filter` as `filter` or `rawFilter` writes it. */
	filter?: string | undefined;
	orderBy?: readonly OrderBy[];
	/** At most so many rows. */
	top?: number;
}

/** Rows behind a navigation property, and one level further: `Groups($select=Name;$expand=Rights)`. */
export interface Expand extends InnerExpand {
	expand?: readonly InnerExpand[];
}

/**
 * Writes an `$expand`, not percent-encoded yet.
 *
 * @returns undefined when nothing is expanded
 * @throws ODataInputError for a name that is none or a `top` that is no whole number
 */
export function expand(properties: readonly Expand[] = []): string | undefined {
	return properties.length === 0 ? undefined : properties.map(expansion).join(',');
}

function expansion(property: Expand): string {
	const options = Object.entries({
		$select: select(property.select),
		$orderby: orderBy(property.orderBy),
		$top: rowCount(property.top, `${property.property}: limit`),
		$expand: expand(property.expand),
		$filter: property.filter,
	})
		.filter(([, value]) => value !== undefined)
		.map(([name, value]) => `${name}=${value}`);
	return fieldPath(property.property) + (options.length > 0 ? `(${options.join(';')})` : '');
}
