import { catalogue, entitySets } from '../../../lib/xapi/catalogue';
import type { ItemResult, ItemRun } from '../../shared/router';
import { hasRows, type OwnOperation, type Resource } from '../resource';
import { create } from './create';
import { get } from './get';
import { getAll } from './getAll';
import type { GenericOperation } from './operation';
import { remove } from './delete';
import { update } from './update';
import { upsert } from './upsert';

/** The generic operations, in the order of the Operation dropdown and of their parameters in the panel. */
export const GENERIC_OPERATIONS: readonly GenericOperation[] = [
	upsert,
	create,
	remove,
	getAll,
	get,
	update,
];

/** @returns the generic operations that a resource's entity set has the verbs for; none where there are no rows */
export function genericOperationsOf(resource: Resource): GenericOperation[] {
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

/** What an operation is in the Operation dropdown, and how it is carried out for a resource. */
export interface Operation extends Pick<OwnOperation, 'name' | 'label' | 'action' | 'description'> {
	execute: (run: ItemRun) => Promise<ItemResult>;
}

const known = new Map<Resource, Operation[]>();

/** @returns all operations of a resource, the generic ones bound to it, in alphabetical order */
export function operationsOf(resource: Resource): Operation[] {
	// Asked for every item.
	const operations = known.get(resource) ?? sortedOperations(resource);
	known.set(resource, operations);
	return operations;
}

function sortedOperations(resource: Resource): Operation[] {
	const generic = hasRows(resource)
		? genericOperationsOf(resource).map(
				({ name, label, action, description, execute }): Operation => ({
					name,
					label,
					action: action(resource),
					description: description(resource),
					execute: async (run) => await execute(run, resource),
				}),
			)
		: [];
	return [...generic, ...(resource.operations ?? [])].sort((a, b) =>
		a.label.localeCompare(b.label),
	);
}
