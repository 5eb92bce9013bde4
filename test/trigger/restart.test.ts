import type {
	IDataObject,
	INodeParameters,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import type { ToldJson } from '../../lib/callcontrol/calls/told';
import { listen } from '../../nodes/ThreeCxTrigger/listen';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx } from '../../sandbox/pbx';
import { CredentialStore } from '../support/n8n';
import {
	activate,
	Database,
	type ActiveTrigger,
	type Emitted,
	type TriggerOptions,
} from '../support/triggerHarness';
import { Collector } from '../callcontrol/collector';
import { QUICK, quietPbx } from '../callcontrol/link';

/** Little of it, so that tests take little time. */
const PATIENCE = {
	timing: { ...QUICK, pingMs: 5_000, goneMs: 50 },
	gaps: { readAfterMs: [100, 50, 50, 50, 50] },
};

/** The trigger, for which a call is over as soon as its last leg is gone. */
class QuickTrigger extends ThreeCxTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, PATIENCE);
	}
}

/** The trigger in another process: it shares no module, so neither link nor registrations. */
async function ofAnotherProcess(): Promise<new () => ThreeCxTrigger> {
	let other: typeof import('../../nodes/ThreeCxTrigger/listen') | undefined;
	await jest.isolateModulesAsync(async () => {
		other = await import('../../nodes/ThreeCxTrigger/listen');
	});
	return class extends ThreeCxTrigger {
		override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
			return await other!.listen(this, PATIENCE);
		}
	};
}

