import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import { queryString, type Query } from '../../lib/odata/query';
import { listEntities, type Entity } from '../../lib/xapi/entities';
import { askPbx } from '../shared/askPbx';
import { titleCase } from './fields/text';
import type { Viewer } from './resource';
import { alphabetically } from '../shared/alphabetical';
import { CREDENTIAL, type ThreeCxCredentials } from '../shared/credential';

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

/** Who looks at a list: the zone of the workflow, and the API client that n8n uses. */
export async function viewerOf(context: ILoadOptionsFunctions): Promise<Viewer> {
	const { clientId } = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL);
	return { timeZone: context.getTimezone(), clientId: String(clientId ?? '') };
}

/** Sorts dropdown options by what people see. */
export const byName = alphabetically<INodePropertyOptions>(({ name }) => name);

/** Names of XAPI as dropdown options: in words, sorted. */
export const asOptions = (
	names: readonly string[],
	inWords: (name: string) => string = titleCase,
): INodePropertyOptions[] => names.map((value) => ({ name: inWords(value), value })).sort(byName);
