import { WaveFile } from 'wavefile';
import { wavHeader } from '../../lib/audio/wav';
import { resources } from '../../nodes/ThreeCxCallControl/resources';
import { startProxy, type FaultProxy } from '../proofs/chaos/proxy';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import type { Execution, Workflow } from '../../sandbox/playground/api';
import { bytesFrom, samplesIn, sine, toneIn } from '../audio/samples';
import { Collector } from '../callcontrol/collector';
import { APP, by, CALLER, legOf, until } from '../callcontrolnode/node';
import { startServer, type TestServer } from '../support/httpServer';
import { chain, CREDENTIAL_TYPE, openN8n, type ChainedNode, type TestedN8n } from './support';

/**
 * Every operation of the call control node in a real n8n: n8n saves the parameters, resolves the expressions, fetches and
 * stores the files, and stops what a person stops. The test is the people at the phones.
 */

const TYPE = 'n8n-nodes-threecx.threeCxCallControl';

/** What the extensions of the sandbox have for phones. */
const DESK_PHONE_AND_APP = '100';
const DESK_PHONE_ONLY = '107';
const APP_ONLY = '108';

type Fields = Record<string, unknown>;

let n8n: TestedN8n;
let pbx: Pbx;
let credential: { id: string; name: string };
/** Has a WAV file for n8n to fetch. */
let files: TestServer;
const prompt = sine(1_000, { hz: 400 });

const asPlayed = (samples: Int16Array) =>
	Buffer.concat([wavHeader(samples.length * 2), bytesFrom(samples)]);

/** As a music program writes it. */
function stereo(): Buffer {
	const file = new WaveFile();
	const side = sine(1_000, { hz: 400, rate: 44_100 });
	file.fromScratch(2, 44_100, '16', [side, side]);
	return Buffer.from(file.toBuffer());
}

const FILES: Record<string, Buffer> = {
	'/': asPlayed(prompt),
	'/long': asPlayed(sine(20_000, { hz: 400 })),
	'/stereo': stereo(),
};

beforeAll(async () => {
	files = await startServer(({ url }, response) => {
		response.writeHead(200, {
			'content-type': 'audio/wav',
			'content-disposition': 'attachment; filename="prompt.wav"',
		});
		response.end(FILES[url!]);
	});
	n8n = await openN8n();
}, 330_000);

afterAll(async () => {
	await n8n?.close();
	await files?.close();
}, 60_000);

/** A PBX whose phones ring until the test says otherwise. */
async function start({ calls, ...options }: PbxOptions = {}): Promise<void> {
	pbx = await startPbx({
		seedCallLogRows: 0,
		...options,
		calls: { ringTimeoutMs: 600_000, externalAnswerAfterMs: 100, pickUpAfterMs: 100, ...calls },
	});
	const { clientId, clientSecret } = pbx.defaultClient;
	credential = await n8n.api.saveCredential(pbx.url, CREDENTIAL_TYPE, {
		pbxUrl: pbx.url,
		clientId,
		clientSecret,
	});
}
afterEach(async () => await pbx?.close());

const save = async (...steps: ChainedNode[]): Promise<Workflow> =>
	await n8n.api.saveWorkflow(chain(`Calls on ${pbx.url}`, credential, steps));

/** What has been put into a workflow. */
/** A workflow that begins when the phone of 100 rings, instead of by hand. */
function whenPhoneRings({ nodes: [go, ...others], ...rest }: ReturnType<typeof chain>) {
	const trigger = {
		...go!,
		type: 'n8n-nodes-threecx.threeCxTrigger',
		parameters: { events: ['callRinging'], extensions: ['100'] },
		credentials: { [CREDENTIAL_TYPE]: credential },
	};
	return { ...rest, nodes: [trigger, ...others] };
}

const used = new Set<string>();

function node(parameters: Fields, name = '3CX'): ChainedNode {
	used.add(`${String(parameters.resource)} ${String(parameters.operation)}`);
	return { name, type: TYPE, parameters };
}

