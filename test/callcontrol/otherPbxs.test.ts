import type { MonitorOptions } from '../../lib/callcontrol/link/monitor';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import type { Pbx } from '../../sandbox/pbx';
import type { Quirks } from '../../sandbox/pbx/quirks';
import { clientOf, type Watched } from './link';
import { closeAll, is, milestones, observe, startQuirky, wholeCall } from './quirky';
import { isCall } from './samples';

/** A monitor at PBXs that are not like the sandbox: each quirk that was found in one, over a real socket. */

const CALLER = '+441632960123';

let pbx: Pbx;

const start = async (...args: Parameters<typeof startQuirky>) => {
	pbx = await startQuirky(...args);
};

const listen = async (options: Partial<MonitorOptions> = {}): Promise<Watched> => {
	const watched = observe(pbx, options);
	await watched.monitor.ready();
	return watched;
};

const callOnce = async (watched: Watched) => await wholeCall(pbx, watched);

afterEach(closeAll);

/** Calls the route point, where somebody presses keys. */
const keysOf = async ({ events }: Watched, keys: string) => {
	const callid = pbx.calls.incoming({ from: CALLER, to: 'n8n' });
	await events.first(is('n8n', 'answered'), 'the app that answers');
	for (const key of keys) pbx.calls.pressKey({ callid, key });
	pbx.calls.hangUp({ callid });
	await events.first(is('n8n', 'ended'), 'the end');
	const pressed = events.items.filter(({ type }) => type === 'keyPressed') as CallEvent[];
	return pressed.map(({ digits }) => digits).join('');
};

describe('messages', () => {
	test.each<[string, Quirks]>([
		['as we know them', {}],
		['that are binary', { binaryFrames: true }],
		['in Pascal case, legs as well', { pascalCase: true }],
		['with a sequence that is always the same', { sequence: 'constant' }],
		['with a sequence that begins anew', { sequence: 'restarts' }],
		['and answers that are compressed', { gzip: true }],
	])('%s: a call and its keys are told', async (_, quirks) => {
		await start(quirks);
		const watched = await listen();
		const told = await callOnce(watched);
		expect(milestones(told)).toEqual(['100 ringing', '100 answered', '100 ended']);
		expect((told[0] as CallEvent).leg.participant).toMatchObject({
			party_caller_id: CALLER,
			party_dn_type: 'Wexternalline',
		});
		expect(await keysOf(watched, '5551123#')).toBe('5551123#');
	});
});

describe('legs that cannot be read one by one', () => {
	const SINGLE = /\/participants\/\d+$/;

	test('are read in the list of their extension', async () => {
		await start({});
		pbx.faults.next({ path: SINGLE, status: 403, times: Infinity });
		const told = await callOnce(await listen({ timing: { suspicionMs: 60_000 } }));
		expect(milestones(told)).toEqual(['100 ringing', '100 answered', '100 ended']);
	});

	test('nor there, are read with the whole state', async () => {
		await start({});
		pbx.faults.next({ path: /\/participants/, status: 403, times: Infinity });
		const told = await callOnce(await listen());
		expect(milestones(told).map((each) => each.replace('~', ''))).toEqual([
			'100 ringing',
			'100 answered',
			'100 ended',
		]);
	});
});

describe('a token that another program has ended', () => {
	test('whose socket falls silent is noticed by the next reading, which tells meanwhile', async () => {
		await start({ replacedSocket: 'silent' });
		const watched = await listen({ timing: { reconcileMs: 100 } });
		pbx.otherLogin();
		await callOnce(watched);
		// By now a socket with the new token is there, and has told or tells the next call.
		while (pbx.sockets !== 1 || pbx.requests.filter(({ status }) => status === 101).length < 2)
			await new Promise(setImmediate);
		const told = await callOnce(watched);
		expect(milestones(told)).toHaveLength(3);
		expect(watched.states.items.map(({ online }) => online)).toEqual([true]);
	});

	test('and whose upgrade is let through all the same does not count as a link', async () => {
		await start({ acceptsDeadTokens: true, replacedSocket: 'silent' });
		const client = clientOf(pbx);
		await client.tokens.get();
		pbx.otherLogin();
		const watched = await listen();
		expect(milestones(await callOnce(watched))).toEqual([
			'100 ringing',
			'100 answered',
			'100 ended',
		]);
		expect(watched.states.items.map(({ online }) => online)).toEqual([true]);
	});
});

