import type { IExecuteFunctions, INodeProperties, INodePropertyMode } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { filter } from '../../lib/odata/filter';
import { entityKey } from '../../lib/odata/entityKey';
import { queryString } from '../../lib/odata/query';
import { catalogue, entitySets, parseType } from '../../lib/xapi/catalogue';
import { getEntity, listEntities, type Entity } from '../../lib/xapi/entities';
import { textOf } from '../../lib/text';
import { required } from '../shared/fields/required';
import type { ItemRun } from '../shared/router';
import { titleCase } from './fields/text';
import { lower, withArticle } from './operations/genericOperation';
import { showFor } from '../shared/resource';
import type { EntityResource } from './resource';

/** How the value of a locator parameter names a row. */
interface Located {
	/** `list`, {@link ANY}, {@link BY_ID}, or the property of a natural key. */
	mode: string;
	value: string | number;
}

/**
 * The mode that takes an ID or any natural key. n8n gives a field that is dropped onto a locator to the mode named `id`,
 * and where there is none to the first that is no list: this one. Whoever drops *Number* means the number.
 */
const ANY = 'any';

/** Not `id`, see {@link ANY}. */
const BY_ID = 'byId';

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
		...textModes(resource),
	],
});

function textModes(resource: EntityResource): INodePropertyMode[] {
	const { naturalKeys } = resource;
	const type = 'string';
	const id = keyLabel(resource);
	const byId = { displayName: `By ${id}`, name: BY_ID, type } as const;
	if (naturalKeys.length === 0) return [byId];
	return [
		{
			// The editor cuts longer names off, so that two would look the same.
			displayName: 'By Any',
			hint: oneOf([...naturalKeys.map(({ label }) => label), id]),
			name: ANY,
			type,
			placeholder: naturalKeys[0]?.placeholder,
		},
		...naturalKeys.map(
			({ property, label }) => ({ displayName: `By ${label}`, name: property, type }) as const,
		),
		byId,
	];
}

const oneOf = (words: readonly string[]) =>
	[words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' or ');

/** What the panel calls the key of the rows. */
const keyLabel = (resource: EntityResource) => {
	const { name } = rowKey(resource);
	return name === 'Id' ? 'ID' : titleCase(name);
};

/** The property that is the key of a resource's rows, and its type (of `string(12)`, `string`); `Id` for nearly all. */
export function rowKey({ entitySet }: EntityResource): { name: string; type: string } {
	const [[name, type] = ['Id', 'int32']] = Object.entries(
		entitySets(catalogue)[entitySet]?.key ?? {},
	);
	return { name, type: parseType(type).name };
}

/** The `$filter` that finds a row by one of its natural keys. */
export const keyFilter = (property: string, value: string): string =>
	anyOf([named(property, value)]);

const named = (field: string, value: string, type = 'string') =>
	({ field, type, operator: 'equals', value }) as const;

const anyOf = (conditions: ReadonlyArray<ReturnType<typeof named>>): string =>
	// `equals` of a text is never empty, so filter() gives a string.
	filter({ match: 'any', conditions: [...conditions] })!;

