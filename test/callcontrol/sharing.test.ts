import { setTimeout as pause } from 'node:timers/promises';
import {
	linkCount,
	subscribe,
	type LinkAccess,
	type Subscriber,
} from '../../lib/callcontrol/link/sharing';
import type { LinkState } from '../../lib/callcontrol/link/monitor';
import type { CallEvent, TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { credentialUsed } from '../../lib/http/credentialUse';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError, type ErrorKind } from '../../lib/http/errors';
import { Collector } from './collector';
import { leg, short } from './samples';
import { Scripted } from './scripted';
import { JITTER_MS, LEG, quickBut } from './scriptedLinks';

/** Who shares a link, when credentials are looked at, and what each subscriber is told. */

const PATIENT = quickBut(
	'pingMs',
	'pongMs',
	'retryMs',
	'retryCapMs',
	'suspicionMs',
	'recheckMs',
	'accessRetryMs',
);

let server: Scripted;
const closers: Array<() => Promise<unknown>> = [];
const { random } = Math;

beforeEach(async () => {
	server = await new Scripted().start();
	Math.random = () => 0.999;
});

afterEach(async () => {
	Math.random = random;
	for (const close of closers.splice(0).reverse()) await close();
	await closeDispatchers();
	await server.close();
	expect(linkCount()).toBe(0);
});

/** A subscriber; `access` says what its credential gives, now. */
function follow({
	access = () => ({}),
	timing,
	...more
}: Partial<Subscriber> & {
	access?: () => Partial<LinkAccess> | Promise<Partial<LinkAccess>>;
} = {}) {
	const events = new Collector<TrackerEvent>();
	const states = new Collector<LinkState>();
	const asked = new Collector<number>();
	const errors: unknown[] = [];
	const subscription = subscribe({
		connect: async () => {
			asked.push(performance.now());
			return { key: 'one', client: server.client(), ...(await access()) };
		},
		onEvents: events.pushAll,
		onState: states.push,
		onError: (error) => errors.push(error),
		timing: { ...PATIENT, ...timing },
		...more,
	});
	closers.push(async () => await subscription.leave());
	return { subscription, events, states, asked, errors };
}

const gapsOf = ({ items }: Collector<number>) =>
	items.slice(1).map((at, index) => at - items[index]! + JITTER_MS);

const refuse = async (kind: ErrorKind = 'unreachable') =>
	await Promise.reject<never>(new ThreeCxError({ kind, message: 'No access', hint: 'Look.' }));

