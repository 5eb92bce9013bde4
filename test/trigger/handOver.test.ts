import {
	ManualExecutionCancelledError,
	type IDataObject,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { keyOf } from '../../nodes/ThreeCxTrigger/emit';
import type { TriggerEvent } from '../../nodes/ThreeCxTrigger/events';
import { listen, type ListenPatience } from '../../nodes/ThreeCxTrigger/listen';
import { placeMs } from '../../nodes/ThreeCxTrigger/queue';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx } from '../../sandbox/pbx';
import { CredentialStore } from '../support/n8n';
import { activate, Database, type Emitted, type TriggerOptions } from '../support/triggerHarness';
import { Collector } from '../callcontrol/collector';
import { quietPbx } from '../callcontrol/link';

/** The trigger with another patience with n8n. */
const patient = (queue: ListenPatience['queue']) =>
	class extends ThreeCxTrigger {
		override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
			return await listen(this, { queue });
		}
	};

/** n8n has trouble with the executions that the trigger asks for. */
describe('n8n', () => {
	let pbx: Pbx;
	let emitted: Collector<Emitted>;
	const closers: Array<() => Promise<void>> = [];

	const publish = async (more: Partial<TriggerOptions> = {}) => {
		const { clientId, clientSecret } = pbx.defaultClient;
		const trigger = await activate({
			type: ThreeCxTrigger,
			credentials: new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret }),
			onEmit: emitted.push,
			...more,
			parameters: {
				events: ['callRinging', 'callAnswered', 'callEnded'],
				...more.parameters,
			},
		});
		closers.push(async () => await trigger.response.closeFunction?.());
		return trigger;
	};
	/** Plays calls step by step: each as soon as another trigger, for which n8n works well, has told the last. */
	const play = async (...extensions: string[]) => {
		const seen = new Collector<Emitted>();
		await publish({ nodeId: 'observer', onEmit: seen.push });
		const calls = extensions.map((to) => pbx.calls.incoming({ from: '+441632960123', to }));
		await seen.count(calls.length, 'ringing');
		for (const callid of calls) pbx.calls.answer({ callid });
		await seen.count(2 * calls.length, 'answers');
		for (const callid of calls) pbx.calls.hangUp({ callid });
		return calls;
	};
	const names = () =>
		emitted.items.flatMap(({ items }) => items.map(({ json }) => String(json.event)));
	const told = async (name: string, times = 1) => {
		const isEnough = () => names().filter((each) => each === name).length >= times;
		await emitted.first(isEnough, `${name}, ${times} times`);
	};

	beforeEach(async () => {
		emitted = new Collector();
		pbx = await quietPbx();
		closers.push(async () => await pbx.close());
	});

	afterEach(async () => {
		for (const close of closers.splice(0).reverse()) await close();
		await closeDispatchers();
	});

	test('refuses an execution for a while: it is tried again under the same key, before what follows', async () => {
		const keys: string[] = [];
		let refusals = 2;
		await publish({
			type: patient({ again: { baseMs: 20 } }),
			refuse: ({ deduplicationKey }) => {
				keys.push(deduplicationKey!);
				return refusals-- > 0 ? new Error('timeout exceeded when trying to connect') : undefined;
			},
		});
		await play('100');
		await told('callEnded');
		expect(names()).toEqual(['callRinging', 'callAnswered', 'callEnded']);
		expect(keys[0]).toBe(keys[1]);
		expect(keys[1]).toBe(keys[2]);
		expect(new Set(keys).size).toBe(3);
	});

	test('says that an execution was stopped: it is not started again', async () => {
		const database = new Database();
		await publish({
			database,
			endAtOnce: false,
			onEmit: (execution) => {
				emitted.push(execution);
				execution.fail(new ManualExecutionCancelledError('1'));
			},
		});
		await play('100');
		await told('callEnded');
		expect(names()).toEqual(['callRinging', 'callAnswered', 'callEnded']);
		expect(database.duplicates).toBe(0);
	});

	test('runs its second engine, which tells nothing of the end: every event starts an execution all the same', async () => {
		await publish({
			parameters: { options: { executionsInFlight: 1 } },
			refuse: ({ isWatched }) =>
				isWatched
					? new Error(
							'Engine 2.0 cannot run a trigger that waits for its execution to finish yet. Set the node to hand off without waiting.',
						)
					: undefined,
			endAtOnce: false,
		});
		await play('100');
		await told('callEnded');
		expect(names()).toEqual(['callRinging', 'callAnswered', 'callEnded']);
	});

	test('never ends executions: others take their places after a limit, calls in order', async () => {
		const execution = (json: IDataObject) => `${String(json.callId)} ${String(json.event)}`;
		await publish({
			type: patient({ settleMs: 50 }),
			parameters: { options: { executionsInFlight: 1 } },
			endAtOnce: false,
		});
		const calls = await play('100', '101');
		await told('callEnded', 2);
		const all = emitted.items.flatMap(({ items }) => items.map(({ json }) => execution(json)));
		for (const callid of calls) {
			expect(all.filter((each) => each.startsWith(`${callid} `))).toEqual(
				['callRinging', 'callAnswered', 'callEnded'].map((name) => `${callid} ${name}`),
			);
		}
	});
});

test.each<[string, number | undefined, string | undefined, number]>([
	["the workflow's time-out", 30, '600', 90_000],
	["n8n's time-out", undefined, '600', 660_000],
	['no time-out for this workflow, but for others', -1, '600', 5_000],
	['none', undefined, undefined, 5_000],
	['none, said aloud', undefined, '-1', 5_000],
	['nonsense', undefined, 'soon', 5_000],
])('an execution holds its place as long as may be: %s', (_, ofWorkflow, ofAll, ms) => {
	expect(placeMs(ofWorkflow, ofAll, 5_000)).toBe(ms);
});

describe('the key of an execution', () => {
	const event = (id: string) => ({ id }) as TriggerEvent;

	test('is readable, the same for the same events, and tells how many there are', () => {
		expect(keyOf('w:n', [event('a')])).toBe('w:n:a');
		expect(keyOf('w:n', [event('a'), event('b')])).toBe('w:n:a+1');
	});

	test('fits into the 255 characters of its column, whatever a phone calls itself', () => {
		const contact = `sip:100@192.0.2.1:5060;pn-prid=${'x'.repeat(250)}`;
		const keys = ['deviceRegistered', 'deviceUnregistered'].map((type) =>
			keyOf('workflow:node', [event(`100 ${contact} ${type}`)]),
		);
		for (const key of keys) expect(key.length).toBeLessThanOrEqual(255);
		expect(new Set(keys).size).toBe(2);
	});
});
