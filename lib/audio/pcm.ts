/**
 * The audio of Call Control in both directions: signed 16-bit little-endian samples, 8 kHz, one channel, no header
 * (protocol 2.8).
 */
export const SAMPLE_RATE = 8_000;

/** Bytes of one sample. */
export const SAMPLE_BYTES = 2;

/** 16: the pace of real time. */
export const BYTES_PER_MS = (SAMPLE_RATE * SAMPLE_BYTES) / 1_000;

/** @returns how long so many bytes sound, in ms. */
export const msOf = (bytes: number): number => bytes / BYTES_PER_MS;

/** @returns how many bytes sound so long, in whole samples. */
export const bytesOf = (ms: number): number =>
	Math.floor((ms * SAMPLE_RATE) / 1_000) * SAMPLE_BYTES;

/** The loudest that 16 bits can hold. */
const FULL_SCALE = 32_768;

/**
 * @param pcm whole samples
 * @returns how loud they are on average (root mean square), in dB below full scale: 0 is the loudest, digital silence
 *   is -Infinity. Speech on the phone is around -25, the noise of a quiet line below -50.
 */
export function levelOf(pcm: Buffer): number {
	let sum = 0;
	for (let at = 0; at + 1 < pcm.length; at += SAMPLE_BYTES) sum += pcm.readInt16LE(at) ** 2;
	const samples = Math.max(1, Math.floor(pcm.length / SAMPLE_BYTES));
	return 20 * Math.log10(Math.sqrt(sum / samples) / FULL_SCALE);
}
