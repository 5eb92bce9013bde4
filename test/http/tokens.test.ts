import fc from 'fast-check';
import { TokenCache, tokenClaims, tokenExpiry, type AccessToken } from '../../lib/http/tokens';

const jwt = (claims: object) =>
	['{"alg":"ES256"}', JSON.stringify(claims), 'signature']
		.map((part) => Buffer.from(part).toString('base64url'))
		.join('.');

describe('tokenExpiry', () => {
	const now = Date.UTC(2026, 10, 23, 12);

	test.each([
		['exp and iat, whatever expires_in says', jwt({ iat: 1000, exp: 4600 }), 60, 3600],
		[
			'exp and iat of a PBX whose clock is five minutes ahead',
			jwt({ iat: now / 1000 + 300, exp: now / 1000 + 3900 }),
			3600,
			3600,
		],
		['exp alone', jwt({ exp: now / 1000 + 120 }), undefined, 120],
		['expires_in 60 of an older build means minutes', 'opaque', 60, 3600],
		['expires_in 3600 of a newer build means seconds', 'opaque', 3600, 3600],
		['expires_in 300 means seconds', 'opaque', 300, 300],
	])('%s', (_, token, expiresIn, seconds) => {
		expect(tokenExpiry(token, expiresIn, now)).toBe(now + seconds * 1000);
	});
});

test.each(['', 'abc', 'a.b', 'a.b.c', `x.${Buffer.from('null').toString('base64url')}.y`])(
	'"%s" has no claims',
	(token) => {
		expect(tokenClaims(token)).toBeUndefined();
	},
);

describe('TokenCache', () => {
	const connection = { origin: 'https://pbx.example.com', ignoreSslIssues: false };
	const credentials = { clientId: 'n8n', clientSecret: 'a' };

	/** A cache over a mint that is counted and answers when it is told to. */
	const counting = (lifetimeMs = 3_600_000) => {
		let now = 0;
		const minted: Array<{
			origin: string;
			clientId: string;
			clientSecret: string;
			answer: () => void;
		}> = [];
		const cache = new TokenCache(
			async ({ origin }, client) =>
				await new Promise<AccessToken>((resolve) => {
					const value = `token ${minted.length + 1}`;
					const answer = () => resolve({ value, expiresAt: now + lifetimeMs });
					minted.push({ origin, ...client, answer });
				}),
			() => now,
		);
		return { cache, minted, pass: (ms: number) => (now += ms) };
	};

	test('mints once however many ask at the same time', async () => {
		const { cache, minted } = counting();
		const asked = Array.from(
			{ length: 50 },
			async () => await cache.source(connection, credentials).get(),
		);
		expect(minted).toHaveLength(1);
		minted[0]!.answer();
		expect(new Set(await Promise.all(asked))).toEqual(new Set(['token 1']));
		expect(await cache.source(connection, credentials).get()).toBe('token 1');
	});

	test('a refused token is replaced once, however many requests it was refused to', async () => {
		const { cache, minted } = counting();
		const source = cache.source(connection, credentials);
		const first = source.get();
		minted[0]!.answer();
		const refused = await first;
		const renewed = Array.from({ length: 20 }, async () => (await source.renew([refused])).value);
		expect(minted).toHaveLength(2);
		minted[1]!.answer();
		expect(new Set(await Promise.all(renewed))).toEqual(new Set(['token 2']));
		// One that comes late, with the old token, gets the new one without another mint.
		expect(await source.renew([refused])).toEqual({ value: 'token 2', isLast: true });
		expect(minted).toHaveLength(2);
	});

	test('a failed mint is not remembered', async () => {
		let attempts = 0;
		const cache = new TokenCache(async () => {
			if (++attempts === 1) throw new Error('down');
			return await Promise.resolve({ value: 'up', expiresAt: Infinity });
		});
		const source = cache.source(connection, credentials);
		await expect(source.get()).rejects.toThrow('down');
		expect(await source.get()).toBe('up');
	});

	test('renews within the last minute of its life', async () => {
		const { cache, minted, pass } = counting(3_600_000);
		const source = cache.source(connection, credentials);
		const first = source.get();
		minted[0]!.answer();
		await first;
		pass(3_539_000);
		expect(await source.get()).toBe('token 1');
		pass(2000);
		void source.get();
		expect(minted).toHaveLength(2);
		minted[1]!.answer();
	});

	test('a token is given only to the PBX, client and secret that it was minted for', async () => {
		const part = fc.constantFrom('a', 'b', 'a"', 'a\n', '', '%', 'ü', 'a","b');
		await fc.assert(
			fc.asyncProperty(
				fc.array(fc.tuple(part, part, part), { minLength: 1, maxLength: 12 }),
				async (tenants) => {
					const cache = new TokenCache(
						async ({ origin }, { clientId, clientSecret }) =>
							await Promise.resolve({
								value: JSON.stringify([origin, clientId, clientSecret]),
								expiresAt: Infinity,
							}),
					);
					for (const [origin, clientId, clientSecret] of [...tenants, ...tenants]) {
						const source = cache.source(
							{ origin, ignoreSslIssues: false },
							{ clientId, clientSecret },
						);
						expect(await source.get()).toBe(JSON.stringify([origin, clientId, clientSecret]));
					}
				},
			),
		);
	});

	test('forgets tenants that are idle, and keeps their number bounded', async () => {
		let mints = 0;
		let now = 0;
		const cache = new TokenCache(
			async () => await Promise.resolve({ value: `token ${++mints}`, expiresAt: Infinity }),
			() => now,
		);
		const ask = async (tenant: number) =>
			await cache
				.source({ origin: `https://${tenant}`, ignoreSslIssues: false }, credentials)
				.get();
		for (let tenant = 0; tenant < 501; tenant++) await ask(tenant);
		await ask(500);
		expect(mints).toBe(501);
		await ask(0);
		expect(mints).toBe(502);
		now += 3_600_001;
		await ask(1);
		expect(mints).toBe(503);
		await ask(500);
		expect(mints).toBe(504);
	});
});
