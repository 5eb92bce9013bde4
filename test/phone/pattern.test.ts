import { numberMatcher } from '../../lib/phone/pattern';

const fits = (number: string, pattern: string, country?: string) =>
	numberMatcher([pattern], country)(number);

describe('a pattern of numbers', () => {
	test.each<[pattern: string, number: string, country: string | undefined]>([
		['+4420*', '442079460102', 'GB'],
		['+44 20*', '020 7946 0102', 'GB'],
		['+44 (0)20*', '+442079460102', undefined],
		['+44(0)20*', '020 7946 0102', 'GB'],
		['0044*', '+442079460102', undefined],
		['0044 (0)20*', '+442079460102', 'GB'],
		['0044*', '0044 20 7946 0102', undefined],
		['+39 (0)2*', '+390212345678', undefined],
		['0011 44 20*', '+442079460102', 'AU'],
		['010 44 20*', '+442079460102', 'JP'],
		['011 44*', '+442079460102', 'US'],
		['+4915*', '4915112345678', 'DE'],
		['\u202a+44 20*\u202c', '+442079460102', undefined],
		['\uff0b4420\uff0a', '+442079460102', undefined],
		['(020) 7946*', '+442079460102', 'GB'],
		['020*', '02079460102', undefined],
		['0?0*', '02079460102', undefined],
		['anonymous', 'No Caller ID', undefined],
		['1??', '100', undefined],
	])('%s fits %s (%s)', (pattern, number, country) => {
		expect(fits(number, pattern, country)).toBe(true);
	});

	test.each<[pattern: string, number: string, country: string | undefined]>([
		['+44 (0)20*', '+44161496', undefined],
		['0044*', '+493012345678', 'GB'],
		['(0)20*', '2079460102', undefined],
		['0011*', '+442079460102', 'GB'],
		['00*', '100', 'GB'],
		['20*', '+4930901820', undefined],
		['anonymous', '+4930901820', undefined],
		['+39 (0)2*', '+3906698', 'IT'],
	])('%s does not fit %s (%s)', (pattern, number, country) => {
		expect(fits(number, pattern, country)).toBe(false);
	});
});
