import { faultFrom } from '../../../sandbox/pbx/faults';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

import { startPbx, type Pbx } from '../../../sandbox/pbx';
import { login, session, withPbx, type Session } from './support';

const failureOf = (promise: Promise<unknown>): Promise<string> =>
	promise.then(
		() => 'no failure',
		(error: unknown) => (error as { cause?: { code?: string } }).cause?.code ?? String(error),
	);

describe('faults', () => {
	const sandbox = withPbx({ seed: 'empty' });
	const get = () => sandbox.at.get('Users');

	it('answer with a status, as often as asked, where they match', async () => {
		sandbox.pbx.faults.next({
			path: /\/Users/,
			method: 'GET',
			times: 2,
			status: 503,
			headers: { 'Retry-After': '1' },
			body: { a: 1 },
		});
		expect((await sandbox.at.get('Groups')).status).toBe(200);
		for (const reply of [await get(), await get()]) {
			expect([reply.status, reply.headers.get('retry-after'), reply.body]).toEqual([
				503,
				'1',
				{ a: 1 },
			]);
		}
		expect((await get()).status).toBe(200);
		expect(sandbox.pbx.faults.pending).toBe(0);
	});

	it('break JSON off, reset connections, and delay', async () => {
		const { faults } = sandbox.pbx;
		faults.next({ malformedJson: true });
		await expect(get()).rejects.toThrow(SyntaxError);
		faults.next({ resetConnection: true });
		expect(await failureOf(get())).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
		faults.next({ delayMs: 60 });
		const begin = performance.now();
		expect((await get()).status).toBe(200);
		expect(performance.now() - begin).toBeGreaterThanOrEqual(55);
	});

	it('hang until the client gives up', async () => {
		sandbox.pbx.faults.next({ hang: true, path: /Users/ });
		const { requests } = sandbox.pbx;
		const before = requests.length;
		const client = new AbortController();
		const hanging = fetch(`${sandbox.pbx.url}/xapi/v1/Users`, {
			headers: { Authorization: `Bearer ${sandbox.at.token}` },
			signal: client.signal,
		});
		// The PBX has it, and a while later it has not answered.
		while (requests.length === before) await delay(5);
		await delay(50);
		client.abort();
		await expect(hanging).rejects.toThrow(/abort/);
		expect(sandbox.pbx.requests.at(-1)).toMatchObject({ path: '/xapi/v1/Users', status: 0 });
	});

	it('add latency that can be changed', async () => {
		sandbox.pbx.faults.latencyMs = 40;
		const begin = performance.now();
		await get();
		expect(performance.now() - begin).toBeGreaterThanOrEqual(35);
		sandbox.pbx.faults.latencyMs = 0;
	});
});

describe('records', () => {
	const sandbox = withPbx({ seed: 'empty' });

	it('tell what was asked by whom, without the token', async () => {
		await sandbox.at.get('Users?$top=1');
		const { pbx } = sandbox;
		expect(pbx.requests.at(-1)).toMatchObject({
			method: 'GET',
			path: '/xapi/v1/Users',
			query: '?$top=1',
			status: 200,
			clientId: 'n8n',
			tokenFingerprint: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
		});
		expect(JSON.stringify(pbx.requests)).not.toContain(sandbox.at.token);
		expect(pbx.connections).toBeGreaterThan(0);
	});

	it('count tokens by client', async () => {
		const before = sandbox.pbx.mints.n8n ?? 0;
		await login(sandbox.pbx);
		expect(sandbox.pbx.mints.n8n).toBe(before + 1);
	});
});

describe('going away and coming back', () => {
	let pbx: Pbx;
	let at: Session;
	beforeEach(async () => {
		pbx = await startPbx({ seed: 'empty' });
		at = await session(pbx);
	});
	afterEach(() => pbx.close());

	const open = async () => {
		const socket = new WebSocket(`${pbx.url.replace('http', 'ws')}/callcontrol/ws`, {
			headers: { Authorization: `Bearer ${at.token}` },
		});
		await once(socket, 'open');
		return socket;
	};

	it('refuses connections while down, and knows the token after', async () => {
		await pbx.down();
		expect(await failureOf(at.get('Users'))).toMatch(/ECONNREFUSED|UND_ERR_SOCKET/);
		await pbx.up();
		expect((await at.get('Users')).status).toBe(200);
	});

	it('keeps the configuration over a restart, but neither tokens nor sockets', async () => {
		await at.create('Users', { Number: '100', FirstName: 'Stays' });
		const closed = once(await open(), 'close');
		const { url } = pbx;
		await pbx.restart();
		await closed;
		expect(pbx.url).toBe(url);
		expect((await at.get('Users')).status).toBe(401);
		const again = await session(pbx);
		expect((await again.get("Users(Number='100')")).body.FirstName).toBe('Stays');
	});

	it('cuts sockets on demand and when their token is superseded', async () => {
		const dropped = once(await open(), 'close');
		pbx.faults.dropSockets();
		expect((await dropped)[0]).toBe(1006);
		const superseded = once(await open(), 'close');
		await login(pbx);
		await superseded;
	});

	it('refuses upgrades with the status of a fault', async () => {
		pbx.faults.next({ path: /\/ws$/, status: 503 });
		const socket = new WebSocket(`${pbx.url.replace('http', 'ws')}/callcontrol/ws`, {
			headers: { Authorization: `Bearer ${at.token}` },
		});
		const [error] = (await once(socket, 'error')) as [Error];
		expect(error.message).toContain('503');
		expect(pbx.requests.at(-1)).toMatchObject({
			path: '/callcontrol/ws',
			status: 503,
			clientId: 'n8n',
		});
	});
});

describe('the page', () => {
	it('is there without a token', async () => {
		const pbx = await startPbx();
		const response = await fetch(`${pbx.url}/`);
		expect(response.status).toBe(200);
		expect(response.headers.get('content-type')).toMatch(/html/);
		const state = (await (await fetch(`${pbx.url}/sandbox/state`)).json()) as {
			dns: Array<{ number: string; department: string }>;
		};
		expect(state.dns.find(({ number }) => number === '100')?.department).toBe('Management');
		await pbx.close();
	});
});

describe('a fault in words', () => {
	test.each([
		['503 GET /xapi/v1/Users', { status: 503, method: 'GET', path: /\/xapi\/v1\/Users/ }],
		['reset /callcontrol', { resetConnection: true, path: /\/callcontrol/ }],
		['hang', { hang: true }],
	])('%s', (text, fault) => {
		expect(faultFrom(text)).toEqual({ ...fault, times: Infinity });
	});

	test.each(['', '50', '503 get /x', 'explode'])('"%s" is none', (text) => {
		expect(() => faultFrom(text)).toThrow(/is no fault: write/);
	});
});