/** n8n's own node, which fetches the prompt as a file. */
const fetching: ChainedNode = {
	name: 'Prompt',
	type: 'n8n-nodes-base.httpRequest',
	typeVersion: 4.2,
	parameters: {
		url: '={{ $json.url }}',
		options: { response: { response: { responseFormat: 'file' } } },
	},
};
const promptUrl = (path = '/'): ChainedNode => ({
	name: 'Where',
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	parameters: {
		assignments: {
			assignments: [{ id: '1', name: 'url', value: files.origin + path, type: 'string' }],
		},
	},
});

/** Starts a workflow; the call is played while it runs. */
async function begin(
	...steps: ChainedNode[]
): Promise<{ id: string; end: () => Promise<Execution> }> {
	const { id: workflowId } = await save(...steps);
	const id = await n8n.api.startRun(workflowId, 'Go');
	return { id, end: async () => await n8n.api.finished(id) };
}

const outputOf = ({ status, error, outputs }: Execution, name = '3CX') => {
	expect({ status, error }).toEqual({ status: 'success', error: undefined });
	const [item, ...others] = outputs(name);
	expect(others).toEqual([]);
	return item!;
};

/** Runs the node for one item and gives what comes out. */
const one = async (parameters: Fields) =>
	outputOf(await (await begin(node(parameters))).end()).json;
/** The same for any number. */
const many = async (parameters: Fields) => {
	const { status, error, items } = await (await begin(node(parameters))).end();
	expect({ status, error }).toEqual({ status: 'success', error: undefined });
	return items('3CX');
};
/** What the node ends with that is refused. */
const refusal = async (parameters: Fields) => {
	const { status, error } = await (await begin(node(parameters))).end();
	expect(status).toBe('error');
	return error;
};

const legs = (dn: string) => pbx.calls.participants(dn);
const statuses = (callid: number) =>
	pbx.calls.legsOf(callid).map(({ dn, status }) => `${dn} ${status}`);
const legIn = async (dn: string, status: string) => {
	await until(() => legs(dn).some((leg) => leg.status === status), `${dn} ${status}`, 20_000);
	return legs(dn).find((leg) => leg.status === status)!;
};

/** Whether n8n has read a leg of an extension since so many requests. */
const hasRead = (dn: string, since: number) =>
	pbx.requests
		.slice(since)
		.some(({ path, status }) => path.includes(`/${dn}/participants/`) && status === 200);

/** A call from outside that rings at an extension, or has come to a route point. */
const incoming = (to: string) => {
	const callid = pbx.calls.incoming({ from: CALLER, fromName: 'Ada', to });
	const { id } = legs(to).find((each) => each.callid === callid)!;
	return { callid, id, fields: legOf(to, id) };
};
const answered = (to: string) => {
	const call = incoming(to);
	pbx.calls.answer({ callid: call.callid, dn: to });
	return call;
};

const on = (operation: string, fields: Fields, more: Fields = {}) => ({
	resource: 'call',
	operation,
	...fields,
	...more,
});

