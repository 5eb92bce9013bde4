import { credentialUsed, onCredentialUse } from '../../lib/http/credentialUse';
import { verifiedToken } from '../../lib/http/credentialCheck';
import { stampOf } from '../../lib/http/stamps';
import {
	isContested,
	mintToken,
	processTokens,
	renewalOf,
	sendAuthorised,
	TokenCache,
	tokenClaims,
	tokenExpiry,
	tokenPayload,
	type AccessToken,
	type MintOptions,
	type TokenRequest,
	type TokenSource,
} from '../../lib/http/tokens';

/** Who gets which token, who is told of it, and what is remembered of tokens that ended early. */

const connection = { origin: 'https://pbx.example.com', ignoreSslIssues: false };
const credentials = { clientId: 'n8n', clientSecret: 'a' };

/** The time that `Date.now` gives, in ms since a moment of the test. */
const clock = {
	real: Date.now,
	ms: 0,
	set(ms: number) {
		this.ms = ms;
		Date.now = () => 1_800_000_000_000 + this.ms;
	},
};

afterEach(() => {
	Date.now = clock.real;
});

/** A cache whose logins are answered by the test. */
function start() {
	let now = 1_000_000;
	const logins: Array<{
		origin: string;
		options: MintOptions;
		answer: (lifeMs?: number) => void;
		fail: (error?: Error) => void;
	}> = [];
	const cache = new TokenCache(
		async ({ origin }, _, options = {}) =>
			await new Promise<AccessToken>((resolve, reject) => {
				const value = `token ${logins.length + 1}`;
				logins.push({
					origin,
					options,
					answer: (lifeMs = 3_600_000) => resolve({ value, expiresAt: now + lifeMs }),
					fail: (error = new Error('down')) => reject(error),
				});
			}),
		() => now,
	);
	const source = cache.source(connection, credentials);
	const get = async () => {
		const token = source.get();
		logins.at(-1)?.answer();
		return await token;
	};
	return { cache, source, logins, get, pass: (ms: number) => (now += ms), now: () => now };
}

const token = (value: string, expiresAt: number): AccessToken => ({ value, expiresAt });

