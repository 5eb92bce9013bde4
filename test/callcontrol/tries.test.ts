import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import type { PbxClient } from '../../lib/http/client';
import { ThreeCxError, type ErrorKind } from '../../lib/http/errors';
import type { TokenSource } from '../../lib/http/tokens';
import { fixedToken } from '../support/fixedToken';
import { superviseSocket } from '../../lib/callcontrol/link/socket';
import { QUICK } from './link';
import { isCall, leg, short } from './samples';
import { Scripted } from './scripted';
import { JITTER_MS, LEG, quickBut, scriptedLinks } from './scriptedLinks';

/** When a link is tried again, and with which token. */

const links = scriptedLinks({
	timing: quickBut(
		'pingMs',
		'pongMs',
		'retryMs',
		'retryCapMs',
		'refusedMs',
		'credentialsMs',
		'alertMs',
		'untoldMs',
		'suspicionMs',
	),
	random: () => 0.999,
});
const { start } = links;
let server: Scripted;

beforeEach(() => {
	server = links.server;
});

/** Answers all upgrades with a status. */
const refuseWith = (status: number, headers = '') => {
	server.onUpgrade = (socket) =>
		void socket.end(
			`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\nConnection: close\r\n${headers}\r\n`,
		);
};

/** How far apart the upgrades were, in ms. */
const gaps = () =>
	server.upgrades.items
		.slice(1)
		.map(({ at }, index) => at - server.upgrades.items[index]!.at + JITTER_MS);

describe('a link that cannot be had is tried again', () => {
	test('less and less often, up to a bound', async () => {
		refuseWith(500);
		start({ timing: { retryMs: 20, retryCapMs: 100, certificateMs: 30 } });
		await server.upgrades.count(6, 'tries');
		[20, 40, 80, 100, 100].forEach((ms, at) => expect(gaps()[at]).toBeGreaterThanOrEqual(ms));
	});

	test.each<[number, ErrorKind]>([
		[302, 'redirect'],
		[403, 'forbidden'],
		[404, 'notFound'],
	])('slowly, where somebody has to do something first: %i', async (status, kind) => {
		refuseWith(status, 'Location: https://other.example.com\r\n');
		const { states } = start({ timing: { retryMs: 1, refusedMs: 60 } });
		await server.upgrades.count(3, 'tries');
		for (const gap of gaps()) expect(gap).toBeGreaterThanOrEqual(60);
		expect(states.items).toMatchObject([{ online: false, error: { kind, status } }]);
	});

	test.each([200, 500, 503])('soon, where it may pass: %i', async (status) => {
		refuseWith(status);
		const { states } = start({ timing: { retryMs: 1 } });
		await server.upgrades.count(3, 'tries');
		expect(states.items).toMatchObject([{ online: false, error: { status } }]);
	});

	test.each<[ErrorKind, string]>([
		['credentials', 'credentialsMs'],
		['input', 'refusedMs'],
	])('slowly, where the credential says so: %s', async (kind, slow) => {
		let tries = 0;
		let last = 0;
		let shortest = Infinity;
		start({
			connect: async () => {
				const now = performance.now();
				if (tries++ > 0) shortest = Math.min(shortest, now - last);
				last = now;
				const error = new ThreeCxError({ kind, message: 'No', hint: 'Look.' });
				return await Promise.reject<PbxClient>(error);
			},
			timing: { retryMs: 1, [slow]: 60 },
		});
		while (tries < 3) await pause(5);
		expect(shortest + JITTER_MS).toBeGreaterThanOrEqual(60);
	});

	test('when the PBX says so, but after no more than the longest pause', async () => {
		refuseWith(503, 'Retry-After: 1\r\n');
		start({ timing: { retryMs: 1, retryCapMs: 80 } });
		await server.upgrades.count(3, 'tries');
		for (const gap of gaps()) {
			expect(gap).toBeGreaterThanOrEqual(80);
			expect(gap).toBeLessThan(900);
		}
	});

	test('soon again, when it had been up for long enough', async () => {
		refuseWith(500);
		const { states } = start({ timing: { retryMs: 40, retryCapMs: 5_000, stableMs: 30 } });
		await server.upgrades.count(4, 'tries');
		server.onUpgrade = undefined;
		await states.first(({ online }) => online, 'the link');
		await pause(40);
		server.sockets.items[0]!.terminate();
		await server.upgrades.count(6, 'tries');
		expect(gaps().at(-1)).toBeLessThan(40 + 640);
	});

	test('as slowly as before, when it broke at once', async () => {
		refuseWith(500);
		const { states } = start({ timing: { retryMs: 20, retryCapMs: 5_000, stableMs: 60_000 } });
		await server.upgrades.count(3, 'tries');
		server.onUpgrade = undefined;
		await states.first(({ online }) => online, 'the link');
		server.sockets.items[0]!.terminate();
		await server.upgrades.count(5, 'tries');
		expect(gaps().at(-1)).toBeGreaterThanOrEqual(160);
	});

	test('where the state cannot be read', async () => {
		server.onRequest = () => (server.asked.items.length < 3 ? 500 : undefined);
		const { states } = start({ timing: { retryMs: 1 } });
		await states.first(({ online }) => online, 'the link');
		expect(states.items.map(({ online }) => online)).toEqual([false, true]);
		expect(server.upgrades.items).toHaveLength(3);
		// Each of the others has been closed.
		expect(server.sockets.items.filter(({ readyState }) => readyState === 1)).toHaveLength(1);
	});

	test('at once, where it breaks while the state is read', async () => {
		server.onRequest = async () => {
			if (server.asked.items.length > 1) return undefined;
			server.sockets.items[0]!.terminate();
			return await new Promise(() => undefined);
		};
		const { monitor } = start({ timing: { retryMs: 1 } });
		await expect(monitor.ready()).rejects.toMatchObject({ kind: 'unreachable' });
		await monitor.ready();
		expect(server.upgrades.items).toHaveLength(2);
	});
});