describe('Make Call', () => {
	const make = (more: Fields) => on('makeCall', { extension: by('100'), destination: '101' }, more);

	test('from the first desk phone of an extension', async () => {
		await start();
		const output = await one(make({ device: 'deskPhone' }));
		const [leg] = legs('100');
		const [deskPhone] = pbx.calls.directory.dn('100')!.devices;
		expect(output).toMatchObject({
			success: true,
			extension: '100',
			destination: '101',
			device: deskPhone!.device_id,
			participantId: leg!.id,
			callId: leg!.callid,
			status: 'Dialing',
		});
		expect(statuses(leg!.callid)).toEqual(['100 Dialing', '101 Ringing']);
	});

	test('from a device chosen from the list, with all options', async () => {
		await start();
		const app = pbx.calls.directory.dn(DESK_PHONE_AND_APP)!.devices[1]!;
		const options = {
			attachedData: { entry: [{ key: 'ticket', value: 'T-1' }] },
			giveUpAfter: 1,
			reason: 'callback',
		};
		await one(make({ device: 'chosen', deviceId: app.device_id, options }));
		const [leg] = legs('100');
		expect(leg!.device_id).toBe(app.device_id);
		expect(pbx.calls.attachedTo({ dn: '100', participant: leg!.id })).toEqual({ ticket: 'T-1' });
		// It gives up after a second.
		await until(() => pbx.calls.calls().length === 0, 'the call to be given up');
	});

	test('from any phone: all of them ring, and whoever picks up is connected', async () => {
		await start();
		const { end } = await begin(node(make({ waitUntil: 'answered' })));
		await legIn('101', 'Ringing');
		pbx.calls.answer({ dn: '101' });
		expect(outputOf(await end()).json).toMatchObject({ outcome: 'answered', answeredBy: '101' });
	});

	test('from a route point, to somebody outside', async () => {
		await start();
		// As an address book has it.
		const route = { extension: by(APP), destination: '+44 (0)1632 960-123' };
		const output = await one(make({ ...route, waitUntil: 'answered' }));
		expect(output).toMatchObject({
			extension: APP,
			destination: CALLER,
			outcome: 'answered',
			answeredBy: CALLER,
		});
		expect(legs(APP)).toMatchObject([{ status: 'Connected' }]);
	});

	test('waits until it rings', async () => {
		await start();
		const output = await one(make({ device: 'deskPhone', waitUntil: 'ringing' }));
		expect(output).toMatchObject({ outcome: 'ringing', reached: true, answered: false });
		expect(legs('101')).toMatchObject([{ status: 'Ringing' }]);
	});

	test('waits until it is over, and tells how long people have talked', async () => {
		await start();
		const { end } = await begin(node(make({ device: 'deskPhone', waitUntil: 'ended' })));
		const { callid } = await legIn('101', 'Ringing');
		const seen = pbx.requests.length;
		pbx.calls.answer({ dn: '101' });
		// n8n has to be told that they talk, and to look: of what is over before, nobody can know.
		await until(() => hasRead('100', seen) && hasRead('101', seen), 'n8n to have looked');
		pbx.calls.hangUp({ callid });
		expect(outputOf(await end()).json).toMatchObject({
			outcome: 'ended',
			answered: true,
			answeredBy: '101',
			secondsTalked: expect.any(Number),
		});
	});

	test('waits no longer than the time limit', async () => {
		await start();
		const output = await one(make({ device: 'deskPhone', waitUntil: 'answered', timeLimit: 1 }));
		expect(output).toMatchObject({ outcome: 'timeout', reached: false });
		expect(legs('101')).toMatchObject([{ status: 'Ringing' }]);
	});
});

describe('a call that rings', () => {
	test('is answered on a desk phone', async () => {
		await start();
		const { callid, fields } = incoming(DESK_PHONE_ONLY);
		expect(await one(on('answer', fields))).toMatchObject({ callId: callid, status: 'Connected' });
		expect(statuses(callid)).toEqual([`${DESK_PHONE_ONLY} Connected`]);
	});

	test('is diverted', async () => {
		await start();
		const { callid, fields } = incoming('100');
		await one(on('divert', fields, { destination: '101', options: { reason: 'NoAnswer' } }));
		expect(statuses(callid)).toEqual(['101 Ringing']);
	});

	test('is dropped', async () => {
		await start();
		const { callid, id, fields } = incoming('100');
		expect(await one(on('drop', fields))).toEqual({
			success: true,
			extension: '100',
			participantId: id,
		});
		expect(statuses(callid)).toEqual([]);
	});
});

