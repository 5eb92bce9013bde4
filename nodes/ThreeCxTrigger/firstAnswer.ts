import { systemClock, type Clock } from '../../lib/waiting/clock';

/** Events wait for an answer no longer than this, in ms, and no more of them than so many. */
const PATIENCE_MS = 3_000;
const MAX_WAITING = 10_000;

/**
 * A question to the PBX whose answer belongs into every event. Events wait until the first answer is here, or until it is
 * clear that there is none: the first call looks like the next.
 */
export class FirstAnswer {
	/** What waits; undefined once the answer is here. */
	private waiting: Array<() => void> | undefined = [];

	private asking: Promise<void> | undefined;

	/**
	 * @param question asks the PBX and keeps what it says, also when that comes late; a failure means that there is no answer
	 * @param clock for tests
	 */
	constructor(
		private readonly question: () => Promise<unknown>,
		private readonly clock: Clock = systemClock,
	) {}

	/** Runs it at once where the answer is here, else as soon as it is; in order. */
	whenSettled(run: () => void): void {
		if (this.waiting) this.waiting.push(run);
		else run();
		if ((this.waiting?.length ?? 0) > MAX_WAITING) this.release();
	}

	/** The PBX can be asked now. It is asked until the first answer is here. */
	async ask(): Promise<void> {
		if (this.waiting) await (this.asking ??= this.settle());
	}

	private async settle(): Promise<void> {
		const answer = this.question().catch(() => undefined);
		const late = new AbortController();
		const patience = this.clock.sleep(PATIENCE_MS, late.signal);
		await Promise.race([answer, patience]);
		late.abort();
		this.release();
	}

	private release(): void {
		const waiting = this.waiting ?? [];
		this.waiting = undefined;
		for (const run of waiting) run();
	}
}