describe('a credential is looked at', () => {
	test('from time to time', async () => {
		const { asked } = follow({ timing: { recheckMs: 40 } });
		await asked.count(5, 'looks');
		// One for the subscriber, one for the link.
		for (const gap of gapsOf(asked).slice(2)) expect(gap).toBeGreaterThanOrEqual(40);
	});

	test('less and less often where it gives no access, but as often as it would be', async () => {
		const { asked, states } = follow({
			access: refuse,
			timing: { accessRetryMs: 20, recheckMs: 100 },
		});
		await asked.count(6, 'looks');
		const gaps = gapsOf(asked);
		[19, 39, 79, 99, 99].forEach((ms, at) => expect(gaps[at]).toBeGreaterThanOrEqual(ms));
		expect(states.items).toHaveLength(1);
	});

	test('as often as ever where it gives no access for a while, but there is a link', async () => {
		let isBroken = false;
		const { asked, subscription, states } = follow({
			access: () => (isBroken ? refuse() : {}),
			timing: { accessRetryMs: 1, recheckMs: 50 },
		});
		await subscription.ready();
		isBroken = true;
		const from = asked.items.length;
		await asked.count(from + 3, 'looks');
		for (const gap of gapsOf(asked).slice(from)) expect(gap).toBeGreaterThanOrEqual(50);
		expect(states.items).toEqual([{ online: true, outageMs: 0 }]);
		expect(subscription.online).toBe(true);
	});

	test('once for all who ask at the same time', async () => {
		let release: () => void = () => undefined;
		const reading = new Promise<void>((resolve) => (release = resolve));
		const { asked, subscription } = follow({
			access: async () => {
				await reading;
				return await Promise.reject<never>(new Error('no'));
			},
		});
		const waiting = [subscription.ready(), subscription.ready()].map(
			async (each) => await each.catch((error: Error) => error.message),
		);
		await pause(1);
		release();
		expect(await Promise.all(waiting)).toEqual(
			['no', 'no'].map((why) => expect.stringContaining(why) as string),
		);
		expect(asked.items).toHaveLength(1);
	});

	test('not after its subscriber has left', async () => {
		const { asked, subscription } = follow({ timing: { recheckMs: 10 } });
		await subscription.ready();
		await subscription.leave();
		const count = asked.items.length;
		await pause(30);
		expect(asked.items).toHaveLength(count);
	});

	test('not after its subscriber has left while it was being read', async () => {
		let release: (access: Partial<LinkAccess>) => void = () => undefined;
		const { asked, subscription, states } = follow({
			access: async () => await new Promise((resolve) => (release = resolve)),
			timing: { recheckMs: 5 },
		});
		await pause(1);
		const waiting = subscription.ready().catch((error: unknown) => error);
		await subscription.leave();
		release({});
		expect(await waiting).toMatchObject({ kind: 'cancelled' });
		await pause(20);
		expect([asked.items.length, states.items, linkCount()]).toEqual([1, [], 0]);
	});

	test('within a second of its use, however often it is used, where its secret is another one', async () => {
		const stamp = { tenant: 'pbx and client', secret: 'one' };
		const { asked, subscription } = follow({ access: () => ({ stamp }) });
		await subscription.ready();
		const before = asked.items.length;
		const last = asked.items.at(-1)!;
		for (const use of [
			stamp,
			{ ...stamp, tenant: 'another' },
			{ tenant: 'another', secret: 'another' },
		])
			credentialUsed(use, true);
		await pause(5);
		expect(asked.items).toHaveLength(before);
		for (let use = 0; use < 10; use++) credentialUsed({ ...stamp, secret: 'two' });
		await asked.count(before + 1, 'looks');
		expect(asked.items.at(-1)! - last + JITTER_MS).toBeGreaterThanOrEqual(1_000);
		await pause(20);
		expect(asked.items).toHaveLength(before + 1);
	});
});

describe('whoever waits', () => {
	test('waits only so long for a credential that cannot be read', async () => {
		let release: (access: Partial<LinkAccess>) => void = () => undefined;
		const { subscription } = follow({
			access: async () => await new Promise((resolve) => (release = resolve)),
		});
		await expect(subscription.ready(20)).rejects.toMatchObject({ kind: 'timeout' });
		release({});
	});

	test('waits as long as it takes, where nobody says how long', async () => {
		const { subscription } = follow({
			access: async () => {
				await pause(20);
				return {};
			},
		});
		await subscription.ready();
		expect(subscription.online).toBe(true);
	});

	test('waits only so long for a link', async () => {
		server.onUpgrade = (socket) => void socket.on('error', () => undefined);
		const { subscription } = follow();
		await expect(subscription.ready(50)).rejects.toMatchObject({ kind: 'timeout' });
	});

	test('is told why there is no link, and need not wait while it is up', async () => {
		server.onUpgrade = (socket) => void socket.destroy();
		const { subscription } = follow();
		await expect(subscription.ready()).rejects.toMatchObject({ kind: 'unreachable' });
		expect(subscription.online).toBe(false);
		server.onUpgrade = undefined;
		await subscription.ready();
		expect(subscription.online).toBe(true);
		await subscription.ready(0);
	});

	test('is told that it is over', async () => {
		const { subscription } = follow();
		await subscription.leave();
		await expect(subscription.ready()).rejects.toMatchObject({ kind: 'cancelled' });
		expect(subscription.online).toBe(false);
	});
});

