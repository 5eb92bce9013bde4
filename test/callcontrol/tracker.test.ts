import fc from 'fast-check';
import { perCall } from '../../lib/callcontrol/calls/perCall';
import { CallTracker, type Change } from '../../lib/callcontrol/calls/tracker';
import type { Participant } from '../../lib/callcontrol/rest/types';
import { isCall, leg, removed, short, state, upsert } from './samples';

const play = (tracker: CallTracker, changes: Change[]) =>
	changes.flatMap((change) => tracker.apply(change));

describe('a leg', () => {
	test('rings, is answered, ends, each told once however often 3CX repeats itself', () => {
		const ringing = upsert();
		const answered = upsert({ status: 'Connected' });
		const events = play(new CallTracker(), [
			ringing,
			ringing,
			ringing,
			answered,
			answered,
			removed(),
			removed(),
		]);
		expect(events.map(short)).toEqual([
			'100 ringing',
			'100 answered',
			'100 participantChanged',
			'100 ended',
		]);
		expect(new Set(events.map(({ id }) => id)).size).toBe(4);
	});

	test('carries times, direction and the state before', () => {
		let now = 1_000;
		const tracker = new CallTracker(() => now);
		const [ringing] = tracker.apply(upsert()).filter(isCall);
		now = 4_000;
		const [answered] = tracker.apply(upsert({ status: 'Connected' })).filter(isCall);
		now = 9_000;
		const [ended] = tracker.apply(removed()).filter(isCall);
		expect(ringing).toMatchObject({
			at: 1_000,
			recovered: false,
			leg: { direction: 'inbound', openedAt: 1_000, connected: false },
		});
		expect(answered).toMatchObject({
			previous: { status: 'Ringing' },
			leg: { connectedAt: 4_000 },
			call: { answeredAt: 4_000 },
		});
		expect(ended).toMatchObject({
			at: 9_000,
			leg: {
				openedAt: 1_000,
				connectedAt: 4_000,
				connected: true,
				participant: { status: 'Connected' },
			},
			call: { openedAt: 1_000, answered: true, over: true, legs: 0 },
		});
	});

	test.each<[string, Partial<Participant>, string, string[]]>([
		['dials', { status: 'Dialing', originated_by_dn: '100' }, 'outbound', ['100 dialing']],
		[
			'rings its own user for a click-to-call',
			{ originated_by_dn: '100' },
			'outbound',
			['100 dialing'],
		],
		[
			'is found connected: the ring was missed',
			{ status: 'Connected' },
			'inbound',
			['100 ~ringing', '100 answered'],
		],
		[
			'is found connected after dialling',
			{ status: 'Connected', originated_by_dn: '100' },
			'outbound',
			['100 ~dialing', '100 answered'],
		],
		[
			'is connected by a transfer',
			{ status: 'Connected', referred_by_dn: '101' },
			'inbound',
			['100 ~ringing', '100 answered', '100 transferred'],
		],
		['is in a state of the future', { status: 'Queued' }, 'inbound', []],
	])('%s', (_, fields, direction, expected) => {
		const events = new CallTracker().apply(upsert(fields));
		expect(events.map(short)).toEqual(expected);
		for (const event of events) expect(event).toMatchObject({ leg: { direction } });
	});

	test('of a route point or queue is answered without ringing', () => {
		const tracker = new CallTracker();
		tracker.diff(state([], { app: 'Wroutepoint', 800: 'Wqueue' }), 'baseline');
		const events = play(tracker, [
			upsert({ dn: 'app', status: 'Connected' }),
			upsert({ dn: '800', status: 'Connected', callid: 8 }),
		]);
		expect(events.map(short)).toEqual(['app answered', '800 answered']);
		expect(events.map((event) => isCall(event) && event.call.answered)).toEqual([true, false]);
	});

	test('whose id is used again without a Remove ends first', () => {
		const events = play(new CallTracker(), [upsert(), upsert({ callid: 8 })]);
		expect(events.map(short)).toEqual(['100 ringing', '100 ~ended', '100 ~over', '100 ringing']);
		expect(events.filter(isCall).map(({ call }) => call.id)).toEqual([7, 7, 7, 8]);
	});

	test('tells keys and prompts while it is known, each time', () => {
		const keys: Change = { kind: 'keys', dn: '100', id: 1, digits: '5', origin: 'live' };
		const events = play(new CallTracker(), [
			keys,
			upsert(),
			keys,
			keys,
			{ ...keys, kind: 'promptFinished' } as Change,
		]);
		expect(events.map(short)).toEqual([
			'100 ringing',
			'100 keyPressed',
			'100 keyPressed',
			'100 promptFinished',
		]);
		expect(events[1]).toMatchObject({ digits: '5' });
	});
});

