import { isSupportedCountry } from 'libphonenumber-js';
import metadata from 'libphonenumber-js/metadata.min.json';
import type { PbxClient } from '../http/client';
import { getEntity } from '../xapi/entities';

/** Countries by calling code; where several share one, the one whose number plan it is comes first. */
const CALLING_CODES: Readonly<Record<string, readonly string[]>> = metadata.country_calling_codes;

/** ISO 3166 codes of all countries that have telephone numbers. */
export const COUNTRIES: readonly string[] = Object.keys(metadata.countries);

/** Made once: it takes longer than the names themselves. */
const names = new Intl.DisplayNames(['en'], { type: 'region' });

/** @returns the ISO 3166 code of a country that has this English name, as 3CX's console shows it */
const codeNamed = (name: string): string | undefined =>
	Object.values(CALLING_CODES)
		.flat()
		.findLast((code) => countryName(code).toLowerCase() === name.toLowerCase());

/** @returns the English name of a country or region: `GB` is `United Kingdom`. */
export function countryName(code: string): string {
	try {
		return names.of(code) ?? code;
	} catch {
		return code; // a made-up code, such as 001 for numbers of no country
	}
}

/**
 * The country in whose notation a PBX writes local numbers, from its E.164 settings. They name it as text and by its
 * calling code; how exactly has not been captured, so each form is understood: an ISO code, a name, a calling code
 * (`44`, `+44`), of which the first country is taken where several share it.
 *
 * @param client the PBX; its API client needs to read the Configuration API
 * @returns ISO 3166 code, or undefined when nothing is set
 * @throws ThreeCxError when the settings may not be read
 */
export async function countryOfPbx(client: PbxClient): Promise<string | undefined> {
	const { CountryName, CountryCode } = await getEntity(client, '/E164Settings');
	return countryIn(CountryName) ?? countryIn(CountryCode);
}

/** @returns the ISO 3166 code of what names a country; undefined for anything else. */
export function countryIn(value: unknown): string | undefined {
	if (typeof value !== 'string' && typeof value !== 'number') return undefined;
	const text = String(value).trim();
	const iso = text.toUpperCase();
	if (isSupportedCountry(iso)) return iso;
	const callingCode = text.replace(/^(\+|00)/, '');
	const [first] = Object.hasOwn(CALLING_CODES, callingCode)
		? (CALLING_CODES[callingCode] ?? [])
		: [];
	return first ?? codeNamed(text);
}
