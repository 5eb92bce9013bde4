import { orKnown } from '../../../lib/xapi/afterChange';
import { createEntity, type Entity } from '../../../lib/xapi/entities';
import { invoke } from '../../../lib/xapi/invoke';
import { bodyOf, fieldProperties, moreFieldsProperty, newRow } from '../fields/body';
import { withArticle, type GenericOperation } from './genericOperation';
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
		{
			...moreFieldsProperty,
			displayOptions: showFor('create', 'upsert', 'update', 'updateSettings'),
		},
	],
	execute: async (run, resource) => {
		const body = newRow(resource, bodyOf(run, resource, 'create'));
		const { client, signal } = run;
		const draft =
			resource.draft === undefined ? {} : await invoke(client, resource.draft, { signal });
		const row = await createEntity(
			client,
			`/${resource.entitySet}`,
			{ ...(draft as Entity), ...body },
			{ signal },
		);
		const known = pick(body, resource.summary);
		return asOutput([orKnown(pick(row, resource.summary), known)]);
	},
};
