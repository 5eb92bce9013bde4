/** Call Control audio: signed 16-bit little-endian, mono, without header (protocol 2.8). */
const SAMPLES_PER_SECOND = 8000;
const BYTES_PER_SAMPLE = 2;
const BYTES_PER_SECOND = SAMPLES_PER_SECOND * BYTES_PER_SAMPLE;

/** What an app may say in one call before the oldest is forgotten: ten minutes. */
const HEARD_LIMIT_BYTES = 600 * BYTES_PER_SECOND;

const TONE_HZ = 440;
const TONE_AMPLITUDE = 4000;

/**
 * A 440 Hz sine.
 *
 * @param firstSample position of the first sample, so that chunks join without a click
 * @param samples how many
 * @returns 2 bytes for each sample
 */
function tone(firstSample: number, samples: number): Buffer {
	const pcm = Buffer.alloc(samples * BYTES_PER_SAMPLE);
	for (let i = 0; i < samples; i += 1) {
		const phase = (2 * Math.PI * TONE_HZ * (firstSample + i)) / SAMPLES_PER_SECOND;
		pcm.writeInt16LE(Math.round(TONE_AMPLITUDE * Math.sin(phase)), i * BYTES_PER_SAMPLE);
	}
	return pcm;
}

/**
 * Both directions of one route-point leg's audio.
 *
 * Until the caller has said anything a tone is heard, so that a recording is never empty; after that the caller is
 * silent between two sentences, so that "record until silence" can be tried.
 */
export class LegAudio {
	private speech: Buffer = Buffer.alloc(0);
	private hasSpoken = false;
	private samplesRead = 0;
	private readonly chunks: Buffer[] = [];
	private heardBytes = 0;

	/** The caller says this (8 kHz s16le mono); it is kept until somebody listens. */
	say(pcm: Buffer): void {
		this.hasSpoken = true;
		this.speech = Buffer.concat([this.speech, pcm]);
	}

	/** The next `samples` of what the caller is heard to say. */
	read(samples: number): Buffer {
		const wanted = samples * BYTES_PER_SAMPLE;
		const said = this.speech.subarray(0, wanted);
		this.speech = this.speech.subarray(said.length);
		const missing = wanted - said.length;
		const rest = this.hasSpoken
			? Buffer.alloc(missing)
			: tone(this.samplesRead, missing / BYTES_PER_SAMPLE);
		this.samplesRead += samples;
		return Buffer.concat([said, rest]);
	}

	/** The app says this to the caller. */
	hear(pcm: Buffer): void {
		this.chunks.push(pcm);
		this.heardBytes += pcm.length;
		while (this.heardBytes > HEARD_LIMIT_BYTES) this.heardBytes -= this.chunks.shift()?.length ?? 0;
	}

	/** All that the app has said to the caller. */
	heard(): Buffer {
		return Buffer.concat(this.chunks);
	}
}
