import {
	NodeOperationError,
	type IDisplayOptions,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
} from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { choicesOf } from './choices';
import { showFor, type Operation, type Resource } from './resource';
import { runItems, type ItemResult, type ItemRun } from './router';

/** From resources and their operations to what n8n shows and runs: the same for all action nodes. */

/** The Resource dropdown; `first` is what it holds before anybody has chosen, and stands on top. */
export const resourceProperty = (
	resources: readonly Resource[],
	{ name: first }: Pick<Resource, 'name'>,
): INodeProperties => ({
	displayName: 'Resource',
	name: 'resource',
	type: 'options',
	noDataExpression: true,
	options: [
		...resources.filter(({ name }) => name === first),
		...resources.filter(({ name }) => name !== first),
	].map(({ label, name, description }) => ({
		name: label,
		value: name,
		...(description === undefined ? {} : { description }),
	})),
	default: first,
});

/** The Operation dropdown of a resource. */
export const operationProperty = ({
	name: resource,
	operations,
	first = operations[0]?.name,
}: Resource): INodeProperties => ({
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	displayOptions: { show: { resource: [resource] } },
	options: operations.map(({ label, name, action, description }) => ({
		name: label,
		value: name,
		action,
		description,
	})),
	default: first,
});

/** Combines `display` with the display options of the parameter itself. */
export const shownWhere = (
	property: INodeProperties,
	{ show, hide }: IDisplayOptions,
): INodeProperties => {
	const { displayOptions: own } = property;
	const hidden = { ...hide, ...own?.hide };
	return {
		...property,
		displayOptions: {
			show: { ...show, ...own?.show },
			...(Object.keys(hidden).length === 0 ? {} : { hide: hidden }),
		},
	};
};

/** The parameters of the operations of a resource, each shown for its operation only. */
export const parametersOf = (resource: Resource): INodeProperties[] =>
	resource.operations.flatMap(({ name, properties = [] }) =>
		properties.map((property) => shownWhere(property, showFor(resource, name))),
	);

/** What a parameter is, and for which operations of which resources it is shown. */
interface Placed {
	property: INodeProperties;
	/** All of it but resource and operation, to compare. */
	alike: string;
	resources: readonly string[] | undefined;
	operations: readonly string[] | undefined;
}

function placed(property: INodeProperties): Placed {
	const { displayOptions, ...rest } = property;
	const { resource, operation, ...show } = displayOptions?.show ?? {};
	return {
		property,
		alike: JSON.stringify([rest, show, displayOptions?.hide]),
		resources: resource as string[] | undefined,
		operations: operation as string[] | undefined,
	};
}

const overlap = (one: readonly string[] | undefined, other: readonly string[] | undefined) =>
	one === undefined || other === undefined || one.some((name) => other.includes(name));

/** Whether some operation may show both, so that their order counts. */
const meet = (one: Placed, other: Placed) =>
	overlap(one.resources, other.resources) && overlap(one.operations, other.operations);

const union = (one: readonly string[], other: readonly string[]) => [
	...new Set([...one, ...other]),
];

const sameNames = (one: readonly string[] = [], other: readonly string[] = []) =>
	one.length === other.length && one.every((name) => other.includes(name));

/** Whether two are shown for the same resources or for the same operations: then nothing can be shown beyond the two. */
const differInOne = (one: Placed, other: Placed) =>
	sameNames(one.resources, other.resources) || sameNames(one.operations, other.operations);

/** One parameter for what two were for; undefined where one of them is shown for everything. */
const together = (one: Placed, other: Placed): Placed | undefined =>
	one.resources && one.operations && other.resources && other.operations
		? {
				...one,
				resources: union(one.resources, other.resources),
				operations: union(one.operations, other.operations),
			}
		: undefined;

/**
 * Declares a parameter once that several operations have alike: n8n keeps each in memory, and sends all to every editor.
 * Each operation shows the same parameters in the same order as before.
 *
 * @param resources what the node has, to tell which pairs of resource and operation there are
 * @param properties parameters, each shown for some operations of some resources, or for all
 */
