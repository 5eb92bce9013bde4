import type { IDataObject, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
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

/** The trigger, for which a call is over as soon as its last leg is gone. */
class QuickTrigger extends ThreeCxTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, { timing: { ...QUICK, pingMs: 5_000, goneMs: 50 } });
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
			return await other!.listen(this, { timing: { ...QUICK, pingMs: 5_000, goneMs: 50 } });
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
		expect(await told(`${over} ~callEnded`)).toMatchObject({
			endedAt: null,
			answered: null,
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