describe('a subscriber', () => {
	test('that comes later is told of the link, and what is present, before any event', async () => {
		server.legs = [leg()];
		const first = follow();
		await first.subscription.ready();
		const told: string[] = [];
		const later = follow({
			onPresent: (present: CallEvent[]) => told.push(`present ${present.map(short).join()}`),
			onEvents: (events) => told.push(...events.map(short)),
			onState: ({ online }) => told.push(online ? 'online' : 'offline'),
		});
		await later.subscription.ready();
		server.legs = [leg({ status: 'Connected' })];
		server.say(1, 0, LEG);
		await first.events.first(({ type }) => type === 'answered', 'the answer');
		expect(told).toEqual([
			'present 100 ~ringing',
			'online',
			'100 answered',
			'100 participantChanged',
		]);
		expect(server.upgrades.items).toHaveLength(1);
	});

	test('is told what is present first where it opens the link, and once', async () => {
		server.legs = [leg()];
		const told: string[] = [];
		const { subscription } = follow({
			onPresent: (present) => told.push(`present ${present.map(short).join()}`),
			onEvents: (events) => told.push(...events.map(short)),
			onState: ({ online }) => told.push(online ? 'online' : 'offline'),
			timing: { retryMs: 1 },
		});
		await subscription.ready();
		expect(told).toEqual(['present 100 ~ringing', 'online']);
		server.sockets.items[0]!.terminate();
		await server.sockets.count(2, 'sockets');
		await subscription.ready();
		while (told.length < 4) await pause(1);
		expect(told.slice(2)).toEqual(['offline', 'online']);
	});

	test('that is told of an outage is told how long it was', async () => {
		const first = follow({ timing: { retryMs: 40 } });
		const later = follow();
		await first.subscription.ready();
		await later.subscription.ready();
		server.sockets.items[0]!.terminate();
		for (const { states } of [first, later]) {
			await states.count(3, 'states');
			expect(states.items).toMatchObject([
				{ online: true, outageMs: 0 },
				{ online: false, error: { kind: 'unreachable' } },
				{ online: true },
			]);
			const { outageMs } = states.items[2] as { outageMs: number };
			expect(outageMs + JITTER_MS).toBeGreaterThanOrEqual(39);
			expect(outageMs).toBeLessThan(2_000);
		}
	});

	test('whose credential comes to name another PBX goes there, and is told what is present there', async () => {
		const other = await new Scripted().start();
		closers.push(async () => await other.close());
		server.legs = [leg()];
		other.legs = [leg({ dn: '200' })];
		let isOther = false;
		const present: string[] = [];
		const moving = follow({
			access: () => (isOther ? { key: 'two', client: other.client() } : {}),
			onPresent: (events) => present.push(events.map(short).join()),
			timing: { recheckMs: 20 },
		});
		const staying = follow();
		await moving.subscription.ready();
		await staying.subscription.ready();
		isOther = true;
		await moving.states.count(3, 'states');
		expect(moving.states.items).toMatchObject([
			{ online: true },
			{ online: false, error: { kind: 'unreachable' } },
			{ online: true },
		]);
		expect(present).toEqual(['100 ~ringing', '200 ~ringing']);
		expect(linkCount()).toBe(2);
		other.say(1, 1, '/callcontrol/200/participants/1');
		server.say(1, 1, LEG);
		await moving.events.first(({ type }) => type === 'ended', 'the end there');
		await staying.events.first(({ type }) => type === 'ended', 'the end here');
		expect(moving.events.items.map(short)).toEqual(['200 ended']);
		expect(staying.states.items).toHaveLength(1);
	});

	test('that alone was on the link of a credential that has changed leaves no link behind', async () => {
		let key = 'one';
		const { states } = follow({ access: () => ({ key }), timing: { recheckMs: 20 } });
		await states.count(1, 'states');
		key = 'two';
		await states.count(3, 'states');
		expect(linkCount()).toBe(1);
		await server.sockets.first(() => server.sockets.items.length === 2, 'the other socket');
		while (server.sockets.items[0]!.readyState !== 3) await pause(1);
	});

	test.each<[ErrorKind, boolean]>([
		['forbidden', false],
		['input', false],
		['timeout', true],
	])('whose credential is refused with "%s" keeps the link: %s', async (kind, keeps) => {
		let isRefused = false;
		const owner = follow();
		const { subscription, events, states, asked } = follow({
			access: () => (isRefused ? refuse(kind) : {}),
			timing: { recheckMs: 15, accessRetryMs: 15 },
		});
		await owner.subscription.ready();
		await subscription.ready();
		isRefused = true;
		await asked.count(asked.items.length + 2, 'looks');
		server.legs = [leg()];
		server.say(1, 0, LEG);
		await owner.events.count(1, 'events');
		expect(events.items).toHaveLength(keeps ? 1 : 0);
		expect(states.items.map(({ online }) => online)).toEqual(keeps ? [true] : [true, false]);
		expect(subscription.online).toBe(keeps);
		if (keeps) return;
		isRefused = false;
		await states.count(3, 'states');
		expect(subscription.online).toBe(true);
	});

	test('that throws is told so, and the others hear all the same', async () => {
		const clumsy = new Error('clumsy');
		const fail = () => {
			throw clumsy;
		};
		const bad = follow({ onEvents: fail, onState: fail, onPresent: fail, onMessage: fail });
		const messages: string[] = [];
		const good = follow({ onMessage: (text) => messages.push(text) });
		await bad.subscription.ready();
		await good.subscription.ready();
		server.legs = [leg()];
		server.say(1, 0, LEG);
		await good.events.count(1, 'events');
		// What is present, the state, the message, the event.
		expect(bad.errors).toEqual([clumsy, clumsy, clumsy, clumsy]);
		expect(messages).toHaveLength(1);
	});

	test('that has left is told nothing, also by the one who tells another', async () => {
		const first = follow();
		await first.subscription.ready();
		const told: string[] = [];
		const leaver = follow({ onEvents: () => told.push('leaver') });
		await leaver.subscription.ready();
		void leaver.subscription.leave();
		server.legs = [leg()];
		server.say(1, 0, LEG);
		await first.events.count(1, 'events');
		expect(told).toEqual([]);
	});
});

