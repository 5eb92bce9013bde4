import type { IDataObject, INodeProperties, ResourceMapperValue } from 'n8n-workflow';
import { catalogue, propertiesOf } from '../../../lib/xapi/catalogue';
import type { Entity } from '../../../lib/xapi/entities';
import { isOn } from '../../shared/fields/dryRun';
import type { ItemRun } from '../../shared/router';
import { instantIn } from '../../shared/time';
import { ThreeCxError } from '../../../lib/http/errors';
import { lower } from '../operations/genericOperation';
import { showFor } from '../../shared/resource';
import type { Field, EntityResource, XapiResource } from '../resource';
import { formOf, typeOf } from '../typeOf';
import { isReadOnly } from './labels';
import { mappedValues, refuseHidden } from './values';
import { alphabetically } from '../../shared/alphabetical';

/** The collection that holds the fields of an operation which do not stand alone. */
const COLLECTIONS = {
	create: 'additionalFields',
	upsert: 'additionalFields',
	update: 'updateFields',
	updateSettings: 'settings',
} as const;

/** Operations that write fields. */
export type WriteOperation = keyof typeof COLLECTIONS;

/** What is known of whatever has fields: rows and settings alike. */
type Written = Pick<EntityResource, 'label' | 'type' | 'check'> & { fields: readonly Field[] };

/** Those that write to what is there; the others may create. */
const isUpdate = (operation: WriteOperation) =>
	operation === 'update' || operation === 'updateSettings';

/** Whether a field stands on its own in an operation, or in its collection. */
const standsAlone = (field: Field, operation: WriteOperation) =>
	field.section === true || (field.prominent === true && !isUpdate(operation));

/** What an operation may write: everything when creating, all but the immutable when updating. */
const writable = ({ fields }: Pick<Written, 'fields'>, operation: WriteOperation) =>
	fields.filter(({ createOnly }) => !isUpdate(operation) || !createOnly);

const byDisplayName = alphabetically<INodeProperties>(({ displayName }) => displayName);

/**
 * The parameters with which an operation takes the fields of a resource: the prominent ones, and a collection with the
 * other everyday ones.
 */
export function fieldProperties(
	resource: EntityResource,
	...operations: WriteOperation[]
): INodeProperties[] {
	const [operation = 'create'] = operations;
	const displayOptions = showFor(resource, ...operations);
	const fields = writable(resource, operation).filter(({ section }) => !section);
	const alone = fields.filter((field) => standsAlone(field, operation));
	const others = fields.filter((field) => !standsAlone(field, operation));
	const collection: INodeProperties = {
		displayName: isUpdate(operation) ? 'Update Fields' : 'Additional Fields',
		name: COLLECTIONS[operation],
		type: 'collection',
		placeholder: 'Add Field',
		default: {},
		displayOptions,
		options: others.map(({ parameter }) => parameter).sort(byDisplayName),
	};
	const isEmpty = others.length === 0;
	return [
		...alone.flatMap((field) => declare(resource, field, operations)),
		...(isEmpty ? [] : [collection]),
	];
}

/** The tables that stand on their own in every operation of a resource that writes. */
export const sectionProperties = (resource: EntityResource): INodeProperties[] =>
	resource.fields
		.filter(({ section }) => section)
		.map(({ parameter }) => ({
			...parameter,
			displayOptions: showFor(resource, 'create', 'upsert', 'update'),
		}));

/** A field on its own. What a new row needs is marked, but not in Create or Update: there it may be there already. */
function declare(resource: EntityResource, field: Field, operations: WriteOperation[]) {
	const { parameter, property } = field;
	const isNeeded = resource.needed?.some(
		([only, ...others]) => only === property && others.length === 0,
	);
	const [first = 'create', ...rest] = operations;
	if (!isNeeded) return [{ ...parameter, displayOptions: showFor(resource, ...operations) }];
	return [
		{ ...parameter, required: true, displayOptions: showFor(resource, first) },
		{ ...parameter, displayOptions: showFor(resource, ...rest) },
	];
}

/**
 * The body of a new row. One that nobody could use is refused, before it is sent.
 *
 * @param resource the resource; `needed` says what
 * @param body what was filled in
 * @returns it with what it implies
 * @throws ThreeCxError of kind `input`, which names the field
 */
export function newRow(
	{ needed = [], fields, label, implied }: EntityResource,
	body: Entity,
): Entity {
	for (const group of needed) {
		if (group.some((property) => !isBlank(body[property]))) continue;
		const names = group.map((property) => {
			const field = fields.find((each) => each.property === property);
			return `"${field?.parameter.displayName ?? property}"`;
		});
		throw new ThreeCxError({
			kind: 'input',
			field: fields.find(({ property }) => property === group[0])?.parameter.name ?? group[0],
			message: `A new ${lower(label)} needs ${names.join(' or ')}`,
			hint: 'Fill it in, or check what the expression in it returns for this item. Nothing was created.',
		});
	}
	return { ...implied?.(body), ...body };
}

/** The everyday settings of a resource, to add those that shall change. */
export const settingsProperty = ({ fields }: Pick<Written, 'fields'>): INodeProperties => ({
	displayName: 'Settings',
	name: COLLECTIONS.updateSettings,
	type: 'collection',
	placeholder: 'Add Setting',
	default: {},
	options: fields.map(({ parameter }) => parameter).sort(byDisplayName),
});

