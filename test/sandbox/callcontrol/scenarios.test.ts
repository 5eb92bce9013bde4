import type { CallEngine } from '../../../sandbox/pbx/callcontrol';
import type { FinishedCall } from '../../../sandbox/pbx/types';
import { legOf, startPbx, type Pbx } from './harness';

let pbx: Pbx;
beforeEach(async () => {
	pbx = await startPbx();
});
afterEach(() => pbx.close());

const OUTSIDE = '+4917012345';

interface Scenario {
	name: string;
	play: (engine: CallEngine) => void;
	frames: string[];
	/** `dn kind reason`, the engine's own truth. */
	journal: string[];
}

const incomingTo = (engine: CallEngine, to: string) => engine.incoming({ from: OUTSIDE, to });

const SCENARIOS: Scenario[] = [
	{
		name: 'inbound to an extension, answered, hung up',
		play: (engine) => {
			const callid = engine.incoming({ from: OUTSIDE, did: '+4930100' });
			engine.answer({ dn: '100' });
			engine.hangUp({ callid });
		},
		frames: ['upsert 100/1', 'upsert 100/1', 'remove 100/1'],
		journal: ['100 ringing', '100 answered', '100 ended HungUp'],
	},
	{
		name: 'inbound, declined',
		play: (engine) => {
			incomingTo(engine, '100');
			engine.decline({ dn: '100' });
		},
		frames: ['upsert 100/1', 'remove 100/1'],
		journal: ['100 ringing', '100 ended Declined'],
	},
	{
		name: 'inbound, never answered',
		play: (engine) => engine.timeoutRinging({ callid: incomingTo(engine, '100') }),
		frames: ['upsert 100/1', 'remove 100/1'],
		journal: ['100 ringing', '100 ended NoAnswer'],
	},
	{
		name: 'gone before any GET',
		play: (engine) => engine.hangUp({ callid: incomingTo(engine, '100') }),
		frames: ['upsert 100/1', 'remove 100/1'],
		journal: ['100 ringing', '100 ended HungUp'],
	},
	{
		name: 'internal call',
		play: (engine) => {
			const callid = engine.internal({ from: '100', to: '101' });
			engine.answer({ callid });
			engine.hangUp({ callid });
		},
		frames: [
			'upsert 100/1',
			'upsert 101/2',
			'upsert 101/2',
			'upsert 100/1',
			'remove 100/1',
			'remove 101/2',
		],
		journal: [
			'100 dialing',
			'101 ringing',
			'101 answered',
			'100 answered',
			'100 ended HungUp',
			'101 ended HungUp',
		],
	},
	{
		name: 'queue: all free agents ring, the loser leaves, then the queue',
		play: (engine) => {
			const callid = incomingTo(engine, '800');
			engine.answer({ callid, dn: '101' });
			engine.hangUp({ callid });
		},
		frames: [
			'upsert 800/1',
			'upsert 100/2',
			'upsert 101/3',
			'remove 100/2',
			'upsert 101/3',
			'remove 800/1',
			'remove 101/3',
		],
		journal: [
			'800 answered',
			'100 ringing',
			'101 ringing',
			'100 ended AnsweredElsewhere',
			'101 answered',
			'800 ended Routed',
			'101 ended HungUp',
		],
	},
	{
		name: 'queue in waves, one agent after the other',
		play: (engine) => {
			const callid = incomingTo(engine, '801');
			engine.decline({ dn: '100' });
			engine.pollAgents({ callid });
			engine.timeoutRinging({ callid });
			engine.pollAgents({ callid });
			engine.hangUp({ callid });
		},
		frames: [
			'upsert 801/1',
			'upsert 100/2',
			'remove 100/2',
			'upsert 101/3',
			'remove 101/3',
			'upsert 100/4',
			'remove 100/4',
			'remove 801/1',
		],
		journal: [
			'801 answered',
			'100 ringing',
			'100 ended Declined',
			'101 ringing',
			'101 ended NoAnswer',
			'100 ringing',
			'100 ended HungUp',
			'801 ended HungUp',
		],
	},
	{
		name: 'ring group',
		play: (engine) => {
			const callid = incomingTo(engine, '810');
			engine.answer({ callid, dn: '100' });
			engine.hangUp({ callid });
		},
		frames: ['upsert 100/1', 'upsert 101/2', 'remove 101/2', 'upsert 100/1', 'remove 100/1'],
		journal: [
			'100 ringing',
			'101 ringing',
			'101 ended AnsweredElsewhere',
			'100 answered',
			'100 ended HungUp',
		],
	},
	{
		name: 'IVR: an unknown key is ignored, a known one routes',
		play: (engine) => {
			const callid = incomingTo(engine, '820');
			engine.pressKey({ callid, key: '5' });
			engine.pressKey({ callid, key: '1' });
			engine.answer({ callid, dn: '100' });
			engine.hangUp({ callid });
		},
		frames: ['upsert 820/1', 'upsert 100/2', 'remove 820/1', 'upsert 100/2', 'remove 100/2'],
		journal: [
			'820 answered',
			'820 key 5',
			'820 key 1',
			'100 ringing',
			'820 ended Routed',
			'100 answered',
			'100 ended HungUp',
		],
	},
	{
		name: 'IVR: a key that reaches nobody leaves the caller at the menu',
		play: (engine) => engine.pressKey({ callid: incomingTo(engine, '820'), key: '9' }),
		frames: ['upsert 820/1'],
		journal: ['820 answered', '820 key 9', '820 returned PhoneNotRegistered'],
	},
	{
		name: 'route point: Connected at once, keys, drop',
		play: (engine) => {
			const callid = incomingTo(engine, 'bot');
			engine.pressKey({ callid, key: '4' });
			engine.hangUp({ participant: 1 });
		},
		frames: ['upsert bot/1', 'dtmf bot/1', 'remove bot/1'],
		journal: ['bot answered', 'bot key 4', 'bot ended HungUp'],
	},
	{
		name: 'route point routes on and drops its own leg at once',
		play: (engine) => {
			const callid = incomingTo(engine, 'bot');
			engine.routeTo({ participant: 1, to: '100' });
			engine.hangUp({ participant: 1 });
			engine.answer({ callid });
			engine.hangUp({ callid });
		},
		frames: ['upsert bot/1', 'upsert 100/2', 'remove bot/1', 'upsert 100/2', 'remove 100/2'],
		journal: [
			'bot answered',
			'100 ringing',
			'bot ended HungUp',
			'100 answered',
			'100 transferred',
			'100 ended HungUp',
		],
	},
	{
		name: 'blind transfer',
		play: (engine) => {
			const callid = incomingTo(engine, '100');
			engine.answer({ callid });
			engine.transfer({ dn: '100', to: '101' });
			engine.answer({ callid });
			engine.hangUp({ callid });
		},
		frames: [
			'upsert 100/1',
			'upsert 100/1',
			'upsert 101/2',
			'upsert 101/2',
			'remove 100/1',
			'remove 101/2',
		],
		journal: [
			'100 ringing',
			'100 answered',
			'101 ringing',
			'101 answered',
			'101 transferred',
			'100 ended Transferred',
			'101 ended HungUp',
		],
	},
	{
		name: 'failed transfer returns',
		play: (engine) => {
			const callid = incomingTo(engine, '100');
			engine.answer({ callid });
			engine.transfer({ dn: '100', to: '101' });
			engine.decline({ dn: '101' });
		},
		frames: ['upsert 100/1', 'upsert 100/1', 'upsert 101/2', 'remove 101/2'],
		journal: [
			'100 ringing',
			'100 answered',
			'101 ringing',
			'101 ended Declined',
			'100 returned Declined',
		],
	},
	{
		name: 'divert of a ringing leg',
		play: (engine) => {
			const callid = incomingTo(engine, '100');
			engine.divert({ participant: 1, to: '101' });
			engine.answer({ callid });
		},
		frames: ['upsert 100/1', 'upsert 101/2', 'remove 100/1', 'upsert 101/2'],
		journal: ['100 ringing', '101 ringing', '100 ended Diverted', '101 answered'],
	},
	{
		name: 'routeto of a ringing leg rings both, the first one wins',
		play: (engine) => {
			const callid = incomingTo(engine, '100');
			engine.routeTo({ participant: 1, to: '101' });
			engine.answer({ callid, dn: '101' });
		},
		frames: ['upsert 100/1', 'upsert 101/2', 'remove 100/1', 'upsert 101/2'],
		journal: ['100 ringing', '101 ringing', '100 ended AnsweredElsewhere', '101 answered'],
	},
	{
		name: 'outbound, answered',
		play: (engine) => {
			engine.makeCall({ from: '100', to: '+4989000' });
			engine.answer({});
			engine.hangUp({ participant: 1 });
		},
		frames: ['upsert 100/1', 'upsert 100/1', 'remove 100/1'],
		journal: ['100 dialing', '100 answered', '100 ended HungUp'],
	},
	{
		name: 'outbound, busy',
		play: (engine) => {
			engine.makeCall({ from: '100', to: '+4989000' });
			engine.decline({});
		},
		frames: ['upsert 100/1', 'remove 100/1'],
		journal: ['100 dialing', '100 ended PhoneBusy'],
	},
	{
		name: 'makecall without device at two phones rings them before it dials',
		play: (engine) => {
			const callid = 1;
			engine.makeCall({ from: '102', to: '+4989000' });
			engine.answer({ callid, dn: '102' });
			engine.answer({ callid });
		},
		frames: ['upsert 102/1', 'upsert 102/1', 'upsert 102/1'],
		journal: ['102 ringing', '102 dialing', '102 answered'],
	},
	{
		name: 'park and pick up',
		play: (engine) => {
			const callid = incomingTo(engine, '100');
			engine.answer({ callid });
			engine.park({ dn: '100' });
			engine.internal({ from: '101', to: 'SP1' });
		},
		frames: [
			'upsert 100/1',
			'upsert 100/1',
			'upsert SP1/2',
			'remove 100/1',
			'upsert 101/3',
			'upsert 101/3',
			'remove SP1/2',
		],
		journal: [
			'100 ringing',
			'100 answered',
			'SP1 answered',
			'SP1 transferred',
			'100 ended Transferred',
			'101 dialing',
			'101 answered',
			'SP1 ended Transferred',
		],
	},
];

