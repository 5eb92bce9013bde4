/**
 * A PBX that gets slower as requests queue. Off unless asked for: then every request to its two APIs takes one of a few
 * workers for its service time, in the order in which they came; who finds none free waits in line, and who finds the
 * line full is refused with 503. Which request costs how much is fixed, so that a run can be repeated.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** How much the PBX can do. */
export interface LoadOptions {
	/** Requests that are worked on at the same time. */
	workers: number;
	/** ms of work for a request of weight 1: reading one row. */
	serviceMs: number;
	/** Requests that wait in line at most; further ones get 503. Default: without limit. */
	maxWaiting?: number;
}

/** How many times the work of reading one row a request is; the first that matches. */
const WEIGHTS: ReadonlyArray<[method: RegExp, path: RegExp, weight: number]> = [
	// Reports compute, whatever they return.
	[/^/, /\/Report\w+\//, 4],
	[/^GET/, /[?&](?:\$|%24)top=\d{2,}/, 2],
	[/^GET/, /^/, 1],
	// Writes are followed by the PBX telling its own services.
	[/^/, /^/, 2],
];

/**
 * @param method HTTP method
 * @param pathWithQuery as it was sent
 * @returns times the work of reading one row
 */
export const weightOf = (method: string, pathWithQuery: string): number =>
	WEIGHTS.find(([verb, path]) => verb.test(method) && path.test(pathWithQuery))![2];

/** Work to do, and who does it. */
export class Load {
	/** Requests in line or being worked on. */
	inside = 0;

	/** The most that there were at a time, since the start or since it was set. */
	most = 0;

	/** Requests refused because the line was full. */
	refused = 0;

	/** When each worker is free, in ms of the clock. */
	private freeAt: number[] = [];

	/** @param options undefined for a PBX that nothing slows down; may be changed at any time */
	constructor(
		public options: LoadOptions | undefined,
		private readonly now: () => number = () => performance.now(),
	) {}

	/**
	 * Takes a request in line and finds when it will be done.
	 *
	 * @param weight times the work of reading one row
	 * @returns ms until then, or undefined when the line is full
	 */
	take(weight: number): number | undefined {
		const { options } = this;
		if (!options) return 0;
		const now = this.now();
		const { workers, serviceMs, maxWaiting = Infinity } = options;
		if (this.inside >= workers + maxWaiting) {
			this.refused += 1;
			return undefined;
		}
		// Workers may have come or gone since; those who are free longest are as good as free now.
		this.freeAt = Array.from({ length: workers }, (_, index) =>
			Math.max(now, this.freeAt[index] ?? 0),
		);
		const next = this.freeAt.indexOf(Math.min(...this.freeAt));
		const done = this.freeAt[next]! + serviceMs * weight;
		this.freeAt[next] = done;
		return done - now;
	}

	/**
	 * Waits in line and is worked on.
	 *
	 * @returns whether it was done; false when the line is full
	 */
	async pass(method: string, pathWithQuery: string): Promise<boolean> {
		const ms = this.take(weightOf(method, pathWithQuery));
		if (ms === undefined) return false;
		if (ms === 0) return true;
		this.most = Math.max(this.most, ++this.inside);
		try {
			await sleep(ms);
			return true;
		} finally {
			this.inside -= 1;
		}
	}
}

/** The answer to who finds the line full. */
export const BUSY = { status: 503, headers: { 'Retry-After': '1' } };
