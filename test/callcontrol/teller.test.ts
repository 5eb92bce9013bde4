import fc from 'fast-check';
import { loggedCall } from '../../lib/history/missed';
import { loggedCallsIn } from '../../lib/xapi/callLog';
import { Teller, type TellerOptions, type ToldEvent } from '../../lib/callcontrol/calls/teller';
import { MAX_ENDED, Told } from '../../lib/callcontrol/calls/told';
import { CallTracker, type Change } from '../../lib/callcontrol/calls/tracker';
import type { Participant } from '../../lib/callcontrol/rest/types';
import { isCall, leg, removed, state, upsert } from './samples';

const PBX = 'https://pbx.example.com';

const GRACE = { goneMs: 0 };

/** n8n's database, as far as triggers have to do with it: what has been saved, and what has been told by which key. */
class Store {
	json?: unknown;

	readonly delivered: ToldEvent[] = [];

	private readonly keys = new Set<string>();

	deliver(event: ToldEvent): void {
		if (this.keys.has(event.id)) return;
		this.keys.add(event.id);
		this.delivered.push(event);
	}

	get lines(): string[] {
		return this.delivered.map(
			({ call: { id }, leg: { dn }, type, recovered }) =>
				`${id} ${dn} ${recovered ? '~' : ''}${type}`,
		);
	}
}

/** A process of n8n with one trigger: it begins with what is saved, and saves with each hand-over. */
class Process {
	private readonly told: Told;

	private readonly teller: Teller;

	private readonly tracker = new CallTracker(Date.now, GRACE);

	readonly open: ToldEvent[] = [];

	constructor(
		private readonly store: Store,
		present: Participant[],
		{
			pbx = PBX,
			types = {},
			...options
		}: Partial<TellerOptions> & { pbx?: string; types?: Record<string, string> } = {},
	) {
		this.told = Told.read(store.json, pbx)?.told ?? Told.begin(pbx, Date.now());
		this.teller = new Teller({
			granularities: ['call'],
			matches: () => true,
			asked: (type) => type !== 'participantChanged',
			told: this.told,
			...options,
		});
		for (const change of this.tracker.diff(state(present, types), 'baseline'))
			this.tracker.apply(change);
		this.hand(this.teller.begin(this.tracker.replay()).events);
	}

	play(...changes: Change[]): void {
		const events = changes.flatMap((change) => this.tracker.apply(change));
		const all = [...events, ...this.tracker.settle()].filter(isCall);
		this.hand(all.flatMap((event) => this.teller.take(event)));
	}

	read(present: Participant[]): void {
		this.play(...this.tracker.diff(state(present), 'recovered'));
	}

	private hand(events: ToldEvent[]): void {
		for (const event of events) {
			this.store.json = JSON.parse(JSON.stringify(this.told.write(Date.now())));
			this.store.deliver(event);
			this.open.push(event);
		}
	}

	/** The executions of all that has been handed over end. */
	settle(): this {
		for (const event of this.open.splice(0)) this.teller.settled(event);
		return this;
	}
}

const RINGS = leg();
const TALKS = leg({ status: 'Connected' });