describe('a call that is answered', () => {
	test('is transferred; it waits until somebody takes it', async () => {
		await start();
		const { callid, fields } = answered('100');
		const parameters = on('transfer', fields, { destination: '101', waitUntil: 'answered' });
		const { end } = await begin(node(parameters));
		await legIn('101', 'Ringing');
		pbx.calls.answer({ dn: '101' });
		expect(outputOf(await end()).json).toMatchObject({
			callId: callid,
			outcome: 'answered',
			answeredBy: '101',
		});
		await until(() => legs('100').length === 0, '100 to be free');
	});

	test('comes back when nobody takes the transfer', async () => {
		await start();
		const { fields } = answered('100');
		const options = { giveUpAfter: 1 };
		const more = { destination: '101', waitUntil: 'answered', options };
		expect(await one(on('transfer', fields, more))).toMatchObject({ outcome: 'returned' });
		expect(legs('100')).toMatchObject([{ status: 'Connected' }]);
	});

	test('is routed: it stays until somebody takes it there', async () => {
		await start();
		const { callid, id, fields } = incoming(APP);
		const options = { attachedData: { entry: [{ key: 'ticket', value: '={{ "T-" + 7 }}' }] } };
		await one(on('routeTo', fields, { destination: '101', options }));
		expect(statuses(callid)).toEqual([`${APP} Connected`, '101 Ringing']);
		expect(pbx.calls.attachedTo({ dn: APP, participant: id })).toEqual({ ticket: 'T-7' });
	});

	test.each([
		['participant', '100'],
		['party', '101'],
	])('gets data attached to the %s', async (side, dn) => {
		await start();
		const callid = pbx.calls.internal({ from: '101', to: '100' });
		pbx.calls.answer({ callid, dn: '100' });
		const attachedData = { entry: [{ key: 'ticket', value: 'T-7' }] };
		await one(on('attachData', legOf('100', legs('100')[0]!.id), { side, attachedData }));
		const [leg] = legs(dn);
		expect(pbx.calls.attachedTo({ dn, participant: leg!.id })).toEqual({ ticket: 'T-7' });
	});
});

describe('Wait For', () => {
	const waitFor = (callid: number, more: Fields = {}) =>
		on('waitFor', { callId: { __rl: true, mode: 'id', value: String(callid) } }, more);

	test('what happens to a call, and what is so already', async () => {
		await start();
		const { callid } = incoming('100');
		const seen = pbx.requests.length;
		const { end } = await begin(node(waitFor(callid, { happenings: ['answered'] })));
		const listens = () => pbx.requests.slice(seen).some(({ path }) => path === '/callcontrol');
		await until(listens, 'n8n to listen', 20_000);
		pbx.calls.answer({ callid, dn: '100' });
		const happened = { outcome: 'answered', reached: true, callId: callid, extension: '100' };
		expect(outputOf(await end()).json).toMatchObject(happened);
		const again = await one(waitFor(callid, { happenings: ['answered'] }));
		expect(again).toMatchObject({ ...happened, recovered: true });
	});

	test('the end of a call, the end of the time, and a call that was over', async () => {
		await start();
		const { callid } = incoming('100');
		expect(await one(waitFor(callid, { happenings: ['answered'], timeLimit: 1 }))).toMatchObject({
			outcome: 'timeout',
			reached: false,
			status: 'Ringing',
		});
		pbx.calls.hangUp({ callid });
		expect(await one(waitFor(callid, { happenings: ['ended'] }))).toMatchObject({
			outcome: 'alreadyOver',
			reached: true,
		});
	});

	test('in the workflow of a trigger, which it has started for the same call', async () => {
		await start();
		const waiting = on('waitFor', {}, { happenings: ['answered'] });
		const steps = chain(`Waits on ${pbx.url}`, credential, [node(waiting)]);
		const workflow = await n8n.api.saveWorkflow(whenPhoneRings(steps));
		await n8n.api.publish(workflow);
		try {
			// It is answered at once: before the workflow waits, or while it does.
			const { callid } = answered('100');
			const [ended] = await n8n.api.endedExecutions(workflow.id, 1, new Set());
			const { items } = await n8n.api.execution(ended!.id);
			expect(items('3CX')).toMatchObject([{ outcome: 'answered', callId: callid }]);
		} finally {
			await n8n.api.unpublish(workflow.id);
		}
	}, 60_000);
});

