/**
 * A type as the catalogue writes it: one short string instead of an OpenAPI schema.
 *
 * ```
 * [value:] name [(maxLength)] [[]] [?] [~] [ optional]
 * ```
 *
 * | example              | meaning                                                        |
 * |----------------------|----------------------------------------------------------------|
 * | `string(255)?`       | string of at most 255 characters that may be null              |
 * | `int32[]`            | collection of integers                                         |
 * | `UserGroup[]~`       | navigation property (only filled by `$expand`) to UserGroup rows |
 * | `Schedule?`          | complex value that may be null                                 |
 * | `value:boolean`      | a primitive function result, on the wire `{"value": true}`     |
 * | `string optional`    | a parameter that may be left out (only `If-Match` headers)     |
 */
export interface TypeExpression {
	/** An EDM-like primitive (`string`, `int32`, `date-time`, ...) or the name of a type or enum. */
	name: string;
	array: boolean;
	nullable: boolean;
	/** Read through `$expand`; absent from a plain GET. */
	navigation: boolean;
	/** Longest allowed string, in characters. */
	maxLength?: number;
	/** The parameter may be left out. */
	optional: boolean;
	/** A bare value that OData wraps as `{"value": ...}`. */
	wrapped: boolean;
}

/**
 * The primitives a type expression can name (the OpenAPI formats that 3CX uses); every other name is an enum or type.
 * `object` stands for JSON of any shape.
 */
export const PRIMITIVES = [
	'string',
	'boolean',
	'int32',
	'int64',
	'uint8',
	'decimal',
	'double',
	'float',
	'date-time',
	'date',
	'time',
	'duration',
	'uuid',
	'object',
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

const primitives: ReadonlySet<string> = new Set(PRIMITIVES);

/** Whether `name` is a primitive, as opposed to an enum or a type of the catalogue. */
export function isPrimitive(name: string): name is Primitive {
	return primitives.has(name);
}

const GRAMMAR =
	/^(?<wrapped>value:)?(?<name>[^\s?~()[\]:]+)(?:\((?<maxLength>\d+)\))?(?<array>\[\])?(?<nullable>\?)?(?<navigation>~)?(?<optional> optional)?$/;

/**
 * Reads a type expression of the catalogue.
 *
 * @throws Error when the text does not follow the grammar (a catalogue written by hand or by an older version)
 */
export function parseType(expression: string): TypeExpression {
	const groups = GRAMMAR.exec(expression)?.groups;
	if (!groups?.name) {
		throw new Error(
			`"${expression}" is not a type expression of the XAPI catalogue. Generate the catalogue again with "gulp catalogue".`,
		);
	}
	return {
		name: groups.name,
		array: groups.array !== undefined,
		nullable: groups.nullable !== undefined,
		navigation: groups.navigation !== undefined,
		...(groups.maxLength === undefined ? {} : { maxLength: Number(groups.maxLength) }),
		optional: groups.optional !== undefined,
		wrapped: groups.wrapped !== undefined,
	};
}

/** Writes a type expression; `parseType` reads back what this writes. What is left out is false. */
export function formatType({
	name,
	array,
	nullable,
	navigation,
	maxLength,
	optional,
	wrapped,
}: Pick<TypeExpression, 'name'> & Partial<TypeExpression>): string {
	return [
		wrapped ? 'value:' : '',
		name,
		maxLength === undefined ? '' : `(${maxLength})`,
		array ? '[]' : '',
		nullable ? '?' : '',
		navigation ? '~' : '',
		optional ? ' optional' : '',
	].join('');
}
