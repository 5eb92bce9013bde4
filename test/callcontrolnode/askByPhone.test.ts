import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import type { PbxOptions } from '../../sandbox/pbx';
import { speech } from '../audio/samples';
import { APP, by, nodeAndPbx, until, type NodeAndPbx } from './node';

let node: NodeAndPbx;

/** Somebody outside, who picks up when the test says so. */
const OUTSIDE = '+442079460018';

const PROMPT = speech(300);

const start = async (calls: PbxOptions['calls'] = {}, options: PbxOptions = {}) => {
	node = await nodeAndPbx({
		...options,
		calls: { mediaAfterMs: 0, audioBytesPerMs: 1_600, externalAnswerAfterMs: 600_000, ...calls },
	});
};
afterEach(async () => await node.close());

const file = (pcm: Buffer) => ({
	data: pcm.toString('base64'),
	mimeType: 'application/octet-stream',
});

/** An item with the question, and with what is said at the end. */
const ITEM = {
	$binary: { data: file(PROMPT), closing: file(speech(200)) },
} as unknown as IDataObject;

/** The parameters of a question that is asked once, and waits a second for the answer. */
const ask = ({ options = {}, ...more }: INodeParameters = {}): INodeParameters => ({
	resource: 'audio',
	operation: 'askByPhone',
	extension: by(APP),
	destination: OUTSIDE,
	format: 'pcm',
	firstTimeout: 1,
	betweenTimeout: 1,
	options: { askAgain: 0, ...(options as INodeParameters) },
	...more,
});

const one = async (parameters: INodeParameters) => await node.one(parameters, { items: [ITEM] });

/** The leg of the app, once there is one. */
const ownLeg = async () => {
	await until(() => node.pbx.calls.participants(APP).length > 0, 'the call');
	return node.pbx.calls.participants(APP)[0]!;
};
const dialled = async () => {
	const { callid, id } = await ownLeg();
	const heard = () => node.pbx.calls.heard({ dn: APP, participant: id });
	const hears = async (bytes: number) =>
		await until(() => heard().length >= bytes, `${bytes} bytes to be heard`);
	return {
		callid,
		id,
		heard,
		hears,
		picksUp: () => node.pbx.calls.answer({ callid }),
		presses: (key: string) => node.pbx.calls.pressKey({ callid, key }),
		hangsUp: () => node.pbx.calls.hangUp({ callid }),
	};
};
type Called = Awaited<ReturnType<typeof dialled>>;

/** Asks, plays the one who is called, and gives the item. */
async function asking(
	parameters: INodeParameters,
	called: (call: Called) => void | Promise<void> = () => undefined,
): Promise<IDataObject> {
	const output = one(parameters);
	output.catch(() => undefined);
	await called(await dialled());
	return await output;
}

const calls = () => node.pbx.calls.calls();

/** Picks up and presses keys once the question is heard to its end. */
const answers = (keys: string) => async (call: Called) => {
	call.picksUp();
	await call.hears(PROMPT.length);
	for (const key of keys) call.presses(key);
};

test('calls, asks, takes the key for the answer and hangs up', async () => {
	await start();
	let heard = Buffer.alloc(0);
	const output = await asking(ask(), async (call) => {
		await answers('1')(call);
		heard = call.heard();
	});
	expect(output).toEqual({
		outcome: 'answered',
		digits: '1',
		endedBy: 'maximum',
		answered: true,
		answeredBy: OUTSIDE,
		secondsUntilAnswered: expect.any(Number),
		secondsTalked: expect.any(Number),
		extension: APP,
		destination: OUTSIDE,
		callId: expect.any(Number),
		participantId: expect.any(Number),
		reason: null,
		note: null,
	});
	expect(heard).toEqual(PROMPT);
	expect(calls()).toEqual([]);
});

