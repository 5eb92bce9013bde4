import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { WaveFile } from 'wavefile';
import { backgroundCount } from '../../lib/callcontrol/calls/background';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import { pcmFromWav } from '../../lib/audio/wav';
import { bytesFrom, quiet, samplesIn, sine, speech, toneIn } from '../audio/samples';
import { APP, CALLER, legOf, nodeAndPbx, until, type NodeAndPbx } from './node';

let node: NodeAndPbx;
let callid: number;
let id: number;

/** A caller has come to the route point. Audio flows a hundred times as fast as in life. */
const start = async (calls: NonNullable<Parameters<typeof nodeAndPbx>[0]>['calls'] = {}) => {
	node = await nodeAndPbx({ calls: { mediaAfterMs: 0, audioBytesPerMs: 1_600, ...calls } });
	callid = node.pbx.calls.incoming({ from: CALLER, to: APP });
	id = node.pbx.calls.participants(APP)[0]!.id;
};
afterEach(async () => await node.close());

const stream = /\/stream$/;
const audio = (operation: string, more: INodeParameters = {}) => ({
	resource: 'audio',
	operation,
	...legOf(APP, id),
	...more,
});
const heard = () => node.pbx.calls.heard({ participant: id, dn: APP });
const press = (key: string) => node.pbx.calls.pressKey({ callid, key });
const hangUp = () => node.pbx.calls.hangUp({ callid });

describe('Record', () => {
	const recorded = async (more: INodeParameters) => {
		const { items, error } = await node.run(audio('record', { endOn: [], ...more }));
		if (error) throw error;
		const { json, binary } = items[0]!;
		const file = binary![Object.keys(binary!)[0]!]!;
		return { json, file, content: Buffer.from(file.data, 'base64') };
	};

	test('what was said, to the sample, as a WAV file', async () => {
		await start();
		const said = bytesFrom(sine(1_000, { hz: 300 }));
		node.pbx.calls.say(callid, said);
		const { json, file, content } = await recorded({ maxSeconds: 1 });
		expect(json).toMatchObject({
			extension: APP,
			participantId: id,
			callId: callid,
			seconds: 1,
			endedBy: 'maximum',
			key: null,
			fileName: `call-${callid}-${APP}.wav`,
			mimeType: 'audio/wav',
		});
		expect(file.mimeType).toBe('audio/wav');
		const wav = new WaveFile(content);
		expect(wav.fmt).toMatchObject({ sampleRate: 8_000, numChannels: 1, bitsPerSample: 16 });
		expect((wav.data as { chunkSize: number }).chunkSize).toBe(said.length);
		expect(content.subarray(44)).toEqual(said);
	});

	test('raw, into a field of another name', async () => {
		await start();
		const said = speech(1_000);
		node.pbx.calls.say(callid, said);
		const { items } = await node.run(
			audio('record', {
				endOn: [],
				maxSeconds: 1,
				format: 'pcm',
				options: { outputField: 'voice' },
			}),
		);
		expect(Object.keys(items[0]!.binary!)).toEqual(['voice']);
		expect(Buffer.from(items[0]!.binary!.voice!.data, 'base64')).toEqual(said);
	});

	test('until the caller stops to speak', async () => {
		await start();
		node.pbx.calls.say(callid, speech(1_500));
		const { json, content } = await recorded({ endOn: ['silence'], maxSeconds: 60 });
		expect(json).toMatchObject({ endedBy: 'silence', spoken: true });
		// Audio comes in pieces of 20 ms of the clock, which are 2 s long here.
		expect(json.seconds).toBeGreaterThanOrEqual(3.5);
		expect(json.seconds).toBeLessThan(60);
		expect(content.subarray(44, 44 + 1_500 * 16)).toEqual(speech(1_500));
	});

	test('until nobody begins to speak', async () => {
		await start();
		node.pbx.calls.say(callid, quiet(20));
		const { json } = await recorded({ endOn: ['silence'], options: { nothingSeconds: 4 } });
		expect(json).toMatchObject({ endedBy: 'nothingSaid', spoken: false });
	});

	test.each([
		['the key that ends it', '#', '#', '1#'],
		['any key', '', '5', '5'],
	])('until a key: %s', async (_, stopKeys, key, pressed) => {
		await start({ audioBytesPerMs: 16 });
		const asked = node.asked('GET', stream);
		const output = recorded({ endOn: ['key'], stopKeys, maxSeconds: 600 });
		await asked;
		press(pressed);
		const { json } = await output;
		expect(json).toMatchObject({ endedBy: 'key', key });
	});

	test('until the call ends: what there is, is kept', async () => {
		await start({ audioBytesPerMs: 16 });
		node.pbx.calls.say(callid, speech(40));
		const asked = node.asked('GET', stream);
		const output = recorded({ maxSeconds: 600 });
		await asked;
		hangUp();
		const { json, content } = await output;
		expect(json.endedBy).toBe('callEnded');
		expect(content.length).toBe(44 + Math.round((json.seconds as number) * 16_000));
	});

	test('goes on over a token that was replaced', async () => {
		await start({ audioBytesPerMs: 16 });
		const first = node.asked('GET', stream);
		node.pbx.calls.say(callid, quiet(20));
		const output = recorded({
			endOn: ['silence'],
			maxSeconds: 600,
			options: { silenceSeconds: 1, nothingSeconds: 500 },
		});
		await first;
		const again = node.asked('GET', stream);
		await mint();
		await again;
		node.pbx.calls.say(callid, speech(300));
		const { json, content } = await output;
		expect(json).toMatchObject({ endedBy: 'silence', spoken: true });
		expect(content.includes(speech(300))).toBe(true);
	});

	test('waits for the audio of a call that has just begun', async () => {
		await start();
		node.pbx.faults.next({ method: 'GET', path: stream, status: 424, times: 2 });
		node.pbx.calls.say(callid, speech(1_000));
		const { content } = await recorded({ maxSeconds: 1 });
		expect(content.subarray(44)).toEqual(speech(1_000));
		expect(node.pbx.faults.pending).toBe(0);
	});

	test('ends with the execution, leaving no file, socket or call behind', async () => {
		const files = () => readdirSync(tmpdir()).filter((name) => name.startsWith('3cx-audio-'));
		const before = new Set(files());
		await start({ audioBytesPerMs: 16 });
		let cancel = () => undefined as void;
		const asked = node.asked('GET', stream);
		const run = node.run(audio('record', { endOn: ['key'], maxSeconds: 600 }), {
			started: (execution) => (cancel = () => execution.cancel()),
		});
		await asked;
		expect(files().some((name) => !before.has(name))).toBe(true);
		cancel();
		await run;
		await until(() => files().every((name) => before.has(name)), 'the recording to be removed');
		await until(() => linkCount() === 0, 'the link to be left');
		expect(node.pbx.calls.participants(APP)).toHaveLength(1);
	});
});

