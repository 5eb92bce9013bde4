import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startMonitor, type LinkState, type Monitor } from '../../lib/callcontrol/link/monitor';
import { fixedToken } from '../support/fixedToken';

/** A PBX whose socket tells more than anybody can follow: n8n goes on, and says what was given up. */

let close: () => Promise<void>;
let monitor: Monitor;

afterEach(async () => {
	await monitor.close();
	await closeDispatchers();
	await close();
});

/** A PBX whose readings of single legs take for ever. */
async function listenTo(states: LinkState[] = [], onShed?: (total: number) => void) {
	const server = createServer((request, response) => {
		if (request.url === '/callcontrol') response.end('[]');
	});
	const sockets = new WebSocketServer({ server, path: '/callcontrol/ws' });
	const opened = new Promise<WebSocket>((resolve) => sockets.once('connection', resolve));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	close = async () => {
		for (const socket of sockets.clients) socket.terminate();
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	};
	const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	monitor = startMonitor({
		connect: async () =>
			await Promise.resolve(
				createPbxClient({
					connection: { origin, ignoreSslIssues: false },
					tokens: fixedToken('token'),
				}),
			),
		onEvents: () => undefined,
		onState: (state) => states.push(state),
		onShed,
	});
	await monitor.ready(10_000);
	return await opened;
}

const frame = (sequence: number, id: number, type = 0) =>
	JSON.stringify({
		sequence,
		event: { event_type: type, entity: `/callcontrol/100/participants/${id}` },
	});

test('100,000 messages leave the loop turning, and what is given up is told', async () => {
	let shed = 0;
	const socket = await listenTo([], (total) => (shed = total));
	let longest = 0;
	let last = performance.now();
	const turning = setInterval(() => {
		longest = Math.max(longest, performance.now() - last);
		last = performance.now();
	}, 5);
	for (let at = 1; at <= 100_000; at++) {
		socket.send(frame(at, at));
		if (at % 2_000 === 0) await new Promise((resolve) => setImmediate(resolve));
	}
	await new Promise<void>((resolve) => {
		socket.once('pong', () => resolve());
		socket.ping();
	});
	clearInterval(turning);
	// How many depends on how fast the machine is.
	expect(shed).toBeGreaterThan(0);
	// In a turn of its own each; other tests run at the same time.
	expect(longest).toBeLessThan(3_000);
	expect(monitor.online).toBe(true);
}, 120_000);

test('a message larger than any of 3CX ends the socket instead of filling the memory', async () => {
	const states: LinkState[] = [];
	const socket = await listenTo(states);
	const closed = new Promise((resolve) => socket.once('close', resolve));
	socket.send('x'.repeat(9_000_000));
	await closed;
	expect(states.some(({ online }) => online)).toBe(true);
});
