import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { filter } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import { invoke } from '../../../lib/xapi/invoke';
import type { ItemResult, ItemRun } from '../../shared/router';
import { byName, rowsOf, viewerOf } from '../lists';
import { rowKey } from '../locator';
import type { EntityResource, LoadOptionsMethod, OwnOperation } from '../resource';
import { asOutput, wouldDelete } from './output';

/** IDs in one `$filter`: their comparisons must fit into a URL. */
const IDS_PER_REQUEST = 40;

/** An action of XAPI that deletes several rows. */
export interface DeleteMany {
	/** The resource; asked for when it is needed, since the operation is part of it. */
	resource: () => EntityResource;
	/** As in the resource, such as "Inbound Rules". */
	plural: string;
	/** Such as `BulkInboundRulesDelete`. */
	operationId: string;
	/** The body of the action; `{ ids }` for nearly all. */
	body?: (ids: Array<string | number>) => Entity;
}

/** Name of the method that fills the dropdown of rows. */
const listMethod = (plural: string) => `getAll${plural.replaceAll(/\W/g, '')}`;

/**
 * Deletes several rows with one request. Gives one item for each ID: what was deleted, and `deleted: false` for what was
 * not there.
 */
export const deleteMany = ({
	resource,
	plural,
	operationId,
	body = (ids) => ({ ids }),
}: DeleteMany): OwnOperation => ({
	name: 'deleteMany',
	label: 'Delete Many',
	action: `Delete many ${plural}`,
	description: `Delete multiple ${plural} with one request`,
	uses: [operationId],
	dryRun: true,
	properties: [
		{
			displayName: 'Names or IDs',
			name: 'ids',
			type: 'multiOptions',
			required: true,
			typeOptions: { loadOptionsMethod: listMethod(plural) },
			default: [],
			description:
				'Which ones to delete. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
	],
	execute: async (run): Promise<ItemResult> => {
		const { client, signal } = run;
		const { name: key, type } = rowKey(resource());
		const ids = idsOf(run, type === 'string' ? String : Number);
		const rows = await rowsWith(run, resource(), ids);
		const found = rows.map((row) => row[key] as string | number);
		if (found.length > 0 && !client.dryRun)
			await invoke(client, operationId, { body: body(found), signal });
		const missing = ids.filter((id) => !found.includes(id));
		if (client.dryRun) {
			return [
				...rows.map((row) => wouldDelete(client, row)),
				...missing.map((id): IDataObject => ({ outcome: 'unchanged', changed: {}, [key]: id })),
			];
		}
		return [
			...asOutput(rows).map((row): IDataObject => ({ ...row, deleted: true })),
			...missing.map((id): IDataObject => ({ [key]: id, deleted: false })),
		];
	},
});

/** The dropdown of rows to delete; belongs into the resource's `loadOptions`. */
export const deleteManyLists = (of: Pick<DeleteMany, 'resource' | 'plural'>) => ({
	[listMethod(of.plural)]: async function () {
		const resource = of.resource();
		const { name: key } = rowKey(resource);
		const select = titleProperties(resource);
		const viewer = await viewerOf(this);
		const rows = await rowsOf(this, `/${resource.entitySet}`, { select });
		return rows
			.map((row) => ({
				name: resource.title(row as IDataObject, viewer),
				value: row[key] as string | number,
			}))
			.sort(byName);
	} as LoadOptionsMethod,
});

const titleProperties = (resource: EntityResource) => [
	...new Set([rowKey(resource).name, ...resource.searchIn, ...(resource.titleNeeds ?? [])]),
];

/** What the parameter holds: the choice of a dropdown, or whatever an expression gives (also `12, 13`). */
function idsOf(
	{ context, index }: ItemRun,
	as: (text: string) => string | number,
): Array<string | number> {
	const value = context.getNodeParameter('ids', index, []) as unknown;
	const texts = [value]
		.flat()
		.flatMap((entry) => String(entry ?? '').split(','))
		.map((text) => text.trim())
		.filter(Boolean);
	const ids = [...new Set(texts.map(as))];
	const wrong = texts.find((text) => Number.isNaN(as(text)));
	if (ids.length > 0 && wrong === undefined) return ids;
	throw new ThreeCxError({
		kind: 'input',
		field: 'ids',
		message: wrong === undefined ? 'Nothing to delete is selected' : `"${wrong}" is not an ID`,
		hint: 'Choose at least one from the list, or enter IDs from Get Many, separated by commas.',
	});
}

async function rowsWith(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	ids: Array<string | number>,
): Promise<Entity[]> {
	const { name: field, type } = rowKey(resource);
	const rows: Entity[] = [];
	for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
		const value = ids.slice(from, from + IDS_PER_REQUEST);
		const wanted = filter({ match: 'all', conditions: [{ field, type, operator: 'in', value }] });
		const query = queryString({ filter: wanted, select: titleProperties(resource) });
		rows.push(...(await listEntities(client, `/${resource.entitySet}`, { query, signal })));
	}
	return rows;
}
