import type { IDataObject, INodeProperties, ResourceMapperValue } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { Entity } from '../../../lib/xapi/entities';
import { findHidden } from '../../../lib/xapi/secrets';
import type { ItemRun } from '../../shared/router';
import { showFor, type Field, type EntityResource } from '../resource';

/** Operations that write fields. */
export type WriteOperation = 'create' | 'upsert' | 'update';

/** Whether a field stands on its own in an operation, or in its collection. */
const standsAlone = (field: Field, operation: WriteOperation) =>
	field.prominent === true && operation !== 'update';

/** What an operation may write: everything when creating, all but the immutable when updating. */
const writable = ({ fields }: EntityResource, operation: WriteOperation) =>
	fields.filter(({ createOnly }) => operation !== 'update' || !createOnly);

/** Name of the collection that holds the fields which do not stand alone. */
const collectionOf = (operation: WriteOperation) =>
	operation === 'update' ? 'updateFields' : 'additionalFields';

const byDisplayName = (a: INodeProperties, b: INodeProperties) =>
	a.displayName.localeCompare(b.displayName);

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
	const isUpdate = operation === 'update';
	const alone = fields.filter((field) => standsAlone(field, operation));
	const others = fields.filter((field) => !standsAlone(field, operation));
	return [
		...alone.map(({ parameter }) => ({ ...parameter, displayOptions })),
		{
			displayName: isUpdate ? 'Update Fields' : 'Additional Fields',
			name: collectionOf(operation),
			type: 'collection',
			placeholder: 'Add Field',
			default: {},
			displayOptions,
			options: others.map(({ parameter }) => parameter).sort(byDisplayName),
		},
	];
}

/** More Fields: everything that XAPI has for a resource besides its everyday fields, from the catalogue. */
export const moreFieldsProperty: INodeProperties = {
	displayName: 'More Fields',
	name: 'moreFields',
	type: 'resourceMapper',
	noDataExpression: true,
	default: { mappingMode: 'defineBelow', value: null },
	description: 'All other fields that 3CX has',
	typeOptions: {
		loadOptionsDependsOn: ['resource'],
		resourceMapper: {
			resourceMapperMethod: 'getMoreFields',
			mode: 'add',
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
	resource: EntityResource,
	operation: WriteOperation,
): Entity {
	const collection = context.getNodeParameter(collectionOf(operation), index, {}) as IDataObject;
	const everyday = writable(resource, operation).flatMap((field) => {
		const { name } = field.parameter;
		const isAlone = standsAlone(field, operation);
		const value = isAlone ? context.getNodeParameter(name, index, undefined) : collection[name];
		// What stands alone is always there and means nothing when empty; what was added on purpose does.
		if (value === undefined || value === null || (isAlone && isBlank(value))) return [];
		return [[field.property, field.toXapi ? field.toXapi(value as never) : value] as const];
	});
	const more = context.getNodeParameter('moreFields', index, {
		value: null,
	}) as ResourceMapperValue;
	const body: Entity = { ...Object.fromEntries(everyday), ...mapped(more) };
	const hidden = findHidden(body);
	if (hidden !== undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: hidden,
			message: `${hidden} holds the marker that stands for a hidden secret`,
			hint: 'Leave the field out if it should stay as it is. If you want to copy the secret, name it under Options > Show Secret Fields in the node that reads it.',
		});
	}
	return body;
}

const isBlank = (value: unknown) =>
	value === '' ||
	(Array.isArray(value) && value.length === 0) ||
	(typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** The fields of More Fields; n8n gives objects and lists as text when they were typed as JSON. */
function mapped({ value, schema = [] }: ResourceMapperValue): Entity {
	const structured = new Set(
		schema.filter(({ type }) => type === 'object' || type === 'array').map(({ id }) => id),
	);
	return Object.fromEntries(
		Object.entries(value ?? {})
			.filter(([, entry]) => entry !== null && entry !== undefined)
			.map(([name, entry]) => [
				name,
				structured.has(name) && typeof entry === 'string' ? parseJson(name, entry) : entry,
			]),
	);
}

function parseJson(field: string, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Told below, where it may be thrown.
	}
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `${field} is not valid JSON`,
		hint: 'Write an object such as {"Number": "100"} or a list such as [1, 2], with double quotes.',
	});
}
