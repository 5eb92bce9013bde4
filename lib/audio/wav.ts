import { WaveFile } from 'wavefile';
import { ThreeCxError } from '../http/errors';
import { BYTES_PER_MS, SAMPLE_BYTES, SAMPLE_RATE } from './pcm';

/** Bytes of {@link wavHeader}. */
const WAV_HEADER_BYTES = 44;

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

/** Longest audio that is converted, in s: a slow one of {@link MAX_WAV_BYTES} would last for hours at 8 kHz. */
const MAX_WAV_S = 1_800;

/** The rates that are converted, in Hz: what telephones, sound cards and studios use. */
const RATES = { min: 4_000, max: 192_000 };

/** The most channels that are mixed. */
const MAX_CHANNELS = 8;

/** How samples are written, by the code in `fmt `: the bits that occur, and the library's name where it is not that. */
const ENCODINGS: Readonly<Record<number, { bits: readonly number[]; depth?: string }>> = {
	1: { bits: [8, 16, 24, 32] }, // PCM
	3: { bits: [32, 64] }, // floating point
	6: { bits: [8], depth: '8a' }, // A-law
	7: { bits: [8], depth: '8m' }, // µ-law
};

/** `fmt ` has this code where the real one stands further behind in it. */
const EXTENSIBLE = 0xfffe;

/** Encodings with 8 bits a sample that stand for 16. */
const COMPANDED: Readonly<Record<string, (wav: WaveFile) => void>> = {
	'8a': (wav) => wav.fromALaw(),
	'8m': (wav) => wav.fromMuLaw(),
};

/**
 * Makes what Call Control plays out of a WAV file of any common rate, width and number of channels.
 *
 * @param file PCM of 8 to 32 bits, floating point, A-law or µ-law; 4 to 192 kHz, up to 8 channels and half an hour
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
	const { format, audio } = read(file);
	const { rate, encoding, bits, channels } = format;
	const seconds = audio.length / ((bits / 8) * channels * rate);
	if (seconds > MAX_WAV_S) {
		throw unplayable(
			`The WAV file is too long: ${Math.round(seconds / 60)} minutes`,
			`At most ${MAX_WAV_S / 60} minutes are played at once. Play it in parts.`,
		);
	}
	if (audio.length === 0) return Buffer.alloc(0);
	const wav = new WaveFile(plainFile(format, audio));
	COMPANDED[ENCODINGS[encoding]?.depth ?? '']?.(wav);
	if (wav.bitDepth !== '16') wav.toBitDepth('16');
	const mono = new WaveFile();
	mono.fromScratch(1, rate, '16', mixed(wav));
	if (rate !== SAMPLE_RATE) mono.toSampleRate(SAMPLE_RATE);
	const { samples } = mono.data as { samples: Uint8Array };
	return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

interface Format {
	encoding: number;
	channels: number;
	rate: number;
	bits: number;
}

/**
 * Reads `fmt ` and `data`, and looks at nothing else: the library would also read cue points, loops and texts, as many as
 * the file says that there are.
 */
function read(file: Buffer): { format: Format; audio: Buffer } {
	const kind = file.toString('latin1', 0, 4);
	if (!['RIFF', 'RF64'].includes(kind) || file.toString('latin1', 8, 12) !== 'WAVE') {
		throw noWav('it does not begin as one');
	}
	let format: Format | undefined;
	for (let at = 12; at + 8 <= file.length; ) {
		const name = file.toString('latin1', at, at + 4);
		const length = file.readUInt32LE(at + 4);
		const chunk = file.subarray(at + 8, at + 8 + length);
		if (name === 'fmt ') format ??= formatOf(chunk);
		if (name === 'data') {
			if (!format) throw noWav('it does not say how its samples are written');
			// Whole samples of all channels; a file that was cut off, or whose length was not known, goes to its end.
			return { format, audio: chunk.subarray(0, chunk.length - (chunk.length % blockOf(format))) };
		}
		at += 8 + length + (length % 2);
	}
	throw noWav(format ? 'there is no audio in it' : 'it does not say how its samples are written');
}

const blockOf = ({ bits, channels }: Format) => (bits / 8) * channels;

function formatOf(chunk: Buffer): Format {
	if (chunk.length < 16) throw noWav('it is cut off');
	const code = chunk.readUInt16LE(0);
	const encoding = code === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : code;
	const [channels, rate, bits] = [
		chunk.readUInt16LE(2),
		chunk.readUInt32LE(4),
		chunk.readUInt16LE(14),
	];
	if (!ENCODINGS[encoding]?.bits.includes(bits)) throw noWav('its encoding is not supported');
	if (rate < RATES.min || rate > RATES.max) throw noWav(`its rate of ${rate} Hz is not supported`);
	if (channels < 1 || channels > MAX_CHANNELS) {
		throw noWav(`its ${channels} channels are not supported`);
	}
	return { encoding, channels, rate, bits };
}

/** The same audio in a file that holds nothing else. */
function plainFile(format: Format, audio: Buffer): Buffer {
	const header = wavHeader(audio.length);
	header.writeUInt16LE(format.encoding, 20);
	header.writeUInt16LE(format.channels, 22);
	header.writeUInt32LE(format.rate, 24);
	header.writeUInt32LE(format.rate * blockOf(format), 28);
	header.writeUInt16LE(blockOf(format), 32);
	header.writeUInt16LE(format.bits, 34);
	return Buffer.concat([header, audio]);
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

const noWav = (reason: string) =>
	unplayable(
		`This is not a playable WAV file: ${reason}`,
		`Use PCM of 8 to 32 bits, floating point, A-law or µ-law, ${RATES.min / 1_000} to ${RATES.max / 1_000} kHz, with up to ${MAX_CHANNELS} channels. Convert MP3 and other formats to WAV before.`,
	);

const unplayable = (message: string, hint: string) =>
	new ThreeCxError({ kind: 'input', field: 'audio', message, hint });
