import { legOf, startPbx, type Pbx } from './harness';

let pbx: Pbx;
beforeEach(async () => {
	pbx = await startPbx();
});
afterEach(() => pbx.close());

const OUTSIDE = '+4917012345';

/** Leaves one leg on 100: participant 1. */
const ringing = () => pbx.engine.incoming({ from: OUTSIDE, to: '100' });
const connected = () => {
	const callid = ringing();
	pbx.engine.answer({ callid });
	return callid;
};

describe('status codes', () => {
	interface Case {
		name: string;
		before?: () => unknown;
		method?: string;
		path: string;
		body?: unknown;
		token?: string;
		headers?: Record<string, string>;
		status: number;
	}
	const json = { 'content-type': 'application/json' };

	test.each<Case>([
		{ name: 'unknown DN', method: 'GET', path: '/999', status: 404 },
		{ name: 'a trunk is no DN', method: 'GET', path: '/10000', status: 404 },
		{ name: 'unknown device', method: 'GET', path: '/100/devices/sip%3Ax', status: 404 },
		{ name: 'unknown participant', method: 'GET', path: '/100/participants/77', status: 404 },
		{ name: 'unknown path', method: 'GET', path: '/100/voicemail', status: 404 },
		{ name: 'unmonitored DN', method: 'GET', path: '/101', token: 'some', status: 403 },
		{
			name: 'unmonitored list',
			method: 'GET',
			path: '/101/participants',
			token: 'some',
			status: 403,
		},
		{
			name: 'drop of a far leg',
			before: () => pbx.engine.internal({ from: '100', to: '101' }),
			path: '/101/participants/2/drop',
			token: 'some',
			body: {},
			status: 403,
		},
		{ name: 'POST to a DN', path: '/100', body: {}, status: 405 },
		{ name: 'another method', method: 'DELETE', path: '/100', status: 405 },
		{
			name: 'no such action',
			before: ringing,
			path: '/100/participants/1/hold',
			body: {},
			status: 404,
		},
		{ name: 'makecall, no body', path: '/100/makecall', status: 400 },
		{ name: 'makecall, empty JSON body', path: '/100/makecall', headers: json, status: 400 },
		{ name: 'makecall, broken JSON', path: '/100/makecall', body: '{"destination":', status: 400 },
		{ name: 'makecall, a list', path: '/100/makecall', body: [], status: 400 },
		{ name: 'makecall, no destination', path: '/100/makecall', body: {}, status: 400 },
		{
			name: 'makecall, number as number',
			path: '/100/makecall',
			body: { destination: 101 },
			status: 400,
		},
		{
			name: 'attached data must be text',
			path: '/100/makecall',
			body: { destination: '101', attacheddata: { a: 1 } },
			status: 400,
		},
		{
			name: 'no JSON content type',
			path: '/100/makecall',
			body: '{"destination":"101"}',
			headers: { 'content-type': 'text/plain' },
			status: 400,
		},
		{
			name: 'makecall to nowhere',
			path: '/100/makecall',
			body: { destination: '4711' },
			status: 422,
		},
		{
			name: 'makecall without phone',
			path: '/103/makecall',
			body: { destination: '100' },
			status: 422,
		},
		{
			name: 'makecall from a stale device',
			path: '/100/devices/sip%3Aold/makecall',
			body: { destination: '101' },
			status: 404,
		},
		{ name: 'drop, no body', before: ringing, path: '/100/participants/1/drop', status: 400 },
		{
			name: 'drop, empty JSON',
			before: ringing,
			path: '/100/participants/1/drop',
			headers: json,
			status: 200,
		},
		{ name: 'drop of a gone leg', path: '/100/participants/1/drop', body: {}, status: 404 },
		{
			name: 'answer by uaCSTA',
			before: ringing,
			path: '/100/participants/1/answer',
			body: {},
			status: 200,
		},
		{
			name: 'answer without direct control',
			before: () => pbx.engine.incoming({ from: OUTSIDE, to: '101' }),
			path: '/101/participants/1/answer',
			body: {},
			status: 422,
		},
		{
			name: 'answer twice',
			before: connected,
			path: '/100/participants/1/answer',
			body: {},
			status: 422,
		},
		{
			name: 'divert, no destination',
			before: ringing,
			path: '/100/participants/1/divert',
			body: {},
			status: 400,
		},
		{
			name: 'divert when Connected',
			before: connected,
			path: '/100/participants/1/divert',
			body: { destination: '101' },
			status: 422,
		},
		{
			name: 'transfer when Ringing',
			before: ringing,
			path: '/100/participants/1/transferto',
			body: { destination: '101' },
			status: 422,
		},
		{
			name: 'transfer to nowhere',
			before: connected,
			path: '/100/participants/1/transferto',
			body: { destination: '4711' },
			status: 422,
		},
		{
			name: 'attach nothing',
			before: ringing,
			path: '/100/participants/1/attach_party_data',
			body: {},
			status: 400,
		},
		{
			name: 'audio of an extension',
			before: connected,
			method: 'GET',
			path: '/100/participants/1/stream',
			status: 422,
		},
	])('$status $name', async ({ before, method = 'POST', path, body, token, headers, status }) => {
		before?.();
		const answer = await pbx.rest(method, path, {
			body,
			...(token && { token }),
			...(headers && { headers }),
		});
		expect(answer.status).toBe(status);
		if (status >= 400) {
			expect(answer.body).toMatchObject({
				finalstatus: 'Failed',
				reasontext: expect.stringMatching(/\w/) as string,
			});
			expect(answer.body).not.toHaveProperty('result');
		}
	});
});

