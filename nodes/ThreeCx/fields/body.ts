import type { IDataObject, INodeProperties, ResourceMapperValue } from 'n8n-workflow';
import { catalogue, propertiesOf } from '../../../lib/xapi/catalogue';
import type { Entity } from '../../../lib/xapi/entities';
import type { ItemRun } from '../../shared/router';
import { instantIn } from '../../shared/time';
import { showFor } from '../../shared/resource';
import type { Field, EntityResource } from '../resource';
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
type Written = Pick<EntityResource, 'label' | 'type'> & { fields: readonly Field[] };

/** Those that write to what is there; the others may create. */
const isUpdate = (operation: WriteOperation) =>
	operation === 'update' || operation === 'updateSettings';

/** Whether a field stands on its own in an operation, or in its collection. */
const standsAlone = (field: Field, operation: WriteOperation) =>
	field.prominent === true && !isUpdate(operation);

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
	const fields = writable(resource, operation);
	const alone = fields.filter((field) => standsAlone(field, operation));
	const others = fields.filter((field) => !standsAlone(field, operation));
	return [
		...alone.map(({ parameter }) => ({ ...parameter, displayOptions })),
		{
			displayName: isUpdate(operation) ? 'Update Fields' : 'Additional Fields',
			name: COLLECTIONS[operation],
			type: 'collection',
			placeholder: 'Add Field',
			default: {},
			displayOptions,
			options: others.map(({ parameter }) => parameter).sort(byDisplayName),
		},
	];
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
 *   output, and writing it would set the marker as the password
 */
export function bodyOf(
	{ context, index }: ItemRun,
	resource: Written,
	operation: WriteOperation,
): Entity {
	const collection = context.getNodeParameter(COLLECTIONS[operation], index, {}) as IDataObject;
	const instant = instantIn(context.getTimezone());
	const everyday = writable(resource, operation).flatMap((field) => {
		const { name } = field.parameter;
		const isAlone = standsAlone(field, operation);
		const value = isAlone ? context.getNodeParameter(name, index, undefined) : collection[name];
		// What stands alone is always there and means nothing when empty; what was added on purpose does.
		if (value === undefined || value === null || (isAlone && isBlank(value))) return [];
		const xapi = field.toXapi ? field.toXapi(value as never, instant) : value;
		return field.spread ? Object.entries(xapi as Entity) : [[field.property, xapi] as const];
	});
	const more = context.getNodeParameter('moreFields', index, {
		value: null,
	}) as ResourceMapperValue;
	const body: Entity = {
		...Object.fromEntries(everyday),
		...mappedValues(more.value, resource.label, propertiesOf(catalogue, resource.type), {
			catalogue,
			instant,
		}),
	};
	refuseHidden(body);
	return body;
}

const isBlank = (value: unknown) =>
	value === '' ||
	(Array.isArray(value) && value.length === 0) ||
	(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
