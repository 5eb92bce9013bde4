/** What the evaluator needs to know of a type; the names are those of the catalogue. */
export interface Property {
	name: string;
	/** `string`, `int32`, `date-time` ... for a scalar, `enum`, or `object`. */
	kind: ScalarKind | 'enum' | 'object';
	/** Name of the enum or of the object's type. */
	typeName?: string;
	collection: boolean;
	nullable: boolean;
	/** A navigation property is left out of answers unless `$expand`ed. */
	navigation: boolean;
	/** Longest text in characters. */
	maxLength?: number;
}

export type ScalarKind =
	| 'string'
	| 'integer'
	| 'number'
	| 'boolean'
	| 'date-time'
	| 'date'
	| 'time'
	| 'duration'
	| 'uuid'
	| 'binary'
	| 'any';

export interface TypeModel {
	name: string;
	properties: ReadonlyMap<string, Property>;
}

/** Looks types and enums up by name. */
export interface Model {
	type(name: string): TypeModel | undefined;
	/** The clock of the PBX, for `now()`; the system's where it is left out. */
	now?(): Date;
	/** The member names of an enum. */
	enumMembers(name: string): readonly string[] | undefined;
}

/** A stored entity or complex value. */
export type Row = Record<string, unknown>;
