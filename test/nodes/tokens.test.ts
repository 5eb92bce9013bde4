import { setImmediate } from 'node:timers/promises';
import type { INode } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { onCredentialUse } from '../../lib/http/credentialUse';
import { stampOf, type Stamp } from '../../lib/http/stamps';
import { processTokens } from '../../lib/http/tokens';
import {
	CREDENTIAL,
	type StampedToken,
	type StoredToken,
	type ThreeCxCredentials,
} from '../../nodes/shared/credential';
import { tokensFor, type RequestContext } from '../../nodes/shared/tokens';
import { json, startServer, type Received, type TestServer } from '../support/httpServer';

/** Where the requests of an item get their token: n8n's store is played here, the PBX answers logins over a socket. */

const HOUR_MS = 3_600_000;

const servers: TestServer[] = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(servers.splice(0).map(async (server) => await server.close()));
});

/** A PBX that gives tokens 1, 2, 3, unless told otherwise for a login. */
async function newPbx(
	answer: (login: number, request: Received) => [number, unknown] | undefined = () => undefined,
) {
	let logins = 0;
	const server = await startServer((request, response) => {
		const [status, body] = answer(++logins, request) ?? [200, minted(logins)];
		json(response, status, body);
	});
	servers.push(server);
	const fields = { pbxUrl: server.origin, clientId: 'n8n', clientSecret: 'secret' };
	return {
		...server,
		fields,
		logins: () => logins,
		stamp: stampOf({ origin: server.origin, ...fields }),
	};
}

type TestPbx = Awaited<ReturnType<typeof newPbx>>;

const minted = (number: number) => ({ access_token: `t${number}`, expires_in: 3_600 });

/** A token that says which PBX made it. */
const jwt = (iss: string, number: number) =>
	['{}', JSON.stringify({ iss, number })]
		.map((part) => Buffer.from(part).toString('base64url'))
		.join('.') + '.signature';

/** One credential of n8n, and its node's context, without a lock of n8n's. */
function storeWith(fields: ThreeCxCredentials, id: string | undefined = 'one') {
	const store = {
		fields,
		reads: 0,
		context: undefined as unknown as RequestContext,
		data: (): StoredToken | undefined => store.fields.oauthTokenData,
	};
	store.context = {
		getNode: () => ({ name: '3CX', credentials: { [CREDENTIAL]: { id, name: '3CX' } } }),
		logger: { debug: () => undefined, warn: () => undefined },
		getCredentials: async () => {
			store.reads += 1;
			return await Promise.resolve(structuredClone(store.fields));
		},
		additionalData: {
			credentialsHelper: {
				updateCredentialsOauthTokenData: async (
					_reference: unknown,
					_type: unknown,
					{ oauthTokenData }: { oauthTokenData: StoredToken },
				) => {
					store.fields = { ...store.fields, oauthTokenData };
					await Promise.resolve();
				},
			},
		},
	} as unknown as RequestContext;
	return store;
}

type Store = ReturnType<typeof storeWith>;

const sourceOf = (
	store: Store,
	{ ignoreSslIssues = false, isForLink }: { ignoreSslIssues?: boolean; isForLink?: boolean } = {},
) =>
	tokensFor(
		store.context,
		structuredClone(store.fields),
		{ origin: store.fields.pbxUrl, ignoreSslIssues },
		0,
		isForLink,
	);

const inMs = (ms: number) => String(Date.now() + ms);

/** A token as the nodes store it. */
const stored = (
	access_token: string | undefined,
	{ secret, client }: Pick<Stamp, 'secret' | 'client'>,
	livesMs = HOUR_MS / 2,
): StampedToken => ({ access_token, secret, client, n8n_expires_at: inMs(livesMs) });

test('a new token is stored with whose it is, until when, and nothing else; and serves from then on', async () => {
	const pbx = await newPbx();
	const store = storeWith(pbx.fields);
	const source = sourceOf(store);
	const before = Date.now();
	expect(await source.get()).toBe('t1');
	const { n8n_expires_at, renew_at, ...rest } = store.data()!;
	expect(rest).toEqual({ access_token: 't1', ...pbx.stamp, others: {} });
	expect(Number(n8n_expires_at)).toBeGreaterThanOrEqual(before + HOUR_MS);
	expect(Number(n8n_expires_at)).toBeLessThanOrEqual(Date.now() + HOUR_MS);
	expect(Number(renew_at)).toBe(Number(n8n_expires_at) - 60_000);
	expect(await source.get()).toBe('t1');
	expect([store.reads, pbx.logins()]).toEqual([1, 1]);
	expect(source.clientSecret).toBe('secret');
});

