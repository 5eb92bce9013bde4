import { isPrimitive, parseType, type Primitive } from './typeExpression';
import { ODataInputError } from './error';
import { quote, wellFormed } from './text';
import { textOf } from '../text';

/** The enums of a catalogue: name to members. `catalogue.enums` as it stands. */
export type Enums = Readonly<Record<string, readonly string[]>>;

export interface LiteralContext {
	/** Name of the field or parameter, for the error message. */
	field: string;
	/** Needed for enum types only. */
	enums?: Enums;
}

/**
 * Writes a value as an OData literal of a catalogue type. The result is not percent-encoded yet.
 *
 * | type                        | takes                                                   | gives                       |
 * |-----------------------------|---------------------------------------------------------|-----------------------------|
 * | `string`                    | string, number, boolean                                 | `'O''Brien'`                |
 * | `int32`, `int64`, `uint8`   | integer, text of one, bigint                            | `12`                        |
 * | `decimal`, `double`, `float`| finite number, text of one                              | `1.5`                       |
 * | `boolean`                   | boolean, `'true'`, `'false'`                            | `true`                      |
 * | `date-time`                 | Date, Luxon DateTime, ISO text with `Z` or offset       | `2025-03-13T23:00:00.000Z`  |
 * | `date`                      | `YYYY-MM-DD`, Date (its UTC day)                        | `2025-03-13`                |
 * | `time`                      | `HH:mm`, `HH:mm:ss`, with fraction                      | `09:30:00`                  |
 * | `duration`                  | ISO 8601 (`PT1M`), `h:mm:ss`                            | `duration'PT1M'`            |
 * | `uuid`                      | text                                                    | bare                        |
 * | an enum                     | a member's name                                         | `'Error'`                   |
 *
 * Null gives `null` for every type. Report functions take intervals as plain strings (`waitInterval='0:00:0'`), and the
 * catalogue types them so; `duration'...'` is for duration properties in `$filter` and is untried on a real PBX.
 *
 * @param type a type expression of the catalogue; marks for null, length and navigation do not matter
 * @throws ODataInputError when the value does not fit the type
 */
export function literal(value: unknown, type: string, { field, enums }: LiteralContext): string {
	const { name, array } = parseType(type);
	if (value === null) return 'null';
	if (array) {
		throw new ODataInputError(
			`"${field}" is a list, and OData has no literal for a list. Use a field with a single value.`,
			field,
		);
	}
	if (isPrimitive(name)) {
		const text = LITERALS[name](value, field);
		if (text !== undefined) return text;
		throw new ODataInputError(`"${field}" needs ${EXPECTED[name]}.`, field);
	}
	return quote(member(value, name, enums, field));
}

function member(value: unknown, name: string, enums: Enums | undefined, field: string): string {
	const members = enums && Object.hasOwn(enums, name) ? enums[name] : undefined;
	if (!members) {
		throw new ODataInputError(
			`"${field}" is of type ${name}, which cannot be compared or passed as a single value. Use one of its inner fields.`,
			field,
		);
	}
	if (typeof value === 'string' && members.includes(value)) return value;
	throw new ODataInputError(
		`"${field}" does not know "${textOf(value)}". It must be one of: ${members.join(', ')}.`,
		field,
	);
}

const LITERALS: Readonly<Record<Primitive, (value: unknown, field: string) => string | undefined>> =
	{
		string: (value, field) =>
			typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
				? quote(wellFormed(textOf(value), field))
				: undefined,
		boolean: (value) => (/^(true|false)$/.test(textOf(value)) ? textOf(value) : undefined),
		int32: (value) => integer(value, -(2n ** 31n), 2n ** 31n - 1n),
		int64: (value) => integer(value, -(2n ** 63n), 2n ** 63n - 1n),
		uint8: (value) => integer(value, 0n, 255n),
		decimal,
		double: decimal,
		float: decimal,
		'date-time': (value) => instant(value)?.toISOString(),
		date: (value) =>
			typeof value === 'string'
				? realDay(value)
				: instant(value)?.toISOString().slice(0, 'YYYY-MM-DD'.length),
		time: timeOfDay,
		duration: (value) => {
			const iso = isoDuration(value);
			return iso && `duration'${iso}'`;
		},
		uuid: (value) =>
			typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined,
		object: () => undefined,
	};

const EXPECTED: Readonly<Record<Primitive, string>> = {
	string: 'a text',
	boolean: 'true or false',
	int32: 'a whole number between -2147483648 and 2147483647',
	int64: 'a whole number',
	uint8: 'a whole number between 0 and 255',
	decimal: 'a number, with a point before its decimals',
	double: 'a number, with a point before its decimals',
	float: 'a number, with a point before its decimals',
	'date-time': 'a date and time with its zone, such as 2025-03-13T23:00:00Z',
	date: 'a day written as YYYY-MM-DD',
	time: 'a time of day written as HH:mm:ss',
	duration: 'a duration written as h:mm:ss or in ISO 8601, such as PT1M30S',
	uuid: 'an id of the form 01234567-89ab-cdef-0123-456789abcdef',
	object: 'a field with a single value, and this one holds JSON',
};

function integer(value: unknown, min: bigint, max: bigint): string | undefined {
	const text = plain(value);
	// Numbers beyond 2^53 have lost digits before they came here; only their text or a bigint can be trusted.
	if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
	if (text === undefined || !/^-?\d{1,19}$/.test(text)) return undefined;
	const number = BigInt(text);
	return number >= min && number <= max ? String(number) : undefined;
}

function decimal(value: unknown): string | undefined {
	const text = plain(value);
	return text !== undefined && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? text : undefined;
}

/** Text of a number, as typed or as JavaScript writes it; NaN and infinities fail the patterns that follow. */
function plain(value: unknown): string | undefined {
	return ['number', 'bigint', 'string'].includes(typeof value) ? textOf(value).trim() : undefined;
}

const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/i;

/** A moment in time. Text without a zone is refused: 3CX reads UTC, and a local time would be off by the offset. */
function instant(value: unknown): Date | undefined {
	const moment =
		typeof value === 'string'
			? parseInstant(value.trim())
			: typeof value === 'object'
				? new Date(msOf(value))
				: undefined;
	return moment && !Number.isNaN(moment.getTime()) ? moment : undefined;
}

/** Dates and luxon's moments say it themselves; an object of JSON may only look as if it could. */
function msOf(value: object | null): number {
	try {
		return Number(value);
	} catch {
		return NaN;
	}
}

function parseInstant(text: string): Date | undefined {
	const day = ISO_INSTANT.exec(text)?.[1];
	return day !== undefined && realDay(day) ? new Date(text) : undefined;
}

/** The day, if the calendar has it: Date would silently make March 2 of February 30. */
function realDay(text: string): string | undefined {
	if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
	const day = new Date(`${text}T00:00:00Z`);
	return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text) ? text : undefined;
}

function timeOfDay(value: unknown): string | undefined {
	const [, minutes, seconds = ':00'] =
		/^((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d{1,12})?)?$/.exec(textOf(value)) ?? [];
	return minutes && minutes + seconds;
}

const ISO_DURATION = /^-?P(?=\d|T\d)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,12})?S)?)?$/;

function isoDuration(value: unknown): string | undefined {
	const text = textOf(value);
	if (ISO_DURATION.test(text)) return text;
	const [, hours, minutes, seconds] = /^(\d+):([0-5]?\d):([0-5]?\d)$/.exec(text) ?? [];
	return hours && `PT${Number(hours)}H${Number(minutes)}M${Number(seconds)}S`;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
