import {
	NodeOperationError,
	type IDisplayOptions,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeProperties,
} from 'n8n-workflow';
import { showFor, type Operation, type Resource } from './resource';
import { runItems, type ItemResult, type ItemRun } from './router';

/** From resources and their operations to what n8n shows and runs: the same for all action nodes. */

/** The Resource dropdown; `first` is what it holds before anybody has chosen. */
export const resourceProperty = (
	resources: readonly Resource[],
	{ name: first }: Pick<Resource, 'name'>,
): INodeProperties => ({
	displayName: 'Resource',
	name: 'resource',
	type: 'options',
	noDataExpression: true,
	options: resources.map(({ label, name, description }) => ({
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

/** A parameter that is shown where `display` says so, and where it is shown by itself. */
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

/**
 * Carries out for each item the operation that its parameters name: the `execute` of an action node.
 *
 * @param context n8n's execution context
 * @param resources what the node has
 * @param explain words an error of an operation better, where the node knows more than the operation
 * @returns the node's output
 */
export async function runOperations(
	context: IExecuteFunctions,
	resources: readonly Resource[],
	explain: (error: unknown, run: ItemRun) => unknown = (error) => error,
): Promise<INodeExecutionData[][]> {
	return await runItems(context, async (run): Promise<ItemResult> => {
		const operation = chosenOperation(context, resources, run);
		return await operation.execute(run).catch(async (error: unknown) => {
			throw await explain(error, run);
		});
	});
}

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
	const [message, field] = resource
		? [`${resource.label} has no operation "${operationName}"`, 'operation']
		: [`There is no resource "${resourceName}"`, 'resource'];
	throw new NodeOperationError(context.getNode(), message, {
		description: `Choose the ${field} from the list.`,
		itemIndex: run.index,
	});
}
