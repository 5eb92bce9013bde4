import { Inbox } from '../../waiting/inbox';
import { systemClock, type Clock } from '../../waiting/clock';
import { assertGoesOn, cancelled } from '../../waiting/cancelled';
import type { Stage, CallProgress } from './progress';
import { subscribe, type Subscriber } from '../link/sharing';
import type { CallEvent, TrackerEvent } from './tracker';
import { STATUS } from '../rest/types';

/** How to reach the socket of a PBX. */
export type Link = Pick<Subscriber, 'connect'>;

/** How long the link may take to come up, in ms. */
const LINK_MS = 15_000;

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
	use: (onEvent: (listener: (event: CallEvent) => void) => void) => Promise<T>,
): Promise<T> {
	const listeners = new Set<(event: CallEvent) => void>();
	let failure: unknown;
	const subscription = subscribe({
		...link,
		onEvents: (events) => {
			for (const event of events.filter(isCall)) {
				for (const listener of listeners) listener(event);
			}
		},
		onError: (error) => (failure ??= error),
	});
	try {
		await unlessStopped(subscription.ready(LINK_MS), signal);
		const result = await use((listener) => listeners.add(listener));
		if (failure !== undefined) throw failure as Error;
		return result;
	} finally {
		listeners.clear();
		await subscription.leave();
	}
}

/** Progress of a call knows by itself when its last leg is gone, and that it may go on. */
const isCall = (event: TrackerEvent): event is CallEvent =>
	event.kind === 'call' && event.type !== 'over';

/** What to wait for, how long, and until when it makes sense. */
export interface WaitRules {
	/** The first of these stages, or a later one, ends the waiting; `ended` only the end of the call. */
	until: Stage;
	/** Longest wait, in ms. */
	limitMs: number;
	/**
	 * How the own leg is now: its status, or undefined when it is gone. Asked when a transfer seems to have failed, and
	 * where nothing of the call was told: a leg that is gone at once was never seen (protocol 3.4).
	 */
	look?(): Promise<string | undefined>;
	signal?: AbortSignal;
	clock?: Clock;
}

/**
 * How a wait ended: at a stage; with the transferred call back where it was (`returned`); with it somewhere outside, where
 * nothing of it can be seen (`handedOver`); or because of the time.
 */
export type WaitEnd = Stage | 'returned' | 'handedOver' | 'timeLimit';

/** Between a phone that stops to ring and the next one that begins may lie a moment, in ms. */
const BETWEEN_RINGS_MS = 1_500;

/** So long a call may be told of later than 3CX has answered, in ms. */
const UNSEEN_MS = 1_000;

/**
 * Waits for a call to come as far as asked.
 *
 * @param events what happens, on calls of all kinds
 * @param progress picks what belongs to the call, and knows how far it is
 * @param rules see there
 * @returns how it ended; a call that ends sooner than asked is no error
 * @throws ThreeCxError of kind `cancelled`
 */
export async function waitFor(
	events: Inbox<CallEvent>,
	progress: CallProgress,
	{ until, limitMs, look, signal, clock = systemClock }: WaitRules,
): Promise<WaitEnd> {
	const deadline = clock.now() + limitMs;
	for (;;) {
		const isOutOfSight = progress.isOutOfSight;
		const isDecided = progress.hasReached(until) || progress.stage === 'ended';
		if (isDecided && !isOutOfSight) return progress.stage ?? until;
		const left = deadline - clock.now();
		if (left <= 0) return 'timeLimit';
		const isUnseen = !progress.isSeen;
		const mayBeBack = progress.seemsToHaveFailed;
		const patience = mayBeBack || isOutOfSight ? BETWEEN_RINGS_MS : isUnseen ? UNSEEN_MS : left;
		const event = await events.next(look ? Math.min(left, patience) : left, signal);
		assertGoesOn(signal);
		if (event) progress.apply(event);
		// A leg that came and went in a moment may still show what has become of it.
		else if (isOutOfSight) return 'handedOver';
		else if (look && (mayBeBack || isUnseen)) {
			const status = await look();
			if (mayBeBack && status === STATUS.connected) return 'returned';
			if (isUnseen && status === undefined) return 'ended';
		}
	}
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
