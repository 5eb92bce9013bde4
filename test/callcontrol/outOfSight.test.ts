import { CallTracker, type Change } from '../../lib/callcontrol/calls/tracker';
import type { Participant } from '../../lib/callcontrol/rest/types';
import { isCall, leg, removed, short, state, upsert } from './samples';

/** Calls that are out of sight for a while, legs that are given a call, and what the tracker knows of DNs and phones. */

/** A tracker with a clock that the test moves, and what it has told. */
const start = (grace?: { goneMs?: number; parkedMs?: number }) => {
	let now = 1_000;
	const tracker = new CallTracker(() => now, grace);
	return {
		tracker,
		pass: (ms: number) => (now += ms),
		play: (...changes: Change[]) => changes.flatMap((each) => tracker.apply(each)).map(short),
	};
};

describe('a call whose last leg is gone', () => {
	test('is over after 2.5 s, as of when the leg went, once', () => {
		const { tracker, pass, play } = start();
		expect(tracker.settlesAt).toBe(Infinity);
		play(upsert());
		expect(tracker.settlesAt).toBe(Infinity);
		play(removed());
		expect(tracker.settlesAt).toBe(3_500);
		pass(2_499);
		expect(tracker.settle()).toEqual([]);
		pass(1);
		const [over, ...others] = tracker.settle();
		expect(others).toEqual([]);
		expect(over).toMatchObject({
			type: 'over',
			at: 1_000,
			recovered: false,
			call: { id: 7, legs: 0, over: true },
		});
		expect([tracker.settlesAt, tracker.settle()]).toEqual([Infinity, []]);
	});

	test('is over by what was read, where it was found out so', () => {
		const { tracker, pass, play } = start();
		play(upsert(), removed('100', 1, 'recovered'));
		pass(2_500);
		expect(tracker.settle()).toMatchObject([{ type: 'over', recovered: true }]);
	});

	test('goes on where another leg of it comes in time', () => {
		const { tracker, pass, play } = start();
		play(upsert(), removed());
		pass(2_499);
		expect(play(upsert({ dn: '101', id: 9 }))).toEqual(['101 ringing']);
		expect(tracker.settlesAt).toBe(Infinity);
		pass(10_000);
		expect(tracker.settle()).toEqual([]);
		const [ended] = tracker.apply(removed('101', 9)).filter(isCall);
		expect(ended!.call).toMatchObject({ id: 7, openedAt: 1_000 });
	});

	test('is another call where its number comes again later', () => {
		const { tracker, pass, play } = start();
		const [first] = tracker.apply(upsert()).filter(isCall);
		play(removed());
		pass(2_500);
		tracker.settle();
		const [second] = tracker.apply(upsert({ id: 2 })).filter(isCall);
		expect(second!.call.key).not.toBe(first!.call.key);
		expect(second!.call.openedAt).toBe(3_500);
	});

	test('waits ten minutes where it is parked', () => {
		const { tracker, pass, play } = start();
		tracker.diff(state([], { SP0: 'Wparkextension' }), 'baseline');
		play(
			upsert({ status: 'Connected' }),
			upsert({ status: 'Connected', party_dn: 'SP0', party_dn_type: 'Wparkextension' }),
			removed(),
		);
		expect(tracker.settlesAt).toBe(601_000);
		pass(599_999);
		expect(tracker.settle()).toEqual([]);
		pass(1);
		expect(tracker.settle().map(short)).toEqual(['100 over']);
	});

	test('is settled by the next of several', () => {
		const { tracker, pass, play } = start({ goneMs: 100 });
		play(upsert(), upsert({ dn: '101', id: 2, callid: 8 }), removed());
		pass(50);
		play(removed('101', 2));
		expect(tracker.settlesAt).toBe(1_100);
		pass(50);
		expect(tracker.settle().map(({ call }) => call.id)).toEqual([7]);
		expect(tracker.settlesAt).toBe(1_150);
	});
});

