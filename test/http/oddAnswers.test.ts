import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { mintToken, TokenCache, tokenExpiry } from '../../lib/http/tokens';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import type { Quirks } from '../../sandbox/pbx/quirks';
import { fixedToken } from '../support/fixedToken';
import { startServer, type TestServer } from '../support/httpServer';

/** Answers of PBXs, and of proxies before them, that differ from what we are used to. */

const closers: Array<{ close(): Promise<unknown> }> = [];

afterEach(async () => {
	await closeDispatchers();
	for (const each of closers.splice(0)) await each.close();
});

const pbxWith = async (quirks: Quirks, tokenLifetimeSeconds = 3_600): Promise<Pbx> => {
	const pbx = await startPbx({ seedCallLogRows: 0, quirks, tokenLifetimeSeconds });
	closers.push(pbx);
	return pbx;
};

const connectionTo = (origin: string) => ({ origin, ignoreSslIssues: false });

const clientOf = ({ url, defaultClient }: Pbx) => {
	const tokens = new TokenCache().source(connectionTo(url), defaultClient);
	return createPbxClient({ connection: connectionTo(url), tokens });
};

describe('a proxy that compresses every answer', () => {
	const serve = async (coding: string, body: Buffer, status = 200): Promise<TestServer> => {
		const server = await startServer((_request, response) => {
			response.writeHead(status, { 'content-encoding': coding, 'content-length': body.length });
			response.end(body);
		});
		closers.push(server);
		return server;
	};
	const clientTo = ({ origin: url }: TestServer, maxBytes?: number) =>
		createPbxClient({ connection: connectionTo(url), tokens: fixedToken('token'), maxBytes });
	const ask = async (client: ReturnType<typeof clientTo>) =>
		(await client.request({ method: 'GET', path: '/xapi/v1/Users' })).body;

	test('is no trouble: token, list, single row and error', async () => {
		const pbx = await pbxWith({ gzip: true });
		const client = clientOf(pbx);
		const { body } = await client.request<{ value: unknown[] }>({
			method: 'GET',
			path: '/xapi/v1/Users',
		});
		expect(body.value.length).toBeGreaterThan(3);
		await expect(
			client.request({ method: 'GET', path: '/xapi/v1/Users', query: '$filter=Nope eq 1' }),
		).rejects.toThrow(/Nope/);
	});

	const rows = Buffer.from(JSON.stringify({ value: [{ Id: 1 }] }));

	test.each([
		['gzip', gzipSync(rows)],
		['x-gzip', gzipSync(rows)],
		['deflate', deflateSync(rows)],
		['br', brotliCompressSync(rows)],
		['identity', rows],
		['GZIP', gzipSync(rows)],
		['gzip, gzip', gzipSync(gzipSync(rows))],
		['deflate, gzip', gzipSync(deflateSync(rows))],
	])('%s is undone', async (coding, body) => {
		const server = await serve(coding, body);
		expect(await ask(clientTo(server))).toEqual({ value: [{ Id: 1 }] });
	});

	test('a file is handed on as it was before', async () => {
		const server = await serve('gzip', gzipSync(rows));
		const { body } = await clientTo(server).stream({ method: 'GET', path: '/xapi/v1/File' });
		expect(await buffer(body)).toEqual(rows);
	});

	test.each([
		['zstd', rows, /compressed in a way that cannot be read: zstd/],
		['gzip, gzip, gzip', rows, /compressed in a way that cannot be read/],
		['gzip', rows, /compressed/],
	])('%s that cannot be undone is said', async (coding, body, message) => {
		const server = await serve(coding, body);
		await expect(ask(clientTo(server))).rejects.toThrow(message);
	});

	test('few bytes that stand for very many are not all read', async () => {
		const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 32), { level: 9 });
		expect(bomb.length).toBeLessThan(1024 * 1024);
		const server = await serve('gzip', bomb);
		const before = process.memoryUsage().rss;
		await expect(ask(clientTo(server, 1024 * 1024))).rejects.toThrow(/more than 1 MB/);
		expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
	});

	test('nor are those of a short answer, of an error, or of a login', async () => {
		const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, 32), { level: 9 });
		expect(bomb.length).toBeLessThan(65_536);
		const short = await serve('gzip', bomb);
		await expect(ask(clientTo(short, 1024 * 1024))).rejects.toThrow(/more than 1 MB/);
		const failing = await serve('gzip', bomb, 400);
		await expect(ask(clientTo(failing))).rejects.toMatchObject({ status: 400 });
		const client = { clientId: 'n8n', clientSecret: 'secret' };
		await expect(mintToken(connectionTo(short.origin), client)).rejects.toMatchObject({
			kind: 'malformed',
		});
	});
});

describe('the life of a token', () => {
	const jwt = (claims: object) =>
		['{}', JSON.stringify(claims), 's'].map((p) => Buffer.from(p).toString('base64url')).join('.');
	const now = Date.UTC(2026, 10, 23, 12);
	const pbxNow = now - 7_200_000;
	const exp = pbxNow / 1000 + 600;
	const date = new Date(pbxNow).toUTCString();

	test.each([
		['nbf stands for a missing iat', jwt({ exp, nbf: exp - 600 }), undefined, undefined, 600],
		['the date of the answer does, too', jwt({ exp }), 3600, date, 600],
		['a date that is none does not', jwt({ exp }), 3600, 'today', 3600],
		['expires_in comes next', jwt({ exp }), 3600, undefined, 3600],
		['an end that has passed is the fault of a clock', jwt({ exp }), undefined, undefined, 17_940],
		['an end before the begin is none', jwt({ exp, iat: exp }), 3600, undefined, 3600],
	])('%s', (_, token, expiresIn, header, seconds) => {
		expect(tokenExpiry(token, expiresIn, now, header)).toBe(now + seconds * 1000);
	});

	test.each([-7_200_000, 7_200_000])(
		'is right where the clock of the PBX is %d ms off and its tokens do not say when they were made',
		async (clockOffsetMs) => {
			const pbx = await pbxWith({ clockOffsetMs, withoutIat: true });
			const token = await mintToken(connectionTo(pbx.url), pbx.defaultClient);
			const lifeMs = token.expiresAt - Date.now();
			expect(lifeMs).toBeGreaterThan(3_590_000);
			expect(lifeMs).toBeLessThanOrEqual(3_602_000);
		},
	);

	test('of a minute is used up to three quarters of it', async () => {
		const pbx = await pbxWith({}, 60);
		let now = Date.now();
		const cache = new TokenCache(mintToken, () => now);
		const tokens = cache.source(connectionTo(pbx.url), pbx.defaultClient);
		const first = await tokens.get();
		now += 40_000;
		expect(await tokens.get()).toBe(first);
		now += 6_000;
		expect(await tokens.get()).not.toBe(first);
		expect(pbx.mints.n8n).toBe(2);
	});
});
