import { createEntity } from '../../../lib/xapi/entities';
import { bodyOf, fieldProperties, moreFieldsProperty } from '../fields/body';
import { withArticle, type GenericOperation } from './operation';
import { asOutput, pick } from './output';

export const create: GenericOperation = {
	name: 'create',
	label: 'Create',
	action: (resource) => `Create ${withArticle(resource)}`,
	description: (resource) => `Create ${withArticle(resource)}`,
	needs: ['create'],
	// Create or Update takes the same fields, so the parameters are declared once, here, for both.
	properties: (resource) => fieldProperties(resource, 'create', 'upsert'),
	shared: (showFor) => [
		{ ...moreFieldsProperty, displayOptions: showFor('create', 'upsert', 'update') },
	],
	execute: async (run, resource) => {
		const body = bodyOf(run, resource, 'create');
		const row = await createEntity(run.client, `/${resource.entitySet}`, body, {
			signal: run.signal,
		});
		return asOutput([pick(row, resource.summary)]);
	},
};