test.each(SCENARIOS)('$name', async ({ play, frames, journal }) => {
	const listener = await pbx.listen();
	play(pbx.engine);
	expect(await listener.events()).toEqual(frames);
	expect(
		pbx.engine.journal.map(({ dn, kind, reason, key }) =>
			[dn, kind, key ?? (reason === 'None' ? '' : reason)].filter(Boolean).join(' '),
		),
	).toEqual(journal);
	expect(listener.frames.map(({ sequence }) => sequence)).toEqual(
		listener.frames.map((_, index) => index + 1),
	);
});

describe('what a leg tells', () => {
	test('inbound: the other side is the trunk with the caller as number, the DID stays empty', async () => {
		pbx.engine.incoming({ from: OUTSIDE, fromName: 'Acme', did: '+4930100' });
		const { status, body } = await pbx.rest('GET', '/100/participants/1');
		expect(status).toBe(200);
		expect(body).toEqual({
			id: 1,
			status: 'Ringing',
			dn: '100',
			party_caller_name: 'Acme',
			party_dn: '10000',
			party_caller_id: OUTSIDE,
			party_did: '',
			device_id: 'sip:100@192.168.27.40:5065',
			party_dn_type: 'Wexternalline',
			direct_control: true,
			originated_by_dn: '10000',
			originated_by_type: 'Wexternalline',
			referred_by_dn: '',
			referred_by_type: 'None',
			on_behalf_of_dn: '',
			on_behalf_of_type: 'None',
			callid: 1,
			legid: 2,
		});
	});

	test('a route point is told the DID, and may answer by API', () => {
		pbx.engine.incoming({ from: OUTSIDE, did: '+4930900' });
		expect(legOf(pbx.engine, 'bot')).toMatchObject({
			status: 'Connected',
			party_did: '+4930900',
			direct_control: true,
		});
	});

	test('a transfer names the transferor, a divert also on whose behalf', () => {
		const callid = incomingTo(pbx.engine, '100');
		pbx.engine.divert({ participant: 1, to: '101' });
		expect(legOf(pbx.engine, '101')).toMatchObject({
			referred_by_dn: '100',
			on_behalf_of_dn: '100',
		});
		pbx.engine.answer({ callid });
		pbx.engine.transfer({ dn: '101', to: '102' });
		expect(legOf(pbx.engine, '102')).toMatchObject({
			callid,
			referred_by_dn: '101',
			referred_by_type: 'Wextension',
			on_behalf_of_dn: '',
			party_caller_id: OUTSIDE,
		});
	});

	test('outbound: originated by the own DN; both sides of an internal call name each other', () => {
		const callid = pbx.engine.internal({ from: '100', to: '101' });
		expect(legOf(pbx.engine, '100')).toMatchObject({
			status: 'Dialing',
			originated_by_dn: '100',
			party_dn: '101',
			party_caller_name: 'Ben Jones',
			legid: 1,
		});
		pbx.engine.answer({ callid });
		expect(legOf(pbx.engine, '101')).toMatchObject({
			party_dn: '100',
			status: 'Connected',
			legid: 2,
		});
	});

	test('a caller in a queue who is answered sees the agent', () => {
		const callid = pbx.engine.internal({ from: '102', to: '800' });
		expect(legOf(pbx.engine, '102')).toMatchObject({ party_dn: '800', party_dn_type: 'Wqueue' });
		pbx.engine.answer({ callid, dn: '100' });
		expect(legOf(pbx.engine, '102')).toMatchObject({
			party_dn: '100',
			party_dn_type: 'Wextension',
		});
	});

	test('the answering device can be another one than the first', () => {
		incomingTo(pbx.engine, '102');
		pbx.engine.answer({ dn: '102', device: 'sip:102@127.0.0.1:5483' });
		expect(legOf(pbx.engine, '102').device_id).toBe('sip:102@127.0.0.1:5483');
	});
});

