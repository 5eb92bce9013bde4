import { queryString } from '../../../lib/odata/query';
import { deleteEntity, getEntity } from '../../../lib/xapi/entities';
import { aboutRow, locate } from '../locator';
import { withArticle, type GenericOperation } from './genericOperation';
import { wouldDelete } from './output';

export const remove: GenericOperation = {
	name: 'delete',
	label: 'Delete',
	// The description, too: a model is told the action only.
	action: (resource) => `Delete ${withArticle(resource)} permanently`,
	description: (resource) => `Delete ${withArticle(resource)} permanently`,
	needs: ['delete'],
	dryRun: true,
	execute: async (run, resource) =>
		await aboutRow(run, resource, async () => {
			const path = await locate(run, resource);
			const { client, signal } = run;
			if (client.dryRun) {
				const query = queryString({ select: resource.summary });
				return wouldDelete(client, await getEntity(client, path, query, { signal }));
			}
			await deleteEntity(client, path, { signal });
			return { deleted: true };
		}),
};
