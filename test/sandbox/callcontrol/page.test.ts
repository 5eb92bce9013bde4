import { once } from 'node:events';
import {
	createServer,
	request,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import { createCallEngine, type CallEngine } from '../../../sandbox/pbx/callcontrol';
import { pageRoutes } from '../../../sandbox/pbx/page';
import { directory, DNS } from './harness';

let engine: CallEngine;
let server: Server;
let url: string;
/** Where the server believes requests to come from. */
let remoteAddress: string;

beforeEach(async () => {
	engine = createCallEngine(directory, { pickUpAfterMs: 0 });
	remoteAddress = '127.0.0.1';
	const page = pageRoutes({
		directory,
		calls: engine,
		info: { url: 'https://pbx.example.com', clientId: 'bot' },
		dids: () => ['+4930100'],
		department: (number) => (number === '100' ? 'Sales' : undefined),
	});
	server = createServer((request, response) => {
		Object.defineProperty(request.socket, 'remoteAddress', {
			value: remoteAddress,
			configurable: true,
		});
		void Promise.resolve(page(request, response, new URL(request.url ?? '/', 'http://pbx'))).then(
			(isDone) => isDone || response.writeHead(404).end(),
		);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
	engine.close();
	server.closeAllConnections();
	server.close();
	await once(server, 'close');
});

const post = async (
	body: unknown,
	headers: Record<string, string> = { 'content-type': 'application/json' },
) => {
	const response = await fetch(`${url}/sandbox/act`, {
		method: 'POST',
		headers,
		body: typeof body === 'string' ? body : JSON.stringify(body),
	});
	return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const act = async (action: string, given: object = {}) => {
	const { status, body } = await post({ action, ...given });
	expect([action, status, body.error]).toEqual([action, 200, undefined]);
	return body.callid as number;
};

interface State {
	info: object;
	dids: object[];
	dns: Array<{ number: string; state: string; department: string }>;
	calls: Array<{ id: number; status: string; legs: Array<{ dn: string; status: string }> }>;
	recent: Array<{ dn: string; kind: string }>;
}
const state = async () => (await (await fetch(`${url}/sandbox/state`)).json()) as State;

test('the page is one file that loads nothing from elsewhere and holds no user data', async () => {
	const response = await fetch(url);
	const html = await response.text();
	expect(response.headers.get('content-type')).toContain('text/html');
	expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
	expect(html).not.toMatch(/(src|href)=|url\(|innerHTML|outerHTML|insertAdjacentHTML|Anna/);
});

test('the state names DNs, DIDs and what happened', async () => {
	await act('incoming', { from: '+4917012345', fromName: 'Acme', to: '+4930100' });
	const shown = await state();
	expect(shown.info).toEqual({ url: 'https://pbx.example.com', clientId: 'bot' });
	expect(shown.dids).toEqual([{ did: '+4930100', to: '100' }]);
	expect(shown.dns).toHaveLength(DNS.length - 1);
	expect(shown.dns[0]).toMatchObject({ number: '100', state: 'Ringing', department: 'Sales' });
	expect(shown.calls).toMatchObject([
		{ status: 'Routing', legs: [{ dn: '100', status: 'Ringing' }] },
	]);
	expect(shown.recent).toMatchObject([{ dn: '100', kind: 'ringing' }]);
});

test('a person can play a call from ringing to its end', async () => {
	const callid = await act('incoming', { from: '+4917012345', to: '820' });
	await act('pressKey', { callid, key: '1' });
	await act('answer', { callid, dn: '100' });
	const [anna] = engine.participants('100');
	await act('transfer', { participant: anna?.id, dn: '100', to: '101' });
	await act('decline', { callid, dn: '101' });
	await act('park', { participant: anna?.id, dn: '100' });
	await act('call', { from: '101', to: 'SP1' });
	const [ben] = engine.participants('101');
	expect(ben).toMatchObject({ status: 'Connected', party_caller_id: '+4917012345' });
	await act('hangUp', { participant: ben?.id, dn: '101' });
	expect((await state()).calls).toEqual([]);

	const dialled = await act('call', { from: '100', to: '+4989000' });
	await act('answer', { callid: dialled });
	expect((await state()).calls).toMatchObject([{ status: 'Talking' }]);
	await act('hangUp', { callid: dialled });
	expect((await state()).calls).toEqual([]);
});

test.each([
	['an unknown action', { action: 'explode' }, 400, 'explode'],
	['an inherited name', { action: 'constructor' }, 400, 'constructor'],
	['no action', {}, 400, 'action'],
	['a missing field', { action: 'transfer', participant: 1, dn: '100' }, 400, 'to'],
	['a key that is none', { action: 'pressKey', callid: 1, key: 'x' }, 400, 'key'],
	['a call that is gone', { action: 'hangUp', callid: 7 }, 404, '7'],
	['nowhere to call', { action: 'incoming', from: '1', to: '4711' }, 404, '4711'],
	['no JSON', '{', 400, 'JSON'],
])('%s is refused with its name', async (_name, body, status, named) => {
	const answer = await post(body);
	expect(answer.status).toBe(status);
	expect(answer.body.error).toContain(named);
});

test('a form of another site cannot act', async () => {
	const body = JSON.stringify({ action: 'incoming', from: '1', to: '100' });
	expect((await post(body, { 'content-type': 'text/plain' })).status).toBe(415);
	expect(engine.calls()).toEqual([]);
});

test.each(['application/jsonx', 'application/json-seq', 'text/json', 'x; application/json'])(
	'what calls itself %s cannot act',
	async (type) => {
		const body = JSON.stringify({ action: 'incoming', from: '1', to: '100' });
		expect((await post(body, { 'content-type': type })).status).toBe(415);
		expect(engine.calls()).toEqual([]);
	},
);

test.each([
	['evil.example.com', 403],
	['127.0.0.1.evil.example.com', 403],
	['localhost.evil.example.com:5000', 403],
	['evil.example.com@127.0.0.1.nip.io', 403],
	['10.0.0.7', 403],
	['localhost:5000', 200],
	['127.0.0.1', 200],
	['[::1]:5000', 200],
])('a browser that was told that this is %s gets %i', async (host, status) => {
	for (const path of ['/', '/sandbox/state']) {
		const asked = request(`${url}${path}`, { headers: { host } }).end();
		const [response] = (await once(asked, 'response')) as [IncomingMessage];
		response.resume();
		expect([path, response.statusCode]).toEqual([path, status]);
	}
});

test.each([
	['10.0.0.7', 403],
	['::ffff:10.0.0.7', 403],
	['2001:db8::1', 403],
	['::1', 200],
	['::ffff:127.0.0.1', 200],
])('a request from %s gets %i', async (from, status) => {
	remoteAddress = from;
	for (const path of ['/', '/sandbox/state']) {
		expect((await fetch(`${url}${path}`)).status).toBe(status);
	}
});

test('other paths are left to others', async () => {
	expect((await fetch(`${url}/xapi/v1/Users`)).status).toBe(404);
});

test('changes arrive live', async () => {
	const leave = new AbortController();
	const asked = once(server, 'request');
	const response = await fetch(`${url}/sandbox/events`, { signal: leave.signal });
	const reader = (response.body as ReadableStream<Uint8Array>).getReader();
	let received = '';
	const until = async (wanted: string): Promise<void> => {
		if (received.includes(wanted)) return;
		received += Buffer.from((await reader.read()).value ?? []).toString();
		return until(wanted);
	};
	await until('"calls":[]');
	engine.incoming({ from: '+4917012345', to: '100' });
	await until('"status":"Ringing"');
	expect(received.startsWith('data: {')).toBe(true);
	expect(engine.listenerCount('journal')).toBe(1);

	const [, serving] = (await asked) as [unknown, ServerResponse];
	leave.abort();
	await once(serving, 'close');
	expect(engine.listenerCount('journal')).toBe(0);
});
