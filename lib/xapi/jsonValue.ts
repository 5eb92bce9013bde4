import { ODataInputError } from '../odata/error';
import { literal } from '../odata/literal';
import { isPrimitive, parseType, propertiesOf, type Catalogue } from './catalogue';
import type { Primitive, TypeExpression } from '../odata/typeExpression';
import { textOf } from '../text';

/** What reading a value needs besides the value. */
export interface JsonContext {
	catalogue: Catalogue;
	/**
	 * Turns a date and time, as a person or a date picker writes it, into ISO 8601 with Z; knows the zone of texts
	 * without one. `field` is for its error message.
	 */
	instant: (text: string, field?: string) => string;
}

/**
 * Reads a value that somebody typed, picked or computed as the JSON that a catalogue type wants: `"12"` becomes 12, text
 * with JSON becomes the object or list it stands for, `1, 2` becomes a list, a local date and time becomes an instant.
 * Everything inside of objects and lists is read the same way.
 *
 * @param value what came; null stays null
 * @param expression a type expression of the catalogue
 * @param field where the value stands, such as `Groups[0].Rights`, for the error message
 * @returns what to send
 * @throws ODataInputError (or the error of `instant`) naming the field, when the value does not fit
 */
export function jsonValue(
	value: unknown,
	expression: string,
	field: string,
	context: JsonContext,
): unknown {
	const type = parseType(expression);
	if (value === null || value === undefined) return null;
	if (type.array) return list(value, type, field, context);
	if (Object.hasOwn(context.catalogue.types, type.name)) {
		return structure(value, type.name, field, context);
	}
	return type.name === 'object' ? parsed(value, field) : single(value, type, field, context);
}

/**
 * Reads the members of an object by their types, see {@link jsonValue}. Members that are undefined are left out.
 *
 * @param owner what the object is called in messages, such as `Queue`
 * @param types type expressions by name
 * @param path where the object stands, with a dot at its end; empty for the outermost
 * @throws ODataInputError for a member that `types` does not have
 */
export function jsonMembers(
	values: Readonly<Record<string, unknown>>,
	owner: string,
	types: Readonly<Record<string, string>>,
	context: JsonContext,
	path = '',
): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(values)
			.filter(([, value]) => value !== undefined)
			.map(([name, value]) => {
				const expression = Object.hasOwn(types, name) ? types[name] : undefined;
				if (expression !== undefined) {
					return [name, jsonValue(value, expression, path + name, context)];
				}
				// OData's own annotations, such as the type of a derived object, belong to no type.
				if (name.includes('@odata.')) return [name, value];
				throw new ODataInputError(
					`${owner} has no "${name}"${path === '' ? '' : `, which stands in "${path.slice(0, -1)}"`}. ${similar(name, types)}`,
					path + name,
				);
			}),
	);
}

/** Names are PascalCase in nearly all of XAPI, which is what people get wrong. */
function similar(name: string, types: Readonly<Record<string, string>>): string {
	const found = Object.keys(types).find((known) => known.toLowerCase() === name.toLowerCase());
	return found === undefined
		? 'Choose a name that the list of fields shows.'
		: `Write "${found}": upper and lower case matter.`;
}

function structure(value: unknown, typeName: string, field: string, context: JsonContext): unknown {
	const object = parsed(value, field);
	if (typeof object !== 'object' || object === null || Array.isArray(object)) {
		throw new ODataInputError(
			`"${field}" needs an object, such as {"Name": "..."} with the fields of ${typeName}.`,
			field,
		);
	}
	const members = object as Record<string, unknown>;
	// An object that names its type may be of a derived one, whose further members are not known from here.
	if ('@odata.type' in members) return members;
	const types = propertiesOf(context.catalogue, typeName);
	return jsonMembers(members, typeName, types, context, `${field}.`);
}

function list(
	value: unknown,
	type: TypeExpression,
	field: string,
	context: JsonContext,
): unknown[] {
	const item = `${type.name}${type.maxLength === undefined ? '' : `(${type.maxLength})`}`;
	return itemsOf(value, type.name, field).map((entry, index) =>
		jsonValue(entry, item, `${field}[${index}]`, context),
	);
}

/** A list, JSON of one, or (of simple values) a text with commas; a single value is a list of one. */
function itemsOf(value: unknown, itemType: string, field: string): unknown[] {
	const isText = typeof value === 'string';
	if (isText && isPrimitive(itemType) && itemType !== 'object' && !/^\s*\[/.test(value)) {
		return value
			.split(',')
			.map((text) => text.trim())
			.filter((text) => text !== '');
	}
	return [parsed(value, field)].flat();
}

/** Objects and lists come as they are from expressions, and as text when they were typed. */
function parsed(value: unknown, field: string): unknown {
	if (typeof value !== 'string') return value;
	try {
		return JSON.parse(value) as unknown;
	} catch {
		// Told below, where it may be thrown.
	}
	throw new ODataInputError(
		`"${field}" is not valid JSON. Write an object such as {"Number": "100"} or a list such as [1, 2], with double quotes.`,
		field,
	);
}

/** How the OData literal of a primitive, once checked, is written in JSON; the others are their literal. */
const FROM_LITERAL: Partial<Record<Primitive, (text: string) => unknown>> = {
	boolean: (text) => text === 'true',
	int32: Number,
	int64: Number,
	uint8: Number,
	decimal: Number,
	double: Number,
	float: Number,
	duration: (text) => text.slice("duration'".length, -1),
};

/** `literal` is the one judge of what a primitive or enum accepts, for paths, filters and bodies. */
function single(
	value: unknown,
	{ name, maxLength }: TypeExpression,
	field: string,
	{ catalogue, instant }: JsonContext,
): unknown {
	const input = name === 'date-time' ? instant(momentText(value), field) : value;
	const text = literal(input, name, { field, enums: catalogue.enums });
	if (!isPrimitive(name)) return input;
	if (name !== 'string') return (FROM_LITERAL[name] ?? String)(text);
	const characters = textOf(input);
	if (maxLength === undefined || characters.length <= maxLength) return characters;
	throw new ODataInputError(
		`"${field}" has ${characters.length} characters, and 3CX takes at most ${maxLength}.`,
		field,
	);
}

/** Expressions give Date objects and Luxon's, which write themselves as ISO text in JSON. */
const momentText = (value: unknown): string =>
	typeof value === 'object' ? textOf(JSON.parse(JSON.stringify(value))) : textOf(value);
