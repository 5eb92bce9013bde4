import { once } from 'node:events';

import WebSocket from 'ws';

import { startPbx, type Pbx } from './harness';

let pbx: Pbx;
beforeEach(async () => {
	pbx = await startPbx();
});
afterEach(() => pbx.close());

const OUTSIDE = '+4917012345';
const wsUrl = () => pbx.url.replace('http', 'ws');

describe('upgrade', () => {
	const refusal = async (path: string, headers: Record<string, string> = {}) => {
		const socket = new WebSocket(`${wsUrl()}${path}`, { headers });
		const [, response] = (await once(socket, 'unexpected-response')) as [
			unknown,
			{ statusCode: number },
		];
		socket.on('error', () => undefined);
		socket.terminate();
		return response.statusCode;
	};

	test.each([
		['no token', '/callcontrol/ws', {}, 401],
		['a wrong token', '/callcontrol/ws', { authorization: 'Bearer nobody' }, 401],
		['a good token in the query', '/callcontrol/ws?access_token=all', {}, 401],
		['another path', '/elsewhere', { authorization: 'Bearer all' }, 404],
	])('%s is refused', async (_name, path, headers, status) => {
		expect(await refusal(path, headers)).toBe(status);
		expect(pbx.sockets.count).toBe(0);
	});
});

test('a frame has exactly the documented form, and attached_data is null', async () => {
	const listener = await pbx.listen();
	const callid = pbx.engine.incoming({ from: OUTSIDE, to: '100' });
	pbx.engine.hangUp({ callid });
	await listener.events();
	expect(listener.frames.slice(0, 2)).toEqual([
		{
			sequence: 1,
			event: { event_type: 0, entity: '/callcontrol/100/participants/1', attached_data: null },
		},
		{
			sequence: 2,
			event: { event_type: 1, entity: '/callcontrol/100/participants/1', attached_data: null },
		},
	]);
});

test('a client hears of its own and its monitored DNs only; each connection counts for itself', async () => {
	const first = await pbx.listen('all');
	pbx.engine.incoming({ from: OUTSIDE, to: 'bot' });
	const second = await pbx.listen('some');
	pbx.engine.internal({ from: '100', to: '101' });
	expect(await second.events()).toEqual(['upsert 100/2']);
	expect(second.frames[0]?.sequence).toBe(1);
	expect(await first.events()).toEqual(['upsert bot/1', 'upsert 100/2', 'upsert 101/3']);
});

test('phones that come and go', async () => {
	const listener = await pbx.listen();
	pbx.engine.deviceChanged('100', 'sip:100@192.168.27.40:5065', 'remove');
	await listener.events();
	expect(listener.frames[0]?.event).toEqual({
		event_type: 1,
		entity: '/callcontrol/100/devices/sip%3A100%40192.168.27.40%3A5065',
		attached_data: null,
	});
});

describe('requests over the socket', () => {
	test('are done and answered like over REST', async () => {
		const listener = await pbx.listen('some');
		const reply = await listener.ask('/callcontrol/100/makecall', {
			Destination: '101',
			Reason: null,
			Timeout: null,
			AttachedData: { ticket: '7' },
		});
		expect(reply).toMatchObject({
			Path: '/callcontrol/100/makecall',
			StatusCode: 200,
			Response: { finalstatus: 'Success', result: { dn: '100', status: 'Dialing' } },
		});
		expect(pbx.engine.attachedTo({ participant: 1 })).toEqual({ ticket: '7' });
		const entity = listener.frames.at(-1)?.event.entity;
		expect(entity).toBe('/callcontrol/100/makecall');
	});

	test.each([
		['/callcontrol/101/makecall', { Destination: '100' }, 403],
		['/callcontrol/100/makecall', {}, 400],
		['/callcontrol/100/makecall', { Destination: 100 }, 400],
		['/callcontrol/100/participants/9/drop', {}, 404],
		['/callcontrol/100/nothing', {}, 404],
		['/callcontrol/100/devices/%E0%A4%A/makecall', { Destination: '101' }, 404],
	])('%s with %j gets %i', async (path, data, status) => {
		const listener = await pbx.listen('some');
		expect((await listener.ask(path, data)).StatusCode).toBe(status);
	});

	test('what is no request is ignored', async () => {
		const listener = await pbx.listen();
		listener.socket.send('not json');
		listener.socket.send('{"hello": 1}');
		expect(await listener.events()).toEqual([]);
	});
});

describe('trouble on purpose', () => {
	test('pings are answered, but not on a frozen link; what it misses is a gap', async () => {
		const listener = await pbx.listen();
		listener.socket.ping();
		await once(listener.socket, 'pong');

		let pongs = 0;
		listener.socket.on('pong', () => (pongs += 1));
		pbx.sockets.freeze();
		listener.socket.ping();
		pbx.engine.incoming({ from: OUTSIDE, to: '100' });
		const other = await pbx.listen();
		await other.events();
		expect(pongs).toBe(0);
		expect(listener.frames).toEqual([]);
		expect(listener.socket.readyState).toBe(WebSocket.OPEN);

		pbx.sockets.thaw();
		pbx.engine.answer({ dn: '100' });
		expect(await listener.events()).toEqual(['upsert 100/1']);
		expect(listener.frames[0]?.sequence).toBe(2);
	});

	test('dropAll cuts without a close frame', async () => {
		const listener = await pbx.listen();
		pbx.sockets.dropAll();
		const [code] = (await once(listener.socket, 'close')) as [number];
		expect(code).toBe(1006);
		expect(pbx.sockets.count).toBe(0);
	});

	test('a dead token takes its own sockets along', async () => {
		const dead = await pbx.listen('all-1');
		const alive = await pbx.listen('all-2');
		pbx.sockets.tokenRevoked('all-1');
		const [code] = (await once(dead.socket, 'close')) as [number];
		expect(code).toBe(1006);
		expect(await alive.events()).toEqual([]);
	});

	test('or leaves them open, on request', async () => {
		await pbx.close();
		pbx = await startPbx({}, { closeRevoked: false });
		const listener = await pbx.listen('all-1');
		pbx.sockets.tokenRevoked('all-1');
		expect(await listener.events()).toEqual([]);
	});

	test('broken frames', async () => {
		const listener = new WebSocket(`${wsUrl()}/callcontrol/ws`, {
			headers: { authorization: 'Bearer all' },
		});
		await once(listener, 'open');
		pbx.sockets.send('{"sequence": 1, "event"');
		const [data] = (await once(listener, 'message')) as [Buffer];
		expect(String(data)).toBe('{"sequence": 1, "event"');
		listener.terminate();
	});
});
