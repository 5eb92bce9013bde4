import {
	isSupportedCountry,
	parsePhoneNumberFromString,
	type CountryCode,
} from 'libphonenumber-js';

/*
 * The default metadata of libphonenumber-js (83 kB; `max` has 157 kB) knows lengths and first digits of each country.
 * That is all it takes to write a number in E.164; only telling mobile from fixed lines would need more.
 */

/** What the other side of a call shows as its number. */
export type NumberKind =
	/** A number of the public network. */
	| 'external'
	/** An extension of the PBX, or a short number such as 112: up to {@link EXTENSION_DIGITS} digits. */
	| 'extension'
	/** A dial code, such as `*888`. */
	| 'code'
	/** The caller does not show it. */
	| 'hidden'
	/** None of these. */
	| 'unknown';

/** A number in all its forms. */
export interface PhoneNumber {
	/** As it came. */
	raw: string;
	kind: NumberKind;
	/** `+493012345678`; only if the number can exist. */
	e164?: string;
	/** ISO 3166 code of its country, such as `DE`. */
	country?: string;
	/** As people write it in its country: `030 12345678`. */
	national?: string;
	/** Whether such a number can exist in its country. */
	valid: boolean;
}

/** Longest extension that 3CX is usually set up with, in digits. */
const EXTENSION_DIGITS = 5;

/** Shortest international number, in digits; what is shorter and lacks its plus is not taken for one. */
const INTERNATIONAL_DIGITS = 8;

/** What providers send in place of a hidden number. */
const HIDDEN = new Set([
	'',
	'anonymous',
	'private',
	'restricted',
	'unavailable',
	'unknown',
	'withheld',
]);

/**
 * Writes a caller's number the same way, however the PBX or the provider wrote it.
 *
 * Understands `+49 30 1234`, `0049301234`, local notation of the default country, E.164 whose plus got lost (3CX writes
 * DIDs like that, protocol 4.7), and SIP addresses. Extensions stay what they are.
 *
 * @param raw the number, as 3CX sends it
 * @param defaultCountry ISO 3166 code of the country that local notation belongs to; without it, only international
 *   notation is understood
 * @returns its forms; never throws
 */
export function normalise(raw: string, defaultCountry?: string): PhoneNumber {
	const text = userPart(raw);
	if (HIDDEN.has(text.toLowerCase())) return { raw, kind: 'hidden', valid: false };
	if (/^[*#\d]*[*#][*#\d]*$/.test(text)) return { raw, kind: 'code', valid: false };
	const digits = text.replace(/\D/g, '');
	const isInternational = /^\s*(\+|00)/.test(text);
	if (!isInternational && /^\d+$/.test(text) && digits.length <= EXTENSION_DIGITS) {
		return { raw, kind: 'extension', valid: false };
	}
	const country = supported(defaultCountry);
	const candidates = isInternational
		? [`+${digits.replace(/^00/, '')}`]
		: [country ? text : '', digits.length >= INTERNATIONAL_DIGITS ? `+${digits}` : ''];
	for (const candidate of candidates) {
		const number = parsePhoneNumberFromString(candidate, country);
		if (!number?.isValid()) continue;
		return {
			raw,
			kind: 'external',
			e164: number.number,
			country: number.country,
			national: number.formatNational(),
			valid: true,
		};
	}
	return { raw, kind: digits.length > EXTENSION_DIGITS ? 'external' : 'unknown', valid: false };
}

/**
 * @param a a number in any notation
 * @param b another one
 * @param defaultCountry country of local notation
 * @returns whether both are the same subscriber or extension; hidden numbers are nobody's
 */
export function sameNumber(a: string, b: string, defaultCountry?: string): boolean {
	const [one, other] = [normalise(a, defaultCountry), normalise(b, defaultCountry)];
	if (one.kind === 'hidden' || other.kind === 'hidden') return false;
	if (one.e164 !== undefined || other.e164 !== undefined) return one.e164 === other.e164;
	return bare(a) === bare(b);
}

/** `sip:100@pbx.example.com:5060;transport=tcp` is 100. */
const userPart = (raw: string): string =>
	raw
		.trim()
		.replace(/^(sips?|tel):/i, '')
		.replace(/[@;].*$/, '');

const bare = (raw: string): string => userPart(raw).replace(/[\s().\-/]/g, '');

const supported = (country: string | undefined): CountryCode | undefined => {
	const code = country?.trim().toUpperCase() ?? '';
	return isSupportedCountry(code) ? code : undefined;
};
