import { Inbox } from '../../waiting/inbox';
import { systemClock, type Clock } from '../../waiting/clock';
import { assertGoesOn, cancelled } from '../../waiting/cancelled';
import type { Stage, CallProgress } from './progress';
import { subscribe, type Subscriber } from '../link/sharing';
import type { CallEvent, TrackerEvent } from './tracker';
import type { PendingAnswer } from './answer';
import type { Happened, WatchedCall } from './watchedCall';

/** How to reach the socket of a PBX. */
export type Link = Pick<Subscriber, 'connect'>;

/** How long the link may take to come up, in ms. */
const LINK_MS = 15_000;

/** What {@link withCallEvents} gives besides the events. */
export interface Listening {
	/**
	 * Aborted, with the error as its reason, when the listening has failed for good. What was done meanwhile has been done
	 * all the same: it is for `use` to say whether it can do without the rest of the events.
	 */
	lost: AbortSignal;
	/** Whether the link is up now: while it is down nothing is told, and it is not known what happens. */
	isOnline(): boolean;
	/** What has happened to the legs that were there before, see `CallTracker.replay`, up to the first event that is told. */
	present: readonly CallEvent[];
}

/** @param isWithOver whether it is told that a call is over, besides the end of its last leg: that may come back */
export type OnEvent = (listener: (event: CallEvent) => void, isWithOver?: boolean) => void;

/**
 * Listens to the calls of a PBX while something is done: over the socket that a trigger in this process has open, or
 * one of its own for this time. Over a short loss of the link nothing is missed; it is read from the state then.
 *
 * @param link the PBX
 * @param signal ends the listening with an error
 * @param use works with the events that have happened since; when it is done the socket is left
 * @returns what `use` returns
 * @throws ThreeCxError when the socket cannot be opened, before `use` is called
 */
export async function withCallEvents<T>(
	link: Link,
	signal: AbortSignal | undefined,
	use: (onEvent: OnEvent, listening: Listening) => Promise<T>,
): Promise<T> {
	const listeners = new Map<(event: CallEvent) => void, boolean>();
	const lost = new AbortController();
	const present: CallEvent[] = [];
	let hasBegun = false;
	const tell = (events: readonly TrackerEvent[]) => {
		const ofCalls = events.filter(isCall);
		if (!hasBegun) present.push(...ofCalls);
		for (const event of ofCalls) {
			for (const [listener, isWithOver] of listeners) {
				if (isWithOver || event.type !== 'over') listener(event);
			}
		}
	};
	const subscription = subscribe({
		...link,
		// Once it has begun, this is another link, to which the credential leads now.
		onPresent: tell,
		onEvents: tell,
		onError: (error) => lost.abort(error),
	});
	try {
		await unlessStopped(subscription.ready(LINK_MS), signal);
		hasBegun = true;
		return await use((listener, isWithOver = false) => listeners.set(listener, isWithOver), {
			lost: lost.signal,
			isOnline: () => subscription.online,
			present,
		});
	} finally {
		listeners.clear();
		await subscription.leave();
	}
}

const isCall = (event: TrackerEvent): event is CallEvent => event.kind === 'call';

/** What to wait for, how long, and until when it makes sense. */
export interface WaitRules {
	/** The first of these stages, or a later one, ends the waiting; `ended` only the end of the call. */
	until: Stage;
	/** Longest wait, in ms. */
	limitMs: number;
	/** Ends the waiting before its stage, where nothing more is to be expected; asked after each event. */
	isEnough?(progress: CallProgress): boolean;
	/**
	 * How the own leg is now: its status, or undefined when it is gone. Asked when a transfer seems to have failed, and
	 * where nothing of the call was told: a leg that is gone at once was never seen (protocol 3.4). What it throws is no
	 * news, and no reason to fail: the call is there, whether it can be looked at or not.
	 */
	look?(signal: AbortSignal): Promise<string | undefined>;
	/** 3CX's answer to a transfer or route: the last word, where it comes when the outcome is known. */
	answer?: PendingAnswer;
	/** Whether there will be events. */
	listening?: Omit<Listening, 'present'>;
	signal?: AbortSignal;
	clock?: Clock;
}

