import type { LookupFunction } from 'node:net';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers, dispatcherFor } from '../../lib/http/dispatchers';
import type { Connection } from '../../lib/http/serverUrl';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { startServer, type TestServer } from '../support/httpServer';
import { fixedToken } from '../support/fixedToken';

/** What decides whether two requests may go over the same connection. */

const servers: Array<Pbx | TestServer> = [];

afterEach(async () => {
	await Promise.all(servers.splice(0).map(async (server) => await server.close()));
	await closeDispatchers();
});

const get = async (connection: Connection) =>
	await createPbxClient({ connection, tokens: fixedToken('token'), retry: NO_RETRY }).request({
		method: 'GET',
		path: '/',
	});

const NO_RETRY = { attempts: 1, baseMs: 0, capMs: 0 };

test('a connection whose certificate nobody checked is not used for a request that wants the check', async () => {
	const pbx = await startPbx({ seed: 'empty', tls: true });
	servers.push(pbx);
	const unchecked = { origin: pbx.url, ignoreSslIssues: true };
	// The PBX has answered with a page: the connection is there, and stays open.
	await expect(get(unchecked)).rejects.toMatchObject({ kind: 'malformed' });
	await expect(get({ ...unchecked, ignoreSslIssues: false })).rejects.toMatchObject({
		kind: 'certificate',
	});
	await expect(get(unchecked)).rejects.toMatchObject({ kind: 'malformed' });
	// The one that is shared, and the one that was given up.
	expect(pbx.connections).toBe(2);
});

describe('a look-up of the caller', () => {
	const loopback: LookupFunction = (_name, options, done) =>
		options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
	const refusing: LookupFunction = (_name, _options, done) =>
		done(Object.assign(new Error('not there'), { code: 'EBLOCKED' }), '', 0);

	const newServer = async () => {
		const server = await startServer((_request, response) => response.end('{}'));
		servers.push(server);
		return server.origin.replace('127.0.0.1', 'pbx.invalid');
	};

	test('finds the PBX', async () => {
		const origin = await newServer();
		const { status } = await get({ origin, ignoreSslIssues: false, lookup: loopback });
		expect(status).toBe(200);
	});

	test('that refuses is not passed by over a connection that another one has let in', async () => {
		const origin = await newServer();
		await get({ origin, ignoreSslIssues: false, lookup: loopback });
		await expect(get({ origin, ignoreSslIssues: false, lookup: refusing })).rejects.toMatchObject({
			code: 'EBLOCKED',
		});
		await expect(get({ origin, ignoreSslIssues: false })).rejects.toMatchObject({
			code: 'ENOTFOUND',
		});
	});
});

test('pools of more PBXs than there is room for are closed, the one used longest ago first', () => {
	const poolOf = (n: number) =>
		dispatcherFor({ origin: `https://pbx${n}.invalid`, ignoreSslIssues: false });
	const [first, second] = [poolOf(0), poolOf(1)];
	const isClosed = (pool: object) => (pool as { closed: boolean }).closed;
	for (let n = 2; n < 500; n++) poolOf(n);
	expect(poolOf(0)).toBe(first);
	poolOf(500);
	expect(poolOf(0)).toBe(first);
	expect([first, second].map(isClosed)).toEqual([false, true]);
	expect(poolOf(1)).not.toBe(second);
});

test('a pool is shared by those who have the same PBX, check, look-up, purpose and number, and by nobody else', () => {
	const lookup: LookupFunction = (_name, _options, done) => done(null, '', 4);
	const other: LookupFunction = (_name, _options, done) => done(null, '', 4);
	const connection = { origin: 'https://pbx', ignoreSslIssues: false };
	const make = () => [
		dispatcherFor(connection),
		dispatcherFor({ ...connection, origin: 'https://other' }),
		dispatcherFor({ ...connection, ignoreSslIssues: true }),
		dispatcherFor({ ...connection, lookup }),
		dispatcherFor({ ...connection, lookup: other }),
		dispatcherFor(connection, { use: 'calls' }),
		dispatcherFor(connection, { use: 'audio' }),
		dispatcherFor(connection, { use: 'awaited' }),
		dispatcherFor(connection, { inFlight: 4 }),
		dispatcherFor(connection, { inFlight: 5 }),
	];
	const pools = make();
	expect(new Set(pools).size).toBe(pools.length);
	for (const [index, pool] of make().entries()) expect(pool).toBe(pools[index]);
	expect(dispatcherFor(connection, { use: 'work', inFlight: 'automatic' })).toBe(pools[0]);
	expect(dispatcherFor(connection, { use: 'calls', inFlight: 5 })).toBe(pools[5]);
	expect(dispatcherFor(connection, { inFlight: 4.9 })).toBe(pools[8]);
	expect(dispatcherFor(connection, { inFlight: 99 })).toBe(
		dispatcherFor(connection, { inFlight: 16 }),
	);
});