describe('a source', () => {
	test('says what it has, and until when', async () => {
		const { source, get, pass } = start();
		expect(source.held()).toBeUndefined();
		expect(source.clientSecret).toBe('a');
		await get();
		expect(source.held()?.value).toBe('token 1');
		pass(3_540_000 - 1);
		expect(source.held()?.value).toBe('token 1');
		pass(1);
		expect(source.held()).toBeUndefined();
	});

	test('keeps to the time of renewal that a token has', () => {
		expect(renewalOf({ value: 'a', expiresAt: 100_000 })).toBe(40_000);
		expect(renewalOf({ value: 'a', expiresAt: 100_000, renewAt: 7 })).toBe(7);
	});

	test('is proven once the PBX has taken client ID and secret; later logins are renewals', async () => {
		const { cache, source, logins, get, pass } = start();
		expect(source.isProven()).toBe(false);
		await get();
		expect(source.isProven()).toBe(true);
		expect(cache.source(connection, { ...credentials, clientSecret: 'b' }).isProven()).toBe(false);
		pass(3_600_000 - 1);
		await get();
		expect(logins.map(({ options }) => options.isRenewal)).toEqual([false, true]);
	});

	test('is not proven by a login that fails, nor by a token from elsewhere', async () => {
		const { source, logins, now } = start();
		const failed = source.get();
		logins[0]!.fail();
		await expect(failed).rejects.toThrow('down');
		source.adopt(token('x', now() + 3_600_000));
		expect(source.isProven()).toBe(false);
		expect(await source.get()).toBe('x');
		expect(logins).toHaveLength(1);
	});

	test('a login that fails fails for all who would log in the same way, and is not sent again', async () => {
		const { cache, logins } = start();
		const [one, other] = [1, 2].map(() => cache.source(connection, credentials));
		const both = Promise.allSettled([one!.get(), other!.get()]);
		logins[0]!.fail();
		expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
		expect(logins).toHaveLength(1);
	});

	test('takes over a token from elsewhere where it lives longer', () => {
		const { source, now } = start();
		source.adopt(token('first', now() + 3_600_000));
		source.adopt(token('older', now() + 3_599_999));
		expect(source.held()?.value).toBe('first');
		source.adopt(token('as old', now() + 3_600_000));
		expect(source.held()?.value).toBe('first');
		source.adopt(token('newer', now() + 3_600_001));
		expect(source.held()?.value).toBe('newer');
	});

	test('replaces what was refused, and only that', async () => {
		const { source, logins, get } = start();
		await get();
		expect((await source.replace(['another'])).value).toBe('token 1');
		expect(await source.renew([])).toEqual({ value: 'token 1', isLast: true });
		const replaced = source.replace(['another', 'token 1']);
		expect(source.held()).toBeUndefined();
		logins[1]!.answer();
		expect((await replaced).value).toBe('token 2');
		expect(logins).toHaveLength(2);
	});

	test('knows the newest token, also that of a login under way, and never logs in for it', async () => {
		const { source, logins, get } = start();
		expect(await source.newest!()).toBeUndefined();
		expect(logins).toHaveLength(0);
		await get();
		expect((await source.newest!())?.value).toBe('token 1');
		void source.replace(['token 1']);
		const newest = source.newest!();
		logins[1]!.answer();
		expect((await newest)?.value).toBe('token 2');
		const failing = source.replace(['token 2']);
		const none = source.newest!();
		logins[2]!.fail();
		await expect(failing).rejects.toThrow('down');
		expect(await none).toBeUndefined();
	});

	test('tells its watchers of each other token, until they have enough', async () => {
		const { source, logins, get, now } = start();
		const seen: string[] = [];
		const others: string[] = [];
		const end = source.watch!((value) => seen.push(value));
		source.watch!((value) => others.push(value));
		await get();
		source.adopt(token('token 1', now() + 7_200_000));
		expect(seen).toEqual(['token 1']);
		source.adopt(token('from elsewhere', now() + 7_300_000));
		expect(seen).toEqual(['token 1', 'from elsewhere']);
		end();
		const replaced = source.replace(['from elsewhere']);
		logins[1]!.answer();
		await replaced;
		expect(seen).toHaveLength(2);
		expect(others).toEqual(['token 1', 'from elsewhere', 'token 2']);
	});

	test('whose watcher ends within the telling tells the others', async () => {
		const { source, get } = start();
		const seen: string[] = [];
		const end = source.watch!(() => end());
		source.watch!((value) => seen.push(value));
		await get();
		expect(seen).toEqual(['token 1']);
	});
});

describe('tokens that ended before their time', () => {
	test('are remembered, the latest three; those whose time had come are not', async () => {
		const { source, logins, get, pass, now } = start();
		expect(source.endedEarly!()).toEqual([]);
		await get();
		const times: number[] = [];
		for (let count = 1; count <= 4; count++) {
			pass(1_000);
			times.push(now());
			const replaced = source.replace([`token ${count}`]);
			logins.at(-1)!.answer();
			await replaced;
			expect(source.endedEarly!()).toEqual(times.slice(-3));
		}
		pass(3_600_000 - 30_000);
		const replaced = source.replace(['token 5']);
		logins.at(-1)!.answer();
		await replaced;
		expect(source.endedEarly!()).toEqual(times.slice(-3));
	});

	test.each<[number[], number, boolean]>([
		[[], 0, false],
		[[0, 1], 2, false],
		[[0, 1, 2], 3, true],
		[[0, 1, 2], 299_999, true],
		[[0, 1, 2], 300_000, false],
		[[0, 300_000, 300_001], 300_002, false],
	])('at %p make a contest at %d: %p', (endedEarly, now, expected) => {
		expect(isContested(endedEarly, now)).toBe(expected);
	});
});

