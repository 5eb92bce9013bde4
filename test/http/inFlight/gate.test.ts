import fc from 'fast-check';
import type { Dispatcher } from 'undici';
import { Gate, MOST_WAITING, type InFlight, type Visit } from '../../../lib/http/inFlight/gate';
import { MOST, START } from '../../../lib/http/inFlight/law';
import { throughGate } from '../../../lib/http/inFlight/throughGate';
import { Simulation, type SimulatedPbx } from './simulation';

const pbx = (more: Partial<SimulatedPbx> = {}) =>
	new Simulation({ workers: Infinity, serviceMs: () => 20, ...more });

test('begins with four, and finds out in a few rounds that a PBX takes all', async () => {
	const simulation = pbx();
	simulation.job();
	await simulation.run(19);
	expect(simulation.most).toBe(START);
	await simulation.run(200);
	expect(simulation.most).toBe(MOST);
});

test.each([5, 6, 8, 10, 12])(
	'a PBX that serves %i at a time gets about as many, and its callers hardly notice',
	async (workers) => {
		/** Mean ms that Call Control takes, and answers of the job, in 20 s. */
		const measure = async (inFlight: InFlight) => {
			const simulation = pbx({ workers });
			const job = simulation.job('GET /Users()', inFlight);
			const calls: number[] = [];
			const call = async (): Promise<void> => {
				calls.push(await simulation.send('call', 'calls'));
				simulation.after(37.3, () => void call());
			};
			void call();
			await simulation.run(20_000);
			job.stop();
			const sum = calls.reduce((total, ms) => total + ms, 0);
			return { call: sum / calls.length, answers: job.answers };
		};
		const [fixed, automatic] = [await measure(START), await measure('automatic')];
		expect(automatic.call / fixed.call).toBeLessThan(1.3);
		expect(automatic.answers / fixed.answers).toBeGreaterThan((workers / START) * 0.9);
	},
);

test('falls when the PBX gets slower, and is back soon after it got better', async () => {
	const simulation = pbx();
	simulation.job();
	await simulation.run(1_000);
	expect(simulation.gate.limit).toBe(MOST);
	simulation.pbx.workers = 4;
	await simulation.run(1_500);
	expect(simulation.gate.limit).toBeLessThanOrEqual(8);
	simulation.pbx.workers = 100;
	await simulation.run(5_000);
	expect(simulation.gate.limit).toBe(MOST);
});

test.each([429, 503, 504])('falls at once when the PBX answers %i', async (status) => {
	const simulation = pbx();
	simulation.job();
	await simulation.run(1_000);
	simulation.pbx.status = (inFlight) => (inFlight > 5 ? status : 200);
	await simulation.run(1_100);
	expect(simulation.gate.limit).toBeLessThanOrEqual(8);
	await simulation.run(3_000);
	expect(simulation.gate.limit).toBeLessThanOrEqual(6);
	expect(simulation.gate.limit).toBeGreaterThan(1);
});

test.each([400, 404, 500])('%i says nothing about the load', async (status) => {
	const simulation = pbx();
	simulation.job();
	await simulation.run(1_000);
	simulation.pbx.status = () => status;
	await simulation.run(1_200);
	expect(simulation.gate.limit).toBe(MOST);
});

test('a report that takes long by nature is not taken for load, and is sent four at a time until it is known', async () => {
	const simulation = pbx({ serviceMs: (kind) => (kind === 'report' ? 5_000 : 20) });
	simulation.job('GET /Users()', 'automatic', 8);
	await simulation.run(1_000);
	simulation.job('report', 'automatic', 8);
	await simulation.run(5_500);
	expect(simulation.gate.limit).toBe(START);
	await simulation.run(40_000);
	expect(simulation.gate.limit).toBe(MOST);
});

test('executions share the gate: both together get what one alone would', async () => {
	const simulation = pbx();
	const [one, other] = [simulation.job(), simulation.job()];
	await simulation.run(10_000);
	expect(simulation.most).toBe(MOST);
	expect(one.answers / other.answers).toBeGreaterThan(0.8);
	expect(one.answers / other.answers).toBeLessThan(1.25);
});

