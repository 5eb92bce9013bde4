import { systemClock, type Clock } from './clock';

/** Keeps events and keys of a call, in order, until they are read. */
export class Inbox<T> {
	private readonly items: T[] = [];

	private wake?: AbortController;

	/** Number of entries dropped because too many waited. */
	shed = 0;

	/**
	 * @param clock for waiting
	 * @param max the max number of waiting entries; more are dropped and counted in `shed`
	 */
	constructor(
		private readonly clock: Clock = systemClock,
		private readonly max = 10_000,
	) {}

	push(...items: T[]): void {
		const room = Math.max(0, this.max - this.items.length);
		for (const item of items.slice(0, room)) this.items.push(item);
		this.shed += Math.max(0, items.length - room);
		if (items.length > 0) this.wake?.abort();
	}

	/**
	 * @param ms how long to wait for it
	 * @param signal ends the waiting
	 * @returns the next item; undefined when none came
	 */
	async next(ms: number, signal?: AbortSignal): Promise<T | undefined> {
		if (this.items.length === 0 && !signal?.aborted) {
			this.wake = new AbortController();
			await this.clock.sleep(
				ms,
				signal ? AbortSignal.any([this.wake.signal, signal]) : this.wake.signal,
			);
		}
		return this.items.shift();
	}
}
