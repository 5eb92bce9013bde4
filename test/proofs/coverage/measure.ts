import {
	catalogue as shipped,
	entitySets,
	enumMembers,
	navigationPropertiesOf,
	operation as lookUp,
	parseType,
	propertiesOf,
	type Catalogue,
	type NamedOperation,
} from '../../../lib/xapi/catalogue';
import { buildCatalogue } from '../../../lib/xapi/catalogueFromOpenApi';
import { sampleMembers } from '../../../lib/xapi/sample';
import { withCatalogue } from '../../../nodes/ThreeCx/anyOperation/catalogues';
import {
	bodyMembers,
	pathParameters,
	requestOf,
	type OperationValues,
	type QueryValues,
} from '../../../nodes/ThreeCx/anyOperation/request';
import { genericOperationsOf, ownOperationsOf } from '../../../nodes/ThreeCx/operations';
import { hasRows, type XapiResource } from '../../../nodes/ThreeCx/resource';
import { instantIn } from '../../../nodes/shared/time';
import { judgeOf } from './judge';

/** What the coverage proof found. */
export interface Coverage {
	/** Operations of the description. */
	operations: number;
	/** Those that Any Operation can build requests for. */
	callable: number;
	/** Those whose requests the description accepts, all of them. */
	valid: number;
	/** Those that resources with a panel of their own use. */
	curated: number;
	/** Resources with a panel of their own. */
	resources: number;
	failures: Array<{ operation: string; problems: string[] }>;
}

/** Texts that break whatever is not escaped: quotes, separators, what a URL reserves, and more than ASCII. */
const TEXT = "O'Brien & Söhne, 100% #1/2+3 (a=b)?";

/** A zone with an offset, so that dates have to be converted. */
const ZONE = 'Europe/Berlin';

/**
 * Builds requests for every operation of a description the way the 3CX node does, and has each judged by the description.
 * An operation is asked for twice: with everything filled in, and with only what must be.
 *
 * @param document the description, as a YAML parser gives it
 * @param resources the resources of the node
 */
export async function measure(
	document: unknown,
	resources: readonly XapiResource[],
): Promise<Coverage> {
	const judge = judgeOf(document);
	const described = operationsIn(document);
	const own = buildCatalogue(document);
	const results = await Promise.all(
		described.map(async ({ id, name }) => {
			const problems = await problemsOf(id, name, own, judge).catch((error: Error) => [
				`${NOT_BUILT}: ${error.message}`,
			]);
			return { operation: id, problems };
		}),
	);
	const failures = results.filter(({ problems }) => problems.length > 0);
	const notBuilt = failures.filter(({ problems }) =>
		problems.some((problem) => problem.startsWith(NOT_BUILT)),
	);
	const panels = panelsOf(resources);
	const used = new Set(panels.flatMap(operationsUsedBy));
	return {
		operations: described.length,
		callable: described.length - notBuilt.length,
		valid: described.length - failures.length,
		curated: described.filter(({ id }) => used.has(id)).length,
		resources: panels.length,
		failures,
	};
}

const NOT_BUILT = 'no request';

/** The resources with a panel of their own: all but Any Operation, which has every operation of XAPI. */
const panelsOf = (resources: readonly XapiResource[]) =>
	resources.filter(({ name }) => name !== 'anyOperation');

/**
 * @param resources the resources of the node
 * @returns operationIds of the shipped catalogue that no resource calls, by entity set or settings object (`Sbcs`)
 */