describe('a leg that is connected without having rung', () => {
	/** 101 has talked with 100 in a call of their own; then 101 is connected to call 7. */
	const given = (
		{
			after = 0,
			by = '100',
			ends = true,
			...more
		}: Partial<Participant> & {
			after?: number;
			by?: string;
			ends?: boolean;
		} = {},
		type = 'Wextension',
	) => {
		const { tracker, pass, play } = start();
		tracker.diff(state([], { 100: 'Wextension', 101: type }), 'baseline');
		play(
			upsert({ status: 'Connected' }),
			upsert({
				dn: '101',
				id: 5,
				callid: 8,
				status: 'Connected',
				party_dn: '100',
				party_dn_type: 'Wextension',
			}),
		);
		if (ends) play(removed('101', 5));
		pass(after);
		return play(upsert({ dn: '101', id: 6, status: 'Connected', referred_by_dn: by, ...more }));
	};

	test.each<[string, Parameters<typeof given>[0]]>([
		['just before', {}],
		['2.499 s before', { after: 2_499 }],
		['still', { ends: false, after: 60_000 }],
	])('by whom it talked with %s was given the call', (_, how) => {
		expect(given(how)).toEqual(['101 transferred']);
	});

	test.each<[string, Parameters<typeof given>[0]]>([
		['whom it talked with 2.5 s before', { after: 2_500 }],
		['somebody else', { by: '102' }],
		['somebody else, while it still talks', { by: '102', ends: false }],
	])('by %s had rung unseen', (_, how) => {
		expect(given(how)).toEqual(['101 ~ringing', '101 answered', '101 transferred']);
	});

	test('by nobody had rung unseen', () => {
		expect(given({ by: '' })).toEqual(['101 ~ringing', '101 answered']);
	});

	test('after it had dialled was not given anything', () => {
		expect(given({ originated_by_dn: '101' })).toEqual([
			'101 ~dialing',
			'101 answered',
			'101 transferred',
		]);
	});

	test('at a route point, which answers by itself, neither', () => {
		expect(given({}, 'Wroutepoint')).toEqual(['101 answered', '101 transferred']);
	});

	test('by whom it talked with just before was given the call, though others were settled meanwhile', () => {
		const { tracker, pass, play } = start();
		play(
			upsert({ status: 'Connected' }),
			upsert({
				dn: '101',
				id: 5,
				callid: 8,
				status: 'Connected',
				party_dn: '100',
				party_dn_type: 'Wextension',
			}),
			removed('101', 5),
		);
		pass(2_000);
		tracker.settle();
		expect(play(upsert({ dn: '101', id: 6, status: 'Connected', referred_by_dn: '100' }))).toEqual([
			'101 transferred',
		]);
	});

	test('by whom another DN talks with had rung unseen', () => {
		const { play } = start();
		play(
			upsert({ status: 'Connected' }),
			upsert({ dn: '102', id: 5, callid: 8, status: 'Connected', party_dn: '100' }),
			upsert({ dn: '101', id: 7, callid: 9, status: 'Ringing', party_dn: '100' }),
		);
		expect(play(upsert({ dn: '101', id: 6, status: 'Connected', referred_by_dn: '100' }))).toEqual([
			'101 ~ringing',
			'101 answered',
			'101 transferred',
		]);
	});

	test('after it has rung was given nothing: it was transferred while it rang', () => {
		const { play } = start();
		play(
			upsert({
				dn: '101',
				id: 5,
				callid: 8,
				status: 'Connected',
				party_dn: '100',
				party_dn_type: 'Wextension',
			}),
			upsert({ dn: '101', id: 6, referred_by_dn: '100' }),
		);
		expect(play(upsert({ dn: '101', id: 6, status: 'Connected', referred_by_dn: '100' }))).toEqual([
			'101 answered',
			'101 transferred',
			'101 participantChanged',
		]);
	});

	test('where nobody had the call yet has answered it', () => {
		const { play } = start();
		play(
			upsert(),
			upsert({
				dn: '101',
				id: 5,
				callid: 8,
				status: 'Connected',
				party_dn: '102',
				party_dn_type: 'Wextension',
			}),
		);
		// Taken from the phone where it rings.
		expect(play(upsert({ dn: '101', id: 5, status: 'Connected' }))).toEqual([
			'101 ended',
			'101 answered',
		]);
	});

	test('is forgotten to have talked, when that is over', () => {
		const { tracker, pass, play } = start();
		play(upsert({ status: 'Connected' }), removed());
		pass(2_500);
		tracker.settle();
		expect(
			play(upsert({ id: 3, callid: 9, status: 'Connected', referred_by_dn: '10000' })),
		).toEqual(['100 ~ringing', '100 answered', '100 transferred']);
	});
});

