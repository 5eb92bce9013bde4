import { excess, isKnown, learned, UNKNOWN, type Baseline } from './baseline';
import {
	answered,
	INITIAL,
	MOST,
	overloaded,
	rested,
	START,
	unknownSent,
	type LimitState,
} from './law';

/** How many requests of a kind may be in flight: as many as the PBX takes well, or a number that somebody chose. */
export type InFlight = number | 'automatic';

/** A request that wants to be sent. */
export interface Entry {
	/**
	 * `calls` for what callers wait for (Call Control, tokens): it is sent at once, and everything else makes room for
	 * it. All others wait until the number allows it; those with the same number share it.
	 */
	inFlight: InFlight | 'calls';
	/** Requests of the same kind cost the PBX about the same, see `kindOf`. */
	kind: string;
	/** Takes the request out of the line. */
	signal?: AbortSignal;
	/** Called when it is this request’s turn: send it, and report its progress. */
	start(visit: Visit): void;
	/** It is not sent: the line is too long, or the signal says so. */
	refuse(reason: Error): void;
}

/** Callbacks that report the progress of a request to the gate. */
export interface Visit {
	/** It goes out over an open connection now. */
	sent(): void;
	/** The answer begins. */
	answered(status: number, retryAfterMs?: number): void;
	/** It failed; a time-out says something about the load, a broken link does not. */
	failed(isTimeout: boolean): void;
	/** The request is over, with or without success; later calls change nothing. */
	over(): void;
}

/** The PBX says that it cannot keep up: too many requests, busy, or not done in time (protocol 4.4). */
const OVERLOAD_STATUS = new Set([429, 503, 504]);

/** Requests that wait for one PBX at most. */
export const MOST_WAITING = 10_000;

/** Kinds of requests that are remembered of one PBX; the one not used for longest is forgotten. */
const MOST_KINDS = 64;

interface Group {
	inFlight: number;
	waiting: Entry[];
}

/**
 * Every request of this process to one PBX goes through its gate, whichever node, execution or page it is from. It
 * counts them, has them wait for their turn, and finds by the law in `law.ts` how many the PBX takes well.
 */
export class Gate {
	private state: LimitState = INITIAL;

	/** In order of use. */
	private readonly kinds = new Map<string, Baseline>();

	/** By chosen number; the one served longest ago comes first. */
	private readonly groups = new Map<InFlight, Group>();

	/** Requests in flight, of all groups and of calls. */
	private inFlight = 0;

	/** Requests in flight whose kind is being learned. */
	private learning = 0;

	private idleSince: number;

	/** @param now ms of a clock that never goes back */
	constructor(private readonly now: () => number = () => performance.now()) {
		this.idleSince = now();
	}

	/** How many requests may be in flight now where that is automatic. */
	get limit(): number {
		return this.inFlight > 0 ? this.state.limit : rested(this.state, this.idleMs).limit;
	}

	/** Nothing is under way or waiting. */
	get isIdle(): boolean {
		return this.inFlight === 0 && this.groups.size === 0;
	}

	/** ms since the last request; 0 while there are any. */
	get idleMs(): number {
		return this.isIdle ? this.now() - this.idleSince : 0;
	}

	/** Sends a request when its turn comes; at once where the number allows it. */
	enter(entry: Entry): void {
		const { inFlight, signal } = entry;
		if (this.isIdle) this.state = rested(this.state, this.idleMs);
		if (inFlight === 'calls') return this.start(entry, () => undefined);
		if (signal?.aborted) return entry.refuse(reasonOf(signal));
		const group = this.groups.get(inFlight) ?? { inFlight: 0, waiting: [] };
		if (group.waiting.length >= MOST_WAITING) return entry.refuse(tooManyWaiting());
		this.groups.set(inFlight, group);
		group.waiting.push(signal ? this.leavingOn(signal, entry, group) : entry);
		this.pump();
	}

