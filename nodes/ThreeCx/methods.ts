import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodePropertyOptions,
	ResourceMapperFields,
} from 'n8n-workflow';
import { filter, type ConditionGroup } from '../../lib/odata/filter';
import { queryString } from '../../lib/odata/query';
import { listEntities, type Entity } from '../../lib/xapi/entities';
import { askPbx } from '../shared/askPbx';
import { getExtensions } from '../shared/dnLists';
import { builderLists } from './builders';
import { fieldOptions } from './fieldNames';
import { moreFieldsOf } from './fields/body';
import { mapperFields } from './fields/mapper';
import { rowKey, searchMethod } from './locator';
import { byName, rowsOf, viewerOf } from './lists';
import { hasRows, type EntityResource, type Field, type XapiResource } from './resource';
import { resourceNamed, RESOURCES } from './resources';
import { formOf, secretsOf, typeOf } from './typeOf';

/** The user waits while the editor loads its lists, so the number of rows per request is limited. */
const LIST_PAGE = 50;

/** Type and everyday fields of what is chosen in the panel; the lists that ask are only shown where there are fields. */
function currentResource(context: ILoadOptionsFunctions): Pick<EntityResource, 'type'> & {
	fields: readonly Field[];
} {
	const resource = resourceNamed(String(context.getCurrentNodeParameter('resource')));
	const type = typeOf(resource);
	if (type !== undefined) return { type, fields: formOf(resource) };
	throw new Error(`${resource.label} has no fields`);
}

/** More words than this are not looked for: each makes the request longer. */
const MOST_WORDS = 5;

/** First and last name are two fields, and people type both. */
const wordsOf = (text = ''): string[] => text.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);

/** A word in any of the fields that the list looks into. */
const anywhere = ({ searchIn }: EntityResource, word: string): ConditionGroup => ({
	match: 'any',
	conditions: searchIn.map((field) => ({
		field,
		type: 'string',
		operator: 'contains',
		value: word,
		ignoreCase: true,
	})),
});

/** The searchable list of a resource; the pagination token is the number of rows seen so far. */
const searchRows = (resource: EntityResource) =>
	async function (
		this: ILoadOptionsFunctions,
		text?: string,
		paginationToken?: string,
	): Promise<INodeListSearchResult> {
		const key = rowKey(resource);
		const skip = Number(paginationToken ?? 0);
		const query = queryString({
			filter: filter({
				match: 'all',
				conditions: wordsOf(text).map((word) => anywhere(resource, word)),
			}),
			select: [...new Set([key.name, ...resource.searchIn, ...(resource.titleNeeds ?? [])])],
			orderBy: resource.order ?? [{ field: resource.searchIn[0] ?? key.name }],
			skip,
		});
		const rows = await askPbx(
			this,
			async (client) =>
				await listEntities(client, `/${resource.entitySet}`, {
					query,
					limit: LIST_PAGE,
				}),
		);
		const viewer = await viewerOf(this);
		const isLast = (row: Entity) => resource.lastInList?.(row as IDataObject, viewer) === true;
		const inOrder = [...rows.filter((row) => !isLast(row)), ...rows.filter(isLast)];
		return {
			results: inOrder.map((row) => ({
				name: resource.title(row as Record<string, string>, viewer),
				value: row[key.name] as string | number,
			})),
			...(rows.length === LIST_PAGE ? { paginationToken: String(skip + LIST_PAGE) } : {}),
		};
	};

/** The methods behind the dropdowns, lists and mappers that only one resource has. */
const ownMethods = <Kind extends 'loadOptions' | 'listSearch' | 'resourceMapping'>(kind: Kind) =>
	Object.assign({}, ...RESOURCES.map((resource) => resource[kind])) as NonNullable<
		XapiResource[Kind]
	>;

export const loadOptions = {
	...ownMethods('loadOptions'),
	...builderLists((context) => currentResource(context).type),

	async getDepartments(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const rows = await rowsOf(this, '/Groups', { select: ['Id', 'Name'] });
		return rows.map(({ Id, Name }) => ({ name: String(Name), value: Number(Id) })).sort(byName);
	},

	getExtensions,

	async getTimeZones(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const rows = await rowsOf(this, '/Defs/TimeZones');
		return rows.map(({ Id, Name }) => ({ name: String(Name), value: String(Id) })).sort(byName);
	},

	async getSecretFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const { type } = currentResource(this);
		return await Promise.resolve(fieldOptions(type, secretsOf(type)));
	},
};

export const listSearch = {
	...Object.fromEntries(
		RESOURCES.filter(hasRows).map((resource) => [searchMethod(resource), searchRows(resource)]),
	),
	...ownMethods('listSearch'),
};

export const resourceMapping = {
	/** Everything that can be written and that is not among the everyday fields. */
	async getMoreFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
		const { type, fields } = currentResource(this);
		const byId = new Map(
			mapperFields(moreFieldsOf(type, fields), { owner: type }).map((field) => [field.id, field]),
		);
		const inOrder = fieldOptions(type, [...byId.keys()]);
		return await Promise.resolve({ fields: inOrder.map(({ value }) => byId.get(String(value))!) });
	},
	...ownMethods('resourceMapping'),
};
