/**
 * What a text says about a telephone number before anybody asks which country it belongs to. Callers, address books,
 * messengers and SIP write numbers in many ways; this is the one place that takes them apart.
 */
export interface Notation {
	/** A dial code in front, such as `#31#` (hide my number); empty where there is none. */
	code: string;
	/** The digits, without what was put in for the eye and without extensions and words behind. */
	digits: string;
	/** Whether the number is written with its country code: `+49 ...`, `(+44) ...`, `tel:...;phone-context=+49`. */
	isInternational: boolean;
	/** The digits without a zero for callers within the country that stands in brackets: `+44 (0)20 ...`. */
	abroad: string;
	/** Whether the text is nothing but digits, and so may be an extension. */
	isBare: boolean;
}

/** What is read at most, in characters; a SIP address of a caller may be long, a telephone number is not. */
const MAX_LENGTH = 256;

/** Shortest number behind which an extension or words may stand, in digits; `3 agents` is no number. */
const SUBSCRIBER_DIGITS = 6;

/** Marks of writing direction and width that messengers and web pages put around numbers. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Zeros of the digits that are not made Latin by Unicode's compatibility forms: Arabic, Persian, Devanagari, Bengali. */
const ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6];

const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef]/g;

const latinDigit = (digit: string): string => {
	const code = digit.charCodeAt(0);
	return String(code - Math.max(...ZEROS.filter((zero) => zero <= code)));
};

/** What begins with neither a digit nor a sign that makes digits easier to read. */
const NOT_WRITTEN = /[^+\d\s().\-/\u2010-\u2015\u2212\u00b7\u2022].*/s;

/** What may begin right behind a number: an extension, or words that are set apart by more than a space. */
const BEHIND = /^(?:[,;(#]|x\d|ext)/i;

/** In front of a number that is dialled with it: `*31#` of `*31#0301234`, `*67` of `*67+12125550100`. */
const CODE_BEFORE_NUMBER = /^[*#]\d{1,4}(?:[*#]|(?=\s+\d|\s*\+))/;

/** @returns whether a text is a dial code: keys from the first to the last, such as `*888`, `100#` or `*21*0301234567#` */
export const isDialCode = (text: string): boolean => /^\d*[*#][*#\d]*$/.test(text);

/** @returns the text without invisible marks, with Latin digits and signs, cut to a readable length */
export const legible = (text: string): string =>
	text
		.slice(0, MAX_LENGTH)
		.normalize('NFKC')
		.replace(INVISIBLE, '')
		.replace(OTHER_DIGITS, latinDigit)
		.trim();

/** What stands behind the user of an address: its host, or its parameters, such as `;ext=5`, but not `; drop`. */
const BEHIND_USER = /(?:@|;[\w-]+=).*/s;

/**
 * The user part of a SIP or tel address: `sip:100@pbx.example.com:5060;transport=tcp` is 100, and
 * `tel:901820;phone-context=+4930` (RFC 3966) is +4930901820. A text that is no address comes back as it is.
 *
 * @param text made {@link legible}
 */
export function userPart(text: string): string {
	const address = decoded(text.replace(/^(?:sips?|tel|callto):/i, ''));
	const user = address.replace(BEHIND_USER, '').trim();
	const context = /;phone-context=(\+\d{1,15})(?:;|$)/i.exec(address)?.[1];
	return context === undefined || user.startsWith('+') ? user : `${context}${user}`;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text; // a percent sign that stands for itself
	}
}

/**
 * Takes a text apart.
 *
 * @param text a number in any notation: `+49 (0)30 901820 ext. 12`, `sip:%2B4930901820@pbx`, `(+44) 20 7946 0102`
 * @returns its parts; undefined where it is no number, such as `*888`, `voiceagent` or `3agents`
 */
export function notationOf(text: string): Notation | undefined {
	const user = userPart(legible(text));
	const code = CODE_BEFORE_NUMBER.exec(user)?.[0] ?? '';
	const number = user.slice(code.length);
	if (isDialCode(number)) return undefined;
	const written = withoutOpenBracket(number.replace(NOT_WRITTEN, ''));
	const digits = written.replace(/\D/g, '');
	const behind = number.slice(written.length);
	if (digits === '' || (code !== '' && digits.length < SUBSCRIBER_DIGITS)) return undefined;
	if (behind !== '' && !isBehind(written, behind, digits)) return undefined;
	const isInternational = /^[\s(]*\+/.test(written);
	return {
		code,
		digits: isInternational ? digits.replace(/^00/, '') : digits,
		isInternational,
		abroad: withoutTrunkZero(written).replace(/\D/g, ''),
		isBare: /^\d+$/.test(user),
	};
}

/** @returns a number as it is dialled from abroad: `+44 (0)20 ...` without its zero in brackets */
export const withoutTrunkZero = (written: string): string => written.replace(/(?<=\d\s?)\(0\)/, '');

/** `+49 30 901820 (2.` ends before its bracket: what stands in it are words. */
function withoutOpenBracket(written: string): string {
	const open = written.lastIndexOf('(');
	return open > written.lastIndexOf(')') ? written.slice(0, open) : written;
}

const isBehind = (written: string, behind: string, digits: string): boolean =>
	digits.length >= SUBSCRIBER_DIGITS && (BEHIND.test(behind) || /\s$/.test(written));