describe('what is going on', () => {
	test('calls: one, simplified and raw, and all, filtered', async () => {
		await start();
		const { callid, id, fields } = answered('100');
		pbx.calls.internal({ from: '102', to: '103' });
		expect(await one(on('get', fields))).toMatchObject({
			callId: callid,
			participantId: id,
			status: 'Connected',
			callerName: 'Ada',
			number: CALLER,
		});
		expect(await one(on('get', fields, { simplify: false }))).toMatchObject({
			callid,
			party_caller_id: CALLER,
		});
		expect(await many(on('getMany', {}))).toHaveLength(2);
		expect(await many(on('getMany', {}, { filters: { direction: 'inbound' } }))).toMatchObject([
			{
				callId: callid,
				answered: true,
				startedAt: expect.any(String) as string,
				legs: [{ extension: '100' }],
			},
		]);
		expect(await many(on('getMany', {}, { returnAll: false, limit: 1 }))).toHaveLength(1);
	});

	test('extensions: one, all, and the calls of one', async () => {
		await start();
		const { callid } = incoming('100');
		const extension = by('100');
		const about = (operation: string, more: Fields = {}) => ({
			resource: 'extension',
			operation,
			...more,
		});
		expect(await one(about('get', { extension }))).toMatchObject({
			extension: '100',
			registered: true,
			busy: true,
			participants: [{ callId: callid }],
		});
		const all = await many(about('getMany'));
		expect(all).toContainEqual(expect.objectContaining({ extension: APP }));
		expect(all.length).toBeGreaterThan(20);
		expect(await many(about('getParticipants', { extension }))).toMatchObject([
			{ callId: callid, status: 'Ringing' },
		]);
	});

	test('devices: all of an extension, and one', async () => {
		await start();
		const about = { resource: 'device', extension: by(DESK_PHONE_AND_APP) };
		const devices = await many({ ...about, operation: 'getMany' });
		expect(devices).toMatchObject([{ kind: 'deskPhone' }, { kind: 'app' }]);
		const { deviceId } = devices[1]!;
		expect(await one({ ...about, operation: 'get', deviceId })).toMatchObject({
			deviceId,
			kind: 'app',
			participantIds: [],
		});
	});
});

