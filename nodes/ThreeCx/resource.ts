import type { IDataObject, INodeProperties } from 'n8n-workflow';
import type { Expand } from '../../lib/odata/expand';

/** A field of a resource that people fill in every day; all others are offered under More Fields. */
export interface Field {
	/** XAPI property that it becomes, such as `FirstName`. */
	property: string;
	/** How n8n shows it. */
	parameter: INodeProperties;
	/** Shown on its own when creating, instead of under Additional Fields. */
	prominent?: boolean;
	/** Can only be set when creating: 3CX refuses to change it later (facts 4.5). */
	createOnly?: boolean;
	/** Turns the parameter's value into the property's; left out, the value is sent as it is. */
	toXapi?: (value: never) => unknown;
}

/** A property by which a row can be named besides its Id. */
export interface NaturalKey {
	/** XAPI property, such as `EmailAddress`; it is a string everywhere. */
	property: string;
	/** As in "By Number" and "Match By". */
	label: string;
	placeholder: string;
}

/** The generic operations. A resource has those that its entity set has. */
export type OperationName = 'create' | 'upsert' | 'delete' | 'get' | 'getAll' | 'update';

/**
 * All there is to know about one resource of the 3CX node: what it is called, where XAPI has it, and which fields
 * people use. The generic operations do the rest; adding a resource is adding one of these to `resources/index.ts`.
 */
export interface Resource {
	/** Value of the Resource parameter, such as `user`. */
	name: string;
	/** Title Case, singular. */
	label: string;
	/** Plural, as in "Get many users". */
	plural: string;
	description: string;
	/** Entity set in XAPI, such as `Users`. */
	entitySet: string;
	/** Its type in the catalogue, such as `User`. */
	type: string;
	/** Ways to name a row besides Id and list; the first is what Create or Update matches by default. */
	naturalKeys: [NaturalKey, ...NaturalKey[]];
	/** What the searchable list shows for a row. */
	title: (row: IDataObject) => string;
	/** String properties that the searchable list looks into. */
	searchIn: string[];
	/** The flat projection that Simplify asks for with `$select`. */
	summary: string[];
	fields: Field[];
	/** Arrays among the fields and how `$expand` brings them along, for Create or Update to compare with. */
	expand: Record<string, Expand>;
}

/** `showFor(user, 'create', 'upsert')`: display options that show a parameter for these operations. */
export const showFor = (resource: Pick<Resource, 'name'>, ...operations: string[]) => ({
	show: { resource: [resource.name], operation: operations },
});