describe('the next process tells', () => {
	test('nothing again, whether or not n8n has said that it was done', () => {
		for (const isSettled of [true, false]) {
			const store = new Store();
			const first = new Process(store, []);
			first.play(upsert());
			if (isSettled) first.settle();
			first.play(upsert({ status: 'Connected' }));
			new Process(store, [TALKS]);
			new Process(store, [TALKS]);
			expect(store.lines).toEqual(['7 100 ringing', '7 100 answered']);
		}
	});

	test('that a call was answered meanwhile, and later its end, with the times of the first', () => {
		const store = new Store();
		new Process(store, []).play(upsert());
		const began = store.delivered[0]!.call.openedAt;
		const second = new Process(store, [TALKS]);
		second.play(removed());
		expect(store.lines).toEqual(['7 100 ringing', '7 100 ~answered', '7 100 ended']);
		expect(store.delivered[2]!.call).toMatchObject({ openedAt: began, answered: true });
		expect(began).toEqual(expect.any(Number));
	});

	test('the end of a call that is gone, with what was known of it, and that nobody saw it', () => {
		const store = new Store();
		const first = new Process(store, []);
		first.play(upsert(), upsert({ dn: '101', id: 2, callid: 8 }));
		first.settle().play(upsert({ status: 'Connected' }));
		new Process(store, []);
		expect(store.lines.slice(3)).toEqual(['7 100 ~ended', '8 101 ~ended']);
		expect(store.delivered[3]).toMatchObject({
			isUnseen: true,
			call: { answered: true, over: true },
			leg: { participant: { party_caller_id: '+4930123456', party_caller_name: 'Ada Lovelace' } },
		});
		new Process(store, []);
		expect(store.lines).toHaveLength(5);
	});

	test('of a call that came meanwhile, whatever it does', () => {
		const store = new Store();
		new Process(store, []).play(upsert());
		new Process(store, [RINGS, leg({ dn: '101', id: 9, callid: 12, status: 'Connected' })]);
		expect(store.lines).toEqual(['7 100 ringing', '12 101 ~ringing', '12 101 ~answered']);
	});

	test('that the PBX has begun to count anew: the old call is over, the new one rings', () => {
		const store = new Store();
		new Process(store, []).play(upsert());
		new Process(store, [leg({ party_caller_id: '+4940999', id: 1 })]);
		expect(store.lines).toEqual(['7 100 ringing', '7 100 ~ringing', '7 100 ~ended']);
	});

	test('of an extension once, on whichever of its phones it still rings', () => {
		const store = new Store();
		const options = { granularities: ['leg'] } as const;
		new Process(store, [], options).play(upsert(), upsert({ id: 2, legid: 3 }));
		const next = new Process(store, [leg({ id: 2, legid: 3 })], options);
		next.play(removed('100', 2));
		expect(store.lines).toEqual(['7 100 ringing', '7 100 ended']);
	});

	test('of each extension that has left the call', () => {
		const store = new Store();
		const options = { granularities: ['leg'] } as const;
		new Process(store, [], options).play(upsert(), upsert({ dn: '101', id: 2, legid: 3 }));
		new Process(store, [leg({ dn: '101', id: 2, legid: 3, status: 'Connected' })], options);
		expect(store.lines).toEqual([
			'7 100 ringing',
			'7 101 ringing',
			'7 101 ~answered',
			'7 100 ~ended',
		]);
	});

	test('of some events each phone, of the others each call, under ids of their own', () => {
		const store = new Store();
		const options = {
			granularities: ['call', 'leg'],
			asked: (type, granularity) =>
				type !== 'participantChanged' && (type === 'ringing') === (granularity === 'leg'),
		} satisfies Partial<TellerOptions>;
		new Process(store, [], options).play(upsert(), upsert({ dn: '101', id: 2, legid: 3 }));
		const TALKS_101 = leg({ dn: '101', id: 2, legid: 3, status: 'Connected' });
		new Process(store, [TALKS_101], options).settle();
		// A process that dies after all was told, and one that sees the end.
		new Process(store, [TALKS_101], options).play(removed('101', 2));
		new Process(store, [], options);
		expect(store.lines).toEqual([
			'7 100 ringing',
			'7 101 ringing',
			'7 101 ~answered',
			'7 101 ended',
		]);
		expect(store.delivered.map(({ granularity }) => granularity)).toEqual([
			'leg',
			'leg',
			'call',
			'call',
		]);
		expect(new Set(store.delivered.map(({ call: { key } }) => key)).size).toBe(1);
	});

	test('nothing of calls on extensions that nobody cares for', () => {
		const store = new Store();
		const options = { matches: ({ leg: { dn } }: { leg: { dn: string } }) => dn === '101' };
		new Process(store, [], options).play(upsert());
		new Process(store, [], options);
		expect(store.lines).toEqual([]);
	});

	test('the end, though nobody asked for anything else', () => {
		const store = new Store();
		const options = { asked: (type: string) => type === 'ended' };
		const first = new Process(store, [], options);
		first.play(upsert(), upsert({ dn: '101', id: 2, callid: 8 }));
		// Something has to be handed over for n8n to write down what there is.
		first.play(removed('101', 2));
		new Process(store, [], options);
		expect(store.lines).toEqual(['8 101 ended', '7 100 ~ended']);
	});
});

describe('a caller who waits in a queue', () => {
	const WAITS = leg({ dn: '800', id: 8, status: 'Connected' });
	const RINGS_101 = leg({ dn: '101', id: 9, legid: 4 });
	const TALKS_101 = leg({ ...RINGS_101, status: 'Connected' });
	const waits = (event: ToldEvent) =>
		event.wait ? [`${event.type} ${event.wait.queue} ${event.wait.outcome} ${event.wait.by}`] : [];
	const begin = (store: Store, present: Participant[], granularity: 'call' | 'leg') =>
		new Process(store, present, {
			granularities: [granularity],
			types: { '800': 'Wqueue', '101': 'Wextension' },
		});

	describe.each(['call', 'leg'] as const)('by %s', (granularity) => {
		test('is told to enter and to leave once, though n8n is killed in between', () => {
			const store = new Store();
			begin(store, [], granularity).play({ ...upsert(), participant: WAITS } as Change);
			begin(store, [WAITS, RINGS_101], granularity);
			begin(store, [TALKS_101], granularity);
			begin(store, [TALKS_101], granularity).play(removed('101', 9));
			expect(store.delivered.flatMap(waits)).toEqual([
				'queueEntered 800 undefined undefined',
				'queueLeft 800 answered 101',
			]);
			expect(store.delivered.at(-1)!.type).toBe('ended');
		});

		test('is told to leave before the end of a call that was over when n8n came back', () => {
			const store = new Store();
			begin(store, [], granularity).play({ ...upsert(), participant: WAITS } as Change);
			begin(store, [], granularity);
			begin(store, [], granularity);
			expect(store.delivered.flatMap(waits)).toEqual([
				'queueEntered 800 undefined undefined',
				'queueLeft 800 undefined undefined',
			]);
			expect(store.delivered.slice(-2).map(({ type }) => type)).toEqual(['queueLeft', 'ended']);
		});
	});
});

