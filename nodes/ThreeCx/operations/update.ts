import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { afterChange } from '../../../lib/xapi/afterChange';
import { changesTo } from '../../../lib/xapi/difference';
import { getEntity, outcomeOf, updateEntity, type Entity } from '../../../lib/xapi/entities';
import type { ItemRun } from '../../shared/router';
import { bodyOf, fieldProperties, mergingOf, type Merging } from '../fields/body';
import { rowKey } from '../locator';
import { onRow } from '../onRow';
import { withArticle, type GenericOperation } from './genericOperation';
import type { EntityResource } from '../resource';
import { asOutput, expandsFor, summaryOf } from './output';

export const update: GenericOperation = {
	name: 'update',
	label: 'Update',
	action: (resource) => `Update ${withArticle(resource)}`,
	description: (resource) => `Change fields of ${withArticle(resource)}`,
	needs: ['get', 'update'],
	dryRun: true,
	properties: (resource) => fieldProperties(resource, 'update'),
	execute: async (run, resource) => {
		const { client, signal } = run;
		const given = await bodyOf(run, resource, 'update');
		if (Object.keys(given).length === 0) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'updateFields',
				message: 'No field to update',
				hint: 'Add at least one under Update Fields or More Fields.',
			});
		}
		const merging = mergingOf(run, resource, 'update', given);
		return await onRow(run, resource, async ({ id, path }) => {
			const body = merging ? await grown(run, resource, path, given, merging) : given;
			if (client.dryRun) return await wouldUpdate(run, resource, path, body);
			await updateEntity(client, path, body, { signal });
			const query = queryString({ select: resource.summary });
			const known = { [rowKey(resource).name]: id, ...summaryOf(body, resource) };
			const look = async () =>
				summaryOf(await getEntity(client, path, query, { signal }), resource);
			return asOutput([await afterChange(look, known)]);
		});
	},
};

/** The body with what the row has in lists that only grow. */
async function grown(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	path: string,
	body: Entity,
	{ lists, onto }: Merging,
): Promise<Entity> {
	const expand = expandsFor(resource, body).filter(({ property }) => lists.includes(property));
	const query = queryString({ select: [rowKey(resource).name, ...lists], expand });
	return onto(await getEntity(client, path, query, { signal }), body);
}

/** What a change of a row would be; the row itself is shown as it is. */
async function wouldUpdate(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	path: string,
	body: Entity,
): Promise<IDataObject> {
	const query = queryString({ expand: expandsFor(resource, body) });
	const row = await getEntity(client, path, query, { signal });
	const changed = changesTo(row, body) as IDataObject;
	const outcome = Object.keys(changed).length > 0 ? outcomeOf(client, 'updated') : 'unchanged';
	return { outcome, changed, ...(summaryOf(row, resource) as IDataObject) };
}