export function leftOver(resources: readonly XapiResource[]): Map<string, string[]> {
	const used = new Set(panelsOf(resources).flatMap(operationsUsedBy));
	const left = new Map<string, string[]>();
	for (const [id, { path }] of Object.entries(shipped.operations)) {
		if (used.has(id)) continue;
		const [, set = path] = /^\/(\w+)/.exec(path) ?? [];
		left.set(set, [...(left.get(set) ?? []), id]);
	}
	return new Map([...left].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Every operation of the description, by its operationId and by method and path: read from the document itself. */
function operationsIn(document: unknown): Array<{ id: string; name: string }> {
	const { paths = {} } = document as { paths?: Record<string, Record<string, unknown>> };
	return Object.entries(paths).flatMap(([path, item]) =>
		Object.entries(item)
			.filter(([method]) => /^(get|post|put|patch|delete)$/.test(method))
			.map(([method, operation]) => {
				const name = `${method.toUpperCase()} ${path}`;
				const { operationId = name } = operation as { operationId?: string };
				return { id: operationId, name };
			}),
	);
}

async function problemsOf(
	id: string,
	name: string,
	own: Catalogue,
	judge: ReturnType<typeof judgeOf>,
): Promise<string[]> {
	const found = lookUp(own, id);
	if (!found) return [`${NOT_BUILT}: the catalogue does not have it`];
	const operation = { id, ...found };
	const instant = instantIn(ZONE);
	const verdicts = await Promise.all(
		[everything(operation, own), theLeast(operation, own)].map(async (values) =>
			judge(
				await withCatalogue(
					async () => await Promise.resolve(own),
					(catalogue) => requestOf(values, { catalogue, instant }),
				),
			),
		),
	);
	return [
		...new Set(
			verdicts.flatMap(({ reaches, problems }) => [
				...(reaches === name ? [] : [`it reaches ${reaches ?? 'no operation'}`]),
				...problems,
			]),
		),
	];
}

/** The panel with all that an operation takes. */
function everything(operation: NamedOperation, own: Catalogue): OperationValues {
	return {
		operation: operation.id,
		parameters: asTyped(sampleMembers(own, pathParameters(operation), { text: TEXT })),
		body: asTyped(sampleMembers(own, bodyMembers(operation, own), { text: TEXT })),
		query: queryValues(operation, own),
		limit: 50,
	};
}

/** The panel with what nobody can leave out; the rest is up to the node. */
function theLeast(operation: NamedOperation, own: Catalogue): OperationValues {
	const needed = (types: Readonly<Record<string, string>>) =>
		Object.fromEntries(
			Object.entries(types).filter(([, expression]) => {
				const { name, nullable } = parseType(expression);
				return !nullable && name !== 'boolean';
			}),
		);
	const isAction = typeof operation.body === 'object';
	return {
		operation: operation.id,
		parameters: asTyped(sampleMembers(own, needed(pathParameters(operation)), { text: TEXT })),
		body: isAction
			? asTyped(sampleMembers(own, needed(bodyMembers(operation, own)), { text: TEXT }))
			: null,
	};
}

/** Values as people type them: JSON as text, dates by the clock on the wall, numbers as text. */
function asTyped(values: Record<string, unknown>): NonNullable<OperationValues['body']> {
	return Object.fromEntries(
		Object.entries(values).map(([name, value]) => {
			if (typeof value === 'object') return [name, JSON.stringify(value)];
			if (typeof value === 'boolean') return [name, value];
			return [name, String(value).replace(/^(\d{4}-\d\d-\d\dT[\d:]+)Z$/, '$1')];
		}),
	);
}

function queryValues({ query, returns }: NamedOperation, own: Catalogue): QueryValues {
	const type = parseType(returns ?? 'object').name;
	const linked = Object.keys(navigationPropertiesOf(own, type));
	const fields = Object.entries(propertiesOf(own, type))
		.filter(([name, expression]) => !linked.includes(name) && isScalar(own, expression))
		.map(([name]) => name);
	const [first] = fields;
	const values: Record<string, [option: string, value: string | undefined]> = {
		select: ['$select', fields.slice(0, 3).join(', ') || undefined],
		expand: ['$expand', linked[0] && `${linked[0]}($top=1)`],
		filter: ['$filter', first && `${first} ne null and not (${first} eq null)`],
		search: ['$search', TEXT],
		sort: ['$orderby', first && `${first} desc`],
	};
	return Object.fromEntries(
		Object.entries(values).flatMap(([name, [option, value]]) =>
			value !== undefined && query.includes(option) ? [[name, value]] : [],
		),
	);
}

const isScalar = (own: Catalogue, expression: string) => {
	const { name, array } = parseType(expression);
	return !array && (!Object.hasOwn(own.types, name) || enumMembers(own, name).length > 0);
};

/**
 * The operations of XAPI that a resource calls: what its generic operations need from its entity set, and what its own
 * operations say that they use.
 */
export function operationsUsedBy(resource: XapiResource): string[] {
	const own = ownOperationsOf(resource).flatMap(({ uses = [] }) => uses);
	if (!hasRows(resource)) return own;
	const { entitySet, naturalKeys, draft = [] } = resource;
	const { verbs = {}, alternateKeys = {} } = entitySets(shipped)[entitySet] ?? {};
	const generic = genericOperationsOf(resource).flatMap(({ needs }) => needs);
	// Get reads a row by its alternate key where the locator offers that key, see `locate`.
	const isReadByNumber =
		generic.includes('get') && naturalKeys.some(({ property }) => property in alternateKeys);
	const needed = isReadByNumber ? [...generic, 'getByAlternateKey' as const] : generic;
	return [...needed.flatMap((verb) => verbs[verb] ?? []), ...own, draft].flat();
}
