import { systemClock, type Clock } from './clock';

/** What comes in while nobody looks waits here, in order: events and keys of a call. */
export class Inbox<T> {
	private readonly items: T[] = [];

	private wake?: AbortController;

	constructor(private readonly clock: Clock = systemClock) {}

	push(...items: T[]): void {
		this.items.push(...items);
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