describe('what is known', () => {
	test('of the call of a leg', () => {
		const { tracker, play } = start();
		play(upsert());
		expect([tracker.callOf('100', 1), tracker.callOf('100', 2), tracker.callOf('101', 1)]).toEqual([
			7,
			undefined,
			undefined,
		]);
	});

	test('of a DN, as read or learnt later', () => {
		const { tracker } = start();
		tracker.diff(state([], { 100: 'Wextension' }), 'baseline');
		expect(['100', '800'].map((dn) => tracker.knows(dn))).toEqual([true, false]);
		tracker.learn('800', 'Wqueue');
		expect(tracker.knows('800')).toBe(true);
		const [answered] = tracker.apply(upsert({ dn: '800', status: 'Connected' })).filter(isCall);
		expect(answered!.leg.dnType).toBe('Wqueue');
	});

	test('of others in the call', () => {
		const { tracker } = start();
		const inside = { party_dn_type: 'Wextension', party_dn: '101' };
		const told = (change: Change) => tracker.apply(change).filter(isCall)[0]!.leg;
		expect(told(upsert(inside))).toMatchObject({ siblings: 0, seesParty: false });
		expect(told(upsert({ ...inside, id: 2 }))).toMatchObject({ siblings: 1, seesParty: false });
		expect(
			told(upsert({ dn: '101', id: 3, party_dn: '100', party_dn_type: 'Wextension' })),
		).toMatchObject({
			siblings: 0,
			seesParty: true,
		});
		// The other side outside is nobody's leg.
		expect(told(upsert({ dn: '102', id: 4, party_dn: '100' }))).toMatchObject({ seesParty: false });
		tracker.learn('103', 'Wextension');
		expect(
			told(upsert({ dn: '104', id: 5, callid: 9, party_dn: '103', party_dn_type: 'Wextension' })),
		).toMatchObject({ seesParty: true });
	});

	test('of phones: each comes and goes once', () => {
		const { tracker, play } = start();
		const phone = (registered: boolean, origin: Change['origin'] = 'live'): Change => ({
			kind: 'device',
			dn: '100',
			id: 'sip:1',
			registered,
			origin,
		});
		expect(play(phone(false))).toEqual([]);
		expect(play(phone(true, 'baseline'))).toEqual([]);
		expect(play(phone(true))).toEqual([]);
		expect(play(phone(false, 'recovered'))).toEqual(['100 ~deviceUnregistered']);
		const [back] = tracker.apply(phone(true));
		expect(back).toMatchObject({
			kind: 'device',
			type: 'deviceRegistered',
			at: 1_000,
			recovered: false,
			dn: '100',
			deviceId: 'sip:1',
		});
		const away = tracker.apply(phone(false));
		expect(away[0]!.id).not.toBe(back!.id);
	});

	test('of phones in a state: those that are there, and those that are not any more', () => {
		const { tracker } = start();
		const dns = (...ids: string[]) =>
			state([], { 100: 'Wextension' }).map((dn) => ({
				...dn,
				devices: ids.map((device_id) => ({ dn: '100', device_id, user_agent: '' })),
			}));
		for (const change of tracker.diff(dns('a', 'b'), 'baseline')) tracker.apply(change);
		expect(tracker.diff(dns('b', 'c'), 'recovered')).toEqual([
			{ kind: 'device', dn: '100', id: 'c', registered: true, origin: 'recovered' },
			{ kind: 'device', dn: '100', id: 'a', registered: false, origin: 'recovered' },
		]);
	});

	test('for who comes later: what has happened to the legs that are there', () => {
		const { tracker, play } = start();
		play(
			upsert(),
			upsert({ status: 'Connected' }),
			upsert({ dn: '101', id: 2 }),
			removed('101', 2),
		);
		const replayed = tracker.replay();
		expect(replayed.map(short)).toEqual(['100 ~ringing', '100 ~answered']);
		expect(replayed.map(({ step }) => step)).toEqual(['100/1.ringing', '100/1.answered']);
	});
});

