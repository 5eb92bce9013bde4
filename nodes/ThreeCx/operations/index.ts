import { catalogue, entitySets } from '../../../lib/xapi/catalogue';
import type { Operation } from '../../shared/resource';
import {
	hasRows,
	hasSettings,
	type EntityResource,
	type OwnOperation,
	type XapiResource,
} from '../resource';
import { create } from './create';
import { get } from './get';
import { getAll } from './getAll';
import type { GenericOperation } from './genericOperation';
import { remove } from './delete';
import { settingsOperations } from './settings';
import { update } from './update';
import { upsert } from './upsert';
import { alphabetically } from '../../shared/alphabetical';

/** The generic operations, in the order of their parameters in the panel. */
export const GENERIC_OPERATIONS: readonly GenericOperation[] = [
	upsert,
	create,
	remove,
	getAll,
	get,
	update,
];

/** @returns the generic operations that a resource's entity set has the verbs for; none where there are no rows */
export function genericOperationsOf(resource: XapiResource): GenericOperation[] {
	if (!hasRows(resource)) return [];
	const { entitySet, naturalKeys, without = [] } = resource;
	const verbs = entitySets(catalogue)[entitySet]?.verbs ?? {};
	return GENERIC_OPERATIONS.filter(
		({ name, needs }) =>
			needs.every((verb) => verbs[verb] !== undefined) &&
			!without.includes(name) &&
			(name !== 'upsert' || naturalKeys.length > 0),
	);
}

/** A generic operation as one of a resource; its parameters are declared for several operations at a time. */
const boundTo =
	(resource: EntityResource) =>
	({ name, label, action, description, dryRun, execute }: GenericOperation): Operation => ({
		name,
		label,
		action: action(resource),
		description: description(resource),
		dryRun,
		execute: async (run) => await execute(run, resource),
	});

/** @returns the operations of a resource that do not come from its entity set */
export const ownOperationsOf = (resource: XapiResource): OwnOperation[] => [
	...(hasSettings(resource) ? settingsOperations(resource) : []),
	...(resource.operations ?? []),
];

/** @returns all operations of a resource, the generic ones and its own, in alphabetical order */
export function operationsOf(resource: XapiResource): Operation[] {
	const generic = hasRows(resource) ? genericOperationsOf(resource).map(boundTo(resource)) : [];
	return [...generic, ...ownOperationsOf(resource)].sort(alphabetically(({ label }) => label));
}