test.each<[string, Partial<StampedToken>, string]>([
	['that lives', { n8n_expires_at: inMs(HOUR_MS) }, 'stored'],
	['that lives for two minutes more', { n8n_expires_at: inMs(120_000) }, 'stored'],
	['that ends in half a minute', { n8n_expires_at: inMs(30_000) }, 't1'],
	['whose end is not known', { n8n_expires_at: undefined }, 'stored'],
	['that is to be renewed', { n8n_expires_at: inMs(HOUR_MS), renew_at: inMs(-1) }, 't1'],
	['not to be renewed yet', { n8n_expires_at: inMs(30_000), renew_at: inMs(20_000) }, 'stored'],
	['of an older secret', { secret: 'older' }, 't1'],
])('a token in the store %s serves, or not', async (_, token, value) => {
	const pbx = await newPbx();
	const { tenant } = pbx.stamp;
	const store = storeWith({
		...pbx.fields,
		oauthTokenData: { ...stored('stored', pbx.stamp), tenant, ...token },
	});
	expect(await sourceOf(store).get()).toBe(value);
	const isNew = Number(value === 't1');
	// What serves is not looked up again.
	expect([store.reads, pbx.logins()]).toEqual([isNew, isNew]);
});

test('a refused token is replaced by what another process has stored meanwhile, without a login', async () => {
	const pbx = await newPbx();
	const store = storeWith(pbx.fields);
	const source = sourceOf(store);
	await source.get();
	store.fields.oauthTokenData = {
		...store.data(),
		access_token: 'theirs',
		n8n_expires_at: inMs(2 * HOUR_MS),
	};
	expect(await source.renew(['t1'])).toEqual({ value: 'theirs', isLast: true });
	expect(await source.get()).toBe('theirs');
	expect(await source.renew(['t1', 'theirs'])).toEqual({ value: 't2', isLast: true });
	expect(pbx.logins()).toBe(2);
	expect(store.data()!.others).toEqual({});
});

test('without a credential in n8n’s store the token is this process’s alone', async () => {
	const pbx = await newPbx();
	const store = storeWith(pbx.fields);
	for (const credentials of [undefined, {}]) {
		store.context.getNode = () => ({ name: '3CX', credentials }) as unknown as INode;
		expect(await sourceOf(store).get()).toBe('t1');
	}
	expect([store.data(), pbx.logins()]).toEqual([undefined, 1]);
});

describe('a token that this process has from elsewhere', () => {
	/** @returns a source of another credential with the same client, while this process has t1 */
	const withHeld = async (pbx: TestPbx, oauthTokenData?: StoredToken) => {
		await sourceOf(storeWith(pbx.fields)).get();
		const store = storeWith({ ...pbx.fields, oauthTokenData }, 'two');
		return { store, source: sourceOf(store) };
	};

	test('is stored in place of a login; it may have ended, so that another may be asked for', async () => {
		const pbx = await newPbx();
		const { store, source } = await withHeld(pbx);
		expect(await source.renew(['x'])).toEqual({ value: 't1', isLast: false });
		expect(store.data()).toMatchObject({ access_token: 't1', ...pbx.stamp });
		expect(store.data()).not.toHaveProperty('isUnsure');
		expect(pbx.logins()).toBe(1);
	});

	test.each<[number, object]>([
		[-HOUR_MS / 2, { value: 't1', isLast: false }],
		[HOUR_MS / 2, { value: 'stored', isLast: true }],
	])('and one in the store that ends %d ms later: the later one', async (laterMs, expected) => {
		const pbx = await newPbx();
		const { tenant } = pbx.stamp;
		const data = { ...stored('stored', pbx.stamp, HOUR_MS + laterMs), tenant };
		expect(await (await withHeld(pbx, data)).source.renew(['x'])).toEqual(expected);
		expect(pbx.logins()).toBe(1);
	});

	test('is nothing where it was refused', async () => {
		const pbx = await newPbx();
		const { source } = await withHeld(pbx);
		expect(await source.renew(['t1'])).toEqual({ value: 't2', isLast: true });
	});
});

