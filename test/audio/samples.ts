import { SAMPLE_RATE } from '../../lib/audio/pcm';

/** @returns a sine as 16-bit samples. */
export function sine(
	ms: number,
	{ hz = 440, amplitude = 8_000, rate = SAMPLE_RATE, phase = 0 } = {},
): Int16Array {
	const samples = Math.round((ms * rate) / 1_000);
	return Int16Array.from({ length: samples }, (_, i) =>
		Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate + phase)),
	);
}

export const bytesFrom = (samples: Int16Array): Buffer =>
	Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

export const samplesIn = (pcm: Buffer): Int16Array =>
	Int16Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(i * 2));

/** @returns speech, near enough: a tone for so long. */
export const speech = (ms: number): Buffer => bytesFrom(sine(ms));

/** @returns nothing to be heard for so long. */
export const quiet = (ms: number): Buffer => Buffer.alloc(ms * 16);

/**
 * Takes a tone apart: how loud it is, and everything else. A shift in time does not matter.
 *
 * @param samples 8 kHz; judged in windows of 50 ms, in which multiples of 20 Hz have whole periods
 */
export function toneIn(samples: Int16Array, hz: number): { amplitude: number; noise: number } {
	const window = 400;
	const found = { amplitude: 0, noise: 0 };
	const windows = Math.floor(samples.length / window);
	// The first and the last one ring a little after filtering.
	for (let w = 1; w < windows - 1; w += 1) {
		let [a, b, energy] = [0, 0, 0];
		for (let i = 0; i < window; i += 1) {
			const sample = samples[w * window + i]!;
			const phase = (2 * Math.PI * hz * i) / SAMPLE_RATE;
			a += (2 / window) * sample * Math.sin(phase);
			b += (2 / window) * sample * Math.cos(phase);
			energy += sample ** 2 / window;
		}
		found.amplitude += Math.hypot(a, b) / (windows - 2);
		found.noise = Math.max(found.noise, Math.sqrt(Math.max(0, energy - (a ** 2 + b ** 2) / 2)));
	}
	return found;
}

/** @returns the largest difference between two recordings, `from` to `to` samples. */
export function largestError(a: Int16Array, b: Int16Array, from: number, to: number): number {
	let largest = 0;
	for (let i = from; i < to; i += 1) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
	return largest;
}