/** What the text may be in this mode of the locator: natural keys, the ID where it can be one. */
function readings(resource: EntityResource, mode: string, value: string) {
	const keys = resource.naturalKeys.filter(({ property }) => mode === ANY || property === mode);
	const id = rowKey(resource);
	const mayBeId = keys.length === 0 || mode === ANY;
	const isId = mayBeId && isKeyText(id.type, value);
	return [
		...keys.map(({ property, label }) => ({ label, ...named(property, value) })),
		...(isId ? [{ label: keyLabel(resource), ...named(id.name, value, id.type) }] : []),
	];
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

const isKeyText = (type: string, text: string): boolean => {
	if (type === 'string') return true;
	if (type === 'uuid') return UUID.test(text);
	return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31;
};

/**
 * The `$filter` for the row that a locator names, while the panel is open.
 *
 * @param resource the resource
 * @param locator the raw value of the parameter
 * @returns undefined while it names none, or is an expression
 */
export function locatorFilter(
	resource: EntityResource,
	{ mode = 'list', value }: { mode?: string; value?: unknown },
): string | undefined {
	const text = textOf(value ?? '').trim();
	if (text === '' || text.startsWith('=')) return undefined;
	const found = readings(resource, mode, text);
	return found.length === 0 ? undefined : anyOf(found.map(bare));
}

const bare = ({ field, value, type }: ReturnType<typeof readings>[number]) =>
	named(field, value, type);

/**
 * Where the row is that the locator names.
 *
 * @param run the item
 * @param resource the resource
 * @returns path below `/xapi/v1`, such as `/Users(12)`
 * @throws ThreeCxError of kind `input` when the field is empty, `notFound` when there is no such row, `conflict` when
 *   there are several
 */
export async function locate(run: ItemRun, resource: EntityResource): Promise<string> {
	const key = await locateKey(run, resource);
	return `/${resource.entitySet}${entityKey(key, rowKey(resource).type)}`;
}

/**
 * Reads the row that the locator names. 3CX's alternate key (`Users(Number='100')`) saves a request; builds that do not
 * know it answer 404 as for a row that is not there, so that the row is looked up before it counts as missing.
 *
 * @param query percent-encoded `$select` and `$expand`
 * @throws ThreeCxError as {@link locate}
 */
export async function readLocated(
	run: ItemRun,
	resource: EntityResource,
	query: string,
): Promise<Entity> {
	const { client, signal } = run;
	const { mode, value } = readLocator(run.context, resource, run.index);
	const { entitySet } = resource;
	const isAlternateKey = entitySets(catalogue)[entitySet]?.alternateKeys[mode] !== undefined;
	if (isAlternateKey) {
		const path = `/${entitySet}${entityKey({ [mode]: value }, { [mode]: 'string' })}`;
		const row = await getEntity(client, path, query, { signal }).catch((error: unknown) => {
			if (error instanceof ThreeCxError && error.status === 404) return undefined;
			throw error;
		});
		if (row) return row;
	}
	return await getEntity(client, await locate(run, resource), query, { signal });
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
	const isAmongKeys =
		mode === ANY || resource.naturalKeys.some(({ property }) => property === mode);
	return keyFrom(resource, isAmongKeys ? await findKey(run, resource, mode, value) : value);
}

function readLocator(context: IExecuteFunctions, resource: EntityResource, index: number) {
	const { mode, value } = context.getNodeParameter(resource.name, index) as Located;
	const hint =
		'Choose one from the list, or check what the expression in the field returns for this item.';
	const text = required(resource.name, resource.label, value, hint);
	return { mode: isExpressionForList(context, resource, index) ? ANY : mode, value: text };
}

/** Whether somebody wrote an expression where the list was: then the text is as likely a number or name as an ID. */
function isExpressionForList(context: IExecuteFunctions, resource: EntityResource, index: number) {
	const { mode, value } = context.getNodeParameter(resource.name, index, undefined, {
		rawExpressions: true,
	}) as Located;
	return mode === 'list' && typeof value === 'string' && value.startsWith('=');
}

/** The key as its type is. */
function keyFrom(resource: EntityResource, text: string): string | number {
	const { type } = rowKey(resource);
	if (isKeyText(type, text)) return type === 'int32' ? Number(text) : text;
	throw new ThreeCxError({
		kind: 'input',
		field: resource.name,
		message: `The field "${resource.label}" does not contain an ID: an ID is ${type === 'uuid' ? 'of the form 01234567-89ab-cdef-0123-456789abcdef' : 'a whole number'}`,
		hint: `Set the field to what you have: ${byEach(resource)}.`,
	});
}

async function findKey(
	{ client, signal }: ItemRun,
	resource: EntityResource,
	mode: string,
	value: string,
): Promise<string> {
	const { name } = rowKey(resource);
	const wanted = readings(resource, mode, value);
	const rows = await listEntities(client, `/${resource.entitySet}`, {
		query: queryString({
			filter: anyOf(wanted.map(bare)),
			select: [...new Set([name, ...wanted.map(({ field }) => field)])],
		}),
		limit: 2,
		signal,
	});
	const [row] = rows;
	if (rows.length === 1) return textOf(row?.[name]);
	const labels = oneOf(wanted.map(({ label }) => label));
	throw rows.length === 0
		? notFound(resource, `${labels} ${value}`)
		: ambiguous(resource, labels, value);
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

const ambiguous = (resource: EntityResource, labels: string, value: string) =>
	new ThreeCxError({
		kind: 'conflict',
		field: resource.name,
		message: `Several ${lower(resource.plural)} have the ${labels} ${value}`,
		hint: `Choose the right one from the list, or set the field to ${byEach(resource)} to say which of them you mean.`,
	});

/** Such as `"By Number" or "By ID"`. */
const byEach = (resource: EntityResource) =>
	oneOf(
		[...resource.naturalKeys.map(({ label }) => label), keyLabel(resource)].map(
			(label) => `"By ${label}"`,
		),
	);

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
		const labels = readings(resource, mode, value).map(({ label }) => label);
		throw notFound(resource, `${oneOf(labels)} ${value}`);
	});
}
