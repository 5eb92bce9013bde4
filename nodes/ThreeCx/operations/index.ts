import { catalogue, entitySets } from '../../../lib/xapi/catalogue';
import type { Resource } from '../resource';
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
	get,
	getAll,
	update,
];

/** @returns the generic operations that a resource's entity set has the verbs for */
export function operationsFor({ entitySet }: Resource): GenericOperation[] {
	const verbs = entitySets(catalogue)[entitySet]?.verbs ?? {};
	return GENERIC_OPERATIONS.filter(({ needs }) => needs.every((verb) => verbs[verb] !== undefined));
}