test('a key ends the question; several of them are a number', async () => {
	await start();
	const long = { $binary: { data: file(speech(20_000)) } } as unknown as IDataObject;
	const output = node.one(ask({ maxDigits: 4 }), { items: [long] });
	const { picksUp, hears, presses, heard } = await dialled();
	picksUp();
	await hears(1);
	presses('4');
	presses('2');
	await until(() => heard().length > 0, 'it');
	const soFar = heard().length;
	presses('#');
	expect(await output).toMatchObject({ outcome: 'answered', digits: '42', endedBy: 'terminator' });
	expect(soFar).toBeLessThan(20_000 * 16);
});

test('a key that comes before the question is heard', async () => {
	await start();
	const output = await asking(ask(), ({ picksUp, presses }) => {
		picksUp();
		presses('1');
	});
	expect(output).toMatchObject({ outcome: 'answered', digits: '1' });
});

describe('says what has become of it', () => {
	const picksUp = async ({ picksUp: does }: Called) => {
		does();
		await Promise.resolve();
	};
	const hangsUp = async (call: Called) => {
		call.picksUp();
		await call.hears(1);
		call.hangsUp();
	};
	const declines = () => node.pbx.calls.decline({});

	test.each<[string, INodeParameters, (call: Called) => void | Promise<void>, IDataObject]>([
		[
			'nothing pressed',
			{},
			picksUp,
			{ outcome: 'noKeys', digits: '', endedBy: 'timeout', answered: true },
		],
		[
			'something else pressed',
			{ options: { validAnswers: '1, 2' } },
			answers('5'),
			{ outcome: 'invalidKeys', digits: '5', endedBy: 'maximum' },
		],
		['hung up', {}, hangsUp, { outcome: 'hungUp', endedBy: 'callEnded', answered: true }],
		[
			'hung up within the answer',
			{ maxDigits: 4, betweenTimeout: 60 },
			async (call) => {
				await answers('47')(call);
				call.hangsUp();
			},
			{ outcome: 'hungUp', digits: '47', endedBy: 'callEnded' },
		],
		[
			'nobody there in time',
			{ timeLimit: 1 },
			() => undefined,
			{
				outcome: 'noAnswer',
				endedBy: 'timeout',
				answered: false,
				answeredBy: null,
				secondsTalked: null,
			},
		],
		['declined', {}, declines, { outcome: 'noAnswer', endedBy: 'callEnded', answered: false }],
	])('%s', async (_, parameters, called, expected) => {
		await start();
		expect(await asking(ask(parameters), called)).toMatchObject({ note: null, ...expected });
		expect(calls()).toEqual([]);
	});

	test('voicemail picks up: no question for a machine', async () => {
		await start();
		expect(await one(ask({ destination: '999' }))).toMatchObject({
			outcome: 'voicemail',
			answered: false,
		});
		expect(calls()).toEqual([]);
	});

	test('a queue picks up, and an agent: it is the agent who is asked', async () => {
		await start();
		const number = String(node.pbx.store.rows('Queues')[0]!.Number);
		const rings = () =>
			node.pbx.calls.directory
				.dns()
				.map(({ number: dn }) => dn)
				.find((dn) => node.pbx.calls.participants(dn).some(({ status }) => status === 'Ringing'));
		const output = await asking(ask({ destination: number }), async (call) => {
			await until(() => rings() !== undefined, 'an agent');
			const agent = rings()!;
			node.pbx.calls.answer({ callid: call.callid, dn: agent });
			await call.hears(PROMPT.length);
			call.presses('1');
		});
		expect(output).toMatchObject({ outcome: 'answered', digits: '1' });
	});

	test.each([
		[{ status: 422, reason: 'PhoneBusy', reasontext: '101: busy' }, 'busy', '101: busy'],
		[
			{ status: 422, reason: 'PhoneNotRegistered', reasontext: '' },
			'unavailable',
			'PhoneNotRegistered',
		],
		[{ status: 424, reason: 'None', reasontext: 'no answer' }, 'noAnswer', 'no answer'],
	])(
		'3CX refuses the call because of the one who is called: %p',
		async (refusal, outcome, reason) => {
			await start();
			const { status, ...body } = refusal;
			node.pbx.faults.next({
				method: 'POST',
				path: /makecall$/,
				status,
				body: { finalstatus: 'Failed', ...body },
			});
			const output = await one(ask());
			expect(output).toMatchObject({ outcome, reason, endedBy: 'refused', callId: null });
		},
	);
});

