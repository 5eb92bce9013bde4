/** What a {@link BoundedMap} keeps, and for how long. */
export interface Bounds<Value> {
	/** Entries at most; the one used longest ago goes first. */
	max: number;
	/** An entry not used for this long is forgotten when the next one comes, in ms; default never. */
	idleMs?: number;
	/** Told each value that is forgotten, so that it can be closed; not those that are deleted or replaced. */
	dropped?: (value: Value) => void;
	/** The clock, in ms; for tests. */
	now?: () => number;
}

/**
 * A map for the life of the process: it never holds more than it is told to. Keys come from outside (addresses,
 * client IDs), and whoever may choose them must not fill n8n's memory.
 */
export class BoundedMap<Key, Value> {
	private readonly entries = new Map<Key, { value: Value; usedAt: number }>();

	constructor(private readonly bounds: Bounds<Value>) {}

	/** @returns the value, which counts as used now; undefined when there is none or it has been idle for too long */
	get(key: Key): Value | undefined {
		const found = this.entries.get(key);
		if (!found) return undefined;
		const now = this.now();
		this.entries.delete(key);
		if (now - found.usedAt >= this.idleMs) {
			this.bounds.dropped?.(found.value);
			return undefined;
		}
		// Re-inserting keeps the entries in order of use: the idle ones are found at the start.
		this.entries.set(key, { value: found.value, usedAt: now });
		return found.value;
	}

	/** Keeps a value, and forgets those that are idle or too many. */
	set(key: Key, value: Value): void {
		const now = this.now();
		this.entries.delete(key);
		this.entries.set(key, { value, usedAt: now });
		for (const [other, { value: idle, usedAt }] of this.entries) {
			if (this.entries.size <= this.bounds.max && now - usedAt < this.idleMs) break;
			this.entries.delete(other);
			this.bounds.dropped?.(idle);
		}
	}

	delete(key: Key): void {
		this.entries.delete(key);
	}

	clear(): void {
		this.entries.clear();
	}

	get size(): number {
		return this.entries.size;
	}

	/** @returns all values, the one used longest ago first */
	values(): Value[] {
		return [...this.entries.values()].map(({ value }) => value);
	}

	private get idleMs(): number {
		return this.bounds.idleMs ?? Infinity;
	}

	private now(): number {
		return (this.bounds.now ?? Date.now)();
	}
}
