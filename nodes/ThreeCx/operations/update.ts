import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { getEntity, updateEntity } from '../../../lib/xapi/entities';
import { bodyOf, fieldProperties } from '../fields/body';
import { aboutRow, locate } from '../locator';
import { withArticle, type GenericOperation } from './genericOperation';
import { asOutput } from './output';

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
		return await aboutRow(run, resource, async () => {
			const path = await locate(run, resource);
			await updateEntity(client, path, body, { signal });
			const query = queryString({ select: resource.summary });
			// It is updated: that it cannot be read back is no failure, and what was sent is known.
			const after = await getEntity(client, path, query, { signal }).catch(() => body);
			return asOutput([after]);
		});
	},
};
