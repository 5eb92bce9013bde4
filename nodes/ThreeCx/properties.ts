import type { INodeProperties } from 'n8n-workflow';
import { requestOptionsProperty } from '../shared/requestOptions';
import { GENERIC_OPERATIONS, operationsFor } from './operations';
import type { ShowForAll } from './operations/operation';
import { RESOURCES } from './resources';

const showForAll: ShowForAll = (...operations) => ({
	show: {
		resource: RESOURCES.filter((resource) =>
			operationsFor(resource).some(({ name }) => operations.includes(name)),
		).map(({ name }) => name),
		operation: operations,
	},
});

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
	...RESOURCES.map(
		(resource): INodeProperties => ({
			displayName: 'Operation',
			name: 'operation',
			type: 'options',
			noDataExpression: true,
			displayOptions: { show: { resource: [resource.name] } },
			options: operationsFor(resource)
				.map(({ label, name, action, description }) => ({
					name: label,
					value: name,
					action: action(resource),
					description: description(resource),
				}))
				.sort((a, b) => a.name.localeCompare(b.name)),
			default: 'getAll',
		}),
	),
	...RESOURCES.flatMap((resource) =>
		operationsFor(resource).flatMap(({ properties: own }) => own?.(resource) ?? []),
	),
	...GENERIC_OPERATIONS.flatMap(({ shared }) => shared?.(showForAll) ?? []),
	requestOptionsProperty,
];
