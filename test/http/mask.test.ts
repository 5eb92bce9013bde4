import { ThreeCxError } from '../../lib/http/errors';
import { Secrets } from '../../lib/http/mask';

/** What is hidden in texts, and what stays. That nothing gets out of a whole client is in `test/secrets`. */

const sending = (...values: unknown[]) => {
	const secrets = new Secrets();
	for (const AuthPassword of values) secrets.addRequest({ path: '/x', body: { AuthPassword } });
	return secrets;
};

describe('a short secret is hidden only where it stands alone', () => {
	test.each([
		['1234', '1234', '[hidden]'],
		['1234', 'PIN 1234, again 1234.', 'PIN [hidden], again [hidden].'],
		['1234', '(1234)', '([hidden])'],
		['1234', 'é1234é', 'é[hidden]é'],
		['1234', '12345', '12345'],
		['1234', '01234', '01234'],
		['1234', 'a1234', 'a1234'],
		['1234', '1234z', '1234z'],
		['1234', '0 12 34', '0 12 34'],
		['AbC', 'aBc', '[hidden]'],
		['é', 'é', 'é'],
		['1234567', 'x 1234567', 'x [hidden]'],
		['1234567', 'x 123456', 'x 123456'],
		['12', '12', '12'],
	])('%s in "%s"', (secret, text, shown) => {
		expect(sending(secret).mask(text)).toBe(shown);
	});

	test('two of one length, and of different lengths', () => {
		expect(sending('1234', '9876', '55555').mask('1234 9876 55555 1111')).toBe(
			'[hidden] [hidden] [hidden] 1111',
		);
	});
});

describe('of a long secret, pieces are hidden, too', () => {
	const LETTERS = 'qwertzuiopasdfghjklyxcvbnm';

	test.each([
		[8, 6],
		[9, 7],
		[10, 7],
		[11, 8],
		[12, 9],
		[16, 12],
		[17, 12],
		[26, 12],
	])('of %d characters, %d in a row', (length, piece) => {
		const secrets = sending(LETTERS.slice(0, length));
		for (let from = 0; from + piece <= length; from++) {
			expect(secrets.mask(`_${LETTERS.slice(from, from + piece)}_`)).toBe('_[hidden]_');
		}
		const shorter = `_${LETTERS.slice(0, piece - 1)}_`;
		expect(secrets.mask(shorter)).toBe(shorter);
	});

	test('all of it, however often, and nothing beside it', () => {
		const secret = 'correct-horse-battery';
		expect(sending(secret).mask(`a${secret}b ${secret}`)).toBe('a[hidden]b [hidden]');
	});

	test('with blanks inside', () => {
		expect(sending('correct horse battery').mask('is "correct horse battery"')).toBe(
			'is "[hidden]"',
		);
	});

	test('not what begins at the end of one and goes on in the next', () => {
		const secrets = sending('abcdefgh', 'stuvwxyz');
		expect(secrets.mask('efghstuv')).toBe('efghstuv');
	});

	test('in base64, from 8 characters of it on', () => {
		const secret = 'correct-horse-battery';
		const sent = Buffer.from(secret).toString('base64');
		expect(sending(secret).mask(`x ${sent} y`)).toMatch(/^x \[hidden\]\S{0,3} y$/);
		expect(sending(secret).mask(`x ${sent.slice(0, 7)} y`)).toBe(`x ${sent.slice(0, 7)} y`);
	});
});