test('does not hang up what is gone: another call may have its number by now', async () => {
	await start();
	const output = await asking(ask(), async (call) => {
		call.picksUp();
		await call.hears(1);
		call.hangsUp();
	});
	expect(output).toMatchObject({ outcome: 'hungUp' });
	expect(node.pbx.requests.filter(({ path }) => path.endsWith('/drop'))).toEqual([]);
});

test('asks again until the answer is valid', async () => {
	await start();
	const options = { askAgain: 3, validAnswers: '1;2' };
	let heard = 0;
	const output = await asking(ask({ options }), async (call) => {
		call.picksUp();
		await call.hears(PROMPT.length);
		call.presses('7');
		await call.hears(2 * PROMPT.length);
		call.presses('2');
		heard = call.heard().length;
	});
	expect(output).toMatchObject({ outcome: 'answered', digits: '2' });
	expect(heard).toBe(2 * PROMPT.length);
});

test('plays the closing sound after the answer, to its end', async () => {
	await start();
	let heard = Buffer.alloc(0);
	const output = asking(ask({ options: { closingField: 'closing' } }), answers('1'));
	const { heard: hears } = await dialled();
	await until(() => {
		if (calls().length === 0) return true;
		heard = hears();
		return false;
	}, 'the end of the call');
	expect(await output).toMatchObject({ outcome: 'answered' });
	expect(heard).toEqual(Buffer.concat([PROMPT, speech(200)]));
});

describe('records', () => {
	test('what the called person says, from picking up to the end', async () => {
		await start();
		const running = node.run(ask({ record: true, outputField: 'voice' }), { items: [ITEM] });
		const { callid, picksUp } = await dialled();
		node.pbx.calls.say(callid, speech(200));
		picksUp();
		const { items, error } = await running;
		expect(error).toBeUndefined();
		const { json, binary } = items[0]!;
		expect(json).toMatchObject({
			outcome: 'noKeys',
			fileName: `call-${callid}-${APP}.wav`,
			mimeType: 'audio/wav',
		});
		expect(Object.keys(binary!)).toEqual(['voice']);
		const content = Buffer.from(binary!.voice!.data, 'base64');
		expect(content.subarray(44, 44 + 200 * 16)).toEqual(speech(200));
	});

	test('nothing where nobody picks up, and says so', async () => {
		await start();
		const { items } = await node.run(ask({ record: true, timeLimit: 1 }), { items: [ITEM] });
		expect(items[0]!.json).toMatchObject({ outcome: 'noAnswer', fileName: null, note: null });
		expect(items[0]!.binary ?? {}).toEqual({});
	});

	test('and asks all the same where the recording fails', async () => {
		await start();
		node.pbx.faults.next({ method: 'GET', path: /\/stream$/, status: 500, times: Infinity });
		const output = await asking(ask({ record: true }), answers('1'));
		expect(output).toMatchObject({
			outcome: 'answered',
			digits: '1',
			note: expect.stringMatching(/^The call could not be recorded: /),
		});
	});
});

