/** The Configuration API: a request below `/xapi/v1`, from an API client that has passed the gate, to its answer. */
import { parseType, type Method, type NamedOperation } from '../../../lib/xapi/catalogue';
import { matching, pageOf, projector, type Project } from '../odata/apply';
import { ODataError, badQuery, notFound } from '../odata/errors';
import { memoised } from '../odata/memo';
import type { Row, TypeModel } from '../odata/model';
import { parseOptions, type QueryOptions } from '../odata/options';
import { parsePath, type Segment } from '../odata/path';
import type { Quirks } from '../quirks';
import type { ApiClient } from '../types';
import { parseJson, readBody, readParameters } from './body';
import { Download, type Context, type Rules } from './context';
import { isAllowed } from './gate';
import { keyValue, parameters } from './literals';
import { rulesOf } from './rules';
import { refuseTimestampFilter } from './rules/reports';
import { sampleResult, sampleRow } from './synthesise';
import { create, merged, remove, update } from './writes';

export interface XapiRequest {
	method: string;
	/** Percent-encoded path below `/xapi/v1/`, without a leading slash. */
	path: string;
	/** Query string as sent, without the question mark. */
	query: string;
	body: string;
	contentType: string | undefined;
	client: ApiClient;
	/** Scheme and host by which the client reached the PBX. */
	origin: string;
}

export interface Answer {
	status: number;
	headers?: Record<string, string>;
	/** JSON text, file content, or nothing. */
	body?: string | Buffer;
}

export interface XapiSettings {
	/** What it does otherwise. */
	quirks: Quirks;
	/** Largest `$top` that entity sets take; null for no limit (protocol 4.3). */
	topLimit: number | null;
	/** Rows in an answer of an entity set without `$top`. */
	pageSize: number;
	/** Whether pages that are not the last carry `@odata.nextLink` (protocol 8.9). */
	nextLink: boolean;
}

/** A query string made ready for a type: parsed, checked, with the projection compiled. */
interface Query {
	options: QueryOptions;
	project: Project;
	/** The parts that decide which rows there are, and in which order. */
	selection: string;
	/** The text of `$filter`. */
	filter?: string;
	/** For `@odata.context`: the selected properties. */
	shape: string;
}

interface Call {
	request: XapiRequest;
	operation: NamedOperation;
	segments: Segment[];
	root: string;
	rules: Rules;
	/** Whether only the number of rows is wanted: `Users/$count`. */
	isCount: boolean;
}

const NO_CONTENT: Answer = { status: 204 };
const COMPILED_QUERIES = 1000;

const json = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
	status,
	headers: {
		'Content-Type': 'application/json; odata.metadata=minimal; odata.streaming=true',
		...headers,
	},
	body: JSON.stringify(value),
});

const text = (content: string): Answer => ({
	status: 200,
	headers: { 'Content-Type': 'text/plain' },
	body: content,
});

/** The answer that an error stands for; anything but an ODataError is a defect of the sandbox and goes on up. */
export function errorAnswer(error: ODataError): Answer {
	const body = error.toBody();
	return body ? json(error.status, body) : { status: error.status };
}

export class Xapi {
	private readonly queries = new Map<string, Query>();
	private readonly handlers: Record<NamedOperation['kind'], (call: Call) => Answer>;

	constructor(
		private readonly context: Context,
		private readonly settings: XapiSettings,
	) {
		this.handlers = {
			entitySet: (call) => (call.request.method === 'POST' ? this.create(call) : this.list(call)),
			entity: (call) => this.entity(call),
			singleton: (call) => this.singleton(call),
			navigation: (call) => this.navigation(call),
			function: (call) => this.invoke(call),
			action: (call) => this.invoke(call),
			media: (call) => this.invoke(call),
		};
	}

	/** @throws ODataError for every refusal; see errorAnswer */
	handle(request: XapiRequest): Answer {
		const whole = parsePath(request.path);
		// `Users/$count` is the number of rows of `Users`, as text.
		const isCount = whole.length > 1 && whole.at(-1)?.name === '$count' && request.method === 'GET';
		const segments = isCount ? whole.slice(0, -1) : whole;
		const operations = this.context.model.match(segments);
		const root = segments[0]?.name ?? '';
		const method = request.method as Method;
		if (!isAllowed(request.client.role, root, method))
			throw new ODataError(403, 'Forbidden', [], true);
		if (!operations) throw notFound();
		const operation = operations.get(method);
		if (!operation) return { status: 405, headers: { Allow: [...operations.keys()].join(', ') } };
		return this.handlers[operation.kind]({
			request,
			operation,
			segments,
			root,
			rules: rulesOf(root),
			isCount,
		});
	}

