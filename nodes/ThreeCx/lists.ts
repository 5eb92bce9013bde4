import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import { queryString, type Query } from '../../lib/odata/query';
import { listEntities, type Entity } from '../../lib/xapi/entities';
import { askPbx } from '../shared/askPbx';
import { titleCase } from './fields/text';
import { alphabetically } from '../shared/alphabetical';

/** What the methods behind dropdowns and searchable lists have in common. */

/**
 * Reads a collection for a dropdown.
 *
 * @param path below `/xapi/v1`, such as `/Groups`
 * @param query such as `{ select: ['Id', 'Name'] }`
 */
export async function rowsOf(
	context: ILoadOptionsFunctions,
	path: string,
	query: Query = {},
): Promise<Entity[]> {
	return await askPbx(
		context,
		async (client) => await listEntities(client, path, { query: queryString(query) }),
	);
}

/** Sorts dropdown options by what people see. */
export const byName = alphabetically<INodePropertyOptions>(({ name }) => name);

/** Names of XAPI as dropdown options: in words, sorted. */
export const asOptions = (names: readonly string[]): INodePropertyOptions[] =>
	names.map((value) => ({ name: titleCase(value), value })).sort(byName);
