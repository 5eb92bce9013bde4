import { systemClock, type Clock } from '../waiting/clock';
import { BYTES_PER_MS, msOf } from './pcm';

/** How much audio the PBX may hold that it has not played, in ms (protocol 2.8). */
const AHEAD_MS = 500;

/** Bytes that are sent at a time: 200 ms of audio. */
const CHUNK_BYTES = 200 * BYTES_PER_MS;

/**
 * Knows how far the PBX has played what it was sent. Time in which it had nothing to play does not count: after a stall
 * the audio goes on at the pace of real time, not in one burst.
 */
export class Pacer {
	/** When everything sent will have been played, in ms of the clock. */
	private playedAt = -Infinity;

	constructor(
		private readonly clock: Clock = systemClock,
		private readonly aheadMs: number = AHEAD_MS,
	) {}

	/** How much of what was sent has not been played yet, in ms. */
	get bufferedMs(): number {
		return Math.max(0, this.playedAt - this.clock.now());
	}

	/** Waits until so many bytes may be sent, and counts them as sent. Does not count them when aborted. */
	async admit(bytes: number, signal: AbortSignal): Promise<void> {
		const ms = msOf(bytes);
		for (;;) {
			const early = this.bufferedMs + ms - this.aheadMs;
			if (early <= 0 || signal.aborted) break;
			await this.clock.sleep(Math.ceil(early), signal);
		}
		if (!signal.aborted) this.playedAt = Math.max(this.playedAt, this.clock.now()) + ms;
	}

	/** Waits until everything sent has been played. */
	async drained(signal: AbortSignal): Promise<void> {
		while (this.bufferedMs > 0 && !signal.aborted) {
			await this.clock.sleep(Math.ceil(this.bufferedMs), signal);
		}
	}
}

/**
 * Gives out audio no faster than it is played.
 *
 * @param pcm whole samples
 * @param pacer keeps the pace
 * @param signal ends it between two chunks
 * @returns the chunks; it ends early when the signal is aborted
 */
export async function* paced(
	pcm: Buffer,
	pacer: Pacer,
	signal: AbortSignal,
): AsyncGenerator<Buffer> {
	for (let at = 0; at < pcm.length; at += CHUNK_BYTES) {
		const chunk = pcm.subarray(at, at + CHUNK_BYTES);
		await pacer.admit(chunk.length, signal);
		if (signal.aborted) return;
		yield chunk;
	}
}
