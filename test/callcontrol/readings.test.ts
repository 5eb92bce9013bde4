import { setTimeout as pause } from 'node:timers/promises';
import { type LinkState } from '../../lib/callcontrol/link/monitor';
import type { CallEvent, TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import type { AccessToken, TokenSource } from '../../lib/http/tokens';
import { fixedToken } from '../support/fixedToken';
import { isCall, leg, short, state } from './samples';
import { Scripted, type Reply } from './scripted';
import { JITTER_MS, LEG, quickBut, scriptedLinks } from './scriptedLinks';

/** When a monitor reads the state of the PBX, and what it makes of it. */

const links = scriptedLinks({
	timing: quickBut('pingMs', 'pongMs', 'alertMs', 'untoldMs', 'suspicionMs', 'goneMs'),
});
const { start } = links;
let server: Scripted;

const [UPSERT, REMOVE, KEYS, PROMPT, OTHER] = [0, 1, 2, 3, 4];

const listen = async (options?: Parameters<typeof start>[0]) => {
	const watched = start(options);
	await watched.monitor.ready();
	return watched;
};

beforeEach(() => {
	server = links.server;
});

/** How far apart the readings were, in ms. */
const gaps = () =>
	server.readings.slice(1).map(({ at }, index) => at - server.readings[index]!.at + JITTER_MS);

/** An answer that comes when the test says so. */
function held() {
	let answer: (reply: Reply) => void = () => undefined;
	const reply = new Promise<Reply>((resolve) => (answer = resolve));
	return { reply, answer };
}

/** Resolves when a reply that is under way has been dealt with: another one that began later has come. */
const settled = async () => {
	await server
		.client()
		.request({ method: 'GET', path: '/callcontrol/settled' })
		.catch(() => 0);
	await pause(5);
};

describe('the state is read', () => {
	test('by the way, so often', async () => {
		await listen({ timing: { reconcileMs: 40 } });
		await server.read(4);
		for (const gap of gaps().slice(1)) expect(gap).toBeGreaterThanOrEqual(40);
	});

	test('by the way, so long after it was read for another reason', async () => {
		// So long that a busy machine does not come to it first.
		await listen({ timing: { reconcileMs: 1_000, suspicionMs: 1 } });
		await pause(300);
		server.raw('<html>');
		await server.read(3);
		expect(gaps()[1]).toBeGreaterThanOrEqual(1_000);
	});

	test('again after it could not be, less and less often, but as often as by the way', async () => {
		server.onRequest = ({ path }) =>
			path === '/callcontrol' && server.readings.length > 1 ? 500 : undefined;
		await listen({ timing: { reconcileMs: 200, suspicionMs: 60 } });
		await server.read(6);
		const [usual, first, second, third, fourth] = gaps();
		expect(usual).toBeGreaterThanOrEqual(200);
		expect(first).toBeGreaterThanOrEqual(60);
		expect(first).toBeLessThan(200);
		expect(second).toBeGreaterThanOrEqual(120);
		expect(third).toBeGreaterThanOrEqual(200);
		expect(fourth).toBeGreaterThanOrEqual(200);
	});

	test('as often as by the way when it can be again, and as patiently the next time', async () => {
		server.onRequest = ({ path }) =>
			path === '/callcontrol' && [2, 3, 5].includes(server.readings.length) ? 500 : undefined;
		await listen({ timing: { reconcileMs: 200, suspicionMs: 60 } });
		await server.read(6);
		const [, first, second, usual, again] = gaps();
		expect(first).toBeGreaterThanOrEqual(60);
		expect(second).toBeGreaterThanOrEqual(120);
		expect(usual).toBeGreaterThanOrEqual(200);
		expect(again).toBeLessThan(200);
	});

	test('once for many signs of loss, and not later with each', async () => {
		await listen({ timing: { suspicionMs: 40 } });
		const until = performance.now() + 1_000;
		while (server.readings.length < 2 && performance.now() < until) {
			server.raw('<html>');
			await pause(4);
		}
		expect(server.readings).toHaveLength(2);
		await pause(100);
		expect(server.readings.length).toBeLessThanOrEqual(3);
	});

	test.each<[string, (pbx: Scripted) => void]>([
		['an answer', (pbx) => pbx.say(1, OTHER, '/callcontrol/100/makecall')],
		['an event of the future', (pbx) => pbx.say(1, 9, '/callcontrol/100')],
		['a leg', (pbx) => pbx.say(1, UPSERT, LEG)],
		['the end of a leg that nobody has seen', (pbx) => pbx.say(1, REMOVE, LEG)],
		['a phone', (pbx) => pbx.say(1, UPSERT, '/callcontrol/100/devices/a')],
		['numbers that go on', (pbx) => [1, 2].forEach((at) => pbx.say(at, OTHER, '/callcontrol'))],
	])('not because of %s', async (_, tell) => {
		server.legs = [leg()];
		await listen({ timing: { suspicionMs: 1 } });
		tell(server);
		await server.arrived();
		await settled();
		expect(server.readings).toHaveLength(1);
	});

	test('soon after the link is up, where more has come meanwhile than can be kept', async () => {
		const shed: number[] = [];
		const first = held();
		server.onRequest = async ({ path }) =>
			path === '/callcontrol' ? await first.reply : undefined;
		const { monitor, events } = start({
			timing: { suspicionMs: 1 },
			onShed: (total) => shed.push(total),
		});
		await server.sockets.count(1, 'sockets');
		await server.asked.count(1, 'readings');
		server.say(1, UPSERT, LEG);
		for (let at = 2; at <= 5_000; at++) server.say(at, OTHER, '/callcontrol');
		await server.arrived();
		expect(shed).toEqual([]);
		server.say(5_001, OTHER, '/callcontrol');
		server.say(5_002, OTHER, '/callcontrol');
		server.say(5_003, KEYS, LEG, { dtmf_input: '5' });
		server.say(5_004, PROMPT, LEG);
		await server.arrived();
		// Keys cannot be read later.
		expect(shed).toEqual([1, 2, 3]);
		server.onRequest = undefined;
		first.answer(undefined);
		server.legs = [leg({ status: 'Connected' })];
		await monitor.ready();
		await events.first(({ type }) => type === 'keyPressed', 'the key');
		await server.read(2);
	});
});

describe('the state that is read', () => {
	test('of a link that is gone says nothing', async () => {
		const { events, states } = await listen({ timing: { suspicionMs: 1 } });
		const old = held();
		server.onRequest = ({ path }) => (path === '/callcontrol' ? old.reply : undefined);
		server.raw('<html>');
		await server.read(2);
		server.onRequest = undefined;
		server.legs = [leg()];
		server.sockets.items[0]!.terminate();
		await states.count(3, 'states');
		await events.count(1, 'events');
		old.answer([200, []]);
		await settled();
		await settled();
		expect(events.items.map(short)).toEqual(['100 ~ringing']);
		// And it is not asked for again.
		expect(server.readings).toHaveLength(3);
	});

	test('is older than what is told meanwhile', async () => {
		server.legs = [leg(), leg({ id: 2, dn: '101' })];
		const { events } = await listen({ timing: { suspicionMs: 1 } });
		await events.count(2, 'events');
		const reading = held();
		server.onRequest = ({ path }) => (path === '/callcontrol' ? reading.reply : undefined);
		server.raw('<html>');
		await server.read(2);
		const old = server.legs;
		server.legs = [leg({ status: 'Connected' })];
		server.say(1, UPSERT, LEG);
		server.say(2, REMOVE, '/callcontrol/101/participants/2');
		await events.first(({ type }) => type === 'ended', 'the end');
		reading.answer([200, state(old)]);
		await settled();
		expect(events.items.map(short)).toEqual([
			'100 ~ringing',
			'101 ~ringing',
			'100 answered',
			'100 participantChanged',
			'101 ended',
		]);
	});

	test('is older than what is told of a phone meanwhile, not of another one', async () => {
		server.types = { 100: 'Wextension' };
		const { events } = await listen({ timing: { suspicionMs: 1 } });
		const reading = held();
		server.onRequest = ({ path }) => (path === '/callcontrol' ? reading.reply : undefined);
		server.raw('<html>');
		await server.read(2);
		server.say(1, UPSERT, '/callcontrol/100/devices/a');
		await events.count(1, 'events');
		const devices = ['b'].map((device_id) => ({ dn: '100', device_id }));
		reading.answer([200, [{ dn: '100', type: 'Wextension', devices, participants: [] }]]);
		await events.count(2, 'events');
		await settled();
		expect(events.items).toMatchObject([
			{ type: 'deviceRegistered', deviceId: 'a', recovered: false },
			{ type: 'deviceRegistered', deviceId: 'b', recovered: true },
		]);
	});

	test('at first is read again soon where it is older than what was told meanwhile', async () => {
		const first = held();
		server.onRequest = ({ path }) => (path === '/callcontrol' ? first.reply : undefined);
		const { monitor, events } = start({ timing: { suspicionMs: 1 } });
		await server.read(1);
		await server.sockets.count(1, 'sockets');
		// The messages of the first link wait for the reading; those of a DN give rise to suspicion.
		server.say(1, UPSERT, LEG);
		await server.arrived();
		server.onRequest = undefined;
		server.legs = [leg()];
		first.answer([200, []]);
		await monitor.ready();
		await events.count(1, 'events');
		expect(short(events.items[0]!)).toBe('100 ringing');
	});

	test('shows what waits to be read as well, and what is gone', async () => {
		const { events } = await listen({ timing: { suspicionMs: 1 } });
		const single = held();
		server.onRequest = ({ path }) => (/participants/.test(path) ? single.reply : undefined);
		// Six are read at a time.
		for (let id = 1; id <= 8; id++) server.say(id, UPSERT, `/callcontrol/100/participants/${id}`);
		await server.asked.count(7, 'requests');
		server.legs = [leg({ id: 7, callid: 70 })];
		server.raw('<html>');
		await events.count(1, 'events');
		expect(events.items.map(short)).toEqual(['100 ringing']);
		expect(server.asked.items).toHaveLength(8);
		server.onRequest = undefined;
		single.answer(404);
		await settled();
		expect(server.asked.items.some(({ path }) => /participants\/[78]$/.test(path))).toBe(false);
	});

	test('does not show what a leg is by now that waits to be read and has changed meanwhile', async () => {
		const { events } = await listen({ timing: { suspicionMs: 1 } });
		const [single, whole] = [held(), held()];
		server.onRequest = ({ path }) => {
			if (path === '/callcontrol') return whole.reply;
			return /participants\/[1-6]$/.test(path) ? single.reply : undefined;
		};
		for (let id = 1; id <= 7; id++) server.say(id, UPSERT, `/callcontrol/100/participants/${id}`);
		await server.asked.count(7, 'requests');
		server.raw('<html>');
		await server.read(2);
		server.legs = [leg({ id: 7, callid: 70, status: 'Connected' })];
		server.say(8, UPSERT, '/callcontrol/100/participants/7');
		await server.arrived();
		whole.answer([200, state([leg({ id: 7, callid: 70 })])]);
		await settled();
		single.answer(404);
		await events.first(({ type }) => type === 'answered', 'the answer');
		expect(events.items.map(short)).toEqual(['100 ~ringing', '100 answered']);
		expect(server.asked.items.filter(({ path }) => path.endsWith('/7'))).toHaveLength(1);
	});

	test('after an outage tells who is on the phone by then', async () => {
		const { events } = await listen({ timing: { retryMs: 1 } });
		server.legs = [leg({ status: 'Connected' })];
		server.sockets.items[0]!.terminate();
		await events.count(2, 'events');
		expect(events.items.map(short)).toEqual(['100 ~ringing', '100 ~answered']);
	});
});

describe('what the state shows and no message has told', () => {
	test('has the socket replaced that seems silent, once, and the state read often for a while', async () => {
		const { events, states } = await listen({
			timing: { suspicionMs: 1, untoldMs: 20, alertMs: 30, alertForMs: 200 },
		});
		server.legs = [leg()];
		server.raw('<html>');
		await events.count(1, 'events');
		const [, shown] = server.readings;
		await server.upgrades.count(2, 'sockets');
		expect(server.upgrades.items[1]!.at - shown!.at + JITTER_MS).toBeGreaterThanOrEqual(20);
		// Still silent: no third socket for the next ten seconds.
		await server.read(5);
		server.legs = [];
		await events.count(2, 'events');
		// Until it is quiet again.
		for (let count = 0; server.readings.length > count; await pause(150))
			count = server.readings.length;
		expect(server.upgrades.items).toHaveLength(2);
		expect(states.items.map(({ online }) => online)).toEqual([true]);
	});

	test.each<[string, (pbx: Scripted) => void, number]>([
		['a message follows', (pbx) => pbx.say(1, OTHER, '/callcontrol'), 1],
		['the link is gone', (pbx) => pbx.sockets.items[0]!.terminate(), 2],
	])('says nothing of the socket where %s', async (_, tell, sockets) => {
		const { events } = await listen({ timing: { suspicionMs: 1, untoldMs: 30, retryMs: 1 } });
		server.legs = [leg()];
		server.raw('<html>');
		await events.count(1, 'events');
		tell(server);
		await pause(60);
		expect(server.sockets.items.filter(({ readyState }) => readyState === 1)).toHaveLength(1);
		expect(server.upgrades.items).toHaveLength(sockets);
	});

	test('again and again has the socket replaced less and less often, until a message comes', async () => {
		const { now } = performance;
		let ahead = 0;
		performance.now = () => now.call(performance) + ahead;
		try {
			await listen({
				timing: { suspicionMs: 1, untoldMs: 1, alertMs: 5, alertForMs: 1e9 },
			});
			let id = 0;
			let sockets = 1;
			/** After so many seconds, something is shown that nobody tells. */
			const shownAfter = async (seconds: number) => {
				ahead += seconds * 1_000;
				id += 1;
				server.legs = [leg({ id, callid: id })];
				await server.read(server.readings.length + 3);
			};
			const isReplacedAfter = async (seconds: number) => {
				await shownAfter(seconds - 1);
				expect(server.upgrades.items).toHaveLength(sockets);
				await shownAfter(1);
				await server.upgrades.count((sockets += 1), 'sockets');
			};
			server.raw('<html>');
			await shownAfter(0);
			await server.upgrades.count((sockets += 1), 'sockets');
			for (const seconds of [10, 20, 40, 80, 160, 320, 600, 600]) await isReplacedAfter(seconds);
			server.say(1, OTHER, '/callcontrol');
			await server.arrived();
			for (const seconds of [600, 10, 20]) await isReplacedAfter(seconds);
		} finally {
			performance.now = now;
		}
	});

	test('of calls that go on sets no timer for their end', async () => {
		const { setTimeout: real } = globalThis;
		const asked: unknown[] = [];
		const spy = ((run: () => void, ms?: number) => {
			asked.push(ms);
			return real(run, ms);
		}) as typeof setTimeout;
		globalThis.setTimeout = Object.assign(spy, real);
		try {
			const { events } = await listen({ timing: { suspicionMs: 1 } });
			server.legs = [leg()];
			server.say(1, UPSERT, LEG);
			await events.count(1, 'events');
			expect(asked).not.toContain(Infinity);
		} finally {
			globalThis.setTimeout = real;
		}
	});

	test('of a phone only, says nothing of the socket', async () => {
		server.types = { 100: 'Wextension' };
		const { events } = await listen({ timing: { suspicionMs: 1, untoldMs: 5 } });
		server.phones = { 100: ['sip:100@192.0.2.7'] };
		server.raw('<html>');
		await events.count(1, 'events');
		expect(short(events.items[0]!)).toBe('100 ~deviceRegistered');
		await pause(40);
		expect(server.upgrades.items).toHaveLength(1);
	});
});

describe('a token', () => {
	/** A token source of which the test says all. */
	const source = (more: Partial<TokenSource>): TokenSource => ({ ...fixedToken('token'), ...more });
	const token = (fields: Partial<AccessToken>): AccessToken => ({
		value: 'token',
		expiresAt: Date.now() + 3_600_000,
		...fields,
	});

	test('that is to be renewed has the state read then: that brings the next one', async () => {
		const renewAt = Date.now() + 80;
		const newest = async () => await Promise.resolve(token({ renewAt }));
		await listen({ tokens: source({ newest }), timing: { suspicionMs: 30 } });
		await server.read(2);
		const [first] = gaps();
		expect(Date.now()).toBeGreaterThanOrEqual(renewAt - JITTER_MS);
		expect(first).toBeLessThan(5_000);
		// Where it is overdue, not all the time.
		await server.read(4);
		for (const gap of gaps().slice(1)) expect(gap).toBeGreaterThanOrEqual(30);
	});

	test('that was ended early a moment ago has the state read often', async () => {
		const endedAt = Date.now();
		const endedEarly = () => [endedAt - 2_000_000, endedAt - 1_000_000, endedAt];
		await listen({
			tokens: source({ endedEarly }),
			timing: { alertMs: 20, alertForMs: 60_000 },
		});
		await server.read(4);
	});

	test('that was ended early a while ago does not', async () => {
		const endedEarly = () => [Date.now() - 400];
		await listen({
			tokens: source({ endedEarly }),
			timing: { alertMs: 5, alertForMs: 300 },
		});
		await pause(40);
		expect(server.readings).toHaveLength(1);
	});

	test.each<[string, number[], number]>([
		['three times within five minutes', [200_000, 100_000, 90_000], 1],
		['twice', [100_000, 90_000], 0],
		['three times within an hour', [2_000_000, 100_000, 90_000], 0],
	])('that is ended early %s is said as often: %j', async (_, ages, times) => {
		const endedEarly = () => ages.map((age) => Date.now() - age);
		let contested = 0;
		await listen({
			tokens: source({ endedEarly }),
			onContested: () => (contested += 1),
			timing: { reconcileMs: 10, alertForMs: 1 },
		});
		await server.read(4);
		expect(contested).toBe(times);
	});
});

describe('a message about', () => {
	test('a leg of a DN that is not on the list, which may not be read, is for others', async () => {
		server.types = { 100: 'Wextension' };
		server.onRequest = ({ path }) => (path.startsWith('/callcontrol/') ? 403 : undefined);
		const { events } = await listen({ timing: { suspicionMs: 1 } });
		server.say(1, UPSERT, '/callcontrol/999/participants/9');
		await server.asked.count(2, 'requests');
		await settled();
		expect(server.asked.items.map(({ path }) => path)).toEqual([
			'/callcontrol',
			'/callcontrol/999/participants/9',
			'/callcontrol/settled',
		]);
		expect(events.items).toEqual([]);
	});

	test('a leg of such a DN that cannot be read for another reason has the state read', async () => {
		server.onRequest = ({ path }) => (path.startsWith('/callcontrol/') ? 400 : undefined);
		await listen({ timing: { suspicionMs: 1 } });
		server.say(1, UPSERT, '/callcontrol/999/participants/9');
		await server.read(2);
	});

	test('a leg that shows in the list of its DN only, is read there, and its end, too', async () => {
		server.legs = [leg()];
		server.onRequest = ({ path }) => (/participants\/\d/.test(path) ? 403 : undefined);
		const { events } = await listen({ timing: { suspicionMs: 1 } });
		server.legs = [leg({ id: 3, callid: 9 }), leg({ status: 'Connected' })];
		server.say(1, UPSERT, LEG);
		await events.first(({ type }) => type === 'answered', 'the answer');
		server.legs = [leg({ id: 3, callid: 9 })];
		server.say(2, UPSERT, LEG);
		await events.first(({ type }) => type === 'ended', 'the end');
		expect(events.items.filter(isCall).map(({ leg: { participant } }) => participant.id)).toEqual([
			1, 1, 1, 1,
		]);
		expect(server.readings).toHaveLength(1);
		// Where the list cannot be read either, the state is.
		server.onRequest = ({ path }) => (/participants/.test(path) ? 403 : undefined);
		server.say(3, UPSERT, LEG);
		await server.read(2);
	});

	test.each([
		['a queue that picks up', 'Wqueue', ['answered']],
		['a person whose phone was quick', 'Wextension', ['~ringing', 'answered']],
	])('a DN that is new asks once what it is: %s', async (_, type, told) => {
		const { events } = await listen();
		server.types = { 800: type };
		server.legs = [leg({ dn: '800', status: 'Connected' })];
		server.say(1, UPSERT, '/callcontrol/800/participants/1');
		await events.count(told.length, 'events');
		server.legs = [leg({ dn: '800', status: 'Connected', party_caller_name: 'Grace' })];
		server.say(2, UPSERT, '/callcontrol/800/participants/1');
		await events.first(({ type: each }) => each === 'participantChanged', 'the change');
		expect(events.items.slice(0, -1).map(short)).toEqual(told.map((each) => `800 ${each}`));
		expect(server.asked.items.filter(({ path }) => path === '/callcontrol/800')).toHaveLength(1);
	});

	test('a DN that is new and may not be looked at is taken for a person, and asked about once', async () => {
		const { events } = await listen();
		server.onRequest = ({ path }) => (path === '/callcontrol/800' ? 403 : undefined);
		const path = '/callcontrol/800/participants/1';
		for (const [at, name] of ['Ada', 'Grace'].entries()) {
			server.legs = [leg({ dn: '800', status: 'Connected', party_caller_name: name })];
			server.say(at + 1, UPSERT, path);
			await events.count(2 + at, 'events');
		}
		expect(events.items.map(short)).toEqual([
			'800 ~ringing',
			'800 answered',
			'800 participantChanged',
		]);
		expect(server.asked.items.filter((each) => each.path === '/callcontrol/800')).toHaveLength(1);
	});

	test('a prompt of a leg that is not known has the leg read before', async () => {
		server.types = { 800: 'Wroutepoint' };
		const { events } = await listen();
		server.legs = [leg({ dn: '800', status: 'Connected' })];
		const path = '/callcontrol/800/participants/1';
		server.say(1, PROMPT, path);
		server.say(2, KEYS, path, { dtmf_input: '5' });
		server.say(2, KEYS, path, { dtmf_input: '5' });
		server.say(3, PROMPT, path);
		server.say(3, PROMPT, path);
		server.say(4, REMOVE, path);
		await events.first(({ type }) => type === 'ended', 'the end');
		expect(events.items.map(short)).toEqual(
			['answered', 'promptFinished', 'keyPressed', 'promptFinished', 'ended'].map(
				(each) => `800 ${each}`,
			),
		);
		// Its own reading served all of them.
		expect(server.asked.items.filter((each) => each.path === path)).toHaveLength(1);
	});

	test('a phone waits for no call', async () => {
		const slow = held();
		const { events } = await listen();
		server.onRequest = ({ path }) => (path === LEG ? slow.reply : undefined);
		server.legs = [leg()];
		server.say(1, UPSERT, LEG);
		server.say(2, REMOVE, '/callcontrol/100/devices/a');
		server.say(3, UPSERT, '/callcontrol/100/devices/b');
		server.say(4, UPSERT, '/callcontrol/100/devices/b');
		slow.answer(undefined);
		await events.count(2, 'events');
		await settled();
		expect(events.items.map(short).sort()).toEqual(['100 deviceRegistered', '100 ringing']);
	});
});

describe('a call that is out of sight', () => {
	const isOver = (callid: number) => (event: TrackerEvent) =>
		event.type === 'over' && (event as CallEvent).call.id === callid;

	test('is over after its own time, whichever went first', async () => {
		server.types = { 100: 'Wextension', 101: 'Wextension' };
		server.legs = [
			leg({ status: 'Connected', party_dn: '77', party_dn_type: 'Wparkextension' }),
			leg({ id: 2, dn: '101', callid: 8 }),
			leg({ id: 3, dn: '101', callid: 9 }),
		];
		const { events } = await listen({ timing: { goneMs: 40, parkedMs: 60_000 } });
		await events.count(2, 'events');
		server.say(1, REMOVE, LEG);
		server.say(2, REMOVE, '/callcontrol/101/participants/2');
		const over = await events.first(isOver(8), 'the end of the call');
		const ended = events.items.find(
			(event) => event.type === 'ended' && (event as CallEvent).call.id === 8,
		);
		expect(over.at).toBe(ended!.at);
		server.say(3, REMOVE, '/callcontrol/101/participants/3');
		await events.first(isOver(9), 'the end of the other');
	});
});

describe('whoever waits for the link', () => {
	const refuse = () => {
		server.onUpgrade = (socket) => void socket.destroy();
	};

	test('waits only so long as he says, and is told that it was too late', async () => {
		server.onUpgrade = (socket) => void socket.on('error', () => undefined);
		const { monitor } = start();
		await expect(monitor.ready(520)).rejects.toMatchObject({
			kind: 'timeout',
			message: expect.stringContaining('within 1 seconds') as string,
		});
	});

	test('cuts the pause short, and is told why that try has failed', async () => {
		refuse();
		const { monitor, states } = start({
			random: () => 0.999,
			timing: { retryMs: 60_000, retryCapMs: 60_000 },
		});
		await states.count(1, 'states');
		await expect(monitor.ready(5_000)).rejects.toMatchObject({ kind: 'unreachable' });
		server.onUpgrade = undefined;
		await monitor.ready(5_000);
		expect(monitor.online).toBe(true);
		await monitor.ready(0);
	});

	test('is told when it is given up', async () => {
		refuse();
		const { monitor } = start({ random: () => 0.999, timing: { retryMs: 60_000 } });
		const waiting = [monitor.ready(), monitor.ready()].map(
			async (each) => await each.catch((error: unknown) => error),
		);
		await monitor.close();
		for (const outcome of await Promise.all(waiting))
			expect(outcome).toMatchObject({ kind: expect.stringMatching(/cancelled|unreachable/) });
	});
});

test('says how long the link was down, from the first failure on, and not online meanwhile', async () => {
	const { monitor, states } = await listen({ random: () => 0.999, timing: { retryMs: 30 } });
	expect(states.items).toEqual([{ online: true, outageMs: 0 }]);
	let refused = 0;
	server.onUpgrade = (socket) => {
		refused += 1;
		expect(monitor.online).toBe(false);
		socket.destroy();
		if (refused === 2) server.onUpgrade = undefined;
	};
	server.sockets.items[0]!.terminate();
	await states.count(3, 'states');
	const [, down, up] = states.items as [LinkState, LinkState, { outageMs: number }];
	expect(down).toMatchObject({ online: false, error: { kind: 'unreachable' } });
	expect(up.outageMs + JITTER_MS).toBeGreaterThanOrEqual(30 + 60);
	expect(up.outageMs).toBeLessThan(5_000);
});

test('tells nothing once it is closed, whatever was under way', async () => {
	server.legs = [leg({ id: 2, callid: 8 })];
	const { monitor, events } = await listen({ timing: { goneMs: 20, suspicionMs: 1 } });
	const slow = held();
	server.onRequest = ({ path }) => (path.startsWith('/callcontrol') ? slow.reply : undefined);
	server.say(1, REMOVE, '/callcontrol/100/participants/2');
	server.say(2, UPSERT, LEG);
	server.raw('<html>');
	await server.asked.count(3, 'requests');
	await events.first(({ type }) => type === 'ended', 'the end');
	const before = events.items.length;
	await monitor.close();
	server.legs = [leg()];
	server.onRequest = undefined;
	slow.answer(undefined);
	await pause(40);
	expect(events.items).toHaveLength(before);
	expect(server.asked.items).toHaveLength(3);
});