test('the DNs that a client sees: all but trunks, or its own and the monitored ones', async () => {
	const numbers = async (token: string) => {
		const { body } = await pbx.rest('GET', '', { token });
		return (body as Array<{ dn: string }>).map(({ dn }) => dn);
	};
	expect(await numbers('all')).toContain('SP1');
	expect(await numbers('all')).not.toContain('10000');
	expect(await numbers('some')).toEqual(['100', 'bot']);
});

test('a DN with its devices and participants; a device by its encoded SIP URI', async () => {
	ringing();
	const device = {
		dn: '100',
		device_id: 'sip:100@192.168.27.40:5065',
		user_agent: 'Yealink T54W',
	};
	expect((await pbx.rest('GET', '/100')).body).toEqual({
		dn: '100',
		type: 'Wextension',
		devices: [device],
		participants: [legOf(pbx.engine, '100')],
	});
	expect((await pbx.rest('GET', '/100/devices')).body).toEqual([device]);
	expect(
		(await pbx.rest('GET', `/100/devices/${encodeURIComponent(device.device_id)}`)).body,
	).toEqual(device);
});

test('a leg can be gone for GET before its Remove is sent', async () => {
	ringing();
	pbx.engine.vanish({ participant: 1 });
	expect((await pbx.rest('GET', '/100/participants/1')).status).toBe(404);
	expect((await pbx.rest('GET', '/100/participants')).body).toEqual([]);
});

