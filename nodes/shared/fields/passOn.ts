import type { IDataObject, INodeProperties } from 'n8n-workflow';

/** Stands for all fields. */
const ALL = '*';

/** What of the input item stays beside what the operation gives, so that a later step still knows the tenant or the leaver. */
export const passOnField: INodeProperties = {
	displayName: 'Pass On Input Fields',
	name: 'passOn',
	type: 'string',
	default: ALL,
	placeholder: 'e.g. tenant, ticket',
	description:
		'The fields of the input item to keep in each output item, separated by commas; * for all. Where the operation returns a field of the same name, that one is kept.',
};

/**
 * The part of an input item that is passed on.
 *
 * @param chosen what the field holds: names with commas between, a list of names, or `*`; nothing where it was not added
 * @param input JSON of the input item
 * @returns its fields of these names; those that it does not have are left out
 */
export function passedOn(chosen: unknown, input: IDataObject): IDataObject {
	const names = [chosen]
		.flat()
		.flatMap((name) => String(name ?? '').split(','))
		.map((name) => name.trim());
	if (names.includes(ALL)) return { ...input };
	const kept = names.filter((name) => name !== '' && Object.hasOwn(input, name));
	return Object.fromEntries(kept.map((name) => [name, input[name]]));
}