export function declaredOnce(
	resources: readonly Resource[],
	properties: readonly INodeProperties[],
): INodeProperties[] {
	const pairs = resources.flatMap(({ name, operations }) =>
		operations.map((operation) => [name, operation.name] as const),
	);
	const shows = (
		{ resources: names = [], operations = [] }: Placed,
		[name, operation]: readonly [string, string],
	) => names.includes(name) && operations.includes(operation);
	const kept: Placed[] = [];
	for (const next of properties.map(placed)) {
		const at = kept.findLastIndex(({ alike }) => alike === next.alike);
		const earlier = kept[at];
		const both = earlier && together(earlier, next);
		const between = kept.slice(at + 1);
		// Resources and operations multiply: together they must not be shown for any pair that neither was shown for.
		const fits =
			both !== undefined &&
			(differInOne(earlier!, next) ||
				pairs.every((pair) => shows(both, pair) === (shows(earlier!, pair) || shows(next, pair))));
		if (fits && !between.some((other) => meet(other, next))) kept[at] = both;
		else if (fits && !between.some((other) => meet(other, earlier!))) {
			kept.splice(at, 1);
			kept.push(both);
		} else kept.push(next);
	}
	return kept.map(({ property, resources: resource, operations: operation }) =>
		resource === undefined || operation === undefined
			? property
			: {
					...property,
					displayOptions: {
						...property.displayOptions,
						show: {
							...property.displayOptions?.show,
							resource: [...resource],
							operation: [...operation],
						},
					},
				},
	);
}

/**
 * Writes conditions as short as they can be: without the operation, where the resources have no others; without the
 * resource, where no other has an operation of that name; or with the few resources that do not show it. What each
 * operation shows stays the same.
 *
 * @param resources what the node has
 * @param properties parameters, each shown for some operations of some resources, or for all
 */
export const shownInShort = (
	resources: readonly Resource[],
	properties: readonly INodeProperties[],
): INodeProperties[] =>
	properties.map((property) => {
		const { resource, operation, ...show } = property.displayOptions?.show ?? {};
		if (!resource || !operation) return property;
		const isShownFor = resources.filter(({ name }) => resource.includes(name));
		const isForAll = isShownFor.every(({ operations }) =>
			operations.every(({ name }) => operation.includes(name)),
		);
		const others = resources
			.filter(({ name }) => !resource.includes(name))
			.filter(({ operations }) => operations.some(({ name }) => operation.includes(name)))
			.map(({ name }) => name);
		const { hide } = property.displayOptions ?? {};
		// Where nearly all resources have it, it is shorter to name those that do not.
		const isForMost = others.length > 0 && others.length + 1 < resource.length && !hide?.resource;
		const where = isForAll
			? { resource }
			: others.length === 0 || isForMost
				? { operation }
				: { resource, operation };
		const hidden = !isForAll && isForMost ? { hide: { ...hide, resource: others } } : {};
		return {
			...property,
			displayOptions: { ...property.displayOptions, show: { ...where, ...show }, ...hidden },
		};
	});

/** What an action node does, and what its panel shows. */
export interface Panel {
	resources: readonly Resource[];
	properties: readonly INodeProperties[];
}

/**
 * Carries out for each item the operation that its parameters name: the `execute` of an action node.
 *
 * @param context n8n's execution context
 * @param panel what the node has
 * @param explain words an error of an operation better, where the node knows more than the operation
 * @returns the node's output
 */
export async function runOperations(
	context: IExecuteFunctions,
	{ resources, properties }: Panel,
	explain: (error: unknown, run: ItemRun) => unknown = (error) => error,
): Promise<INodeExecutionData[][]> {
	const assertOffered = choicesOf(context.getNode(), properties);
	return await runItems(context, async (run): Promise<ItemResult> => {
		const operation = chosenOperation(context, resources, run);
		assertOffered(run);
		if (run.client.dryRun && !operation.dryRun) throw hasNoDryRun(operation);
		return await operation.execute(run).catch(async (error: unknown) => {
			throw await explain(error, run);
		});
	});
}

/** Only where an expression chose the operation: the panel does not show the switch then. */
const hasNoDryRun = ({ label }: Operation) =>
	new ThreeCxError({
		kind: 'input',
		field: 'dryRun',
		message: `"${label}" has no dry run`,
		hint: 'Nothing was sent. Turn off Dry Run to carry the operation out.',
	});

/** Expressions may name the operation, and items may differ in it. */
function chosenOperation(
	context: IExecuteFunctions,
	resources: readonly Resource[],
	run: ItemRun,
): Operation {
	const wanted = (name: string) => run.context.getNodeParameter(name, run.index) as string;
	const [resourceName, operationName] = [wanted('resource'), wanted('operation')];
	const resource = resources.find(({ name }) => name === resourceName);
	const operation = resource?.operations.find(({ name }) => name === operationName);
	if (operation) return operation;
	const [message, field, offered] = resource
		? [`${resource.label} has no operation "${operationName}"`, 'operation', resource.operations]
		: [`There is no resource "${resourceName}"`, 'resource', resources];
	throw new NodeOperationError(context.getNode(), message, {
		description: `Choose the ${field} from the list: ${offered.map(({ name }) => name).join(', ')}.`,
		itemIndex: run.index,
	});
}