test.each([1, 2, 3, 16])(
	'a number is a number: never more than %i, never fewer',
	async (number) => {
		const simulation = pbx({ workers: 2 });
		simulation.job('a', number);
		simulation.job('b', number);
		await simulation.run(5_000);
		expect(simulation.most).toBe(number);
		expect(simulation.inPbx).toBe(number);
	},
);

test('automatic makes room for a number and for calls, but always has one', async () => {
	const simulation = pbx({ workers: 4 });
	simulation.job('a', 12);
	const automatic = simulation.job('b');
	await simulation.run(1_000);
	expect(simulation.inPbx).toBe(13);
	expect(automatic.answers).toBeGreaterThan(5);
});

test('what was learned is kept for the next execution, and fades', async () => {
	const simulation = pbx();
	const job = simulation.job();
	await simulation.run(1_000);
	job.stop();
	await simulation.run(2_000);
	expect(simulation.gate.isIdle).toBe(true);
	expect(simulation.gate.limit).toBe(MOST);
	await simulation.run(600_000);
	expect(simulation.gate.limit).toBe(START);
	simulation.most = 0;
	simulation.job();
	await simulation.run(600_010);
	expect(simulation.most).toBe(START);
});

/** Requests at a gate that end when the test says so. */
function visits(gate = new Gate(() => 0)) {
	const open: Visit[] = [];
	const refused: Error[] = [];
	const enter = (inFlight: InFlight | 'calls' = 1, signal?: AbortSignal) =>
		gate.enter({
			kind: '',
			inFlight,
			signal,
			start: (visit) => void open.push(visit),
			refuse: (reason) => void refused.push(reason),
		});
	return { gate, open, refused, enter };
}

test('who is stopped while waiting leaves the line at once, and the next one comes', () => {
	const { gate, open, refused, enter } = visits();
	const stop = new AbortController();
	enter();
	enter(1, stop.signal);
	enter();
	stop.abort(new Error('stopped'));
	expect(refused).toEqual([new Error('stopped')]);
	open[0]!.over();
	expect(open).toHaveLength(2);
	// Too late: it is on its way.
	open[1]!.over();
	expect(gate.isIdle).toBe(true);
	enter(1, stop.signal);
	expect(refused).toHaveLength(2);
	expect(open).toHaveLength(2);
});

test('the line has an end', () => {
	const { refused, enter } = visits();
	for (let index = 0; index < MOST_WAITING + 1; index++) enter();
	expect(refused).toEqual([]);
	enter();
	expect(refused).toEqual([expect.objectContaining({ code: 'TOO_MANY_WAITING' })]);
});

test('calls never wait', () => {
	const { open, enter } = visits();
	for (let index = 0; index < 30; index++) enter();
	for (let index = 0; index < 9; index++) enter('calls');
	expect(open).toHaveLength(10);
});

test('a time-out makes the limit fall, a broken link does not, and to be over twice is to be over once', () => {
	let now = 0;
	const { gate, open, enter } = visits(new Gate(() => now));
	for (let index = 0; index < 4; index++) enter('automatic');
	now = 1;
	open[0]!.failed(false);
	expect(gate.limit).toBe(START);
	open[1]!.failed(true);
	expect(gate.limit).toBe(START / 2);
	for (const visit of open) visit.over();
	for (const visit of open) visit.over();
	expect(gate.isIdle).toBe(true);
});

test('whoever comes and goes: each number holds, everybody gets a turn, and nothing is left', () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(fc.constantFrom(1, 2, 5, 'automatic', 'calls'), fc.nat(9)), {
				maxLength: 80,
			}),
			(steps) => {
				const gate = new Gate(() => 0);
				const open: Array<{ of: InFlight | 'calls'; visit: Visit }> = [];
				let [entered, begun] = [0, 0];
				const end = (at: number) => open.splice(at % open.length, 1)[0]!.visit.over();
				for (const [of, ends] of steps) {
					entered += 1;
					gate.enter({
						kind: String(of),
						inFlight: of as InFlight,
						refuse: () => undefined,
						start: (visit) => [(begun += 1), open.push({ of: of as InFlight, visit })],
					});
					if (ends < 4 && open.length > 0) end(ends);
					for (const number of [1, 2, 5])
						expect(open.filter(({ of: mine }) => mine === number).length).toBeLessThanOrEqual(
							number,
						);
					const automatic = open.filter(({ of: mine }) => mine === 'automatic').length;
					if (automatic > 1) expect(automatic).toBeLessThanOrEqual(gate.limit);
				}
				while (open.length > 0) end(0);
				expect(begun).toBe(entered);
				expect(gate.isIdle).toBe(true);
			},
		),
	);
});

