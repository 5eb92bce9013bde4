import data from './catalogue.json';
import { isPrimitive, parseType, type TypeExpression } from '../odata/typeExpression';

export {
	formatType,
	isPrimitive,
	parseType,
	PRIMITIVES,
	type Primitive,
	type TypeExpression,
} from '../odata/typeExpression';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';

/**
 * What an operation works on:
 * `entitySet` lists or creates rows, `entity` reads, changes or deletes the one with a key, `singleton` reads or
 * changes a settings object, `navigation` reads the rows behind a navigation property, `function` (GET) computes,
 * `action` (POST) acts, `media` (GET) downloads a file.
 */
export type OperationKind =
	| 'entitySet'
	| 'entity'
	| 'singleton'
	| 'navigation'
	| 'function'
	| 'action'
	| 'media';

/** One XAPI operation. Types are type expressions, see `parseType`. */
export interface XapiOperation {
	method: Method;
	/** Below `/xapi/v1`, with the parameters in braces: `/Users({Id})/Pbx.HasDuplicatedEmail()`. */
	path: string;
	/** The root the 3CX description files it under, such as `Users`. */
	tag: string;
	kind: OperationKind;
	/** Path parameters (those the path names in braces) and headers, by name. */
	parameters: Record<string, string>;
	/** The OData query options it declares: `$top`, `$filter`, ... */
	query: string[];
	/** Type of the JSON body, or the members of an action's parameter object. */
	body?: string | Record<string, string>;
	/**
	 * Type of the answer: `User`, `User[]` (on the wire `{"value": [...]}`), `value:boolean` (`{"value": true}`).
	 * Absent when nothing comes back (204). A `media` operation declares `IActionResult` and sends the file.
	 */
	returns?: string;
	/** HTTP status of success. */
	status: number;
}

/** Names, types and parameters of a 3CX Configuration API: the facts of its OpenAPI description, without prose. */
export interface Catalogue {
	/** Version of the description (`info.version`), which 3CX leaves at 1.0.0; the PBX version is in `X-3CX-Version`. */
	version: string;
	/** Enum name to its members, in declared order. */
	enums: Record<string, string[]>;
	/** Type name to its base type and its own properties. */
	types: Record<string, { base?: string; properties: Record<string, string> }>;
	/** operationId to operation. */
	operations: Record<string, XapiOperation>;
}

/** The catalogue that ships: 3CX 20.0.10 (protocol 5). A PBX's own comes from `buildCatalogue`. */
export const catalogue = data as Catalogue;

/** What {@link propertiesOf} has put together: it is asked for every item. */
const knownProperties = new WeakMap<Catalogue, Map<string, Readonly<Record<string, string>>>>();

/** Properties of a type, its own first and then the inherited ones, each as declared. Empty for an unknown type. */
export function propertiesOf(from: Catalogue, type: string): Readonly<Record<string, string>> {
	const known = knownProperties.get(from) ?? new Map<string, Readonly<Record<string, string>>>();
	knownProperties.set(from, known);
	const properties = known.get(type) ?? inheritedProperties(from, type);
	known.set(type, properties);
	return properties;
}

function inheritedProperties({ types }: Catalogue, type: string): Record<string, string> {
	const chain: Array<Record<string, string>> = [];
	for (let entry = own(types, type); entry; entry = own(types, entry.base ?? '')) {
		chain.push(entry.properties);
	}
	return Object.assign({}, ...chain) as Record<string, string>;
}

/** Those properties that only `$expand` fills: the type behind each (`name`) and whether there are many (`array`). */
export function navigationPropertiesOf(
	from: Catalogue,
	type: string,
): Record<string, TypeExpression> {
	return Object.fromEntries(
		Object.entries(propertiesOf(from, type))
			.map(([name, expression]) => [name, parseType(expression)] as const)
			.filter(([, { navigation }]) => navigation),
	);
}

