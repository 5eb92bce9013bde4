import type { ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';
import { queryString } from '../../lib/odata/query';
import { listEntities } from '../../lib/xapi/entities';
import { alphabetically } from './alphabetical';
import { askPbx } from './askPbx';

/** Dropdowns of DNs, by number, that several nodes have. */

const byName = alphabetically<INodePropertyOptions>(({ name }) => name);

/** @returns a dropdown of an entity set whose rows have a number, and a name in these properties */
const numbered = (path: string, names: readonly string[]) =>
	async function (this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const query = queryString({ select: ['Number', ...names] });
		const rows = await askPbx(this, async (client) => await listEntities(client, path, { query }));
		return rows
			.map((row) => ({
				name: ['Number', ...names]
					.map((property) => row[property])
					.filter(Boolean)
					.join(' '),
				value: String(row.Number),
			}))
			.sort(byName);
	};

/** The users, by extension number. */
export const getExtensions = numbered('/Users', ['FirstName', 'LastName']);

/** The queues, by number. */
export const getQueues = numbered('/Queues', ['Name']);
