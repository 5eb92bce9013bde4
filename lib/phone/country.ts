import { isSupportedCountry } from 'libphonenumber-js';
import metadata from 'libphonenumber-js/metadata.min.json';
import names from './countryNames.json';
import type { PbxClient } from '../http/client';
import { getEntity, type RequestOptions } from '../xapi/entities';

/** Countries by calling code; where several share one, the one whose number plan it is comes first. */
const callingCodes = (): Readonly<Record<string, readonly string[]>> =>
	metadata.country_calling_codes;

/**
 * English names of all countries that have telephone numbers, by ISO 3166 code: `GB` is `United Kingdom`. Written down
 * (`gulp countries`), because n8n needs them when it starts, and `Intl` takes 25 ms to know them.
 */
export const COUNTRY_NAMES: Readonly<Record<string, string>> = names;

/** @returns the ISO 3166 code of a country that has this English name, as 3CX's console shows it */
const codeNamed = (name: string): string | undefined =>
	Object.entries(COUNTRY_NAMES).find(
		([, known]) => known.toLowerCase() === name.toLowerCase(),
	)?.[0];

/**
 * The country in whose notation a PBX writes local numbers, from its E.164 settings. They name it as text and by its
 * calling code; how exactly has not been captured, so each form is understood: an ISO code, a name, a calling code
 * (`44`, `+44`), of which the first country is taken where several share it.
 *
 * @param client the PBX; its API client needs to read the Configuration API
 * @returns ISO 3166 code, or undefined when nothing is set
 * @throws ThreeCxError when the settings may not be read
 */
export async function countryOfPbx(
	client: PbxClient,
	options: RequestOptions = {},
): Promise<string | undefined> {
	const { CountryName, CountryCode } = await getEntity(client, '/E164Settings', undefined, options);
	return countryIn(CountryName) ?? countryIn(CountryCode);
}

/** @returns the ISO 3166 code of what names a country; undefined for anything else. */
export function countryIn(value: unknown): string | undefined {
	if (typeof value !== 'string' && typeof value !== 'number') return undefined;
	const text = String(value).trim();
	const iso = text.toUpperCase();
	if (isSupportedCountry(iso)) return iso;
	const callingCode = text.replace(/^(\+|00)/, '');
	const shared = Object.entries(callingCodes()).find(([code]) => code === callingCode);
	return shared?.[1][0] ?? codeNamed(text);
}
