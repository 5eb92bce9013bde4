import type { IDataObject, ITriggerFunctions } from 'n8n-workflow';
import {
	createQueue,
	isWorthTelling,
	placeMs,
	type QueueHooks,
} from '../../nodes/ThreeCxTrigger/queue';
import type { RawEvent, TriggerEvent } from '../../nodes/ThreeCxTrigger/events';
import { readSettings, type Settings } from '../../nodes/ThreeCxTrigger/settings';
import { Collector } from '../callcontrol/collector';
import { callEvent } from '../callcontrol/samples';

/** What the queue in front of n8n drops, tries again and says. */

interface Execution {
	events: IDataObject[];
	key?: string;
	end: () => void;
	fail: (error: unknown) => void;
}

let executions: Collector<Execution>;
let said: Collector<string>;

const queue = (
	options: Partial<Settings> = {},
	hooks: Partial<QueueHooks> = {},
	executionTimeout?: number,
) => {
	const context = {
		logger: {
			warn: (text: string) => said.push(`warn ${text}`),
			error: (text: string) => said.push(`error ${text}`),
		},
		getWorkflowSettings: () => ({ executionTimeout }),
		getNodeParameter: (name: string, otherwise: unknown) =>
			name === 'events' ? ['raw'] : otherwise,
		helpers: {
			createDeferredPromise: () => {
				let [resolve, reject]: Array<(value?: unknown) => void> = [];
				const promise = new Promise((good, bad) => ([resolve, reject] = [good, bad]));
				return { promise, resolve, reject };
			},
		},
		emit: (
			[items]: [Array<{ json: IDataObject }>],
			_: unknown,
			done: { resolve: () => void; reject: (error: unknown) => void } | undefined,
			key?: string,
		) =>
			executions.push({
				events: items.map(({ json }) => json),
				key,
				end: () => done?.resolve(),
				fail: (error) => done?.reject(error),
			}),
	} as unknown as ITriggerFunctions;
	return createQueue(context, { ...readSettings(context), ...options }, 'name', {
		output: () => ({ includeRaw: false }),
		beforeHandOver: () => undefined,
		onHandOver: () => undefined,
		...hooks,
	});
};

const call = (id: number, type: 'ringing' | 'keyPressed' | 'ended' = 'ringing') =>
	callEvent({ id: `${type} ${id}`, type, call: { id, key: `${id}@x` } });
const raw = (id: number, bytes = 1): RawEvent => ({
	kind: 'raw',
	id: `raw ${id}`,
	type: 'raw',
	at: 0,
	bytes,
	message: {},
});
const ids = () => executions.items.flatMap(({ events }) => events.map(({ eventId }) => eventId));

beforeEach(() => {
	executions = new Collector();
	said = new Collector();
});

// Whatever is under way would wait for its time-out.
afterEach(() => {
	for (const { end } of executions.items) end();
});

test('events of one call start executions one after the other, those of others beside them', async () => {
	const { push, close } = queue();
	for (const event of [call(1), call(1, 'ended'), call(2)]) push(event);
	await executions.count(2, 'executions');
	expect(ids()).toEqual(['ringing 1', 'ringing 2']);
	expect(executions.items[0]!.key).toBe('name:ringing 1');
	executions.items[0]!.end();
	await executions.count(3, 'executions');
	expect(ids()).toEqual(['ringing 1', 'ringing 2', 'ended 1']);
	expect(close()).toEqual({ waiting: [], underWay: 2 });
	expect(said.items).toEqual([]);
});

test('nothing is handed over before the test has begun; memory is saved before, the test ends after', async () => {
	let begin: () => void = () => undefined;
	const steps: string[] = [];
	const { push, close } = queue(
		{},
		{
			begun: new Promise((resolve) => (begin = resolve)),
			beforeHandOver: () => steps.push(`before ${executions.items.length}`),
			onHandOver: () => steps.push(`after ${executions.items.length}`),
			onSettled: (events) => steps.push(`settled ${events.map(({ id }) => id).join()}`),
		},
	);
	push(call(1));
	await new Promise((resolve) => setImmediate(resolve));
	expect(executions.items).toHaveLength(0);
	begin();
	const [execution] = await executions.count(1, 'execution');
	execution!.end();
	await new Promise((resolve) => setImmediate(resolve));
	expect(steps).toEqual(['before 0', 'after 1', 'settled ringing 1']);
	close();
});

test('an execution that n8n refuses is tried again, and that is said', async () => {
	const { push, close } = queue({ again: { baseMs: 1, capMs: 1, forMs: 60_000 } });
	push(call(7));
	const [first] = await executions.count(1, 'execution');
	first!.fail(new Error('no database'));
	const [, second] = await executions.count(2, 'executions');
	expect(second!.key).toBe(first!.key);
	expect(said.items).toEqual([
		expect.stringMatching(
			/^warn .*could not start an execution for "ringing" of call 7; it is tried again in [01] s\. no database$/,
		),
	]);
	close();
});

