import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { ICredentialDataDecryptedObject, IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { stampOf } from '../../lib/http/stamps';
import { connectTo, linkTo } from '../../nodes/shared/connect';
import type { RequestContext } from '../../nodes/shared/tokens';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { startMonitor } from '../../lib/callcontrol/link/monitor';
import { json, startServer, type TestServer } from '../support/httpServer';
import { CredentialStore, loadOptionsContext, runNode } from '../support/n8n';
import { tenantCredentials, tenantRow } from '../support/tenants';

/** PBXs and tenants that want more than is theirs, and n8ns that behave otherwise than they should. */

const servers: Array<Pbx | TestServer> = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(servers.splice(0).map(async (server) => await server.close()));
});

const newPbx = async (options: PbxOptions = {}) => {
	const pbx = await startPbx({ seed: 'empty', ...options });
	servers.push(pbx);
	return pbx;
};

const jwt = (claims: object) =>
	[{ alg: 'ES256' }, claims, 'signature']
		.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
		.join('.');

/** A PBX that answers logins as it likes, and `401` to all else unless told otherwise. */
async function evilPbx(answer: (login: number) => unknown, isLetIn = () => false) {
	let logins = 0;
	const server = await startServer((request, response) => {
		if (request.url === '/connect/token') return json(response, 200, answer(++logins));
		json(response, isLetIn() ? 200 : 401, { value: [] });
	});
	servers.push(server);
	return {
		server,
		row: { url: server.origin, clientId: 'evil', clientSecret: 'secret' },
		logins: () => logins,
	};
}

const departments = async (credentials: CredentialStore, items: IDataObject[] = [{}]) => {
	const { items: output } = await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials,
		items,
		onError: 'continueRegularOutput',
	});
	return output.map(({ json: { error } }) => error as string | undefined);
};

const mints = (pbx: Pbx) => pbx.mints[pbx.defaultClient.clientId] ?? 0;

describe('a PBX that writes more into its answer than a token', () => {
	const more = {
		secret: 'zzz',
		tenant: 'yyy',
		client: 'xxx',
		others: { a: { access_token: 'b' } },
	};

	test('does not have us log in again and again, nor makes another tenant do so', async () => {
		const good = await newPbx();
		const evil = await evilPbx((login) => ({
			access_token: `t${login}`,
			expires_in: 3600,
			...more,
		}));
		const credentials = tenantCredentials();
		const items = Array.from({ length: 60 }, (_, n) => (n % 2 ? tenantRow(good) : evil.row));
		const errors = await departments(credentials, items);
		expect(errors.filter(Boolean)).toHaveLength(30);
		expect(evil.logins()).toBeLessThanOrEqual(7);
		expect(mints(good)).toBe(1);
	});

	test('has nothing of it stored', async () => {
		const evil = await evilPbx(
			() => ({ access_token: 'token', expires_in: 3600, refresh_token: 'r', ...more }),
			() => true,
		);
		const { url: pbxUrl, clientId, clientSecret } = evil.row;
		const credentials = new CredentialStore({ pbxUrl, clientId, clientSecret });
		expect(await departments(credentials)).toEqual([undefined]);
		const { tenant, secret, client } = stampOf({ origin: pbxUrl, clientId, clientSecret });
		expect(credentials.stored.oauthTokenData).toEqual({
			access_token: 'token',
			tenant,
			secret,
			client,
			n8n_expires_at: expect.any(String) as string,
			renew_at: expect.any(String) as string,
			others: {},
		});
		expect(await departments(credentials, [{}, {}, {}])).toEqual([undefined, undefined, undefined]);
		expect(evil.logins()).toBe(1);
	});
});

test.each([
	['no token', {}],
	['no text', { access_token: 7 }],
	['an object', { access_token: { a: 1 } }],
	['an empty text', { access_token: '' }],
	['a text that ends the header', { access_token: 'a\r\nx-evil: 1' }],
	['a text without end', { access_token: 'a'.repeat(20_000) }],
	['no object', null],
])('%s in place of a token is told as such, and not sent', async (_, answer) => {
	const evil = await evilPbx(() => answer);
	const [error] = await departments(tenantCredentials(), [evil.row]);
	expect(error).toContain('does not look like a 3CX v20');
	expect(evil.server.received.map(({ url }) => url)).toEqual(['/connect/token']);
});

test.each([
	['ends before it begins', { iat: 2_000_000_000, exp: 1 }],
	['ends nowhere', { iat: 'x', exp: 'y' }],
	['ends in a million years', { iat: 0, exp: 1e14 }],
])('a token that %s has us log in a few times at most', async (_, claims) => {
	const evil = await evilPbx(
		() => ({ access_token: jwt(claims), expires_in: Number.MAX_VALUE }),
		() => true,
	);
	await departments(
		tenantCredentials(),
		Array.from({ length: 40 }, () => evil.row),
	);
	expect(evil.logins()).toBeLessThanOrEqual(7);
});

