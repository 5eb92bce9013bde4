import { fitsPattern } from '../globs';
import { textOf } from '../text';
import { abroadPrefix, normalise } from './e164';
import { legible, withoutTrunkZero } from './notation';

/*
 * Patterns of numbers, such as `+44 (0)20*`: people write them like numbers, with `*` and `?` for what may be there. A
 * number is compared in each of its forms with each reading of the pattern.
 */

/** What stands in a number for the eye only. */
const GAPS = /[\s()\-/.]/g;

const bare = (text: string): string => legible(text).replace(GAPS, '');

/**
 * @param number as 3CX sent it
 * @param country ISO 3166 code of the country of local notation
 * @returns the number in each form that a pattern may have: as it came, in E.164, in its country's notation, `anonymous`
 */
function formsOf(number: string, country: string | undefined): string[] {
	const { kind, e164, national } = normalise(number, country);
	const forms = [number, e164, national, kind === 'hidden' ? 'anonymous' : undefined];
	return [...new Set(forms.filter((form) => form !== undefined).map(bare))];
}

/**
 * @param pattern such as `+44 (0)20*`, `0044*` or `0011 44 20*`
 * @param country ISO 3166 code of the country whose prefix for calls abroad is understood besides `00`
 * @returns the patterns that it stands for: with and without a zero in brackets, which only few countries dial from
 *   abroad, and with a plus in place of a prefix for calls abroad
 */
function patternsOf(pattern: string, country: string | undefined): string[] {
	const text = legible(pattern);
	const readings = [text, withoutTrunkZero(text)].map(bare);
	return [...new Set(readings.flatMap((reading) => [reading, withPlus(reading, country)]))];
}

/** `004420*` as `+4420*`. */
function withPlus(pattern: string, country: string | undefined): string {
	const prefix = abroadPrefix(pattern, country);
	return prefix === undefined ? pattern : `+${pattern.slice(prefix.length)}`;
}

/**
 * @param value from the panel, or what an expression gives: a list, or text with commas, semicolons or lines
 * @returns the patterns in it, which may have blanks: `+49 30*, 0171 *`
 */
export const patternsIn = (value: unknown): string[] =>
	(Array.isArray(value) ? value : textOf(value ?? '').split(/[,;\n]/))
		.map((pattern) => textOf(pattern).trim())
		.filter((pattern) => pattern !== '');

/**
 * @param patterns as {@link patternsOf} reads them; read once, so that many numbers are compared quickly
 * @param country ISO 3166 code of the country of local notation
 * @returns whether a number fits one of the patterns
 */
export function numberMatcher(
	patterns: readonly string[],
	country: string | undefined,
): (number: string) => boolean {
	const readings = patterns.flatMap((pattern) => patternsOf(pattern, country));
	return (number) =>
		formsOf(number, country).some((form) => readings.some((pattern) => fitsPattern(form, pattern)));
}
