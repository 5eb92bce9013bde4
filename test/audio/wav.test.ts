import { WaveFile } from 'wavefile';
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

	test('that is as Call Control wants it is not touched', () => {
		const samples = sine(300);
		expect(pcmFromWav(wav([samples], 8_000))).toEqual(bytesFrom(samples));
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
	])('of %s is the same tone at 8 kHz and 16 bits', (_, rate, mostNoise, change) => {
		const pcm = pcmFromWav(wav([sine(500, { rate })], rate, change));
		expect(Math.abs(pcm.length - 8_000)).toBeLessThanOrEqual(4);
		const { amplitude, noise } = toneIn(samplesIn(pcm), 440);
		expect(Math.abs(amplitude - 8_000)).toBeLessThan(160);
		expect(noise).toBeLessThan(mostNoise);
	});

	test('does not fold what 8 kHz cannot hold into what can be heard', () => {
		const pcm = samplesIn(pcmFromWav(wav([sine(500, { rate: 48_000, hz: 7_000 })], 48_000)));
		expect(toneIn(pcm, 1_000).amplitude).toBeLessThan(80);
	});

	test('in stereo becomes the average of both sides', () => {
		const left = sine(200, { amplitude: 8_000 });
		const right = sine(200, { amplitude: 4_000 });
		const pcm = samplesIn(pcmFromWav(wav([left, right], 8_000)));
		expect(largestError(pcm, sine(200, { amplitude: 6_000 }), 0, 1_600)).toBeLessThanOrEqual(1);
	});

	test('whose opposite sides cancel out is silent', () => {
		const left = sine(200);
		const pcm = pcmFromWav(wav([left, left.map((sample) => -sample)], 8_000));
		expect(pcm.every((byte) => byte === 0)).toBe(true);
	});

	test.each([
		['nothing', Buffer.alloc(0)],
		['MP3', Buffer.concat([Buffer.from('ID3'), Buffer.alloc(500)])],
		['ADPCM', wav([sine(200)], 8_000, (file) => file.toIMAADPCM())],
	])('that is %s is refused in plain words', (_, file) => {
		expect(() => pcmFromWav(file)).toThrow(
			expect.objectContaining({
				kind: 'input',
				message: expect.stringContaining('no WAV file that can be played'),
				hint: expect.stringContaining('MP3'),
			}),
		);
	});

	test('that is huge is refused before it costs anything', () => {
		expect(() => pcmFromWav(Buffer.alloc(MAX_WAV_BYTES + 1))).toThrow(
			expect.objectContaining({ kind: 'input', message: expect.stringContaining('too large') }),
		);
	});
});
