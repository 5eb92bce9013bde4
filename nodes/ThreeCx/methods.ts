import type {
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodePropertyOptions,
	ResourceMapperFields,
} from 'n8n-workflow';
import { filter } from '../../lib/odata/filter';
import { queryString } from '../../lib/odata/query';
import { catalogue, propertiesOf, singleton } from '../../lib/xapi/catalogue';
import { listEntities } from '../../lib/xapi/entities';
import { SECRET_PROPERTIES } from '../../lib/xapi/secrets';
import { askPbx } from '../shared/askPbx';
import { getExtensions } from '../shared/dnLists';
import { builderLists } from './builders';
import { mapperFields } from './fields/mapper';
import { rowKey, searchMethod } from './locator';
import { asOptions, byName, rowsOf } from './lists';
import {
	hasRows,
	hasSettings,
	type EntityResource,
	type Field,
	type XapiResource,
} from './resource';
import { resourceNamed, RESOURCES } from './resources';

/** The user waits while the editor loads its lists, so the number of rows per request is limited. */
const LIST_PAGE = 50;

/** Type and everyday fields of what is chosen in the panel; the lists that ask are only shown where there are fields. */
function currentResource(context: ILoadOptionsFunctions): Pick<EntityResource, 'type'> & {
	fields: readonly Field[];
} {
	const resource = resourceNamed(String(context.getCurrentNodeParameter('resource')));
	if (hasRows(resource)) return resource;
	const { fields = [], singleton: name = '' } = hasSettings(resource) ? resource : {};
	const { type } = singleton(catalogue, name) ?? {};
	if (type !== undefined) return { type, fields };
	throw new Error(`${resource.label} has no fields`);
}

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
				match: 'any',
				conditions: text
					? resource.searchIn.map((field) => ({
							field,
							type: 'string',
							operator: 'contains' as const,
							value: text,
							ignoreCase: true,
						}))
					: [],
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
		return {
			results: rows.map((row) => ({
				name: resource.title(row as Record<string, string>),
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
		return asOptions(
			Object.keys(propertiesOf(catalogue, currentResource(this).type)).filter(
				(name) => name in SECRET_PROPERTIES,
			),
		);
	},
};

export const listSearch = {
	...Object.fromEntries(
		RESOURCES.filter(hasRows).map((resource) => [searchMethod(resource), searchRows(resource)]),
	),
	...ownMethods('listSearch'),
};

export const resourceMapping = {
	/** Everything that XAPI has for a resource and that is not among its everyday fields. */
	async getMoreFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
		const { type, fields } = currentResource(this);
		const everyday = new Set(['Id', ...fields.map(({ property }) => property)]);
		const others = Object.fromEntries(
			Object.entries(propertiesOf(catalogue, type)).filter(([name]) => !everyday.has(name)),
		);
		return {
			fields: mapperFields(others).sort((a, b) => a.displayName.localeCompare(b.displayName)),
		};
	},
	...ownMethods('resourceMapping'),
};