describe('a call is told once, whatever happens to n8n', () => {
	let pbx: Pbx;
	let database: Database;
	let emitted: Collector<Emitted>;
	const closers: Array<() => Promise<void>> = [];

	const start = async (
		more: Partial<TriggerOptions> = {},
		mode: 'init' | 'activate' = 'activate',
	) => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const trigger = await activate(
			{
				type: QuickTrigger,
				credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
				onEmit: emitted.push,
				database,
				...more,
				parameters: {
					events: ['callRinging', 'callAnswered', 'callEnded'],
					...more.parameters,
				},
			},
			mode,
		);
		closers.push(async () => await trigger.response.closeFunction?.());
		return trigger;
	};
	const stop = async ({ response }: ActiveTrigger) => await response.closeFunction?.();
	/** As `SIGKILL` does it: nothing is written any more. */
	const kill = async (trigger: ActiveTrigger) => {
		trigger.kill();
		await stop(trigger);
	};
	const items = () => emitted.items.flatMap((each) => each.items.map(({ json }) => json));
	const lines = () =>
		items().map(
			({ callId, event, recovered }) =>
				`${String(callId)} ${recovered === true ? '~' : ''}${String(event)}`,
		);
	const told = async (line: string): Promise<IDataObject> => {
		await emitted.first(() => lines().includes(line), line);
		return items()[lines().indexOf(line)]!;
	};
	const incoming = (to = '100', from = '+441632960123') => pbx.calls.incoming({ from, to });

	beforeEach(async () => {
		database = new Database();
		emitted = new Collector();
		pbx = await quietPbx();
		closers.push(async () => await pbx.close());
	});

	afterEach(async () => {
		for (const close of closers.splice(0).reverse()) await close();
		await closeDispatchers();
	});

	test.each([
		['is stopped', stop],
		['is killed', kill],
	])('%s while calls ring, talk and end', async (_, end) => {
		const first = await start();
		const [rings, talks, over] = [incoming('100'), incoming('101'), incoming('102')] as const;
		for (const id of [rings, talks, over]) await told(`${id} callRinging`);
		await end(first);
		pbx.calls.answer({ callid: talks });
		pbx.calls.hangUp({ callid: over });
		const meanwhile = incoming('103');
		await start({}, 'init');
		await told(`${talks} ~callAnswered`);
		await told(`${meanwhile} ~callRinging`);
		// The call log says when.
		expect(await told(`${over} ~callEnded`)).toMatchObject({
			source: 'history',
			endedAt: expect.any(String),
			answered: false,
			number: '+441632960123',
			extension: '102',
			startedAt: expect.any(String),
		});
		pbx.calls.hangUp({ callid: talks });
		pbx.calls.hangUp({ callid: rings });
		expect(await told(`${talks} callEnded`)).toMatchObject({
			answered: true,
			startedAt: items()[lines().indexOf(`${talks} callRinging`)]!.startedAt,
		});
		await told(`${rings} callEnded`);
		expect(lines().sort()).toEqual(
			[
				`${rings} callRinging`,
				`${rings} callEnded`,
				`${talks} callRinging`,
				`${talks} ~callAnswered`,
				`${talks} callEnded`,
				`${over} callRinging`,
				`${over} ~callEnded`,
				`${meanwhile} ~callRinging`,
			].sort(),
		);
	});

	/** A call that begins and ends while nobody listens. */
	const unseen = (to: string, from: string, isAnswered: boolean) => {
		const callid = incoming(to, from);
		if (isAnswered) pbx.calls.answer({ callid });
		pbx.calls.hangUp({ callid });
		return callid;
	};

	test('is over: nothing of it is kept', async () => {
		await start();
		const [over, goesOn] = [incoming('100'), incoming('101')];
		for (const id of [over, goesOn]) await told(`${id} callRinging`);
		pbx.calls.hangUp({ callid: over });
		await told(`${over} callEnded`);
		const marker = incoming('103');
		await told(`${marker} callRinging`);
		const { global } = JSON.parse(database.staticData) as { global: Record<string, ToldJson> };
		const [kept] = Object.values(global);
		expect(kept!.calls.map((line) => Number(line.split('|')[0]))).toEqual([goesOn, marker]);
	});

	test('is known of a time that is not: its end is told, though nobody knows where to look', async () => {
		const first = await start();
		const known = incoming();
		await told(`${known} callRinging`);
		await kill(first);
		pbx.calls.hangUp({ callid: known });
		database.staticData = database.staticData.replace(/,"at":\d+/, '');
		await start({}, 'init');
		expect(await told(`${known} ~callEnded`)).toMatchObject({ source: 'live', endedAt: null });
	});

	test('is killed before there was anything to tell: what is missed meanwhile is told', async () => {
		await kill(await start());
		const [ends, rings] = [unseen('101', '+441632960001', true), incoming('102')];
		await start({}, 'init');
		await told(`${ends} ~callEnded`);
		await told(`${rings} ~callRinging`);
	});

	test.each<[string, INodeParameters, string[], string[]]>([
		['its end only, unless asked for more', {}, ['~callEnded'], ['~callEnded']],
		[
			'everything if asked for',
			{ tellMissed: 'everything' },
			['~callRinging', '~callAnswered', '~callEnded'],
			['~callRinging', '~callEnded'],
		],
		['nothing if asked for', { tellMissed: 'nothing' }, [], []],
	])('is down while calls come and go: tells %s', async (_, options, ofTaken, ofMissed) => {
		const first = await start({ parameters: { options } });
		const known = incoming();
		await told(`${known} callRinging`);
		await kill(first);
		const taken = unseen('101', '+441632960001', true);
		const missed = unseen('102', '+441632960002', false);
		pbx.calls.hangUp({ callid: known });
		await start({ parameters: { options } }, 'init');
		await told(`${known} ~callEnded`);
		if (ofTaken.length > 0) await told(`${taken} ~callEnded`);
		const marker = incoming('103');
		await emitted.first(() => lines().some((line) => line.startsWith(`${marker} `)), 'the marker');
		const of = (callid: number) =>
			lines().flatMap((line) => (line.startsWith(`${callid} `) ? [line.split(' ')[1]!] : []));
		expect(of(taken)).toEqual(ofTaken);
		expect(of(missed)).toEqual(ofMissed);
		expect(of(known)).toEqual(['callRinging', '~callEnded']);
		if (ofTaken.length === 0) return;
		expect(items()[lines().indexOf(`${taken} ~callEnded`)]).toMatchObject({
			source: 'history',
			extension: '101',
			number: '+441632960001',
			answered: true,
			external: true,
			direction: 'inbound',
			endedAt: expect.any(String),
			durationSeconds: expect.any(Number),
			pbx: new URL(pbx.url).host,
			eventId: expect.stringMatching(/^log .*\/ended$/),
			callKey: expect.stringMatching(new RegExp(`^${taken}-2\\d{7}$`)),
		});
		expect(items()[lines().indexOf(`${missed} ~callEnded`)]).toMatchObject({ answered: false });
	});

	test('loses the link while calls come and go', async () => {
		await start();
		const known = incoming();
		await told(`${known} callRinging`);
		await pbx.down();
		pbx.calls.hangUp({ callid: known });
		const taken = unseen('101', '+441632960001', true);
		await pbx.up();
		await told(`${taken} ~callEnded`);
		const marker = incoming('103');
		await told(`${marker} callRinging`);
		expect(lines().slice(0, -1)).toEqual([
			`${known} callRinging`,
			`${known} ~callEnded`,
			`${taken} ~callEnded`,
		]);
	});

	test('may not read the call log: the end of known calls is told without its time, and the log says how to allow it', async () => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
		const first = await start({ credentials });
		const known = incoming();
		await told(`${known} callRinging`);
		await kill(first);
		pbx.calls.hangUp({ callid: known });
		unseen('101', '+441632960001', true);
		pbx.faults.next({ path: /GetCallLogData/, status: 403, times: 99 });
		await start({ credentials }, 'init');
		expect(await told(`${known} ~callEnded`)).toMatchObject({
			source: 'live',
			endedAt: null,
			answered: null,
		});
		expect(lines()).toHaveLength(2);
	});

	test.each<[string, 'activate' | 'init', string[]]>([
		['tell', 'activate', ['~callEnded']],
		['now', 'activate', []],
		// It was n8n that paused, not a person.
		['now', 'init', ['~callEnded']],
	])('is paused, After a Pause: %s, and begins again by %s', async (afterPause, mode, expected) => {
		const parameters = { options: { afterPause } };
		const first = await start({ parameters });
		const known = incoming();
		await told(`${known} callRinging`);
		await stop(first);
		pbx.calls.hangUp({ callid: known });
		await start({ parameters }, mode);
		const marker = incoming('103');
		if (expected.length > 0) await told(`${known} ~callEnded`);
		// It may have begun before the connection is there.
		const isMarker = (line: string) => /^(\d+) ~?callRinging$/.exec(line)?.[1] === String(marker);
		await emitted.first(() => lines().some(isMarker), 'the call after it');
		expect(lines().filter((line) => line.startsWith(`${known} ~`))).toEqual(
			expected.map((name) => `${known} ${name}`),
		);
	});

	test('starts while somebody talks and somebody rings: later events have the times of the PBX', async () => {
		const talks = incoming('100');
		pbx.calls.answer({ callid: talks });
		const rings = incoming('101');
		const began = Date.now();
		await new Promise((resolve) => setTimeout(resolve, 300));
		await start();
		await told(`${rings} ~callRinging`);
		for (const callid of [talks, rings]) pbx.calls.hangUp({ callid });
		const { answeredAt, talkSeconds } = await told(`${talks} callEnded`);
		const { startedAt } = await told(`${rings} callEnded`);
		for (const at of [answeredAt, startedAt])
			expect(Math.abs(Date.parse(String(at)) - began)).toBeLessThan(250);
		expect(talkSeconds).toBeGreaterThanOrEqual(0.3);
	});

	test('is stopped while events wait for a place: the next start tells them', async () => {
		const first = await start({
			endAtOnce: false,
			parameters: { options: { executionsInFlight: 1 } },
		});
		const one = incoming('100');
		await told(`${one} callRinging`);
		const two = incoming('101');
		pbx.calls.answer({ callid: one });
		await new Promise<void>((resolve) => setImmediate(resolve));
		await stop(first);
		await start({}, 'init');
		await told(`${two} ~callRinging`);
		await told(`${one} ~callAnswered`);
		expect(lines()).toHaveLength(3);
	});

	test('is edited in a call: renamed, other parameters, another spelling of the address', async () => {
		const first = await start();
		const callid = incoming();
		await told(`${callid} callRinging`);
		await stop(first);
		const { clientId, clientSecret } = pbx.defaultClient;
		await start({
			nodeName: 'Calls',
			credentials: new CredentialStore({
				pbxUrl: `${pbx.url.replace('127.0.0.1', 'localhost')}/`,
				clientId,
				clientSecret,
			}),
			parameters: { filters: {} },
		});
		pbx.calls.answer({ callid });
		await told(`${callid} callAnswered`);
		pbx.calls.hangUp({ callid });
		await told(`${callid} callEnded`);
		expect(lines()).toEqual([
			`${callid} callRinging`,
			`${callid} callAnswered`,
			`${callid} callEnded`,
		]);
	});

	test('is published while another trigger holds the link: what rings is told, too', async () => {
		await start();
		const callid = incoming();
		await told(`${callid} callRinging`);
		const other = new Collector<Emitted>();
		await start({ nodeId: 'other', onEmit: other.push, database: new Database() });
		const [first] = await other.count(1, 'events');
		expect(first!.items[0]!.json).toMatchObject({ event: 'callRinging', callId: callid });
	});

	test('runs twice for a while, as when the leader changes: one database lets each event in once', async () => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
		const first = await start({ credentials });
		const one = incoming('100');
		await told(`${one} callRinging`);
		// Another process: it reads what the first has written, and opens its own link.
		await start({ credentials, type: await ofAnotherProcess() });
		const two = incoming('101');
		pbx.calls.answer({ callid: one });
		await told(`${two} callRinging`);
		await stop(first);
		pbx.calls.hangUp({ callid: two });
		await told(`${two} callEnded`);
		expect(new Set(lines()).size).toBe(lines().length);
		expect(database.duplicates).toBeGreaterThan(0);
	});

	test('has kept something else, or an older version of it: it begins anew, and says so', async () => {
		database.staticData = JSON.stringify({
			global: { 'threeCxTrigger trigger': { v: 0, calls: ['7|8'] } },
		});
		await start();
		const callid = incoming();
		await told(`${callid} callRinging`);
		expect(lines()).toEqual([`${callid} callRinging`]);
	});
});