describe('escapes', () => {
	const SECRET = 'a&b<c>d"e\'f/g\\h';
	const ESCAPED: Record<string, string> = {
		'HTML names': 'a&amp;b&lt;c&gt;d&quot;e&apos;f/g\\h',
		'HTML names in capitals': 'a&AMP;b&LT;c&GT;d&QUOT;e&APOS;f/g\\h',
		'HTML numbers': 'a&#38;b&#60;c&#62;d&#34;e&#39;f&#47;g&#92;h',
		'HTML numbers in hex': 'a&#x26;b&#x3C;c&#x3e;d&#X22;e&#x27;f&#x2f;g&#x5C;h',
		JSON: 'a&b<c>d\\"e\\\'f\\/g\\\\h',
		'JSON in four digits': 'a\\u0026b\\u003cc\\u003Ed\\u0022e\\u0027f\\u002fg\\u005Ch',
		'JavaScript in two digits': 'a\\x26b\\x3cc\\x3Ed\\x22e\\x27f\\x2fg\\x5ch',
		percent: 'a%26b%3cc%3Ed%22e%27f%2fg%5Ch',
		'percent in percent': 'a%2526b%253Cc%253Ed%2522e%2527f%252Fg%255Ch',
		'percent in percent in percent': encodeURIComponent(
			'a%2526b%253Cc%253Ed%2522e%2527f%252Fg%255Ch',
		),
	};

	test.each(Object.entries(ESCAPED))('of %s are undone, and hidden as they stand', (_, escaped) => {
		expect(sending(SECRET).mask(`before ${escaped} behind`)).toBe('before [hidden] behind');
	});

	test.each(Object.entries(ESCAPED))('of %s stay where there is no secret', (_, escaped) => {
		const text = `before ${escaped} behind`;
		expect(sending('something-else').mask(text)).toBe(text);
	});

	test('are undone three times at most', () => {
		const escaped = encodeURIComponent(encodeURIComponent('a%2526b%253Cc%253Ed%2522e%2527f'));
		expect(sending(SECRET).mask(escaped)).toBe(escaped);
	});

	test('of control characters', () => {
		const secrets = sending('one\ntwo\tthree\rfour\bfive\fsix');
		expect(secrets.mask('"one\\ntwo\\tthree\\rfour\\bfive\\fsix"')).toBe('"[hidden]"');
	});

	test.each(['café-münchen-ß', 'naïve-😀-😀-naïve'])('of %s, as UTF-8 and by code', (secret) => {
		const secrets = sending(secret);
		const byCode = [...secret].map((each) => `&#${each.codePointAt(0)};`).join('');
		const inJson = secret.replace(
			/[^\0-\x7f]/gu,
			(each) =>
				`\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}${each.length > 1 ? `\\u${each.charCodeAt(1).toString(16)}` : ''}`,
		);
		for (const form of [secret, encodeURIComponent(secret), byCode, inJson])
			expect(secrets.mask(`x ${form} y`)).toBe('x [hidden] y');
	});

	test.each(['&#x110000;', '&#9999999;', '%zz', '\\u12', '&copy;', '&#;', '100 %'])(
		'%s is no escape, and breaks nothing',
		(odd) => {
			expect(sending('correct-horse').mask(`${odd} correct-horse ${odd}`)).toBe(
				`${odd} [hidden] ${odd}`,
			);
		},
	);
});

describe('bounds', () => {
	test('of a text, 8,192 characters are shown', () => {
		const secrets = sending('1234');
		expect(secrets.mask('-'.repeat(8_192))).toBe('-'.repeat(8_192));
		expect(secrets.mask('-'.repeat(8_193))).toBe(`${'-'.repeat(8_192)} ...`);
	});

	test('of values, 1,000: texts are then hidden as a whole', () => {
		const values = Array.from({ length: 999 }, (_, index) => `a value ${index}`);
		const secrets = sending(...values, ...values);
		expect(secrets.mask('hello')).toBe('hello');
		secrets.addRequest({ path: '/x', body: { AuthPassword: 'one more' } });
		expect(secrets.mask('hello')).toBe('[hidden]');
	});

	test('of characters, 262,144 likewise', () => {
		const secrets = sending('x'.repeat(131_072), 'y'.repeat(131_072));
		expect(secrets.mask('hello')).toBe('hello');
		secrets.addRequest({ path: '/x', body: { AuthPassword: 'abc' } });
		expect(secrets.mask('hello')).toBe('[hidden]');
	});

	test('of tokens, the latest eight', () => {
		const secrets = new Secrets('the client secret');
		const token = (number: number) => `${number}${number}${number}-token-${number}`;
		for (let number = 1; number <= 8; number++) secrets.addToken(token(number));
		expect(secrets.mask(token(1))).toBe('[hidden]');
		secrets.addToken(token(8));
		expect(secrets.mask(token(1))).toBe('[hidden]');
		secrets.addToken(token(9));
		expect(secrets.mask(token(1))).not.toContain('[hidden]');
		for (let number = 2; number <= 9; number++)
			expect(secrets.mask(token(number))).toBe('[hidden]');
		expect(secrets.mask('the client secret')).toBe('[hidden]');
	});

	test('of levels, a hundred: what lies deeper is hidden as a whole', () => {
		const nest = (levels: number) => {
			let value: object = { text: 'hello' };
			for (let level = 1; level < levels; level++) value = { value };
			return value;
		};
		const secrets = sending('1234');
		expect(JSON.stringify(secrets.maskAll(nest(100)))).toContain('hello');
		expect(JSON.stringify(secrets.maskAll(nest(101)))).toContain('"[hidden]"');
		expect(JSON.stringify(secrets.maskAll(nest(101)))).not.toContain('hello');
	});
});

