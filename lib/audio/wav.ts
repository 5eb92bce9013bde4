import { WaveFile } from 'wavefile';
import { ThreeCxError } from '../http/errors';
import { BYTES_PER_MS, SAMPLE_BYTES, SAMPLE_RATE } from './pcm';

/** Bytes of {@link wavHeader}. */
export const WAV_HEADER_BYTES = 44;

/**
 * @param dataBytes length of the audio that follows, as Call Control sends it
 * @returns what makes a WAV file of it (RIFF, `fmt ` for PCM, `data`)
 */
export function wavHeader(dataBytes: number): Buffer {
	const header = Buffer.alloc(WAV_HEADER_BYTES);
	header.write('RIFF', 0, 'latin1');
	header.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4);
	header.write('WAVEfmt ', 8, 'latin1');
	header.writeUInt32LE(16, 16); // length of `fmt `
	header.writeUInt16LE(1, 20); // PCM
	header.writeUInt16LE(1, 22); // channels
	header.writeUInt32LE(SAMPLE_RATE, 24);
	header.writeUInt32LE(BYTES_PER_MS * 1_000, 28);
	header.writeUInt16LE(SAMPLE_BYTES, 32);
	header.writeUInt16LE(SAMPLE_BYTES * 8, 34);
	header.write('data', 36, 'latin1');
	header.writeUInt32LE(dataBytes, 40);
	return header;
}

/** Largest file that is converted, in bytes: four minutes at 44.1 kHz. It takes about a second of CPU for each minute. */
export const MAX_WAV_BYTES = 24_000_000;

/** Encodings with 8 bits a sample that stand for 16. */
const COMPANDED: Record<string, (wav: WaveFile) => void> = {
	'8a': (wav) => wav.fromALaw(),
	'8m': (wav) => wav.fromMuLaw(),
};

/**
 * Makes what Call Control plays out of a WAV file of any common rate, width and number of channels.
 *
 * @param file PCM of 8 to 32 bits, floating point, A-law or µ-law
 * @returns 8 kHz, 16 bits, mono, without header
 * @throws ThreeCxError of kind `input` when it is no such file, or a very large one
 */
export function pcmFromWav(file: Buffer): Buffer {
	if (file.length > MAX_WAV_BYTES) {
		throw unplayable(
			`The WAV file is too large: ${Math.ceil(file.length / 1_000_000)} MB`,
			`At most ${MAX_WAV_BYTES / 1_000_000} MB are converted. Save it as 8 kHz, 16-bit, mono before, or play it in parts.`,
		);
	}
	const wav = read(file);
	if (wav instanceof ThreeCxError) throw wav;
	const { sampleRate } = wav.fmt as { sampleRate: number };
	COMPANDED[wav.bitDepth]?.(wav);
	if (wav.bitDepth !== '16') wav.toBitDepth('16');
	const mono = new WaveFile();
	mono.fromScratch(1, sampleRate, '16', mixed(wav));
	if (sampleRate !== SAMPLE_RATE) mono.toSampleRate(SAMPLE_RATE);
	const { samples } = mono.data as { samples: Uint8Array };
	return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** 4-bit ADPCM is the one encoding that the library reads and does not decode cleanly. */
const UNREADABLE = new Set(['4', '0']);

function read(file: Buffer): WaveFile | ThreeCxError {
	let reason = '';
	try {
		const wav = new WaveFile(file);
		if (!UNREADABLE.has(wav.bitDepth)) return wav;
		reason = 'its encoding is not supported';
	} catch (error) {
		reason = (error as Error).message;
	}
	return unplayable(
		`This is no WAV file that can be played: ${reason.replace(/\.$/, '')}`,
		'Use PCM of 8 to 32 bits, floating point, A-law or µ-law. Convert MP3 and other formats to WAV before.',
	);
}

/** One channel: the average of all. */
function mixed(wav: WaveFile): Float64Array {
	// One array for mono, an array of arrays otherwise; the library's types know the first only.
	const samples: unknown = wav.getSamples(false);
	if (samples instanceof Float64Array) return samples;
	const channels = samples as Float64Array[];
	return (channels[0] ?? new Float64Array()).map(
		(_, at) => channels.reduce((sum, channel) => sum + (channel[at] ?? 0), 0) / channels.length,
	);
}

const unplayable = (message: string, hint: string) =>
	new ThreeCxError({ kind: 'input', field: 'audio', message, hint });
