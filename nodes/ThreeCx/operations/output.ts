import type { IDataObject } from 'n8n-workflow';
import type { PbxClient } from '../../../lib/http/client';
import type { Expand } from '../../../lib/odata/expand';
import type { Query } from '../../../lib/odata/query';
import { catalogue, parseType, propertiesOf } from '../../../lib/xapi/catalogue';
import { goneFrom } from '../../../lib/xapi/difference';
import { timeOfDay } from '../../../lib/xapi/duration';
import { outcomeOf, type Entity } from '../../../lib/xapi/entities';
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

/** What is a time of day in the rows of resources: all durations that they have (a test looks). */
const clockNames = (type: string): string[] =>
	Object.entries(propertiesOf(catalogue, type))
		.filter(([, expression]) => parseType(expression).name === 'duration')
		.map(([name]) => name);

/**
 * Rows as a simplified output shows them: columns in an order, and times of day as people write them.
 *
 * @param rows as XAPI sent them, with its columns in alphabetical order
 * @param columns which come first; what else there is follows as it came
 * @returns new rows
 */
export function readable(
	rows: readonly Entity[],
	{ type }: Pick<EntityResource, 'type'>,
	columns: readonly string[],
): Entity[] {
	const first = new Set(columns);
	const clocks = clockNames(type);
	return rowsFromEntries(rows, (row) =>
		[
			...columns.filter((name) => Object.hasOwn(row, name)),
			...Object.keys(row).filter((name) => !first.has(name)),
		].map((name) => [name, clocks.includes(name) ? timeOfDay(row[name]) : row[name]]),
	);
}

/**
 * The same for rows that were asked for; whole rows, which nobody reads by eye, stay as they came.
 *
 * @param added what each row has besides, made of its columns; nothing by default
 */
export const shown = (
	rows: Entity[],
	resource: EntityResource,
	{ select = [] }: Query,
	added: (row: Entity) => Entity = () => ({}),
): Entity[] =>
	select.length === 0
		? rows
		: readable(rows, resource, select).map((row) => ({ ...row, ...added(row) }));

/** The summary of a row, for the output of an operation that has written it. */
export const summaryOf = (row: Entity, resource: EntityResource): Entity =>
	readable([pick(row, resource.summary)], resource, resource.summary)[0]!;

/** @returns what brings those arrays along that a body writes, so that it can be compared with the row */
export const expandsFor = ({ expand }: EntityResource, body: Entity): Expand[] =>
	Object.entries(expand)
		.filter(([property]) => property in body)
		.map(([, each]) => each);

/** @returns a row that a deletion would take away, as an item of a dry run */
export const wouldDelete = (client: PbxClient, row: Entity): IDataObject => ({
	outcome: outcomeOf(client, 'deleted'),
	changed: goneFrom(row) as IDataObject,
	...(row as IDataObject),
});

export { asOutput } from '../../shared/output';

/** The properties of a summary that each row has; for rows that come whole. */
export const pickEach = (rows: readonly Entity[], properties: readonly string[]): Entity[] =>
	rowsFromEntries(rows, (row) =>
		properties.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]),
	);

/** The same for one row. */
export const pick = (row: Entity, properties: readonly string[]): Entity =>
	pickEach([row], properties)[0]!;