describe('a link', () => {
	test('is opened with the credential of any member that has access', async () => {
		let isBroken = false;
		const first = follow({ access: () => (isBroken ? refuse() : {}) });
		const second = follow();
		await first.subscription.ready();
		await second.subscription.ready();
		isBroken = true;
		server.sockets.items[0]!.terminate();
		await second.states.count(2, 'states');
		await second.subscription.ready();
		expect(server.upgrades.items).toHaveLength(2);
		expect(first.subscription.online).toBe(true);
	});

	test('is down, with the reason, where no member has access', async () => {
		let isBroken = false;
		const { subscription, states } = follow({ access: () => (isBroken ? refuse() : {}) });
		await subscription.ready();
		isBroken = true;
		server.sockets.items[0]!.terminate();
		await states.count(2, 'states');
		await expect(subscription.ready()).rejects.toMatchObject({ message: 'No access' });
	});

	test('that is down is tried at once when the PBX takes its client ID and secret elsewhere', async () => {
		const stamp = { tenant: 'pbx and client', secret: 'one' };
		const { subscription, states } = follow({ access: () => ({ stamp }) });
		await subscription.ready();
		server.onUpgrade = (socket) => void socket.destroy();
		server.sockets.items[0]!.terminate();
		await states.count(2, 'states');
		server.onUpgrade = undefined;
		const tries = server.upgrades.items.length;
		credentialUsed(stamp);
		credentialUsed({ ...stamp, tenant: 'another' }, true);
		await pause(20);
		expect(server.upgrades.items).toHaveLength(tries);
		credentialUsed(stamp, true);
		await states.count(3, 'states');
	});

	test('tells all members what it has to give up, and that the client ID is contested', async () => {
		const endedEarly = () => [100, 90, 80].map((age) => Date.now() - age);
		const said: string[] = [];
		const access = () => ({
			client: server.client({
				get: async () => await Promise.resolve('token'),
				renew: async () => await refuse(),
				endedEarly,
			}),
		});
		const first = follow({ access, onContested: () => said.push('first') });
		const second = follow({ access, onContested: () => said.push('second') });
		await first.subscription.ready();
		await second.subscription.ready();
		while (said.length === 0) await pause(1);
		expect(said[0]).toBe('first');
	});
});