/** The member of a record by a name that may come from outside (`constructor` is not a type). */
function own<T>(record: Record<string, T>, name: string): T | undefined {
	return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Whether `name` is an enum of this catalogue. */
export function isEnum({ enums }: Catalogue, name: string): boolean {
	return own(enums, name) !== undefined;
}

/** Members of an enum in declared order; empty when there is no such enum. */
export function enumMembers({ enums }: Catalogue, name: string): readonly string[] {
	return own(enums, name) ?? [];
}

/**
 * Whether a type is an entity: served by an entity set or singleton, or reached through a navigation property.
 * Every other type is a complex value that only lives inside an entity.
 */
export function isEntity(from: Catalogue, type: string): boolean {
	return once(entitiesOf, from, () => deriveEntities(from, entitySets(from))).has(type);
}

/** Whether `type` is a structured type that is no entity. */
export function isComplex(from: Catalogue, type: string): boolean {
	return own(from.types, type) !== undefined && !isEntity(from, type);
}

/** An entity set, as far as the operations tell. */
export interface EntitySet {
	/** Type of its rows. */
	type: string;
	/** Key properties and their types, as they stand in `Set({Id})`; empty when no operation takes a key. */
	key: Record<string, string>;
	/** Alternate keys, read-only: `Set(Number={Number})`. Eight sets have `Number`. */
	alternateKeys: Record<string, string>;
	/** operationIds of what the set offers. */
	verbs: Partial<
		Record<'list' | 'create' | 'get' | 'getByAlternateKey' | 'update' | 'delete', string>
	>;
}

/** All entity sets by name, sorted; also sets whose rows can only be read or deleted by key (CrmTemplates). */
export function entitySets(from: Catalogue): Readonly<Record<string, EntitySet>> {
	return once(setsOf, from, () => deriveEntitySets(from));
}

/** An object that XAPI has once, such as `MailSettings`. */
export interface Singleton {
	/** Its type. */
	type: string;
	/** operationId of reading it. */
	get: string;
	/** operationId of changing it; undefined for what can only be read, such as `SystemStatus`. */
	update: string | undefined;
}

/** The singleton with this name; undefined when the catalogue does not have it. */
export function singleton(from: Catalogue, name: string): Singleton | undefined {
	const verb = (method: Method) =>
		named(from).find(
			(entry) => entry.kind === 'singleton' && entry.path === `/${name}` && entry.method === method,
		);
	const get = verb('GET');
	if (get?.returns === undefined) return undefined;
	return { type: parseType(get.returns).name, get: get.id, update: verb('PATCH')?.id };
}

/** The operation with this operationId; undefined when the catalogue does not have it. */
export function operation({ operations }: Catalogue, id: string): XapiOperation | undefined {
	return own(operations, id);
}

/** An operation together with its operationId. */
export interface NamedOperation extends XapiOperation {
	id: string;
}

/** All operations filed under a tag such as `Users`, sorted by operationId. */
export function operationsTagged(from: Catalogue, tag: string): NamedOperation[] {
	return named(from).filter((entry) => entry.tag === tag);
}

/**
 * Operations whose id, path, tag, method or kind contain every word of `text`, in any case: `user get`, `patch queue`.
 * Matches in the operationId come first; otherwise sorted by id. An empty text gives all.
 */
export function searchOperations(from: Catalogue, text: string): NamedOperation[] {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	const contains = (haystack: string) =>
		words.every((word) => haystack.toLowerCase().includes(word));
	const found = named(from).filter(({ id, method, path, tag, kind }) =>
		contains([id, method, path, tag, kind].join(' ')),
	);
	const byId = found.filter(({ id }) => contains(id));
	return [...byId, ...found.filter((entry) => !byId.includes(entry))];
}

/** What {@link named} has put together: every look-up goes through it. */
const namedOf = new WeakMap<Catalogue, readonly NamedOperation[]>();

function named(from: Catalogue): readonly NamedOperation[] {
	return once(namedOf, from, () =>
		Object.entries(from.operations).map(([id, entry]) => ({ id, ...entry })),
	);
}

/** What is worked out once per catalogue, since every lookup of a resource asks for it. */
const setsOf = new WeakMap<Catalogue, Readonly<Record<string, EntitySet>>>();

/** Apart from the sets: n8n needs those when it starts, and these only when a request is built. */
const entitiesOf = new WeakMap<Catalogue, ReadonlySet<string>>();

/** The value of a catalogue in a map, made on first use. */
function once<T>(known: WeakMap<Catalogue, T>, from: Catalogue, make: () => T): T {
	const value = known.get(from) ?? make();
	known.set(from, value);
	return value;
}

/** Which verb of a set an operation is, by its kind and method. */
const VERBS: Readonly<Record<string, keyof EntitySet['verbs']>> = {
	'entitySet GET': 'list',
	'entitySet POST': 'create',
	'entity GET': 'get',
	'entity PATCH': 'update',
	'entity DELETE': 'delete',
};

const KEYED_ROOT = /^\/([^/(]+)\(([^)]*)\)/;

/** One pass over all operations: a set is what some operation lists, creates, reads, changes or deletes rows of. */
function deriveEntitySets(from: Catalogue): Record<string, EntitySet> {
	const found = new Map<string, EntitySet>();
	const withRows = new Set<string>();
	for (const { id, kind, method, path, parameters, returns } of named(from)) {
		const [, keyed, key = ''] = KEYED_ROOT.exec(path) ?? [];
		const root = keyed ?? path.slice(1);
		if (root.includes('/')) continue;
		const set = found.get(root) ?? { type: '', key: {}, alternateKeys: {}, verbs: {} };
		found.set(root, set);
		if (kind === 'entitySet' || kind === 'entity') withRows.add(root);
		// `({Id})` is the key; `(Number={Number})` names its property and is an alternate one.
		const isAlternate = key.includes('=');
		for (const [, name = ''] of key.matchAll(/\{([^{}]+)\}/g)) {
			(isAlternate ? set.alternateKeys : set.key)[name] = parameters[name] ?? 'string';
		}
		const verb = isAlternate ? 'getByAlternateKey' : VERBS[`${kind} ${method}`];
		if (verb) set.verbs[verb] = id;
		if (verb && returns) set.type = parseType(returns).name;
	}
	return Object.fromEntries([...withRows].sort().map((root) => [root, found.get(root)!]));
}

function deriveEntities(
	from: Catalogue,
	sets: Readonly<Record<string, EntitySet>>,
): ReadonlySet<string> {
	const served = [
		...Object.values(sets).map(({ type }) => type),
		...Object.values(from.operations)
			.filter(({ kind, returns }) => returns && (kind === 'singleton' || kind === 'navigation'))
			.map(({ returns }) => parseType(returns ?? '').name),
		...Object.keys(from.types).flatMap((type) =>
			Object.values(navigationPropertiesOf(from, type)).map(({ name }) => name),
		),
	].filter((name) => !isPrimitive(name) && own(from.types, name) !== undefined);
	// The base of an entity is an entity (DN, ClickToCall), or it could not hand down its key.
	const entities = new Set<string>();
	for (const type of served) {
		for (let name: string | undefined = type; name; name = own(from.types, name)?.base) {
			entities.add(name);
		}
	}
	return entities;
}