/**
 * The properties that More Fields offers, with their types: everything that XAPI has besides what the form writes and what
 * 3CX keeps itself.
 *
 * @param type in the catalogue, such as `Queue`
 * @param fields the form
 */
export function moreFieldsOf(type: string, fields: readonly Field[]): Record<string, string> {
	const inForm = new Set(
		fields.flatMap(({ property, alsoWrites = [] }) => [property, ...alsoWrites]),
	);
	return Object.fromEntries(
		Object.entries(propertiesOf(catalogue, type)).filter(
			([name]) => !inForm.has(name) && !isReadOnly(type, name),
		),
	);
}

/** Whether More Fields has anything to offer for a resource. */
export const hasMoreFields = (resource: XapiResource): boolean =>
	Object.keys(moreFieldsOf(typeOf(resource) ?? '', formOf(resource))).length > 0;

/** More Fields: everything that XAPI has for a resource besides its everyday fields, from the catalogue. */
export const moreFieldsProperty: INodeProperties = {
	displayName: 'More Fields',
	name: 'moreFields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	description: 'All other 3CX fields',
	typeOptions: {
		loadOptionsDependsOn: ['resource'],
		resourceMapper: {
			resourceMapperMethod: 'getMoreFields',
			mode: 'add',
			valuesLabel: 'More Fields',
			fieldWords: { singular: 'field', plural: 'fields' },
			addAllFields: false,
			multiKeyMatch: false,
			supportAutoMap: false,
		},
	},
};

/**
 * The XAPI body that the parameters of an item describe. Empty parameters are left out, so that 3CX's own defaults
 * hold when creating and nothing is wiped when updating.
 *
 * @throws ThreeCxError of kind `input` when a value still holds the marker of a hidden secret: it came from an earlier
 *   output, and writing it would set the marker as the password; as `toXapi` of the fields
 */
export async function bodyOf(
	run: ItemRun,
	resource: Written,
	operation: WriteOperation,
): Promise<Entity> {
	const { context, index } = run;
	const collection = context.getNodeParameter(COLLECTIONS[operation], index, {}) as IDataObject;
	const instant = instantIn(context.getTimezone());
	const given = writable(resource, operation).flatMap((field) => {
		if (field.merge) return [];
		const { name } = field.parameter;
		const isAlone = standsAlone(field, operation);
		const value = isAlone ? context.getNodeParameter(name, index, undefined) : collection[name];
		// What stands alone is always there and means nothing when empty; what was added on purpose does.
		if (value === undefined || value === null || (isAlone && isBlank(value))) return [];
		return [{ field, value }];
	});
	const more = context.getNodeParameter('moreFields', index, {
		value: null,
	}) as ResourceMapperValue;
	const body: Entity = {
		...(await xapiOf(run, given)),
		...mappedValues(more.value, resource.label, propertiesOf(catalogue, resource.type), {
			catalogue,
			instant,
		}),
	};
	refuseHidden(body);
	resource.check?.(body);
	return body;
}

/** Turns a body into what a row shall have that is there already; see `merge` of {@link Field}. */
export interface Merging {
	/** Lists of the body that grow, and so have to be read first. */
	lists: string[];
	/** @returns the body with what the row has */
	onto: (row: Entity, body: Entity) => Entity;
}

/**
 * What the switches of an item say about lists that only grow.
 *
 * @param body as {@link bodyOf} gave it
 * @returns undefined where none is on, or its list was not filled in
 */
export function mergingOf(
	{ context, index }: ItemRun,
	{ fields }: Pick<Written, 'fields'>,
	operation: WriteOperation,
	body: Entity,
): Merging | undefined {
	const collection = context.getNodeParameter(COLLECTIONS[operation], index, {}) as IDataObject;
	const growing = fields.filter(
		({ merge, property, parameter }) =>
			merge && isOn(collection[parameter.name]) && Array.isArray(body[property]),
	);
	if (growing.length === 0) return undefined;
	return {
		lists: growing.map(({ property }) => property),
		onto: (row, wanted) => ({
			...wanted,
			...Object.fromEntries(
				growing.map(({ property, merge }) => [
					property,
					merge!((row[property] ?? []) as Entity[], wanted[property] as Entity[]),
				]),
			),
		}),
	};
}

/** A field and what was filled in. */
export interface Given {
	field: Field;
	value: unknown;
}

/**
 * @param run the item
 * @param given fields that were filled in
 * @returns the properties that they make
 * @throws ThreeCxError as their `toXapi`
 */
export async function xapiOf(
	{ context, client, signal }: ItemRun,
	given: readonly Given[],
): Promise<Entity> {
	const instant = instantIn(context.getTimezone());
	const made: Entity = {};
	for (const { field, value } of given) {
		const { toXapi, property, spread } = field;
		const xapi = toXapi ? await toXapi(value as never, { client, signal, instant }) : value;
		Object.assign(made, spread ? xapi : { [property]: xapi });
	}
	return made;
}

/** Nothing, or a form in which nothing is filled in. */
const isBlank = (value: unknown): boolean =>
	value === undefined ||
	value === null ||
	(typeof value === 'string' && value.trim() === '') ||
	(typeof value === 'object' && Object.values(value).every(isBlank));