describe('a login under way', () => {
	const OTHER = { ...connection, ignoreSslIssues: true };

	test('is shared by those who connect alike', async () => {
		const { cache, source, logins } = start();
		const [first, second] = [source.get(), cache.source({ ...connection }, credentials).get()];
		expect(logins).toHaveLength(1);
		logins[0]!.answer();
		expect(await Promise.all([first, second])).toEqual(['token 1', 'token 1']);
	});

	test.each<[string, object]>([
		['do not check certificates', OTHER],
		['look names up otherwise', { ...connection, lookup: () => undefined }],
	])('that succeeds serves those who %s', async (_, other) => {
		const { cache, source, logins } = start();
		const first = source.get();
		const second = cache.source(other as typeof connection, credentials).get();
		expect(logins).toHaveLength(1);
		logins[0]!.answer();
		expect(await Promise.all([first, second])).toEqual(['token 1', 'token 1']);
		expect(logins).toHaveLength(1);
	});

	test.each<[string, object]>([
		['do not check certificates', OTHER],
		['look names up otherwise', { ...connection, lookup: () => undefined }],
	])('that fails is no failure of those who %s', async (_, other) => {
		const { cache, source, logins } = start();
		const first = source.get();
		const second = cache.source(other as typeof connection, credentials).get();
		logins[0]!.fail(new Error('certificate'));
		await expect(first).rejects.toThrow('certificate');
		await Promise.resolve();
		expect(logins).toHaveLength(2);
		logins[1]!.answer();
		expect(await second).toBe('token 2');
	});

	test('that fails is the failure of all who connect alike, and is not made again for each', async () => {
		const { cache, source, logins } = start();
		const asked = [source.get(), cache.source({ ...connection }, credentials).get()];
		logins[0]!.fail();
		for (const each of asked) await expect(each).rejects.toThrow('down');
		expect(logins).toHaveLength(1);
	});

	test('that failed is over', async () => {
		const { source, logins } = start();
		const first = source.get();
		logins[0]!.fail();
		await expect(first).rejects.toThrow('down');
		const second = source.get();
		expect(logins).toHaveLength(2);
		logins[1]!.answer();
		expect(await second).toBe('token 2');
	});

	test('keeps its tenant from being forgotten, as watchers do', async () => {
		const { cache, source, logins, pass } = start();
		const seen: string[] = [];
		const watched = cache.source({ ...connection, origin: 'https://watched' }, credentials);
		watched.watch!((value) => seen.push(value));
		const first = source.get();
		pass(3_600_000);
		void cache.source({ ...connection, origin: 'https://third' }, credentials).get();
		watched.adopt(token('news', Infinity));
		logins[0]!.answer();
		await first;
		expect(source.isProven()).toBe(true);
		expect(seen).toEqual(['news']);
	});
});

test('an idle tenant is forgotten after an hour, not before', async () => {
	const { cache, source, get, pass } = start();
	const other = cache.source({ ...connection, origin: 'https://other' }, credentials);
	await get();
	pass(3_600_000 - 1);
	other.adopt(token('a', Infinity));
	expect(source.isProven()).toBe(true);
	pass(1);
	other.adopt(token('b', Infinity));
	expect(source.isProven()).toBe(false);
});

test('a tenant whose token is asked for is not idle', async () => {
	const { cache, source, get, pass } = start();
	const other = cache.source({ ...connection, origin: 'https://other' }, credentials);
	await get();
	pass(3_000_000);
	await source.get();
	pass(3_000_000);
	other.adopt(token('a', Infinity));
	expect(source.isProven()).toBe(true);
});

