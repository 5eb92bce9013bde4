import type { Clock } from '../../lib/waiting/clock';

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
	private time = 0;

	private readonly sleepers = new Set<{ at: number; wake: () => void }>();

	now = (): number => this.time;

	/** How many sleep. */
	get sleeping(): number {
		return this.sleepers.size;
	}

	sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
		if (signal?.aborted) return;
		await new Promise<void>((resolve) => {
			const sleeper = {
				at: this.time + ms,
				wake: () => {
					this.sleepers.delete(sleeper);
					resolve();
				},
			};
			this.sleepers.add(sleeper);
			signal?.addEventListener('abort', sleeper.wake, { once: true });
		});
	};

	/** Lets time pass; whoever wakes meanwhile has its turn at its time. */
	async advance(ms: number): Promise<void> {
		const end = this.time + ms;
		for (;;) {
			await turn();
			const next = [...this.sleepers].sort((a, b) => a.at - b.at)[0];
			if (!next || next.at > end) break;
			this.time = Math.max(this.time, next.at);
			next.wake();
		}
		this.time = end;
		await turn();
	}
}

/** Lets everything run that is ready to run. */
const turn = async () => await new Promise<void>((resolve) => setImmediate(resolve));

/** A clock on which every sleep is over at once, and has taken its time. */
export class InstantClock implements Clock {
	private time = 0;

	/** How long each sleep was, in ms. */
	readonly sleeps: number[] = [];

	now = (): number => this.time;

	sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
		if (signal?.aborted) return await Promise.resolve();
		this.sleeps.push(ms);
		this.time += ms;
		await Promise.resolve();
	};

	/** Time passes without anybody sleeping. */
	pass(ms: number): void {
		this.time += ms;
	}
}