/**
 * How a wait ended: at a stage; with the call back (or still) where it was, because nobody took it (`returned`), the
 * destination was `busy` or `unavailable`; because of the time (`timeout`); or with nothing known of it (`unknown`).
 */
export type WaitEnd = Stage | 'returned' | 'busy' | 'unavailable' | 'timeout' | 'unknown';

/** Between a phone that stops to ring and the next one that begins may lie a moment, in ms. */
const BETWEEN_RINGS_MS = 1_500;

/** So long a call may be told of later than 3CX has answered, in ms. */
const UNSEEN_MS = 1_000;

/**
 * An answer that comes sooner than this, in ms, may be that of a PBX that does not wait for the outcome (another version,
 * a guess of ours: protocol 2.5): it counts only if the own leg is gone.
 */
const AT_ONCE_MS = 1_000;

/** A look takes no longer than what is left of the time, but is given this long at the end of it, in ms. */
const LOOK_MS = 500;

/** What a look at the own leg brings where it cannot be looked at. */
const NO_NEWS = Symbol('no news');

/**
 * Waits for a call to come as far as asked. Events decide; where 3CX answers when the outcome is known, its answer is the
 * last word.
 *
 * @param events what happens, on calls of all kinds
 * @param progress picks what belongs to the call, and knows how far it is
 * @param rules see there
 * @returns how it ended; a call that ends sooner than asked is no error
 * @throws ThreeCxError of kind `cancelled`; and the error of an answer that refuses before anything has happened
 */
export async function waitFor(
	events: Inbox<CallEvent>,
	progress: CallProgress,
	{ until, limitMs, isEnough, look, answer, listening, signal, clock = systemClock }: WaitRules,
): Promise<WaitEnd> {
	const deadline = clock.now() + limitMs;
	const lost = listening?.lost;
	/** Until when events may still say more than an answer that has come. */
	let patience: number | undefined;
	/** Nothing more can be learned from the answer, or there is none. */
	let isAnswerUsed = answer === undefined;
	/** The last thing that was looked for could not be found out. */
	let isBlind = false;
	const lookNow = async () => {
		if (!look) return NO_NEWS;
		const ms = Math.max(LOOK_MS, deadline - clock.now());
		const seen = await within(look, ms, clock, signal);
		isBlind = seen === NO_NEWS;
		return seen;
	};

	for (;;) {
		assertGoesOn(signal);
		const { isOutOfSight } = progress;
		const isDecided =
			progress.hasReached(until) || progress.stage === 'ended' || isEnough?.(progress) === true;
		if (isDecided && !isOutOfSight) return progress.stage ?? until;

		const word = isAnswerUsed ? undefined : answer?.word;
		if (word === 'noNews') [isAnswerUsed, isBlind] = [true, true];
		else if (word === 'taken') patience ??= clock.now() + BETWEEN_RINGS_MS;
		else if (word === 'refused' && progress.stage === undefined) throw answer?.error;
		else if (word !== undefined) {
			// Whoever waited may have hung up; and a refusal of what rings already only says that it is over.
			if ((await lookNow()) === undefined) return 'ended';
			return word === 'refused' ? 'returned' : word;
		}

		const isWaitingForAnswer = !isAnswerUsed && word === undefined;
		const isSettling = patience !== undefined;
		if (lost?.aborted === true && !isWaitingForAnswer && !isSettling) return 'unknown';

		const isUnseen = !progress.isSeen;
		const mayBeBack = progress.seemsToHaveFailed && !isWaitingForAnswer;
		const isGone = isOutOfSight && !isWaitingForAnswer;
		const left = deadline - clock.now();
		const mayLook = look !== undefined && (mayBeBack || isUnseen);
		const pause =
			patience === undefined
				? (mayBeBack && mayLook) || isGone
					? BETWEEN_RINGS_MS
					: mayLook
						? UNSEEN_MS
						: left
				: patience - clock.now();
		const event = await events.next(
			Math.max(0, Math.min(left, pause)),
			anyOf(signal, isWaitingForAnswer ? answer?.arrived : undefined, lost),
		);
		if (event) {
			progress.apply(event);
			if (progress.stage !== undefined) isBlind = false;
		} else if (signal?.aborted || (isWaitingForAnswer && answer?.word !== undefined)) {
			// Something has been said meanwhile.
		} else if (patience !== undefined) {
			if (clock.now() < patience && clock.now() < deadline) continue;
			// The events have had their time.
			[patience, isAnswerUsed] = [undefined, true];
			// A queue or menu has picked up: whoever answers there is told of in time.
			if (progress.hasReached('connected')) continue;
			const isLate = (answer?.tookMs ?? 0) >= AT_ONCE_MS && !progress.isRinging;
			if (isLate || (await lookNow()) === undefined) {
				progress.taken(Date.now());
				return 'answered';
			}
		} else if (clock.now() >= deadline) {
			return isBlind || listening?.isOnline() === false ? 'unknown' : 'timeout';
		} else if (isGone) {
			return 'unknown';
		} else if (mayLook) {
			// A leg that came and went in a moment may still show what has become of it.
			const status = await lookNow();
			if (status === NO_NEWS) continue;
			if (mayBeBack && status !== undefined) return 'returned';
			if (isUnseen && status === undefined) return 'ended';
		}
	}
}

