import type {
	IDataObject,
	ILoadOptionsFunctions,
	INodeListSearchResult,
	INodeProperties,
	INodePropertyOptions,
	ResourceMapperFields,
} from 'n8n-workflow';
import type { Expand } from '../../lib/odata/expand';
import type { OrderBy } from '../../lib/odata/field';
import type { Entity } from '../../lib/xapi/entities';
import type { Operation, Resource } from '../shared/resource';
import type { ItemRun } from '../shared/router';

/** A field of a resource that people fill in every day; all others are offered under More Fields. */
export interface Field {
	/** XAPI property that it becomes, such as `FirstName`. */
	property: string;
	/** How n8n shows it. */
	parameter: INodeProperties;
	/** Shown on its own when creating, instead of under Additional Fields. */
	prominent?: boolean;
	/** A table that stands on its own in every operation that writes: while it is empty, it changes nothing. */
	section?: boolean;
	/** Can only be set when creating: 3CX refuses to change it later (protocol 4.5). */
	createOnly?: boolean;
	/** Turns the parameter's value into the property's, now or with a promise; left out, the value is sent as it is. */
	toXapi?: (value: never, at: FieldSource) => unknown;
	/** `toXapi` gives an object of several properties, `property` being the main one of them. */
	spread?: boolean;
	/** The other properties that `spread` can write; More Fields does not offer them. */
	alsoWrites?: readonly string[];
	/**
	 * The field is a switch that is not sent: when on, the list `property` of a row that is there already becomes what this
	 * makes of what it has and what was filled in.
	 */
	merge?: (held: Entity[], wanted: Entity[]) => Entity[];
}

/** What a field may need to know besides its value. */
export interface FieldSource extends Pick<ItemRun, 'client' | 'signal'> {
	/** Reads what a date picker gives, in the workflow's time zone, as XAPI wants it. */
	instant: (text: string) => string;
}

/** A property by which a row can be named besides its Id. */
export interface NaturalKey {
	/** XAPI property, such as `EmailAddress`; it is a string everywhere. */
	property: string;
	/** As in "By Number" and "Match By". */
	label: string;
	placeholder: string;
}

/** Who looks at a list. */
export interface Viewer {
	/** Zone of the workflow, an IANA name. */
	timeZone: string;
	/** Client ID of the credential; empty where it is not known. */
	clientId: string;
}

/** The generic operations. A resource has those that its entity set has. */
export type OperationName = 'create' | 'upsert' | 'delete' | 'get' | 'getAll' | 'update';

/** An operation that only one resource has. */
export interface OwnOperation extends Operation {
	/** Works on one row: the resource's locator is shown, and `locate()` reads it. */
	onRow?: boolean;
	/** operationIds of the XAPI operations that it calls; the coverage report counts them. */
	uses?: string[];
}

/**
 * A resource of the 3CX node. Adding one is adding a file and a line in `resources/index.ts`. Its generic operations
 * come by themselves: see `operations/index.ts`.
 */
export interface XapiResource extends Pick<Resource, 'name' | 'label'> {
	/** Plural, as in "Get many users". */
	plural: string;
	description: string;
	/** What it can do besides the generic operations. */
	operations?: readonly OwnOperation[];
	/** Dropdowns that only its parameters have, by method name; `lists.ts` helps to write them. */
	loadOptions?: Record<string, LoadOptionsMethod>;
	/** Searchable lists that only its parameters have, by method name. */
	listSearch?: Record<string, ListSearchMethod>;
	/** Resource mappers that only its parameters have, by method name; `fields/mapper.ts` helps to write them. */
	resourceMapping?: Record<string, ResourceMappingMethod>;
}

/** What fills a searchable list. */
export type ListSearchMethod = (
	this: ILoadOptionsFunctions,
	text?: string,
	paginationToken?: string,
) => Promise<INodeListSearchResult>;

/** What names the fields of a resource mapper. */
export type ResourceMappingMethod = (this: ILoadOptionsFunctions) => Promise<ResourceMapperFields>;

/** What fills a dropdown. */
export type LoadOptionsMethod = (this: ILoadOptionsFunctions) => Promise<INodePropertyOptions[]>;

/**
 * A resource with rows: all there is to know about an entity set, so that the generic operations can do the rest.
 */
export interface EntityResource extends XapiResource {
	/** Entity set in XAPI, such as `Users`. */
	entitySet: string;
	/** Its type in the catalogue, such as `User`. */
	type: string;
	/** Ways to name a row besides its key and list; the first is what Create or Update matches by default. */
	naturalKeys: readonly NaturalKey[];
	/** Generic operations that XAPI declares but that make no sense here. */
	without?: readonly OperationName[];
	/** A function of XAPI (operationId) that gives what a new row begins with, such as `InitFax`; for Create. */
	draft?: string;
	/** What the searchable list shows for a row. */
	title: (row: IDataObject, viewer: Viewer) => string;
	/** Rows that nobody is likely to mean come after all others of a page. */
	lastInList?: (row: IDataObject, viewer: Viewer) => boolean;
	/** Properties that `title` needs besides those of `searchIn`. */
	titleNeeds?: string[];
	/** String properties that the searchable list looks into. */
	searchIn: string[];
	/** The flat projection that Simplify asks for with `$select`. */
	summary: string[];
	/** What each row of a simplified output has besides, made of its columns. */
	added?: (run: ItemRun) => Promise<(row: Entity) => Entity>;
	fields: Field[];
	/**
	 * What a new row needs, as properties: one of each group. 3CX takes rows without (a user without a name, a holiday on
	 * day 0 of month 0), and nobody can use them.
	 */
	needed?: ReadonlyArray<readonly string[]>;
	/** What a new row has besides what was filled in; that counts where it says something else. */
	implied?: (body: Entity) => Entity;
	/** Throws a ThreeCxError of kind `input` where what is written does not fit together. */
	check?: (body: Entity) => void;
	/** The order of Get Many unless the user chose one; by key when left out, which needs a set that has one. */
	order?: readonly OrderBy[];
	/** Arrays among the fields and how `$expand` brings them along, for Create or Update to compare with. */
	expand: Record<string, Expand>;
}

/**
 * A resource with settings: an object that XAPI has once, and with it the operations Get Settings and Update Settings.
 */
export interface SettingsResource extends XapiResource {
	/** Singleton in XAPI, such as `MailSettings`. */
	singleton: string;
	/** The everyday settings; all others of its type are offered under More Fields. */
	fields: readonly Field[];
}

/** @returns whether a resource has settings, and with them Get Settings and Update Settings */
export const hasSettings = (resource: XapiResource): resource is SettingsResource =>
	'singleton' in resource;

/** @returns whether a resource has rows, and with them the generic operations */
export const hasRows = (resource: XapiResource): resource is EntityResource =>
	'entitySet' in resource;
