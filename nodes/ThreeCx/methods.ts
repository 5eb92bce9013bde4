import type {
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodePropertyOptions,
	ResourceMapperField,
	ResourceMapperFields,
} from 'n8n-workflow';
import { filter, classOf } from '../../lib/odata/filter';
import { queryString } from '../../lib/odata/query';
import {
	catalogue,
	enumMembers,
	navigationPropertiesOf,
	parseType,
	propertiesOf,
	type TypeExpression,
} from '../../lib/xapi/catalogue';
import { listEntities } from '../../lib/xapi/entities';
import { SECRET_PROPERTIES } from '../../lib/xapi/secrets';
import { connectTo } from '../shared/connect';
import { fieldValue } from './builders';
import { enumOptions, titleCase } from './fields/text';
import { rowKey, searchMethod } from './locator';
import { asking, asOptions, byName, rowsOf } from './lists';
import { hasRows, type EntityResource, type Resource } from './resource';
import { resourceNamed, RESOURCES } from './resources';

/** What the editor's lists show is read while somebody waits, so only so many rows are read at once. */
const LIST_PAGE = 50;

/** The resource that is chosen in the panel; the lists that ask for it are only shown for resources with rows. */
function currentResource(context: ILoadOptionsFunctions): EntityResource {
	const resource = resourceNamed(String(context.getCurrentNodeParameter('resource')));
	if (hasRows(resource)) return resource;
	throw new Error(`${resource.label} has no rows`);
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
			select: [...new Set([key.name, ...resource.searchIn])],
			orderBy: [{ field: resource.searchIn[0] ?? key.name }],
			skip,
		});
		const rows = await asking(
			this,
			async () =>
				await listEntities(await connectTo(this), `/${resource.entitySet}`, {
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

/** Properties of a resource that are one value: what can be filtered, sorted and shown in a column. */
const scalars = ({ type }: EntityResource) =>
	Object.entries(propertiesOf(catalogue, type)).flatMap(([name, expression]) => {
		const typeClass = classOf(expression, catalogue.enums);
		return typeClass === undefined ? [] : [{ name, typeClass }];
	});

export const loadOptions = {
	...(Object.assign({}, ...RESOURCES.map((resource) => resource.loadOptions)) as NonNullable<
		Resource['loadOptions']
	>),

	async getDepartments(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const rows = await rowsOf(this, '/Groups', { select: ['Id', 'Name'] });
		return rows.map(({ Id, Name }) => ({ name: String(Name), value: Number(Id) })).sort(byName);
	},

	async getExtensions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const rows = await rowsOf(this, '/Users', { select: ['Number', 'FirstName', 'LastName'] });
		return rows
			.map(({ Number: number, FirstName, LastName }) => ({
				name: [number, FirstName, LastName].filter(Boolean).join(' '),
				value: String(number),
			}))
			.sort(byName);
	},

	async getTimeZones(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const rows = await rowsOf(this, '/Defs/TimeZones');
		return rows.map(({ Id, Name }) => ({ name: String(Name), value: String(Id) })).sort(byName);
	},

	/** Fields to filter and sort by. */
	async getFilterFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		return scalars(currentResource(this))
			.map(({ name, typeClass }) => ({ name: titleCase(name), value: fieldValue(name, typeClass) }))
			.sort(byName);
	},

	/** Fields to return. */
	async getFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const { type } = currentResource(this);
		const linked = navigationPropertiesOf(catalogue, type);
		return asOptions(
			Object.keys(propertiesOf(catalogue, type)).filter((name) => !(name in linked)),
		);
	},

	async getNavigationProperties(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		return asOptions(Object.keys(navigationPropertiesOf(catalogue, currentResource(this).type)));
	},

	async getSecretFields(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		return asOptions(
			Object.keys(propertiesOf(catalogue, currentResource(this).type)).filter(
				(name) => name in SECRET_PROPERTIES,
			),
		);
	},

	/** The members of the enum that the filter condition's field has. */
	async getEnumMembers(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const field = String(this.getCurrentNodeParameter('&field') ?? '').split('|')[0] ?? '';
		const type = propertiesOf(catalogue, currentResource(this).type)[field];
		return type === undefined ? [] : enumOptions(parseType(type).name);
	},
};

export const listSearch = Object.fromEntries(
	RESOURCES.filter(hasRows).map((resource) => [searchMethod(resource), searchRows(resource)]),
);

/** How the resource mapper takes a value of a catalogue type. */
function mapperType({
	name,
	array,
}: TypeExpression): Pick<ResourceMapperField, 'type' | 'options'> {
	if (array) return { type: 'array' };
	if (enumMembers(catalogue, name).length > 0)
		return { type: 'options', options: enumOptions(name) };
	const table: Record<string, ResourceMapperField['type']> = {
		string: 'string',
		boolean: 'boolean',
		'date-time': 'dateTime',
		int32: 'number',
		int64: 'number',
		uint8: 'number',
		decimal: 'number',
		double: 'number',
		float: 'number',
		date: 'string',
		time: 'string',
		duration: 'string',
		uuid: 'string',
	};
	return { type: table[name] ?? 'object' };
}

export const resourceMapping = {
	/** Everything that XAPI has for a resource and that is not among its everyday fields. */
	async getMoreFields(this: ILoadOptionsFunctions): Promise<ResourceMapperFields> {
		const { type, fields } = currentResource(this);
		const everyday = new Set(['Id', ...fields.map(({ property }) => property)]);
		return {
			fields: Object.entries(propertiesOf(catalogue, type))
				.filter(([name]) => !everyday.has(name))
				.map(
					([name, expression]): ResourceMapperField => ({
						id: name,
						displayName: titleCase(name),
						required: false,
						defaultMatch: false,
						display: true,
						removed: true,
						...mapperType(parseType(expression)),
					}),
				)
				.sort((a, b) => a.displayName.localeCompare(b.displayName)),
		};
	},
};