describe('makecall', () => {
	test.each([
		['the only device', '/100/makecall'],
		['a named device', `/102/devices/${encodeURIComponent('sip:102@127.0.0.1:5483')}/makecall`],
		['a route point', '/bot/makecall'],
	])('from %s: the own leg, Dialing, then Connected', async (_name, path) => {
		const { status, body } = await pbx.rest('POST', path, {
			body: { destination: '+4989000', reason: 'call', timeout: 30, attacheddata: { ticket: '7' } },
		});
		expect(status).toBe(200);
		expect(body).toMatchObject({
			finalstatus: 'Success',
			reason: 'None',
			reasontext: '',
			result: { id: 1, status: 'Dialing', party_caller_id: '+4989000' },
		});
		expect(pbx.engine.attachedTo({ participant: 1 })).toEqual({ ticket: '7' });
		pbx.engine.answer({});
		const dn = path.split('/')[1] ?? '';
		expect(legOf(pbx.engine, dn).status).toBe('Connected');
	});

	test('without device at two phones: success without result', async () => {
		const { status, body } = await pbx.rest('POST', '/102/makecall', {
			body: { destination: '100' },
		});
		expect(status).toBe(200);
		expect(body).toEqual({ finalstatus: 'Success', reason: 'None', reasontext: '' });
		expect(legOf(pbx.engine, '102')).toMatchObject({ status: 'Ringing', originated_by_dn: '102' });
	});

	test('finalstatus as a number', async () => {
		await pbx.close();
		pbx = await startPbx({ finalStatus: 'number' });
		const ok = await pbx.rest('POST', '/100/makecall', { body: { destination: '101' } });
		const failed = await pbx.rest('POST', '/100/makecall', { body: { destination: '4711' } });
		expect(ok.body).toMatchObject({ finalstatus: 1 });
		expect(failed.body).toMatchObject({ finalstatus: -1, reason: 'NoDestinations' });
	});
});

test('actions move the call', async () => {
	ringing();
	const act = (path: string, body: object) => pbx.rest('POST', path, { body });
	expect(
		(await act('/100/participants/1/divert', { destination: '101', reason: 'NoAnswer' })).status,
	).toBe(200);
	pbx.engine.answer({ dn: '101' });
	expect((await act('/101/participants/2/transferto', { destination: 'bot' })).status).toBe(200);
	const routed = act('/bot/participants/3/routeto', { destination: '100', timeout: 5 });
	await rings('100');
	expect(legOf(pbx.engine, '100')).toMatchObject({ status: 'Ringing', referred_by_dn: 'bot' });
	expect((await act('/100/participants/4/answer', {})).status).toBe(200);
	expect(await routed).toMatchObject({ status: 200, body: { finalstatus: 'Success' } });
	expect(pbx.engine.participants('bot')).toEqual([]);
	expect((await act('/100/participants/4/drop', {})).body).toMatchObject({ result: { id: 4 } });
	expect(pbx.engine.calls()).toEqual([]);
});