describe('Play', () => {
	const withFile = (file: Buffer, mimeType = 'audio/wav') => ({
		items: [
			{ $binary: { data: { data: file.toString('base64'), mimeType } } as unknown as IDataObject },
		],
	});
	const wav = (samples: Int16Array, rate: number, channels = 1) => {
		const file = new WaveFile();
		const all = Array.from({ length: channels }, () => samples);
		file.fromScratch(channels, rate, '16', channels === 1 ? samples : all);
		return Buffer.from(file.toBuffer());
	};

	test('a file as it is heard by the caller', async () => {
		await start();
		const samples = sine(600);
		const output = await node.one(audio('play'), withFile(wav(samples, 8_000)));
		expect(output).toEqual({
			extension: APP,
			participantId: id,
			callId: callid,
			seconds: 0.6,
			completed: true,
			endedBy: 'finished',
			key: null,
		});
		expect(heard()).toEqual(bytesFrom(samples));
	});

	test('a stereo file of 44.1 kHz, converted', async () => {
		await start();
		const file = wav(sine(500, { rate: 44_100 }), 44_100, 2);
		await node.one(audio('play'), withFile(file));
		expect(heard()).toEqual(await pcmFromWav(file));
		const { amplitude, noise } = toneIn(samplesIn(heard()), 440);
		expect(Math.abs(amplitude - 8_000)).toBeLessThan(160);
		expect(noise).toBeLessThan(60);
	});

	test('raw samples as they are, but no half one', async () => {
		await start();
		const pcm = Buffer.concat([speech(300), Buffer.from([1])]);
		await node.one(audio('play', { format: 'pcm' }), withFile(pcm, 'application/octet-stream'));
		expect(heard()).toEqual(speech(300));
	});

	test('raw samples of another rate, converted', async () => {
		await start();
		const pcm = bytesFrom(sine(500, { rate: 24_000 }));
		const parameters = audio('play', { format: 'pcm', sampleRate: 24_000 });
		await node.one(parameters, withFile(pcm, 'application/octet-stream'));
		expect(Math.abs(heard().length - 500 * 16)).toBeLessThanOrEqual(8);
		const { amplitude, noise } = toneIn(samplesIn(heard()), 440);
		expect(Math.abs(amplitude - 8_000)).toBeLessThan(160);
		expect(noise).toBeLessThan(60);
	});

	test('until a key is pressed', async () => {
		await start();
		const output = node.one(
			audio('play', { stopOnKey: true, stopKeys: '#' }),
			withFile(wav(sine(20_000), 8_000)),
		);
		await until(() => heard().length > 0, 'the caller to hear something');
		press('1');
		press('#');
		expect(await output).toMatchObject({ completed: false, endedBy: 'key', key: '#' });
		expect(heard().length).toBeLessThan(20_000 * 16);
	});

	test('whatever keys are pressed where none is to stop it', async () => {
		await start();
		const output = node.one(audio('play'), withFile(wav(sine(700), 8_000)));
		await until(() => heard().length > 0, 'the caller to hear something');
		press('#');
		expect(await output).toMatchObject({ completed: true, endedBy: 'finished', key: null });
		expect(heard().length).toBe(700 * 16);
	});

	test('until the call ends', async () => {
		await start();
		const output = node.one(audio('play'), withFile(wav(sine(20_000), 8_000)));
		await until(() => heard().length > 0, 'the caller to hear something');
		hangUp();
		expect(await output).toMatchObject({ completed: false, endedBy: 'callEnded' });
	});

	test('waits for the audio of a call that has just begun', async () => {
		await start();
		node.pbx.faults.next({ method: 'POST', path: stream, status: 424, times: 2 });
		await node.one(audio('play'), withFile(wav(sine(300), 8_000)));
		expect(heard()).toEqual(speech(300));
		expect(node.pbx.faults.pending).toBe(0);
	});

	test('once the called person has picked up, and not before', async () => {
		await start({ externalAnswerAfterMs: 150 });
		const made = node.pbx.calls.makeCall({ from: APP, to: '+442079460018' })!;
		const output = await node.one(
			{ ...audio('play'), ...legOf(APP, made.id) },
			withFile(wav(sine(300), 8_000)),
		);
		expect(output).toMatchObject({ completed: true });
		expect(node.pbx.calls.heard({ participant: made.id, dn: APP })).toEqual(speech(300));
	});

	test('what is left after a token was replaced', async () => {
		await start();
		const samples = sine(1_500);
		const output = node.one(audio('play'), withFile(wav(samples, 8_000)));
		await until(() => heard().length > 0, 'the caller to hear something');
		await mint();
		expect(await output).toMatchObject({ completed: true, seconds: 1.5 });
		// What was on the way is lost; nothing is heard twice.
		expect(heard().length).toBeGreaterThan(600 * 16);
		expect(heard().length).toBeLessThanOrEqual(1_500 * 16);
	});

	describe('in the background', () => {
		const long = () => withFile(wav(sine(20_000), 8_000));
		const begin = async (more: Parameters<NodeAndPbx['one']>[1] = {}) => {
			const output = await node.one(audio('play', { background: true }), { ...long(), ...more });
			await until(() => heard().length > 0, 'the caller to hear something');
			return output;
		};
		const isOver = async () => await until(() => backgroundCount() === 0, 'the playing to end');

		test('goes on when the node has ended, until the call ends', async () => {
			await start();
			expect(await begin()).toEqual({
				extension: APP,
				participantId: id,
				callId: callid,
				seconds: 20,
				completed: null,
				endedBy: null,
				key: null,
			});
			const soFar = heard().length;
			await until(() => heard().length > soFar, 'more of it');
			hangUp();
			await isOver();
		});

		test('ends when something else is played to the call', async () => {
			await start();
			await begin();
			const next = await node.one(audio('play'), withFile(wav(sine(300), 8_000)));
			expect(next).toMatchObject({ completed: true });
			expect(heard().subarray(-300 * 16)).toEqual(speech(300));
			expect(heard().length).toBeLessThan(20_000 * 16);
			await isOver();
		});

		test('plays the latest of several', async () => {
			await start();
			await begin();
			await begin();
			await node.one(audio('play'), withFile(wav(sine(300), 8_000)));
			await isOver();
		});

		test('ends with a key', async () => {
			await start();
			await node.one(audio('play', { background: true, stopOnKey: true }), long());
			await until(() => heard().length > 0, 'the caller to hear something');
			press('5');
			await isOver();
			expect(heard().length).toBeLessThan(20_000 * 16);
		});

		test('is refused at once for a call that is gone', async () => {
			await start();
			hangUp();
			const { error } = await node.run(audio('play', { background: true }), long());
			expect(error).toMatchObject({ message: 'The call has ended' });
		});
	});

	test.each<[string, INodeParameters, Parameters<NodeAndPbx['one']>[1], string | RegExp]>([
		['no file', {}, { items: [{}] }, /data/],
		['no WAV', {}, withFile(Buffer.from('some text')), /not a playable WAV file/],
		['an MP3', {}, withFile(Buffer.from('ID3 this is MP3')), /^This is an MP3 file, and only WAV/],
		[
			'a key that no phone has',
			{ stopOnKey: true, stopKeys: 'x' },
			withFile(Buffer.alloc(0)),
			/phone keys|not a playable WAV/,
		],
	])('refuses %s before the caller hears anything', async (_, more, input, message) => {
		await start();
		const { error } = await node.run(audio('play', more), input);
		expect(error?.message).toMatch(message);
		expect(heard()).toHaveLength(0);
	});
});

