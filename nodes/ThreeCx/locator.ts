import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { filter } from '../../lib/odata/filter';
import { entityKey } from '../../lib/odata/key';
import { queryString } from '../../lib/odata/query';
import { catalogue, entitySets } from '../../lib/xapi/catalogue';
import { listEntities } from '../../lib/xapi/entities';
import type { ItemRun } from '../shared/router';
import { showFor, type NaturalKey, type Resource } from './resource';

/** How the value of a locator parameter names a row. */
interface Located {
	/** `list`, `id`, or the property of a natural key. */
	mode: string;
	value: string | number;
}

/** Name of the search method behind a resource's list, such as `searchUsers`. */
export const searchMethod = (resource: Resource): string =>
	`search${resource.plural.replaceAll(' ', '')}`;

/**
 * The parameter that names one row: from a searchable list, by Id, or by a natural key (number, e-mail, name).
 *
 * @param resource the resource
 * @param operations the operations that show it
 */
export const locatorProperty = (resource: Resource, ...operations: string[]): INodeProperties => ({
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
			placeholder: `Select a ${resource.label.toLowerCase()}...`,
			typeOptions: { searchListMethod: searchMethod(resource), searchable: true },
		},
		...resource.naturalKeys.map(({ property, label, placeholder }) => ({
			displayName: `By ${label}`,
			name: property,
			type: 'string' as const,
			placeholder,
		})),
		{
			displayName: 'By ID',
			name: 'id',
			type: 'string',
			placeholder: 'e.g. 12',
			hint: 'The Id in the output of Get Many; it is not the extension number',
			validation: [
				{
					type: 'regex',
					properties: { regex: '^\\s*\\d+\\s*$', errorMessage: 'An ID is a whole number' },
				},
			],
		},
	],
});

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
	resource: Resource,
	access: 'read' | 'write',
): Promise<string> {
	const { mode, value } = readLocator(run.context, resource, run.index);
	const path = `/${resource.entitySet}`;
	const key = resource.naturalKeys.find(({ property }) => property === mode);
	if (!key) return path + entityKey(idOf(resource, value), 'int32');
	const isAlternateKey =
		entitySets(catalogue)[resource.entitySet]?.alternateKeys[key.property] !== undefined;
	if (access === 'read' && isAlternateKey) {
		return path + entityKey({ [key.property]: value }, { [key.property]: 'string' });
	}
	return path + entityKey(await findId(run, resource, key, value), 'int32');
}

function readLocator(context: IExecuteFunctions, resource: Resource, index: number) {
	const { mode, value } = context.getNodeParameter(resource.name, index) as Located;
	const text = String(value ?? '').trim();
	if (text !== '') return { mode, value: text };
	throw new ThreeCxError({
		kind: 'input',
		field: resource.name,
		message: `The field "${resource.label}" is empty`,
		hint: 'Choose one from the list, or look at what the expression in the field gives for this item.',
	});
}

function idOf(resource: Resource, text: string): number {
	if (/^\d+$/.test(text)) return Number(text);
	throw new ThreeCxError({
		kind: 'input',
		field: resource.name,
		message: `The field "${resource.label}" does not hold an ID: an ID is a whole number`,
		hint: `Switch the field to ${resource.naturalKeys.map(({ label }) => `"By ${label}"`).join(' or ')} if that is what you have.`,
	});
}

async function findId(
	{ client, signal }: ItemRun,
	resource: Resource,
	{ property, label }: NaturalKey,
	value: string,
): Promise<number> {
	const rows = await listEntities(client, `/${resource.entitySet}`, {
		query: queryString({ filter: keyFilter(property, value), select: ['Id'] }),
		limit: 2,
		signal,
	});
	if (rows.length === 1) return Number(rows[0]?.Id);
	throw rows.length === 0
		? notFound(resource, `${label} ${value}`)
		: ambiguous(resource, label, value);
}

/** The error for a row that is not there, naming what was looked for. */
export const notFound = (resource: Resource, what: string) =>
	new ThreeCxError({
		kind: 'notFound',
		status: 404,
		field: resource.name,
		message: `This PBX has no ${resource.label.toLowerCase()} with ${what}`,
		hint: 'Choose one from the list, or create it first.',
	});

const ambiguous = (resource: Resource, label: string, value: string) =>
	new ThreeCxError({
		kind: 'conflict',
		field: resource.name,
		message: `Several ${resource.plural.toLowerCase()} have the ${label} ${value}`,
		hint: 'Name the one that is meant by its ID, or choose it from the list.',
	});

/**
 * Runs a request about one row, and says which row is missing if the PBX knows no such row.
 *
 * @returns what `request` gives
 */
export async function aboutRow<T>(
	run: ItemRun,
	resource: Resource,
	request: () => Promise<T>,
): Promise<T> {
	return await request().catch((error: unknown) => {
		if (!(error instanceof ThreeCxError) || error.status !== 404) throw error;
		const { mode, value } = readLocator(run.context, resource, run.index);
		const label = resource.naturalKeys.find(({ property }) => property === mode)?.label ?? 'ID';
		throw notFound(resource, `${label} ${value}`);
	});
}