describe('what is sent with a token', () => {
	/** A source that gives out what it is told to, and counts. */
	const tokens = (isLastAt = Infinity): TokenSource & { asked: string[][] } => {
		const asked: string[][] = [];
		return {
			asked,
			get: async () => await Promise.resolve('0'),
			renew: async (refused) => {
				asked.push([...refused]);
				return await Promise.resolve({
					value: String(asked.length),
					isLast: asked.length >= isLastAt,
				});
			},
		};
	};
	const refusing = (until: number) => {
		const sent: string[] = [];
		return {
			sent,
			send: async (value: string) => {
				sent.push(value);
				return await Promise.resolve(Number(value) < until ? 401 : 200);
			},
		};
	};
	const is401 = (status: number) => status === 401;

	test.each([
		[0, Infinity, ['0'], 200],
		[1, Infinity, ['0', '1'], 200],
		[3, Infinity, ['0', '1', '2', '3'], 200],
		[4, Infinity, ['0', '1', '2', '3'], 401],
		[9, 1, ['0', '1'], 401],
		[9, 2, ['0', '1', '2'], 401],
	])('is refused %d times, token %d is the last', async (times, isLastAt, sent, status) => {
		const [source, pbx] = [tokens(isLastAt), refusing(times)];
		expect(await sendAuthorised(source, pbx.send, is401)).toBe(status);
		expect(pbx.sent).toEqual(sent);
		expect(source.asked).toEqual(sent.slice(1).map((_, index) => sent.slice(0, index + 1)));
	});

	test('does not wait for a token when it is stopped', async () => {
		const stop = new AbortController();
		const never = async () => await new Promise<never>(() => undefined);
		const waiting = sendAuthorised(
			{ get: never, renew: never },
			async () => await Promise.resolve(1),
			() => false,
			stop.signal,
		);
		stop.abort();
		await expect(waiting).rejects.toThrow(/abort/i);
		const again = new AbortController();
		const renewing = sendAuthorised(
			{ ...tokens(), renew: never },
			async () => await Promise.resolve(1),
			() => true,
			again.signal,
		);
		await Promise.resolve();
		again.abort();
		await expect(renewing).rejects.toThrow(/abort/i);
	});
});

const jwt = (claims: unknown) =>
	['{}', JSON.stringify(claims), 's'].map((p) => Buffer.from(p).toString('base64url')).join('.');

test('claims are read where they have their type', () => {
	const claims = { sub: 'n8n', iss: 'pbx', exp: 1, iat: 2, nbf: 3 };
	expect(tokenClaims(jwt(claims))).toEqual(claims);
	const none = { sub: undefined, iss: undefined, exp: undefined, iat: undefined, nbf: undefined };
	expect(tokenClaims(jwt({ sub: 1, iss: null, exp: '1', iat: true, nbf: [] }))).toEqual(none);
	expect(tokenClaims(`x.${Buffer.from('{"exp":1e999}').toString('base64url')}.y`)).toEqual(none);
	expect(tokenClaims(`x.${Buffer.from('"text"').toString('base64url')}`)).toBeUndefined();
	expect(tokenClaims('x')).toBeUndefined();
	expect(tokenPayload(`x.${Buffer.from('null').toString('base64url')}`)).toBeUndefined();
});

test.each<[string, string, number | undefined, string | undefined, number]>([
	['no life is longer than a day', jwt({ iat: 0, exp: 1_000_000 }), undefined, undefined, 86_400],
	['of a day is one', jwt({ iat: 0, exp: 86_400 }), undefined, undefined, 86_400],
	['299 means minutes', 'opaque', 299, undefined, 17_940],
	['0 means nothing', 'opaque', 0, undefined, 17_940],
	['less than nothing, too', 'opaque', -5, undefined, 17_940],
	['iat goes before nbf', jwt({ iat: 100, nbf: 50, exp: 200 }), undefined, undefined, 100],
	['nbf goes before the date', jwt({ nbf: 50, exp: 200 }), 7, 'Thu, 01 Jan 1970 00:01:00 GMT', 150],
	['the date goes before expires_in', jwt({ exp: 200 }), 7, 'Thu, 01 Jan 1970 00:01:00 GMT', 140],
	['expires_in goes before exp and our clock', jwt({ exp: 1_300 }), 7, undefined, 420],
	['exp and our clock are the last', jwt({ exp: 1_300 }), undefined, undefined, 300],
])('a life: %s', (_, value, expiresIn, date, seconds) => {
	const now = 1_000_000;
	expect(tokenExpiry(value, expiresIn, now, date)).toBe(now + seconds * 1000);
});

test('who listens is told of each use of a credential, until he has enough', () => {
	const heard: Array<[string, boolean]> = [];
	const end = onCredentialUse(({ tenant }, didLogIn) => heard.push([tenant, didLogIn]));
	const once = onCredentialUse(() => once());
	const last = onCredentialUse(({ tenant }, didLogIn) => heard.push([`last ${tenant}`, didLogIn]));
	credentialUsed({ tenant: 'a', secret: 'b' });
	credentialUsed({ tenant: 'c', secret: 'd' }, true);
	end();
	last();
	credentialUsed({ tenant: 'e', secret: 'f' });
	expect(heard).toEqual([
		['a', false],
		['last a', false],
		['c', true],
		['last c', true],
	]);
});

