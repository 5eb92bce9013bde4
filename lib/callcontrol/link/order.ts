import type { Change } from '../calls/tracker';

/** A fact on its way: it has its place in line, but may still have to be read from the PBX. */
export interface Pending {
	/** The leg, phone or DN that it is about. */
	entity: string;
	/** @returns its call, as far as it is known by now. */
	callid(): number | undefined;
	/** The facts once they are here; empty when there turned out to be none. */
	changes?: Change[];
	/** It has kept others waiting long enough: only its own entity waits on. */
	overdue?: boolean;
}

/**
 * Puts facts back into the order in which the PBX told them, call by call. Each upsert is followed by a GET, and the
 * replies come as they like; without this a call could end before it has rung.
 *
 * A fact waits for earlier ones of its own call, and for those whose call is not known yet because it may be the same.
 * Different calls do not wait for each other.
 */
export class CallOrder {
	private readonly line: Pending[] = [];

	/** The last entry in line of each entity. */
	private readonly last = new Map<string, Pending>();

	/** @param apply takes the facts of each entry when it is its turn */
	constructor(private readonly apply: (changes: Change[]) => void) {}

	get size(): number {
		return this.line.length;
	}

	/** Takes a place at the end of the line. */
	add(pending: Pending): void {
		this.line.push(pending);
		this.last.set(pending.entity, pending);
	}

	/** @returns the last entry for an entity, or undefined when none is waiting. */
	latest(entity: string): Pending | undefined {
		return this.last.get(entity);
	}

	/** Applies all whose turn it is. */
	drain(): void {
		const kept: Pending[] = [];
		/** Entities and calls that somebody further ahead waits for. */
		const taken = new Set<string | number>();
		let isAnyCallTaken = false;
		let looked = 0;
		// Nothing can pass an entry whose call is not known yet, so in a burst there is nothing to check.
		for (
			let isEveryCallTaken = false;
			looked < this.line.length && !isEveryCallTaken;
			looked += 1
		) {
			const pending = this.line[looked]!;
			const { entity, changes, overdue } = pending;
			const callid = pending.callid();
			const isCallTaken = callid === undefined ? isAnyCallTaken : taken.has(callid);
			if (changes && (changes.length === 0 || !(isCallTaken || taken.has(entity)))) {
				if (this.last.get(entity) === pending) this.last.delete(entity);
				this.apply(changes);
				continue;
			}
			kept.push(pending);
			taken.add(entity);
			if (overdue && !changes) continue;
			isAnyCallTaken = true;
			if (callid === undefined) isEveryCallTaken = true;
			else taken.add(callid);
		}
		this.line.splice(0, looked, ...kept);
	}
}
