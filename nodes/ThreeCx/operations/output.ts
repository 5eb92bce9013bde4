import type { Query } from '../../../lib/odata/query';
import type { Entity } from '../../../lib/xapi/entities';
import { rowsFromEntries } from '../../../lib/xapi/rows';
import type { EntityResource } from '../resource';

/**
 * Asks the PBX for the summary only, unless the user named fields or linked records.
 *
 * @param query what the user asked for
 * @param resource the resource
 * @param simplify the switch
 */
export function simplified(query: Query, { summary }: EntityResource, simplify: boolean): Query {
	const chose = (query.select?.length ?? 0) > 0;
	return simplify && !chose ? { ...query, select: [...summary, ...expandedNames(query)] } : query;
}

/** `$select` beside `$expand` would leave out the expanded properties on some servers unless it names them. */
const expandedNames = ({ expand = [] }: Query) => expand.map(({ property }) => property);

export { asOutput } from '../../shared/output';

/** The properties of a summary that each row has; for rows that come whole. */
export const pickEach = (rows: readonly Entity[], properties: readonly string[]): Entity[] =>
	rowsFromEntries(rows, (row) =>
		properties.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]),
	);

/** The same for one row. */
export const pick = (row: Entity, properties: readonly string[]): Entity =>
	pickEach([row], properties)[0]!;
