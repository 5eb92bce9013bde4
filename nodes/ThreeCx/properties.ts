import type { INodeProperties } from 'n8n-workflow';
import {
	declaredOnce,
	operationProperty,
	parametersOf,
	resourceProperty,
	shownInShort,
} from '../shared/panel';
import { requestOptionsProperty } from '../shared/requestOptions';
import { dryRunProperty } from '../shared/fields/dryRun';
import { showFor, type Resource } from '../shared/resource';
import { GENERIC_OPERATIONS, genericOperationsOf, operationsOf } from './operations';
import type { ShowForAll } from './operations/genericOperation';
import { sectionProperties } from './fields/body';
import { locatorProperty } from './locator';
import { hasRows, hasSettings, type XapiResource } from './resource';
import { RESOURCES } from './resources';
import { user } from './resources/user';

/** What the node has, as the panel shows it and as it is run. */
export const panelResources: readonly Resource[] = RESOURCES.map((resource) => {
	const { name, label, description } = resource;
	const operations = operationsOf(resource);
	const first = operations.find((operation) => operation.name === 'getAll')?.name;
	return { name, label, description, operations, first };
});

/** Shows a parameter for some generic operations of every resource that has one of them. */
const showForAll: ShowForAll = (operations, which = () => true) => ({
	show: {
		resource: RESOURCES.filter(
			(resource) =>
				which(resource) && genericNames(resource).some((name) => operations.includes(name)),
		).map(({ name }) => name),
		operation: operations,
	},
});

/** What a resource has of the operations that are alike for many. */
const genericNames = (resource: XapiResource) => [
	...genericOperationsOf(resource).map(({ name }) => name),
	...(hasSettings(resource) ? (['updateSettings'] as const) : []),
];

/** The generic operations that work on one row, which a locator names. */
const ON_ROW = ['get', 'update', 'delete'];

/** The locator of a resource, shown for every operation on one row. */
function locatorOf(resource: XapiResource): INodeProperties[] {
	const own = (resource.operations ?? []).filter(({ onRow }) => onRow).map(({ name }) => name);
	const generic = genericOperationsOf(resource)
		.map(({ name }) => name)
		.filter((name) => ON_ROW.includes(name));
	const operations = [...generic, ...own];
	return hasRows(resource) && operations.length > 0
		? [locatorProperty(resource, ...operations)]
		: [];
}

/** The parameters of the generic operations that differ from resource to resource. */
const genericParametersOf = (resource: XapiResource): INodeProperties[] =>
	hasRows(resource)
		? genericOperationsOf(resource).flatMap(({ properties }) => properties?.(resource) ?? [])
		: [];

/** The switch for all operations that have a dry run. */
const dryRunOf = (resource: Resource): INodeProperties[] => {
	const names = resource.operations.filter(({ dryRun }) => dryRun).map(({ name }) => name);
	return names.length === 0
		? []
		: [{ ...dryRunProperty, displayOptions: showFor(resource, ...names) }];
};

/** The Resource and Operation dropdowns and all parameters of the 3CX node, put together from the resources. */
export const properties: INodeProperties[] = [
	resourceProperty(panelResources, user),
	...panelResources.map(operationProperty),
	...shownInShort(
		panelResources,
		declaredOnce(panelResources, [
			...RESOURCES.flatMap(locatorOf),
			...RESOURCES.flatMap(genericParametersOf),
			// One after the other, so that those of several resources become one.
			...RESOURCES.filter(hasRows).flatMap(sectionProperties),
			...panelResources.flatMap(parametersOf),
			...GENERIC_OPERATIONS.flatMap(({ shared }) => shared?.(showForAll) ?? []),
			...panelResources.flatMap(dryRunOf),
		]),
	),
	requestOptionsProperty,
];
