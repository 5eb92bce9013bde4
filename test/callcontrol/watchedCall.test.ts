import { Inbox } from '../../lib/waiting/inbox';
import { CallTracker, type CallEvent, type Change } from '../../lib/callcontrol/calls/tracker';
import { waitForCall } from '../../lib/callcontrol/calls/wait';
import { WatchedCall, type Happening } from '../../lib/callcontrol/calls/watchedCall';
import { ManualClock } from '../support/clocks';
import { isCall, leg, removed, upsert } from './samples';

/** Waits for something in call 7, on a clock that the test moves; what happens comes through the real tracker. */
function setUp(
	what: Happening[],
	{ before = [] as Change[], isOnline = true, limitMs = 30_000 } = {},
) {
	const clock = new ManualClock();
	const events = new Inbox<CallEvent>(clock);
	let now = 0;
	const tracker = new CallTracker(() => now);
	tracker.learn('800', 'Wqueue');
	for (const change of before) tracker.apply({ ...change, origin: 'baseline' });
	const lost = new AbortController();
	const stop = new AbortController();
	const call = new WatchedCall({
		callid: 7,
		happenings: new Set(what),
		isKey: (key) => key === '1',
	});
	const listening = { lost: lost.signal, isOnline: () => isOnline, present: tracker.replay() };
	const end = waitForCall(events, call, { limitMs, listening, signal: stop.signal, clock });
	end.catch(() => undefined);
	return {
		clock,
		end,
		lost,
		stop,
		happens: (...changes: Change[]) =>
			events.push(...changes.flatMap((change) => tracker.apply(change)).filter(isCall)),
		/** Calls that are out of sight are over. */
		settle: () => {
			now += 10_000;
			events.push(...tracker.settle());
		},
	};
}

const talking = upsert({ status: 'Connected', party_dn_type: 'Wexternalline' });
const ringing = upsert({ status: 'Ringing' });
const parked = upsert({ status: 'Connected', party_dn: 'SP0', party_dn_type: 'Wparkextension' });
const inQueue = upsert({ dn: '800', status: 'Connected', party_dn_type: 'Wexternalline' });
const agent = upsert({ id: 2, dn: '101', status: 'Connected', party_dn_type: 'Wexternalline' });

test.each<[string, Happening[], Change[], Happening]>([
	['a phone that rings', ['ringing'], [ringing], 'ringing'],
	[
		'who talks, not who rings',
		['ringing', 'answered'],
		[talking, upsert({ id: 2, dn: '101', status: 'Ringing' })],
		'answered',
	],
	[
		'a menu that has picked up',
		['answered', 'connected'],
		[upsert({ status: 'Connected', party_dn_type: 'Wivr' })],
		'connected',
	],
	['a call that is in no queue', ['leftQueue'], [talking], 'leftQueue'],
	['a call that is in no slot', ['parked', 'pickedUp'], [talking], 'pickedUp'],
	['a call that is in a slot', ['pickedUp', 'parked'], [parked], 'parked'],
])('what is so already: %s', async (_, what, before, expected) => {
	const { end, clock } = setUp(what, { before });
	await expect(end).resolves.toMatchObject({ what: expected, event: { recovered: true } });
	expect(clock.sleeping).toBe(0);
});

test.each<[string, Happening[], Change[]]>([
	[
		'a queue that holds the caller',
		['leftQueue'],
		[upsert({ dn: '800', status: 'Connected', party_dn_type: 'Wexternalline' })],
	],
	[
		'an agent of a queue that nobody may see',
		['leftQueue'],
		[upsert({ status: 'Ringing', on_behalf_of_dn: '800', on_behalf_of_type: 'Wqueue' })],
	],
	['a call that is in a slot', ['pickedUp'], [parked]],
	['a slot, where somebody talks', ['parked'], [talking]],
	['other calls', ['answered'], [upsert({ status: 'Connected', callid: 8, id: 9 }), ringing]],
])('is not so yet: %s', async (_, what, before) => {
	const { end, clock } = setUp(what, { before });
	await clock.advance(30_000);
	await expect(end).resolves.toBe('timeout');
});

