import type { Change } from '../calls/tracker';
import { legKey } from '../calls/tracker';
import type { CallOrder, Pending } from './order';

/** What {@link LegReads} needs. */
export interface LegReadsOptions {
	order: CallOrder;
	/** Reads one leg from the PBX; never rejects. */
	read(dn: string, id: number): Promise<Change[]>;
	/** @returns the call of a leg that is known already. */
	callOf(dn: string, id: number): number | undefined;
	/** How long a read may take before the events of other calls stop waiting for it, in ms. */
	patienceMs: number;
	/** Ends it: nothing more is read or applied. */
	signal: AbortSignal;
}

/** Reads under way at the same time; the connection pool of a PBX has eight places. */
const IN_FLIGHT = 6;

/** A leg whose new state has a place in line, and is still to be read. */
export type LegRead = Pending & { dn: string; id: number };

/**
 * Reads legs that have changed: a few at a time, and each leg one read after the other. Replies about a leg cannot
 * overtake each other then, so none is older than the last; a leg that changes all the time has at most one read under
 * way and one waiting.
 */
export class LegReads {
	/** Reads that have not started: they include everything that happens until they do. */
	private readonly waiting = new Map<string, LegRead>();

	/** Legs being read. */
	private readonly reading = new Set<string>();

	constructor(private readonly options: LegReadsOptions) {}

	/** A leg has changed: its new state takes its place in line now and is filled in once it has been read. */
	request(dn: string, id: number): void {
		const entity = legKey(dn, id);
		const { order, callOf } = this.options;
		const waiting = this.waiting.get(entity);
		// Unless a Remove came after it: then this is another leg under the same id.
		if (waiting && order.latest(entity) === waiting) return;
		const pending = {
			entity,
			dn,
			id,
			callid: (): number | undefined => callidIn(pending) ?? callOf(dn, id),
		} as LegRead;
		order.add(pending);
		// What waited shows the same state as this one will.
		if (waiting) waiting.changes = [];
		this.waiting.set(entity, pending);
		this.next();
	}

	/** How many reads have not begun. */
	get size(): number {
		return this.waiting.size;
	}

	/** @returns the reads that have not begun. */
	waitingNow(): LegRead[] {
		return [...this.waiting.values()];
	}

	/**
	 * Fills in a read that has not begun, because something else has shown the state of the leg. Does nothing where it
	 * has begun meanwhile, or an earlier read of the leg is under way: that could be the newer one.
	 *
	 * @param changes the facts, none when the leg is gone
	 */
	answer(pending: LegRead, changes: Change[]): void {
		const { entity } = pending;
		if (this.waiting.get(entity) !== pending || this.reading.has(entity)) return;
		this.waiting.delete(entity);
		pending.changes = changes;
	}

	private next(): void {
		for (const [entity, pending] of this.waiting) {
			if (this.reading.size >= IN_FLIGHT) return;
			if (this.reading.has(entity)) continue;
			this.waiting.delete(entity);
			this.reading.add(entity);
			void this.read(pending);
		}
	}

	private async read(pending: LegRead): Promise<void> {
		const { order, read, patienceMs, signal } = this.options;
		const patience = setTimeout(() => {
			pending.overdue = true;
			order.drain();
		}, patienceMs);
		const stop = () => clearTimeout(patience);
		signal.addEventListener('abort', stop);
		const changes = await read(pending.dn, pending.id);
		stop();
		signal.removeEventListener('abort', stop);
		this.reading.delete(pending.entity);
		if (signal.aborted) return;
		pending.changes = changes;
		this.next();
		order.drain();
	}
}

/** @returns the call that a fact on its way belongs to, once the fact is here and says so. */
export function callidIn({ changes }: Pending): number | undefined {
	const change = changes?.[0];
	return change?.kind === 'upsert' ? change.participant.callid : undefined;
}
