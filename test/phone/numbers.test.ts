import examples from 'libphonenumber-js/examples.mobile.json';
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import { dialled } from '../../lib/phone/dialled';
import { normalise } from '../../lib/phone/e164';

/**
 * The judge is not ours: the numbers are the examples that Google's libphonenumber ships for each country and public
 * numbers of well-known places, and the prefixes for calls abroad (third column) are those of ITU-T's list.
 */
const COUNTRIES: Array<[CountryCode, string, string]> = [
	// country, a fixed line in E.164, what people of the country dial for abroad
	['AE', '+97143316000', '00'],
	['AR', '+541143219300', '00'],
	['AT', '+43158858', '00'],
	['AU', '+61292507111', '0011'],
	['BE', '+3225068111', '00'],
	['BG', '+35929815553', '00'],
	['BR', '+551132213311', '0014'],
	['CA', '+14163682489', '011'],
	['CH', '+41446672000', '00'],
	['CL', '+56226715000', '1230'],
	['CN', '+861065052255', '00'],
	['CZ', '+420224372423', '00'],
	['DE', '+4930901820', '00'],
	['DK', '+4533121212', '00'],
	['EE', '+3726457220', '00'],
	['ES', '+34913302800', '00'],
	['FI', '+358916931', '00'],
	['FR', '+33140205050', '00'],
	['GB', '+442079460102', '00'],
	['GR', '+302103214172', '00'],
	['HK', '+85225081234', '001'],
	['HU', '+3614888700', '00'],
	['IE', '+35316777545', '00'],
	['IL', '+97226289000', '00'],
	['IN', '+912223021212', '00'],
	['IT', '+390669821234', '00'],
	['JP', '+81332134321', '010'],
	['KE', '+254202222181', '000'],
	['KR', '+8227351234', '00700'],
	['LT', '+37052629660', '00'],
	['LU', '+352222809', '00'],
	['MX', '+525551306000', '00'],
	['MY', '+60321631000', '00'],
	['NG', '+2342033123456', '009'],
	['NL', '+31206747000', '00'],
	['NO', '+4722997000', '00'],
	['NZ', '+6443811111', '00'],
	['PL', '+48226280011', '00'],
	['PT', '+351213434000', '00'],
	['RO', '+40213124545', '00'],
	['SE', '+4686145200', '00'],
	['SG', '+6563377888', '001'],
	['TH', '+6622229200', '001'],
	['TR', '+902125221000', '00'],
	['TW', '+886223432000', '002'],
	['TZ', '+255222112345', '000'],
	['UG', '+256414344444', '000'],
	['US', '+12125552368', '011'],
	['ZA', '+27214054000', '00'],
];

const mobileOf = (country: CountryCode) =>
	parsePhoneNumberFromString((examples as Record<string, string>)[country]!, country)!.number;

/** Ways in which a number of the country reaches us, for somebody in the country. */
const NOTATIONS: Array<[string, (e164: string, abroad: string) => string]> = [
	['E.164', (e164) => e164],
	['international', (e164) => parsePhoneNumberFromString(e164)!.formatInternational()],
	['national', (e164) => parsePhoneNumberFromString(e164)!.formatNational()],
	['without its plus, as 3CX writes DIDs', (e164) => e164.slice(1)],
	['as people of the country dial it from abroad', (e164, abroad) => `${abroad} ${e164.slice(1)}`],
	[
		'with an extension',
		(e164) => `${parsePhoneNumberFromString(e164)!.formatInternational()} ext. 12`,
	],
	['as tel address', (e164) => `tel:${e164};ext=5`],
	['as SIP address', (e164) => `sip:${encodeURIComponent(e164)}@pbx.example.com:5060`],
	['copied from a messenger', (e164) => `\u2066${e164}\u2069`],
	[
		'in full-width digits',
		(e164) => e164.replace(/\d/g, (d) => String.fromCharCode(0xff10 + Number(d))),
	],
];

const rows = COUNTRIES.flatMap(([country, fixed, abroad]) =>
	[fixed, mobileOf(country)].flatMap((e164) =>
		NOTATIONS.map(([name, write]) => [country, name, write(e164, abroad), e164] as const),
	),
);

test('the table is as wide as it should be', () => {
	expect(COUNTRIES.length).toBeGreaterThanOrEqual(40);
	expect(new Set(rows.map(([country, , text]) => `${country} ${text}`)).size).toBeGreaterThan(300);
});

