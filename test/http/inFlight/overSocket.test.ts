import { createPbxClient } from '../../../lib/http/client';
import { closeDispatchers, inFlightNow } from '../../../lib/http/dispatchers';
import type { InFlight } from '../../../lib/http/inFlight/gate';
import { fixedToken } from '../../support/fixedToken';
import { json, startServer, type TestServer } from '../../support/httpServer';

let server: TestServer;
/** Requests that the server has now, and the most that it had at a time. */
let [now, most] = [0, 0];
/** What it answers, after so many ms. */
let answer: { status: number; ms: number; headers?: Record<string, string> };
/** It answers once so many requests are there. */
let together = 1;

beforeEach(async () => {
	[now, most, together, answer] = [0, 0, 1, { status: 200, ms: 25 }];
	const held: Array<() => void> = [];
	server = await startServer((_, response) => {
		most = Math.max(most, ++now);
		const { status, ms, headers } = answer;
		response.on('close', () => now--);
		if (ms === Infinity) return;
		held.push(() => setTimeout(() => json(response, status, {}, headers), ms));
		if (held.length >= together) for (const go of held.splice(0)) go();
	});
});

afterEach(async () => {
	await closeDispatchers();
	await server.close();
});

const client = (inFlight?: InFlight, timeoutMs?: number) =>
	createPbxClient({
		connection: { origin: server.origin, ignoreSslIssues: false },
		tokens: fixedToken('token'),
		retry: { attempts: 1, baseMs: 0, capMs: 0 },
		timeoutMs,
		inFlight,
	});

const limit = () => inFlightNow(server.origin);

/** So many requests at once; how many failed. */
async function ask(count: number, { request } = client()): Promise<number> {
	const outcomes = await Promise.allSettled(
		Array.from(
			{ length: count },
			async () => await request({ method: 'GET', path: '/xapi/v1/Users(12)' }),
		),
	);
	return outcomes.filter(({ status }) => status === 'rejected').length;
}

/** Grows until it is above four: on a busy machine that may take a while. */
async function grow(): Promise<void> {
	while (limit() <= 4) await ask(40);
}

test('begins with four connections, and opens more when answers stay quick', async () => {
	together = 4;
	await ask(4);
	expect(most).toBe(4);
	expect(server.connections).toBe(4);
	together = 1;
	await grow();
	await ask(40);
	expect(most).toBeGreaterThan(4);
	expect(most).toBeLessThanOrEqual(16);
	expect(server.connections).toBeLessThanOrEqual(16);
}, 60_000);

test.each([429, 503])(
	'a %i makes it fall at once, once for all that were under way',
	async (status) => {
		await grow();
		answer = { status, ms: 5, headers: { 'retry-after': '30' } };
		const before = limit();
		expect(await ask(1)).toBe(1);
		expect(limit()).toBe(Math.floor(before / 2));
		answer = { status: 200, ms: 5 };
		most = 0;
		// And the PBX has asked for half a minute without more.
		await ask(60);
		expect(most).toBeLessThanOrEqual(Math.floor(before / 2));
	},
	60_000,
);

test('a time-out makes it fall', async () => {
	answer = { status: 200, ms: Infinity };
	expect(await ask(4, client('automatic', 50))).toBe(4);
	expect(limit()).toBe(2);
	most = now = 0;
	answer = { status: 200, ms: 5 };
	await ask(10);
	expect(most).toBeLessThanOrEqual(2);
}, 20_000);

test('two executions with the same number share it, and automatic ones share what was found', async () => {
	await Promise.all([ask(30, client(3)), ask(30, client(3))]);
	expect(most).toBe(3);
	most = 0;
	await Promise.all([ask(4), ask(4)]);
	expect(most).toBeLessThanOrEqual(8);
	expect(limit()).toBe(client().inFlight);
}, 20_000);

test('Call Control does not wait for a job that has every place', async () => {
	answer = { status: 200, ms: Infinity };
	const stop = new AbortController();
	const { request } = client(2);
	const job = Array.from({ length: 5 }, async () => {
		await request({ method: 'GET', path: '/xapi/v1/Users', signal: stop.signal });
	});
	const jobs = Promise.allSettled(job);
	while (server.received.length < 2) await new Promise((next) => setTimeout(next, 5));
	answer = { status: 200, ms: 1 };
	await request({ method: 'GET', path: '/callcontrol/100' });
	expect(server.received.map(({ url }) => url)).toEqual([
		'/xapi/v1/Users',
		'/xapi/v1/Users',
		'/callcontrol/100',
	]);
	// Who waits and is stopped never reaches the PBX.
	stop.abort();
	const outcomes = await jobs;
	expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
	expect(server.received).toHaveLength(3);
}, 20_000);

test('a place is free again when the body was read, or given up', async () => {
	const { stream, request } = client(1);
	const { body } = await stream({ method: 'GET', path: '/xapi/v1/File' });
	body.on('error', () => undefined).destroy();
	const second = await stream({ method: 'GET', path: '/xapi/v1/File' });
	for await (const piece of second.body) expect(piece).toBeDefined();
	await request({ method: 'GET', path: '/xapi/v1/Users' });
	expect(most).toBe(1);
});