describe('another name of the PBX', () => {
	const HERE = 'pbx.example.com';
	const refused = jwt(HERE, 1);
	const alias = jwt(HERE, 2);

	/** n8n's store with our token and one that stands under another tenant. */
	const withOther = (pbx: TestPbx, other: StampedToken, ours = refused): Store =>
		storeWith({
			...pbx.fields,
			oauthTokenData: {
				tenant: 'elsewhere',
				...other,
				others: { [pbx.stamp.tenant]: stored(ours, pbx.stamp) },
			},
		});

	test('has a token that replaced ours: it is tried before a login, and not taken for ours', async () => {
		const pbx = await newPbx();
		const source = sourceOf(
			withOther(pbx, stored(alias, { ...pbx.stamp, secret: 'of that name' })),
		);
		expect(await source.renew([refused])).toEqual({ value: alias, isLast: false });
		expect(pbx.logins()).toBe(0);
		expect((await source.newest!())?.value).toBe(refused);
		expect(await source.renew([refused, alias])).toEqual({ value: 't1', isLast: true });
		expect(await source.get()).toBe('t1');
	});

	test('may stand among the others as well', async () => {
		const pbx = await newPbx();
		const store = storeWith({
			...pbx.fields,
			oauthTokenData: {
				...stored(refused, pbx.stamp),
				tenant: pbx.stamp.tenant,
				others: { elsewhere: stored(alias, { ...pbx.stamp, secret: 'of that name' }) },
			},
		});
		expect((await sourceOf(store).renew([refused])).value).toBe(alias);
	});

	test.each<[string, (pbx: TestPbx) => StampedToken, string?]>([
		['of another client', ({ stamp }) => stored(alias, { ...stamp, client: 'another' })],
		['that has ended', ({ stamp }) => stored(alias, stamp, -1)],
		['of another PBX', ({ stamp }) => stored(jwt('other.example.com', 2), stamp)],
		['that is none', ({ stamp }) => stored(undefined, stamp)],
		['that does not say whose it is', ({ stamp }) => stored('opaque', stamp), 'ours'],
	])('a token %s is not shown to the PBX', async (_, other, ours = refused) => {
		const pbx = await newPbx();
		// Under another name the same client has another fingerprint.
		const token = { ...other(pbx), secret: 'of that name' };
		expect((await sourceOf(withOther(pbx, token, ours)).renew([ours])).value).toBe('t1');
	});

	test('is not looked for where nothing is stored any more', async () => {
		const pbx = await newPbx();
		const store = storeWith(pbx.fields);
		expect((await sourceOf(store).renew([refused])).value).toBe('t1');
	});
});

describe('the tokens of other tenants', () => {
	const after = async (data: StoredToken) => {
		const pbx = await newPbx();
		const store = storeWith({ ...pbx.fields, oauthTokenData: data });
		await sourceOf(store).get();
		return { pbx, others: store.data()!.others! };
	};

	test('stay beside a new one, each with its stamp, the first one, too', async () => {
		const theirs = (name: string) => ({
			...stored(name, { secret: `${name} secret`, client: `${name} client` }),
			renew_at: inMs(1),
		});
		const [a, b] = [theirs('a'), theirs('b')];
		const odd = { ...a, expires_in: 60, tenant: 'a', others: { b: { ...b, scope: 'x' } } };
		expect((await after(odd as StoredToken)).others).toEqual({ a, b });
	});

	test('go when they have ended, or are none', async () => {
		const { others } = await after({
			others: {
				over: stored('over', { secret: 's', client: 'c' }, -1),
				none: stored(undefined, { secret: 's', client: 'c' }),
				alive: stored('alive', { secret: 's', client: 'c' }),
			},
		});
		expect(Object.keys(others)).toEqual(['alive']);
	});

	test('are 99 at most: those that end last', async () => {
		const many = Array.from({ length: 120 }, (_, n) => [
			`tenant ${n}`,
			stored(`token ${n}`, { secret: 's', client: 'c' }, HOUR_MS + (n % 2 ? n : -n) * 1_000),
		]);
		const { others } = await after({ others: Object.fromEntries(many) as never });
		const ends = Object.values(others).map(({ n8n_expires_at }) => Number(n8n_expires_at));
		expect(ends).toHaveLength(99);
		const all = many.map(([, token]) => Number((token as StampedToken).n8n_expires_at));
		expect(Math.min(...ends)).toBe(all.sort((a, b) => b - a)[98]);
	});
});

