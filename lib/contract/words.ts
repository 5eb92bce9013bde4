import type { Entity } from '../xapi/entities';

/**
 * What may stand in a report. It goes into public issues, so nothing of the customer's may be in it: values are
 * described, never copied, except for words that 3CX itself has coined.
 */

/** A fact that a report states; lists are short. */
export type Fact = string | number | boolean | readonly string[] | readonly number[];
export type Facts = Record<string, Fact>;

/** The most entries of a list, and the longest text, in characters. */
const MAX_ENTRIES = 60;
const MAX_TEXT = 120;

/** Cuts what is too long. */
export function bounded(facts: Facts): Facts {
	const cut = (value: Fact): Fact => {
		if (typeof value === 'string') return value.slice(0, MAX_TEXT);
		if (!Array.isArray(value)) return value;
		return (value as string[]).slice(0, MAX_ENTRIES).map((each) => cut(each) as string);
	};
	return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, cut(value)]));
}

/** A property, an operation, or a property of a type; an address has its @ elsewhere. */
const IDENTIFIER = /^[@$]?[A-Za-z_]\w{0,60}(\.\w{1,60})?$/;

/** @returns those names that look like names of properties, sorted; others are counted as one `(other)` */
export const names = (found: Iterable<string>): string[] => [
	...new Set([...found].map((name) => (IDENTIFIER.test(name) ? name : '(other)')).sort()),
];

/** @returns each value that is in the list, sorted; all else as `(other)` */
export const known = (values: Iterable<unknown>, list: readonly string[]): string[] => [
	...new Set(
		[...values].map((value) => (list.includes(String(value)) ? String(value) : '(other)')).sort(),
	),
];

/** @returns DN types such as `Wextension`, sorted; all else as `(other)` */
export const dnTypes = (values: Iterable<unknown>): string[] => [
	...new Set(
		[...values]
			.map(String)
			.map((value) => (/^(W[a-z]{2,24}|None)$/.test(value) ? value : '(other)'))
			.sort(),
	),
];

const WORD = /^[A-Za-z]{2,30}$/;

/**
 * The words that a property of 3CX's has in some rows. One that is not known is shown where it is a single word that no
 * other property of the rows contains: a name or a company stands elsewhere, too.
 *
 * @param rows of one list
 * @param property such as `CallType`
 * @param list the words that are known; they may consist of several
 */
export function wordsOf(
	rows: readonly Entity[],
	property: string,
	list: readonly string[],
): string[] {
	const elsewhere = new Set(
		rows.flatMap((row) =>
			Object.entries(row)
				.filter(([name, value]) => name !== property && typeof value === 'string')
				.flatMap(([, value]) =>
					String(value)
						.toLowerCase()
						.split(/[^\p{L}]+/u),
				),
		),
	);
	const shown = (value: unknown) => {
		const word = String(value);
		if (list.includes(word)) return word;
		return WORD.test(word) && !elsewhere.has(word.toLowerCase()) ? word : '(other)';
	};
	const values = rows
		.map((row) => row[property])
		.filter((value) => value !== undefined && value !== null);
	return [...new Set(values.map(shown))].sort();
}

/** @returns the whole numbers that a property has, sorted */
export const codesOf = (rows: readonly Entity[], property: string): number[] =>
	[
		...new Set(
			rows.map((row) => row[property]).filter((value): value is number => Number.isInteger(value)),
		),
	]
		.filter((value) => Math.abs(value) < 1000)
		.sort((a, b) => a - b);

const KIND: Array<[string, RegExp]> = [
	['empty', /^$/],
	['instant with Z', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/],
	['instant with offset', /^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:?\d\d$/],
	['instant without zone', /^\d{4}-\d\d-\d\dT[\d:.]+$/],
	['duration', /^-?P(\d+D)?(T[\dHMS.]*)?$/],
];

/** What a value is, without saying it: `number`, `text`, `instant with Z`. */
export function kindOf(value: unknown): string {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'list';
	if (typeof value !== 'string') return typeof value;
	return KIND.find(([, pattern]) => pattern.test(value))?.[0] ?? 'text';
}

/** What a body is: `empty`, `json` with the names of its members, `html`, `text`. */
export function shapeOf({ text, json }: { text: string; json: unknown }): string {
	if (text.trim() === '') return 'empty';
	if (typeof json === 'object' && json !== null) return Array.isArray(json) ? 'json list' : 'json';
	return text.trimStart().startsWith('<') ? 'html' : 'text';
}