test('stamps tell apart what differs, and only that', () => {
	const of = (origin: string, clientId: string, clientSecret: string) =>
		stampOf({ origin, clientId, clientSecret });
	const one = of('https://a', 'n8n', 's');
	expect(of('https://a', 'n8n', 's')).toEqual(one);
	expect(of('https://a', 'n8n', 't')).toMatchObject({ tenant: one.tenant });
	expect(of('https://b', 'n8n', 's')).toMatchObject({ client: one.client });
	const all = [
		one,
		of('https://a', 'n8n', 't'),
		of('https://b', 'n8n', 's'),
		of('https://a', 'm', 's'),
	];
	const distinct = (name: 'tenant' | 'secret' | 'client') =>
		new Set(all.map((each) => each[name])).size;
	expect([distinct('tenant'), distinct('secret'), distinct('client')]).toEqual([3, 4, 3]);
	// What one field ends with is not what the next begins with.
	expect(of('https://a', 'n', '8n')).not.toMatchObject({
		client: of('https://a', 'n8', 'n').client,
	});
	expect(new Set(Object.values(one)).size).toBe(3);
	expect(JSON.stringify(one)).not.toContain('n8n');
});

describe('a check of a credential', () => {
	const client = {
		origin: 'https://pbx',
		clientId: 'n8n',
		clientSecret: 's',
		ignoreSslIssues: false,
	};
	const logins: TokenRequest[] = [];
	let status = 200;
	const transport = async (request: TokenRequest) => {
		logins.push(request);
		const body = { access_token: `token${logins.length}`, expires_in: 3600 };
		return await Promise.resolve({
			status,
			headers: {},
			text: JSON.stringify(status === 200 ? body : {}),
		});
	};
	const probed: string[] = [];
	const check = async (stored?: string, answer: (value: string) => number = () => 200) =>
		await verifiedToken({
			client,
			stored,
			transport,
			probe: async (value) => {
				probed.push(value);
				return await Promise.resolve(answer(value));
			},
		});

	beforeEach(() => {
		processTokens.clear();
		logins.length = probed.length = 0;
		status = 200;
	});

	afterAll(() => processTokens.clear());

	test('logs in once, whatever is stored; then the token is tried', async () => {
		expect(await check('stored')).toBe('token1');
		expect(probed).toEqual([]);
		expect(await check()).toBe('token1');
		expect(probed).toEqual(['token1']);
		expect(await check('stored')).toBe('stored');
		expect(probed).toEqual(['token1', 'stored']);
		expect(logins).toHaveLength(1);
		expect(logins[0]).toMatchObject({ path: '/connect/token', timeoutMs: 30_000 });
		expect(logins[0]!.headers).toEqual({
			'content-type': 'application/x-www-form-urlencoded',
			accept: 'application/json',
		});
	});

	test('replaces what is refused by 401 only', async () => {
		await check();
		expect(await check('stored', (value) => (value === 'stored' ? 401 : 403))).toBe('token1');
		expect(await check('stored', () => 401)).toBe('token2');
		expect(probed).toEqual(['stored', 'token1', 'stored', 'token1']);
		expect(logins).toHaveLength(2);
	});

	test('says cause and cure in one message', async () => {
		status = 401;
		const error: unknown = await check().catch((cause: unknown) => cause);
		expect(error).toBeInstanceOf(Error);
		expect((error as Error).message).toMatch(
			/^https:\/\/pbx refuses the client ID or the client secret\. Compare both .*\.$/,
		);
		expect(error).not.toHaveProperty('code');
		expect(error).not.toHaveProperty('kind');
	});

	test('that cannot reach the PBX says so', async () => {
		await check();
		const failing = verifiedToken({
			client,
			transport,
			probe: async () => await Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
		});
		await expect(failing).rejects.toThrow(
			/^https:\/\/pbx could not be found: no such host name\. Check/,
		);
	});
});

