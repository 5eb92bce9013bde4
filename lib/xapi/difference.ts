import { isDeepStrictEqual } from 'node:util';

type Row = Record<string, unknown>;

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