describe('a state that is read', () => {
	test('at first: calls under way are no news, those that ring are', () => {
		const tracker = new CallTracker();
		const changes = tracker.diff(
			state([leg({ status: 'Connected' }), leg({ dn: '101', callid: 8 })]),
			'baseline',
		);
		expect(play(tracker, changes).map(short)).toEqual(['101 ~ringing']);
		const [ended] = tracker.apply(removed()).filter(isCall);
		expect(ended).toMatchObject({
			type: 'ended',
			leg: { connected: true, openedAt: undefined },
			call: { answered: true },
		});
	});

	test('later: tells what was missed, ends last', () => {
		const tracker = new CallTracker();
		play(tracker, [upsert({ status: 'Connected' })]);
		const transferred = leg({ dn: '200', id: 2, status: 'Connected', referred_by_dn: '100' });
		const events = play(tracker, tracker.diff(state([transferred]), 'recovered'));
		expect(events.map(short)).toEqual([
			'200 ~ringing',
			'200 ~answered',
			'200 ~transferred',
			'100 ~ended',
		]);
		expect(events.filter(isCall).map(({ call }) => call.over)).toEqual([
			false,
			false,
			false,
			false,
		]);
	});

	test('after a restart of the PBX with the same numbers: the old leg ended, a new one rings', () => {
		const tracker = new CallTracker();
		play(tracker, [upsert({ status: 'Connected' })]);
		const events = play(tracker, tracker.diff(state([leg()]), 'recovered'));
		expect(events.map(short)).toEqual(['100 ~ended', '100 ~over', '100 ~ringing']);
		const [ended, over, rings] = events.filter(isCall);
		expect(over!.call.key).toBe(ended!.call.key);
		expect(rings!.call.key).not.toBe(ended!.call.key);
	});

	test('that is as it was has no differences: neither legs nor phones', () => {
		const tracker = new CallTracker();
		const phone = { dn: '100', device_id: 'sip:a', user_agent: '' };
		const now = state([leg(), leg({ dn: '101', id: 2, callid: 8, status: 'Connected' })]).map(
			(dn) => ({ ...dn, devices: [{ ...phone, dn: dn.dn }] }),
		);
		const changes = tracker.diff(now, 'baseline');
		expect(changes.map(({ kind }) => kind)).toEqual(['upsert', 'upsert', 'device', 'device']);
		play(tracker, changes);
		expect(tracker.diff(structuredClone(now), 'recovered')).toEqual([]);
	});

	test('tells phones that came and went, not those that were there', () => {
		const tracker = new CallTracker();
		const withPhones = (...ids: string[]) => [
			{
				dn: '100',
				type: 'Wextension',
				participants: [],
				devices: ids.map((device_id) => ({ dn: '100', device_id, user_agent: '' })),
			},
		];
		expect(play(tracker, tracker.diff(withPhones('sip:a'), 'baseline'))).toEqual([]);
		const events = play(tracker, tracker.diff(withPhones('sip:b'), 'recovered'));
		expect(events.map(short)).toEqual(['100 ~deviceRegistered', '100 ~deviceUnregistered']);
		const again: Change = {
			kind: 'device',
			dn: '100',
			id: 'sip:b',
			registered: true,
			origin: 'live',
		};
		expect(tracker.apply(again)).toEqual([]);
	});
});

/** Lives of legs in three calls, as steps that the PBX takes; each step is a new state of one leg, or its end. */
const LIVES: Array<Array<Participant | { dn: string; id: number }>> = [
	[leg(), leg({ status: 'Connected' }), { dn: '100', id: 1 }],
	[leg({ dn: '101', id: 2, callid: 8 }), { dn: '101', id: 2 }],
	[
		leg({ dn: '102', id: 3, callid: 9, status: 'Dialing', originated_by_dn: '102' }),
		leg({ dn: '102', id: 3, callid: 9, status: 'Connected', originated_by_dn: '102' }),
		{ dn: '102', id: 3 },
	],
	[
		leg({ dn: '103', id: 4, callid: 7 }),
		leg({ dn: '103', id: 4, callid: 7, status: 'Connected', referred_by_dn: '100' }),
		{ dn: '103', id: 4 },
	],
];