/** What a wait for something in a call ends with, besides what happens. */
export type NothingHappened = 'alreadyOver' | 'timeout' | 'unknown';

/** So long a call may be out of sight while it is passed on, in ms (protocol 3.5): one that is not seen for longer is over. */
const OUT_OF_SIGHT_MS = 2_500;

/**
 * Waits for something to happen in a call, or to be so already.
 *
 * @param events what happens, on calls of all kinds, from the beginning of the listening on; with the ends of calls
 * @param call knows what is waited for
 * @param rules how long, and whether there will be events
 * @returns what has happened; or that the call was over before (`alreadyOver`), the time has run out, or nobody can know
 * @throws ThreeCxError of kind `cancelled`
 */
export async function waitForCall(
	events: Inbox<CallEvent>,
	call: WatchedCall,
	{
		limitMs,
		listening,
		signal,
		clock = systemClock,
	}: Pick<WaitRules, 'limitMs' | 'signal' | 'clock'> & { listening: Listening },
): Promise<Happened | NothingHappened> {
	const { lost, present } = listening;
	const already = call.begin(present);
	if (already) return already;
	const begunAt = clock.now();
	// While nothing can be heard, a call that does not show may be there all the same.
	const isUnseen = () => call.last === undefined && listening.isOnline();
	const endsAt = () => begunAt + (isUnseen() ? Math.min(limitMs, OUT_OF_SIGHT_MS) : limitMs);
	for (;;) {
		assertGoesOn(signal);
		const event = await events.next(Math.max(0, endsAt() - clock.now()), anyOf(signal, lost));
		const happened = event && call.take(event);
		if (happened) return happened;
		if (event || signal?.aborted === true) continue;
		if (lost.aborted) return 'unknown';
		if (clock.now() < endsAt()) continue;
		if (isUnseen()) return 'alreadyOver';
		return listening.isOnline() ? 'timeout' : 'unknown';
	}
}

/** One signal for those that there are, and none that is aborted already: it would end every wait at once. */
function anyOf(...signals: Array<AbortSignal | undefined>): AbortSignal | undefined {
	const live = signals.filter((each) => each !== undefined && !each.aborted) as AbortSignal[];
	return live.length > 1 ? AbortSignal.any(live) : live[0];
}

/** What a look brings in time. */
async function within(
	look: NonNullable<WaitRules['look']>,
	ms: number,
	clock: Clock,
	signal: AbortSignal | undefined,
): Promise<string | undefined | typeof NO_NEWS> {
	const done = new AbortController();
	const until = signal ? AbortSignal.any([done.signal, signal]) : done.signal;
	const tooLate = clock.sleep(Math.max(0, ms), until).then(() => NO_NEWS);
	const seen = look(until).catch(() => NO_NEWS);
	return await (
		Promise.race([seen, tooLate]) as Promise<string | undefined | typeof NO_NEWS>
	).finally(() => done.abort());
}

/** The work, or the error of a stopped execution, whichever is first. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return await work;
	const done = new AbortController();
	const stopped = new Promise<never>((_, reject) => {
		signal.addEventListener('abort', () => reject(cancelled()), { signal: done.signal });
	});
	if (signal.aborted) work.catch(() => undefined);
	assertGoesOn(signal);
	return await Promise.race([work, stopped]).finally(() => done.abort());
}