describe('a request that goes through the gate', () => {
	const options = {
		origin: 'https://pbx',
		path: '/x',
		method: 'GET',
	} as Dispatcher.DispatchOptions;
	const through = (dispatch: (handler: Dispatcher.DispatchHandler) => void) => {
		const gate = new Gate();
		const errors: unknown[] = [];
		const handler: Dispatcher.DispatchHandler = {
			onResponseError: (_, error) => errors.push(error),
		};
		const send = throughGate(
			() => gate,
			1,
		)((_, each) => {
			dispatch(each);
			return true;
		});
		return { gate, errors, send: (more: object = {}) => send({ ...options, ...more }, handler) };
	};

	test('and cannot be sent at all gives its place free, and says so', () => {
		let isFirst = true;
		const { gate, errors, send } = through(() => {
			if (!isFirst) return;
			isFirst = false;
			throw new Error('closed');
		});
		expect(send()).toBe(true);
		expect(errors).toEqual([new Error('closed')]);
		expect(gate.isIdle).toBe(true);
	});

	test('leaves it when its answer has ended, or failed', async () => {
		const endings: Array<(handler: Dispatcher.DispatchHandler) => void> = [
			(handler) => handler.onResponseEnd!(undefined as never, {}),
			(handler) => handler.onResponseError!(undefined as never, new Error('broke')),
		];
		for (const end of endings) {
			const handlers: Dispatcher.DispatchHandler[] = [];
			const { gate, send } = through((each) => handlers.push(each));
			send();
			send();
			expect(handlers).toHaveLength(1);
			end(handlers[0]!);
			await new Promise((resolve) => setImmediate(resolve));
			expect([handlers.length, gate.isIdle]).toEqual([2, false]);
			end(handlers[1]!);
			await new Promise((resolve) => setImmediate(resolve));
			expect(gate.isIdle).toBe(true);
		}
	});

	test('tells the gate when it goes out, when its answer begins, and when all is over', async () => {
		const told: unknown[] = [];
		const visit: Visit = {
			sent: () => told.push('sent'),
			answered: (...news) => told.push(['answered', ...news]),
			failed: (isTimeout) => told.push(['failed', isTimeout]),
			over: () => told.push('over'),
		};
		const gate = {
			enter: ({ start }: { start: (own: Visit) => void }) => start(visit),
		} as unknown as Gate;
		const none = undefined as never;
		const timeout = Object.assign(new Error('late'), { code: 'UND_ERR_HEADERS_TIMEOUT' });
		const dispatch = throughGate(
			() => gate,
			1,
		)((_, handler) => {
			handler.onRequestStart!(none, {});
			handler.onResponseStart!(none, 100, {}, '');
			handler.onResponseStart!(none, 503, { 'retry-after': '5' }, '');
			handler.onResponseError!(none, timeout);
			return true;
		});
		dispatch(options, {});
		expect(told).toEqual(['sent', ['answered', 503, 5_000], ['failed', true]]);
		await new Promise((resolve) => setImmediate(resolve));
		expect(told.at(-1)).toBe('over');
	});

	test('and is stopped before it begins is not sent', () => {
		let sent = 0;
		const { gate, errors, send } = through(() => sent++);
		send({ signal: AbortSignal.abort() });
		expect([sent, errors.length, gate.isIdle]).toEqual([0, 1, true]);
	});
});

test('a request that cannot even be sent is told so, and gives its place to the next', () => {
	const gate = new Gate();
	const refused: unknown[] = [];
	const sent: string[] = [];
	const dispatch = throughGate(
		() => gate,
		1,
	)((({ path }: Dispatcher.DispatchOptions) => {
		if (path === '/odd') throw new Error('invalid path');
		sent.push(path);
		return true;
	}) as Dispatcher['dispatch']);
	const send = (path: string) =>
		dispatch({ path, method: 'GET' }, { onResponseError: (_, error) => refused.push(error) });
	send('/odd');
	send('/fine');
	expect(refused).toEqual([new Error('invalid path')]);
	expect(sent).toEqual(['/fine']);
});
