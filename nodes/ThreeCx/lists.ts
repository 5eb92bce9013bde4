import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import { queryString, type Query } from '../../lib/odata/query';
import { listEntities, type Entity } from '../../lib/xapi/entities';
import { connectTo } from '../shared/connect';
import { toNodeError } from '../shared/errors';
import { titleCase } from './fields/text';

/** What the methods behind dropdowns and searchable lists have in common. */

/** Words errors for the editor, which shows them beside the list that could not be loaded. */
export async function asking<T>(context: ILoadOptionsFunctions, ask: () => Promise<T>): Promise<T> {
	return await ask().catch((cause: unknown) => {
		throw toNodeError(context.getNode(), cause);
	});
}

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
	return await asking(
		context,
		async () => await listEntities(await connectTo(context), path, { query: queryString(query) }),
	);
}

/** Sorts dropdown options by what people see. */
export const byName = (a: INodePropertyOptions, b: INodePropertyOptions) =>
	a.name.localeCompare(b.name);

/** Names of XAPI as dropdown options: in words, sorted. */
export const asOptions = (names: readonly string[]): INodePropertyOptions[] =>
	names.map((value) => ({ name: titleCase(value), value })).sort(byName);
