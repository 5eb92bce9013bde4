import type { Catalogue, XapiOperation, OperationKind, Method } from './catalogue';
import { own } from '../own';
import { formatType } from '../odata/typeExpression';
import { textOf } from '../text';

/** A JSON object of the OpenAPI document; its members are checked as they are read. */
type Node = Record<string, unknown>;

/** The document is not an OpenAPI description of XAPI. */
export class CatalogueError extends Error {
	override readonly name = 'CatalogueError';
}

/** Namespace of everything 3CX declares; the catalogue drops it, request building puts it back where a path needs it. */
const NAMESPACE = 'Pbx.';

/** The schema that stands for a file: every download function declares it, although the wire carries the file itself. */
const FILE_RESULT = 'IActionResult';

const METHODS: Readonly<Record<string, Method>> = {
	get: 'GET',
	post: 'POST',
	put: 'PUT',
	patch: 'PATCH',
	delete: 'DELETE',
};

/**
 * Turns a parsed OpenAPI 3 document, as every PBX serves it at `/xapi/v1/swagger.yaml`, into the compact catalogue:
 * names, types, enums and parameters, without any prose. Pure and deterministic: the same document gives the same
 * catalogue, member for member and in the same order.
 *
 * - The namespace `Pbx.` is dropped from schema names, and kept in paths, which are sent as they stand.
 * - Envelopes (an object whose only member, `@odata.` annotations apart, is `value`) are resolved to what they hold.
 * - 3CX gives every operation an own operationId (601 of 601 in 20.0.10). Should a build repeat one, the later
 *   ones in document order get `_2`, `_3`, ...; an operation without id is named by its method and path.
 *
 * @param document what a YAML or JSON parser made of the file
 * @throws CatalogueError when the document is no OpenAPI 3 description or holds a reference that leads nowhere
 */
export function buildCatalogue(document: unknown): Catalogue {
	const root = asNode(document);
	const paths = asNode(root.paths);
	if (typeof root.openapi !== 'string' || !root.openapi.startsWith('3.') || isEmpty(paths)) {
		throw new CatalogueError(
			'This is not an OpenAPI 3 description with paths. Give the swagger.yaml of a 3CX v20 PBX (https://<your PBX>/xapi/v1/swagger.yaml).',
		);
	}
	const resolve = resolverOf(root);
	const schemas = Object.entries(asNode(asNode(root.components).schemas)).map(
		([name, schema]) => [name, asNode(schema)] as const,
	);
	const objects = schemas.filter(
		([, schema]) => !isEnumSchema(schema) && !isProtocol(schema, resolve),
	);
	return {
		version: textOf(asNode(root.info).version ?? ''),
		enums: sorted(
			schemas
				.filter(([, schema]) => isEnumSchema(schema))
				.map(([name, schema]) => [localName(name), asList(schema.enum).map(textOf)]),
		),
		types: sorted(objects.map(([name, schema]) => [localName(name), typeOf(schema)])),
		operations: sorted(operationsOf(paths, resolve)),
	};
}

function* operationsOf(paths: Node, resolve: Resolve): Generator<[string, XapiOperation]> {
	const taken = new Set<string>();
	/** By operationId: the number of its last copy, or 10,000 of one would be compared with all of each other. */
	const copies = new Map<string, number>();
	for (const [path, item] of Object.entries(paths)) {
		for (const [verb, value] of Object.entries(asNode(item))) {
			const method = own(METHODS, verb);
			if (!method) continue;
			const source = asNode(value);
			const wanted =
				typeof source.operationId === 'string' ? source.operationId : `${method} ${path}`;
			let id = wanted;
			for (let copy = copies.get(wanted) ?? 2; taken.has(id); copy++) {
				id = `${wanted}_${copy}`;
				copies.set(wanted, copy + 1);
			}
			taken.add(id);
			yield [id, operationFrom(method, path, asNode(item), source, resolve)];
		}
	}
}