describe('a login', () => {
	const minting = (answer: object, status = 200, headers = {}) => {
		const requests: TokenRequest[] = [];
		const transport = async (request: TokenRequest) => {
			requests.push(request);
			return await Promise.resolve({ status, headers, text: JSON.stringify(answer) });
		};
		return { requests, transport };
	};

	test.each<[unknown, boolean]>([
		['abc.DEF_1-2~+/==', true],
		['x'.repeat(16_384), true],
		['x'.repeat(16_385), false],
		[12345, false],
		[['abc'], false],
		['', false],
		['a b', false],
		['a\nb', false],
		['=a', false],
		[null, false],
		[undefined, false],
	])('that gives %p gives a token: %p', async (access_token, isToken) => {
		const { transport } = minting({ access_token });
		const minted = mintToken(connection, credentials, { transport });
		if (isToken) expect((await minted).value).toBe(access_token);
		else await expect(minted).rejects.toMatchObject({ kind: 'malformed' });
	});

	test('with another status than 200 gives none', async () => {
		const { transport } = minting({ access_token: 'a' }, 201);
		await expect(mintToken(connection, credentials, { transport })).rejects.toMatchObject({
			status: 201,
		});
	});

	test('says how long its token lives, from when on it is replaced, and what the PBX said', async () => {
		const { transport, requests } = minting({ access_token: 'a', expires_in: 400 });
		const before = Date.now();
		const minted = await mintToken(connection, credentials, { transport });
		expect(minted).toMatchObject({ value: 'a', expiresIn: 400 });
		expect(minted.expiresAt - before).toBeGreaterThanOrEqual(400_000);
		expect(minted.expiresAt - minted.renewAt!).toBe(60_000);
		const short = await mintToken(connection, credentials, {
			transport: minting({ access_token: jwt({ iat: 0, exp: 100 }) }).transport,
		});
		expect(short.expiresAt - short.renewAt!).toBe(25_000);
		expect(requests[0]).toMatchObject({ connection, path: '/connect/token' });
	});

	test('goes by the date of the answer, of which there may be two', async () => {
		const now = Date.now();
		const date = [new Date(now - 3_600_000).toUTCString(), 'x'];
		const exp = Math.floor(now / 1000) - 3_600 + 500;
		const { transport } = minting({ access_token: jwt({ exp }) }, 200, { date });
		const { expiresAt } = await mintToken(connection, credentials, { transport });
		expect(Math.abs(expiresAt - now - 500_000)).toBeLessThan(5_000);
	});

	test('that renews is made six times in 30 s, and then not before the first of them is so long ago', async () => {
		clock.set(0);
		const other = { ...credentials, clientId: 'renewed often' };
		const { transport, requests } = minting({ access_token: 'a' });
		const renew = async () => await mintToken(connection, other, { transport, isRenewal: true });
		for (let count = 0; count < 6; count++) {
			await renew();
			clock.set(clock.ms + 1_000);
		}
		const refused: unknown = await renew().catch((error: unknown) => error);
		expect(refused).toMatchObject({
			kind: 'rateLimited',
			request: 'POST /connect/token',
			retryAfterMs: 24_000,
			message: expect.stringContaining('6 new ones within 30 seconds') as string,
		});
		expect(requests).toHaveLength(6);
		// First logins are not counted, and other clients have their own count.
		await mintToken(connection, other, { transport });
		await mintToken(connection, { ...other, clientId: 'other' }, { transport, isRenewal: true });
		clock.set(29_999);
		await expect(renew()).rejects.toMatchObject({ kind: 'rateLimited', retryAfterMs: 1 });
		clock.set(30_000);
		await renew();
		await expect(renew()).rejects.toMatchObject({ kind: 'rateLimited', retryAfterMs: 1_000 });
	});

	test('that is not answered counts for nothing', async () => {
		const other = { ...credentials, clientId: 'never answered' };
		const failing = async () => await Promise.reject(new Error('x'));
		for (let count = 0; count < 8; count++)
			await expect(
				mintToken(connection, other, { transport: failing, isRenewal: true }),
			).rejects.toMatchObject({ kind: 'unreachable', request: 'POST /connect/token' });
	});
});
