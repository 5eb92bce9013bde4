import { setMaxListeners } from 'node:events';
import { backoff } from '../http/retry';
import { systemClock, type Clock } from './clock';

/** What {@link createDelivery} needs to know. */
export interface DeliveryOptions<Event> {
	/**
	 * Hands events over; resolves when they have been dealt with, not merely accepted. Called with one event, or with
	 * several in `batch` mode. After a rejection it is called again with the very same events, so that whoever receives
	 * them can recognise a repeat.
	 */
	deliver(events: Event[]): Promise<void>;
	/** When a hand-over that failed is tried again; default {@link AGAIN}. */
	again?: Partial<AgainPolicy>;
	/**
	 * How long a hand-over may hold its place, in ms; default for ever. After that others take it, also later events of
	 * its own lane: it came before them. It is not handed over a second time, as it may still be under way.
	 */
	settleMs?: number;
	/** Events with the same lane are handed over one after the other: the call they belong to. */
	lane(event: Event): string;
	/** How many hand-overs may be under way at the same time; default 10. */
	inFlight?: number;
	/** How many events may wait before the {@link sheddable} ones give way, oldest first; default 10,000. Ten times as many wait at most, of whatever kind. */
	maxWaiting?: number;
	/** Whether an event may be dropped when too many wait; default: none. */
	sheddable?(event: Event): boolean;
	/** Whether an event is dropped last of all: what cannot be learnt in any other way. Default: none. */
	precious?(event: Event): boolean;
	/** Memory that an event takes, in bytes; default 1,000 for each. */
	size?(event: Event): number;
	/**
	 * Memory that all waiting events may take before the oldest give way, whatever they are, in bytes: first the
	 * sheddable ones, last the precious ones. Default 64 MB.
	 */
	maxBytes?: number;
	/** Most events of one hand-over; default 1. More make bursts cheaper: whatever waits goes together. */
	batch?: number;
	/** Told each time an event was dropped, with the number of those dropped so far. */
	onShed?(total: number): void;
	/** Told of events that have been dealt with, also of those that took longer than `settleMs`. */
	onSettled?(events: Event[]): void;
	/** Told of a hand-over that failed and is tried again, in so many ms. */
	onRetry?(error: unknown, events: Event[], waitMs: number): void;
	/** Told of a hand-over that failed for the last time. */
	onError?(error: unknown, events: Event[]): void;
	/** Told of a hand-over that has lost its place because it did not settle. */
	onUnsettled?(events: Event[]): void;
	clock?: Clock;
}

/** When a hand-over that failed is tried again. */
export interface AgainPolicy {
	/** Upper bound of the first wait, in ms; it doubles with each further one. */
	baseMs: number;
	/** Longest wait, in ms. */
	capMs: number;
	/** How long after its first failure a hand-over is given up, in ms. */
	forMs: number;
}

/** A database that is away for a minute, or for lunch. */
const AGAIN: AgainPolicy = { baseMs: 1_000, capMs: 60_000, forMs: 3_600_000 };

/** A queue between a source that cannot be slowed down and a receiver that can be overrun. */
export interface Delivery<Event> {
	/** Takes an event; never waits. */
	push(event: Event): void;
	/** Events not handed over yet, or in vain so far. */
	readonly waiting: number;
	/** Hand-overs under way. */
	readonly inFlight: number;
	/** Events dropped so far. */
	readonly shed: number;
	/** @returns when nothing waits and nothing is under way. */
	idle(): Promise<void>;
	/**
	 * Hands nothing over any more; what is under way finishes.
	 *
	 * @returns the events that were still waiting, and how many were under way
	 */
	close(): { waiting: Event[]; underWay: number };
}

interface Entry<Event> {
	event: Event;
	lane: string;
	bytes: number;
	/** Which of the three give way first. */
	rank: 0 | 1 | 2;
}

interface Lane<Event> {
	/** In order of arrival. */
	entries: Set<Entry<Event>>;
	busy: boolean;
}