function operationFrom(
	method: Method,
	path: string,
	pathItem: Node,
	source: Node,
	resolve: Resolve,
): XapiOperation {
	const parameters = [...asList(pathItem.parameters), ...asList(source.parameters)].map((entry) =>
		resolve(asNode(entry)),
	);
	const [status, response] = successOf(asNode(source.responses), resolve);
	const content = jsonSchemaOf(response);
	const returns = content && resultType(content, resolve);
	const requestBody = jsonSchemaOf(resolve(asNode(source.requestBody)));
	return {
		method,
		path,
		tag: textOf(asList(source.tags)[0] ?? rootOf(path)),
		kind: kindOf(path, pathItem, source['x-ms-docs-operation-type'], returns, resolve),
		parameters: Object.fromEntries(
			parameters
				.filter((parameter) => parameter.in !== 'query')
				.map((parameter) => [
					textOf(parameter.name),
					typeExpression(asNode(parameter.schema), { optional: parameter.required !== true }),
				]),
		),
		query: parameters
			.filter((parameter) => parameter.in === 'query')
			.map((parameter) => textOf(parameter.name))
			.sort(),
		...(requestBody ? { body: bodyType(requestBody) } : {}),
		...(returns ? { returns } : {}),
		status,
	};
}

const KIND_OF_DOCS_TYPE: Readonly<Record<string, OperationKind>> = {
	function: 'function',
	functionImport: 'function',
	action: 'action',
	actionImport: 'action',
};

/**
 * The kind follows from the shape of the path. Function and action imports look like entity sets
 * (`/GetUpdateDetails(key={key})`, `POST /InstallUpdates`), so there the generator's own mark decides.
 */
function kindOf(
	path: string,
	pathItem: Node,
	docsType: unknown,
	returns: string | undefined,
	resolve: Resolve,
): OperationKind {
	const declared = own(KIND_OF_DOCS_TYPE, textOf(docsType));
	if (declared === 'function' && returns === FILE_RESULT) return 'media';
	if (declared) return declared;
	const segments = path.split('/').slice(1);
	if (segments.length > 1) return 'navigation';
	if (path.endsWith(')')) return 'entity';
	return isCollection(pathItem, resolve) ? 'entitySet' : 'singleton';
}

/** Whether a path without key leads to rows: it lists them, or (where listing is not offered) it creates one. */
function isCollection(pathItem: Node, resolve: Resolve): boolean {
	if (!pathItem.get) return pathItem.post !== undefined;
	const [, response] = successOf(asNode(asNode(pathItem.get).responses), resolve);
	const schema = jsonSchemaOf(response);
	return schema !== undefined && resultType(schema, resolve).includes('[]');
}

/** The first 2xx answer (3CX declares exactly one) and its status; 204 when none is declared. */
function successOf(responses: Node, resolve: Resolve): [number, Node] {
	const [status, response] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? [
		'204',
		{},
	];
	return [Number(status), resolve(asNode(response))];
}

function jsonSchemaOf(holder: Node): Node | undefined {
	const schema = asNode(asNode(holder.content)['application/json']).schema;
	return schema === undefined ? undefined : asNode(schema);
}

/** `User`, `User[]` for an envelope of rows, `value:boolean` for an envelope of one primitive. */
function resultType(schema: Node, resolve: Resolve): string {
	const value = envelopeValue(resolve(schema), resolve);
	if (!value) return typeExpression(schema);
	return value.type === 'array' ? typeExpression(value) : typeExpression(value, { wrapped: true });
}

/** A named type, or the members of an action's inline parameter object. */
function bodyType(schema: Node): string | Record<string, string> {
	return schema.$ref || schema.allOf ? typeExpression(schema) : propertiesFrom(schema);
}

function typeOf(schema: Node): Catalogue['types'][string] {
	const parts = asList(schema.allOf).map(asNode);
	const base = parts.find((part) => typeof part.$ref === 'string')?.$ref;
	return {
		...(base === undefined ? {} : { base: localName(refName(textOf(base))) }),
		properties: Object.assign({}, ...[...parts, schema].map(propertiesFrom)) as Record<
			string,
			string
		>,
	};
}

function propertiesFrom(schema: Node): Record<string, string> {
	return Object.fromEntries(
		Object.entries(asNode(schema.properties)).map(([name, property]) => [
			name,
			typeExpression(asNode(property)),
		]),
	);
}

/** Writes the type of a schema as an expression of the catalogue. */
function typeExpression(
	schema: Node,
	marks: { optional?: boolean; wrapped?: boolean } = {},
): string {
	const isArray = schema.type === 'array';
	const inner = isArray ? asNode(schema.items) : schema;
	return formatType({
		name: typeName(inner),
		array: isArray,
		nullable: isNullable(schema),
		navigation: schema['x-ms-navigationProperty'] === true,
		...(typeof inner.maxLength === 'number' ? { maxLength: inner.maxLength } : {}),
		...marks,
	});
}

/** JSON types that OpenAPI narrows by a format; the second name counts when no format is given. */
const UNFORMATTED: Readonly<Record<string, string>> = {
	string: 'string',
	boolean: 'boolean',
	integer: 'int64',
	number: 'double',
};

