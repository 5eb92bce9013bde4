import { unlessAborted } from '../../lib/waiting/abort';
import { assertGoesOn } from '../../lib/waiting/cancelled';
import { systemClock } from '../../lib/waiting/clock';
import { Inbox } from '../../lib/waiting/inbox';
import { ManualClock } from '../support/clocks';

const never = new Promise<string>(() => undefined);
const turn = async () => await new Promise<void>((resolve) => setImmediate(resolve));

/** How many listen to a signal. */
function counted(): { controller: AbortController; listening: () => number } {
	const controller = new AbortController();
	const { signal } = controller;
	const listeners = new Set<string>();
	const ids = new Map<unknown, number>();
	const idOf = (listener: unknown) => {
		ids.set(listener, ids.get(listener) ?? ids.size);
		return ids.get(listener);
	};
	const { addEventListener, removeEventListener } = signal;
	signal.addEventListener = ((type: 'abort', listener: () => void) => {
		listeners.add(`${type} ${idOf(listener)}`);
		addEventListener.call(signal, type, listener);
	}) as AbortSignal['addEventListener'];
	signal.removeEventListener = ((type: 'abort', listener: () => void) => {
		listeners.delete(`${type} ${idOf(listener)}`);
		removeEventListener.call(signal, type, listener);
	}) as AbortSignal['removeEventListener'];
	return { controller, listening: () => listeners.size };
}

describe('waiting for work that cannot be stopped', () => {
	test.each([
		['without a signal', () => undefined],
		['with a signal that stays silent', () => new AbortController().signal],
	])('%s it gives and throws what the work does', async (_name, signal) => {
		await expect(unlessAborted(Promise.resolve('done'), signal())).resolves.toBe('done');
		await expect(unlessAborted(Promise.reject(new Error('failed')), signal())).rejects.toThrow(
			'failed',
		);
	});

	test('ends with the reason of the signal, also of one that came before', async () => {
		const controller = new AbortController();
		const waiting = unlessAborted(never, controller.signal);
		controller.abort(new Error('stopped'));
		await expect(waiting).rejects.toThrow('stopped');
		await expect(unlessAborted(never, controller.signal)).rejects.toThrow('stopped');
	});

	test('leaves no listener behind, however often a signal is waited with', async () => {
		const { controller, listening } = counted();
		for (let time = 0; time < 3; time++) {
			await unlessAborted(Promise.resolve(), controller.signal);
			await unlessAborted(Promise.reject(new Error('failed')), controller.signal).catch(
				() => undefined,
			);
		}
		await turn();
		expect(listening()).toBe(0);
	});
});

test('an execution goes on until it is stopped', () => {
	const controller = new AbortController();
	expect(() => assertGoesOn(undefined)).not.toThrow();
	expect(() => assertGoesOn(controller.signal)).not.toThrow();
	controller.abort();
	expect(() => assertGoesOn(controller.signal)).toThrow(
		expect.objectContaining({ kind: 'cancelled', message: 'The execution was stopped' }),
	);
});

describe('the clock of the process', () => {
	test('never goes back, and sleeps as long as it is told', async () => {
		const before = systemClock.now();
		await systemClock.sleep(20);
		expect(systemClock.now() - before).toBeGreaterThanOrEqual(18);
	});

	test('a sleep is cut short, and does not fail for it', async () => {
		const controller = new AbortController();
		const sleeping = systemClock.sleep(3_600_000, controller.signal);
		controller.abort();
		await expect(sleeping).resolves.toBeUndefined();
		await expect(systemClock.sleep(3_600_000, controller.signal)).resolves.toBeUndefined();
	});
});

describe('an inbox', () => {
	test('gives what came in while nobody looked, in order, without waiting', async () => {
		const clock = new ManualClock();
		const inbox = new Inbox<number>(clock);
		inbox.push(1, 2);
		inbox.push(3);
		expect([await inbox.next(1_000), await inbox.next(1_000), await inbox.next(1_000)]).toEqual([
			1, 2, 3,
		]);
		expect(clock.now()).toBe(0);
	});

	test('waits for what comes, and no longer', async () => {
		const clock = new ManualClock();
		const inbox = new Inbox<string>(clock);
		const first = inbox.next(1_000);
		await turn();
		inbox.push('rang');
		await expect(first).resolves.toBe('rang');
		const second = inbox.next(1_000);
		let isOver = false;
		void second.then(() => (isOver = true));
		await clock.advance(999);
		expect(isOver).toBe(false);
		// Nothing has come in: no reason to wake.
		inbox.push();
		await turn();
		expect(isOver).toBe(false);
		await clock.advance(1);
		await expect(second).resolves.toBeUndefined();
		expect(clock.sleeping).toBe(0);
	});

	test('ends by a signal, but gives first what is there', async () => {
		const inbox = new Inbox<string>(new ManualClock());
		const controller = new AbortController();
		const waiting = inbox.next(1_000, controller.signal);
		controller.abort();
		await expect(waiting).resolves.toBeUndefined();
		await expect(inbox.next(1_000, controller.signal)).resolves.toBeUndefined();
		inbox.push('late');
		await expect(inbox.next(1_000, controller.signal)).resolves.toBe('late');
	});

	test('is woken by what comes although a signal could end it', async () => {
		const inbox = new Inbox<string>(new ManualClock());
		const waiting = inbox.next(1_000, new AbortController().signal);
		await turn();
		inbox.push('key');
		await expect(waiting).resolves.toBe('key');
	});

	test('waits by the clock of the process when given no other', async () => {
		await expect(new Inbox<string>().next(5)).resolves.toBeUndefined();
	});
});
