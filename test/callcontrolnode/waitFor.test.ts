import { Inbox } from '../../lib/waiting/inbox';
import { ThreeCxError, type ErrorDetails } from '../../lib/http/errors';
import { pendingAnswer } from '../../lib/callcontrol/calls/answer';
import { CallProgress, type Followed } from '../../lib/callcontrol/calls/progress';
import { CallTracker, type CallEvent, type Change } from '../../lib/callcontrol/calls/tracker';
import { waitFor, type WaitRules } from '../../lib/callcontrol/calls/wait';
import { ManualClock } from '../support/clocks';
import { isCall, removed, upsert } from '../callcontrol/samples';

/** What to wait for, on a clock that the test moves. */
type Rules = Partial<Omit<WaitRules, 'clock'>> & { clock?: ManualClock };

/** A wait on a clock that the test moves; what happens comes through the real tracker. */
function setUp(
	followed: Partial<Followed> = {},
	{ clock = new ManualClock(), ...rules }: Rules = {},
) {
	const events = new Inbox<CallEvent>(clock);
	const tracker = new CallTracker();
	const happens = (...changes: Change[]) => {
		events.push(...changes.flatMap((change) => tracker.apply(change)).filter(isCall));
	};
	const progress = new CallProgress({
		dn: '100',
		participant: 1,
		callid: 7,
		destination: '101',
		isTransfer: false,
		...followed,
	});
	const looks: number[] = [];
	/** @param status of the own leg, for whoever looks; `gone` when there is none */
	const begin = (status = 'Connected') =>
		waitFor(events, progress, {
			until: 'answered',
			limitMs: 30_000,
			clock,
			look: async () => {
				looks.push(clock.now());
				return await Promise.resolve(status === 'gone' ? undefined : status);
			},
			...rules,
		});
	return { clock, tracker, happens, begin, looks, progress };
}

const inside = { party_dn_type: 'Wextension', party_caller_id: '101', party_dn: '101' };
const dialling = upsert({ status: 'Dialing', originated_by_dn: '100', ...inside });
const callee = (status: string, more = {}) =>
	upsert({ id: 2, dn: '101', status, ...inside, party_dn: '100', party_caller_id: '100', ...more });

describe('a wait', () => {
	test('takes as long as the limit, not less', async () => {
		const { clock, happens, begin } = setUp();
		happens(dialling, callee('Ringing'));
		const end = begin();
		await clock.advance(29_999);
		expect(clock.sleeping).toBe(1);
		await clock.advance(1);
		await expect(end).resolves.toBe('timeout');
		expect(clock.sleeping).toBe(0);
	});

	test('for a call of which nothing is told, where nobody can look, takes as long', async () => {
		const { clock, begin } = setUp({}, { look: undefined });
		const end = begin();
		await clock.advance(30_000);
		await expect(end).resolves.toBe('timeout');
	});

	test('is over before its stage where nothing more is to be expected, and not sooner', async () => {
		const isEnough = (progress: CallProgress) => progress.hasReached('connected');
		const { clock, happens, begin } = setUp({}, { isEnough });
		happens(dialling);
		const end = begin();
		await clock.advance(10);
		expect(clock.sleeping).toBe(1);
		happens(
			upsert({
				status: 'Connected',
				originated_by_dn: '100',
				...inside,
				party_dn_type: 'Wqueue',
			}),
		);
		await expect(end).resolves.toBe('connected');
	});

	test('does not mind other calls', async () => {
		const { clock, happens, begin } = setUp();
		happens(dialling);
		const end = begin();
		happens(upsert({ id: 9, dn: '102', callid: 8, status: 'Connected' }));
		await clock.advance(10);
		happens(callee('Ringing'), callee('Connected'));
		await expect(end).resolves.toBe('answered');
	});

	test('until it rings is over, too, when it is answered before it was seen to ring', async () => {
		const { happens, begin, progress } = setUp({}, { until: 'ringing' });
		happens(upsert({ status: 'Connected', originated_by_dn: '100', ...inside }));
		await expect(begin()).resolves.toBe('answered');
		expect(progress.hasReached('ringing')).toBe(true);
	});

	test('for a call that nobody can look at: unknown, not ended, and no error', async () => {
		const fails = async () => await Promise.reject(new Error('503'));
		const { clock, begin } = setUp({}, { look: fails });
		const end = begin();
		await clock.advance(30_500);
		await expect(end).resolves.toBe('unknown');
	});

	test('does not wait for a look that takes longer than the limit', async () => {
		const never = async () => await new Promise<undefined>(() => undefined);
		const { clock, begin } = setUp({}, { look: never, limitMs: 1_500 });
		const end = begin();
		await clock.advance(2_500);
		await expect(end).resolves.toBe('unknown');
		expect(clock.sleeping).toBe(0);
	});

	test('for a call of which nothing is told looks for itself, every second', async () => {
		const { clock, begin, looks } = setUp();
		const end = begin('Dialing');
		await clock.advance(3_500);
		expect(looks).toEqual([1_000, 2_000, 3_000]);
		await clock.advance(30_000);
		await expect(end).resolves.toBe('timeout');
		const gone = setUp();
		const over = gone.begin('gone');
		await gone.clock.advance(1_000);
		await expect(over).resolves.toBe('ended');
	});

	test('ends with an error when the execution is stopped, and leaves no timer', async () => {
		const stop = new AbortController();
		const { clock, happens, begin } = setUp({}, { signal: stop.signal });
		happens(dialling);
		const end = begin();
		end.catch(() => undefined);
		await clock.advance(10);
		stop.abort();
		await expect(end).rejects.toMatchObject({ kind: 'cancelled' });
		expect(clock.sleeping).toBe(0);
	});
});

