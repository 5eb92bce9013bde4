/** Literals of keys and function parameters to values. */
import { parseType } from '../../../lib/xapi/catalogue';
import { ODataError, notFound } from '../odata/errors';
import { canonicalInstant } from '../odata/evaluate';
import { isInstant } from '../odata/instant';
import type { PathLiteral } from '../odata/path';
import type { Row } from '../odata/model';

/** What a badly written number, switch or instant in a report path gets: a 500 without body (protocol 4.4). */
const bareFailure = () => new ODataError(500, 'Internal Server Error', [], true);

type Convert = (text: string) => unknown;

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

const integer: Convert = (text) => (/^-?\d+$/.test(text) ? Number(text) : undefined);
const CONVERT: Record<string, Convert> = {
	int32: integer,
	int64: integer,
	uint8: integer,
	boolean: (text) => ({ true: true, false: false })[text],
	'date-time': (text) =>
		INSTANT.test(text) && isInstant(text) ? canonicalInstant(text) : undefined,
	uuid: (text) => text,
};

/**
 * The value of a parameter in a function's path.
 * @throws ODataError 404 when a string comes without quotes or anything else with them; bare 500 when it is no value of the type
 */
function parameter({ text, quoted }: PathLiteral, expression: string): unknown {
	const { name, nullable } = parseType(expression);
	if (!quoted && text === 'null' && nullable) return null;
	const convert = CONVERT[name];
	if ((convert === undefined) !== quoted) throw notFound();
	if (!convert) return text;
	const value = convert(text);
	if (value === undefined) throw bareFailure();
	return value;
}

/** The parameters of a function by name, converted to their declared types. */
export function parameters(
	literals: ReadonlyMap<string, PathLiteral>,
	declared: Record<string, string>,
): Row {
	return Object.fromEntries(
		[...literals].map(([name, literal]) => [name, parameter(literal, declared[name] ?? 'string')]),
	);
}

/**
 * The value of a key.
 * @throws ODataError 404 when it cannot be a key of this type
 */
export function keyValue({ text, quoted }: PathLiteral, expression: string): unknown {
	const convert = CONVERT[parseType(expression).name];
	if ((convert === undefined) !== quoted) throw notFound();
	const value = convert ? convert(text) : text;
	if (value === undefined) throw notFound();
	return value;
}