describe('the own renewal of a token', () => {
	test.each<NonNullable<Quirks['replacedSocket']>>(['closed', 'silent', 'goesOn'])(
		'brings a new socket before anything is lost, and nothing is told twice (sockets %s)',
		async (replacedSocket) => {
			await start({ replacedSocket });
			const messages: string[] = [];
			const watched = await listen({ onMessage: (text) => messages.push(text) });
			const callid = pbx.calls.incoming({ from: CALLER, to: 'n8n' });
			await watched.events.first(is('n8n', 'answered'), 'the app that answers');
			const { tokens } = clientOf(pbx);
			// Keys are pressed all the time, while the token is renewed a few times.
			let pressed = '';
			const pressing = setInterval(() => {
				const key = String(pressed.length % 10);
				pbx.calls.pressKey({ callid, key });
				pressed += key;
			}, 5);
			for (let sockets = 2; sockets <= 4; sockets++) {
				await tokens.renew([await tokens.get()]);
				while (pbx.requests.filter(({ status }) => status === 101).length < sockets)
					await new Promise(setImmediate);
			}
			clearInterval(pressing);
			while (pbx.sockets > 1) await new Promise(setImmediate);
			pbx.calls.pressKey({ callid, key: '#' });
			await watched.events.first(
				(event) => isCall(event) && event.digits === '#',
				'the key after all',
			);
			const told = (watched.events.items as CallEvent[])
				.filter(({ type }) => type === 'keyPressed')
				.map(({ digits }) => digits)
				.join('');
			if (replacedSocket === 'goesOn') expect(told).toBe(`${pressed}#`);
			// Otherwise a dead token's socket is told nothing more: keys of that moment cannot be had, but none comes twice.
			const repeats = [...told].filter((key, index) => index > 0 && key === told[index - 1]);
			expect(repeats).toEqual([]);
			expect(watched.states.items.map(({ online }) => online)).toEqual([true]);
			expect(messages.filter((text) => /"#"/.test(text))).toHaveLength(1);
		},
	);
});

test('where the clock is off and tokens live for a minute, the first token lasts', async () => {
	await start(
		{ clockOffsetMs: -7_200_000, withoutIat: true, replacedSocket: 'closed' },
		{ tokenLifetimeSeconds: 60 },
	);
	const watched = await listen();
	for (let call = 0; call < 3; call++) expect(milestones(await callOnce(watched))).toHaveLength(3);
	expect(pbx.mints.n8n).toBe(1);
	expect(watched.states.items.map(({ online }) => online)).toEqual([true]);
});

describe('the certificate of the PBX', () => {
	test('changes: calls are told again at once', async () => {
		await start({}, { tls: true });
		const watched = await listen({
			connect: async () => await Promise.resolve(clientOf(pbx, true)),
		});
		await callOnce(watched);
		await pbx.changeCertificate();
		await watched.states.first(({ online }) => !online, 'the loss');
		expect(milestones(await callOnce(watched))).toHaveLength(3);
	});

	test('is not trusted: it is looked at again soon, however often that has failed', async () => {
		await start({}, { tls: true });
		const watched = observe(pbx, {
			random: () => 0.999,
			timing: { retryMs: 60_000, retryCapMs: 60_000, certificateMs: 30 },
		});
		const before = pbx.connections;
		await watched.states.first(({ online }) => !online, 'the refusal');
		while (pbx.connections < before + 4) await new Promise(setImmediate);
		expect(watched.states.items).toMatchObject([{ error: { kind: 'certificate' } }]);
	});
});

/** Resolves when the state has been read so often from now on. */
const readings = async (count: number) => {
	const read = () => pbx.requests.filter(({ path }) => path === '/callcontrol').length;
	const from = read();
	while (read() < from + count) await new Promise(setImmediate);
};

test('where nothing happens, or people go on talking, the socket stays, however often the state is read', async () => {
	await start({});
	const watched = await listen({ timing: { reconcileMs: 30, untoldMs: 300 } });
	await readings(20);
	const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
	await watched.events.first(is('100', 'ringing'), 'ringing');
	pbx.calls.answer({ callid });
	await watched.events.first(is('100', 'answered'), 'the answer');
	await readings(30);
	expect(pbx.requests.filter(({ status }) => status === 101)).toHaveLength(1);
});

describe('a PBX that answers no pings', () => {
	test('keeps its one socket', async () => {
		await start({ ignoresPings: true });
		const watched = await listen({ timing: { pingMs: 20, pongMs: 20, untoldMs: 300 } });
		expect(milestones(await callOnce(watched))).toHaveLength(3);
		await readings(30);
		expect(milestones(await callOnce(watched))).toHaveLength(3);
		expect(pbx.requests.filter(({ status }) => status === 101)).toHaveLength(1);
		expect(watched.states.items.map(({ online }) => online)).toEqual([true]);
	});

	test('and falls silent is found by what the readings show', async () => {
		await start({ ignoresPings: true });
		const watched = await listen({ timing: { pingMs: 20, pongMs: 20, untoldMs: 300 } });
		pbx.faults.freezeSockets();
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await watched.events.first(is('100', 'ringing'), 'the ringing, by a reading');
		while (pbx.requests.filter(({ status }) => status === 101).length < 2)
			await new Promise(setImmediate);
		pbx.calls.incoming({ from: CALLER, to: '101' });
		expect(await watched.events.first(is('101', 'ringing'), 'the next')).toMatchObject({
			recovered: false,
		});
	});
});
