/** Ends a timer; harmless when it has run already. */
export type Cancel = () => void;

/** Every timer of the engine, so that closing it leaves none behind. */
export class Timers {
	private readonly running = new Set<NodeJS.Timeout>();

	/** Runs `work` once after `ms` milliseconds. */
	after(ms: number, work: () => void): Cancel {
		const timer = setTimeout(() => {
			this.running.delete(timer);
			work();
		}, ms);
		return this.keep(timer);
	}

	/** Runs `work` every `ms` milliseconds until cancelled. */
	every(ms: number, work: () => void): Cancel {
		return this.keep(setInterval(work, ms));
	}

	/** How many timers are pending. */
	get count(): number {
		return this.running.size;
	}

	/** Cancels all of them. */
	clear(): void {
		for (const timer of this.running) clearTimeout(timer);
		this.running.clear();
	}

	private keep(timer: NodeJS.Timeout): Cancel {
		this.running.add(timer);
		return () => {
			clearTimeout(timer);
			this.running.delete(timer);
		};
	}
}