test.each(rows)('%s, %s: %s is %s', (country, _, text, e164) => {
	const number = normalise(text, country);
	expect(number.e164).toBe(e164);
	expect(number.kind).toBe('external');
});

/** Area codes of German cities, and prefixes of German mobile networks, as the Bundesnetzagentur lists them. */
const GERMAN = {
	cities:
		'30 40 89 221 69 711 211 231 201 341 421 351 511 911 203 234 202 521 228 251 721 621 821 611 2161 209 241 531 371 431 391 761 451 361 6131 381 681',
	mobile:
		'1511 1512 1514 1515 1516 1517 1520 1522 1523 1525 1526 1573 1575 1577 1578 1579 1590 160 162 163 170 171 172 173 174 175 176 177 178 179',
};

describe('German numbers without their plus, as 3CX writes DIDs', () => {
	test.each(GERMAN.cities.split(' '))('of the area %s', (area) => {
		const number = `49${area}901820`;
		expect(normalise(number, 'DE').e164).toBe(`+${number}`);
	});

	test.each(GERMAN.mobile.split(' '))('of the mobile prefix %s', (prefix) => {
		const number = `49${prefix}1234567`;
		expect(normalise(number, 'DE').e164).toBe(`+${number}`);
	});
});

describe('numbers with two readings', () => {
	test.each([
		// The country's own code without plus, though a place of that area code exists.
		['4915112345678', 'DE', '+4915112345678'],
		['4989123456', 'DE', '+4989123456'],
		['4940123456', 'DE', '+4940123456'],
		// Another country's code without plus.
		['442079460102', 'DE', '+442079460102'],
		['33140205050', 'DE', '+33140205050'],
		// Longer than a North American one that stands in it.
		['442079460102', undefined, '+442079460102'],
		['33140205050', undefined, '+33140205050'],
		// The shortest that is understood without a plus: the Falkland Islands.
		['50021234', undefined, '+50021234'],
		// With its plus, whatever the country.
		['+2015551234', 'US', '+2015551234'],
		// A line abroad, from Russia: to Panama, not Japan's +81 0 50 ...; and to a number of no country.
		['8105072234567', 'RU', '+5072234567'],
		['81080012345678', 'RU', '+80012345678'],
		// Mexico's old 1 is no part of a number elsewhere.
		['+49 521 1234567890', undefined, '+495211234567890'],
		// Local, as people write it.
		['2015551234', 'US', '+12015551234'],
		['13123456789', 'CN', '+8613123456789'],
		['030901820', 'DE', '+4930901820'],
	])('%s in %s is %s', (text, country, e164) => expect(normalise(text, country).e164).toBe(e164));

	test.each([
		['2015551234', undefined], // New Jersey or Egypt
		['3545123456', 'DE'], // Iceland or Brandenburg
		['3906982123', 'IT'], // Rome with its country code, or a mobile number
		['6834002', undefined], // Niue, or any local number
		['99442079460102', undefined], // only 00 stands for a line abroad
		['030901820', undefined],
	])('%s in %s stays open', (text, country) =>
		expect(normalise(text, country)).toMatchObject({ kind: 'external', valid: false }),
	);
});

describe('what stands around a number', () => {
	test.each([
		['+49 30 901820 x12', '+4930901820'],
		['+49 30 901820 Kl. 12', '+4930901820'],
		['+49 30 901820 (2. OG)', '+4930901820'],
		['+49 30 901820, office', '+4930901820'],
		['+49 30 901820 office', '+4930901820'],
		['+4930901820;ext=5', '+4930901820'],
		['+4930901820@pbx.example.com', '+4930901820'],
		['+49 30 901820,,12#', '+4930901820'],
		['+4930901820#12', '+4930901820'],
		['+4930901820x12', '+4930901820'],
		['+49 30 901820 (private)', '+4930901820'],
		['+004930901820', '+4930901820'],
		['*67 12125550100', '+12125550100'],
		['*67  12125550100', '+12125550100'],
		['tel:+4930901820;phone-context=+49', '+4930901820'],
		['+44 (0)20 7946 0102', '+442079460102'],
		['0044 (0)20 7946 0102', '+442079460102'],
		['+39 (0)2 1234 5678', '+390212345678'],
		['(+44) 20 7946 0102', '+442079460102'],
		['+52 1 55 5130 6000', '+525551306000'],
		['tel:901820;phone-context=+4930', '+4930901820'],
		['#31#+4930901820', '+4930901820'],
		['*31#004930901820', '+4930901820'],
	])('%s is %s', (text, e164) => expect(normalise(text).e164).toBe(e164));

	test.each(['arab', 'arabext', 'deva', 'beng', 'fullwide'])('in %s digits', (numberingSystem) => {
		const { format } = new Intl.NumberFormat('en', { numberingSystem, useGrouping: false });
		for (const number of [4930901820, 442079346512]) {
			expect(normalise(`+${format(number)}`).e164).toBe(`+${number}`);
		}
	});

	test('a plus inside is no country code', () =>
		expect(normalise('030+901820', 'DE').e164).toBe('+4930901820'));
});