describe('options', () => {
	const withOptions = async (options: Parameters<typeof startPbx>[0]) => {
		await pbx.close();
		pbx = await startPbx(options);
		return pbx.engine;
	};

	test('one participant for each device, the losers leave', async () => {
		const engine = await withOptions({ participantPerDevice: true });
		const callid = incomingTo(engine, '102');
		expect(engine.participants('102').map(({ device_id }) => device_id)).toHaveLength(2);
		engine.answer({ callid, device: 'sip:102@127.0.0.1:5483' });
		expect(engine.participants('102')).toMatchObject([{ id: 2, status: 'Connected' }]);
	});

	test('ids that are unique on one DN only', async () => {
		const engine = await withOptions({ participantIds: 'perDn' });
		engine.internal({ from: '100', to: '101' });
		expect([legOf(engine, '100').id, legOf(engine, '101').id]).toEqual([1, 1]);
		engine.hangUp({ participant: 1, dn: '101' });
		expect(engine.calls()).toEqual([]);
	});

	test('DID everywhere, participant_uid repeatable', async () => {
		const uidOf = async () => {
			const engine = await withOptions({ partyDid: 'always', participantUid: true, random: 7 });
			engine.incoming({ from: OUTSIDE, did: '+4930100' });
			const leg = legOf(engine, '100');
			expect(leg.party_did).toBe('+4930100');
			return leg.participant_uid;
		};
		const first = await uidOf();
		expect(first).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
		expect(await uidOf()).toBe(first);
	});

	test('upserts come twice, and again while it rings, but not once answered', async () => {
		const engine = await withOptions({ duplicateUpserts: 1, repeatUpsertEveryMs: 1 });
		const listener = await pbx.listen();
		const callid = incomingTo(engine, '100');
		while (listener.frames.length < 6) await listener.ask('/callcontrol/barrier');
		engine.answer({ callid });
		const upserts = (await listener.events()).length;
		expect(upserts).toBeGreaterThanOrEqual(4);
		expect(await listener.events()).toHaveLength(upserts);
	});

	test('an outside party answers by itself, is busy (…01), or as set', async () => {
		const engine = await withOptions({ externalAnswerAfterMs: 1 });
		const outcome = (to: string) =>
			new Promise<string>((resolve) => {
				engine.once('journal', () => {
					engine.once('journal', ({ kind, reason }) => resolve(`${kind} ${reason}`));
				});
				engine.makeCall({ from: '100', to });
			});
		expect(await outcome('+498912345')).toBe('answered None');
		expect(await outcome('+498912301')).toBe('ended PhoneBusy');
		engine.setExternal('+498912345', 'busy');
		expect(await outcome('+498912345')).toBe('ended PhoneBusy');
	});

	test('a phone that rings for a makecall is picked up by itself', async () => {
		const engine = await withOptions({ pickUpAfterMs: 1 });
		const dialing = new Promise<void>((resolve) =>
			engine.on('journal', ({ kind }) => kind === 'dialing' && resolve()),
		);
		expect(engine.makeCall({ from: '102', to: '101' })).toBeUndefined();
		await dialing;
		expect(legOf(engine, '101').status).toBe('Ringing');
	});

	test('rings no longer than its timeout', async () => {
		const engine = await withOptions({ ringTimeoutMs: 1 });
		const finished = new Promise<FinishedCall>((resolve) => engine.once('finished', resolve));
		incomingTo(engine, '100');
		expect(await finished).toMatchObject({ direction: 'Inbound', legs: [{ dn: '100' }] });
	});
});

