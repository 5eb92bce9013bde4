import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { afterChange } from '../../../lib/xapi/afterChange';
import { getEntity, updateEntity } from '../../../lib/xapi/entities';
import { bodyOf, fieldProperties } from '../fields/body';
import { rowKey } from '../locator';
import { onRow } from '../onRow';
import { withArticle, type GenericOperation } from './genericOperation';
import { asOutput, pick } from './output';

export const update: GenericOperation = {
	name: 'update',
	label: 'Update',
	action: (resource) => `Update ${withArticle(resource)}`,
	description: (resource) => `Change fields of ${withArticle(resource)}`,
	needs: ['get', 'update'],
	properties: (resource) => fieldProperties(resource, 'update'),
	execute: async (run, resource) => {
		const { client, signal } = run;
		const body = bodyOf(run, resource, 'update');
		if (Object.keys(body).length === 0) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'updateFields',
				message: 'No field to update',
				hint: 'Add at least one under Update Fields or More Fields.',
			});
		}
		return await onRow(run, resource, async ({ id, path }) => {
			await updateEntity(client, path, body, { signal });
			const query = queryString({ select: resource.summary });
			const known = { [rowKey(resource).name]: id, ...pick(body, resource.summary) };
			const look = async () => await getEntity(client, path, query, { signal });
			return asOutput([await afterChange(look, known)]);
		});
	},
};
