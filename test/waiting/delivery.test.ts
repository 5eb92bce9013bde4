import fc from 'fast-check';
import { createDelivery, type Delivery } from '../../lib/waiting/delivery';

interface Item {
	call: string;
	n: number;
	raw?: boolean;
}

/** A receiver whose hand-overs end when the test says so. */
function receiver(options: { inFlight?: number; maxWaiting?: number; batch?: number } = {}) {
	const begun: Item[][] = [];
	const open: Array<() => void> = [];
	const shedTotals: number[] = [];
	let most = 0;
	const queue: Delivery<Item> = createDelivery<Item>({
		deliver: async (items) => {
			begun.push(items);
			most = Math.max(most, open.length + 1);
			await new Promise<void>((resolve) => open.push(resolve));
		},
		lane: ({ call }) => call,
		sheddable: ({ raw }) => raw === true,
		onShed: (total) => shedTotals.push(total),
		...options,
	});
	const finish = async (which = 0) => {
		open.splice(which, 1)[0]?.();
		await Promise.resolve()
			.then(() => undefined)
			.then(() => undefined);
	};
	return { queue, begun, open, finish, shedTotals, most: () => most };
}

describe('delivery', () => {
	test('keeps no more under way than allowed, and one per call', async () => {
		const { queue, begun, finish } = receiver({ inFlight: 2 });
		for (const n of [1, 2]) for (const call of ['a', 'b', 'c']) queue.push({ call, n });
		expect(begun.flat().map(({ call, n }) => call + n)).toEqual(['a1', 'b1']);
		expect(queue).toMatchObject({ waiting: 4, inFlight: 2 });
		await finish();
		expect(begun.flat().map(({ call, n }) => call + n)).toEqual(['a1', 'b1', 'c1']);
		await finish();
		await finish();
		expect(begun.flat().map(({ call, n }) => call + n)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2']);
	});

	test('hands over all that waits in one go when batching, calls in order', async () => {
		const { queue, begun, finish } = receiver({ inFlight: 1, batch: 100 });
		for (const n of [1, 2, 3]) for (const call of ['a', 'b']) queue.push({ call, n });
		expect(begun.map((items) => items.length)).toEqual([1]);
		await finish();
		// `a` was under way, so only `b` stood in line first; what waits of both goes together.
		expect(begun[1]!.map(({ call, n }) => call + n)).toEqual(['b1', 'b2', 'b3', 'a2', 'a3']);
	});

	test('drops the oldest that may be dropped when too many wait, and counts them', () => {
		const { queue, shedTotals } = receiver({ inFlight: 1, maxWaiting: 3 });
		queue.push({ call: 'busy', n: 0 });
		for (const n of [1, 2, 3]) queue.push({ call: 'a', n, raw: n < 3 });
		queue.push({ call: 'b', n: 4 });
		queue.push({ call: 'b', n: 5 });
		expect(shedTotals).toEqual([1, 2]);
		// What must not be dropped is kept beyond the limit.
		queue.push({ call: 'b', n: 6 });
		expect(queue).toMatchObject({ shed: 2, waiting: 4 });
	});

	test('drops nothing while no more wait than may, and then the oldest', async () => {
		const { queue, begun, finish, open, shedTotals } = receiver({ inFlight: 1, maxWaiting: 3 });
		for (const n of [0, 1, 2, 3]) queue.push({ call: 'a', n, raw: true });
		expect(shedTotals).toEqual([]);
		queue.push({ call: 'a', n: 4, raw: true });
		expect(shedTotals).toEqual([1]);
		while (open.length > 0) await finish();
		expect(begun.flat().map(({ n }) => n)).toEqual([0, 2, 3, 4]);
	});

	test('drops and fails in silence where nobody wants to know', async () => {
		let handedOver = 0;
		const queue = createDelivery<Item>({
			deliver: async () => {
				handedOver += 1;
				return await Promise.reject(new Error('no room'));
			},
			lane: ({ call }) => call,
			sheddable: () => true,
			inFlight: 1,
			maxWaiting: 1,
		});
		for (const n of [1, 2, 3]) queue.push({ call: 'a', n });
		await queue.idle();
		expect(queue.shed).toBe(1);
		expect(handedOver).toBe(2);
	});

	test('is idle when nothing waits and nothing is under way, not sooner', async () => {
		const { queue, finish } = receiver({ inFlight: 1 });
		await queue.idle();
		queue.push({ call: 'a', n: 1 });
		queue.push({ call: 'b', n: 2 });
		let isIdle = 0;
		void queue.idle().then(() => (isIdle += 1));
		await finish();
		// The first has ended, the second is under way.
		void queue.idle().then(() => (isIdle += 1));
		await new Promise<void>((resolve) => setImmediate(resolve));
		expect(isIdle).toBe(0);
		await finish();
		await new Promise<void>((resolve) => setImmediate(resolve));
		expect(isIdle).toBe(2);
	});

	test('whatever is dropped: no hand-over is empty or too large, and all else arrives in order', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(
					fc.record({
						call: fc.constantFrom('a', 'b', 'c'),
						raw: fc.boolean(),
						ends: fc.boolean(),
					}),
					{ maxLength: 40 },
				),
				fc.integer({ min: 1, max: 2 }),
				fc.integer({ min: 1, max: 3 }),
				// Never ten times as many: then whatever waits may have to go.
				fc.integer({ min: 4, max: 6 }),
				async (items, inFlight, batch, maxWaiting) => {
					const { queue, begun, finish, open } = receiver({ inFlight, batch, maxWaiting });
					for (const [n, { call, raw, ends }] of items.entries()) {
						queue.push({ call, n, raw });
						if (ends) await finish();
					}
					while (open.length > 0) await finish();
					await queue.idle();
					expect(begun.every(({ length }) => length >= 1 && length <= batch)).toBe(true);
					const arrived = begun.flat().map(({ n }) => n);
					expect(new Set(arrived).size + queue.shed).toBe(items.length);
					const kept = items.flatMap(({ raw }, n) => (raw ? [] : [n]));
					expect(kept.every((n) => arrived.includes(n))).toBe(true);
					for (const call of 'abc') {
						const own = arrived.filter((n) => items[n]!.call === call);
						expect(own).toEqual([...own].sort((a, b) => a - b));
					}
				},
			),
			{ numRuns: 200 },
		);
	});

	test('goes on after a hand-over that failed, and tells', async () => {
		const failed: unknown[] = [];
		const done: number[] = [];
		const queue = createDelivery<Item>({
			deliver: async ([item]) => {
				await Promise.resolve();
				if (item!.n === 1) throw new Error('no room');
				done.push(item!.n);
			},
			lane: ({ call }) => call,
			onError: (error, items) => failed.push((error as Error).message, items.length),
		});
		for (const n of [1, 2]) queue.push({ call: 'a', n });
		await queue.idle();
		expect(failed).toEqual(['no room', 1]);
		expect(done).toEqual([2]);
	});

	test('takes nothing more once closed, and is idle when what was under way has ended', async () => {
		const { queue, begun, finish } = receiver();
		queue.push({ call: 'a', n: 1 });
		queue.push({ call: 'a', n: 2 });
		queue.close();
		queue.push({ call: 'b', n: 1 });
		const idle = queue.idle();
		await finish();
		await idle;
		expect(begun.flat()).toHaveLength(1);
	});

	test('whatever comes and ends in whatever order: all arrive once, each call in order', async () => {
		const arrivals = fc.array(
			fc.record({ call: fc.constantFrom('a', 'b', 'c', 'd'), ends: fc.nat(5) }),
			{ maxLength: 60 },
		);
		await fc.assert(
			fc.asyncProperty(
				arrivals,
				fc.integer({ min: 1, max: 4 }),
				fc.integer({ min: 1, max: 5 }),
				async (items, inFlight, batch) => {
					const { queue, begun, finish, open, most } = receiver({ inFlight, batch });
					for (const [n, { call, ends }] of items.entries()) {
						queue.push({ call, n });
						if (open.length > 0) await finish(ends % open.length);
					}
					while (open.length > 0) await finish();
					await queue.idle();
					const all = begun.flat();
					expect(all.map(({ n }) => n).sort((a, b) => a - b)).toEqual(items.map((_, n) => n));
					for (const call of 'abcd') {
						const order = all.filter((item) => item.call === call).map(({ n }) => n);
						expect(order).toEqual([...order].sort((a, b) => a - b));
					}
					expect(most()).toBeLessThanOrEqual(inFlight);
				},
			),
			{ numRuns: 100 },
		);
	});
});