describe('call log and active calls', () => {
	test('a finished queue call names everyone that rang', async () => {
		const finished = new Promise<FinishedCall>((resolve) => pbx.engine.once('finished', resolve));
		const callid = pbx.engine.incoming({ from: OUTSIDE, fromName: 'Acme', did: '+4930800' });
		expect(pbx.engine.calls()).toMatchObject([
			{ id: callid, caller: `${OUTSIDE} Acme`, callee: '800 Sales', status: 'Routing' },
		]);
		pbx.engine.answer({ callid, dn: '100' });
		expect(pbx.engine.calls()).toMatchObject([{ callee: '100 Anna Smith', status: 'Talking' }]);
		pbx.engine.transfer({ dn: '100', to: '101' });
		expect(pbx.engine.calls()).toMatchObject([{ status: 'Transferring' }]);
		pbx.engine.hangUp({ callid });
		const call = await finished;
		expect(call).toMatchObject({
			callid,
			direction: 'Inbound',
			did: '+4930800',
			from: { number: OUTSIDE, name: 'Acme', dn: '10000' },
			to: { number: '800', name: 'Sales', dn: '800' },
			answeredAt: expect.any(Date) as Date,
		});
		expect(call.legs.map(({ dn, answeredAt }) => [dn, answeredAt !== undefined])).toEqual([
			['800', true],
			['100', true],
			['101', false],
			['101', false],
		]);
	});

	test.each([
		['a queue alone is no answer', (engine: CallEngine) => incomingTo(engine, '800'), false],
		['a route point is', (engine: CallEngine) => incomingTo(engine, 'bot'), true],
		[
			'an unanswered outbound call is not',
			(engine: CallEngine) => engine.internal({ from: '100', to: '+4989000' }),
			false,
		],
	])('%s', async (_name, play, isAnswered) => {
		const finished = new Promise<FinishedCall>((resolve) => pbx.engine.once('finished', resolve));
		pbx.engine.hangUp({ callid: play(pbx.engine) });
		expect((await finished).answeredAt !== undefined).toBe(isAnswered);
	});

	test('closing leaves no timer', () => {
		incomingTo(pbx.engine, '800');
		incomingTo(pbx.engine, 'bot');
		pbx.engine.makeCall({ from: '102', to: '+4989123' });
		expect(pbx.engine.pendingTimers).toBeGreaterThan(0);
		pbx.engine.close();
		expect(pbx.engine.pendingTimers).toBe(0);
	});

	test('a finished call leaves no timer either', () => {
		for (const to of ['100', '800', '801', '810', '820', 'bot']) {
			const callid = incomingTo(pbx.engine, to);
			pbx.engine.hangUp({ callid });
		}
		expect(pbx.engine.pendingTimers).toBe(0);
	});
});