describe('what can happen to a leg more than once', () => {
	const SLOTS = { SP0: 'Wparkextension', SP1: 'Wparkextension' };
	const talks = (more: Partial<Participant> = {}) => upsert({ status: 'Connected', ...more });
	const parked = (slot: string) => talks({ party_dn: slot, party_dn_type: 'Wparkextension' });

	test('is told once each: parked and picked up at one place after the other', () => {
		const { tracker, play } = start();
		tracker.diff(state([], SLOTS), 'baseline');
		const told = play(
			upsert(),
			talks(),
			parked('SP0'),
			parked('SP0'),
			talks(),
			parked('SP1'),
			talks({ party_caller_name: 'Grace' }),
		).filter((each) => !each.endsWith('participantChanged'));
		expect(told).toEqual([
			...['100 ringing', '100 answered', '100 parked', '100 pickedUp', '100 parked'],
			'100 pickedUp',
		]);
		expect(tracker.replay().map(({ step }) => step)).toEqual([
			'100/1.ringing',
			'100/1.answered',
			'100/1.parked at SP0',
			'100/1.picked up from SP0',
			'100/1.parked at SP1',
			'100/1.picked up from SP1',
		]);
		expect(tracker.replay()[0]!.call.parkedAt).toBeUndefined();
	});

	test('is told once each: transferred by one after the other', () => {
		const { tracker, play } = start();
		const told = play(
			...['', '101', '101', '102'].map((by, at) =>
				talks({ referred_by_dn: by, party_caller_name: String(at) }),
			),
		).filter((each) => !each.endsWith('participantChanged'));
		expect(told).toEqual(['100 ~ringing', '100 answered', '100 transferred', '100 transferred']);
		expect(tracker.replay().map(({ step }) => step)).toEqual([
			'100/1.ringing',
			'100/1.answered',
			'100/1.transferred by 101',
			'100/1.transferred by 102',
		]);
	});

	test('that a call was given to it is told to who comes later, too', () => {
		const { tracker, play } = start();
		play(
			talks(),
			talks({ dn: '101', id: 5, callid: 8, party_dn: '102', party_dn_type: 'Wextension' }),
		);
		expect(play(talks({ dn: '101', id: 5 }))).toEqual(['101 ended', '101 transferred']);
		const replayed = tracker.replay().filter(({ leg: { dn } }) => dn === '101');
		expect(replayed.map(({ type, step, leg: { direction } }) => [type, step, direction])).toEqual([
			['transferred', '101/5.transferred', 'inbound'],
		]);
	});

	test('a line to the outside neither rings nor answers', () => {
		const { tracker, play } = start();
		tracker.learn('10000', 'Wexternalline');
		const line = { dn: '10000', party_dn: '100', party_dn_type: 'Wextension' };
		expect(play(upsert(line), talks(line), removed('10000'))).toEqual([
			'10000 participantChanged',
			'10000 ended',
		]);
	});

	test('the queue of a call is known when its legs do not say so any more', () => {
		const { tracker } = start();
		const queueOf = (change: Change) => tracker.apply(change).filter(isCall)[0]!.call.queue;
		expect(queueOf(upsert())).toBeUndefined();
		expect(
			queueOf(upsert({ dn: '101', id: 2, on_behalf_of_dn: '800', on_behalf_of_type: 'Wqueue' })),
		).toBe('800');
		expect(queueOf(talks({ dn: '101', id: 2 }))).toBe('800');
		expect(
			queueOf(upsert({ dn: '102', id: 3, on_behalf_of_dn: '801', on_behalf_of_type: 'Wqueue' })),
		).toBe('801');
	});

	test('the number that was dialled is known when its legs do not say so', () => {
		const { tracker } = start();
		const didOf = (change: Change) => tracker.apply(change).filter(isCall)[0]!.call.did;
		expect(didOf(upsert())).toBeUndefined();
		expect(didOf(upsert({ dn: '101', id: 2, party_did: '+4930999' }))).toBe('+4930999');
		expect(didOf(talks())).toBe('+4930999');
	});
});