describe('a socket', () => {
	test('that is told something needs no answer to a ping', async () => {
		const { monitor, states } = start({ timing: { pingMs: 20, pongMs: 30 } });
		await monitor.ready();
		await server.arrived();
		// From now on it answers no more pings, which it did before, but says something.
		server.answersPings = false;
		const talking = setInterval(() => server.say(1, 4, '/callcontrol'), 5);
		await pause(120);
		expect(states.items).toHaveLength(1);
		clearInterval(talking);
		await states.count(2, 'states');
		expect(states.items[1]).toMatchObject({ online: false, error: { kind: 'timeout' } });
	});

	test('is pinged at once, and so often from then on, until it is gone', async () => {
		const { monitor } = start({ timing: { pingMs: 30, pongMs: 60_000 } });
		const [socket] = await server.sockets.count(1, 'sockets');
		const pings: number[] = [];
		socket!.on('ping', () => pings.push(performance.now()));
		await monitor.ready();
		while (pings.length < 3) await pause(2);
		expect(pings[2]! - pings[0]! + JITTER_MS).toBeGreaterThanOrEqual(30);
	});

	test('that answers no pings has the state read, which is no failure', async () => {
		server.answersPings = false;
		// Again and again: the first doubt may come before the link is up.
		const { monitor, states } = start({ timing: { pingMs: 20, pongMs: 20, suspicionMs: 1 } });
		await monitor.ready();
		await server.read(2);
		expect(states.items).toHaveLength(1);
	});

	test('whose messages hold the token shows them without it', async () => {
		const token = ['a', 'token', 'of', 'some', 'length'].join('-');
		const { monitor, messages } = start({ tokens: fixedToken(token) });
		await monitor.ready();
		server.raw(`{"sequence":1,"event":{"event_type":4,"entity":"${token}"}}`);
		server.raw('{"sequence":2,"event":{"event_type":4,"entity":"nothing"}}');
		await messages.count(2, 'messages');
		expect(messages.items[0]).not.toContain(token);
		expect(messages.items[1]).toBe('{"sequence":2,"event":{"event_type":4,"entity":"nothing"}}');
		expect(server.upgrades.items[0]!.token).toBe(token);
	});
});

/** Tokens of which the PBX takes one at a time, as the test says. */
class Tokens implements TokenSource {
	readonly asked: string[][] = [];

	/** What the PBX takes. */
	live = 'token-1';

	/** What this process has. */
	have = 'token-1';

	private readonly listeners = new Set<(token: string) => void>();

	constructor() {
		const takes = (token: string) => token === this.live;
		server.onRequest = ({ token }) => (takes(token) ? undefined : 401);
	}

	get = async () => await Promise.resolve(this.have);

	renew = async (refused: readonly string[]) => {
		this.asked.push([...refused]);
		this.have = this.live;
		return await Promise.resolve({ value: this.have, isLast: true });
	};

	newest = async () =>
		await Promise.resolve({ value: this.have, expiresAt: Date.now() + 3_600_000 });

	watch = (listener: (token: string) => void) => {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	};

	get watchers(): number {
		return this.listeners.size;
	}

	/** This process has got another token. */
	next(token: string, live = token): void {
		[this.live, this.have] = [live, token];
		for (const listener of [...this.listeners]) listener(token);
	}
}