describe('a process that begins', () => {
	test('for the first time tells what rings, not who is on the phone; but their end', () => {
		const store = new Store();
		const first = new Process(store, [TALKS, leg({ dn: '101', id: 2, callid: 8 })]);
		expect(store.lines).toEqual(['8 101 ~ringing']);
		first.play(removed());
		expect(store.lines[1]).toBe('7 100 ended');
	});

	test('at another address that knows one of the calls is at the same PBX', () => {
		const store = new Store();
		new Process(store, []).play(upsert(), upsert({ dn: '101', id: 2, callid: 8 }));
		new Process(store, [TALKS], { pbx: 'https://192.0.2.10' });
		expect(store.lines.slice(2)).toEqual(['7 100 ~answered', '8 101 ~ended']);
	});

	test.each<[string, Partial<Participant>, boolean]>([
		['the same leg', { status: 'Connected' }, true],
		['that of another phone', { dn: '101' }, false],
		['another one of the phone', { id: 9 }, false],
		['one that came later', { legid: 9 }, false],
	])('knows a call without a number again by its leg: %s', (_, more, isKnown) => {
		const store = new Store();
		const unnamed = (fields: Partial<Participant> = {}) => leg({ party_caller_id: '', ...fields });
		new Process(store, []).play(upsert(unnamed()));
		new Process(store, [unnamed(more)]);
		expect(store.lines.some((line) => line.endsWith('ended'))).toBe(!isKnown);
	});

	test("at another PBX tells nothing of the first one's calls", () => {
		const store = new Store();
		new Process(store, []).play(upsert());
		const other = leg({ party_caller_id: '+4940999', status: 'Connected' });
		new Process(store, [other], { pbx: 'https://other.example.com' });
		expect(store.lines).toEqual(['7 100 ringing']);
	});

	test('again over another link tells what happened in between, also who is on the phone', () => {
		const told = Told.begin(PBX, Date.now());
		const replay = (...legs: Participant[]) => {
			const tracker = new CallTracker();
			for (const change of tracker.diff(state(legs), 'baseline')) tracker.apply(change);
			return tracker.replay();
		};
		const begin = (...legs: Participant[]) =>
			new Teller({ granularities: ['call'], matches: () => true, asked: () => true, told })
				.begin(replay(...legs))
				.events.map(({ call: { id }, type }) => `${id} ${type}`);
		expect(begin(TALKS)).toEqual([]);
		expect(begin(TALKS, leg({ dn: '101', id: 2, callid: 8, status: 'Connected' }))).toEqual([
			'8 ringing',
			'8 answered',
		]);
		expect(begin(TALKS)).toEqual(['8 ended']);
	});

	test('from now, tells nothing of what was missed', () => {
		const store = new Store();
		new Process(store, []).play(upsert());
		const told = Told.read(store.json, PBX)!.told;
		const teller = new Teller({
			granularities: ['call'],
			matches: () => true,
			asked: () => true,
			told,
		});
		expect(teller.begin([], 'from now')).toEqual({ events: [], foreign: 0 });
		expect(told.open()).toEqual([]);
	});
});

test('two processes at once tell the same under the same ids', () => {
	const store = new Store();
	const first = new Process(store, []);
	first.play(upsert());
	const second = new Process(store, [RINGS]);
	for (const change of [
		upsert({ status: 'Connected' }),
		upsert({ dn: '101', id: 2, callid: 8 }),
		removed(),
		removed('101', 2),
	]) {
		first.play(change);
		second.play(change);
	}
	expect(store.lines).toEqual([
		'7 100 ringing',
		'7 100 answered',
		'8 101 ringing',
		'7 100 ended',
		'8 101 ended',
	]);
});

/** What happens on the PBX: a leg takes its next step. */
const LIVES: Array<Array<Participant | 'gone'>> = [
	[leg(), leg({ status: 'Connected' }), 'gone'],
	[leg({ dn: '101', id: 2, callid: 8, party_caller_id: '' }), 'gone'],
	[
		leg({ dn: '102', id: 3, callid: 9, status: 'Dialing', originated_by_dn: '102' }),
		leg({ dn: '102', id: 3, callid: 9, status: 'Connected', originated_by_dn: '102' }),
		'gone',
	],
	[
		leg({ dn: '103', id: 4 }),
		leg({ dn: '103', id: 4, status: 'Connected', referred_by_dn: '100' }),
		'gone',
	],
	// The PBX has begun to count anew.
	[leg({ dn: '104', id: 9, callid: 7, party_caller_id: '+4940999' }), 'gone'],
];

const LIVE_IDS = [1, 2, 3, 4, 9];