test.each<[string, Happening[], Change, Change[], object]>([
	[
		'an agent takes it out of the queue',
		['leftQueue'],
		inQueue,
		[agent, removed('800', 1)],
		{ what: 'leftQueue', event: { type: 'queueLeft', wait: { outcome: 'answered', by: '101' } } },
	],
	['it is parked', ['parked'], talking, [parked], { what: 'parked' }],
	['it is taken out of the slot', ['pickedUp'], parked, [talking], { what: 'pickedUp' }],
	[
		'another phone has taken it out of the slot',
		['pickedUp'],
		parked,
		[removed(), agent],
		{ what: 'pickedUp', event: { leg: { dn: '101' } } },
	],
	[
		'a phone has it that another one sent it to',
		['transferred'],
		talking,
		[
			{
				...agent,
				participant: leg({ id: 2, dn: '101', status: 'Connected', referred_by_dn: '100' }),
			} as Change,
		],
		{ what: 'transferred', event: { leg: { dn: '101' } } },
	],
])('until %s', async (_, what, before, changes, expected) => {
	const { end, clock, happens } = setUp(what, { before: [before] });
	await clock.advance(10);
	expect(clock.sleeping).toBe(1);
	happens(...changes);
	await expect(end).resolves.toMatchObject(expected);
});

test.each<Happening>(['ended', 'answered'])(
	'the end, also where %s is waited for',
	async (what) => {
		const { end, clock, happens, settle } = setUp([what], { before: [ringing] });
		happens(removed());
		await clock.advance(10);
		expect(clock.sleeping).toBe(1);
		settle();
		await expect(end).resolves.toMatchObject({ what: 'ended', event: { type: 'ended' } });
	},
);

test('only the key that is waited for', async () => {
	const { end, happens } = setUp(['keyPressed'], { before: [talking] });
	const key = (digits: string): Change => ({
		kind: 'keys',
		dn: '100',
		id: 1,
		digits,
		origin: 'live',
	});
	happens(key('2'), key('34'), key('51'));
	await expect(end).resolves.toMatchObject({ what: 'keyPressed', event: { digits: '51' } });
});

test('a call that shows late is waited for; one that does not was over', async () => {
	const late = setUp(['answered']);
	await late.clock.advance(2_400);
	late.happens(ringing);
	await late.clock.advance(10_000);
	late.happens(talking);
	await expect(late.end).resolves.toMatchObject({ what: 'answered' });
	const none = setUp(['answered']);
	await none.clock.advance(2_500);
	await expect(none.end).resolves.toBe('alreadyOver');
});

test('a call whose last leg is gone for a moment is not over', async () => {
	const { end, clock, happens } = setUp(['answered'], { before: [ringing] });
	happens(removed());
	await clock.advance(2_000);
	happens(upsert({ id: 2, dn: '101', status: 'Ringing' }));
	await clock.advance(1_000);
	happens(upsert({ id: 2, dn: '101', status: 'Connected', party_dn_type: 'Wexternalline' }));
	await expect(end).resolves.toMatchObject({ what: 'answered', event: { leg: { dn: '101' } } });
});

test.each([
	['is lost for good', true],
	['is down when the time is up', false],
])('unknown, where the link %s', async (_, isOnline) => {
	const { end, clock, lost } = setUp(['answered'], { before: [ringing], isOnline });
	await clock.advance(10);
	if (isOnline) lost.abort();
	await clock.advance(30_000);
	await expect(end).resolves.toBe('unknown');
	expect(clock.sleeping).toBe(0);
});

test('ends with the execution, and leaves no timer', async () => {
	const { end, clock, stop } = setUp(['answered'], { before: [ringing] });
	await clock.advance(10);
	stop.abort();
	await expect(end).rejects.toMatchObject({ kind: 'cancelled' });
	expect(clock.sleeping).toBe(0);
});
