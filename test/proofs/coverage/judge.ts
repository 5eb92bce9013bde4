import Ajv from 'ajv';

/**
 * Judges requests by an OpenAPI 3 description and nothing else: no part of our own request building, catalogue or
 * OData code is used. JSON Schema is ajv's business; what OpenAPI cannot say about OData (texts stand in quotes in a
 * path) is said here, from the OData URL conventions.
 */

/** A request as it goes out. */
export interface SentRequest {
	method: string;
	/** Percent-encoded, from the root of the server on. */
	path: string;
	/** Percent-encoded, without question mark. */
	query?: string;
	body?: unknown;
}

/** What the description says about a request. */
export interface Verdict {
	/** The operation that the request reaches: method and path template; undefined when there is none. */
	reaches?: string;
	/** What is wrong with it; empty for a valid request. */
	problems: string[];
}

type Node = Record<string, unknown>;

const asNode = (value: unknown): Node =>
	typeof value === 'object' && value !== null ? (value as Node) : {};
const asNodes = (value: unknown): Node[] => (Array.isArray(value) ? value.map(asNode) : []);

/** Formats that OpenAPI and OData add to those of JSON Schema; numbers are the business of `minimum` and `maximum`. */
const FORMATS: Record<string, RegExp | { type: 'number'; validate: (value: number) => boolean }> = {
	int32: { type: 'number', validate: (value) => (value | 0) === value },
	int64: { type: 'number', validate: Number.isInteger },
	uint8: { type: 'number', validate: (value) => (value & 255) === value },
	decimal: { type: 'number', validate: Number.isFinite },
	double: { type: 'number', validate: Number.isFinite },
	float: { type: 'number', validate: Number.isFinite },
	duration: /^-?P(?=\d|T\d)(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/,
};

/** Where the document stands for ajv, so that its references can be followed. */
const DOCUMENT = 'description';

/** One operation of the description, ready to be compared with requests. */
interface Candidate {
	method: string;
	template: string;
	/** Matches a path, with a group for each of `names`. */
	pattern: RegExp;
	names: string[];
	parameters: Node[];
	requestBody: Node;
}

/**
 * @param document an OpenAPI 3 description, as a YAML or JSON parser gives it
 * @returns the judge of requests to what it describes
 * @throws Error when a reference in it leads nowhere
 */
export function judgeOf(document: unknown): (request: SentRequest) => Verdict {
	const root = asNode(document);
	// The document itself is no JSON Schema, only what its references lead to is.
	const ajv = new Ajv({
		nullable: true,
		allErrors: true,
		validateSchema: false,
		formats: FORMATS,
	});
	ajv.addSchema(root, DOCUMENT);
	const resolve = (node: Node): Node =>
		typeof node.$ref === 'string' ? resolve(asNode(at(root, node.$ref))) : node;
	const candidates = candidatesOf(root, resolve);
	const server = new URL(String(asNodes(root.servers)[0]?.url ?? '/'), 'http://pbx.invalid');
	const base = server.pathname.replace(/\/$/, '');

	const problemsWith = (value: unknown, schema: Node, name: string): string[] => {
		const validate = ajv.compile({ allOf: [absolute(schema)] });
		if (validate(value)) return [];
		return (validate.errors ?? []).map(
			({ dataPath, message }) => `${name}${dataPath} ${message ?? 'is wrong'}`,
		);
	};

	const judge = (candidate: Candidate, request: SentRequest, values: string[]): string[] => {
		const of = (place: string) => candidate.parameters.filter((entry) => entry.in === place);
		const inPath = of('path').flatMap((parameter) => {
			const text = values[candidate.names.indexOf(String(parameter.name))] ?? '';
			const schema = resolve(asNode(parameter.schema));
			const value = fromLiteral(text, schema);
			return value === undefined
				? [`path parameter ${String(parameter.name)}: ${text} is no literal of its type`]
				: problemsWith(value, schema, `path parameter ${String(parameter.name)}`);
		});
		const unnamed = candidate.names
			.filter((name) => !of('path').some((parameter) => parameter.name === name))
			.map((name) => `path parameter ${name} is not described`);
		const inQuery = queryPairs(request.query).flatMap(([name, text]) => {
			const parameter = of('query').find((entry) => entry.name === name);
			if (!parameter) return [`query option ${name} is not declared`];
			const schema = resolve(asNode(parameter.schema));
			return problemsWith(fromQuery(text, schema), schema, `query option ${name}`);
		});
		return [
			...inPath,
			...unnamed,
			...inQuery,
			...bodyProblems(candidate.requestBody, request.body),
		];
	};

	const bodyProblems = (declared: Node, body: unknown): string[] => {
		const content = asNode(asNode(declared.content)['application/json']).schema;
		if (content === undefined) {
			// `{}` goes with actions that take nothing: it says nothing, and some 3CX operations refuse an empty request.
			return body === undefined || isEmpty(body) ? [] : ['a body is sent, and none is declared'];
		}
		if (body === undefined) return declared.required === true ? ['the body is missing'] : [];
		const schema = asNode(content);
		return [...problemsWith(body, schema, 'body'), ...strangers(body, [schema], resolve, 'body')];
	};

	return (request) => {
		const path = request.path.startsWith(base) ? request.path.slice(base.length) : request.path;
		const reached = candidates.flatMap((candidate) => {
			const match = candidate.method === request.method ? candidate.pattern.exec(path) : null;
			return match ? [{ candidate, values: match.slice(1).map(decodeURIComponent) }] : [];
		});
		const [first] = reached;
		if (!first) return { problems: [`${request.method} ${path} is not described`] };
		return {
			reaches: `${first.candidate.method} ${first.candidate.template}`,
			problems: [
				...(reached.length > 1 ? ['the path fits several operations'] : []),
				...judge(first.candidate, request, first.values),
			],
		};
	};
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

function candidatesOf(root: Node, resolve: (node: Node) => Node): Candidate[] {
	return Object.entries(asNode(root.paths)).flatMap(([template, item]) =>
		METHODS.filter((method) => method in asNode(item)).map((method): Candidate => {
			const operation = asNode(asNode(item)[method]);
			return {
				method: method.toUpperCase(),
				template,
				...patternOf(template),
				parameters: [...asNodes(asNode(item).parameters), ...asNodes(operation.parameters)].map(
					resolve,
				),
				requestBody: resolve(asNode(operation.requestBody)),
			};
		}),
	);
}

/** An OData value within a path: a text in quotes, with inner quotes doubled, or a bare literal. */
const VALUE = "('(?:[^'/]|'')*'|[^'/(),=]+)";

function patternOf(template: string): Pick<Candidate, 'pattern' | 'names'> {
	const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
	const literals = template
		.split(/\{[^}]+\}/)
		.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
	return { pattern: new RegExp(`^${literals.join(VALUE)}$`), names };
}

/** The value that a literal stands for; undefined when it is no literal of the schema's type. */
function fromLiteral(text: string, { type, format, nullable }: Node): unknown {
	if (text === 'null') return nullable === true ? '' : undefined;
	const isQuoted = /^'.*'$/s.test(text);
	const wantsQuotes =
		type === 'string' && !['date-time', 'date', 'time', 'uuid'].includes(String(format));
	if (isQuoted !== wantsQuotes) return undefined;
	if (isQuoted) return text.slice(1, -1).replaceAll("''", "'");
	return type === 'string' ? text : fromText(text, type);
}

function fromText(text: string, type: unknown): unknown {
	if (type === 'boolean') return { true: true, false: false }[text];
	if (type !== 'integer' && type !== 'number') return text;
	return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function queryPairs(query = ''): Array<[string, string]> {
	return query
		.split('&')
		.filter(Boolean)
		.map((pair) => {
			const [name = '', ...rest] = pair.split('=');
			return [decodeURIComponent(name), decodeURIComponent(rest.join('='))];
		});
}

/** Lists are one option with commas (`explode: false`); a comma inside of parentheses belongs to the entry. */
function fromQuery(text: string, { type }: Node): unknown {
	return type === 'array'
		? text.match(/(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+/g)
		: fromText(text, type);
}

/**
 * Members of a value that no schema knows. OpenAPI lets an object have more than it describes, so a misspelt name would
 * pass otherwise.
 */
function strangers(
	value: unknown,
	schemas: Node[],
	resolve: (node: Node) => Node,
	name: string,
): string[] {
	const parts = schemas.flatMap((schema) => partsOf(schema, resolve));
	if (Array.isArray(value)) {
		const items = parts.flatMap(({ items: item }) => (item ? [asNode(item)] : []));
		return value.flatMap((entry, index) => strangers(entry, items, resolve, `${name}[${index}]`));
	}
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([member, inner]) => {
		const found = parts.flatMap(({ properties }) => {
			const schema = asNode(properties)[member];
			return schema === undefined ? [] : [asNode(schema)];
		});
		if (found.length > 0) return strangers(inner, found, resolve, `${name}.${member}`);
		return parts.some(({ properties }) => properties) ? [`${name}.${member} is not described`] : [];
	});
}

/** A schema and everything that it is composed of. */
function partsOf(schema: Node, resolve: (node: Node) => Node): Node[] {
	const own = resolve(schema);
	return [
		own,
		...[...asNodes(own.allOf), ...asNodes(own.oneOf), ...asNodes(own.anyOf)].flatMap((part) =>
			partsOf(part, resolve),
		),
	];
}

/** The schema with its references leading into the document, wherever it is compiled. */
function absolute(schema: Node): Node {
	return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
		key === '$ref' && typeof value === 'string' && value.startsWith('#') ? DOCUMENT + value : value,
	) as Node;
}

function at(root: Node, reference: string): unknown {
	const found = reference
		.replace(/^#\//, '')
		.split('/')
		.reduce<unknown>(
			(node, key) => asNode(node)[key.replace(/~1/g, '/').replace(/~0/g, '~')],
			root,
		);
	if (found !== undefined) return found;
	throw new Error(`The description refers to ${reference}, which it does not contain`);
}

const isEmpty = (value: unknown) =>
	typeof value === 'object' && value !== null && Object.keys(value).length === 0;
