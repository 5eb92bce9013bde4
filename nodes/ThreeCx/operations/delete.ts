import { deleteEntity } from '../../../lib/xapi/entities';
import { aboutRow, locate } from '../locator';
import { withArticle, type GenericOperation } from './genericOperation';

export const remove: GenericOperation = {
	name: 'delete',
	label: 'Delete',
	action: (resource) => `Delete ${withArticle(resource)}`,
	description: (resource) => `Delete ${withArticle(resource)} permanently`,
	needs: ['delete'],
	execute: async (run, resource) =>
		await aboutRow(run, resource, async () => {
			const path = await locate(run, resource);
			await deleteEntity(run.client, path, { signal: run.signal });
			return { deleted: true };
		}),
};
