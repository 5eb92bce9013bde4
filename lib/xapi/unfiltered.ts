import { parseType } from './catalogue';

/*
 * What a report function is called with where nothing is to be filtered. Every declared parameter must be there, and 3CX
 * answers 404 or 500 to texts that it does not like, so each value is one that clients are known to send (protocol 4.7).
 */

/** An interval, or a time of day, that filters nothing: `h:mm:s`. */
export const NO_INTERVAL = '0:00:0';

/** Texts that are not empty where nothing is filtered, by what their names look like. */
const TEXTS: ReadonlyArray<[name: RegExp, value: string]> = [
	[/^(?:wait|answer)Interval$|^callTimeFilter(?:From|To)$/, NO_INTERVAL],
	[/^clientTimeZone$/, 'UTC'],
];

/** Codes whose meaning is not documented, where the console of 3CX sends something else than 0. */
const CODES: Readonly<Record<string, number>> = { callArea: 2 };

/** @returns the value that the code of a report has unless somebody knows better */
export const defaultCode = (name: string): number => CODES[name] ?? 0;

/** @returns what a text parameter of a report function is where nothing is filtered */
export const unfilteredText = (name: string): string =>
	TEXTS.find(([pattern]) => pattern.test(name))?.[1] ?? '';

/**
 * @param name of the parameter, such as `waitInterval`
 * @param type its type expression, such as `string?`
 * @returns the value for "no filter"; undefined where there is none: a date has to be said
 */
export function unfiltered(name: string, type: string): unknown {
	const values: Readonly<Record<string, () => unknown>> = {
		string: () => unfilteredText(name),
		boolean: () => false,
		int32: () => defaultCode(name),
	};
	return values[parseType(type).name]?.();
}
