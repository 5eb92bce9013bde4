import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { filter } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import { invoke } from '../../../lib/xapi/invoke';
import type { ItemResult, ItemRun } from '../../shared/router';
import { numbersIn } from '../fields/extensions';
import { rowNamed } from '../fields/named';
import { byName, rowsOf, viewerOf } from '../lists';
import { rowKey } from '../locator';
import type { EntityResource, LoadOptionsMethod, OwnOperation } from '../resource';
import { lower } from './genericOperation';
import { asOutput, readable, wouldDelete } from './output';

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
	action: `Delete many ${plural} permanently`,
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
		const { name: key } = rowKey(resource());
		const { rows: named, missing } = await rowsNamed(run, resource());
		const rows = readable(named, resource(), resource().summary);
		const found = rows.map((row) => row[key] as string | number);
		if (found.length > 0 && !client.dryRun)
			await invoke(client, operationId, { body: body(found), signal });
		if (client.dryRun) {
			return [
				...rows.map((row) => wouldDelete(client, row)),
				...missing.map((one): IDataObject => ({ outcome: 'unchanged', changed: {}, ...one })),
			];
		}
		return [
			...asOutput(rows).map((row): IDataObject => ({ ...row, deleted: true })),
			...missing.map((one): IDataObject => ({ ...one, deleted: false })),
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
function textsOf({ context, index }: ItemRun): string[] {
	const texts = numbersIn(context.getNodeParameter('ids', index, []) as unknown);
	if (texts.length > 0) return texts;
	throw new ThreeCxError({
		kind: 'input',
		field: 'ids',
		message: 'Nothing to delete is selected',
		hint: 'Choose at least one from the list, or enter IDs from Get Many, separated by commas.',
	});
}

/**
 * The rows that the parameter names: by ID, and in an expression also by what people call them, since IDs differ from PBX to
 * PBX. What can be an ID is one.
 *
 * @returns the rows, and what names none
 * @throws ThreeCxError of kind `input` where a text is no ID and there are no names, `conflict` where a name has several
 */
async function rowsNamed(
	run: ItemRun,
	resource: EntityResource,
): Promise<{ rows: Entity[]; missing: IDataObject[] }> {
	const { naturalKeys } = resource;
	const key = rowKey(resource);
	/** A key that is a text may be any; a name then is what has not been found as one. */
	const isText = key.type === 'string';
	const mayBeId = (text: string) => isText || /^\d+$/.test(text);
	const texts = textsOf(run);
	const wrong = texts.find((text) => !mayBeId(text));
	if (wrong !== undefined && naturalKeys.length === 0) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'ids',
			message: `"${wrong}" is not an ID`,
			hint: 'Choose at least one from the list, or enter IDs from Get Many, separated by commas.',
		});
	}
	const ids = texts.filter(mayBeId).map((text) => (isText ? text : Number(text)));
	const byId = await rowsWith(run, resource, key, ids);
	const idOf = (row: Entity) => row[key.name] as string | number;
	const found = new Set(byId.map(idOf));
	const names = texts.filter((text) => (isText ? !found.has(text) : !mayBeId(text)));
	const byName = await namedRows(run, resource, names);
	const rows = [...byId, ...byName.values()];
	return {
		rows: rows.filter((row, at) => rows.findIndex((other) => idOf(other) === idOf(row)) === at),
		missing: [
			...ids
				.filter((id) => !found.has(id) && !byName.has(String(id)))
				.map((id) => ({ [key.name]: id })),
			...names
				.filter((name) => !mayBeId(name) && !byName.has(name))
				.map((name) => ({ [naturalKeys[0]!.property]: name })),
		],
	};
}

/** Rows by a name: a natural key that is written the same way. */
async function namedRows(
	run: ItemRun,
	resource: EntityResource,
	names: string[],
): Promise<Map<string, Entity>> {
	const rows: Entity[] = [];
	for (const { property } of resource.naturalKeys)
		rows.push(...(await rowsWith(run, resource, { name: property, type: 'string' }, names)));
	const key = rowKey(resource).name;
	const unique = [...new Map(rows.map((row) => [row[key], row])).values()];
	const namesOf = (row: Entity) => resource.naturalKeys.map(({ property }) => row[property]);
	const isThere = (name: string) => unique.some((row) => namesOf(row).includes(name));
	const naming = { what: lower(resource.label), field: 'ids', namesOf };
	return new Map(
		names.filter(isThere).map((name) => [name, rowNamed(unique, name, naming)] as const),
	);
}

async function rowsWith(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	{ name: field, type }: { name: string; type: string },
	wanted: ReadonlyArray<string | number>,
): Promise<Entity[]> {
	const rows: Entity[] = [];
	for (let from = 0; from < wanted.length; from += IDS_PER_REQUEST) {
		const value = wanted.slice(from, from + IDS_PER_REQUEST);
		const query = queryString({
			filter: filter({ match: 'all', conditions: [{ field, type, operator: 'in', value }] }),
			select: [
				...new Set([
					...titleProperties(resource),
					...resource.naturalKeys.map(({ property }) => property),
				]),
			],
		});
		rows.push(...(await listEntities(client, `/${resource.entitySet}`, { query, signal })));
	}
	return rows;
}
