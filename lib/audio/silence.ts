import { BYTES_PER_MS, levelOf } from './pcm';

/** When somebody counts as having stopped to speak. All times are times of the audio, not of a clock. */
export interface SilenceRules {
	/** So long nothing is said after the caller has spoken, in ms. */
	afterMs: number;
	/** So long the caller says nothing at all, in ms. */
	nothingMs: number;
	/** What is quieter counts as silence, in dB below full scale; see {@link levelOf}. */
	belowDb: number;
}

/** Audio is judged in pieces of 20 ms, as it travels in RTP packets. */
const FRAME_BYTES = 20 * BYTES_PER_MS;

/** Hears when a caller has stopped to speak, or does not begin. */
export class SilenceDetector {
	/** Whether anything was said. */
	spoken = false;

	private quietMs = 0;

	private rest: Buffer = Buffer.alloc(0);

	constructor(private readonly rules: SilenceRules) {}

	/**
	 * @param pcm the next audio, of any length
	 * @returns `silence` or `nothingSaid` once the time is up
	 */
	hear(pcm: Buffer): 'silence' | 'nothingSaid' | undefined {
		const audio = Buffer.concat([this.rest, pcm]);
		let at = 0;
		for (; at + FRAME_BYTES <= audio.length; at += FRAME_BYTES) {
			if (levelOf(audio.subarray(at, at + FRAME_BYTES)) >= this.rules.belowDb) {
				this.spoken = true;
				this.quietMs = 0;
				continue;
			}
			this.quietMs += FRAME_BYTES / BYTES_PER_MS;
			if (this.quietMs < (this.spoken ? this.rules.afterMs : this.rules.nothingMs)) continue;
			return this.spoken ? 'silence' : 'nothingSaid';
		}
		this.rest = audio.subarray(at);
		return undefined;
	}
}
