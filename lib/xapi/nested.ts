import { ThreeCxError } from '../http/errors';
import type { Expand } from '../odata/expand';
import type { Entity } from './entities';
import { isRows } from './answer';

/*
 * What a PBX leaves out of an answer was not read: an array that is not there is not an empty one, and who writes it back
 * as such takes all members out of it. Some versions and proxies ignore `$expand`.
 */

/**
 * The rows of an array property that was asked for with `$expand`.
 *
 * @param row the answer
 * @param expand the property, and what was asked for inside of each of its rows
 * @returns the rows, as they came
 * @throws ThreeCxError of kind `malformed` when the PBX left them, or what is inside of them, out
 */
export function nestedRows(row: Entity, { property, expand = [] }: Expand): Entity[] {
	const rows = row[property];
	if (!isRows(rows)) throw notSent(property);
	const isMissing = (name: string) => rows.every((each) => each[name] === undefined);
	const inner = rows.length === 0 ? undefined : expand.find((each) => isMissing(each.property));
	if (inner) throw notSent(`${property}/${inner.property}`);
	return rows;
}

/**
 * A text or number of a row that the rest depends on.
 *
 * @throws ThreeCxError of kind `malformed` when the PBX left it out
 */
export function requiredText(row: Entity, property: string): string {
	const value = row[property];
	if (typeof value === 'string' || typeof value === 'number') return String(value);
	throw notSent(property);
}

const notSent = (property: string) =>
	new ThreeCxError({
		kind: 'malformed',
		field: property,
		message: `The PBX left out "${property}", which it was asked for`,
		hint: 'Nothing was changed, because what is not known cannot be kept. Another version of 3CX or a proxy may be the reason.',
	});
