import { stringify } from 'yaml';
import { parseType, type Catalogue, type XapiOperation } from '../../../lib/xapi/catalogue';

type Schema = Record<string, unknown>;

const NAMESPACE = 'Pbx.';
const ENVELOPE = 'BaseCollectionPaginationCountResponse';

/** Built once per catalogue: a simulated PBX is asked for it on every start of an editor. */
const rendered = new WeakMap<Catalogue, string>();

/**
 * Renders a catalogue as the OpenAPI 3.0 document that a PBX serves at `/xapi/v1/swagger.yaml`, in the dialect of 3CX's
 * generator (Microsoft.OpenApi.OData): namespaced schemas, envelopes for collections, one reference in `allOf` where a
 * value may be null. Of prose it has only what OpenAPI demands.
 *
 * @returns YAML text
 */
export function swaggerFrom(catalogue: Catalogue): string {
	const known = rendered.get(catalogue);
	if (known !== undefined) return known;
	const text = stringify(documentOf(catalogue), { lineWidth: 0, aliasDuplicateObjects: false });
	rendered.set(catalogue, text);
	return text;
}

function documentOf(catalogue: Catalogue): Schema {
	const paths: Record<string, Schema> = {};
	for (const [id, operation] of Object.entries(catalogue.operations)) {
		const item = (paths[operation.path] ??= {});
		item[operation.method.toLowerCase()] = operationObject(id, operation);
	}
	return {
		openapi: '3.0.4',
		info: { title: 'XAPI', version: catalogue.version },
		servers: [{ url: '/xapi/v1' }],
		paths,
		components: { schemas: schemasOf(catalogue) },
	};
}

/** The generator's mark of bound and unbound calls, without which an import looks like an entity set. */
const DOCS_TYPE: Readonly<Partial<Record<XapiOperation['kind'], string>>> = {
	function: 'function',
	media: 'function',
	action: 'action',
};

function operationObject(id: string, operation: XapiOperation): Schema {
	const { tag, kind, parameters, query, body, returns, path, status } = operation;
	const docsType = DOCS_TYPE[kind];
	return {
		tags: [tag],
		operationId: id,
		parameters: [
			...Object.entries(parameters).map(([name, type]) => parameterObject(name, type, path)),
			...query.map((name) => ({ name, in: 'query', schema: QUERY_SCHEMAS[name] ?? STRING })),
		],
		...(body === undefined ? {} : { requestBody: { content: json(bodySchema(body)) } }),
		responses: {
			[String(status)]: {
				description: 'Success',
				...(returns === undefined ? {} : { content: json(resultSchema(returns)) }),
			},
			default: { description: 'Error', content: json(reference('ODataErrors.ODataError')) },
		},
		...(docsType === undefined ? {} : { 'x-ms-docs-operation-type': docsType }),
	};
}

const STRING: Schema = { type: 'string' };
const ROW_COUNT: Schema = { type: 'integer', format: 'int64', minimum: 0 };
const QUERY_SCHEMAS: Readonly<Record<string, Schema>> = {
	$top: ROW_COUNT,
	$skip: ROW_COUNT,
	$count: { type: 'boolean' },
};

function parameterObject(name: string, type: string, path: string): Schema {
	const inPath = path.includes(`{${name}}`);
	return {
		name,
		in: inPath ? 'path' : 'header',
		...(parseType(type).optional ? {} : { required: true }),
		schema: schemaOf(type),
	};
}

function bodySchema(body: string | Record<string, string>): Schema {
	return typeof body === 'string' ? schemaOf(body) : objectSchema(body);
}

function resultSchema(returns: string): Schema {
	const { array, wrapped } = parseType(returns);
	if (wrapped) return { type: 'object', properties: { value: schemaOf(returns) } };
	return array ? envelope(returns) : schemaOf(returns);
}

function envelope(rows: string): Schema {
	return {
		type: 'object',
		allOf: [{ $ref: `#/components/schemas/${ENVELOPE}` }, objectSchema({ value: rows })],
	};
}

function schemasOf({ enums, types }: Catalogue): Record<string, Schema> {
	return {
		[ENVELOPE]: {
			type: 'object',
			properties: { '@odata.count': { type: 'integer', format: 'int64', nullable: true } },
		},
		...mapEntries(enums, (members) => ({ type: 'string', enum: members })),
		...mapEntries(types, ({ base, properties }) =>
			base === undefined
				? objectSchema(properties)
				: { allOf: [reference(base), objectSchema(properties)] },
		),
	};
}

function mapEntries<T>(
	record: Record<string, T>,
	render: (value: T) => Schema,
): Record<string, Schema> {
	return Object.fromEntries(
		Object.entries(record).map(([name, value]) => [schemaName(name), render(value)]),
	);
}

function objectSchema(properties: Record<string, string>): Schema {
	return {
		type: 'object',
		properties: Object.fromEntries(
			Object.entries(properties).map(([name, type]) => [name, schemaOf(type)]),
		),
	};
}

/** JSON type and format of the primitives; any other name refers to a schema. */
const PRIMITIVE_SCHEMAS: Readonly<Record<string, Schema>> = {
	string: STRING,
	boolean: { type: 'boolean' },
	object: { type: 'object' },
	int32: { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
	...Object.fromEntries(
		['int64', 'uint8', 'decimal'].map((format) => [format, { type: 'integer', format }]),
	),
	...Object.fromEntries(['double', 'float'].map((format) => [format, { type: 'number', format }])),
	...Object.fromEntries(
		['date-time', 'date', 'time', 'duration', 'uuid'].map((format) => [
			format,
			{ type: 'string', format },
		]),
	),
};

function schemaOf(expression: string): Schema {
	const { name, array, nullable, navigation, maxLength } = parseType(expression);
	const inner = {
		...(PRIMITIVE_SCHEMAS[name] ?? reference(name)),
		...(maxLength === undefined ? {} : { maxLength }),
	};
	// Nothing may stand beside a $ref in OpenAPI 3.0, so marks go around it.
	const marked = (nullable || navigation) && !array && '$ref' in inner;
	return {
		...(array ? { type: 'array', items: inner } : marked ? { allOf: [inner] } : inner),
		...(nullable ? { nullable: true } : {}),
		...(navigation ? { 'x-ms-navigationProperty': true } : {}),
	};
}

function reference(name: string): Schema {
	return { $ref: `#/components/schemas/${schemaName(name)}` };
}

/** Everything 3CX declares is in its namespace, save the numeric stand-ins of the generator. */
function schemaName(name: string): string {
	return name === 'ReferenceNumeric' ? name : NAMESPACE + name;
}

function json(schema: Schema): Schema {
	return { 'application/json': { schema } };
}
