import { ThreeCxError } from '../http/errors';
import { inThread } from '../thread';
import { SAMPLE_BYTES, SAMPLE_RATE } from './pcm';

/** Bytes of {@link wavHeader}. */
const WAV_HEADER_BYTES = 44;

/**
 * @param dataBytes length of the audio that follows: 16 bits, one channel
 * @param rate of it, in Hz; as Call Control sends it, unless said otherwise
 * @returns what makes a WAV file of it (RIFF, `fmt ` for PCM, `data`)
 */
export function wavHeader(dataBytes: number, rate = SAMPLE_RATE): Buffer {
	const header = Buffer.alloc(WAV_HEADER_BYTES);
	header.write('RIFF', 0, 'latin1');
	header.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4);
	header.write('WAVEfmt ', 8, 'latin1');
	header.writeUInt32LE(16, 16); // length of `fmt `
	header.writeUInt16LE(1, 20); // PCM
	header.writeUInt16LE(1, 22); // channels
	header.writeUInt32LE(rate, 24);
	header.writeUInt32LE(rate * SAMPLE_BYTES, 28);
	header.writeUInt16LE(SAMPLE_BYTES, 32);
	header.writeUInt16LE(SAMPLE_BYTES * 8, 34);
	header.write('data', 36, 'latin1');
	header.writeUInt32LE(dataBytes, 40);
	return header;
}

/** Largest file that is played, in bytes: four minutes of mono at 44.1 kHz. It takes about a second of CPU for each. */
export const MAX_WAV_BYTES = 24_000_000;

/** Longest audio that is converted, in s: a slow one of {@link MAX_WAV_BYTES} would last for hours at 8 kHz. */
const MAX_WAV_S = 1_800;

/** The rates that are converted, in Hz: what telephones, sound cards and studios use. */
const RATES = { min: 4_000, max: 192_000 };

/** The most channels that are mixed. */
const MAX_CHANNELS = 8;

/** How samples are written, by the code in `fmt `: the bits that occur. */
const ENCODINGS: Readonly<Record<number, readonly number[]>> = {
	1: [8, 16, 24, 32], // PCM
	3: [32, 64], // floating point
	6: [8], // A-law
	7: [8], // µ-law
};

/** `fmt ` has this code where the real one stands further behind in it. */
const EXTENSIBLE = 0xfffe;

/** How long a file of {@link MAX_WAV_BYTES} may take on a busy machine, in ms; on a quiet one it takes about 5 s. */
const CONVERSION_MS = 120_000;

/** Memory of the thread that converts, in MB: the library holds each sample as a number of 8 bytes, some times over. */
const MEMORY_MB = 1_024;

/** What the thread does with the file: 16 bits, one channel (the average of all), 8 kHz. */
const CONVERT = `
const { WaveFile } = require(workerData.library);
const wav = new WaveFile(workerData.file);
if (wav.bitDepth === '8a') wav.fromALaw();
if (wav.bitDepth === '8m') wav.fromMuLaw();
if (wav.bitDepth !== '16') wav.toBitDepth('16');
const samples = wav.getSamples(false);
const channels = samples instanceof Float64Array ? [samples] : samples;
const average = channels[0].map(
	(_, at) => channels.reduce((sum, channel) => sum + (channel[at] ?? 0), 0) / channels.length,
);
const mono = new WaveFile();
mono.fromScratch(1, workerData.from, '16', average);
if (workerData.from !== workerData.to) mono.toSampleRate(workerData.to);
return Uint8Array.from(mono.data.samples);
`;

/**
 * Makes what Call Control plays out of a WAV file of any common rate, width and number of channels, in a thread of its
 * own: n8n goes on meanwhile.
 *
 * @param file PCM of 8 to 32 bits, floating point, A-law or µ-law; 4 to 192 kHz, up to 8 channels and half an hour
 * @param signal ends it
 * @returns 8 kHz, 16 bits, mono, without header
 * @throws ThreeCxError of kind `input` when it is no such file, or a very large one; the signal's reason when it is stopped
 */
export async function pcmFromWav(file: Buffer, signal?: AbortSignal): Promise<Buffer> {
	if (file.length > MAX_WAV_BYTES) {
		throw unplayable(
			`The WAV file is too large: ${Math.ceil(file.length / 1_000_000)} MB`,
			`At most ${MAX_WAV_BYTES / 1_000_000} MB are converted. Save it as 8 kHz, 16-bit, mono before, or play it in parts.`,
		);
	}
	const { format, audio } = read(file);
	const { rate } = format;
	const seconds = audio.length / (blockOf(format) * rate);
	if (seconds > MAX_WAV_S) {
		throw unplayable(
			`The WAV file is too long: ${Math.round(seconds / 60)} minutes`,
			`At most ${MAX_WAV_S / 60} minutes are played at once. Play it in parts.`,
		);
	}
	if (audio.length === 0 || isAsPlayed(format)) return audio;
	const pcm = await inThread<Uint8Array>(
		CONVERT,
		{
			library: require.resolve('wavefile'),
			file: plainFile(format, audio),
			from: rate,
			to: SAMPLE_RATE,
		},
		{ what: 'The WAV file', withinMs: CONVERSION_MS, memoryMb: MEMORY_MB, signal },
	).catch((error: Error) => {
		signal?.throwIfAborted();
		throw unplayable(
			`The WAV file cannot be converted: ${error.message}`,
			'Save it as 8 kHz, 16-bit, mono before: such a file is played as it is.',
		);
	});
	return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
}

const isAsPlayed = ({ encoding, bits, channels, rate }: Format) =>
	encoding === 1 && bits === SAMPLE_BYTES * 8 && channels === 1 && rate === SAMPLE_RATE;

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
		throw otherFormat(file) ?? noWav('it does not begin as one');
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
	if (!ENCODINGS[encoding]?.includes(bits)) throw noWav('its encoding is not supported');
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

/** How audio begins that people often have instead, as Latin-1. */
const OTHERS: ReadonlyArray<[string, RegExp]> = [
	['an MP3', /^(?:ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/],
	['an AAC', /^\xff[\xf0\xf1\xf8\xf9]/],
	['an Ogg or Opus', /^OggS/],
	['a FLAC', /^fLaC/],
	['an M4A', /^[^]{4}ftyp/],
	['a WebM', /^.E\xdf\xa3/s],
	['an AIFF', /^FORM[^]{4}AIF/],
];

/** @returns what to do about a file of another format; undefined where it is none that is known */
function otherFormat(file: Buffer): ThreeCxError | undefined {
	const head = file.toString('latin1', 0, 12);
	const [format] = OTHERS.find(([, beginning]) => beginning.test(head)) ?? [];
	if (format === undefined) return undefined;
	return unplayable(
		`This is ${format} file, and only WAV and raw PCM are played`,
		'Convert it before, such as with "ffmpeg -i in.mp3 -ar 8000 -ac 1 out.wav", or ask the service that makes it for WAV: speech services have that as an output format.',
	);
}

const noWav = (reason: string) =>
	unplayable(
		`This is not a playable WAV file: ${reason}`,
		`Use PCM of 8 to 32 bits, floating point, A-law or µ-law, ${RATES.min / 1_000} to ${RATES.max / 1_000} kHz, with up to ${MAX_CHANNELS} channels. Convert MP3 and other formats to WAV before.`,
	);

const unplayable = (message: string, hint: string) =>
	new ThreeCxError({ kind: 'input', field: 'audio', message, hint });