describe('what is no number of the public network', () => {
	test.each([
		['00', 'extension'],
		['001', 'extension'],
		['0012', 'extension'],
		['Private Number', 'hidden'],
		['No Caller ID', 'hidden'],
		['Unknown Caller', 'hidden'],
		['No Name', 'hidden'],
		['None', 'hidden'],
		['Blocked', 'hidden'],
		['Hidden Number', 'hidden'],
		['Caller ID Not Available', 'hidden'],
		['Restricted', 'hidden'],
		['Calling Party Unavailable', 'hidden'],
		['Number Withheld', 'hidden'],
		['Not a Caller', 'unknown'],
		['+anonymous', 'hidden'],
		['*888', 'code'],
		['#31#', 'code'],
		['3agents', 'unknown'],
		['Room 12', 'unknown'],
	])('%s is %s', (text, kind) =>
		expect(normalise(text, 'DE')).toEqual({ raw: text, kind, valid: false }),
	);
});

describe('what 3CX is to dial', () => {
	test.each([
		['101', '101'],
		['*777', '*777'],
		['#31#0301234567', '#31#0301234567'],
		['#31#+49 30 901820', '#31#+4930901820'],
		['*21*0301234567#', '*21*0301234567#'],
		['* 777', '*777'],
		['100#', '100#'],
		['0301234567#', '0301234567#'],
		['*67 +1 212 555 0100', '*67+12125550100'],
		['*67  212 555 0100', '*672125550100'],
		['*67+12125550100', '*67+12125550100'],
		['100;user=phone', '100'],
		[' 020 7946 0102 ', '02079460102'],
		['020 7946 0102 ext. 5', '02079460102'],
		['901820 ext. 5', '901820'],
		['030 901820 tel:5', '030901820'],
		['030 901820 *31#', '030901820'],
		['030 (0)1234567', '03001234567'],
		['+44(0)1632 960', '+441632960'],
		['0039 (0)2 1234 5678', '00390212345678'],
		['0049 030 901820', '004930901820'],
		['0052 1 55 5130 6000', '00525551306000'],
		['+44 (0)20 7946-0102', '+442079460102'],
		['+44 (0)1632 960-123', '+441632960123'],
		['0044 (0)1632 960123', '00441632960123'],
		['0044 (0)20 7946 0102', '00442079460102'],
		['+39 (0)2 1234 5678', '+390212345678'],
		['(+44) 20 7946 0102', '+442079460102'],
		['(020) 7946.0102', '02079460102'],
		['030/1234 56\u201378', '03012345678'],
		['tel:+44-20-7946-0102;ext=5', '+442079460102'],
		['sip:%2B4930901820@pbx', '+4930901820'],
		['\u202a+44\u00a020\u00a07946\u00a00102\u202c', '+442079460102'],
		['\uff0b\uff14\uff1430901820', '+4430901820'],
	])('for %j it is %s', (written, number) => expect(dialled(written)).toBe(number));

	test.each([
		'voiceagent',
		'voice agent 2',
		'3agents',
		'()',
		'+',
		'',
		'anonymous',
		'*',
		'**',
		'100; drop',
		'+*',
		'8 * 9 * 10',
		'abc1*2',
		'*777 agents',
		'+49 30 901820agents',
		'+49 30 901820agents, office',
		'call *31#0301234567',
	])('for %j there is nothing', (text) => expect(dialled(text)).toBeUndefined());

	test('a text without end is read up to a length', () =>
		expect(dialled('1'.repeat(1e6))!.length).toBeLessThan(1000));
});
