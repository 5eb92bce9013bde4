import { setTimeout as delay } from 'node:timers/promises';

/** The time, and waiting: what is paced or limited takes one, so that tests need not wait. */
export interface Clock {
	/** @returns ms since some fixed moment; never goes back. */
	now(): number;
	/**
	 * @param ms how long
	 * @param signal cuts it short
	 * @returns resolves after that time, or as soon as the signal is aborted; never rejects
	 */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this process. */
export const systemClock: Clock = {
	now: () => performance.now(),
	sleep: async (ms, signal) => await delay(ms, undefined, { signal }).catch(() => undefined),
};
