import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../lib/odata/query';
import { ThreeCxError } from '../../../lib/http/errors';
import { changesTo } from '../../../lib/xapi/difference';
import { orKnown } from '../../../lib/xapi/afterChange';
import { createEntity, listEntities, outcomeOf, type Entity } from '../../../lib/xapi/entities';
import { invoke } from '../../../lib/xapi/invoke';
import type { ItemRun } from '../../shared/router';
import { bodyOf, fieldProperties, hasMoreFields, moreFieldsProperty, newRow } from '../fields/body';
import { keyFilter } from '../locator';
import type { EntityResource } from '../resource';
import { withArticle, type GenericOperation } from './genericOperation';
import { asOutput, summaryOf } from './output';

export const create: GenericOperation = {
	name: 'create',
	label: 'Create',
	action: (resource) => `Create ${withArticle(resource)}`,
	description: (resource) => `Create ${withArticle(resource)}`,
	needs: ['create'],
	dryRun: true,
	// Create or Update takes the same fields, so the parameters are declared once, here, for both.
	properties: (resource) => fieldProperties(resource, 'create', 'upsert'),
	shared: (showFor) => [
		{
			...moreFieldsProperty,
			displayOptions: showFor(['create', 'upsert', 'update', 'updateSettings'], hasMoreFields),
		},
	],
	execute: async (run, resource) => {
		const body = newRow(resource, await bodyOf(run, resource, 'create'));
		const { client, signal } = run;
		const draft =
			resource.draft === undefined ? {} : await invoke(client, resource.draft, { signal });
		if (client.dryRun) {
			await assertFree(run, resource, body);
			const changed = changesTo({}, body) as IDataObject;
			return { outcome: outcomeOf(client, 'created'), changed, ...summaryOf(body, resource) };
		}
		const row = await createEntity(
			client,
			`/${resource.entitySet}`,
			{ ...(draft as Entity), ...body },
			{ signal },
		);
		return asOutput([orKnown(summaryOf(row, resource), summaryOf(body, resource))]);
	},
};

/** What 3CX takes once only, and where the rows are that may have it: numbers are those of everything that has one. */
const UNIQUE = [
	{ property: 'Number', among: () => '/Peers' },
	{ property: 'EmailAddress', among: ({ entitySet }: EntityResource) => `/${entitySet}` },
];

/**
 * Looks for what a new row would be refused for, since nobody asks the PBX in a dry run.
 *
 * @throws ThreeCxError of kind `conflict` naming the field
 */
async function assertFree(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	body: Entity,
): Promise<void> {
	for (const { property, among } of UNIQUE) {
		const key = resource.naturalKeys.find((each) => each.property === property);
		const value = String(body[property] ?? '').trim();
		if (!key || value === '') continue;
		const query = queryString({ filter: keyFilter(property, value), select: ['Id'] });
		const [taken] = await listEntities(client, among(resource), { query, limit: 1, signal });
		if (!taken) continue;
		throw new ThreeCxError({
			kind: 'conflict',
			field: property,
			message: `The ${key.label} ${value} is already in use on this PBX`,
			hint: 'Choose another one. To change the record that has it, use Update, or Create or Update.',
		});
	}
}