test.each([
	['plain', 'plain'],
	['x'.repeat(501), 'x'.repeat(500)],
])('that it is given up is said with the reason', async (reason, says) => {
	const { push, close } = queue({ again: { baseMs: 0, capMs: 0, forMs: 0 } });
	push(call(1));
	const [first] = await executions.count(1, 'execution');
	first!.fail(new Error(reason));
	const line = await said.first((text) => text.startsWith('error'), 'the error');
	expect(line).toMatch(/for "ringing" of call 1\./);
	expect(line).toContain('told again when the trigger starts the next time');
	expect(line.endsWith(`. ${says}`)).toBe(true);
	close();
});

test('several events of one execution are counted in what is said', async () => {
	const { push, close } = queue({
		batch: 3,
		inFlight: 1,
		again: { baseMs: 1, capMs: 1, forMs: 60_000 },
	});
	push(raw(1));
	push(raw(2));
	push(raw(3));
	push(raw(4));
	const [first] = await executions.count(1, 'execution');
	first!.end();
	const [, second] = await executions.count(2, 'executions');
	expect(second!.events).toHaveLength(3);
	second!.fail(new Error('no'));
	await said.count(1, 'warning');
	expect(said.items[0]).toContain('for "raw" and 2 more; it is tried again');
	close();
});

test('an execution that does not end loses its place, and that is said in minutes', async () => {
	const { push, close } = queue({ inFlight: 1, settleMs: 30 });
	push(call(1));
	push(call(2));
	await executions.count(2, 'executions');
	expect(said.items).toEqual([
		expect.stringMatching(/^warn .*for "ringing" of call 1 has not ended within 0 minutes/),
	]);
	expect(said.items[0]).toContain('Longest Execution');
	close();
});

test('a time-out of n8n goes before the own one', async () => {
	const { push, close } = queue({ inFlight: 1, settleMs: 10 }, {}, 3_600);
	push(call(1));
	push(call(2));
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect([executions.items.length, said.items]).toEqual([1, []]);
	close();
});

describe('too many events', () => {
	test('raw messages and changes go first, oldest first, and the first time is said', () => {
		const { push, close } = queue({ inFlight: 1, maxWaiting: 2 });
		push(call(1));
		for (const event of [raw(1), call(2), raw(2), call(3), call(4)]) push(event);
		expect(close().waiting.map(({ id }) => id)).toEqual(
			expect.arrayContaining(['ringing 2', 'ringing 3', 'ringing 4']),
		);
		expect(said.items).toEqual([expect.stringMatching(/^warn .*dropped 1 so far/)]);
	});

	test('keys go last', () => {
		const { push, close } = queue({ inFlight: 1, maxWaiting: 1 });
		for (let id = 1; id <= 4; id++) push(call(id, 'keyPressed'));
		for (let id = 5; id <= 40; id++) push(call(id));
		const left = close().waiting.map(({ id }) => id);
		// The first is under way.
		for (let id = 2; id <= 4; id++) expect(left).toContain(`keyPressed ${id}`);
		expect(left.filter((id) => id.startsWith('ringing')).length).toBeLessThan(20);
	});

	test('large messages count by their size, calls by that of a call', () => {
		const most = (event: (id: number) => TriggerEvent) => {
			const { push, close } = queue({ inFlight: 1, maxWaiting: 10_000_000 });
			for (let id = 1; id <= 100; id++) push(event(id));
			return close().waiting.length;
		};
		expect(most((id) => raw(id, 1_000_000))).toBeLessThan(70);
		expect(most((id) => raw(id, 100_000))).toBeGreaterThan(90);
		expect(most((id) => call(id))).toBeGreaterThan(90);
		const { push, close } = queue({ inFlight: 1, maxWaiting: 10_000_000 });
		for (let id = 1; id <= 40_000; id++) push(call(id));
		// 64 MB of 2 kB each, about.
		expect(close().waiting.length).toBeLessThan(35_000);
	});
});

test.each([
	[1, true],
	[2, false],
	[999, false],
	[1_000, true],
	[1_001, false],
	[2_000, true],
])('that %d were dropped is worth a word: %p', (total, expected) => {
	expect(isWorthTelling(total)).toBe(expected);
});

test.each<[number | undefined, string | undefined, number]>([
	[undefined, undefined, 7],
	[-1, '60', 7],
	[0, undefined, 7],
	[undefined, '-1', 7],
	[undefined, '0', 7],
	[undefined, '60', 120_000],
	[1, undefined, 61_000],
	[30, '60', 90_000],
	[undefined, 'soon', 7],
])('a time-out of %p s, %p for all', (ofWorkflow, ofAll, ms) => {
	expect(placeMs(ofWorkflow, ofAll, 7)).toBe(ms);
});