	private query({ query }: XapiRequest, type: TypeModel): Query {
		const key = `${type.name}?${query}`;
		const known = this.queries.get(key);
		if (known) return known;
		const pairs = [...new URLSearchParams(query)];
		const texts = new Map(pairs);
		const options = parseOptions(pairs);
		if (this.settings.quirks.ignoresExpand) delete options.expand;
		if (this.settings.quirks.noCount) delete options.count;
		const made = {
			options,
			project: projector(type, options, this.context.model),
			selection: JSON.stringify(['$filter', '$search', '$orderby'].map((name) => texts.get(name))),
			filter: texts.get('$filter'),
			shape: options.select ? `(${options.select.join(',')})` : '',
		};
		if (this.queries.size >= COMPILED_QUERIES) this.queries.clear();
		this.queries.set(key, made);
		return made;
	}

	private type(expression: string): TypeModel {
		const type = this.context.model.typeOf(expression);
		if (!type) throw new Error(`The catalogue lacks the type ${expression}.`);
		return type;
	}

	private contextUrl({ origin }: XapiRequest, fragment: string): string {
		return `${origin}/xapi/v1/$metadata#${fragment}`;
	}

	private rows({ root, rules }: Pick<Call, 'root' | 'rules'>): readonly Row[] {
		return rules.rows?.(this.context) ?? this.context.store.rows(root);
	}

	/** `paged`: limits of entity sets hold; report functions and navigation have none (protocol 4.3). */
	private collection(
		call: Call,
		rows: readonly Row[],
		type: TypeModel,
		fragment: string,
		paged: boolean,
	): Answer {
		const { request } = call;
		const query = this.query(request, type);
		const { options, project } = query;
		const { topLimit, pageSize, nextLink, quirks } = this.settings;
		if (paged && topLimit !== null && options.top !== undefined && options.top > topLimit) {
			throw badQuery(
				`The limit of '${topLimit}' for Top query has been exceeded. The value from the incoming request is '${options.top}'.`,
			);
		}
		refuseTimestampFilter(this.context, query.filter);
		const find = () => matching(rows, options, type, this.context.model);
		const found = query.selection.includes('now(') ? find() : memoised(rows, query.selection, find);
		if (call.isCount) return text(String(found.length));
		const { cap = Infinity, emptyList } = quirks;
		const page = pageOf(found, options, paged ? pageSize : undefined).slice(0, cap);
		if (page.length === 0 && emptyList === 'noContent') return NO_CONTENT;
		const end = (options.skip ?? 0) + page.length;
		const hasMore = paged && nextLink && page.length > 0 && end < found.length;
		return json(200, {
			'@odata.context': this.contextUrl(request, fragment + query.shape),
			...(options.count ? { '@odata.count': found.length } : {}),
			...(page.length === 0 && emptyList === 'noValue' ? {} : { value: page.map(project) }),
			...(hasMore ? { '@odata.nextLink': this.nextLink(request, end) } : {}),
		});
	}

	private nextLink({ origin, path, query }: XapiRequest, skip: number): string {
		const parameters = new URLSearchParams(query);
		parameters.set('$skip', String(skip));
		return `${origin}/xapi/v1/${path}?${parameters}`;
	}

	private list(call: Call): Answer {
		const type = this.type(call.operation.returns ?? '');
		return this.collection(call, this.rows(call), type, call.root, true);
	}

	private single(call: Call, row: Row, type: TypeModel, fragment: string, status = 200): Answer {
		const { project, shape } = this.query(call.request, type);
		const url = this.contextUrl(call.request, fragment.replace('/', `${shape}/`));
		return json(status, { '@odata.context': url, ...project(row) });
	}

	private readWritten({ request, operation }: Call): Row {
		requireJson(request);
		return readBody(parseJson(request.body), this.type(String(operation.body)), this.context.model);
	}

	private create(call: Call): Answer {
		const { root, rules, operation, request } = call;
		const row = create(this.context, root, this.readWritten(call), rules);
		const answer = this.single(
			call,
			row,
			this.type(operation.returns ?? ''),
			`${root}/$entity`,
			201,
		);
		const key = Object.keys(this.context.model.sets[root]?.key ?? {})[0] ?? 'Id';
		const value = row[key];
		const literal = typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
		const location = `${request.origin}/xapi/v1/${root}(${encodeURIComponent(literal)})`;
		return { ...answer, headers: { ...answer.headers, Location: location } };
	}

	/** The entity that a path names; 404 when there is none. */
	private find({ root, rules, segments }: Call): Row {
		const [first, second] = segments;
		const [name, literal] = [...(first?.args ?? second?.args ?? [])][0] ?? [];
		if (name === undefined || !literal) throw notFound();
		const { key = {}, alternateKeys = {} } = this.context.model.sets[root] ?? {};
		const [keyName = 'Id'] = Object.keys(key);
		// `number` is the parameter of the older Pbx.GetByNumber.
		const property = name === '' || name === keyName ? keyName : 'Number';
		if (property !== keyName && this.settings.quirks.noAlternateKeys) throw notFound();
		const value = keyValue(literal, key[property] ?? alternateKeys[property] ?? 'int32');
		const row = rules.rows
			? rules.rows(this.context).find((candidate) => candidate[property] === value)
			: this.context.store.find(root, property, value);
		if (!row) throw notFound();
		return row;
	}