describe('the audio of a route point', () => {
	const audio = (operation: string, fields: Fields, more: Fields = {}) => ({
		resource: 'audio',
		operation,
		...fields,
		...more,
	});

	test('is recorded until the caller falls silent, as a WAV file', async () => {
		await start();
		const { callid, fields } = incoming(APP);
		const said = sine(1_000, { hz: 300 });
		pbx.calls.say(callid, bytesFrom(said));
		const options = { silenceSeconds: 1 };
		const { end } = await begin(node(audio('record', fields, { options })));
		const { json, binary } = outputOf(await end());
		expect(json).toMatchObject({
			callId: callid,
			endedBy: 'silence',
			spoken: true,
			mimeType: 'audio/wav',
			fileName: `call-${callid}-${APP}.wav`,
		});
		const content = await n8n.api.download(binary!.data!);
		const wav = new WaveFile(content);
		expect(wav.fmt).toMatchObject({ sampleRate: 8_000, numChannels: 1, bitsPerSample: 16 });
		// What was said, to the sample, and the silence that ended it.
		expect(content.subarray(44, 44 + said.length * 2)).toEqual(bytesFrom(said));
		expect(json.seconds).toBeCloseTo((content.length - 44) / 16_000, 1);
	});

	test('is recorded until a key is pressed; 424 until there is audio is waited for', async () => {
		await start();
		pbx.faults.next({ path: /\/stream$/, status: 424, times: 2 });
		const { callid, fields } = incoming(APP);
		const { end } = await begin(
			node(audio('record', fields, { endOn: ['key'], stopKeys: '#', format: 'pcm' })),
		);
		await until(
			() => pbx.requests.filter(({ path }) => path.endsWith('/stream')).length === 3,
			'the recording to begin',
			20_000,
		);
		pbx.calls.pressKey({ callid, key: '5' });
		pbx.calls.pressKey({ callid, key: '#' });
		const { json, binary } = outputOf(await end());
		expect(json).toMatchObject({ endedBy: 'key', key: '#', spoken: null });
		expect(binary!.data).toMatchObject({ fileName: `call-${callid}-${APP}.pcm` });
		expect(pbx.faults.pending).toBe(0);
	});

	test.each([
		['as phones use it', '/', 10],
		['of a music program', '/stereo', 60],
	])('is played from a file %s that another node has fetched', async (_, path, mostNoise) => {
		await start();
		const { callid, id, fields } = incoming(APP);
		const { end } = await begin(promptUrl(path), fetching, node(audio('play', fields)));
		expect(outputOf(await end()).json).toMatchObject({
			callId: callid,
			seconds: 1,
			completed: true,
			endedBy: 'finished',
		});
		const heard = samplesIn(pbx.calls.heard({ dn: APP, participant: id }));
		expect(Math.abs(heard.length - prompt.length)).toBeLessThanOrEqual(4);
		expect(toneIn(heard, 400).noise).toBeLessThan(mostNoise);
	});

	test('is played in the background while the workflow goes on', async () => {
		await start();
		const { callid, id, fields } = incoming(APP);
		const played = { ...node(audio('play', fields, { background: true }), 'Play') };
		const { end } = await begin(promptUrl('/long'), fetching, played, node(on('get', fields)));
		const { json } = outputOf(await end());
		expect(json).toMatchObject({ callId: callid, status: 'Connected' });
		// The execution is over, and it still plays.
		const heard = () => pbx.calls.heard({ dn: APP, participant: id }).length;
		const soFar = heard();
		await until(() => heard() > soFar + 16_000, 'more of it', 20_000);
		pbx.calls.hangUp({ callid });
	});

	test('asks for a number with a prompt, and collects what the caller enters', async () => {
		await start();
		const { callid, id, fields } = incoming(APP);
		const { end } = await begin(
			promptUrl(),
			fetching,
			node(audio('collectDigits', fields, { playPrompt: true, maxDigits: 4 })),
		);
		await until(
			() => pbx.calls.heard({ dn: APP, participant: id }).length > 0,
			'the prompt to be heard',
			20_000,
		);
		for (const key of ['4', '2', '#']) pbx.calls.pressKey({ callid, key });
		expect(outputOf(await end()).json).toMatchObject({ digits: '42', endedBy: 'terminator' });
		// The first key has stopped the prompt.
		expect(pbx.calls.heard({ dn: APP, participant: id }).length).toBeLessThan(prompt.length * 2);
	});
});

describe('Ask by Phone', () => {
	const OUTSIDE = '+442079460018';
	const ask = (more: Fields = {}) =>
		node({
			resource: 'audio',
			operation: 'askByPhone',
			extension: by(APP),
			destination: OUTSIDE,
			options: { validAnswers: '1, 2' },
			...more,
		});
	/** The call, once its question is heard. */
	const asked = async () => {
		const { id, callid } = await legIn(APP, 'Connected');
		const heard = () => pbx.calls.heard({ dn: APP, participant: id });
		await until(() => heard().length > 0, 'the question to be heard', 20_000);
		return { callid, heard };
	};

	test('calls, asks, records, takes the answer and hangs up', async () => {
		await start();
		const { end } = await begin(promptUrl(), fetching, ask({ record: true }));
		const { callid, heard } = await asked();
		pbx.calls.say(callid, bytesFrom(sine(200, { hz: 300 })));
		await until(() => heard().length > prompt.length, 'the middle of the question', 20_000);
		pbx.calls.pressKey({ callid, key: '1' });
		const { json, binary } = outputOf(await end());
		expect(json).toMatchObject({
			outcome: 'answered',
			digits: '1',
			endedBy: 'maximum',
			answeredBy: OUTSIDE,
			callId: callid,
			note: null,
			fileName: `call-${callid}-${APP}.wav`,
		});
		expect((await n8n.api.download(binary!.data!)).toString('latin1', 0, 4)).toBe('RIFF');
		expect(statuses(callid)).toEqual([]);
	});

	test('says that nobody picked up', async () => {
		await start();
		pbx.calls.setExternal(OUTSIDE, 'never');
		const { end } = await begin(promptUrl(), fetching, ask({ timeLimit: 1 }));
		expect(outputOf(await end()).json).toMatchObject({
			outcome: 'noAnswer',
			endedBy: 'timeout',
			digits: '',
		});
		expect(pbx.calls.calls()).toEqual([]);
	});

	test('hangs up when the execution is stopped', async () => {
		await start();
		const { id, end } = await begin(promptUrl('/long'), fetching, ask());
		await asked();
		await n8n.api.stop(id);
		expect((await end()).status).toBe('canceled');
		await until(() => pbx.calls.calls().length === 0, 'the call to end', 5_000);
	});
});

