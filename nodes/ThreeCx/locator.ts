import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { filter } from '../../lib/odata/filter';
import { entityKey } from '../../lib/odata/entityKey';
import { queryString } from '../../lib/odata/query';
import { catalogue, entitySets } from '../../lib/xapi/catalogue';
import { listEntities } from '../../lib/xapi/entities';
import { required } from '../shared/fields/required';
import type { ItemRun } from '../shared/router';
import { titleCase } from './fields/text';
import { lower, withArticle } from './operations/genericOperation';
import { showFor } from '../shared/resource';
import type { NaturalKey, EntityResource } from './resource';

/** How the value of a locator parameter names a row. */
interface Located {
	/** `list`, `id`, or the property of a natural key. */
	mode: string;
	value: string | number;
}

/** Name of the search method behind a resource's list, such as `searchUsers`. */
export const searchMethod = (resource: EntityResource): string =>
	`search${resource.plural.replaceAll(' ', '')}`;

/**
 * The parameter that names one row: from a searchable list, by Id, or by a natural key (number, e-mail, name).
 *
 * @param resource the resource
 * @param operations the operations that show it
 */
export const locatorProperty = (
	resource: EntityResource,
	...operations: string[]
): INodeProperties => ({
	displayName: resource.label,
	name: resource.name,
	type: 'resourceLocator',
	required: true,
	default: { mode: 'list', value: '' },
	displayOptions: showFor(resource, ...operations),
	modes: [
		{
			displayName: 'From List',
			name: 'list',
			type: 'list',
			placeholder: `Select ${withArticle(resource)}...`,
			typeOptions: { searchListMethod: searchMethod(resource), searchable: true },
		},
		...resource.naturalKeys.map(({ property, label, placeholder }) => ({
			displayName: `By ${label}`,
			name: property,
			type: 'string' as const,
			placeholder,
		})),
		{
			displayName:
				rowKey(resource).name === 'Id' ? 'By ID' : `By ${titleCase(rowKey(resource).name)}`,
			name: 'id',
			type: 'string',
			hint: 'As in the output of Get Many; the ID is not the extension number',
		},
	],
});

/** The property that is the key of a resource's rows, and its type; `Id` for nearly all. */
export function rowKey({ entitySet }: EntityResource): { name: string; type: string } {
	const [[name, type] = ['Id', 'int32']] = Object.entries(
		entitySets(catalogue)[entitySet]?.key ?? {},
	);
	return { name, type };
}

/** The `$filter` that finds a row by one of its natural keys. */
export const keyFilter = (property: string, value: string): string =>
	// `equals` of a text is never empty, so filter() gives a string.
	filter({
		match: 'all',
		conditions: [{ field: property, type: 'string', operator: 'equals', value }],
	})!;

/**
 * Where the row is that the locator names.
 *
 * @param run the item
 * @param resource the resource
 * @param access `read` may use 3CX's alternate key (`Users(Number='100')`), which saves a request; `write` needs the Id
 * @returns path below `/xapi/v1`, such as `/Users(12)`
 * @throws ThreeCxError of kind `input` when the field is empty, `notFound` when there is no such row, `conflict` when
 *   there are several
 */
export async function locate(
	run: ItemRun,
	resource: EntityResource,
	access: 'read' | 'write',
): Promise<string> {
	const { mode, value } = readLocator(run.context, resource, run.index);
	const path = `/${resource.entitySet}`;
	const isAlternateKey =
		entitySets(catalogue)[resource.entitySet]?.alternateKeys[mode] !== undefined;
	if (access === 'read' && isAlternateKey) {
		return path + entityKey({ [mode]: value }, { [mode]: 'string' });
	}
	return path + entityKey(await locateKey(run, resource), rowKey(resource).type);
}

/**
 * The key of the row that the locator names, for operations of XAPI that take it in their body. A natural key is looked
 * up, an ID is taken as it is.
 *
 * @returns such as 12, or `hold.wav` where the key is a text
 * @throws ThreeCxError as {@link locate}
 */
export async function locateKey(run: ItemRun, resource: EntityResource): Promise<string | number> {
	const { mode, value } = readLocator(run.context, resource, run.index);
	const key = resource.naturalKeys.find(({ property }) => property === mode);
	return keyFrom(resource, key ? await findKey(run, resource, key, value) : value);
}

function readLocator(context: IExecuteFunctions, resource: EntityResource, index: number) {
	const { mode, value } = context.getNodeParameter(resource.name, index) as Located;
	const hint =
		'Choose one from the list, or check what the expression in the field returns for this item.';
	return { mode, value: required(resource.name, resource.label, value, hint) };
}

/** The key as its type is. */
function keyFrom(resource: EntityResource, text: string): string | number {
	if (rowKey(resource).type === 'string') return text;
	if (/^\d+$/.test(text)) return Number(text);
	throw new ThreeCxError({
		kind: 'input',
		field: resource.name,
		message: `The field "${resource.label}" does not contain an ID: an ID is a whole number`,
		hint: `Switch the field to ${resource.naturalKeys.map(({ label }) => `"By ${label}"`).join(' or ')} if that is what you have.`,
	});
}

async function findKey(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	{ property, label }: NaturalKey,
	value: string,
): Promise<string> {
	const { name } = rowKey(resource);
	const rows = await listEntities(client, `/${resource.entitySet}`, {
		query: queryString({ filter: keyFilter(property, value), select: [name] }),
		limit: 2,
		signal,
	});
	if (rows.length === 1) return String(rows[0]?.[name]);
	throw rows.length === 0
		? notFound(resource, `${label} ${value}`)
		: ambiguous(resource, label, value);
}

/** The error for a row that is not there, naming what was looked for. */
export const notFound = (resource: EntityResource, what: string) =>
	new ThreeCxError({
		kind: 'notFound',
		status: 404,
		field: resource.name,
		message: `This PBX has no ${lower(resource.label)} with ${what}`,
		hint: 'Choose one from the list, or create it first.',
	});

const ambiguous = (resource: EntityResource, label: string, value: string) =>
	new ThreeCxError({
		kind: 'conflict',
		field: resource.name,
		message: `Several ${lower(resource.plural)} have the ${label} ${value}`,
		hint: 'Enter the ID of the right one, or choose it from the list.',
	});

/**
 * Runs a request about one row, and says which row is missing if the PBX knows no such row.
 *
 * @returns what `request` gives
 */
export async function aboutRow<T>(
	run: ItemRun,
	resource: EntityResource,
	request: () => Promise<T>,
): Promise<T> {
	return await request().catch((error: unknown) => {
		if (!(error instanceof ThreeCxError) || error.status !== 404) throw error;
		const { mode, value } = readLocator(run.context, resource, run.index);
		const label = resource.naturalKeys.find(({ property }) => property === mode)?.label ?? 'ID';
		throw notFound(resource, `${label} ${value}`);
	});
}
