import { isDeepStrictEqual } from 'node:util';

type Row = Record<string, unknown>;

/** What becomes of a property, in the output; a list of extensions is one of their numbers. */
export interface Change {
	/** Null where there was nothing. */
	from: unknown;
	to: unknown;
}

/** What becomes of the properties of a row, by their names. */
export type Changes = Record<string, Change>;

const isRow = (value: unknown): value is Row =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** XAPI leaves null properties out of its answers, so an absent one equals null; texts it keeps empty equal null too. */
const isNothing = (value: unknown) => value === undefined || value === null || value === '';

/**
 * Whether a value read from the PBX already says all that a wanted value says. The PBX adds properties of its own to
 * rows inside of arrays (a department's name beside its `GroupId`), which do not count as a difference.
 *
 * Arrays must have equally many elements. Their order counts where it has a meaning (queue agents are rung in it);
 * department memberships, which have a `GroupId`, are a set.
 */
export function satisfies(existing: unknown, wanted: unknown): boolean {
	if (isNothing(wanted)) return isNothing(existing);
	if (Array.isArray(wanted)) {
		const rows = Array.isArray(existing) ? existing : [];
		if (rows.length !== wanted.length) return false;
		const isSet = wanted.every((row) => isRow(row) && 'GroupId' in row);
		return wanted.every((row, index) =>
			isSet ? rows.some((candidate) => satisfies(candidate, row)) : satisfies(rows[index], row),
		);
	}
	if (isRow(wanted)) {
		return (
			isRow(existing) &&
			Object.entries(wanted).every(([name, value]) => satisfies(existing[name], value))
		);
	}
	return isDeepStrictEqual(existing, wanted);
}

/**
 * What has to be sent so that a row becomes as wanted.
 *
 * @param existing the row as read, arrays expanded
 * @param wanted the properties that it shall have
 * @returns those of `wanted` that differ
 */
export function differences(existing: Row, wanted: Row): Row {
	return Object.fromEntries(
		Object.entries(wanted).filter(([name, value]) => !satisfies(existing[name], value)),
	);
}

/**
 * What {@link differences} are about to change, for people to read. Of what is there only that is told which the change
 * is about: a row inside of an array has dozens of properties. Secrets stay in it; the way out of the nodes hides them,
 * because they stand under their names.
 *
 * @param existing the row as read
 * @param wanted the properties that it shall have
 * @returns those that differ, with what they are and will be
 */
export const changesTo = (existing: Row, wanted: Row): Changes =>
	Object.fromEntries(
		Object.entries(differences(existing, wanted)).map(([name, to]) => {
			const from = existing[name];
			return [name, { from: told(from, to, from), to: told(to, to, from) }];
		}),
	);

/** What people know a row by, in this order, where a change says nothing of it but that it goes. */
const NAMES = ['Number', 'GroupId', 'Name', 'Id'];

/**
 * @param like what of the value is told
 * @param known rows as read, which have the name of a department beside its number
 */
function told(value: unknown, like: unknown, known: unknown): unknown {
	if (value === undefined || value === null) return null;
	if (Array.isArray(value)) {
		const names = Array.isArray(like) && isRow(like[0]) ? like : undefined;
		const rows = value.map((row) => toldRow(row, names, known));
		return rows.every(isNumberOnly) ? rows.map(({ Number }) => Number) : rows;
	}
	if (!isRow(value) || !isRow(like)) return value;
	// A role is its name; the thirty flags beside it follow from it.
	if (typeof value.RoleName === 'string') return { RoleName: value.RoleName };
	const shared = Object.entries(value).filter(([name]) => name in like);
	return shared.length === 0
		? value
		: Object.fromEntries(
				shared.map(([name, member]) => [name, told(member, like[name], undefined)]),
			);
}

const isNumberOnly = (row: unknown): row is { Number: unknown } =>
	isRow(row) && Object.keys(row).join() === 'Number';

/** A row of an array: what the wanted ones say of it, and the name of its department. */
function toldRow(row: unknown, wanted: unknown[] | undefined, known: unknown): unknown {
	if (!isRow(row)) return row;
	const identity = NAMES.find((name) => row[name] !== undefined);
	const like = wanted
		? (Object.assign({}, ...wanted.filter(isRow)) as Row)
		: identity === undefined
			? row
			: { [identity]: row[identity] };
	const kept = Object.fromEntries(
		Object.entries(told(row, like, undefined) as Row).filter(([, value]) => value !== ''),
	);
	const same = 'GroupId' in row && Array.isArray(known) ? known.filter(isRow) : [];
	const name = same.find(({ GroupId }) => GroupId === row.GroupId)?.Name;
	return name === undefined ? kept : { ...kept, Name: name };
}

/** @returns the same where a row goes: all that was read of it becomes nothing */
export const goneFrom = (existing: Row): Changes =>
	Object.fromEntries(
		Object.entries(existing)
			.filter(([, from]) => !isNothing(from))
			.map(([name, from]) => [name, { from, to: null }]),
	);
