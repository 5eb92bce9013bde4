import type { INodeProperties } from 'n8n-workflow';
import type { ItemResult, ItemRun } from '../shared/router';

/** One operation of the node: what the panel shows for it, and what it does. A file each. */
export interface Operation {
	/** Value of the Operation field. */
	name: string;
	/** In the Operation field. */
	label: string;
	/** As n8n lists it among all actions, in sentence case. */
	action: string;
	description: string;
	/** Its fields; they are shown for this operation only. */
	fields: INodeProperties[];
	execute(run: ItemRun): Promise<ItemResult>;
}

/** What an operation is about. */
export interface Resource {
	name: string;
	label: string;
	operations: Operation[];
	/** What the panel offers before anybody has chosen; default the first. */
	first?: Operation;
}

/** The fields of the panel: resource, operation, and what each operation needs. */
export function propertiesOf(resources: Resource[]): INodeProperties[] {
	// Most come here to do something with a call.
	const { name: firstResource } = resources.find(({ first }) => first) ?? resources[0]!;
	return [
		{
			displayName: 'Resource',
			name: 'resource',
			type: 'options',
			noDataExpression: true,
			options: resources.map(({ name, label }) => ({ name: label, value: name })),
			default: firstResource,
		},
		...resources.map(operationField),
		...resources.flatMap((resource) =>
			resource.operations.flatMap(({ name, fields }) =>
				fields.map((field) => ({
					...field,
					displayOptions: {
						...field.displayOptions,
						show: { ...field.displayOptions?.show, resource: [resource.name], operation: [name] },
					},
				})),
			),
		),
	];
}

function operationField({ name, operations, first }: Resource): INodeProperties {
	const { name: firstOperation } = first ?? operations[0]!;
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [name] } },
		options: operations.map(({ name: value, label, action, description }) => ({
			name: label,
			value,
			action,
			description,
		})),
		default: firstOperation,
	};
}
