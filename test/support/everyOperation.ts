import {
	displayParameter,
	type IDataObject,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyOptions,
	type INodeTypeDescription,
} from 'n8n-workflow';

/** Every operation of a node, filled in as its panel demands: for tests of what all of them have in common. */

/** Where a value by type alone is refused before anything is asked. */
export const FITTING: IDataObject = {
	confirm: 'purge',
	emailAddress: 'anna@example.com',
	newKey: '1',
	key: '1',
	xapiOperation: { __rl: true, mode: 'name', value: 'ListUser' },
	callTo: '101',
	destination: '101',
	number: '100',
	participantId: { __rl: true, mode: 'id', value: '1' },
};

/** A value for a parameter that has to be filled in. */
function valueOf({ name, type, options, modes, default: preset }: INodeProperties): unknown {
	if (name in FITTING) return FITTING[name];
	if (type === 'resourceLocator') {
		const mode = modes?.find((each) => each.name !== 'list')?.name ?? 'id';
		return { __rl: true, mode, value: '1' };
	}
	if (type === 'options')
		return preset || (options as INodePropertyOptions[] | undefined)?.[0]?.value || '1';
	if (type === 'multiOptions') return ['1'];
	if (type === 'number') return 1;
	if (type === 'dateTime') return '2026-11-02T10:00:00';
	if (type === 'string') return preset || '100';
	return undefined;
}

/** An operation, ready to run. */
export interface OperationCase {
	type: string;
	parameters: INodeParameters;
}

/** @returns every operation of a node, with all that its panel demands, under `resource: operation` */
export function operationsOf(
	type: string,
	description: INodeTypeDescription,
): Array<[string, OperationCase]> {
	const { properties } = description;
	const choices = (name: string, parameters: INodeParameters) =>
		properties
			.filter((each) => each.name === name && displayParameter(parameters, each, null, description))
			.flatMap(({ options }) =>
				(options as INodePropertyOptions[]).map(({ value }) => String(value)),
			);
	return choices('resource', {}).flatMap((resource) =>
		choices('operation', { resource }).map((operation): [string, OperationCase] => {
			const parameters: INodeParameters = { resource, operation };
			const isShown = (each: INodeProperties) =>
				displayParameter(parameters, each, null, description);
			for (const property of properties) {
				if (property.name in parameters || !isShown(property)) continue;
				const isNeeded = property.required === true || property.name in FITTING;
				const value =
					isNeeded || property.type === 'resourceLocator' ? valueOf(property) : property.default;
				if (value !== undefined) parameters[property.name] = value as INodeParameters;
			}
			return [`${resource}: ${operation}`, { type, parameters }];
		}),
	);
}
