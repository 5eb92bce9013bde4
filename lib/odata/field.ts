import { ODataInputError } from './error';

/** A property name or a path of them; OData allows letters of every script, digits and underscores. */
const FIELD_PATH = /^[\p{L}_][\p{L}\p{N}_]{0,127}(\/[\p{L}_][\p{L}\p{N}_]{0,127})*$/u;

/**
 * Checks the name of a field, so that nothing else gets into a request by way of it.
 *
 * @returns the name as it came
 * @throws ODataInputError when it is no property name or path such as `Rights/RoleName`
 */
export function fieldPath(name: string): string {
	if (FIELD_PATH.test(name)) return name;
	throw new ODataInputError(
		`"${name}" is not a field name. Use the name 3CX gives it, such as Number, or a path such as Rights/RoleName.`,
		name,
	);
}

/** Writes the list of `$select`. Undefined when no field is named. */
export function select(fields: readonly string[] = []): string | undefined {
	return fields.length === 0 ? undefined : [...new Set(fields.map(fieldPath))].join(',');
}

/** One step of a sort order. */
export interface OrderBy {
	field: string;
	/** Default `asc`. */
	direction?: 'asc' | 'desc';
}

/** Types do not hold at run time: an expression may give any text, and it would get into the request as it is. */
function checkedDirection(direction: string): string {
	if (direction === 'asc' || direction === 'desc') return direction;
	throw new ODataInputError('"direction" must be asc or desc.', 'direction');
}

/** Writes the list of `$orderby`. Undefined when there is none. */
export function orderBy(steps: readonly OrderBy[] = []): string | undefined {
	return steps.length === 0
		? undefined
		: steps
				.map(({ field, direction = 'asc' }) => `${fieldPath(field)} ${checkedDirection(direction)}`)
				.join(',');
}

/**
 * Checks a count of rows.
 *
 * @throws ODataInputError when it is no whole number from 0 on
 */
export function rowCount(value: number | undefined, option: string): string | undefined {
	if (value === undefined) return undefined;
	if (Number.isSafeInteger(value) && value >= 0) return String(value);
	throw new ODataInputError(`"${option}" must be a whole number, 0 or more.`, option);
}
