import type { INodeProperties } from 'n8n-workflow';
import { requestOptionsProperty } from '../shared/requestOptions';
import { GENERIC_OPERATIONS, genericOperationsOf, operationsOf } from './operations';
import type { ShowForAll } from './operations/operation';
import { locatorProperty } from './locator';
import { hasRows, showFor, type Resource } from './resource';
import { RESOURCES } from './resources';

/** Shows a parameter for some generic operations of every resource that has one of them. */
const showForAll: ShowForAll = (...operations) => ({
	show: {
		resource: RESOURCES.filter((resource) =>
			genericOperationsOf(resource).some(({ name }) => operations.includes(name)),
		).map(({ name }) => name),
		operation: operations,
	},
});

/** The generic operations that work on one row, which a locator names. */
const ON_ROW = ['get', 'update', 'delete'];

const operationProperty = (resource: Resource): INodeProperties => {
	const operations = operationsOf(resource);
	const preferred = operations.find(({ name }) => name === 'getAll') ?? operations[0];
	const first = preferred?.name ?? '';
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource.name] } },
		options: operations.map(({ label, name, action, description }) => ({
			name: label,
			value: name,
			action,
			description,
		})),
		default: first,
	};
};

/** The locator of a resource, shown for every operation on one row. */
function locatorOf(resource: Resource): INodeProperties[] {
	const own = (resource.operations ?? []).filter(({ onRow }) => onRow).map(({ name }) => name);
	const generic = genericOperationsOf(resource)
		.map(({ name }) => name)
		.filter((name) => ON_ROW.includes(name));
	const operations = [...generic, ...own];
	return hasRows(resource) && operations.length > 0
		? [locatorProperty(resource, ...operations)]
		: [];
}

/** The parameters of the operations that only one resource has. */
const ownProperties = (resource: Resource): INodeProperties[] =>
	(resource.operations ?? []).flatMap(({ name, properties: own = [] }) =>
		own.map((property) => {
			const { show, hide } = property.displayOptions ?? {};
			return {
				...property,
				displayOptions: { hide, show: { ...showFor(resource, name).show, ...show } },
			};
		}),
	);

/** The Resource and Operation dropdowns and all parameters of the 3CX node, put together from the resources. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: RESOURCES.map(({ label, name, description }) => ({
			name: label,
			value: name,
			description,
		})),
		default: 'user',
	},
	...RESOURCES.map(operationProperty),
	...RESOURCES.flatMap(locatorOf),
	...RESOURCES.flatMap((resource) =>
		hasRows(resource)
			? genericOperationsOf(resource).flatMap(({ properties: own }) => own?.(resource) ?? [])
			: [],
	),
	...RESOURCES.flatMap(ownProperties),
	...GENERIC_OPERATIONS.flatMap(({ shared }) => shared?.(showForAll) ?? []),
	requestOptionsProperty,
];