describe('a value of JSON', () => {
	test('is masked in its texts and names, and in nothing else', () => {
		const secrets = sending('correct-horse');
		const value = {
			text: 'is correct-horse',
			'correct-horse': 1,
			list: ['correct-horse', 1234, null, true],
			deep: { deeper: ['correct-horse'] },
		};
		expect(secrets.maskAll(value)).toEqual({
			text: 'is [hidden]',
			'[hidden]': 1,
			list: ['[hidden]', 1234, null, true],
			deep: { deeper: ['[hidden]'] },
		});
		expect(secrets.maskAll('correct-horse')).toBe('[hidden]');
		expect(secrets.maskAll(null)).toBeNull();
		expect(secrets.maskAll(undefined)).toBeUndefined();
	});

	test('of which the place in a list is no name', () => {
		expect(sending('100').maskAll(Array.from({ length: 101 }, () => 'a'))).toHaveLength(101);
		const list = sending('100').maskAll(Array.from({ length: 101 }, (_, index) => index));
		expect(Object.keys(list)).toContain('100');
	});
});

test('what was learned between two texts counts for the second', () => {
	const secrets = new Secrets();
	const text = 'correct-horse, token-of-ours';
	const error = new ThreeCxError({ kind: 'server', message: text, hint: '' });
	expect(secrets.mask(text)).toBe(text);
	expect(secrets.maskError(error)).toBe(error);
	secrets.addRequest({ path: '/x', body: { AuthPassword: 'correct-horse' } });
	expect(secrets.mask(text)).toBe('[hidden], token-of-ours');
	expect(secrets.maskError(error).message).toBe('[hidden], token-of-ours');
	secrets.addToken('token-of-ours');
	expect(secrets.mask(text)).toBe('[hidden], [hidden]');
	expect(secrets.maskError(error).message).toBe('[hidden], [hidden]');
});

test('in our own words short secrets stay: a status is no PIN', () => {
	const error = new ThreeCxError({ kind: 'server', message: 'HTTP 404 for 12345678', hint: '' });
	expect(sending('404', '1234567').maskError(error)).toBe(error);
	expect(sending('12345678').maskError(error).message).toBe('HTTP 404 for [hidden]');
});

test('rows are searched for tokens and the client secret from eight characters on, as they are', () => {
	const secrets = new Secrets('12345678');
	secrets.addToken('a-token-of-3cx');
	secrets.addRequest({ path: '/x', body: { AuthPassword: 'correct-horse' } });
	expect(secrets.areIn('{"a":"a-token-of-3cx"}')).toBe(true);
	expect(secrets.areIn('{"a":"x12345678x"}')).toBe(true);
	expect(secrets.areIn('{"a":"correct-horse"}')).toBe(false);
	expect(new Secrets('1234567').areIn('1234567')).toBe(false);
	expect(new Secrets().areIn('{"a":""}')).toBe(false);
	expect(new Secrets('ab').mask('ab cd')).toBe('ab cd');
});

test.each([
	['eyJhbGciOiJIU.eyJzdWIi.c2ln', '[hidden]'],
	['see eyJhbGciOiJIUzI1 there', 'see [hidden] there'],
	['eyJhbGciOiJI', 'eyJhbGciOiJI'],
	['Authorization: Bearer abcdefgh==, more', 'Authorization: Bearer [hidden], more'],
	['bearer abcdefgh', 'bearer [hidden]'],
	['Basic YWJjZGVm', 'Basic [hidden]'],
	['Bearer abcdefg', 'Bearer abcdefg'],
	['forbearer abcdefgh', 'forbearer abcdefgh'],
	['id=1&client_secret=x&y=2', 'id=1&client_secret=[hidden]&y=2'],
	['client_secret="x"', 'client_secret="x"'],
])('what looks like a secret is hidden whosever it is: %s', (text, shown) => {
	expect(new Secrets().mask(text)).toBe(shown);
});