describe('a credential that is changed meanwhile', () => {
	test('to another PBX gives no token, and asks neither', async () => {
		const [pbx, other] = [await newPbx(), await newPbx()];
		const store = storeWith(pbx.fields);
		const source = sourceOf(store);
		store.fields = other.fields;
		await expect(source.get()).rejects.toMatchObject({
			kind: 'credentials',
			message: expect.stringContaining(pbx.origin) as string,
		});
		expect([pbx.logins(), other.logins()]).toEqual([0, 0]);
	});

	test('to a new secret logs in with that, and keeps the token as one of that', async () => {
		const pbx = await newPbx();
		const store = storeWith(pbx.fields);
		const source = sourceOf(store);
		await source.get();
		store.fields = { ...store.fields, clientSecret: 'the new key' };
		expect(await source.renew(['t1'])).toEqual({ value: 't2', isLast: true });
		expect(pbx.received[1]!.body).toContain('the+new+key');
		expect(store.data()).toMatchObject(
			stampOf({ origin: pbx.origin, clientId: 'n8n', clientSecret: 'the new key' }),
		);
		expect([await source.get(), (await source.newest!())?.value]).toEqual(['t2', 't2']);
		expect(store.reads).toBe(2);
	});

	test('to a new secret ends a link that others share', async () => {
		const pbx = await newPbx();
		const store = storeWith(pbx.fields);
		const source = sourceOf(store, { isForLink: true });
		expect(await source.get()).toBe('t1');
		store.fields = { ...store.fields, clientSecret: 'the new key' };
		await expect(source.renew(['t1'])).rejects.toMatchObject({ kind: 'credentials' });
		expect(pbx.logins()).toBe(1);
	});
});

describe('what /connect/token refuses', () => {
	/** By how much the clock is moved. */
	const realNow = Date.now;
	afterEach(() => void (Date.now = realNow));

	test('is not sent again for half a minute, whichever credential it is in', async () => {
		const pbx = await newPbx(() => [401, { error: 'invalid_client' }]);
		const refusal = { kind: 'credentials', status: 401 };
		await expect(sourceOf(storeWith(pbx.fields)).get()).rejects.toMatchObject(refusal);
		Date.now = () => realNow() + 29_000;
		await expect(sourceOf(storeWith(pbx.fields, 'two')).get()).rejects.toMatchObject(refusal);
		expect(pbx.logins()).toBe(1);
		Date.now = () => realNow() + 30_000;
		await expect(sourceOf(storeWith(pbx.fields)).get()).rejects.toMatchObject(refusal);
		expect(pbx.logins()).toBe(2);
	});

	test('is sent once, whoever waits for his turn with it', async () => {
		const pbx = await newPbx(() => [401, { error: 'invalid_client' }]);
		const store = storeWith(pbx.fields);
		const sources = [sourceOf(store), sourceOf(store, { ignoreSslIssues: true })];
		for (const read of sources.map(async (source) => await source.get()))
			await expect(read).rejects.toMatchObject({ kind: 'credentials' });
		expect(pbx.logins()).toBe(1);
	});

	test('is sent again where only the answer was odd', async () => {
		const pbx = await newPbx((login) => (login === 1 ? [200, {}] : undefined));
		const source = sourceOf(storeWith(pbx.fields));
		await expect(source.get()).rejects.toMatchObject({ kind: 'malformed' });
		expect(await source.get()).toBe('t2');
	});
});

