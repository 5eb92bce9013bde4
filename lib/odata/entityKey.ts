import { own } from '../own';
import { ODataInputError } from './error';
import { literal, type Enums } from './literal';

/**
 * Writes the key of an entity, percent-encoded for a path segment.
 *
 * One value with one type gives the primary key, `(12)` or `('a%2Fb')`; named values with named types give an alternate
 * key, `(Number='100')`, which 3CX offers for GET on eight entity sets.
 *
 * @throws ODataInputError when the value is missing or does not fit its type
 */
export function entityKey(value: unknown, type: string, enums?: Enums): string;
export function entityKey(
	values: Readonly<Record<string, unknown>>,
	types: Readonly<Record<string, string>>,
	enums?: Enums,
): string;
export function entityKey(
	value: unknown,
	type: string | Readonly<Record<string, string>>,
	enums?: Enums,
): string {
	return typeof type === 'string'
		? `(${segmentLiteral(value, type, { field: 'key', enums })})`
		: `(${namedValues(value as Readonly<Record<string, unknown>>, type, enums)})`;
}

/**
 * Fills the path of a catalogue operation: `/Users({Id})/Pbx.GenerateProvLink()` with `{ Id: 12 }` gives
 * `/Users(12)/Pbx.GenerateProvLink()`. Works for every operation, since keys, alternate keys and function parameters all
 * stand in braces. 3CX answers 404 when a declared parameter of a function is left out, so every one must have a value;
 * `''` and 0 mean "no filter" in report functions.
 *
 * @param types the operation's `parameters`; headers among them are left alone
 * @throws ODataInputError naming the parameter that is missing or does not fit
 */
export function fillPath(
	path: string,
	values: Readonly<Record<string, unknown>>,
	types: Readonly<Record<string, string>>,
	enums?: Enums,
): string {
	return path.replace(/\{([^{}]+)\}/g, (_braces, field: string) =>
		segmentLiteral(own(values, field), own(types, field) ?? 'string', { field, enums }),
	);
}

function namedValues(
	values: Readonly<Record<string, unknown>>,
	types: Readonly<Record<string, string>>,
	enums?: Enums,
): string {
	return Object.entries(types)
		.map(
			([field, type]) => `${field}=${segmentLiteral(own(values, field), type, { field, enums })}`,
		)
		.join(',');
}

function segmentLiteral(
	value: unknown,
	type: string,
	context: { field: string; enums: Enums | undefined },
): string {
	if (value === undefined) {
		throw new ODataInputError(
			`"${context.field}" has no value, and 3CX answers 404 when a parameter is left out. Fill it in.`,
			context.field,
		);
	}
	const { field, enums } = context;
	return encodeSegment(literal(value, type, enums ? { field, enums } : { field }));
}

/**
 * Percent-encodes for a path segment. Colons and commas stay as they are, as in the requests of 3CX's own console
 * (`startDt=2025-03-13T23:00:00Z`, `queueDns='800,801'`); a slash becomes `%2F` (`'Asia%2FJerusalem'`).
 */
function encodeSegment(text: string): string {
	return encodeURIComponent(text).replace(/%3A/g, ':').replace(/%2C/g, ',');
}
