import { WaveFile } from 'wavefile';
import { BYTES_PER_MS } from '../../lib/audio/pcm';
import { MAX_WAV_BYTES, pcmFromWav, wavHeader } from '../../lib/audio/wav';
import { bytesFrom, largestError, samplesIn, sine, speech, toneIn } from './samples';

/** The library writes the files here: an independent judge of the header, and the maker of odd formats. */
function wav(
	channels: Int16Array[],
	rate: number,
	change: (file: WaveFile) => void = () => undefined,
) {
	const file = new WaveFile();
	file.fromScratch(channels.length, rate, '16', channels.length === 1 ? channels[0]! : channels);
	change(file);
	return Buffer.from(file.toBuffer());
}

describe('a WAV file', () => {
	test('of a recording says what it holds', () => {
		const pcm = speech(100);
		const file = new WaveFile(Buffer.concat([wavHeader(pcm.length), pcm]));
		expect(file.fmt).toMatchObject({
			audioFormat: 1,
			numChannels: 1,
			sampleRate: 8_000,
			byteRate: 16_000,
			blockAlign: 2,
			bitsPerSample: 16,
		});
		expect((file.data as { chunkSize: number }).chunkSize).toBe(pcm.length);
		expect(bytesFrom(Int16Array.from(file.getSamples()))).toEqual(pcm);
	});

	test('that is as Call Control wants it is not touched', async () => {
		const samples = sine(300);
		expect(await pcmFromWav(wav([samples], 8_000))).toEqual(bytesFrom(samples));
	});

	test.each<[string, number, number, (file: WaveFile) => void]>([
		['8 bit', 8_000, 150, (file) => file.toBitDepth('8')],
		['24 bit', 8_000, 2, (file) => file.toBitDepth('24')],
		['32 bit', 8_000, 2, (file) => file.toBitDepth('32')],
		['32 bit float', 8_000, 2, (file) => file.toBitDepth('32f')],
		['64 bit float', 8_000, 2, (file) => file.toBitDepth('64')],
		['A-law', 8_000, 150, (file) => file.toALaw()],
		['µ-law', 8_000, 150, (file) => file.toMuLaw()],
		['11.025 kHz', 11_025, 60, () => undefined],
		['16 kHz', 16_000, 60, () => undefined],
		['22.05 kHz', 22_050, 60, () => undefined],
		['44.1 kHz', 44_100, 60, () => undefined],
		['48 kHz', 48_000, 60, () => undefined],
		['48 kHz, 24 bit', 48_000, 60, (file) => file.toBitDepth('24')],
		['6 kHz', 6_000, 150, () => undefined],
	])('of %s is the same tone at 8 kHz and 16 bits', async (_, rate, mostNoise, change) => {
		const pcm = await pcmFromWav(wav([sine(500, { rate })], rate, change));
		expect(Math.abs(pcm.length - 8_000)).toBeLessThanOrEqual(4);
		const { amplitude, noise } = toneIn(samplesIn(pcm), 440);
		expect(Math.abs(amplitude - 8_000)).toBeLessThan(160);
		expect(noise).toBeLessThan(mostNoise);
	});

	test('does not fold what 8 kHz cannot hold into what can be heard', async () => {
		const pcm = samplesIn(await pcmFromWav(wav([sine(500, { rate: 48_000, hz: 7_000 })], 48_000)));
		expect(toneIn(pcm, 1_000).amplitude).toBeLessThan(80);
	});

	test('in stereo becomes the average of both sides', async () => {
		const left = sine(200, { amplitude: 8_000 });
		const right = sine(200, { amplitude: 4_000 });
		const pcm = samplesIn(await pcmFromWav(wav([left, right], 8_000)));
		expect(largestError(pcm, sine(200, { amplitude: 6_000 }), 0, 1_600)).toBeLessThanOrEqual(1);
	});

	test('whose opposite sides cancel out is silent', async () => {
		const left = sine(200);
		const pcm = await pcmFromWav(wav([left, left.map((sample) => -sample)], 8_000));
		expect(pcm.every((byte) => byte === 0)).toBe(true);
	});

	test.each([
		['nothing', Buffer.alloc(0)],
		['ADPCM', wav([sine(200)], 8_000, (file) => file.toIMAADPCM())],
	])('that is %s is refused in plain words', async (_, file) => {
		await expect(pcmFromWav(file)).rejects.toThrow(
			expect.objectContaining({
				kind: 'input',
				message: expect.stringContaining('not a playable WAV file'),
				hint: expect.stringContaining('MP3'),
			}),
		);
	});

	test.each<[string, Array<number | string>]>([
		['an MP3', ['ID3', 4]],
		['an MP3', [0xff, 0xfb, 0x90]],
		['an MP3', [0xff, 0xf3, 0x40]],
		['an AAC', [0xff, 0xf1, 0x50]],
		['an Ogg or Opus', ['OggS', 0]],
		['a FLAC', ['fLaC', 0]],
		['an M4A', [0, 0, 0, 0x20, 'ftypM4A ']],
		['a WebM', [0x1a, 0x45, 0xdf, 0xa3]],
		['an AIFF', ['FORM', 0, 0, 0, 9, 'AIFC']],
	])('that is %s (%p) is refused with how to convert it', async (format, head) => {
		const bytes = head.map((part) =>
			typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from([part]),
		);
		const file = Buffer.concat([...bytes, Buffer.alloc(500)]);
		await expect(pcmFromWav(file)).rejects.toThrow(
			expect.objectContaining({
				kind: 'input',
				message: `This is ${format} file, and only WAV and raw PCM are played`,
				hint: expect.stringMatching(/ffmpeg -i .* out\.wav/),
			}),
		);
	});

	test('that is huge is refused before it costs anything', async () => {
		await expect(pcmFromWav(Buffer.alloc(MAX_WAV_BYTES + 1))).rejects.toThrow(
			expect.objectContaining({ kind: 'input', message: expect.stringContaining('too large') }),
		);
	});

	/** A chunk of a file made by hand. */
	const chunk = (name: string, content: Buffer, length = content.length) => {
		const head = Buffer.alloc(8);
		head.write(name, 'latin1');
		head.writeUInt32LE(length, 4);
		return Buffer.concat([head, content]);
	};
	const format = (code: number, channels: number, rate: number, bits: number) => {
		const content = Buffer.alloc(16);
		content.writeUInt16LE(code, 0);
		content.writeUInt16LE(channels, 2);
		content.writeUInt32LE(rate, 4);
		content.writeUInt32LE(((rate * channels * bits) / 8) % 2 ** 32, 8);
		content.writeUInt16LE(Math.min(65_535, Math.floor((channels * bits) / 8)), 12);
		content.writeUInt16LE(bits, 14);
		return chunk('fmt ', content);
	};
	const file = (...chunks: Buffer[]) =>
		Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), ...chunks]);
	const data = chunk('data', bytesFrom(sine(100)));
	const counting = (name: string, at: number) => {
		const content = Buffer.alloc(64);
		content.writeUInt32LE(2 ** 31, at);
		return chunk(name, content);
	};

	test.each([
		['cue points', counting('cue ', 0)],
		['loops', counting('smpl', 28)],
		['texts', chunk('LIST', Buffer.from('adtlltxt', 'latin1'))],
		['a chunk longer than the file', chunk('junk', Buffer.alloc(4), 4)],
	])('with 2,147,483,648 %s, or what says so, is played', async (_, odd) => {
		const began = process.cpuUsage();
		expect(await pcmFromWav(file(format(1, 1, 8_000, 16), odd, data))).toEqual(
			bytesFrom(sine(100)),
		);
		expect(process.cpuUsage(began).user / 1_000).toBeLessThan(5_000);
	});

	test.each([
		['1 Hz', format(1, 1, 1, 16)],
		['100 Hz', format(1, 1, 100, 16)],
		['0 Hz', format(1, 1, 0, 16)],
		['4 GHz', format(1, 1, 2 ** 32 - 1, 16)],
		['1 bit', format(1, 1, 8_000, 1)],
		['65,535 bits', format(1, 1, 8_000, 65_535)],
		['0 bits', format(1, 1, 8_000, 0)],
		['no channel', format(1, 0, 8_000, 16)],
		['65,535 channels', format(1, 65_535, 8_000, 16)],
		['an unknown encoding', format(85, 1, 8_000, 16)],
		['no format', Buffer.alloc(0)],
		['a format that is cut off', chunk('fmt ', Buffer.alloc(4))],
	])('of %s is refused at once', async (_, odd) => {
		const began = process.cpuUsage();
		await expect(pcmFromWav(file(odd, data))).rejects.toThrow(
			expect.objectContaining({ kind: 'input', field: 'audio' }),
		);
		expect(process.cpuUsage(began).user / 1_000).toBeLessThan(5_000);
	});

	test('that lasts for hours is refused', async () => {
		const long = chunk('data', Buffer.alloc(20_000_000));
		await expect(pcmFromWav(file(format(6, 1, 4_000, 8), long))).rejects.toThrow('83 minutes');
	});

	test('is converted while this process goes on, and no longer than somebody waits', async () => {
		const long = wav([sine(5_000, { rate: 44_100 })], 44_100);
		let turns = 0;
		const ticking = setInterval(() => (turns += 1), 1);
		expect((await pcmFromWav(long)).length).toBe(5_000 * BYTES_PER_MS);
		clearInterval(ticking);
		expect(turns).toBeGreaterThan(5);
		const stop = new AbortController();
		const stopped = pcmFromWav(long, stop.signal);
		stop.abort(new Error('stopped'));
		await expect(stopped).rejects.toThrow('stopped');
	});

	test('that is cut off is played as far as it goes', async () => {
		const cut = file(format(1, 1, 8_000, 16), chunk('data', bytesFrom(sine(100)), 2 ** 32 - 1));
		expect(await pcmFromWav(cut.subarray(0, -1))).toEqual(bytesFrom(sine(100)).subarray(0, -2));
	});
});