test.each(['call', 'leg', 'both'] as const)(
	'by %s: whenever processes die and others take over, what was told once is told once, and each end that can be known',
	(by) => {
		const options: Partial<TellerOptions> =
			by === 'both'
				? {
						granularities: ['call', 'leg'],
						asked: (type, granularity) =>
							type !== 'participantChanged' && (type === 'answered') === (granularity === 'leg'),
					}
				: { granularities: [by] };
		const turn = fc.record({
			which: fc.nat(LIVES.length - 1),
			/** Whether the process is there to see it; afterwards the next one begins. */
			isSeen: fc.boolean(),
			dies: fc.nat(3),
			settles: fc.boolean(),
		});
		fc.assert(
			fc.property(fc.array(turn, { minLength: 30, maxLength: 30 }), (turns) => {
				const store = new Store();
				const live = new Map<number, Participant>();
				const lives = LIVES.map((steps) => [...steps]);
				let running: Process | undefined = new Process(store, [], options);
				for (const { which, isSeen, dies, settles } of turns) {
					// A transfer begins while its call goes on; the number is used again when its first call is over.
					if (which === 3 && lives[3]!.length === 3 && !live.has(1)) continue;
					if (which === 4 && (lives[0]!.length > 0 || live.has(1) || live.has(4))) continue;
					const before = live.get(LIVE_IDS[which]!);
					const step = lives[which]!.shift();
					if (!step) continue;
					if (!isSeen) running = undefined;
					if (step === 'gone') live.delete(before!.id);
					else live.set(step.id, step);
					if (step === 'gone') running?.play(removed(before!.dn, before!.id));
					else running?.play({ kind: 'upsert', participant: step, origin: 'live' });
					if (settles) running?.settle();
					if (dies === 0) running = undefined;
					running ??= new Process(store, [...live.values()], options);
				}
				new Process(store, [...live.values()], options);
				const lines = store.delivered.map(
					({ call, leg: { dn, participant }, type, granularity }) =>
						`${call.id} ${participant.party_caller_id} ${granularity === 'leg' ? dn : ''} ${type}`,
				);
				// Nothing twice.
				expect(lines.filter((line, at) => lines.indexOf(line) !== at)).toEqual([]);
				// Whatever was said to begin and is no more has been said to end.
				const isOver = (line: string) =>
					![...live.values()].some((each) =>
						line.startsWith(`${each.callid} ${each.party_caller_id} `),
					);
				for (const line of lines.filter((each) => /ringing|dialing/.test(each) && isOver(each))) {
					expect(lines).toContain(line.replace(/\w+$/, 'ended'));
				}
			}),
			{ numRuns: 150 },
		);
	},
);

test('a call is remembered with the time of its end, however long its execution took', () => {
	let now = 1_000_000;
	const told = Told.begin(PBX, now);
	const options = { granularities: ['call'], matches: () => true, asked: () => true } as const;
	const teller = new Teller({ ...options, told, now: () => now });
	const tracker = new CallTracker(() => now, GRACE);
	const take = (change: Change) =>
		[...tracker.apply(change), ...tracker.settle()]
			.filter(isCall)
			.flatMap((event) => teller.take(event));
	const rings = take(upsert());
	now += 20_000;
	const ends = take(removed());
	now += 15 * 60_000;
	for (const event of [...rings, ...ends]) teller.settled(event);
	expect(told.known(1_020_000)).toMatchObject([{ openedAt: 1_000_000, endedAt: 1_020_000 }]);
});