const openSockets = () => server.sockets.items.filter(({ readyState }) => readyState === 1).length;

const until = async (fits: () => boolean, what: string) => {
	const end = performance.now() + 3_000;
	while (!fits()) {
		if (performance.now() > end) throw new Error(`waited for ${what}`);
		await pause(2);
	}
};

describe('another token', () => {
	test('of this process brings another socket before the first is given up; nobody hears twice', async () => {
		const tokens = new Tokens();
		const { monitor, events, states, messages } = start({ tokens });
		await monitor.ready();
		expect(tokens.watchers).toBe(1);
		const reading = new Promise<void>((resolve) => {
			server.onRequest = async ({ path }) => {
				if (path !== '/callcontrol') return undefined;
				resolve();
				server.legs = [leg({ status: 'Connected' })];
				await pause(20);
				return undefined;
			};
		});
		tokens.next('token-2');
		await server.sockets.count(2, 'sockets');
		await reading;
		expect(openSockets()).toBe(2);
		const key = (sequence: number, digit: string) =>
			JSON.stringify({
				sequence,
				event: { event_type: 2, entity: LEG, attached_data: { dtmf_input: digit } },
			});
		server.legs = [leg({ status: 'Connected' })];
		server.sockets.items[0]!.send(key(7, '5'));
		server.sockets.items[1]!.send(key(1, '5'));
		server.sockets.items[1]!.send(key(2, '6'));
		await events.first((event) => isCall(event) && event.digits === '6', 'the second key');
		await until(() => openSockets() === 1, 'the end of the first socket');
		const keys = events.items.flatMap((event) => (isCall(event) ? (event.digits ?? []) : []));
		expect(keys).toEqual(['5', '6']);
		expect(messages.items).toHaveLength(2);
		expect(server.upgrades.items.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
		expect(states.items).toHaveLength(1);
	});

	test('that is none brings nothing', async () => {
		const tokens = new Tokens();
		const { monitor } = start({ tokens, timing: { reconcileMs: 15 } });
		await monitor.ready();
		tokens.next('token-1');
		await server.read(5);
		expect(server.upgrades.items).toHaveLength(1);
	});

	test('that a reading has proven brings another socket', async () => {
		const tokens = new Tokens();
		const { monitor, states } = start({ tokens, timing: { reconcileMs: 15 } });
		await monitor.ready();
		// Another program has logged in: our token is dead, and its socket silent.
		tokens.live = 'token-2';
		await server.sockets.count(2, 'sockets');
		await until(() => openSockets() === 1, 'the end of the first socket');
		expect(server.upgrades.items.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
		await server.read(server.readings.length + 3);
		expect(server.upgrades.items).toHaveLength(2);
		expect(states.items).toHaveLength(1);
	});

	test('is watched for only as long as there is a link', async () => {
		const tokens = new Tokens();
		const { monitor } = start({ tokens });
		await monitor.ready();
		await monitor.close();
		expect(tokens.watchers).toBe(0);
	});

	test('is there already when the socket of the dead one ends: the link goes on', async () => {
		const tokens = new Tokens();
		tokens.watch = () => () => undefined as unknown as boolean;
		const { monitor, states, events } = start({ tokens });
		await monitor.ready();
		tokens.next('token-2');
		server.legs = [leg()];
		server.sockets.items[0]!.close();
		await server.sockets.count(2, 'sockets');
		await events.count(1, 'events');
		expect(events.items.map(short)).toEqual(['100 ~ringing']);
		expect(states.items.map(({ online }) => online)).toEqual([true]);
	});

	test('whose socket cannot be opened at once is tried again, while the first goes on', async () => {
		const tokens = new Tokens();
		const { monitor, states, events } = start({ tokens, timing: { retryMs: 20 } });
		await monitor.ready();
		refuseWith(500);
		tokens.next('token-2');
		await server.upgrades.count(4, 'tries');
		expect(gaps()[1]).toBeGreaterThanOrEqual(20);
		expect(gaps()[2]).toBeGreaterThanOrEqual(40);
		server.legs = [leg()];
		server.say(1, 0, LEG);
		await events.count(1, 'events');
		server.onUpgrade = undefined;
		await server.sockets.count(2, 'sockets');
		await until(() => openSockets() === 1, 'the end of the first socket');
		expect(states.items).toHaveLength(1);
	});

	test.each([
		['is refused for good', () => refuseWith(403), 'forbidden'],
		[
			'cannot be had while the first ends, too',
			() => {
				server.onUpgrade = (socket) => {
					server.sockets.items[0]!.terminate();
					socket.destroy();
				};
			},
			'unreachable',
		],
	])('whose socket %s ends the link', async (_, refuse, kind) => {
		const tokens = new Tokens();
		const { monitor, states } = start({ tokens });
		await monitor.ready();
		refuse();
		tokens.next('token-2');
		await states.count(2, 'states');
		expect(states.items[1]).toMatchObject({ online: false, error: { kind } });
		await until(() => openSockets() === 0, 'the end of the first socket');
	});

	test('is got where the upgrade is refused with 401, once', async () => {
		const tokens = new Tokens();
		tokens.live = 'token-2';
		server.onUpgrade = (socket, { token }) => {
			if (token === 'token-2') server.onUpgrade = undefined;
			socket.end('HTTP/1.1 401 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
		};
		const { monitor } = start({ tokens });
		await expect(monitor.ready()).rejects.toMatchObject({ status: 401 });
		expect(tokens.asked).toEqual([['token-1']]);
		expect(server.upgrades.items.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
		await monitor.ready();
		expect(server.upgrades.items).toHaveLength(3);
	});

	test('is got where the state shows that the one of the socket is dead', async () => {
		const tokens = new Tokens();
		tokens.live = 'token-2';
		const { monitor } = start({ tokens });
		await monitor.ready();
		expect(server.upgrades.items.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
		expect(openSockets()).toBe(1);
	});

	test('is got three times at most, where another program ends each at once', async () => {
		const tokens = new Tokens();
		server.onRequest = ({ token }) => {
			tokens.live = `token-${server.upgrades.items.length + 1}`;
			return token === tokens.live ? undefined : 401;
		};
		const { monitor, states } = start({ tokens });
		await expect(monitor.ready()).rejects.toMatchObject({ kind: 'unreachable' });
		expect(server.upgrades.items.map(({ token }) => token)).toEqual([
			'token-1',
			'token-2',
			'token-3',
		]);
		expect(states.items).toHaveLength(1);
	});

	test('is got less and less often, where none is good for as long as a reading takes', async () => {
		const tokens = new Tokens();
		server.onRequest = ({ token }) => {
			tokens.live = `token-${server.upgrades.items.length + 1}`;
			return token === tokens.live ? undefined : 401;
		};
		start({ tokens, timing: { retryMs: 20 } });
		await server.upgrades.count(10, 'tries');
		const pauses = gaps().filter((_, at) => at % 3 === 2);
		[20, 40, 80].forEach((ms, at) => expect(pauses[at]).toBeGreaterThanOrEqual(ms));
	});

	test('that was needed at once makes a link that breaks no bad one: it is tried again soon', async () => {
		const tokens = new Tokens();
		refuseWith(500);
		const { states } = start({
			tokens,
			timing: { retryMs: 40, retryCapMs: 5_000, stableMs: 60_000 },
		});
		await server.upgrades.count(4, 'tries');
		tokens.live = 'token-2';
		server.onUpgrade = undefined;
		await states.first(({ online }) => online, 'the link');
		const count = server.upgrades.items.length;
		server.sockets.items.at(-1)!.terminate();
		await server.upgrades.count(count + 1, 'tries');
		expect(gaps().at(-1)).toBeLessThan(640);
	});
});

test('a socket that is gone leaves no listener behind', async () => {
	const ending = new AbortController();
	const counts: number[] = [];
	const { ended } = superviseSocket({
		connect: async () => await Promise.resolve(server.client()),
		onFrame: () => undefined,
		read: async () => {
			counts.push(getEventListeners(ending.signal, 'abort').length);
			if (counts.length < 4) server.sockets.items.at(-1)!.terminate();
			await Promise.resolve();
		},
		onDown: () => undefined,
		signal: ending.signal,
		timing: { ...QUICK, retryMs: 1 },
	});
	await until(() => counts.length === 4, 'the fourth socket');
	expect(new Set(counts).size).toBe(1);
	ending.abort();
	await ended;
	expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
});

test('nothing is sent over a socket that is gone', async () => {
	const ping = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'ping')!;
	let pings = 0;
	const { monitor, states } = start({ timing: { pingMs: 2, pongMs: 1_000 } });
	await monitor.ready();
	WebSocket.prototype.ping = () => void (pings += 1);
	try {
		await until(() => pings > 2, 'pings');
		server.sockets.items[0]!.terminate();
		await states.count(2, 'states');
		const before = pings;
		await pause(20);
		expect(pings).toBe(before);
	} finally {
		Object.defineProperty(WebSocket.prototype, 'ping', ping);
	}
});