	private entity(call: Call): Answer {
		const { root, rules, request, operation } = call;
		const row = this.find(call);
		if (request.method === 'DELETE') {
			remove(this.context, root, row, rules);
			return NO_CONTENT;
		}
		if (request.method === 'PATCH') {
			update(this.context, root, row, this.readWritten(call), rules);
			return NO_CONTENT;
		}
		return this.single(call, row, this.type(operation.returns ?? ''), `${root}/$entity`);
	}

	private stored(root: string, typeName: string): Row {
		return this.context.store.singleton(root, () => ({
			...sampleRow(typeName, this.context.model),
			...structuredClone(rulesOf(root).initial),
		}));
	}

	private settingsRow({ root, rules, request }: Call, typeName: string): Row {
		return { ...this.stored(root, typeName), ...rules.values?.(this.context, request.client) };
	}

	private singleton(call: Call): Answer {
		const { root, request, operation } = call;
		if (request.method === 'PATCH') {
			const body = this.readWritten(call);
			const row = this.stored(root, String(operation.body));
			Object.assign(row, merged(row, body));
			return NO_CONTENT;
		}
		const type = this.type(operation.returns ?? '');
		return this.single(call, this.settingsRow(call, type.name), type, root);
	}

	private navigation(call: Call): Answer {
		const { root, segments, operation } = call;
		const property = segments.at(-1)?.name ?? '';
		const owner = segments[0]?.args ? this.find(call) : this.settingsRow(call, root);
		const type = this.type(operation.returns ?? '');
		return this.collection(
			call,
			(owner[property] ?? []) as Row[],
			type,
			`${segments[0]?.name}/${property}`,
			false,
		);
	}

	private invoke(call: Call): Answer {
		const { operation, segments, rules, request, root } = call;
		const last = segments.at(-1);
		const isBound = segments.length > 1 && segments[0]?.args !== undefined;
		const args =
			operation.kind === 'action'
				? this.actionParameters(call)
				: parameters(last?.args ?? new Map(), operation.parameters);
		const entity =
			isBound && (this.context.model.sets[root] ?? rules.rows) ? this.find(call) : undefined;
		const special = rules.operations?.[last?.name ?? ''];
		const { returns } = operation;
		const result = special
			? special({ context: this.context, client: request.client, args, entity })
			: sampleResult(returns ?? 'object', this.context.model);
		if (result instanceof Download) return download(result);
		if (operation.kind === 'media')
			return download(new Download(Buffer.from(''), 'application/octet-stream', 'export.bin'));
		if (returns === undefined) return NO_CONTENT;
		return this.result(call, returns, result);
	}

	private result(call: Call, returns: string, result: unknown): Answer {
		const { name, array, wrapped } = parseType(returns);
		const type = this.context.model.type(name);
		const fragment = type ? `Pbx.${name}` : `Edm.${name}`;
		if (array && type) {
			return this.collection(
				call,
				result as readonly Row[],
				type,
				`Collection(${fragment})`,
				false,
			);
		}
		// GetRemoteAccessStatus is declared as a bare word, which OData sends as a value, too.
		if (array || wrapped || this.context.model.enumMembers(name)) {
			const url = this.contextUrl(call.request, array ? `Collection(${fragment})` : fragment);
			return json(200, { '@odata.context': url, value: result });
		}
		// DropCall and the like declare an empty IActionResult: 200 and no content to speak of.
		if (!type || type.properties.size === 0) return json(200, {});
		return this.single(call, (result ?? {}) as Row, type, fragment);
	}

	private actionParameters({ request, operation }: Call): Row {
		const declared = operation.body;
		if (request.body === '' && declared === undefined) return {};
		if (declared === undefined && this.settings.quirks.refusesNeedlessBody) {
			throw badQuery('The request has a body, which this operation does not take.');
		}
		requireJson(request);
		const body = parseJson(request.body === '' ? '{}' : request.body);
		if (typeof declared === 'string') {
			return readBody(body, this.type(declared), this.context.model);
		}
		return declared ? readParameters(body, declared, this.context.model) : {};
	}
}

function requireJson({ contentType }: XapiRequest): void {
	if (!/^application\/(?:[\w.]+\+)?json/i.test(contentType ?? '')) {
		throw new ODataError(
			415,
			'The request entity has a media type which the server does not support: send application/json.',
		);
	}
}

const download = ({ content, contentType, fileName }: Download): Answer => ({
	status: 200,
	headers: {
		'Content-Type': contentType,
		'Content-Disposition': `attachment; filename="${fileName}"`,
	},
	body: content,
});