describe('the call log, after calls whose end was told', () => {
	const T = Date.UTC(2026, 10, 27, 12);
	const caller = (id: number) => `+4416329${String(id).padStart(5, '0')}`;
	/** The call of this number in the log: it ends a second after the one before. */
	const logged = (id: number) => {
		const [call] = loggedCallsIn([
			{
				MainCallHistoryId: `log-${id}`,
				CdrId: `log-${id}`,
				CallId: 0,
				SegmentId: id,
				StartTime: new Date(T + 1_000 * id - 10_000).toISOString(),
				SourceDn: '10000',
				SourceCallerId: caller(id),
				DestinationDn: '100',
				DestinationCallerId: '100',
				RingingDuration: 'PT2S',
				TalkingDuration: 'PT8S',
				Answered: true,
				Direction: 'Inbound',
				CallType: 'Extension',
			},
		]);
		return loggedCall(call!, 0);
	};
	const tellerOf = (told: Told) =>
		new Teller({ granularities: ['call'], matches: () => true, asked: () => true, told });

	/** `count` calls are told; the log has them and one more, which came last and nobody saw. */
	test.each([
		['in the same process', 50, false],
		['in the same process, more than are known', MAX_ENDED + 50, false],
		['in the next process', 50, true],
		['in the next process, more than are kept', MAX_ENDED + 50, true],
	])('%s: tells none of them again, and the one that nobody saw', (_, count, isNext) => {
		const first = Told.begin(PBX, T);
		for (let id = 1; id <= count; id += 1) {
			const endedAt = T + 1_000 * id;
			first.noteEnded({
				callid: id,
				openedAt: endedAt - 10_000,
				endedAt,
				numbers: [caller(id)],
				dns: ['100'],
			});
		}
		const unseen = count + 10;
		const end = T + 1_000 * unseen;
		first.gap = end;
		const told = isNext
			? Told.read(JSON.parse(JSON.stringify(first.write(end))), PBX)!.told
			: first;
		const all = [...Array.from({ length: count }, (_each, at) => logged(at + 1)), logged(unseen)];
		const teller = tellerOf(told);
		const events = teller.fillIn(all, T, 'ended');
		expect(events.map(({ logged: call }) => call?.callId)).toEqual([`log-${unseen}`]);
		// A second reading finds nothing more.
		expect(teller.fillIn(all, T, 'ended')).toEqual([]);
	});

	test('a call that nobody saw is told in order, by phones and as a call', () => {
		const teller = new Teller({
			granularities: ['call', 'leg'],
			matches: () => true,
			asked: (type, granularity) => (type === 'ringing') === (granularity === 'leg'),
			told: Told.begin(PBX, T),
		});
		const events = teller.fillIn([logged(1)], T, 'everything');
		expect(events.map(({ type, granularity }) => `${type} ${granularity}`)).toEqual([
			'ringing leg',
			'answered call',
			'ended call',
		]);
		expect(events.map(({ closes }) => closes !== undefined)).toEqual([false, false, true]);
	});

	/** A call of a queue has several ends where each phone is told; only one call of the log is it. */
	test('a second call of the same caller is told, though each phone of the first one was told to have ended', () => {
		const told = Told.begin(PBX, T);
		told.gap = T;
		const [first, second] = [logged(1), logged(31)];
		for (const [at, dn] of ['100', '101', '102'].entries())
			told.noteEnded({
				callid: 1,
				openedAt: first.startedAt + 1_000 * at,
				endedAt: first.endedAt - 500 * at,
				numbers: [caller(1)],
				dns: [dn],
			});
		const again = second.legs.map(({ row, ...leg }) => ({
			...leg,
			row: { ...row, SourceCallerId: caller(1) },
		}));
		const events = tellerOf(told).fillIn([first, { ...second, legs: again }], T, 'ended');
		expect(events.map(({ logged: call }) => call?.callId)).toEqual(['log-31']);
	});

	test('one that waited to be told when n8n was killed is told by the next process; one that was told is not', () => {
		const first = Told.begin(PBX, T);
		first.gap = T;
		const teller = tellerOf(first);
		const [waiting, done] = teller.fillIn([logged(1), logged(2)], T, 'ended');
		teller.settled(done!);
		// Not in the same process again, whatever waits.
		expect(teller.fillIn([logged(1), logged(2)], T, 'ended')).toEqual([]);

		// The reading has moved the gap on; what it found and has not told is still missing.
		first.gap = T + 600_000;
		const next = Told.read(JSON.parse(JSON.stringify(first.write(T + 603_000))), PBX)!.told;
		expect(next.gap).toBe(logged(1).endedAt);
		const again = tellerOf(next).fillIn([logged(1), logged(2)], T, 'ended');
		// By the same name, so that n8n knows it where it had been told after all.
		expect(again.map(({ id }) => id)).toEqual([waiting!.id]);
	});

	test('one that only a menu has answered is told once, though the log has it before its end is certain', () => {
		const told = Told.begin(PBX, T);
		const teller = tellerOf(told);
		const now = Date.now();
		const tracker = new CallTracker(() => now, GRACE);
		for (const change of tracker.diff(state([], { '100': 'Wivr' }), 'baseline'))
			tracker.apply(change);
		const take = (change: Change) =>
			[...tracker.apply(change), ...tracker.settle()]
				.filter(isCall)
				.flatMap((event) => teller.take(event));
		const atMenu = { callid: 1, party_caller_id: caller(1), status: 'Connected' as const };
		expect(take(upsert(atMenu))).toEqual([]);
		const call = { ...logged(1), startedAt: now, endedAt: now + 1_000 };
		call.legs = call.legs.map((each) => ({ ...each, startedAt: now, endedAt: now + 1_000 }));
		expect(teller.fillIn([call], now - 60_000, 'ended')).toEqual([]);
		expect(take(removed()).map(({ type }) => type)).toEqual(['ended']);
	});
});