describe('whatever repeats, interleaves or is read in between', () => {
	const told = (changes: Change[][]) => {
		const tracker = new CallTracker();
		const events = changes.flatMap((each) => play(tracker, each)).filter(isCall);
		return events.map(({ leg: { dn }, type, id }) => ({ dn, type, id }));
	};

	test('the events of each leg are the same, in order, once', () => {
		// Which leg takes the next step, how often the step is repeated, and whether the state is read after it.
		const schedule = fc.array(
			fc.record({ which: fc.nat(LIVES.length - 1), repeats: fc.nat(3), reads: fc.nat(2) }),
			{ minLength: 40, maxLength: 40 },
		);
		fc.assert(
			fc.property(schedule, (turns) => {
				const tracker = new CallTracker();
				play(tracker, tracker.diff([], 'baseline'));
				const lives = LIVES.map((steps) => [...steps]);
				const live = new Map<string, Participant>();
				const events: Array<{ dn: string; type: string; id: string }> = [];
				const note = (changes: Change[]) => {
					for (const {
						leg: { dn },
						type,
						id,
					} of play(tracker, changes).filter(isCall))
						events.push({ dn, type, id });
				};
				const rest = LIVES.flatMap((steps, which) =>
					steps.map(() => ({ which, repeats: 0, reads: 0 })),
				);
				for (const { which, repeats, reads } of [...turns, ...rest]) {
					const step = lives[which]!.shift();
					if (!step) continue;
					const key = `${step.dn}/${step.id}`;
					if ('status' in step) live.set(key, step);
					else live.delete(key);
					const change: Change =
						'status' in step
							? { kind: 'upsert', participant: step, origin: 'live' }
							: removed(step.dn, step.id);
					// A read may overtake the message, or repeat what it said.
					if (reads === 2) note(tracker.diff(state([...live.values()]), 'recovered'));
					note(Array.from({ length: repeats + 1 }, () => change));
					if (reads === 1) note(tracker.diff(state([...live.values()]), 'recovered'));
				}
				const expected = told(
					LIVES.map((steps) =>
						steps.map(
							(step): Change =>
								'status' in step
									? { kind: 'upsert', participant: step, origin: 'live' }
									: removed(step.dn, step.id),
						),
					),
				);
				for (const dn of ['100', '101', '102', '103']) {
					const types = (list: typeof events) =>
						list.filter((event) => event.dn === dn).map(({ type }) => type);
					expect(types(events)).toEqual(types(expected));
				}
				expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
			}),
			{ numRuns: 200 },
		);
	});
});

describe('a whole call', () => {
	const watch = (
		changes: Change[],
		matches: (dn: string) => boolean = () => true,
		types: Record<string, string> = {},
	) => {
		let now = 0;
		const tracker = new CallTracker(() => now);
		tracker.diff(state([], types), 'baseline');
		const view = perCall((event) => matches(event.leg.dn));
		const events = play(tracker, changes);
		now += 2_500;
		return [...events, ...tracker.settle()]
			.filter(isCall)
			.filter(({ type }) => type !== 'participantChanged')
			.flatMap(view);
	};
	const queued = [
		upsert({ dn: '800', id: 1, status: 'Connected' }),
		upsert({ dn: '101', id: 2, legid: 3 }),
		upsert({ dn: '102', id: 3, legid: 4 }),
		upsert({ dn: '102', id: 3, legid: 4, status: 'Connected' }),
		removed('101', 2),
		removed('800', 1),
		removed('102', 3),
	];

	test('in a queue rings once, is answered by the agent, ends with the last leg', () => {
		const events = watch(queued, undefined, { 800: 'Wqueue' });
		expect(events.map(short)).toEqual(['101 ringing', '102 answered', '102 ended']);
		expect(events[2]).toMatchObject({ call: { over: true, answered: true } });
	});

	test('is seen from the extensions that are watched only', () => {
		expect(watch(queued, (dn) => dn === '101', { 800: 'Wqueue' }).map(short)).toEqual([
			'101 ringing',
			'101 ended',
		]);
		expect(watch(queued, (dn) => dn === '105', { 800: 'Wqueue' })).toEqual([]);
	});

	test('inside the house is answered by the one who was called, whichever leg comes first', () => {
		const caller = {
			dn: '100',
			id: 1,
			originated_by_dn: '100',
			party_dn: '101',
			party_dn_type: 'Wextension',
		};
		const called = { dn: '101', id: 2, legid: 3, party_dn: '100', party_dn_type: 'Wextension' };
		const events = watch([
			upsert({ ...caller, status: 'Dialing' }),
			upsert(called),
			upsert({ ...caller, status: 'Connected' }),
			upsert({ ...called, status: 'Connected' }),
			removed('101', 2),
			removed('100', 1),
		]);
		expect(events.map(short)).toEqual(['100 dialing', '101 ringing', '101 answered', '101 ended']);
	});

	test('that waits in a queue is answered when the agent comes to the line', () => {
		const caller = {
			dn: '100',
			id: 1,
			originated_by_dn: '100',
			party_dn: '800',
			party_dn_type: 'Wqueue',
		};
		const events = watch(
			[
				upsert({ ...caller, status: 'Dialing' }),
				upsert({ ...caller, status: 'Connected' }),
				removed(),
			],
			(dn) => dn === '100',
		);
		expect(events.map(short)).toEqual(['100 dialing', '100 ended']);
		expect(events[1]).toMatchObject({ call: { answered: false } });
		const tracker = new CallTracker();
		const view = perCall(() => true);
		const all = play(tracker, [
			upsert({ ...caller, status: 'Connected' }),
			upsert({ ...caller, status: 'Connected', party_dn: '102', party_dn_type: 'Wextension' }),
		])
			.filter(isCall)
			.flatMap(view);
		expect(all.map(short)).toEqual(['100 ~dialing', '100 answered', '100 participantChanged']);
	});
});