test('more than six new tokens within 30 s are not asked for, and the error says why', async () => {
	const evil = await evilPbx((login) => ({ access_token: `t${login}`, expires_in: 3600 }));
	const errors = await departments(
		tenantCredentials(),
		Array.from({ length: 80 }, () => evil.row),
	);
	expect(evil.logins()).toBe(7);
	expect(errors.join()).toContain('6 new ones within 30 seconds');
});

describe('what the store holds', () => {
	/** A token as the nodes store it. */
	const stamped = (pbx: Pbx, access_token: string, more: object = {}) => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const { tenant, ...stamp } = stampOf({ origin: pbx.url, clientId, clientSecret });
		const n8n_expires_at = String(Date.now() + 3_600_000);
		return { tenant, token: { access_token, n8n_expires_at, ...stamp, ...more } };
	};

	test('of another client is not tried, whatever name its PBX gives itself', async () => {
		const pbx = await newPbx({ fqdn: 'pbx.example.com' });
		const credentials = tenantCredentials();
		await departments(credentials, [tenantRow(pbx)]);
		const data = credentials.stored.oauthTokenData as unknown as { access_token: string };
		const [, claims] = data.access_token.split('.');
		// The same PBX by its own name, and a token that ours might be, but of another client and secret.
		const alias = stamped(pbx, `x.${claims}.alias`, { client: 'another' });
		credentials.stored.oauthTokenData = {
			...data,
			others: { elsewhere: alias.token },
		} as never;
		await pbx.restart();
		expect(await departments(credentials, [tenantRow(pbx)])).toEqual([undefined]);
		expect(
			pbx.requests.filter(({ status, path }) => status === 401 && !/connect/.test(path)),
		).toHaveLength(1);
		expect(mints(pbx)).toBe(2);
	});

	test('of tenants whose time is over is thrown out with the next login', async () => {
		const [a, b] = [await newPbx(), await newPbx()];
		const credentials = tenantCredentials();
		const over = stamped(b, 'over', { n8n_expires_at: String(Date.now() - 1) });
		const alive = stamped(b, 'alive');
		credentials.stored.oauthTokenData = {
			others: { over: over.token, alive: alive.token },
		} as never;
		await departments(credentials, [tenantRow(a)]);
		const { others } = credentials.stored.oauthTokenData as unknown as { others: object };
		expect(Object.keys(others)).toEqual(['alive']);
	});
});

describe('an n8n that', () => {
	/** Counts logins over three runs of many items. */
	const runs = async (credentials: CredentialStore, pbx: Pbx) => {
		const items = Array.from({ length: 12 }, () => ({}));
		for (let run = 0; run < 3; run++) {
			expect(new Set(await departments(credentials, items))).toEqual(new Set([undefined]));
		}
		return mints(pbx);
	};
	const fixed = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) => ({
		pbxUrl: url,
		clientId,
		clientSecret,
	});

	test('ignores `raw` has every item read its own credential', async () => {
		class Resolving extends CredentialStore {
			override async getDecrypted(...given: Parameters<CredentialStore['getDecrypted']>) {
				const [data, reference, type, mode, execute, , values] = given;
				return await super.getDecrypted(data, reference, type, mode, execute, false, values);
			}
		}
		const [a, b] = [await newPbx(), await newPbx()];
		const credentials = new Resolving(tenantCredentials().stored);
		expect(await departments(credentials, [a, b, a, b].map(tenantRow))).toEqual(
			[a, b, a, b].map(() => undefined),
		);
		expect(
			[a, b].map((pbx) => pbx.requests.filter(({ path }) => /Groups/.test(path)).length),
		).toEqual([2, 2]);
	});

	test('loses our stamps has us log in once per process, not for each item', async () => {
		class Forgetful extends CredentialStore {
			override async updateCredentialsOauthTokenData(
				...[reference, type, data]: Parameters<CredentialStore['updateCredentialsOauthTokenData']>
			) {
				const { access_token } = data.oauthTokenData as unknown as { access_token: string };
				await super.updateCredentialsOauthTokenData(reference, type, {
					oauthTokenData: { access_token } as never,
				});
			}
		}
		const pbx = await newPbx();
		expect(await runs(new Forgetful(fixed(pbx)), pbx)).toBe(1);
	});

	test('cannot store tokens has us log in once per process', async () => {
		class Broken extends CredentialStore {
			override async updateCredentialsOauthTokenData(): Promise<void> {
				await Promise.reject(new Error('The database is read-only'));
			}
		}
		const pbx = await newPbx();
		expect(await runs(new Broken(fixed(pbx)), pbx)).toBe(1);
	});

	test('does not look into its store before it renews has us log in all the same, and sends no secret itself', async () => {
		const pbx = await newPbx();
		const credentials = new CredentialStore(fixed(pbx));
		const context = loadOptionsContext({}, credentials);
		const stranger = Object.create(context, {
			constructor: { value: class {} },
		}) as RequestContext;
		const client = await connectTo(stranger);
		await client.request({ method: 'GET', path: '/xapi/v1/Groups' });
		expect([mints(pbx), credentials.tokensStored]).toEqual([1, 1]);
	});

	test('is as we know it gives us its lock: its own look into the store is ours', async () => {
		const pbx = await newPbx();
		let isLocked = false;
		class Watching extends CredentialStore {
			override async updateCredentialsOauthTokenData(
				...given: Parameters<CredentialStore['updateCredentialsOauthTokenData']>
			) {
				isLocked = /SingleFlightLease|withLease|runRefresh/.test(stackOf());
				await super.updateCredentialsOauthTokenData(...given);
			}
		}
		Error.stackTraceLimit = 50;
		await departments(new Watching(fixed(pbx)));
		Error.stackTraceLimit = 10;
		expect(isLocked).toBe(true);
	});
});