describe('a wait for a transfer', () => {
	const transfer = { isTransfer: true };
	const referred = { referred_by_dn: '100', referred_by_type: 'Wextension' };

	/** 100 has talked for a while when the transfer begins. */
	const talking = (rules: Rules = {}) => {
		const all = setUp(transfer, rules);
		all.tracker.apply(upsert({ status: 'Connected' }, 'baseline'));
		return all;
	};

	test('sees a phone that rings after another one has stopped', async () => {
		const { clock, happens, begin, looks } = talking();
		const end = begin();
		happens(callee('Ringing', referred), removed('101', 2));
		await clock.advance(1_400);
		happens(upsert({ id: 3, dn: '103', status: 'Ringing', ...referred }));
		await clock.advance(5_000);
		expect(looks).toEqual([]);
		happens(upsert({ id: 3, dn: '103', status: 'Connected', ...inside, ...referred }));
		await expect(end).resolves.toBe('answered');
	});

	test('is over when nothing rings any more and the call is back', async () => {
		const { clock, happens, begin, looks } = talking();
		const end = begin();
		happens(callee('Ringing', referred), removed('101', 2));
		await clock.advance(1_500);
		await expect(end).resolves.toBe('returned');
		expect(looks).toEqual([1_500]);
	});

	test('to the outside is out of sight, unless something still shows', async () => {
		const away = talking();
		const end = away.begin();
		away.happens(removed());
		await away.clock.advance(1_500);
		await expect(end).resolves.toBe('unknown');

		const back = talking();
		const answered = back.begin();
		back.happens(removed());
		await back.clock.advance(1_000);
		back.happens(callee('Connected', { ...inside, ...referred }));
		await expect(answered).resolves.toBe('answered');
	});
});