/** Events that go together, now and whenever they have to go again. */
interface HandOver<Event> {
	lanes: string[];
	events: Event[];
	/** How often it has failed. */
	failures: number;
	/** When it failed first, on the clock. */
	failedAt?: number;
	/** It has lost its place: its lanes have moved on. */
	isLate: boolean;
}

/** Default size of an event, in bytes. */
const EVENT_BYTES = 1_000;

/** Max number of waiting events of any kind, as a multiple of `maxWaiting`. */
const MOST = 10;

/** Hand-overs that have failed or are under way, as a multiple of `inFlight`: with so many, nothing new is tried. */
const MOST_OPEN = 2;

/**
 * Bounds what is under way, keeps the events of a lane in order, and sheds load only where told to. n8n needs this:
 * bare emits in a burst make it start them all at once, and it loses hundreds of them (design, decision 7).
 *
 * @returns the queue
 */
export function createDelivery<Event>(options: DeliveryOptions<Event>): Delivery<Event> {
	const { deliver, lane: laneOf, onShed, onError, onSettled, clock = systemClock } = options;
	const most = options.inFlight ?? 10;
	const again = { ...AGAIN, ...options.again };
	const maxWaiting = options.maxWaiting ?? 10_000;
	const batch = options.batch ?? 1;
	const lanes = new Map<string, Lane<Event>>();
	/** Lanes with something to hand over and nothing under way, longest waiting first. */
	const ready = new Set<string>();
	/** What gives way, by rank, oldest first. */
	const ranks = [0, 1, 2].map(() => new Set<Entry<Event>>());
	const maxBytes = options.maxBytes ?? 64_000_000;
	let bytes = 0;
	/** Hand-overs to be tried again, and those of them whose time has come. */
	const failed = new Set<HandOver<Event>>();
	const due = new Set<HandOver<Event>>();
	const closing = new AbortController();
	// Everything that waits listens to it, and how much waits is bounded.
	setMaxListeners(0, closing.signal);
	const idlers: Array<() => void> = [];
	let waiting = 0;
	let inFlight = 0;
	let shed = 0;
	let closed = false;

	/** Takes an entry out of the queue. */
	function remove(entry: Entry<Event>): void {
		lanes.get(entry.lane)?.entries.delete(entry);
		ranks[entry.rank]!.delete(entry);
		waiting -= 1;
		bytes -= entry.bytes;
	}

	/** Puts a lane back in line if it has more, forgets it otherwise. */
	function free(name: string): void {
		const lane = lanes.get(name)!;
		lane.busy = false;
		if (lane.entries.size > 0) ready.add(name);
		else lanes.delete(name);
	}

	/** The next hand-over: entries of one or, in batch mode, several lanes. */
	function next(): HandOver<Event> {
		const names: string[] = [];
		const entries: Array<Entry<Event>> = [];
		for (const name of ready) {
			if (entries.length >= batch) break;
			ready.delete(name);
			const lane = lanes.get(name)!;
			lane.busy = true;
			names.push(name);
			entries.push(...[...lane.entries].slice(0, batch - entries.length));
		}
		entries.forEach(remove);
		return { lanes: names, events: entries.map(({ event }) => event), failures: 0, isLate: false };
	}

	/** A hand-over gives its place back, and its lanes go on. */
	function release(handOver: HandOver<Event>): void {
		inFlight -= 1;
		handOver.lanes.forEach(free);
	}

	async function run(handOver: HandOver<Event>): Promise<void> {
		const settled = new AbortController();
		if (options.settleMs !== undefined) void limit(handOver, options.settleMs, settled.signal);
		const failure = await deliver(handOver.events).then(
			() => undefined,
			(error: unknown) => ({ error }),
		);
		settled.abort();
		if (!failure) onSettled?.(handOver.events);
		if (failure && !handOver.isLate && !closed) return retry(handOver, failure.error);
		// A late one that is tried again would come after what had happened later.
		if (failure) onError?.(failure.error, handOver.events);
		if (!handOver.isLate) release(handOver);
		pump();
	}

	/** Takes its place from a hand-over that does not settle. */
	async function limit(handOver: HandOver<Event>, ms: number, settled: AbortSignal): Promise<void> {
		await clock.sleep(ms, AbortSignal.any([settled, closing.signal]));
		if (settled.aborted || closed) return;
		handOver.isLate = true;
		release(handOver);
		options.onUnsettled?.(handOver.events);
		pump();
	}

	/** Its lanes wait for it; its place is free for others meanwhile. */
	function retry(handOver: HandOver<Event>, error: unknown): void {
		inFlight -= 1;
		handOver.failedAt ??= clock.now();
		if (clock.now() - handOver.failedAt >= again.forMs) {
			onError?.(error, handOver.events);
			handOver.lanes.forEach(free);
			return pump();
		}
		const waitMs = backoff(handOver.failures, again);
		handOver.failures += 1;
		failed.add(handOver);
		options.onRetry?.(error, handOver.events, waitMs);
		void clock.sleep(waitMs, closing.signal).then(() => {
			due.add(handOver);
			pump();
		});
		pump();
	}

	function pump(): void {
		while (!closed && inFlight < most && due.size > 0) {
			const [handOver] = due as Set<HandOver<Event>>;
			due.delete(handOver!);
			failed.delete(handOver!);
			inFlight += 1;
			void run(handOver!);
		}
		// While the receiver takes nothing, what waits waits here, where it is bounded.
		while (!closed && inFlight < most && ready.size > 0) {
			if (failed.size + inFlight >= most * MOST_OPEN) break;
			inFlight += 1;
			void run(next());
		}
		if (isIdle()) for (const done of idlers.splice(0)) done();
	}

	/** What waits begins as soon as it can: so nothing waits where nothing is under way or to be tried again. */
	const isIdle = () => inFlight === 0 && failed.size === 0;

	/**
	 * Drops the oldest event of the lowest rank up to `most`.
	 *
	 * @returns whether there was one
	 */
	function shedOldest(most: 0 | 2): boolean {
		const [oldest] = ranks.slice(0, most + 1).find(({ size }) => size > 0) ?? [];
		if (oldest) drop(oldest);
		return oldest !== undefined;
	}

	function drop(oldest: Entry<Event>): void {
		remove(oldest);
		if (!lanes.get(oldest.lane)?.busy) {
			ready.delete(oldest.lane);
			free(oldest.lane);
		}
		shed += 1;
		onShed?.(shed);
	}

	return {
		push(event) {
			if (closed) return;
			const rank = options.sheddable?.(event) ? 0 : options.precious?.(event) ? 2 : 1;
			const size = options.size?.(event) ?? EVENT_BYTES;
			const entry: Entry<Event> = { event, lane: laneOf(event), bytes: size, rank };
			const lane = lanes.get(entry.lane) ?? { entries: new Set(), busy: false };
			lanes.set(entry.lane, lane);
			lane.entries.add(entry);
			waiting += 1;
			bytes += size;
			if (!lane.busy) ready.add(entry.lane);
			ranks[rank]!.add(entry);
			pump();
			if (waiting > maxWaiting) shedOldest(0);
			while ((bytes > maxBytes || waiting > maxWaiting * MOST) && shedOldest(2));
		},
		get waiting() {
			return [...failed].reduce((sum, { events }) => sum + events.length, waiting);
		},
		get inFlight() {
			return inFlight;
		},
		get shed() {
			return shed;
		},
		idle: async () => {
			if (isIdle()) return;
			await new Promise<void>((resolve) => idlers.push(resolve));
		},
		close() {
			const left = [
				...[...failed].flatMap(({ events }) => events),
				...[...lanes.values()].flatMap(({ entries }) => [...entries].map(({ event }) => event)),
			];
			closed = true;
			closing.abort();
			failed.clear();
			waiting = 0;
			return { waiting: left, underWay: inFlight };
		},
	};
}