describe('after it has dialled, it does not fail', () => {
	test('when the question cannot be played', async () => {
		await start();
		node.pbx.faults.next({ method: 'POST', path: /\/stream$/, status: 500, times: Infinity });
		expect(await asking(ask(), ({ picksUp }) => picksUp())).toMatchObject({
			outcome: 'unknown',
			answered: true,
			answeredBy: OUTSIDE,
			note: expect.stringMatching(/^The question could not be asked to the end: /),
		});
		expect(calls()).toEqual([]);
	});

	test('when the answer to the call gets lost: it is found by its events, and ended', async () => {
		await start();
		node.pbx.faults.next({ method: 'POST', path: /makecall$/, after: true, resetConnection: true });
		const output = await asking(ask(), answers('1'));
		expect(output).toMatchObject({ outcome: 'answered', participantId: expect.any(Number) });
		expect(calls()).toEqual([]);
	});

	test('when it cannot hang up at once: it tries again', async () => {
		await start();
		node.pbx.faults.next({ method: 'POST', path: /\/drop$/, status: 503 });
		expect(await asking(ask(), answers('1'))).toMatchObject({ outcome: 'answered', note: null });
		expect(node.pbx.faults.pending).toBe(0);
		expect(calls()).toEqual([]);
	});

	test('when it cannot hang up at all: it says so', async () => {
		await start();
		node.pbx.faults.next({ method: 'POST', path: /\/drop$/, status: 500, times: Infinity });
		expect(await asking(ask(), answers('1'))).toMatchObject({
			outcome: 'answered',
			note: expect.stringMatching(/^The call could not be ended: /),
		});
		expect(calls()).toHaveLength(1);
	});
});

describe('a stopped execution ends the call', () => {
	const files = () => readdirSync(tmpdir()).filter((name) => name.startsWith('3cx-audio-'));

	test.each<[string, (call: Called) => void | Promise<void>]>([
		['while it rings', () => undefined],
		[
			'while it asks',
			async (call) => {
				call.picksUp();
				await call.hears(1);
			},
		],
		['while it waits for keys', async (call) => await answers('')(call)],
	])('%s', async (_, called) => {
		await start();
		const before = new Set(files());
		let cancel = () => undefined as void;
		const long = { $binary: { data: file(speech(700)) } } as unknown as IDataObject;
		const run = node.run(ask({ record: true, firstTimeout: 600 }), {
			items: [long],
			started: (execution) => (cancel = () => execution.cancel()),
		});
		await called(await dialled());
		cancel();
		await run;
		await until(() => calls().length === 0, 'the call to end');
		await until(() => linkCount() === 0, 'the link to be left');
		await until(() => files().every((name) => before.has(name)), 'the recording to be removed');
	});

	test('while it is being made, too', async () => {
		await start();
		let go: () => void = () => undefined;
		const held = new Promise<void>((resolve) => (go = resolve));
		const asked = node.asked('POST', /makecall$/);
		node.pbx.faults.next({ method: 'POST', path: /makecall$/, until: held });
		let cancel = () => undefined as void;
		const run = node.run(ask(), {
			items: [ITEM],
			started: (execution) => (cancel = () => execution.cancel()),
		});
		await asked;
		cancel();
		const ended = node.asked('POST', /\/drop$/);
		go();
		await ended;
		await run;
		await until(() => calls().length === 0, 'the call to end');
		await until(() => linkCount() === 0, 'the link to be left');
	});
});

describe('calls nobody', () => {
	test.each<[string, INodeParameters, IDataObject, string | RegExp]>([
		['without a question', {}, {}, /data/],
		['with one that cannot be played', { format: 'wav' }, ITEM, /not a playable WAV file/],
		['without its closing sound', { options: { closingField: 'bye' } }, ITEM, /bye/],
		['with answers that no phone has', { options: { validAnswers: 'yes' } }, ITEM, /Valid Answers/],
		['without a number', { destination: '={{ "" }}' }, ITEM, /To Number/],
	])('%s', async (_, parameters, item, message) => {
		await start();
		const { error } = await node.run(ask(parameters), { items: [item] });
		expect(error?.message).toMatch(message);
		expect(node.pbx.requests.filter(({ path }) => path.endsWith('makecall'))).toEqual([]);
	});

	test('that 3CX does not know: the error says so', async () => {
		await start();
		const { error } = await node.run(ask({ extension: by('nobody') }), { items: [ITEM] });
		expect(error).toMatchObject({ httpCode: '404' });
	});
});