/** Resolves when a phone of the DN rings. */
const rings = async (dn: string) => {
	while (!pbx.engine.participants(dn).some(({ status }) => status === 'Ringing')) {
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
};

describe('routeto and transferto answer when the outcome is known', () => {
	/** 100 talks; the bot is in a call of its own. */
	const talking = () => {
		const callid = pbx.engine.incoming({ from: '+4989123', to: '100' });
		pbx.engine.answer({ callid });
		return callid;
	};
	const send = (action: string, destination = '101') =>
		pbx.rest('POST', `/100/participants/1/${action}`, { body: { destination } });

	test.each<[string, string, string, (callid: number) => void, number, object?]>([
		[
			'somebody takes it',
			'transferto',
			'101',
			() => pbx.engine.answer({ dn: '101' }),
			200,
			{ finalstatus: 'Success' },
		],
		[
			'somebody takes the route',
			'routeto',
			'101',
			() => pbx.engine.answer({ dn: '101' }),
			200,
			{ finalstatus: 'Success' },
		],
		[
			'nobody does',
			'transferto',
			'101',
			(callid) => pbx.engine.timeoutRinging({ callid }),
			424,
			{ finalstatus: 'Failed', reason: 'NoAnswer' },
		],
		[
			'it is declined',
			'routeto',
			'101',
			() => pbx.engine.decline({ dn: '101' }),
			424,
			{ reason: 'Declined', reasontext: '101: busy' },
		],
		['one of a group takes it', 'transferto', '810', () => pbx.engine.answer({ dn: '101' }), 200],
		[
			'the caller hangs up',
			'transferto',
			'101',
			(callid) => pbx.engine.hangUp({ callid }),
			424,
			{ reason: 'HungUp' },
		],
	])('%s', async (_name, action, destination, happens, status, body = {}) => {
		const callid = talking();
		let isAnswered = false;
		const pending = send(action, destination).finally(() => (isAnswered = true));
		await rings('101');
		expect(isAnswered).toBe(false);
		happens(callid);
		expect(await pending).toMatchObject({ status, body });
		// It stays where it failed, unless the whole call is over.
		const stays = status === 424 && pbx.engine.calls().length > 0;
		expect(pbx.engine.participants('100')).toMatchObject(stays ? [{ status: 'Connected' }] : []);
	});

	test('an extension without a phone is unavailable at once', async () => {
		talking();
		expect(await send('transferto', '103')).toMatchObject({
			status: 424,
			body: { reason: 'PhoneNotRegistered', reasontext: '103: unavailable' },
		});
		expect(pbx.engine.participants('100')).toMatchObject([{ status: 'Connected' }]);
	});

	test('over the socket, too', async () => {
		talking();
		const listener = await pbx.listen();
		const reply = listener.ask('/callcontrol/100/participants/1/transferto', {
			Destination: '101',
		});
		await rings('101');
		pbx.engine.answer({ dn: '101' });
		expect(await reply).toMatchObject({ StatusCode: 200 });
		listener.socket.close();
	});

	test('the leg may go meanwhile: the route lives on', async () => {
		talking();
		const pending = send('routeto');
		await rings('101');
		await pbx.rest('POST', '/100/participants/1/drop', { body: {} });
		pbx.engine.answer({ dn: '101' });
		expect(await pending).toMatchObject({ status: 200, body: { finalstatus: 'Success' } });
	});

	test.each([
		['at once', { awaited: [] }, 200, 'Success'],
		['with 200 and a final status', { failedRouteStatus: 200 }, 200, 'Failed'],
	] as const)('a PBX that answers %s', async (_name, options, status, finalstatus) => {
		await pbx.close();
		pbx = await startPbx(options);
		const callid = talking();
		const pending = send('transferto');
		await rings('101');
		if (finalstatus === 'Failed') pbx.engine.timeoutRinging({ callid });
		expect(await pending).toMatchObject({ status, body: { finalstatus } });
	});
});

test('data goes to the own or the other side', async () => {
	const callid = pbx.engine.internal({ from: '100', to: '101' });
	pbx.engine.answer({ callid });
	const attach = (action: string, attacheddata: object) =>
		pbx.rest('POST', `/100/participants/1/${action}`, { body: { attacheddata } });
	expect((await attach('attach_participant_data', { a: '1' })).status).toBe(200);
	expect((await attach('attach_party_data', { b: '2' })).status).toBe(200);
	expect(pbx.engine.attachedTo({ participant: 1 })).toEqual({ a: '1' });
	expect(pbx.engine.attachedTo({ participant: 2 })).toEqual({ b: '2' });
});

test('participant lists of unmonitored DNs, where the PBX is that open', async () => {
	await pbx.close();
	pbx = await startPbx({ openParticipantLists: true });
	pbx.engine.incoming({ from: OUTSIDE, to: '101' });
	const list = await pbx.rest('GET', '/101/participants', { token: 'some' });
	const leg = await pbx.rest('GET', '/101/participants/1', { token: 'some' });
	expect([list.status, leg.status]).toEqual([200, 403]);
});

describe('audio', () => {
	const stream = (init: RequestInit = {}, token = 'all') =>
		fetch(`${pbx.url}/callcontrol/bot/participants/1/stream`, {
			...init,
			headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
		});

	/** As clients do: 424 until there is media. */
	const whenReady = async (init?: RequestInit, token?: string): Promise<Response> => {
		const response = await stream(init, token);
		return response.status === 424 ? whenReady(init, token) : response;
	};

	const read = async (response: Response, bytes: number): Promise<Buffer> => {
		let got = Buffer.alloc(0);
		for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
			got = Buffer.concat([got, chunk]);
			if (got.length >= bytes) break;
		}
		return got.subarray(0, bytes);
	};

	test('424 as long as there is no media', async () => {
		await pbx.close();
		pbx = await startPbx({ mediaAfterMs: 60_000 });
		pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
		expect((await stream()).status).toBe(424);
		expect((await stream({ method: 'POST', body: Buffer.alloc(4) })).status).toBe(424);
	});

	test('what the caller says arrives whole, then silence; the stream ends with the leg', async () => {
		const callid = pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
		const speech = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i % 255) + 1));
		pbx.engine.say(callid, speech);
		const response = await whenReady();
		expect(response.headers.get('content-type')).toBe('application/octet-stream');
		const chunks: Uint8Array[] = [];
		let size = 0;
		for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
			chunks.push(chunk);
			size += chunk.length;
			if (size >= 1400 && pbx.engine.calls().length > 0) pbx.engine.hangUp({ callid });
		}
		const heard = Buffer.concat(chunks);
		expect(heard.length % 2).toBe(0);
		expect(heard.subarray(0, 1000)).toEqual(speech);
		expect(heard.subarray(1000).every((byte) => byte === 0)).toBe(true);
	});

	test('a caller who says nothing is heard as a tone, at the pace of real time', async () => {
		pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
		const startedAt = performance.now();
		const heard = await read(await whenReady(), 3200);
		expect(performance.now() - startedAt).toBeGreaterThan(150);
		expect(heard.some((byte) => byte !== 0)).toBe(true);
	});

	test('what the app says is kept; closing the POST does not end the call', async () => {
		pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
		const pcm = Buffer.from('0123456789');
		expect((await whenReady({ method: 'POST', body: pcm })).status).toBe(200);
		expect(pbx.engine.heard({ participant: 1 })).toEqual(pcm);
		expect(legOf(pbx.engine, 'bot').status).toBe('Connected');
	});

	test('before Connected there is early media, and what the app says is lost', async () => {
		pbx.engine.makeCall({ from: 'bot', to: '+4989000' });
		expect((await stream({ method: 'POST', body: Buffer.from('lost') })).status).toBe(200);
		expect((await read(await stream(), 320)).length).toBe(320);
		pbx.engine.answer({});
		expect(pbx.engine.heard({ participant: 1 })).toHaveLength(0);
	});

	test('a dead token ends the stream, another one does not', async () => {
		pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
		const response = await whenReady({}, 'all-1');
		pbx.sockets.tokenRevoked('all-2');
		const reader = (response.body as ReadableStream<Uint8Array>).getReader();
		expect((await reader.read()).done).toBe(false);
		pbx.sockets.tokenRevoked('all-1');
		const drain = async (): Promise<void> => ((await reader.read()).done ? undefined : drain());
		await expect(drain()).rejects.toThrow();
		expect(legOf(pbx.engine, 'bot').status).toBe('Connected');
	});

	test('prompt finished, where the PBX tells it', async () => {
		await pbx.close();
		pbx = await startPbx({ promptFinished: true });
		const listener = await pbx.listen();
		pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
		await whenReady({ method: 'POST', body: Buffer.alloc(320) });
		expect(await listener.events()).toEqual(['upsert bot/1', 'promptFinished bot/1']);
	});
});

test('keys reach the route point as an event with the digits', async () => {
	const listener = await pbx.listen('some');
	const callid = pbx.engine.incoming({ from: OUTSIDE, did: '+4930900' });
	pbx.engine.pressKey({ callid, key: '42#' });
	await listener.events();
	expect(listener.frames[1]?.event).toEqual({
		event_type: 2,
		entity: '/callcontrol/bot/participants/1',
		attached_data: { dtmf_input: '42#' },
	});
});
