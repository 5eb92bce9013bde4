import type {
	IDataObject,
	INodeParameters,
	IRun,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { listen } from '../../nodes/ThreeCxTrigger/listen';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import { CredentialStore, loadOptionsContext } from '../support/n8n';
import {
	activate,
	testManually,
	type Emitted,
	type TriggerOptions,
} from '../support/triggerHarness';
import { Collector } from '../callcontrol/collector';
import { quietPbx } from '../callcontrol/link';
import { client, session } from '../sandbox/xapi/support';

/** The trigger with its own patience in a manual test. */
const listeningFor = (testMs: number, isListening: () => void = () => undefined) =>
	class extends ThreeCxTrigger {
		override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
			const response = await listen(this, { testMs });
			isListening();
			return response;
		}
	};

const CALLER = '+441632960123';

describe('the 3CX Trigger', () => {
	let pbx: Pbx;
	let emitted: Collector<Emitted>;
	const closers: Array<() => Promise<void>> = [];

	const start = async (options: PbxOptions = {}) => {
		pbx = await quietPbx(options);
		closers.push(async () => await pbx.close());
	};
	const credentials = (fields: IDataObject = {}) =>
		new CredentialStore({
			pbxUrl: pbx.url,
			clientId: pbx.defaultClient.clientId,
			clientSecret: pbx.defaultClient.clientSecret,
			...(fields as Record<string, string>),
		});
	const options = (more: Partial<TriggerOptions> = {}): TriggerOptions => ({
		type: ThreeCxTrigger,
		credentials: credentials(),
		onEmit: emitted.push,
		...more,
		parameters: { events: ['callRinging', 'callAnswered', 'callEnded'], ...more.parameters },
	});
	const publish = async (
		more: Partial<TriggerOptions> = {},
		mode?: Parameters<typeof activate>[1],
	) => {
		const trigger = await activate(options(more), mode);
		closers.push(async () => await trigger.response.closeFunction?.());
		return trigger;
	};
	const events = () => emitted.items.flatMap(({ items }) => items.map(({ json }) => json));
	const names = () =>
		events().map(({ event, extension }) => `${String(extension)} ${String(event)}`);
	const event = async (name: string) => {
		const hit = await emitted.first(
			({ items }) => items.some(({ json }) => json.event === name),
			name,
		);
		return hit.items.find(({ json }) => json.event === name)!.json;
	};

	beforeEach(() => {
		emitted = new Collector();
	});

	afterEach(async () => {
		for (const close of closers.splice(0).reverse()) await close();
		await closeDispatchers();
		expect(linkCount()).toBe(0);
	});

	test('starts an execution for each step of a call, with one flat item', async () => {
		await start();
		const { emittedErrors } = await publish({ parameters: { options: { includeRaw: true } } });
		const callid = pbx.calls.incoming({ from: '01632 960123', fromName: 'Ada', to: '100' });
		expect(await event('callRinging')).toMatchObject({
			recovered: false,
			callId: callid,
			extension: '100',
			extensionType: 'Wextension',
			extensionName: 'Amelia Hartley',
			status: 'Ringing',
			direction: 'inbound',
			external: true,
			callerName: 'Ada',
			number: '01632 960123',
			numberE164: null,
			answered: false,
			answeredAt: null,
			queue: null,
			participant: { callid, dn: '100' },
		});
		pbx.calls.answer({ callid });
		expect(await event('callAnswered')).toMatchObject({
			answered: true,
			answeredAt: expect.any(String),
		});
		pbx.calls.hangUp({ callid });
		expect(await event('callEnded')).toMatchObject({
			answered: true,
			durationSeconds: expect.any(Number),
			talkSeconds: expect.any(Number),
		});
		expect(names()).toEqual(['100 callRinging', '100 callAnswered', '100 callEnded']);
		expect(new Set(emitted.items.map(({ deduplicationKey }) => deduplicationKey)).size).toBe(3);
		for (const { deduplicationKey } of emitted.items) {
			expect(deduplicationKey).toMatch(/^workflow:trigger:/);
			expect(deduplicationKey!.length).toBeLessThan(200);
		}
		expect(emittedErrors).toEqual([]);
	});

	test.each([
		['a user', 'Users', { FirstName: 'New' }],
		['a queue', 'Queues', { Name: 'New', Agents: [{ Number: '100' }] }],
	])('tells calls of %s that was made after it was published', async (_, set, body) => {
		// Somebody else makes it, whose token is not the trigger's.
		const admin = client({ clientId: 'admin' });
		await start({ clients: [client({ clientId: 'n8n' }), admin] });
		await publish();
		const { create } = await session(pbx, admin);
		const { Number: number } = await create(set, body);
		const dialled = String(number);
		const answers = set === 'Users' ? dialled : '100';
		const callid = pbx.calls.incoming({ from: CALLER, to: dialled });
		await event('callRinging');
		pbx.calls.answer({ callid, dn: answers });
		await event('callAnswered');
		pbx.calls.hangUp({ callid });
		await event('callEnded');
		expect(names()).toEqual(
			['callRinging', 'callAnswered', 'callEnded'].map((name) => `${answers} ${name}`),
		);
	});

	test('writes local numbers in E.164 with a default country', async () => {
		await start();
		await publish({ parameters: { options: { defaultCountry: 'GB' } } });
		pbx.calls.incoming({ from: '020 7946 0018', to: '100' });
		expect(await event('callRinging')).toMatchObject({
			number: '020 7946 0018',
			numberE164: '+442079460018',
			numberCountry: 'GB',
			numberKind: 'external',
		});
	});

	test('tells a queue call once, and every phone of it if asked to', async () => {
		await start();
		await publish();
		const perPhone = new Collector<Emitted>();
		await publish({
			nodeId: 'other',
			onEmit: perPhone.push,
			parameters: { options: { granularity: 'leg' } },
		});
		const callid = pbx.calls.incoming({ from: CALLER, to: '800' });
		const rings = ({ items }: Emitted) => items[0]!.json.event === 'callRinging';
		await perPhone.first(() => perPhone.items.filter(rings).length === 4, 'four phones that ring');
		pbx.calls.answer({ callid, dn: '105' });
		expect(await event('callAnswered')).toMatchObject({ extension: '105', queue: '800' });
		pbx.calls.hangUp({ callid });
		await event('callEnded');
		expect(events().map((each) => each.event)).toEqual([
			'callRinging',
			'callAnswered',
			'callEnded',
		]);
	});

	test('tells each phone that rings, and each call once, in one workflow', async () => {
		await start();
		await publish({
			parameters: {
				events: ['callRinging', 'callAnswered', 'callEnded'],
				options: { perPhone: ['callRinging'] },
			},
		});
		const callid = pbx.calls.incoming({ from: CALLER, to: '800' });
		await emitted.count(4, 'phones that ring');
		pbx.calls.answer({ callid, dn: '105' });
		await event('callAnswered');
		pbx.calls.hangUp({ callid });
		expect(await event('callEnded')).toMatchObject({
			granularity: 'call',
			extension: '105',
			answered: true,
		});
		const all = events();
		const [pops, records] = [all.slice(0, 4), all.slice(4)];
		expect(pops.every((each) => each.event === 'callRinging' && each.granularity === 'leg')).toBe(
			true,
		);
		expect(new Set(pops.map(({ extension }) => extension)).size).toBe(4);
		expect(records.map((each) => each.event)).toEqual(['callAnswered', 'callEnded']);
		expect(new Set(all.map(({ callKey }) => callKey)).size).toBe(1);
		expect(new Set(all.map(({ eventId }) => eventId)).size).toBe(6);
	});

	test('tells when a caller enters a queue and leaves it, also to somebody who listens to the queue only', async () => {
		await start();
		await publish({
			parameters: {
				events: ['callerEnteredQueue', 'callerLeftQueue'],
				extensions: ['800'],
			},
		});
		const callid = pbx.calls.incoming({ from: CALLER, to: '800' });
		expect(await event('callerEnteredQueue')).toMatchObject({
			extension: '800',
			queue: '800',
			number: CALLER,
		});
		pbx.calls.answer({ callid, dn: '105' });
		const left = await event('callerLeftQueue');
		expect(left).toMatchObject({
			queue: '800',
			queueOutcome: 'answered',
			waitedSeconds: expect.any(Number),
			takenBy: '105',
			lastAgent: expect.stringMatching(/^10\d$/),
		});
		expect(left.agents).toContain('105');
		expect(left.rang).toEqual(left.agents);
		const other = pbx.calls.incoming({ from: CALLER, to: '800' });
		await emitted.count(3, 'executions');
		pbx.calls.hangUp({ callid: other });
		const gaveUp = ({ items }: Emitted) => items[0]!.json.queueOutcome === 'abandoned';
		const { items } = await emitted.first(gaveUp, 'a caller who gave up');
		expect(items[0]!.json).toMatchObject({ callId: other, takenBy: null });
		expect(names()).toEqual(
			['Entered', 'Left', 'Entered', 'Left'].map((what) => `800 caller${what}Queue`),
		);
	});

	test('tells calls that nobody answered as missed, and only these', async () => {
		await start();
		await publish({ parameters: { events: ['callRinging', 'callAnswered', 'callMissed'] } });
		// Of what is over before the trigger looks, nobody can know.
		const ringing = async (to: string) => {
			const callId = pbx.calls.incoming({ from: CALLER, to });
			const isIt = ({ items }: Emitted) => items[0]!.json.callId === callId;
			await emitted.first(isIt, `${to} to ring`);
			return callId;
		};
		const answered = await ringing('100');
		pbx.calls.answer({ callid: answered });
		await event('callAnswered');
		pbx.calls.hangUp({ callid: answered });
		const missed = await ringing('101');
		pbx.calls.hangUp({ callid: missed });
		expect(await event('callMissed')).toMatchObject({
			callId: missed,
			extension: '101',
			answered: false,
			durationSeconds: expect.any(Number),
		});
		expect(names()).toEqual([
			'100 callRinging',
			'100 callAnswered',
			'101 callRinging',
			'101 callMissed',
		]);
	});

	test('tells calls that come through a queue only', async () => {
		await start();
		await publish({
			parameters: { events: ['callRinging', 'callEnded'], filters: { queues: ['800'] } },
		});
		const direct = pbx.calls.incoming({ from: CALLER, to: '100' });
		pbx.calls.hangUp({ callid: direct });
		const queued = pbx.calls.incoming({ from: CALLER, to: '800' });
		expect(await event('callRinging')).toMatchObject({ callId: queued, queue: '800' });
		pbx.calls.hangUp({ callid: queued });
		expect(await event('callEnded')).toMatchObject({ callId: queued, queue: '800' });
		expect(new Set(events().map(({ callId }) => callId))).toEqual(new Set([queued]));
	});

	test('does not mind a PBX that does not let it read names', async () => {
		await start();
		pbx.faults.next({ path: /Peers/, status: 403 });
		await publish();
		pbx.calls.incoming({ from: CALLER, to: '100' });
		expect(await event('callRinging')).toMatchObject({ extension: '100', extensionName: null });
	});

	test.each([
		['a list', ['101']],
		['text with commas', '101, 102'],
	])('listens to the extensions in %s only', async (_, extensions) => {
		await start();
		await publish({ parameters: { extensions } });
		pbx.calls.incoming({ from: CALLER, to: '100' });
		pbx.calls.incoming({ from: CALLER, to: '101' });
		await event('callRinging');
		expect(names()).toEqual(['101 callRinging']);
	});

	describe('listens only to', () => {
		const first = async () => {
			await emitted.count(1, 'executions');
			return names()[0];
		};

		test.each<[string, IDataObject, string]>([
			['calls from outside', { otherSide: 'outside' }, '103 callRinging'],
			['calls within the company', { otherSide: 'inside' }, '100 callDialing'],
			['numbers in E.164', { caller: '+4416329*' }, '101 callRinging'],
			['numbers as people write them', { caller: '+44 (1632) 960-12?' }, '101 callRinging'],
			['hidden numbers', { caller: '0800*, anonymous' }, '103 callRinging'],
			['queues', { dnTypes: ['Wqueue'] }, '800 callAnswered'],
			['outgoing calls', { direction: 'outbound' }, '100 callDialing'],
		])('%s', async (_, filters, expected) => {
			await start();
			await publish({
				parameters: {
					events: ['callRinging', 'callDialing', 'callAnswered'],
					filters: filters as INodeParameters,
					options: { granularity: 'leg' },
				},
			});
			pbx.calls.internal({ from: '100', to: '102' });
			pbx.calls.incoming({ from: '', to: '103' });
			pbx.calls.incoming({ from: CALLER, to: '101' });
			pbx.calls.incoming({ from: '+4930123456', to: '800' });
			expect(await first()).toBe(expected);
		});

		test('a number that was dialed from outside, on every leg of the call', async () => {
			await start({ calls: { partyDid: 'always' } });
			const [other, did] = pbx.store
				.rows('Trunks')
				.flatMap((trunk) => (trunk.DidNumbers ?? []) as string[]);
			await publish({ parameters: { filters: { did: `0800*, ${did}` } } });
			pbx.calls.incoming({ from: CALLER, did: other! });
			const callId = pbx.calls.incoming({ from: CALLER, did: did! });
			expect(await event('callRinging')).toMatchObject({ callId, did });
		});
	});

	test.each([
		['name', { CountryName: 'United Kingdom' }],
		['calling code', { CountryCode: '44' }],
	])('takes the default country from the %s in the settings of the PBX', async (_, settings) => {
		await start();
		pbx.store.singleton('E164Settings', () => settings);
		await publish();
		pbx.calls.incoming({ from: '020 7946 0018', to: '100' });
		expect(await event('callRinging')).toMatchObject({ numberE164: '+442079460018' });
	});

	test('does not mind a PBX that does not let it read the country', async () => {
		await start();
		pbx.faults.next({ path: /E164Settings/, status: 403 });
		await publish();
		pbx.calls.incoming({ from: '020 7946 0018', to: '100' });
		expect(await event('callRinging')).toMatchObject({ numberE164: null });
	});

	test('tells phones that come and go, sounds that end, and the messages themselves', async () => {
		await start({ calls: { promptFinished: true } });
		await publish({
			parameters: {
				events: ['deviceRegistered', 'deviceUnregistered', 'promptFinished', 'raw'],
				extensions: ['100', 'n8n'],
			},
		});
		const [device] = pbx.calls.directory.dn('100')!.devices;
		pbx.calls.deviceChanged('100', device!.device_id, 'remove');
		expect(await event('deviceUnregistered')).toMatchObject({
			extension: '100',
			extensionName: 'Amelia Hartley',
			device: device!.device_id,
		});
		pbx.calls.deviceChanged('100', device!.device_id, 'upsert');
		await event('deviceRegistered');
		pbx.calls.incoming({ from: CALLER, to: '101' });
		const callid = pbx.calls.incoming({ from: CALLER, to: 'n8n' });
		const [leg] = pbx.calls.participants('n8n');
		pbx.calls.promptFinished({ dn: 'n8n', participant: leg!.id });
		expect(await event('promptFinished')).toMatchObject({ callId: callid, extension: 'n8n' });
		expect(await event('raw')).toMatchObject({
			extension: '100',
			message: { sequence: 1, event: { event_type: 1 } },
		});
		expect(events().some(({ extension }) => extension === '101')).toBe(false);
	});

	test('tells when the connection is lost and when it is back', async () => {
		await start();
		await publish({ parameters: { events: ['connectionLost', 'connectionRestored'] } });
		pbx.faults.dropSockets();
		expect(await event('connectionLost')).toMatchObject({ reason: expect.any(String) });
		expect(await event('connectionRestored')).toMatchObject({
			outageSeconds: expect.any(Number),
		});
	});

	test('tells that the connection is missing when n8n starts while the PBX is down', async () => {
		await start();
		await pbx.down();
		await publish({ parameters: { events: ['connectionLost'] } }, 'init');
		expect(await event('connectionLost')).toMatchObject({
			reason: expect.stringMatching(/refused the connection/),
		});
	});

	test('gives up the oldest unimportant events when too many wait, and keeps the others', async () => {
		await start();
		await publish({
			endAtOnce: false,
			parameters: {
				events: ['callRinging', 'raw', 'callEnded'],
				options: { executionsInFlight: 1, maxWaiting: 3 },
			},
		});
		// Another node, whose executions end, shows what has been understood by now.
		const other = new Collector<Emitted>();
		await publish({ nodeId: 'other', onEmit: other.push });
		const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
		await other.count(1, 'executions of the other node');
		for (const to of ['101', '102', '103']) pbx.calls.incoming({ from: CALLER, to });
		pbx.calls.hangUp({ callid });
		await other.count(5, 'executions of the other node');
		const pump = setInterval(() => emitted.items.forEach(({ end }) => end()), 5);
		closers.push(async () => await Promise.resolve(clearInterval(pump)));
		const of = (name: string) => events().filter((each) => each.event === name);
		await emitted.first(
			() => of('callRinging').length === 4 && of('callEnded').length === 1,
			'four calls that rang and one that ended',
		);
		// A message for each ringing phone and for the one that stopped.
		expect(of('raw').length).toBeLessThan(5);
	});

	test('uses one socket for all nodes of a PBX and client, and closes it with the last', async () => {
		await start();
		const first = await publish();
		const other = new Collector<Emitted>();
		await publish({ nodeId: 'other', onEmit: other.push });
		expect(linkCount()).toBe(1);
		await first.response.closeFunction?.();
		expect(linkCount()).toBe(1);
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await other.count(1, 'executions');
		expect(emitted.items).toEqual([]);
	});

	test('registered twice replaces itself', async () => {
		await start();
		await publish();
		const second = new Collector<Emitted>();
		await publish({ onEmit: second.push });
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await second.count(1, 'executions');
		expect(emitted.items).toEqual([]);
	});

	test('keeps executions in flight bounded, and the events of a call in order', async () => {
		await start();
		await publish({ endAtOnce: false, parameters: { options: { executionsInFlight: 2 } } });
		for (const to of ['100', '101', '102']) pbx.calls.incoming({ from: CALLER, to });
		await emitted.count(2, 'executions');
		pbx.calls.answer({ dn: '100' });
		expect(emitted.items).toHaveLength(2);
		emitted.items[0]!.end();
		await emitted.count(3, 'executions');
		emitted.items[1]!.end();
		await event('callAnswered');
		expect(
			names()
				.slice(0, 3)
				.map((each) => each.split(' ')[1]),
		).toEqual(['callRinging', 'callRinging', 'callRinging']);
	});

	test('hands over waiting events together if asked to', async () => {
		await start();
		await publish({
			endAtOnce: false,
			parameters: { options: { executionsInFlight: 1, waitingEvents: 'together' } },
		});
		const ended = new Collector<Emitted>();
		await publish({ nodeId: 'other', onEmit: ended.push, parameters: { events: ['callRinging'] } });
		for (const to of ['100', '101', '102', '103']) pbx.calls.incoming({ from: CALLER, to });
		await ended.count(4, 'executions of the other node');
		emitted.items[0]!.end();
		await emitted.count(2, 'executions');
		expect(emitted.items.map(({ items }) => items.length)).toEqual([1, 3]);
	});

	describe('fails at once when a person publishes', () => {
		test.each<[string, IDataObject, RegExp]>([
			['a wrong secret', { clientSecret: 'wrong' }, /refuses the client ID or the client secret/],
			['a wrong host', { pbxUrl: 'http://127.0.0.1:1' }, /refused the connection/],
			['an empty Server URL', { pbxUrl: '' }, /Server URL is empty/],
		])('with %s', async (_, fields, message) => {
			await start();
			const attempt = activate(options({ credentials: credentials(fields) }));
			await expect(attempt).rejects.toMatchObject({
				message: expect.stringMatching(message),
				description: expect.any(String),
			});
		});

		test('without an event', async () => {
			await start();
			await expect(activate(options({ parameters: { events: [] } }), 'init')).rejects.toThrow(
				'No event is chosen',
			);
		});

		test('without the right to listen', async () => {
			await start({ licence: 'professional' });
			await expect(activate(options())).rejects.toThrow('has no Call Control API');
		});
	});

	test('comes up with n8n while the PBX is down, connects later, and never ends itself', async () => {
		await start();
		await pbx.down();
		const { emittedErrors } = await publish({}, 'init');
		await pbx.up();
		// Whoever publishes another node on the same PBX makes the shared link try at once.
		await publish({ nodeId: 'other' });
		pbx.calls.incoming({ from: CALLER, to: '100' });
		await event('callRinging');
		expect(emittedErrors).toEqual([]);
	});

	test('unpublished during an outage leaves nothing behind', async () => {
		await start();
		const { response } = await publish();
		await pbx.down();
		await response.closeFunction?.();
		expect(linkCount()).toBe(0);
		const before = pbx.connections;
		await pbx.up();
		expect(pbx.connections).toBe(before);
	});

	describe('in a manual test', () => {
		const output = (run: IRun) =>
			run.data.resultData.runData['3CX Trigger']?.[0]?.data?.main?.[0] ?? [];

		test('gives the first event and closes', async () => {
			await start();
			const { run } = testManually(options());
			while (pbx.requests.every(({ path }) => path !== '/callcontrol'))
				await new Promise(setImmediate);
			pbx.calls.incoming({ from: CALLER, to: '100' });
			const result = await run;
			expect(result.data.resultData.error).toBeUndefined();
			expect(output(result).map(({ json }) => json.event)).toEqual(['callRinging']);
		});

		test('says at once what is wrong', async () => {
			await start();
			const { run } = testManually(
				options({ credentials: credentials({ clientSecret: 'wrong' }) }),
			);
			const result = await run;
			expect(result.data.resultData.error?.message).toMatch(
				/refuses the client ID or the client secret/,
			);
		});

		test('leaves nothing behind when it is stopped', async () => {
			await start();
			let isListening = () => undefined as void;
			const listening = new Promise<void>((resolve) => (isListening = resolve));
			const { cancel } = testManually(options({ type: listeningFor(60_000, isListening) }));
			await listening;
			await new Promise(setImmediate); // n8n takes over the functions that it was given
			expect(linkCount()).toBe(1);
			cancel();
			while (linkCount() > 0) await new Promise(setImmediate); // never ends if it stays open
		});

		test('says how to go on when nobody calls, and closes', async () => {
			await start();
			const { run } = testManually(options({ type: listeningFor(20) }));
			const { error } = (await run).data.resultData;
			expect(error).toMatchObject({
				message: 'No call came in while listening',
				description: expect.stringContaining('call one of the extensions'),
			});
		});
	});

	test('says why the extensions cannot be listed', async () => {
		await start();
		const context = loadOptionsContext({}, credentials({ clientSecret: 'wrong' }));
		await expect(
			new ThreeCxTrigger().methods.loadOptions.getExtensions.call(context),
		).rejects.toThrow(/refuses the client ID or the client secret/);
	});

	test('lists the extensions with their names', async () => {
		await start();
		const context = loadOptionsContext({}, credentials());
		const list = await new ThreeCxTrigger().methods.loadOptions.getExtensions.call(context);
		expect(list.find(({ value }) => value === '100')).toEqual({
			name: '100 Amelia Hartley',
			value: '100',
		});
		expect(list.some(({ value }) => value === '800')).toBe(true);
	});
});