	/** @returns an entry that leaves the line when the signal is aborted */
	private leavingOn(signal: AbortSignal, entry: Entry, { waiting }: Group): Entry {
		const leave = () => {
			const place = waiting.indexOf(own);
			if (place < 0) return;
			waiting.splice(place, 1);
			entry.refuse(reasonOf(signal));
		};
		const own: Entry = {
			...entry,
			start: (visit) => {
				signal.removeEventListener('abort', leave);
				entry.start(visit);
			},
		};
		signal.addEventListener('abort', leave, { once: true });
		return own;
	}

	/** Starts the requests that are allowed, one of each group in turn. */
	private pump(): void {
		for (let isServed = true; isServed; ) {
			isServed = false;
			for (const [inFlight, group] of [...this.groups]) {
				const { waiting } = group;
				if (waiting.length === 0 && group.inFlight === 0) this.groups.delete(inFlight);
				if (waiting.length === 0 || !this.mayStart(inFlight, group)) continue;
				isServed = true;
				this.groups.delete(inFlight);
				this.groups.set(inFlight, group);
				group.inFlight += 1;
				this.start(waiting.shift()!, () => (group.inFlight -= 1));
			}
		}
	}

	/** A number counts its own requests; the automatic one counts all there are, but always has one. */
	private mayStart(inFlight: InFlight, group: Group): boolean {
		if (inFlight !== 'automatic') return group.inFlight < inFlight;
		return group.inFlight === 0 || this.inFlight < this.state.limit;
	}

	private start(entry: Entry, leaveGroup: () => void): void {
		const { kind } = entry;
		const isCall = entry.inFlight === 'calls';
		this.inFlight += 1;
		const isUnknown = !isCall && !isKnown(this.kinds.get(kind) ?? UNKNOWN);
		if (isUnknown) {
			this.learning += 1;
			this.state = unknownSent(this.state, this.now());
		}
		let sentAt = this.now();
		let { inFlight } = this;
		let isOver = false;
		const overload = (retryAfterMs?: number) => {
			this.state = overloaded(this.state, { sentAt, at: this.now(), retryAfterMs });
		};
		entry.start({
			sent: () => ([sentAt, inFlight] = [this.now(), this.inFlight]),
			answered: (status, retryAfterMs) => {
				if (OVERLOAD_STATUS.has(status)) overload(retryAfterMs);
				else if (status < 300 && !isCall) this.compare(kind, { inFlight, sentAt });
			},
			failed: (isTimeout) => {
				if (isTimeout) overload();
			},
			over: () => {
				if (isOver) return;
				isOver = true;
				this.inFlight -= 1;
				if (isUnknown) this.learning -= 1;
				leaveGroup();
				this.pump();
				this.idleSince = this.now();
			},
		});
	}

	/** Compares the time of a good answer with others of its kind, and learns from it. */
	private compare(kind: string, { inFlight, sentAt }: { inFlight: number; sentAt: number }): void {
		const at = this.now();
		const baseline = this.kinds.get(kind) ?? UNKNOWN;
		const longer = excess(baseline, at - sentAt);
		this.kinds.delete(kind);
		this.kinds.set(kind, learned(baseline, at - sentAt, inFlight <= START));
		const [oldest] = this.kinds.keys();
		if (this.kinds.size > MOST_KINDS) this.kinds.delete(oldest!);
		if (longer === undefined) return;
		const mayGrow = this.learning === 0;
		this.state = answered(this.state, { excess: longer, inFlight, sentAt, at, mayGrow });
	}
}

/**
 * @param value what somebody chose, or undefined
 * @returns automatic, or a whole number of at least 1 and at most {@link MOST}
 */
export const chosenInFlight = (value: InFlight | undefined): InFlight =>
	typeof value === 'number' && Number.isFinite(value)
		? Math.min(Math.max(1, Math.trunc(value)), MOST)
		: 'automatic';

const reasonOf = ({ reason }: AbortSignal): Error =>
	reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError');

/** Put into words by `networkErrors.ts`. */
const tooManyWaiting = () =>
	Object.assign(new Error(`${MOST_WAITING} requests wait already`), { code: 'TOO_MANY_WAITING' });