describe('Collect Digits', () => {
	const collecting = async (more: INodeParameters, keys: string, ...last: Array<() => void>) => {
		const asked = node.asked('GET', new RegExp(`/participants/${id}$`));
		const output = node.one(audio('collectDigits', more));
		await asked;
		for (const key of keys) press(key);
		for (const act of last) act();
		return await output;
	};

	test.each<[string, INodeParameters, string, IDataObject]>([
		['with the end key', {}, '4711#9', { digits: '4711', endedBy: 'terminator' }],
		[
			'with another end key',
			{ terminator: '*' },
			'47#1*',
			{ digits: '47#1', endedBy: 'terminator' },
		],
		['with the last of the most', { maxDigits: 3 }, '47119', { digits: '471', endedBy: 'maximum' }],
		['with a pause', { betweenTimeout: 1 }, '47', { digits: '47', endedBy: 'timeout' }],
		['with nothing at all', { firstTimeout: 1 }, '', { digits: '', endedBy: 'timeout' }],
	])('ends %s', async (_, more, keys, expected) => {
		await start();
		expect(await collecting(more, keys)).toEqual({
			extension: APP,
			participantId: id,
			callId: callid,
			...expected,
		});
	});

	test('ends with the call', async () => {
		await start();
		expect(await collecting({}, '4', hangUp)).toMatchObject({ digits: '4', endedBy: 'callEnded' });
	});

	test('plays a prompt, which the first key stops', async () => {
		await start();
		const prompt = speech(20_000);
		const output = node.one(audio('collectDigits', { playPrompt: true, format: 'pcm' }), {
			items: [
				{
					$binary: {
						data: { data: prompt.toString('base64'), mimeType: 'x/y' },
					} as unknown as IDataObject,
				},
			],
		});
		await until(() => heard().length > 0, 'the prompt to begin');
		press('7');
		press('#');
		expect(await output).toMatchObject({ digits: '7', endedBy: 'terminator' });
		expect(heard().length).toBeLessThan(prompt.length);
		expect(heard()).toEqual(prompt.subarray(0, heard().length));
	});
});

