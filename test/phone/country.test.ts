import metadata from 'libphonenumber-js/metadata.min.json';
import { COUNTRY_NAMES, countryIn, countryOfPbx } from '../../lib/phone/country';
import { withPbx } from '../support/recordingPbx';

test('names each country that has telephone numbers, as ICU does', () => {
	const english = new Intl.DisplayNames(['en'], { type: 'region' });
	// Where this fails, libphonenumber or ICU has changed: run "gulp countries".
	expect(COUNTRY_NAMES).toEqual(
		Object.fromEntries(Object.keys(metadata.countries).map((code) => [code, english.of(code)])),
	);
});

test.each([
	['an ISO code', 'DE', 'DE'],
	['an ISO code in lower case, with spaces', ' de ', 'DE'],
	['a name', 'United Kingdom', 'GB'],
	['a name in any case', 'south korea', 'KR'],
	['a calling code', '49', 'DE'],
	['a calling code as a number', 49, 'DE'],
	['a calling code with plus', '+44', 'GB'],
	['a calling code with 00', '0044', 'GB'],
	['a calling code of several, the first', '1', 'US'],
	['a name that no country has', 'Atlantis', undefined],
	['what every object has', 'constructor', undefined],
	['a plus inside', '4+9', undefined],
	['nothing', '', undefined],
	['no text', {}, undefined],
	['a list', ['DE'], undefined],
])('%s names a country', (_, value, code) => {
	expect(countryIn(value)).toBe(code);
});

test.each([
	[{ CountryName: 'Germany', CountryCode: '49' }, 'DE'],
	[{ CountryName: 'Canada', CountryCode: '1' }, 'CA'],
	[{ CountryName: 'Somewhere', CountryCode: '44' }, 'GB'],
	[{ CountryName: '', CountryCode: '' }, undefined],
])('a PBX with the E.164 settings %j is in %s', async (settings, country) => {
	const { result } = await withPbx(
		({ path }) => (path === '/xapi/v1/E164Settings' ? [200, settings] : undefined),
		countryOfPbx,
	);
	expect(result).toBe(country);
});