describe('legs without a call number', () => {
	const told = (...fields: Array<Partial<Participant>>) => {
		const { tracker } = start();
		return fields.map(
			(each) => tracker.apply(upsert({ callid: 0, ...each })).filter(isCall)[0]!.call.key,
		);
	};

	test.each<[string, Partial<Participant>, Partial<Participant>, boolean]>([
		[
			'each other’s party',
			{ dn: '100', party_dn: '101' },
			{ dn: '101', id: 2, party_dn: '100', party_caller_id: '1' },
			true,
		],
		[
			'one that names the other only',
			{ dn: '100', party_dn: '102' },
			{ dn: '101', id: 2, party_dn: '100', party_caller_id: '1' },
			false,
		],
		[
			'one that is named by the other only',
			{ dn: '100', party_dn: '101' },
			{ dn: '101', id: 2, party_dn: '102', party_caller_id: '1' },
			false,
		],
		['the same number outside', { dn: '100' }, { dn: '101', id: 2 }, true],
		['another number outside', { dn: '100' }, { dn: '101', id: 2, party_caller_id: '1' }, false],
		[
			'no number outside',
			{ dn: '100', party_caller_id: '' },
			{ dn: '101', id: 2, party_caller_id: '' },
			false,
		],
		[
			'the same number inside',
			{ dn: '100', party_dn_type: 'Wextension' },
			{ dn: '101', id: 2, party_dn_type: 'Wextension' },
			false,
		],
		[
			'the same number, one of them inside',
			{ dn: '100' },
			{ dn: '101', id: 2, party_dn_type: 'Wextension' },
			false,
		],
		['the same DN', { dn: '100' }, { dn: '100', id: 2 }, false],
	])('with %s', (_, one, other, isSame) => {
		const [a, b] = told(one, other);
		expect(a === b).toBe(isSame);
	});

	test('never join a call that has one', () => {
		const { tracker } = start();
		const key = (change: Change) => tracker.apply(change).filter(isCall)[0]!.call.key;
		expect(key(upsert())).not.toBe(key(upsert({ dn: '101', id: 2, callid: 0 })));
	});
});

test('a leg in a state that took another one’s place ends first', () => {
	const found = (before: Partial<Participant>, after: Partial<Participant>) => {
		const { tracker, play } = start();
		play(upsert(before));
		return tracker.diff(state([leg(after)]), 'recovered').map(({ kind }) => kind);
	};
	expect(found({}, {})).toEqual([]);
	expect(found({}, { status: 'Connected' })).toEqual(['upsert']);
	expect(found({ status: 'Connected' }, { status: 'Connected', party_caller_name: 'x' })).toEqual([
		'upsert',
	]);
	expect(found({ status: 'Connected' }, { status: 'Ringing' })).toEqual(['remove', 'upsert']);
	expect(found({}, { legid: 3 })).toEqual(['remove', 'upsert']);
	expect(found({}, { participant_uid: 'u' })).toEqual(['remove', 'upsert']);
	expect(found({}, { callid: 8 })).toEqual(['remove', 'upsert']);
	// A leg that talks, and is in another call, was given that call.
	expect(found({ status: 'Connected' }, { status: 'Connected', callid: 8 })).toEqual(['upsert']);
	expect(found({ status: 'Dialing' }, { status: 'Connected', callid: 8 })).toEqual(['upsert']);
	expect(found({ status: 'Connected' }, { status: 'Ringing', callid: 8 })).toEqual([
		'remove',
		'upsert',
	]);
	expect(
		found({ status: 'Connected' }, { status: 'Connected', callid: 8, participant_uid: 'u' }),
	).toEqual(['remove', 'upsert']);
	expect(found({ status: 'Connected' }, { status: 'Connected', callid: 0 })).toEqual([
		'remove',
		'upsert',
	]);
});
