import { setTimeout as delay } from 'node:timers/promises';
import { ThreeCxError } from './errors';
import { linkBroke, wasNotSent } from './networkErrors';

/** When and how often a failed attempt is made again. */
export interface RetryPolicy {
	/** Attempts in all, the first included. */
	attempts: number;
	/** Upper bound of the first wait, in ms; it doubles with each further one. */
	baseMs: number;
	/** Longest wait, in ms. A `Retry-After` beyond it ends the tries: the workflow should not hang on it unseen. */
	capMs: number;
	/**
	 * While the PBX is out of reach the tries go on for so long, in ms from the first; default 0. Not for a PBX that says it
	 * has too much to do (429): that one is there.
	 */
	unreachableMs?: number;
}

/** Three tries within about two seconds: enough for a reset or a PBX service that restarts, short enough for a person. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 3, baseMs: 400, capMs: 10_000 };

/** What stands in front of the PBX says that it is away, for example while it restarts. */
const AWAY = new Set([502, 503, 504]);

/** So much later the next try is made at the latest, in ms, while a PBX is out of reach: it shall be noticed that it is back. */
const KNOCK_MS = 5_000;

/**
 * Exponential backoff with full jitter, so that many clients of a PBX that comes back do not knock all at once.
 *
 * @param attempt 0 for the wait after the first attempt
 * @param policy bounds in ms
 * @param random a number in [0, 1)
 * @returns ms to wait
 */
export function backoff(
	attempt: number,
	{ baseMs, capMs }: Pick<RetryPolicy, 'baseMs' | 'capMs'>,
	random: () => number = Math.random,
): number {
	return Math.round(random() * Math.min(capMs, baseMs * 2 ** attempt));
}

/**
 * Whether a failed request may be sent again without asking the user. Reads (GET): after 429, 502, 503, 504 and broken
 * links. Writes: only where nothing reached the PBX, because 3CX has no idempotency keys.
 */
export function isRetryable(error: ThreeCxError, method: string): boolean {
	if (wasNotSent(error)) return true;
	return method === 'GET' && (linkBroke(error) || error.status === 429 || isAway(error));
}

const isAway = ({ status = 0 }: ThreeCxError): boolean => AWAY.has(status);

/**
 * Whether a request may be sent again and again until a PBX that is out of reach comes back. Changes (PATCH) as well as
 * reads: they name the values that fields are to have, so that twice is once. All else only where nothing arrived.
 */
function isOutOfReach(error: ThreeCxError, method: string): boolean {
	if (wasNotSent(error)) return true;
	return (method === 'GET' || method === 'PATCH') && (linkBroke(error) || isAway(error));
}

/**
 * Runs an attempt until it succeeds, its error is final, or the policy is used up.
 *
 * @param attempt what to do; rejects with a {@link ThreeCxError}
 * @param method HTTP method, which decides what may be repeated
 * @param policy how often and how patiently
 * @param signal ends the waiting
 * @returns the attempt's result
 * @throws the last attempt's error
 */
export async function withRetry<T>(
	attempt: () => Promise<T>,
	method: string,
	policy: RetryPolicy = DEFAULT_RETRY,
	signal?: AbortSignal,
): Promise<T> {
	const startedAt = performance.now();
	for (let tries = 1; ; tries++) {
		let failure: ThreeCxError;
		try {
			return await attempt();
		} catch (error) {
			failure = error as ThreeCxError;
		}
		const left = (policy.unreachableMs ?? 0) - (performance.now() - startedAt);
		// A timer may be early by as much.
		const knocks = left > 1 && isOutOfReach(failure, method);
		const isLast = tries >= policy.attempts || !isRetryable(failure, method);
		if (isLast && !knocks) throw failure;
		const pause = failure.retryAfterMs ?? backoff(tries - 1, policy);
		if (pause > policy.capMs && !knocks) throw failure;
		// The last try is made when the time is up, so that a PBX that has just come back is found.
		const wait = knocks ? Math.min(pause, KNOCK_MS, left) : pause;
		// An abort while waiting ends the tries with the error that the user would have seen anyway.
		// Rounded up: a timer drops fractions, and the last try would be one before the last.
		await delay(Math.ceil(wait), undefined, { signal }).catch(() => undefined);
		if (signal?.aborted) throw failure;
	}
}
