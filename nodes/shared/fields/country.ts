import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { countryIn, countryOfPbx } from '../../../lib/phone/country';
import type { ItemRun } from '../router';

/** The PBX is asked no longer than this, in ms: without a country, numbers with a country code are still understood. */
const PATIENCE_MS = 3_000;

/** What people enter where they want no country at all. */
const NO_COUNTRY = 'none';

/** The country of numbers without a country code, where there is no room for a list of all countries. */
export const defaultCountryField: INodeProperties = {
	displayName: 'Default Country',
	name: 'defaultCountry',
	type: 'string',
	default: '',
	placeholder: 'e.g. GB',
	description:
		'Two-letter code of the country that numbers without a country code belong to; empty for the one set in 3CX, "none" for none',
};

/**
 * @param run the item
 * @param chosen value of {@link defaultCountryField}
 * @returns ISO 3166 code; the PBX's own where none was chosen; undefined for none, also where the PBX does not tell
 * @throws ThreeCxError of kind `input` when no country is called that
 */
export async function defaultCountryOf(
	{ client, signal }: Pick<ItemRun, 'client' | 'signal'>,
	chosen?: unknown,
): Promise<string | undefined> {
	const text = String(chosen ?? '').trim();
	if (text.toLowerCase() === NO_COUNTRY) return undefined;
	if (text === '') {
		const patience = AbortSignal.timeout(PATIENCE_MS);
		const ends = signal ? AbortSignal.any([signal, patience]) : patience;
		// One that may not be asked, or has not set it, has no country; that is no error.
		return await countryOfPbx(client, { signal: ends }).catch(() => undefined);
	}
	const country = countryIn(text);
	if (country !== undefined) return country;
	throw new ThreeCxError({
		kind: 'input',
		field: 'defaultCountry',
		message: `"${text}" under "Default Country" is not a country`,
		hint: 'Enter its two-letter code, such as GB or DE, or leave the field empty.',
	});
}
