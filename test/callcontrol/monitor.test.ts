import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import type { CallEvent, TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import { clientOf, quietPbx, watch, type Watched } from './link';
import { isCall, short } from './samples';

const CALLER = '+441632960123';

/** What people do not see: that 3CX told something else about a leg. */
const milestones = (events: TrackerEvent[]) =>
	events.filter(({ type }) => type !== 'participantChanged').map(short);

const is = (dn: string, type: string) => (event: TrackerEvent) =>
	event.type === type && (isCall(event) ? event.leg.dn : event.dn) === dn;

describe('a monitor', () => {
	let pbx: Pbx;
	const open: Array<{ close: () => Promise<void> }> = [];

	const start = async (options: PbxOptions = {}) => {
		pbx = await quietPbx(options);
		open.push(pbx);
		return pbx;
	};
	const listen = async (options?: Parameters<typeof watch>[1]): Promise<Watched> => {
		const watched = watch(pbx, options);
		open.push(watched.monitor);
		await watched.monitor.ready();
		return watched;
	};

	afterEach(async () => {
		for (const each of open.splice(0).reverse()) await each.close();
		await closeDispatchers();
	});

	test('tells the life of a call once, though 3CX repeats every message', async () => {
		await start({ calls: { duplicateUpserts: 2, repeatUpsertEveryMs: 5 } });
		const { events } = await listen();
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		const ringing = await events.first(is('100', 'ringing'), 'ringing');
		expect(ringing).toMatchObject({
			recovered: false,
			leg: {
				dnType: 'Wextension',
				direction: 'inbound',
				participant: { callid, party_caller_id: CALLER },
			},
		});
		pbx.calls.answer({ callid });
		await events.first(is('100', 'answered'), 'answered');
		pbx.calls.hangUp({ callid });
		await events.first(is('100', 'ended'), 'ended');
		expect(milestones(events.items)).toEqual(['100 ringing', '100 answered', '100 ended']);
	});

	test('follows a queue call through several agents, calls in order', async () => {
		await start();
		const { events } = await listen();
		const callid = pbx.calls.incoming({ from: CALLER, to: '800' });
		await events.first(is('103', 'ringing'), 'an agent that rings');
		await events.first(is('106', 'ringing'), 'the last agent that rings');
		pbx.calls.answer({ callid, dn: '104' });
		await events.first(is('104', 'answered'), 'the answer');
		pbx.calls.hangUp({ callid });
		const ended = await events.first(
			(event) => isCall(event) && event.call.over,
			'the end of the call',
		);
		expect(ended).toMatchObject({ type: 'ended', call: { id: callid, answered: true } });
		const legs = milestones(events.items);
		for (const dn of ['103', '105', '106']) {
			expect(legs.filter((each) => each.startsWith(dn))).toEqual([`${dn} ringing`, `${dn} ended`]);
		}
	});

	test('tells a transfer', async () => {
		await start();
		const { events } = await listen();
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		pbx.calls.answer({ callid });
		await events.first(is('100', 'answered'), 'answered');
		pbx.calls.transfer({ dn: '100', to: '101' });
		await events.first(is('101', 'ringing'), 'ringing at the new place');
		pbx.calls.answer({ callid, dn: '101' });
		await events.first(is('101', 'transferred'), 'transferred');
		const ended = await events.first(is('100', 'ended'), 'the end of the first leg');
		expect((ended as CallEvent).call.over).toBe(false);
	});

	test('tells keys that are pressed on a route point, each press', async () => {
		await start();
		const { events } = await listen();
		const callid = pbx.calls.incoming({ from: CALLER, to: 'n8n' });
		await events.first(is('n8n', 'answered'), 'answered by the app');
		pbx.calls.pressKey({ callid, key: '5' });
		pbx.calls.pressKey({ callid, key: '5' });
		await events.first((event) => isCall(event) && event.type === 'keyPressed', 'a key');
		pbx.calls.hangUp({ callid });
		await events.first(is('n8n', 'ended'), 'ended');
		const keys = events.items.filter(isCall).filter(({ type }) => type === 'keyPressed');
		expect(keys.map(({ digits }) => digits)).toEqual(['5', '5']);
		expect(events.items.some(({ type }) => type === 'ringing')).toBe(false);
	});

	test('places keys of a leg that could not be read before', async () => {
		await start();
		const { events } = await listen({ timing: { suspicionMs: 60_000 } });
		pbx.faults.next({ path: /n8n\/participants/, status: 500 });
		const callid = pbx.calls.incoming({ from: CALLER, to: 'n8n' });
		while (pbx.faults.pending > 0) await new Promise(setImmediate);
		pbx.calls.pressKey({ callid, key: '5' });
		const key = await events.first((event) => event.type === 'keyPressed', 'the key');
		expect(key).toMatchObject({ digits: '5', call: { id: callid } });
		expect(milestones(events.items)).toEqual(['n8n answered', 'n8n keyPressed']);
	});

	test('reads the state as a whole when very many legs change at once', async () => {
		await start();
		const { events } = await listen();
		pbx.faults.latencyMs = 50;
		const calls = Array.from({ length: 200 }, () =>
			pbx.calls.incoming({ from: CALLER, to: '100' }),
		);
		await events.first(
			() => events.items.length >= calls.length,
			`${calls.length} phones that ring`,
		);
		const called = events.items.filter(isCall).map(({ call }) => call.id);
		expect(called.sort((a, b) => a - b)).toEqual(calls);
		const single = pbx.requests.filter(({ path }) => path.includes('/participants/'));
		expect(single.length).toBeLessThan(calls.length / 2);
	});

	test('asks again soon when the state could not be read either', async () => {
		await start();
		const { events } = await listen();
		pbx.faults.next({ path: /\/callcontrol($|\/100\/participants)/, status: 500, times: 4 });
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await events.first(is('100', 'ringing'), 'ringing, after all');
	});

	test('recovers what happened while the socket was down', async () => {
		await start();
		const { events, states } = await listen();
		const first = pbx.calls.incoming({ from: CALLER, to: '100' });
		await events.first(is('100', 'ringing'), 'ringing');
		await pbx.down();
		await states.first((state) => !state.online, 'the outage');
		pbx.calls.hangUp({ callid: first });
		pbx.calls.incoming({ from: CALLER, to: '101' });
		await pbx.up();
		await events.first(is('101', 'ringing'), 'the missed ring');
		await events.first(is('100', 'ended'), 'the missed end');
		expect(milestones(events.items)).toEqual(['100 ringing', '101 ~ringing', '100 ~ended']);
		await states.count(3, 'states');
		expect(states.items.map(({ online }) => online)).toEqual([true, false, true]);
	});

	test('notices a link that is open but dead, and recovers', async () => {
		await start();
		const { events, states } = await listen();
		pbx.faults.freezeSockets();
		pbx.calls.incoming({ from: CALLER, to: '100' });
		const down = await states.first((state) => !state.online, 'the dead link');
		expect(down).toMatchObject({
			error: { kind: 'timeout', message: expect.stringContaining('no answer to a ping') },
		});
		expect(await events.first(is('100', 'ringing'), 'the missed ring')).toMatchObject({
			recovered: true,
		});
	});

	test('fetches a new token once when the old one was replaced, and goes on at once', async () => {
		await start();
		const { events, states } = await listen();
		const before = pbx.mints.n8n!;
		// Another program with the same client ID logs in: 3CX ends our token.
		const { clientId, clientSecret } = pbx.defaultClient;
		const body = new URLSearchParams({
			client_id: clientId,
			client_secret: clientSecret,
			grant_type: 'client_credentials',
		});
		await fetch(`${pbx.url}/connect/token`, { method: 'POST', body });
		await states.count(3, 'states');
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await events.first(is('100', 'ringing'), 'ringing');
		expect(pbx.mints.n8n).toBe(before + 2);
	});

	test.each([
		['dropped', () => pbx.faults.dropSockets()],
		['restarted', async () => await pbx.restart()],
	])('goes on after the PBX has %s its sockets', async (_, disturb) => {
		await start();
		const { events, states } = await listen();
		await disturb();
		await states.count(3, 'states');
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await events.first(is('100', 'ringing'), 'ringing');
		expect(milestones(events.items).map((each) => each.replace('~', ''))).toEqual(['100 ringing']);
	});

	test('reads the state when a GET fails for good, so that the event is not lost', async () => {
		await start();
		const { events } = await listen();
		pbx.faults.next({ method: 'GET', path: /\/participants\//, status: 500, times: 3 });
		pbx.calls.incoming({ from: CALLER, to: '100' });
		expect(await events.first(is('100', 'ringing'), 'ringing')).toMatchObject({ recovered: true });
		expect(pbx.faults.pending).toBe(0);
	});

	test('asks for a leg again when the PBX answers 500 now and then: the next event may be its end', async () => {
		await start();
		const { events } = await listen();
		const lists = () => pbx.requests.filter(({ path }) => path === '/callcontrol').length;
		const before = lists();
		pbx.faults.next({ method: 'GET', path: /\/participants\//, status: 500, times: 2 });
		pbx.calls.incoming({ from: CALLER, to: '100' });
		expect(await events.first(is('100', 'ringing'), 'ringing')).toMatchObject({ recovered: false });
		expect(pbx.faults.pending).toBe(0);
		expect(lists()).toBe(before);
	});

	test('takes a leg that answers 404 for gone, and what was never seen for nothing', async () => {
		await start();
		const { events } = await listen();
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await events.first(is('100', 'ringing'), 'ringing');
		pbx.faults.next({ method: 'GET', path: /\/participants\//, status: 404 });
		pbx.calls.answer({ dn: '100' });
		await events.first(is('100', 'ended'), 'ended');
		pbx.faults.next({ method: 'GET', path: /\/102\/participants\//, status: 404 });
		pbx.calls.incoming({ from: CALLER, to: '102' });
		pbx.calls.incoming({ from: CALLER, to: '101' });
		await events.first(is('101', 'ringing'), 'ringing elsewhere');
		expect(milestones(events.items)).toEqual(['100 ringing', '100 ended', '101 ringing']);
	});

	test('keeps the order of a call when the reply for one leg is late', async () => {
		await start();
		const { events } = await listen();
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		pbx.calls.answer({ callid });
		await events.first(is('100', 'answered'), 'answered');
		pbx.faults.next({ method: 'GET', path: /\/101\/participants\//, delayMs: 150 });
		pbx.calls.transfer({ dn: '100', to: '101' });
		pbx.calls.answer({ callid, dn: '101' });
		const ended = await events.first(is('100', 'ended'), 'the end of the first leg');
		expect((ended as CallEvent).call.over).toBe(false);
		const types = milestones(events.items);
		expect(types.indexOf('100 ended')).toBeGreaterThan(
			types.findIndex((each) => /101 ~?ringing/.test(each)),
		);
	});

	test('catches silent loss when it compares, on time and after a malformed message', async () => {
		await start();
		const { events, monitor } = await listen({ timing: { reconcileMs: 50 } });
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		await events.first(is('100', 'ringing'), 'ringing');
		// The engine's listeners are the sockets: without them the end is told to nobody.
		const deaf = pbx.calls.listeners('event');
		pbx.calls.removeAllListeners('event');
		pbx.calls.hangUp({ callid });
		for (const listener of deaf) pbx.calls.on('event', listener);
		expect(await events.first(is('100', 'ended'), 'the silent end')).toMatchObject({
			recovered: true,
		});
		expect(monitor.online).toBe(true);
	});

	test('ends without leaving a timer or a socket, also in the middle of connecting', async () => {
		await start();
		pbx.faults.next({ path: /connect\/token/, delayMs: 100 });
		const connecting = watch(pbx);
		const outcome = connecting.monitor.ready().catch((error: unknown) => error);
		await connecting.monitor.close();
		expect(await outcome).toMatchObject({ kind: 'cancelled' });
		const { monitor, events } = await listen();
		await monitor.close();
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await clientOf(pbx).request({ method: 'GET', path: '/callcontrol' });
		expect(events.items).toEqual([]);
		expect(connecting.states.items).toEqual([]);
	});
});

describe('a monitor that is refused', () => {
	let pbx: Pbx;
	afterEach(async () => {
		await pbx.close();
		await closeDispatchers();
	});

	test.each<[string, PbxOptions, RegExp]>([
		[
			'without the Call Control box',
			{ clients: [client({ callControlEnabled: false })] },
			/does not let this API client listen/,
		],
		['without the licence', { licence: 'professional' }, /has no Call Control API/],
	])(
		'%s says what is missing, asks slowly, and goes on once it is there',
		async (_, options, message) => {
			pbx = await quietPbx(options);
			const { monitor, states } = watch(pbx);
			const error = await monitor.ready().catch((cause: unknown) => cause);
			expect(error).toBeInstanceOf(ThreeCxError);
			expect((error as ThreeCxError).message).toMatch(message);
			const [allowed] = pbx.clients;
			if (allowed && !allowed.callControlEnabled) {
				allowed.callControlEnabled = true;
				await states.first((state) => state.online, 'the link');
			}
			await monitor.close();
		},
	);

	test('with a wrong secret tries no login again for a long time', async () => {
		pbx = await quietPbx();
		const wrong = {
			...pbx,
			defaultClient: { ...pbx.defaultClient, clientSecret: 'not the right one' },
		};
		const { monitor } = watch(wrong as Pbx, { timing: { credentialsMs: 600_000 } });
		await expect(monitor.ready()).rejects.toMatchObject({ kind: 'credentials' });
		expect(pbx.failedLogins).toBe(1);
		// Somebody presses "publish" again: that is worth one more try.
		await expect(monitor.ready()).rejects.toMatchObject({ kind: 'credentials' });
		expect(pbx.failedLogins).toBe(2);
		await monitor.close();
	});
});

function client(fields: Partial<Pbx['defaultClient']>): Pbx['defaultClient'] {
	return {
		clientId: 'n8n',
		clientSecret: ['a', 'secret', 'for', 'tests'].join('-'),
		role: 'system_owners',
		xapiEnabled: true,
		callControlEnabled: true,
		monitored: 'all',
		...fields,
	};
}