describe('a refusal says what to do', () => {
	test('422: a phone that the API cannot answer', async () => {
		await start();
		expect(await refusal(on('answer', incoming(APP_ONLY).fields))).toMatch(
			/^This phone cannot be answered by the API \(not uaCSTA\): .*Use Divert/,
		);
	});

	test('422: transferred too early, with the words of 3CX', async () => {
		await start();
		const { fields } = incoming('100');
		expect(await refusal(on('transfer', fields, { destination: '101' }))).toMatch(
			/^This call cannot be transferred now: .*can be diverted.*3CX says: .*not Connected/s,
		);
	});

	test('403: an extension that is not on the list of the API client', async () => {
		await start();
		const { fields } = incoming('100');
		pbx.clients[0]!.monitored = ['101'];
		expect(await refusal(on('drop', fields))).toMatch(
			/^This call leg is not yours to control: .*Add the extension to the list of the API client/s,
		);
	});

	test('404: a call that has ended', async () => {
		await start();
		const { callid, fields } = incoming('100');
		pbx.calls.hangUp({ callid });
		expect(await refusal(on('drop', fields))).toMatch(/^The call has ended: /);
	});

	test('404 for everything: no licence', async () => {
		await start({ licence: 'professional' });
		expect(await refusal(on('drop', legOf('100', 1)))).toMatch(
			/^This PBX has no Call Control: .*Enterprise/s,
		);
	});

	test('and leaves the other items alone where the node goes on', async () => {
		await start();
		const gone = incoming('100');
		pbx.calls.hangUp({ callid: gone.callid });
		const there = incoming('101');
		const items: ChainedNode = {
			name: 'Items',
			type: 'n8n-nodes-base.code',
			typeVersion: 2,
			parameters: {
				jsCode: `return ${JSON.stringify([
					{ json: { extension: '100', participantId: gone.id } },
					{ json: { extension: '101', participantId: there.id } },
				])}`,
			},
		};
		// Which call it is stands in the items, where the node looks unless told otherwise.
		const drop = node(on('drop', {}));
		const { end } = await begin(items, { ...drop, onError: 'continueRegularOutput' });
		const { status, items: out } = await end();
		expect(status).toBe('success');
		expect(out('3CX')).toEqual([
			expect.objectContaining({ error: 'The call has ended' }),
			{ success: true, extension: '101', participantId: there.id },
		]);
		expect(statuses(there.callid)).toEqual([]);
	});
});