const stackOf = () => new Error('here').stack ?? '';

describe('a name that stands for another address when the connection is made (DNS rebinding)', () => {
	/** n8n's filter: the name was fine when it was asked for, and is not any more. */
	const contextOf = (pbx: Pbx, isRebound: () => boolean) => {
		const secure: LookupFunction = (_name, options, done) => {
			if (isRebound()) {
				const blocked = Object.assign(new Error('blocked'), { name: 'SsrfBlockedIpError' });
				return done(blocked, '', 0);
			}
			const [address, family] = ['127.0.0.1', 4];
			if (options.all) done(null, [{ address, family }]);
			else done(null, address, family);
		};
		const filter = {
			validateUrl: async () => await Promise.resolve({ ok: true, result: undefined }),
			createSecureLookup: () => secure,
		};
		const { clientId, clientSecret } = pbx.defaultClient;
		const pbxUrl = pbx.url.replace('127.0.0.1', 'rebound.invalid');
		const store = new CredentialStore({ pbxUrl, clientId, clientSecret });
		const context = loadOptionsContext({}, store);
		const helpers = { ...context.helpers, getSecureEgressFilter: () => filter };
		return Object.create(context, { helpers: { value: helpers } }) as RequestContext;
	};
	const verdict = {
		kind: 'forbidden',
		message: 'This n8n may not connect to rebound.invalid',
	};

	test('gets no login', async () => {
		const pbx = await newPbx();
		const client = await connectTo(contextOf(pbx, () => true));
		await expect(client.request({ method: 'GET', path: '/xapi/v1/Groups' })).rejects.toMatchObject(
			verdict,
		);
		expect(pbx.connections).toBe(0);
	});

	test('gets no request, and no socket', async () => {
		const pbx = await newPbx();
		let isRebound = false;
		const context = contextOf(pbx, () => isRebound);
		const monitor = startMonitor({
			connect: async () => {
				const { client } = await linkTo(context);
				await client.tokens.get();
				isRebound = true;
				await closeDispatchers();
				return client;
			},
			onEvents: () => undefined,
		});
		await expect(monitor.ready()).rejects.toMatchObject(verdict);
		await monitor.close();
		expect(pbx.requests.map(({ path }) => path)).toEqual(['/connect/token']);
	});

	test('n8n without protection looks names up as Node does', async () => {
		const pbx = await newPbx();
		const context = contextOf(pbx, () => true);
		const filter = {
			validateUrl: async () => await Promise.resolve({ ok: true }),
			createSecureLookup: () => lookup,
		};
		const helpers = { ...context.helpers, getSecureEgressFilter: () => filter };
		const plain = Object.create(context, { helpers: { value: helpers } }) as RequestContext;
		expect((await connectTo(plain)).connection.lookup).toBeUndefined();
	});
});

test('n8n’s own client is told the same about certificates as ours', async () => {
	const context = loadOptionsContext({}, new CredentialStore({}));
	const pbx = await newPbx({ tls: true });
	const { clientId, clientSecret } = pbx.defaultClient;
	const told = async (ignoreSSLIssues: unknown) => {
		const fields = { pbxUrl: pbx.url, clientId, clientSecret, ignoreSSLIssues };
		const { ThreeCxOAuth2Api } = await import('../../credentials/ThreeCxOAuth2Api.credentials');
		const answer = await new ThreeCxOAuth2Api().preAuthentication.call(
			context,
			fields as ICredentialDataDecryptedObject,
		);
		return answer.ignoreSSLIssues;
	};
	for (const value of ['false', 'no', {}, 1])
		await expect(told(value)).rejects.toThrow('certificate');
	expect(pbx.requests).toEqual([]);
	expect(await told('true')).toBe(true);
});
