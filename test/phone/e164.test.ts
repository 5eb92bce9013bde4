import fc from 'fast-check';
import { normalise, sameNumber } from '../../lib/phone/e164';

describe('a number', () => {
	test.each([
		['+49 30 901820', 'DE', '+4930901820', 'DE'],
		['0049 30 901820', 'US', '+4930901820', 'DE'],
		['030/901820', 'DE', '+4930901820', 'DE'],
		['(212) 555-2368', 'US', '+12125552368', 'US'],
		['020 7946 0018', ' gb ', '+442079460018', 'GB'],
		['02 1234 5678', 'IT', '+390212345678', 'IT'],
		['4930901820', undefined, '+4930901820', 'DE'],
		['442079460018', 'GB', '+442079460018', 'GB'],
		['sip:+4930901820@pbx.example.com:5060', undefined, '+4930901820', 'DE'],
		['tel:+1-212-555-2368;ext=5', undefined, '+12125552368', 'US'],
	])('%s (%s) is %s', (raw, country, e164, of) => {
		expect(normalise(raw, country)).toMatchObject({
			raw,
			kind: 'external',
			e164,
			country: of,
			valid: true,
		});
	});

	test('is written as people of its country write it', () => {
		expect(normalise('+4930901820').national).toBe('030 901820');
	});

	test.each([
		['100', 'extension'],
		['sip:100@192.168.1.5', 'extension'],
		['112', 'extension'],
		['10000', 'extension'],
		['tel: 100', 'extension'],
		[' sip:100@pbx ', 'extension'],
		['100;user=phone', 'extension'],
		['100-1', 'unknown'],
		['+100', 'unknown'],
		['+12345', 'unknown'],
		['*888', 'code'],
		['#31#', 'code'],
		['100#', 'code'],
		['*31#100', 'code'],
		['*21*0301234567#', 'code'],
		['desk*8', 'unknown'],
		['*8 desk', 'unknown'],
		['sip:50%@pbx', 'unknown'],
		['anonymous', 'hidden'],
		['Anonymous', 'hidden'],
		['sip:anonymous@anonymous.invalid', 'hidden'],
		['', 'hidden'],
		['  ', 'hidden'],
		['MakeCall', 'unknown'],
		['+', 'unknown'],
		['+999123456789', 'external'],
		['030901820', 'external'],
		['#31#901820', 'external'],
	])('%p is %s and has no E.164 form', (raw, kind) => {
		expect(normalise(raw)).toEqual({ raw, kind, valid: false });
	});

	test('an unknown default country is no default country', () => {
		expect(normalise('030901820', 'XX').e164).toBeUndefined();
	});

	test('is the same subscriber in any notation', () => {
		expect(sameNumber('+49 30 901820', '030 901820', 'DE')).toBe(true);
		expect(sameNumber('0049 (30) 901820', '4930901820')).toBe(true);
		expect(sameNumber('+4930901820', '+4930901821')).toBe(false);
		expect(sameNumber('030 901820', '030/901820')).toBe(true);
		expect(sameNumber('100', ' 100 ')).toBe(true);
		expect(sameNumber('*888', 'sip:*888@pbx.example.com')).toBe(true);
		// Of two readings (New Jersey or Egypt), so it may be somebody else.
		expect(sameNumber('2015551234', '+2015551234')).toBe(false);
		expect(sameNumber('+2015551234', '2015551234')).toBe(false);
		expect(sameNumber('100', '101')).toBe(false);
		expect(sameNumber('anonymous', 'anonymous')).toBe(false);
		expect(sameNumber('+4930901820', '100', 'DE')).toBe(false);
	});

	test('any text is read without throwing, and E.164 stays itself', () => {
		fc.assert(
			fc.property(
				fc.string(),
				fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
				(raw, country) => {
					const { e164 } = normalise(raw, country);
					if (e164 !== undefined) expect(normalise(e164).e164).toBe(e164);
				},
			),
		);
	});
});