function typeName(schema: Node): string {
	if (typeof schema.$ref === 'string') return localName(refName(schema.$ref));
	// `allOf` of one reference carries "nullable"; `oneOf` is how float and double admit INF and NaN as strings.
	const [first] = [...asList(schema.allOf), ...asList(schema.oneOf)];
	if (first) return typeName(asNode(first));
	const fallback = own(UNFORMATTED, textOf(schema.type));
	if (!fallback) return 'object';
	return typeof schema.format === 'string' ? schema.format : fallback;
}

function isNullable(schema: Node): boolean {
	return (
		schema.nullable === true ||
		asList(schema.oneOf).some((alternative) => asNode(alternative).nullable === true)
	);
}

function isEnumSchema(schema: Node): boolean {
	return Array.isArray(schema.enum);
}

/** Schemas that belong to OData and not to 3CX: envelopes, counts, references, annotations. */
function isProtocol(schema: Node, resolve: Resolve): boolean {
	if (schema.type !== 'object' && !schema.allOf && !schema.properties) return true;
	const names = Object.keys(memberSchemas(schema, resolve));
	return (
		envelopeValue(schema, resolve) !== undefined ||
		(names.length > 0 && names.every((name) => name.startsWith('@odata.')))
	);
}

/** What an envelope holds under `value`; undefined when the schema is not an envelope. */
function envelopeValue(schema: Node, resolve: Resolve): Node | undefined {
	const members = memberSchemas(schema, resolve);
	const names = Object.keys(members).filter((name) => !name.startsWith('@odata.'));
	return names.length === 1 && names[0] === 'value' ? asNode(members.value) : undefined;
}

/** Members of an object schema with those of everything it is composed of. */
function memberSchemas(schema: Node, resolve: Resolve, within: readonly Node[] = []): Node {
	const named = asNode(schema.properties);
	resolve.spend(1 + Object.keys(named).length);
	// A type that is, by however many steps, its own base has no members besides those that it names.
	if (within.includes(schema)) return {};
	if (within.length >= MAX_BASES) throw tooComplicated();
	const path = [...within, schema];
	return Object.assign(
		{},
		...asList(schema.allOf).map((part) => memberSchemas(resolve(asNode(part)), resolve, path)),
		named,
	) as Node;
}

/** Bases of bases, and references to references, at most; 3CX has three. */
const MAX_BASES = 20;

/** What a description may cost, in schemas and members looked at; that of 3CX v20 costs under 15,000. */
const MAX_STEPS = 300_000;

const tooComplicated = () =>
	new CatalogueError(
		'The description has types that are too complicated to be those of 3CX. Check what answers at the address of the PBX.',
	);

interface Resolve {
	/** Follows `$ref` within the document; a node without one is returned as it is. */
	(node: Node): Node;
	/** @throws CatalogueError when the document costs too much: a short one can be made to take for ever */
	spend(steps: number): void;
}

function resolverOf(root: Node): Resolve {
	let left = MAX_STEPS;
	const spend = (steps: number) => {
		left -= steps;
		if (left < 0) throw tooComplicated();
	};
	const resolve = (node: Node): Node => {
		let found = node;
		for (let hops = 0; typeof found.$ref === 'string'; hops++) {
			spend(1);
			if (hops >= MAX_BASES) throw tooComplicated();
			found = asNode(targetOf(found.$ref, root));
		}
		return found;
	};
	return Object.assign(resolve, { spend });
}

function targetOf(ref: string, root: Node): unknown {
	const target = ref
		.replace(/^#\//, '')
		.split('/')
		.reduce<unknown>(
			(value, key) => own(asNode(value), key.replace(/~1/g, '/').replace(/~0/g, '~')),
			root,
		);
	if (target !== undefined) return target;
	throw new CatalogueError(
		`The description refers to "${ref}", which it does not contain. Download swagger.yaml again: it may be cut off.`,
	);
}

function refName(ref: string): string {
	return ref.slice(ref.lastIndexOf('/') + 1);
}

function localName(schemaName: string): string {
	return schemaName.startsWith(NAMESPACE) ? schemaName.slice(NAMESPACE.length) : schemaName;
}

function rootOf(path: string): string {
	return /^\/([^/(]*)/.exec(path)?.[1] ?? '';
}

function asNode(value: unknown): Node {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Node)
		: {};
}

function asList(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}

function isEmpty(node: Node): boolean {
	return Object.keys(node).length === 0;
}

/** Sorted by code unit, so that the order does not depend on the machine's locale. */
function sorted<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
	return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