describe('one trigger in one process', () => {
	let now: number;
	let told: Told;
	let teller: Teller;
	let tracker: CallTracker;
	const T = Date.UTC(2026, 10, 27, 12);

	let options: TellerOptions;

	const start = (more: Partial<TellerOptions> = {}, types: Record<string, string> = {}) => {
		now = T;
		told = Told.begin(PBX, T);
		options = {
			granularities: ['leg'],
			matches: () => true,
			asked: (type) => type !== 'participantChanged',
			told,
			now: () => now,
			...more,
		};
		teller = new Teller(options);
		tracker = new CallTracker(() => now, GRACE);
		for (const change of tracker.diff(state([], types), 'baseline')) tracker.apply(change);
		teller.begin([]);
	};
	/** Facts, a second after each other. */
	const play = (...changes: Change[]) =>
		changes.flatMap((change) => {
			const events = [...tracker.apply(change), ...tracker.settle()].filter(isCall);
			now += 1_000;
			return events.flatMap((event) => teller.take(event));
		});
	const talks = (more: Partial<Participant> = {}) => upsert({ status: 'Connected', ...more });
	/** Begins over another link: what is told of legs that are there, and of those that are not any more. */
	const beginAgain = (
		present: Participant[],
		how: Parameters<Teller['begin']>[1],
		holds = false,
	) => {
		const again = new CallTracker(() => now, GRACE);
		for (const change of again.diff(state(present), 'baseline')) again.apply(change);
		teller = new Teller(options);
		return teller.begin(again.replay(), how, holds).events;
	};
	const line = ({ id, type, at }: ToldEvent) =>
		`${(at - T) / 1_000} ${type} ${id.replace(/@\w+/, '')}`;

	test('tells the times of the whole call, also who cares for a later phone only', () => {
		const matches = ({ leg: { dn } }: { leg: { dn: string } }) => dn === '101';
		start({ granularities: ['call'], matches });
		const [rings] = play(upsert(), talks(), upsert({ dn: '101', id: 2 }));
		expect(rings).toMatchObject({
			type: 'ringing',
			at: T + 2_000,
			call: { openedAt: T, answeredAt: T + 1_000, answered: true },
		});
		// Also of its end, which nobody has seen.
		const [ended] = beginAgain([], 'what was missed');
		expect(ended).toMatchObject({ type: 'ended', call: { openedAt: T, answered: true } });
	});

	test('names what it tells by call, extension and step: the same whenever it is told', () => {
		start({ asked: () => true });
		const lines = play(upsert(), talks(), talks({ referred_by_dn: '101' }), removed()).map(
			(event) => `${event.type} ${event.id.replace(/@[\w.-]+/g, '')}`,
		);
		expect(lines).toEqual([
			'ringing 7/100/1/ringing',
			'answered 7/100/1/answered',
			'participantChanged 7/7.100.1',
			'transferred 7/100/1/100/1.transferred by 101',
			'participantChanged 7/7.100.1',
			'ended 7/100/1/ended',
		]);
		const { key } = told.open().map((call) => ({ key: told.nameOf(call) }))[0] ?? { key: '' };
		expect(key).toMatch(/^7@/);
	});

	test('says of each event which step it ticks off; of what can happen again, none', () => {
		start({ asked: () => true });
		const events = play(upsert(), talks());
		expect(events.map(({ type, ticks }) => [type, ticks?.step])).toEqual([
			['ringing', 'ringing'],
			['answered', 'answered'],
			['participantChanged', undefined],
		]);
		const [call] = told.open();
		expect([[...call!.steps], [...call!.given]]).toEqual([[], ['ringing', 'answered']]);
		for (const event of events) teller.settled(event);
		expect([[...call!.steps], [...call!.given]]).toEqual([['ringing', 'answered'], []]);
	});

	test('does not tell again what another link tells again, whether or not it is ticked off', () => {
		start();
		const [ringing] = play(upsert());
		expect(beginAgain([RINGS], 'what was missed')).toEqual([]);
		teller.settled(ringing!);
		expect(beginAgain([RINGS], 'what was missed')).toEqual([]);
	});

	test('has the times and the numbers of an extension, which came one after the other', () => {
		start();
		play(upsert(), talks(), talks({ party_caller_id: '+44799' }), talks({ party_caller_id: '' }));
		play(talks({ party_caller_id: '+4930123456' }));
		expect(told.open()).toMatchObject([
			{
				openedAt: T,
				answeredAt: T + 1_000,
				answered: true,
				numbers: ['+4930123456', '+44799'],
				rang: ['100'],
			},
		]);
	});

	test('remembers an end as that of the call: number, times, the other side, and the extension', () => {
		start();
		for (const event of play(upsert(), talks(), removed())) teller.settled(event);
		expect(told.open()).toEqual([]);
		expect(told.lately(now)).toEqual([
			{ callid: 7, openedAt: T, endedAt: T + 2_000, numbers: ['+4930123456'], dns: ['100'] },
		]);
	});

	test('tells a call without a number, too, which it cannot know again', () => {
		start({ granularities: ['call'] });
		const events = play(upsert({ callid: 0 }));
		expect(events.map(({ type, ticks }) => [type, ticks])).toEqual([['ringing', undefined]]);
		expect(told.open()).toEqual([]);
		const talking = leg({ callid: 0, status: 'Connected' });
		expect(
			beginAgain(
				[talking, leg({ callid: 0, dn: '101', id: 2, party_caller_id: '5' })],
				'from now',
			).map(({ leg: { dn }, type }) => `${dn} ${type}`),
		).toEqual(['101 ringing']);
		start({ granularities: ['call'], asked: (type) => type === 'ended' });
		expect(play(upsert({ callid: 0 }))).toEqual([]);
	});

	test('keeps the ends of calls that are gone until it is told to tell them', () => {
		start();
		play(upsert(), upsert({ dn: '101', id: 2, callid: 8 }));
		expect(teller.heldSince).toBeUndefined();
		expect(beginAgain([], 'what was missed', true)).toEqual([]);
		expect(teller.heldSince).toBe(T);
		expect(teller.endHeld().map(({ call, type, isUnseen }) => [call.id, type, isUnseen])).toEqual([
			[7, 'ended', true],
			[8, 'ended', true],
		]);
		expect([teller.endHeld(), teller.heldSince]).toEqual([[], undefined]);
	});

	test('from now on tells what rings, and forgets what was told', () => {
		start();
		play(upsert(), upsert({ dn: '101', id: 2, callid: 8 }));
		const there = [leg({ dn: '102', id: 3, callid: 9, status: 'Connected' }), RINGS];
		expect(beginAgain(there, 'from now').map(({ call: { id }, type }) => `${id} ${type}`)).toEqual([
			'7 ringing',
		]);
		expect(
			told
				.open()
				.map(({ callid }) => callid)
				.sort(),
		).toEqual([7, 9]);
	});

	describe('and the call log', () => {
		/** The legs of a call in the log: who was called, how long after T it rang, and how long they talked. */
		const logged = (
			legs: Array<{ dn: string; at: number; talked?: number; from?: string; type?: string }>,
			more: Record<string, unknown> = {},
		) =>
			loggedCall(
				loggedCallsIn(
					legs.map(({ dn, at, talked, from = '10000', type = 'Extension' }, index) => ({
						MainCallHistoryId: 'log',
						CdrId: `log ${index}`,
						CallId: 0,
						SegmentId: index,
						StartTime: new Date(T + 1_000 * at).toISOString(),
						SourceDn: from,
						SourceCallerId: from === '10000' ? '+4930123456' : from,
						DestinationDn: dn,
						DestinationCallerId: dn,
						RingingDuration: 'PT2S',
						TalkingDuration: `PT${talked ?? 0}S`,
						Answered: talked !== undefined,
						Direction: from === '10000' ? 'Inbound' : 'Internal',
						CallType: type,
						...more,
					})),
				)[0]!,
				0,
			);

		/** 100 rings, then n8n is down; what is there in the log afterwards. */
		const afterwards = (granularity: 'call' | 'leg', ...changes: Change[]) => {
			start({ granularities: [granularity] });
			play(...changes);
			beginAgain([], 'what was missed', true);
		};

		test('by extension: each end has the time of its own leg', () => {
			afterwards('leg', upsert(), upsert({ dn: '101', id: 2, legid: 3 }));
			const events = teller.fillIn(
				[
					logged([
						{ dn: '100', at: 0 },
						{ dn: '101', at: 2, talked: 10 },
					]),
				],
				T,
				'ended',
			);
			expect(
				events.map(({ leg: { dn, connected, connectedAt }, at }) => [
					dn,
					at - T,
					connected,
					connectedAt,
				]),
			).toEqual([
				['100', 2_000, false, undefined],
				['101', 14_000, true, T + 4_000],
			]);
			expect(events.map(({ logged: call, isUnseen }) => [call?.callId, isUnseen])).toEqual([
				['log', undefined],
				['log', undefined],
			]);
			expect([teller.heldSince, teller.endHeld()]).toEqual([undefined, []]);
		});

		test('by extension: the caller’s leg is the same row; of an extension that the log does not name, the call', () => {
			afterwards(
				'leg',
				upsert({ dn: '104', id: 4, party_caller_id: '100', originated_by_dn: '104' }),
			);
			const rows = [
				{ dn: '100', at: 0, talked: 5, from: '104' },
				{ dn: '100', at: 20, from: '105' },
			];
			const [end] = teller.fillIn([logged(rows)], T, 'ended');
			expect([end!.leg.dn, end!.at - T]).toEqual(['104', 7_000]);
			// Somebody else took the call.
			afterwards('leg', upsert({ dn: '106', id: 4 }));
			const [other] = teller.fillIn([logged([{ dn: '100', at: 0, talked: 5 }])], T, 'ended');
			expect([other!.leg.dn, other!.at - T]).toEqual(['106', 7_000]);
			expect(other!.leg).toMatchObject({ connected: false, connectedAt: undefined });
		});

		test('by extension: one that took the call has answered, though it rang again later', () => {
			afterwards('leg', upsert());
			const [end] = teller.fillIn(
				[
					logged([
						{ dn: '100', at: 0, talked: 5 },
						{ dn: '100', at: 20 },
					]),
				],
				T,
				'ended',
			);
			expect(end!.at).toBe(T + 22_000);
			expect(end!.leg).toMatchObject({ connected: true, connectedAt: T + 2_000 });
		});

		test('by call: the end has the time of the call, and whether somebody took it', () => {
			afterwards('call', upsert());
			const [end, ...others] = teller.fillIn(
				[
					logged([
						{ dn: '100', at: 0 },
						{ dn: '101', at: 2, talked: 10 },
					]),
				],
				T,
				'ended',
			);
			expect(others).toEqual([]);
			expect(end).toMatchObject({
				type: 'ended',
				at: T + 14_000,
				call: { answered: true, answeredAt: T + 4_000, openedAt: T, over: true },
			});
			expect(end).not.toHaveProperty('isUnseen');
		});

		test('an answer that was seen keeps its time', () => {
			afterwards('call', upsert(), talks());
			const [end] = teller.fillIn([logged([{ dn: '100', at: 0, talked: 10 }])], T, 'ended');
			expect(end!.call).toMatchObject({ answered: true, answeredAt: T + 1_000 });
		});

		test.each<['call' | 'leg', 'ended' | 'everything', string[]]>([
			['call', 'ended', ['14 ended log log/ended']],
			[
				'call',
				'everything',
				['0 ringing log log/ringing', '4 answered log log/answered', '14 ended log log/ended'],
			],
			['leg', 'ended', ['2 ended log log/100/ended', '14 ended log log/101/ended']],
			[
				'leg',
				'everything',
				[
					'0 ringing log log/100/ringing',
					'2 ended log log/100/ended',
					'2 ringing log log/101/ringing',
					'4 answered log log/101/answered',
					'14 ended log log/101/ended',
				],
			],
		])('by %s, %s: of a call that nobody saw', (granularity, tell, lines) => {
			start({ granularities: [granularity] });
			const call = logged([
				{ dn: '100', at: 0 },
				{ dn: '101', at: 2, talked: 10 },
			]);
			const events = teller.fillIn([call], T, tell);
			expect(events.map(line)).toEqual(lines);
			expect(events.map(({ logged: each }) => each?.callId)).toEqual(lines.map(() => 'log'));
			// Only with the last one has the call been told.
			expect(events.map(({ closes }) => closes !== undefined)).toEqual(
				lines.map((_, at) => at === lines.length - 1),
			);
			expect(told.lately(now)).toEqual([]);
			for (const event of events) teller.settled(event);
			expect(told.lately(now)).toMatchObject([{ isLogged: true, dns: ['100', '10000', '101'] }]);
		});

		test('by phone, those that rang minutes apart are of one call of the log', () => {
			start();
			const first = play(upsert());
			now += 100_000;
			const rest = play(upsert({ dn: '101', id: 2 }), removed());
			for (const event of [...first, ...rest]) teller.settled(event);
			expect(beginAgain([], 'what was missed', true)).toEqual([]);
			const events = teller.fillIn([logged([{ dn: '100', at: 0, talked: 10 }])], T, 'ended');
			expect(events.map(({ leg: { dn }, type }) => `${dn} ${type}`)).toEqual(['101 ended']);
		});

		test('by call, whoever took it stands for it', () => {
			start({ granularities: ['call'] });
			const [end] = teller.fillIn(
				[
					logged([
						{ dn: '100', at: 0 },
						{ dn: '101', at: 2, talked: 10 },
					]),
				],
				T,
				'ended',
			);
			expect(end!.leg.dn).toBe('101');
			start({ granularities: ['call'] });
			const [missed] = teller.fillIn(
				[
					logged([
						{ dn: '100', at: 0 },
						{ dn: '101', at: 2 },
					]),
				],
				T,
				'ended',
			);
			expect([missed!.leg.dn, missed!.at - T]).toEqual(['100', 4_000]);
		});

		test.each(['call', 'leg'] as const)(
			'by %s, only what is cared for, and asked for',
			(granularity) => {
				const rows = [
					{ dn: '100', at: 0 },
					{ dn: '101', at: 2, talked: 10 },
				];
				start({ granularities: [granularity], matches: ({ leg: { dn } }) => dn === '105' });
				expect(teller.fillIn([logged(rows)], T, 'everything')).toEqual([]);
				start({ granularities: [granularity], asked: (type) => type === 'answered' });
				const events = teller.fillIn([logged(rows)], T, 'everything');
				expect(events.map(({ type, leg: { dn } }) => `${dn} ${type}`)).toEqual(['101 answered']);
				expect(events[0]!.closes).toBeDefined();
				// That there was nothing to tell is known, too.
				expect(teller.fillIn([logged(rows)], T, 'everything')).toEqual([]);
			},
		);

		test('in the order in which they ended, but not what ended before', () => {
			start();
			const one = (dn: string, at: number) => logged([{ dn, at }], { MainCallHistoryId: dn });
			const calls = [
				one('100', 30),
				one('101', 10),
				one('102', 20),
				one('103', -2),
				one('104', -3),
			];
			expect(teller.fillIn(calls, T, 'ended').map(({ leg: { dn } }) => dn)).toEqual([
				'103',
				'101',
				'102',
				'100',
			]);
		});

		test('not what ended when so many calls did that they are not known one by one', () => {
			start();
			expect(teller.unsureUntil).toBe(0);
			told.noteEnded({ callid: 1, endedAt: T - 700_000, numbers: [], dns: [] });
			told.lately(T);
			expect(teller.unsureUntil).toBe(T - 700_000 + 5_000);
			const one = (dn: string, at: number) => logged([{ dn, at }], { MainCallHistoryId: dn });
			const calls = [one('100', -700 + 3 - 0.001), one('101', -700 + 3)];
			expect(teller.fillIn(calls, T - 3_600_000, 'ended').map(({ leg: { dn } }) => dn)).toEqual([
				'101',
			]);
		});

		describe.each(['call', 'leg'] as const)('by %s', (granularity) => {
			test.each<[string, number | undefined, Record<string, unknown>]>([
				['answered', 5, { outcome: 'answered' }],
				['abandoned', undefined, { outcome: 'abandoned' }],
			])('a caller who waited in a queue when n8n went down has %s', (_, talked, wait) => {
				start({ granularities: [granularity] }, { 800: 'Wqueue' });
				play(talks({ dn: '800', id: 8 }));
				beginAgain([], 'what was missed', true);
				const rows = [
					{ dn: '800', at: 0, talked: 0, type: 'Queue' },
					{ dn: '100', at: 5, talked },
				];
				const events = teller.fillIn([logged(rows)], T, 'ended');
				expect(events.map(({ type }) => type)).toEqual(['queueLeft', 'ended']);
				expect(events[0]!.wait).toEqual({ queue: '800', ...wait });
			});
		});
	});
});
