/** What {@link createDelivery} needs to know. */
export interface DeliveryOptions<Event> {
	/**
	 * Hands events over; resolves when they have been dealt with, not merely accepted. Called with one event, or with
	 * several in `batch` mode. A rejection is reported; the events are not handed over again, because they may have been
	 * dealt with.
	 */
	deliver(events: Event[]): Promise<void>;
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
	/** Told of a hand-over that failed. */
	onError?(error: unknown, events: Event[]): void;
}

/** A queue between a source that cannot be slowed down and a receiver that can be overrun. */
export interface Delivery<Event> {
	/** Takes an event; never waits. */
	push(event: Event): void;
	/** Events not handed over yet. */
	readonly waiting: number;
	/** Hand-overs under way. */
	readonly inFlight: number;
	/** Events dropped so far. */
	readonly shed: number;
	/** @returns when nothing waits and nothing is under way. */
	idle(): Promise<void>;
	/** Drops waiting events and accepts no more; running deliveries finish. */
	close(): void;
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

/** Default size of an event, in bytes. */
const EVENT_BYTES = 1_000;

/** Max number of waiting events of any kind, as a multiple of `maxWaiting`. */
const MOST = 10;

/**
 * Bounds what is under way, keeps the events of a lane in order, and sheds load only where told to. n8n needs this:
 * bare emits in a burst make it start them all at once, and it loses hundreds of them (design, decision 7).
 *
 * @returns the queue
 */
export function createDelivery<Event>(options: DeliveryOptions<Event>): Delivery<Event> {
	const { deliver, lane: laneOf, onShed, onError } = options;
	const limit = options.inFlight ?? 10;
	const maxWaiting = options.maxWaiting ?? 10_000;
	const batch = options.batch ?? 1;
	const lanes = new Map<string, Lane<Event>>();
	/** Lanes with something to hand over and nothing under way, longest waiting first. */
	const ready = new Set<string>();
	/** What gives way, by rank, oldest first. */
	const ranks = [0, 1, 2].map(() => new Set<Entry<Event>>());
	const maxBytes = options.maxBytes ?? 64_000_000;
	let bytes = 0;
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
		const lane = lanes.get(name);
		if (!lane) return;
		lane.busy = false;
		if (lane.entries.size > 0) ready.add(name);
		else lanes.delete(name);
	}

	/** The next hand-over: entries of one or, in batch mode, several lanes. */
	function next(): { names: string[]; entries: Array<Entry<Event>> } {
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
		return { names, entries };
	}

	async function handOver(names: string[], events: Event[]): Promise<void> {
		try {
			await deliver(events);
		} catch (error) {
			onError?.(error, events);
		}
		inFlight -= 1;
		names.forEach(free);
		pump();
	}

	function pump(): void {
		while (!closed && inFlight < limit && ready.size > 0) {
			const { names, entries } = next();
			inFlight += 1;
			void handOver(
				names,
				entries.map(({ event }) => event),
			);
		}
		if (inFlight === 0 && waiting === 0) for (const done of idlers.splice(0)) done();
	}

	/** Drops the oldest event of the lowest rank up to `most`. */
	function shedOldest(most: 0 | 2): boolean {
		const [oldest] = ranks.slice(0, most + 1).find(({ size }) => size > 0) ?? [];
		if (!oldest) return false;
		remove(oldest);
		if (!lanes.get(oldest.lane)?.busy) {
			ready.delete(oldest.lane);
			free(oldest.lane);
		}
		shed += 1;
		onShed?.(shed);
		return true;
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
			return waiting;
		},
		get inFlight() {
			return inFlight;
		},
		get shed() {
			return shed;
		},
		idle: async () => {
			if (inFlight === 0 && waiting === 0) return;
			await new Promise<void>((resolve) => idlers.push(resolve));
		},
		close() {
			closed = true;
			lanes.clear();
			ready.clear();
			for (const rank of ranks) rank.clear();
			waiting = 0;
			bytes = 0;
		},
	};
}