describe('a wait with an answer of the PBX to come', () => {
	const referred = { referred_by_dn: '100', referred_by_type: 'Wextension' };
	const failure = (more: Partial<ErrorDetails>) =>
		new ThreeCxError({ kind: 'impossible', message: 'No', hint: '', ...more });
	const busy = failure({ status: 424, code: 'PhoneBusy' });
	const refusal = failure({ status: 400 });
	const noNews = failure({ status: 504 });

	/** 100 talks and sends its call on; `says` gives the answer, an error or none. */
	const sent = (rules: Rules = {}, status?: string) => {
		const clock = new ManualClock();
		let settle: { resolve: () => void; reject: (error: Error) => void };
		const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
		const answer = pendingAnswer(promise, clock);
		const all = setUp({ isTransfer: true }, { answer, clock, ...rules });
		all.tracker.apply(upsert({ status: 'Connected' }, 'baseline'));
		const end = all.begin(status);
		let ended: string | undefined;
		end.then(
			(how) => (ended = how),
			() => (ended = 'error'),
		);
		const says = (error?: Error) => (error ? settle.reject(error) : settle.resolve());
		return { ...all, clock, says, end, ended: () => ended };
	};

	test.each<[string, Error, string | undefined, string]>([
		['busy, and the call is where it was', busy, undefined, 'busy'],
		['busy, and the caller has hung up', busy, 'gone', 'ended'],
		['that nobody took it', failure({ status: 424 }), undefined, 'returned'],
	])('is over when it says %s', async (_, error, status, how) => {
		const { clock, says, end, happens, looks } = sent({}, status);
		happens(callee('Ringing', referred));
		await clock.advance(10);
		says(error);
		await clock.advance(1);
		await expect(end).resolves.toBe(how);
		expect(looks).toEqual([10]);
	});

	test('fails with its refusal, before anything has happened', async () => {
		const { clock, says, end } = sent();
		end.catch(() => undefined);
		await clock.advance(10);
		says(refusal);
		await clock.advance(1);
		await expect(end).rejects.toBe(refusal);
	});

	test.each([
		[undefined, 'returned'],
		['gone', 'ended'],
	])('takes a refusal of what rings for its end (the own leg: %s)', async (status, how) => {
		const { clock, says, end, happens } = sent({}, status);
		happens(callee('Ringing', referred));
		await clock.advance(10);
		says(refusal);
		await clock.advance(1);
		await expect(end).resolves.toBe(how);
	});

	test('is answered, where somebody took it of whom nothing is told', async () => {
		const { clock, says, end, ended, progress, looks } = sent();
		await clock.advance(1_000);
		says();
		await clock.advance(1_499);
		expect(ended()).toBeUndefined();
		await clock.advance(1);
		await expect(end).resolves.toBe('answered');
		expect([progress.hasReached('answered'), looks]).toEqual([true, []]);
	});

	test('goes on where the answer came at once and the own leg is there: it may mean nothing', async () => {
		const { clock, says, end, ended, looks } = sent();
		await clock.advance(999);
		says();
		await clock.advance(1_501);
		expect([ended(), looks]).toEqual([undefined, [2_499]]);
		await clock.advance(30_000);
		await expect(end).resolves.toBe('timeout');
	});

	test('is answered, where the answer came at once and the own leg is gone', async () => {
		const { clock, says, end } = sent({}, 'gone');
		await clock.advance(10);
		says();
		await clock.advance(1_500);
		await expect(end).resolves.toBe('answered');
	});

	test('goes on where something still rings, however late the answer came', async () => {
		const { clock, says, ended, end, happens } = sent();
		happens(callee('Ringing', referred));
		await clock.advance(5_000);
		says();
		await clock.advance(2_000);
		expect(ended()).toBeUndefined();
		happens(callee('Connected', referred));
		await clock.advance(1);
		await expect(end).resolves.toBe('answered');
	});

	test('waits for who answers at the queue that took it', async () => {
		const { clock, says, ended, end, happens } = sent();
		await clock.advance(5_000);
		says();
		happens(callee('Connected', { ...referred, party_dn_type: 'Wqueue' }));
		await clock.advance(5_000);
		expect(ended()).toBeUndefined();
		happens(callee('Connected', referred));
		await clock.advance(1);
		await expect(end).resolves.toBe('answered');
	});

	test('takes no longer than the limit, though the events would have more time', async () => {
		const { clock, says, ended } = sent();
		await clock.advance(29_900);
		says();
		await clock.advance(100);
		expect(ended()).toBe('answered');
	});

	test.each<[string, boolean, string]>([
		['nothing was told', false, 'unknown'],
		['something was told afterwards', true, 'timeout'],
	])('whose answer got lost ends with the limit: %s', async (_, isTold, how) => {
		const { clock, says, end, happens } = sent();
		await clock.advance(10);
		says(noNews);
		await clock.advance(10);
		if (isTold) happens(callee('Ringing', referred));
		await clock.advance(30_000);
		await expect(end).resolves.toBe(how);
	});

	test('is asked nothing while the answer is still to come', async () => {
		const { clock, ended, happens, looks } = sent();
		happens(callee('Ringing', referred), removed('101', 2));
		await clock.advance(29_000);
		expect([ended(), looks]).toEqual([undefined, []]);
	});
});

describe('a wait while it cannot be heard what happens', () => {
	const deaf = (isOnline = true) => {
		const lost = new AbortController();
		return { lost, listening: { lost: lost.signal, isOnline: () => isOnline } };
	};

	test('is over, unknown, when that is for good', async () => {
		const { lost, listening } = deaf();
		const { clock, happens, begin } = setUp({}, { listening });
		happens(dialling, callee('Ringing'));
		const end = begin();
		await clock.advance(10);
		lost.abort();
		await clock.advance(1);
		await expect(end).resolves.toBe('unknown');
		expect(clock.sleeping).toBe(0);
	});

	test('goes on for the answer of the PBX, which is the last word', async () => {
		const { lost, listening } = deaf();
		const clock = new ManualClock();
		let took: () => void = () => undefined;
		const answer = pendingAnswer(new Promise<void>((resolve) => (took = resolve)), clock);
		const { begin } = setUp({ isTransfer: true }, { listening, answer, clock });
		const end = begin();
		await clock.advance(10);
		lost.abort();
		await clock.advance(5_000);
		took();
		await clock.advance(1_500);
		await expect(end).resolves.toBe('answered');
	});

	test.each([
		[true, 'timeout'],
		[false, 'unknown'],
	])('ends with the limit; whether it could be heard at the end: %p', async (isOnline, how) => {
		const { listening } = deaf(isOnline);
		const { clock, happens, begin } = setUp({}, { listening });
		happens(dialling, callee('Ringing'));
		const end = begin();
		await clock.advance(30_000);
		await expect(end).resolves.toBe(how);
	});
});