describe('who asks at the same time', () => {
	test('shares one renewal', async () => {
		const pbx = await newPbx();
		const store = storeWith(pbx.fields);
		const sources = [1, 2, 3].map(() => sourceOf(store));
		expect(await Promise.all(sources.map(async (source) => await source.get()))).toEqual(
			sources.map(() => 't1'),
		);
		expect([store.reads, pbx.logins()]).toEqual([1, 1]);
		// And the next one is another.
		expect(await sources[0]!.renew(['t1'])).toEqual({ value: 't2', isLast: true });
	});

	test('and was refused what that gives gets another one', async () => {
		const pbx = await newPbx();
		const store = storeWith(pbx.fields);
		const [first, second] = [sourceOf(store), sourceOf(store)];
		const got = await Promise.all([first.renew([]), second.renew(['t1']), second.renew(['t1'])]);
		expect(got.map(({ value }) => value)).toEqual(['t1', 't2', 't2']);
		expect(pbx.logins()).toBe(2);
	});

	test('has the token in each of several credentials', async () => {
		const pbx = await newPbx();
		const stores = ['one', 'two'].map((id) => storeWith(pbx.fields, id));
		await Promise.all(stores.map(async (store) => await sourceOf(store).get()));
		expect(stores.map((store) => store.data()?.access_token)).toEqual(['t1', 't1']);
		expect(pbx.logins()).toBe(1);
	});

	test('and trusts other certificates does not share a failure', async () => {
		const pbx = await newPbx((login) => (login === 1 ? [200, {}] : undefined));
		const store = storeWith(pbx.fields);
		const [strict, lax] = [sourceOf(store), sourceOf(store, { ignoreSslIssues: true })];
		const [one, other] = await Promise.allSettled([strict.get(), lax.get()]);
		expect(one).toMatchObject({ status: 'rejected', reason: { kind: 'malformed' } });
		expect(other).toMatchObject({ value: 't2' });
	});

	test('and waits for another tenant of the credential logs in himself after three seconds', async () => {
		const deaf = await startServer(() => undefined);
		servers.push(deaf);
		const pbx = await newPbx((_, { body }) =>
			/mistyped/.test(body) ? [401, {}] : [200, minted(1)],
		);
		const mistyped = { ...pbx.fields, clientSecret: 'mistyped' };
		const stores = [{ ...pbx.fields, pbxUrl: deaf.origin }, pbx.fields, mistyped].map((fields) =>
			storeWith(fields),
		) as [Store, Store, Store];
		const stuck = sourceOf(stores[0]).get();
		stuck.catch(() => undefined);
		while (deaf.received.length === 0) await setImmediate();
		const [, good, bad] = stores;
		// n8n's lock or its database are slow: it is their turn, and another process may be logging in.
		const slow = storeWith(pbx.fields, 'slow');
		const read = slow.context.getCredentials;
		let goOn = () => undefined as void;
		const held = new Promise<void>((resolve) => (goOn = resolve));
		slow.context.getCredentials = async (...asked) => {
			await held;
			return await read(...asked);
		};
		const slowly = sourceOf(slow).renew(['t1']);
		const found = await Promise.all([
			sourceOf(good).renew([]),
			sourceOf(good).renew([]),
			expect(sourceOf(bad).get()).rejects.toMatchObject({ kind: 'credentials' }),
		]);
		expect(found.slice(0, 2)).toEqual([1, 2].map(() => ({ value: 't1', isLast: true })));
		// What was refused is not sent again, and needs no turn to know that.
		await expect(sourceOf(bad).get()).rejects.toMatchObject({ kind: 'credentials' });
		expect(pbx.logins()).toBe(2);
		const { tenant } = pbx.stamp;
		const theirs = stored('theirs', pbx.stamp, 2 * HOUR_MS);
		slow.fields = { ...slow.fields, oauthTokenData: { ...theirs, tenant } };
		goOn();
		expect(await slowly).toEqual({ value: 'theirs', isLast: true });
		await deaf.close();
		await expect(stuck).rejects.toMatchObject({ kind: 'unreachable' });
		// Whose turn came too late does not take it any more.
		expect([good.reads, bad.reads, pbx.logins()]).toEqual([0, 0, 2]);
	}, 20_000);
});

test('who listens for the use of a credential hears of logins, and of nothing else', async () => {
	const pbx = await newPbx();
	const heard: unknown[] = [];
	const end = onCredentialUse((by, didLogIn) => heard.push([by, didLogIn]));
	const source = sourceOf(storeWith(pbx.fields));
	await source.get();
	expect(heard).toEqual([[pbx.stamp, true]]);
	await source.get();
	await sourceOf(storeWith(pbx.fields, 'two')).renew(['x']);
	end();
	expect(heard).toHaveLength(1);
});

test('a source tells the newest token, and when others ended one early', async () => {
	const pbx = await newPbx();
	const source = sourceOf(storeWith(pbx.fields));
	const told: string[] = [];
	const end = source.watch!((token) => told.push(token));
	await source.get();
	expect((await source.newest!())?.value).toBe('t1');
	expect(source.endedEarly!()).toEqual([]);
	await source.renew(['t1']);
	expect(source.endedEarly!()).toHaveLength(1);
	end();
	await source.renew(['t2']);
	expect(told).toEqual(['t1', 't2']);
});

test('a login that is under way is waited for', async () => {
	const pbx = await newPbx();
	const store = storeWith(pbx.fields);
	// Such as the one of Test.
	const other = processTokens.source({ origin: pbx.origin, ignoreSslIssues: false }, pbx.fields);
	const [, value] = await Promise.all([other.get(), sourceOf(store).get()]);
	expect([value, store.reads, pbx.logins()]).toEqual(['t1', 0, 1]);
});