describe('audio', () => {
	test.each(['record', 'collectDigits'])(
		'of a call that has ended: %s says so',
		async (operation) => {
			await start();
			hangUp();
			const { error } = await node.run(audio(operation));
			expect(error).toMatchObject({ message: 'The call has ended', httpCode: '404' });
		},
	);

	test('is on route points only', async () => {
		await start();
		const inside = node.pbx.calls.incoming({ from: CALLER, to: '100' });
		node.pbx.calls.answer({ callid: inside, dn: '100' });
		const [leg] = node.pbx.calls.participants('100');
		const { error } = await node.run({ ...audio('record'), ...legOf('100', leg!.id) });
		expect(error).toMatchObject({
			message: 'This call has no audio for the API',
			httpCode: '422',
			description: expect.stringMatching(
				/Only calls of a route point.*3CX says: .*no route point/s,
			),
		});
	});

	test('takes no connection away from other requests', async () => {
		await start({ audioBytesPerMs: 16 });
		const ids = Array.from({ length: 10 }, () => {
			const call = node.pbx.calls.incoming({ from: CALLER, to: APP });
			return node.pbx.calls.participants(APP).find((leg) => leg.callid === call)!.id;
		});
		const streams = () => node.pbx.requests.filter(({ path }) => stream.test(path)).length;
		const recordings = ids.map(
			async (leg) => await node.one({ ...audio('record', { endOn: [] }), ...legOf(APP, leg) }),
		);
		await until(() => streams() === 10, 'ten recordings');
		const state = await node.one({ resource: 'call', operation: 'get', ...legOf(APP, id) });
		expect(state).toMatchObject({ status: 'Connected' });
		for (const call of node.pbx.calls.calls()) node.pbx.calls.hangUp({ callid: call.id });
		await Promise.all(recordings);
	});
});

/** Somebody else logs in with the same client: the token of the node dies. */
async function mint(): Promise<void> {
	const { clientId, clientSecret } = node.pbx.defaultClient;
	await fetch(`${node.pbx.url}/connect/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: clientId,
			client_secret: clientSecret,
			grant_type: 'client_credentials',
		}),
	});
}
