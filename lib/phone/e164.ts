import {
	getCountryCallingCode,
	isSupportedCountry,
	Metadata,
	parsePhoneNumberFromString,
	type CountryCode,
	type PhoneNumber as Parsed,
} from 'libphonenumber-js';
import { isDialCode, legible, notationOf, userPart, type Notation } from './notation';

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
	/** `+493012345678`; only if the number can exist and there is no doubt which one it is. */
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

/** Up to this many digits, local numbers and foreign ones without their plus are equally common. */
const AMBIGUOUS_DIGITS = 10;

/** What providers and phones show in place of a hidden number, without words such as "number" or "caller". */
const HIDDEN = new Set([
	'anonymous',
	'blocked',
	'hidden',
	'no',
	'none',
	'not available',
	'private',
	'restricted',
	'unavailable',
	'unknown',
	'withheld',
]);

/** Words that go with them: `Private Number`, `No Caller ID`. */
const FILLERS = new Set(['caller', 'calling', 'id', 'name', 'number', 'party']);

/**
 * Writes a caller's number the same way, however the PBX or the provider wrote it.
 *
 * Understands `+49 30 1234`, `0049301234`, local notation of the default country with its own international prefix
 * (`0011` in Australia, `010` in Japan), E.164 whose plus got lost (3CX writes DIDs like that, protocol 4.7), SIP and
 * tel addresses, extensions and words behind the number, and digits of other scripts. Extensions stay what they are.
 *
 * Digits without plus and without the local trunk prefix can be read in two ways. The one with the country code is
 * taken unless the local one is how people write such a number; where both are, there is no E.164 form.
 *
 * @param raw the number, as 3CX sends it
 * @param defaultCountry ISO 3166 code of the country that local notation belongs to; without it, only international
 *   notation is understood
 * @returns its forms; never throws
 */
export function normalise(raw: string, defaultCountry?: string): PhoneNumber {
	const text = userPart(legible(raw));
	if (isHidden(text)) return { raw, kind: 'hidden', valid: false };
	const notation = notationOf(raw);
	if (!notation) {
		return { raw, kind: isDialCode(text) ? 'code' : 'unknown', valid: false };
	}
	const { digits, isBare } = notation;
	if (isBare && digits.length <= EXTENSION_DIGITS) return { raw, kind: 'extension', valid: false };
	const number = readIn(notation, supported(defaultCountry));
	if (number) {
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

/** @returns the number that a notation stands for; undefined where there is none, or more than one */
function readIn(
	{ digits, isInternational }: Notation,
	country: CountryCode | undefined,
): Parsed | undefined {
	if (isInternational) return international(digits);
	const local = country && valid(digits, country);
	const global = digits.length >= INTERNATIONAL_DIGITS ? international(digits) : undefined;
	if (local && global) {
		const isLocal = isWrittenLocally(digits, local, country);
		if (isLocal) return global.countryCallingCode === callingCodeOf(local) ? undefined : local;
		if (global.countryCallingCode === callingCodeOf(local)) return global;
		return digits.length > AMBIGUOUS_DIGITS ? global : undefined;
	}
	if (local) return local;
	if (global) return country || !isNorthAmerican(digits) ? global : undefined;
	// Where people dial 011 or 001, the usual 00 is understood as well.
	return abroadPrefix(digits, country) === '00' ? international(digits.slice(2)) : undefined;
}

const callingCodeOf = ({ countryCallingCode }: Parsed) => countryCallingCode;

/** Whether digits are what people of the country dial: with its trunk prefix, where it has one, or to abroad. */
function isWrittenLocally(digits: string, number: Parsed, country: CountryCode): boolean {
	if (number.countryCallingCode !== getCountryCallingCode(country)) return true;
	return number.formatNational().replace(/\D/g, '') === digits;
}

/**
 * @param digits what somebody dialled
 * @param defaultCountry ISO 3166 code of the country where
 * @returns what it begins with to get a line abroad, such as `0011` in Australia, or the usual `00` where no country
 *   says otherwise; undefined when it begins with nothing like that
 */
export function abroadPrefix(digits: string, defaultCountry?: string): string | undefined {
	const country = supported(defaultCountry);
	const own = country && new RegExp(`^(?:${prefixToAbroad(country)})`).exec(digits)?.[0];
	return own ?? (digits.startsWith('00') ? '00' : undefined);
}

/** As a pattern: there may be one for each provider. */
function prefixToAbroad(country: CountryCode): string {
	const metadata = new Metadata();
	metadata.selectNumberingPlan(country);
	return metadata.numberingPlan!.IDDPrefix();
}

/** Ten digits that are a number in the United States or Canada, where no prefix shows that they are local. */
const isNorthAmerican = (digits: string): boolean => /^[2-9]\d{2}[2-9]\d{6}$/.test(digits);

/**
 * @param digits a number with its country code, without plus; a trunk zero that belongs nowhere is left out
 * @returns the number; undefined if there can be none like that
 */
export function international(digits: string): Parsed | undefined {
	// Mexico had a 1 in front of mobile numbers until 2019, which many phone books still have.
	return valid(`+${digits.replace(/^521/, '52')}`);
}

function valid(text: string, country?: CountryCode): Parsed | undefined {
	const number = parsePhoneNumberFromString(text, country);
	return number?.isValid() ? number : undefined;
}

/** `Private Number`, `No Caller ID`, `+anonymous`; also nothing at all. */
function isHidden(text: string): boolean {
	if (text === '') return true;
	if (/\d/.test(text)) return false;
	const words = [...text.toLowerCase().matchAll(/\p{L}+/gu)].map(([word]) => word);
	return HIDDEN.has(words.filter((word) => !FILLERS.has(word)).join(' '));
}

/**
 * @param a a number in any notation
 * @param b another one
 * @param defaultCountry country of local notation
 * @returns whether both are the same subscriber or extension; hidden numbers are nobody's
 */
export function sameNumber(a: string, b: string, defaultCountry?: string): boolean {
	const [one, other] = [normalise(a, defaultCountry), normalise(b, defaultCountry)];
	if (one.kind === 'hidden') return false;
	if (one.e164 !== undefined || other.e164 !== undefined) return one.e164 === other.e164;
	return bare(a) === bare(b);
}

const bare = (raw: string): string => notationOf(raw)?.digits ?? userPart(legible(raw));

const supported = (country: string | undefined): CountryCode | undefined => {
	if (country === undefined) return undefined;
	const code = country.trim().toUpperCase();
	return isSupportedCountry(code) ? code : undefined;
};