describe('Stop in the editor ends within a second', () => {
	/** Between n8n and the PBX, to see the sockets of n8n. */
	let link: FaultProxy | undefined;
	const startBehindProxy = async () => {
		await start();
		link = await startProxy(pbx.url);
		const { clientId, clientSecret } = pbx.defaultClient;
		const fields = { pbxUrl: link.url, clientId, clientSecret };
		credential = await n8n.api.saveCredential(link.url, CREDENTIAL_TYPE, fields);
	};
	afterEach(async () => await link?.close());

	/** Stops the execution once it is at work, and looks that nothing goes on behind it. */
	async function stop(
		{ isAtWork, isOver }: { isAtWork: () => boolean; isOver: () => boolean },
		...steps: ChainedNode[]
	): Promise<void> {
		const { id, end } = await begin(...steps);
		await until(isAtWork, 'the node to be at work', 20_000);
		const stoppedAt = performance.now();
		await n8n.api.stop(id);
		const { status } = await end();
		await until(isOver, 'the node to let go', 1_000);
		expect(performance.now() - stoppedAt).toBeLessThan(1_000);
		expect(status).toBe('canceled');
	}
	const socket = { isAtWork: () => link!.open > 0, isOver: () => link!.open === 0 };

	test('a recording', async () => {
		await start();
		const { callid, fields } = incoming(APP);
		// Whoever hears the caller has a timer in the PBX.
		const isOver = () => pbx.calls.pendingTimers === 0;
		await until(isOver, 'the call to have audio');
		const parameters = { resource: 'audio', operation: 'record', ...fields, endOn: [] };
		await stop({ isAtWork: () => !isOver(), isOver }, node(parameters));
		expect(statuses(callid)).toEqual([`${APP} Connected`]);
	});

	test('a wait for an answer; the call goes on', async () => {
		await startBehindProxy();
		const parameters = on('makeCall', { extension: by('100'), destination: '101' });
		const more = { device: 'deskPhone', waitUntil: 'answered', timeLimit: 600 };
		const isAtWork = () => socket.isAtWork() && legs('101').length > 0;
		await stop({ ...socket, isAtWork }, node({ ...parameters, ...more }));
		expect(legs('101')).toMatchObject([{ status: 'Ringing' }]);
	});

	test('a prompt', async () => {
		await startBehindProxy();
		const { id, fields } = incoming(APP);
		const heard = () => pbx.calls.heard({ dn: APP, participant: id }).length;
		let last = { bytes: 0, at: performance.now() };
		// It is sent in pieces of a fifth of a second.
		const isOver = () => {
			if (heard() > last.bytes) last = { bytes: heard(), at: performance.now() };
			return performance.now() - last.at > 400;
		};
		const parameters = { resource: 'audio', operation: 'play', ...fields };
		const isAtWork = () => heard() > 0;
		await stop({ isAtWork, isOver }, promptUrl('/long'), fetching, node(parameters));
	});

	test('a wait for something in a call', async () => {
		await startBehindProxy();
		const { callid } = incoming('100');
		const callId = { __rl: true, mode: 'id', value: String(callid) };
		const more = { happenings: ['answered'], timeLimit: 600 };
		await stop(socket, node(on('waitFor', { callId }, more)));
		expect(statuses(callid)).toEqual(['100 Ringing']);
	});

	test('a wait for digits', async () => {
		await startBehindProxy();
		const { fields } = incoming(APP);
		const parameters = { resource: 'audio', operation: 'collectDigits', ...fields };
		await stop(socket, node({ ...parameters, firstTimeout: 600 }));
	});
});

test('the trigger starts a workflow that sends the call on while the phone rings', async () => {
	await start();
	const happened = new Collector<string>();
	pbx.calls.on('journal', ({ dn, kind }) => happened.push(`${dn} ${kind}`));
	// No more than this is filled in behind the trigger.
	const divert = on('divert', {}, { destination: '101' });
	const steps = chain(`Diverts on ${pbx.url}`, credential, [node(divert, 'Divert')]);
	const workflow = await n8n.api.saveWorkflow(whenPhoneRings(steps));
	await n8n.api.publish(workflow);
	try {
		const rangAt = performance.now();
		const { callid } = incoming('100');
		await happened.first((what) => what === '101 ringing', 'the call at 101', 0, 10_000);
		const afterMs = performance.now() - rangAt;
		expect(statuses(callid)).toEqual(['101 Ringing']);
		pbx.calls.answer({ dn: '101' });
		// A caller gives up after half a minute; this is as quick as a person.
		expect(afterMs).toBeLessThan(3_000);
		const [ended] = await n8n.api.endedExecutions(workflow.id, 1, new Set());
		expect(ended!.status).toBe('success');
	} finally {
		await n8n.api.unpublish(workflow.id);
	}
}, 60_000);

test('no operation has been left out', () => {
	const all = resources.flatMap(({ name, operations }) =>
		operations.map((operation) => `${name} ${operation.name}`),
	);
	expect([...used].sort()).toEqual(all.sort());
});
