import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { subscribe, linkCount } from '../../lib/callcontrol/link/sharing';
import type { TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { fixedToken } from '../support/fixedToken';
import { Collector } from './collector';
import { clientOf, QUICK, quietPbx, watch } from './link';
import { leg, short } from './samples';
import { Scripted } from './scripted';
import { LEG, scriptedLinks } from './scriptedLinks';

describe('over a socket', () => {
	const links = scriptedLinks({ timing: QUICK });
	const { start: listen } = links;
	let server: Scripted;

	beforeEach(() => {
		server = links.server;
	});

	test.each([
		['a message that is no JSON', (pbx: Scripted) => pbx.raw('<html>')],
		['an empty message', (pbx: Scripted) => pbx.raw('')],
		['a gap in the sequence', (pbx: Scripted) => pbx.say(9, 4, '/callcontrol')],
		['a change of a whole DN', (pbx: Scripted) => pbx.say(2, 0, '/callcontrol/100')],
	])('%s makes it read the state: nothing is lost', async (_, disturb) => {
		const { monitor, events } = listen();
		await monitor.ready();
		server.say(1, 4, '/callcontrol');
		server.legs = [leg()];
		disturb(server);
		expect(short(await events.first(() => true, 'the event'))).toBe('100 ~ringing');
		expect(monitor.online).toBe(true);
	});

	test('a key that is told twice counts once', async () => {
		const { monitor, events } = listen();
		server.legs = [leg({ status: 'Connected' })];
		await monitor.ready();
		for (const sequence of [1, 2, 2, 3])
			server.say(sequence, 2, LEG, { dtmf_input: String(sequence) });
		server.say(4, 1, LEG);
		await events.first(({ type }) => type === 'ended', 'the end');
		const digits = events.items
			.map((event) => event.kind === 'call' && event.digits)
			.filter(Boolean);
		expect(digits).toEqual(['1', '2', '3']);
	});

	test('phones that register are told', async () => {
		const { monitor, events } = listen();
		await monitor.ready();
		const phone = `/callcontrol/100/devices/${encodeURIComponent('sip:100@192.0.2.7:5065')}`;
		server.say(1, 0, phone);
		server.say(2, 0, phone);
		server.say(3, 1, phone);
		await events.count(2, 'events');
		expect(events.items.map(short)).toEqual(['100 deviceRegistered', '100 deviceUnregistered']);
		expect(events.items[0]).toMatchObject({ deviceId: 'sip:100@192.0.2.7:5065' });
	});

	test('what comes before the state has been read is not lost', async () => {
		server.legs = [leg()];
		const { monitor, events } = listen();
		await server.sockets.count(1, 'sockets');
		server.say(1, 0, LEG);
		server.say(2, 1, LEG);
		await monitor.ready();
		await events.first(({ type }) => type === 'ended', 'the end');
		expect(events.items.map((event) => event.type)).toEqual(['ringing', 'ended']);
	});

	test('given up in the middle of the upgrade, it leaves no connection', async () => {
		let upgrading: (socket: Socket) => void = () => undefined;
		const asked = new Promise<Socket>((resolve) => (upgrading = resolve));
		server.onUpgrade = upgrading;
		const { monitor } = listen();
		const socket = await asked;
		socket.on('error', () => undefined).resume();
		// The server's side stays half open by itself; what counts is that ours has gone.
		const closed = Promise.race([once(socket, 'end'), once(socket, 'close')]);
		await monitor.close();
		await closed;
	});

	test.each([
		[503, 'Service Unavailable', /busy or restarting/],
		[200, 'OK', /not 3CX Call Control/],
		[302, 'Found', /another address/],
	])('an upgrade that is answered with %i is told in words', async (status, text, message) => {
		server.onUpgrade = (socket) =>
			socket.end(`HTTP/1.1 ${status} ${text}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
		await expect(listen().monitor.ready()).rejects.toThrow(message);
	});

	test('a credential that cannot be read is said, and tried again', async () => {
		let tries = 0;
		const connection = { origin: server.origin, ignoreSslIssues: false };
		const { monitor, states } = listen({
			connect: async () => {
				tries += 1;
				if (tries === 1) throw new Error('Credential with ID "7" does not exist');
				return await Promise.resolve(createPbxClient({ connection, tokens: fixedToken('token') }));
			},
		});
		await expect(monitor.ready()).rejects.toThrow('Credential with ID "7" does not exist');
		await states.first(({ online }) => online, 'the link');
	});

	test('a server that never answers the upgrade is given up after the time for it', async () => {
		server.onUpgrade = (socket) => void socket.on('error', () => undefined);
		const { monitor } = listen({ timing: { ...QUICK, handshakeMs: 30 } });
		await expect(monitor.ready()).rejects.toMatchObject({ kind: 'unreachable' });
	});

	test('one outage is told once, however many tries it takes', async () => {
		const { monitor, states } = listen({ random: () => 0 });
		await monitor.ready();
		let refused = 0;
		server.onUpgrade = (socket) => {
			refused += 1;
			if (refused === 4) server.onUpgrade = undefined;
			socket.destroy();
		};
		server.sockets.items[0]!.terminate();
		await states.count(3, 'states');
		expect(states.items.map(({ online }) => online)).toEqual([true, false, true]);
		expect(refused).toBe(4);
	});

	test('subscribers share one socket; what one does, the other does not feel', async () => {
		const told = [new Collector<TrackerEvent>(), new Collector<TrackerEvent>()];
		const errors: unknown[] = [];
		const clumsy = new Error('clumsy');
		const connection = { origin: server.origin, ignoreSslIssues: false };
		const subscriptions = [undefined, ...told].map((events) =>
			subscribe({
				connect: async () => {
					const client = createPbxClient({ connection, tokens: fixedToken('token') });
					return await Promise.resolve({ key: server.origin, client });
				},
				onEvents: (list) => {
					if (!events) throw clumsy;
					events.pushAll(list);
				},
				onError: (error) => errors.push(error),
				timing: QUICK,
			}),
		);
		await Promise.all(subscriptions.map(async ({ ready }) => await ready()));
		expect(server.sockets.items).toHaveLength(1);
		await subscriptions[1]!.leave();
		server.legs = [leg()];
		server.say(1, 0, LEG);
		await told[1]!.count(1, 'events');
		expect(told[0]!.items).toEqual([]);
		expect(errors).toEqual([clumsy]);
		await subscriptions[0]!.leave();
		expect(linkCount()).toBe(1);
		await subscriptions[2]!.leave();
		expect(linkCount()).toBe(0);
	});
});

describe('a PBX with a private certificate', () => {
	test('is refused, unless the credential says otherwise', async () => {
		const pbx = await quietPbx({ tls: true });
		const strict = watch(pbx);
		await expect(strict.monitor.ready()).rejects.toMatchObject({ kind: 'certificate' });
		const lax = watch(pbx, { connect: async () => await Promise.resolve(clientOf(pbx, true)) });
		await lax.monitor.ready();
		await Promise.all([strict.monitor.close(), lax.monitor.close()]);
		await closeDispatchers();
		await pbx.close();
	});

	test('is reached through the proxy of the environment', async () => {
		const pbx = await quietPbx({ tls: true });
		const tunnels: string[] = [];
		const proxy = createServer().on('connect', (request: IncomingMessage, socket: Socket) => {
			tunnels.push(String(request.url));
			const [host, port] = String(request.url).split(':');
			const target = connect(Number(port), host, () => {
				socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
				target.pipe(socket).pipe(target);
			});
			for (const each of [target, socket]) each.on('error', () => each.destroy());
		});
		proxy.listen(0, '127.0.0.1');
		await once(proxy, 'listening');
		process.env.HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
		const { monitor } = watch(pbx, {
			connect: async () => await Promise.resolve(clientOf(pbx, true)),
		});
		await monitor.ready();
		delete process.env.HTTPS_PROXY;
		// One tunnel for requests, one for the socket.
		expect(tunnels).toEqual([new URL(pbx.url).host, new URL(pbx.url).host]);
		await monitor.close();
		await closeDispatchers();
		await pbx.close();
		proxy.closeAllConnections();
		proxy.close();
	});
});
