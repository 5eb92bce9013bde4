import fc from 'fast-check';
import { ManualClock } from '../support/clocks';
import { createDelivery, type Delivery, type DeliveryOptions } from '../../lib/waiting/delivery';

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
			again: { forMs: 0 },
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

	test('a call whose waiting events were dropped begins anew, and not before what is under way', async () => {
		const { queue, begun, finish } = receiver({ inFlight: 2, maxWaiting: 1 });
		const names = () => begun.flat().map(({ call, n }) => call + n);
		for (const call of ['x', 'y']) queue.push({ call, n: 0 });
		queue.push({ call: 'a', n: 1, raw: true });
		queue.push({ call: 'b', n: 2 });
		await finish();
		await finish();
		// Nothing of `a` is under way, so it begins beside `b`.
		queue.push({ call: 'a', n: 3 });
		expect(names()).toEqual(['x0', 'y0', 'b2', 'a3']);
		await finish();
		queue.push({ call: 'a', n: 4, raw: true });
		queue.push({ call: 'a', n: 5 });
		expect(queue.shed).toBe(2);
		queue.push({ call: 'c', n: 6 });
		expect(names().slice(4)).toEqual(['c6']);
	});

	test('so does a call of which an event was under way before', async () => {
		const { queue, begun, finish } = receiver({ inFlight: 2, maxWaiting: 2 });
		for (const call of ['p', 'z', 'q']) queue.push({ call, n: 0 });
		queue.push({ call: 'p', n: 1, raw: true });
		await finish();
		for (const n of [0, 1]) queue.push({ call: 'r', n });
		expect(queue.shed).toBe(1);
		await finish();
		await finish();
		queue.push({ call: 'p', n: 2 });
		expect(begun.flat().map(({ call, n }) => call + n)).toEqual(['p0', 'z0', 'q0', 'r0', 'p2']);
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

	test('closed, it gives back what waits, takes nothing more, and is idle when what was under way has ended', async () => {
		const { queue, begun, finish } = receiver();
		for (const n of [1, 2, 3]) queue.push({ call: 'a', n });
		expect(queue.close()).toEqual({
			waiting: [
				{ call: 'a', n: 2 },
				{ call: 'a', n: 3 },
			],
			underWay: 1,
		});
		queue.push({ call: 'b', n: 1 });
		expect(queue.waiting).toBe(0);
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

/** A receiver whose hand-overs each end as the test says, on a clock that the test moves. */
function troubled(options: Partial<DeliveryOptions<Item>> = {}) {
	const clock = new ManualClock();
	const begun: Item[][] = [];
	const log: string[] = [];
	const fates: Array<{ resolve: () => void; reject: (error: Error) => void }> = [];
	const name = (items: Item[]) => items.map(({ call, n }) => call + n).join('+');
	const queue = createDelivery<Item>({
		deliver: async (items) => {
			begun.push(items);
			await new Promise<void>((resolve, reject) => fates.push({ resolve, reject }));
		},
		lane: ({ call }) => call,
		onSettled: (items) => log.push(`settled ${name(items)}`),
		onRetry: (error, items) => log.push(`again ${name(items)}: ${(error as Error).message}`),
		onError: (error, items) => log.push(`failed ${name(items)}: ${(error as Error).message}`),
		onUnsettled: (items) => log.push(`unsettled ${name(items)}`),
		clock,
		...options,
	});
	const turn = async () => await clock.advance(0);
	return {
		queue,
		begun,
		log,
		clock,
		names: () => begun.map(name),
		settle: async (which: number) => (fates[which]!.resolve(), await turn()),
		reject: async (which: number, why = 'no room') => (
			fates[which]!.reject(new Error(why)),
			await turn()
		),
	};
}

describe('a hand-over that fails', () => {
	test('is tried again as it was, before what follows in its call, while other calls go on', async () => {
		const { queue, begun, names, log, clock, settle, reject } = troubled({ inFlight: 1 });
		for (const n of [1, 2]) queue.push({ call: 'a', n });
		await reject(0);
		expect(queue).toMatchObject({ waiting: 2, inFlight: 0 });
		queue.push({ call: 'b', n: 1 });
		expect(names()).toEqual(['a1', 'b1']);
		await settle(1);
		await clock.advance(1_000);
		expect(names()).toEqual(['a1', 'b1', 'a1']);
		expect(begun[2]).toBe(begun[0]);
		await settle(2);
		await settle(3);
		await queue.idle();
		expect(names()).toEqual(['a1', 'b1', 'a1', 'a2']);
		expect(log).toEqual(['again a1: no room', 'settled b1', 'settled a1', 'settled a2']);
	});

	test('is given up after an hour of tries, and what follows goes on', async () => {
		const { queue, names, log, clock, reject } = troubled();
		await clock.advance(3_000_000);
		for (const n of [1, 2]) queue.push({ call: 'a', n });
		let tries = 0;
		while (!names().includes('a2')) {
			await reject(tries++);
			await clock.advance(60_000);
		}
		expect(clock.now() - 3_000_000).toBeGreaterThanOrEqual(3_600_000);
		expect(clock.now() - 3_000_000).toBeLessThan(3_800_000);
		expect(log.filter((line) => line.startsWith('failed'))).toEqual(['failed a1: no room']);
	});

	test('is given up at once where no time is given', async () => {
		const { queue, log, reject } = troubled({ again: { forMs: 0 } });
		queue.push({ call: 'a', n: 1 });
		await reject(0);
		expect(log).toEqual(['failed a1: no room']);
	});

	test('while everything fails, what waits stays in the queue, where it is bounded', async () => {
		const { queue, names, clock, reject } = troubled({
			inFlight: 2,
			maxWaiting: 5,
			sheddable: () => true,
		});
		for (let n = 0; n < 50; n += 1) queue.push({ call: `call ${n}`, n });
		for (let n = 0; n < 4; n += 1) await reject(n);
		// Twice as many as may be under way have failed: nothing else is tried for now.
		expect(names()).toHaveLength(4);
		expect(queue).toMatchObject({ waiting: 4 + 5 - 2, inFlight: 0 });
		await clock.advance(1_000);
		expect(names().slice(4)).toHaveLength(2);
		expect(names().slice(0, 4)).toEqual(expect.arrayContaining(names().slice(4)));
	});

	test('waits longer each time, and is not idle meanwhile', async () => {
		const waits: number[] = [];
		const { queue, clock, reject } = troubled({
			onRetry: (_error, _items, waitMs) => waits.push(waitMs),
		});
		queue.push({ call: 'a', n: 1 });
		let isIdle = false;
		void queue.idle().then(() => (isIdle = true));
		for (let tries = 0; tries < 20; tries += 1) {
			await reject(tries);
			void queue.idle().then(() => (isIdle = true));
			await clock.advance(60_000);
		}
		expect(isIdle).toBe(false);
		// At random, up to a second at first, and up to a minute in the end.
		expect(waits[0]).toBeLessThanOrEqual(1_000);
		expect(Math.max(...waits)).toBeGreaterThan(1_000);
		expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
	});

	test('after the queue was closed, ends it where nobody wants to know', async () => {
		const { queue, reject } = troubled({ onError: undefined });
		queue.push({ call: 'a', n: 1 });
		expect(queue.close()).toEqual({ waiting: [], underWay: 1 });
		const idle = queue.idle();
		await reject(0);
		await idle;
		expect(queue.inFlight).toBe(0);
	});

	test('closed meanwhile, is given back with the rest, and nothing is left behind', async () => {
		const { queue, names, clock, reject } = troubled();
		for (const n of [1, 2]) queue.push({ call: 'a', n });
		await reject(0);
		const idle = queue.idle();
		expect(queue.close()).toEqual({
			waiting: [
				{ call: 'a', n: 1 },
				{ call: 'a', n: 2 },
			],
			underWay: 0,
		});
		await idle;
		await clock.advance(0);
		expect(clock.sleeping).toBe(0);
		await clock.advance(3_600_000);
		expect(names()).toEqual(['a1']);
		await queue.idle();
	});
});

describe('a hand-over that does not settle', () => {
	test('gives its place to others after a limit, and is not handed over again', async () => {
		const { queue, names, log, clock, settle } = troubled({ inFlight: 2, settleMs: 5_000 });
		for (const call of ['a', 'b', 'c', 'd']) queue.push({ call, n: 1 });
		queue.push({ call: 'a', n: 2 });
		await clock.advance(4_999);
		expect(names()).toEqual(['a1', 'b1']);
		await clock.advance(1);
		expect(names()).toEqual(['a1', 'b1', 'c1', 'd1']);
		await settle(2);
		expect(names()).toEqual(['a1', 'b1', 'c1', 'd1', 'a2']);
		await settle(3);
		await settle(4);
		await queue.idle();
		// It has ended after all.
		await settle(0);
		expect(log).toEqual([
			'unsettled a1',
			'unsettled b1',
			'settled c1',
			'settled d1',
			'settled a2',
			'settled a1',
		]);
		expect(clock.sleeping).toBe(0);
		expect(queue).toMatchObject({ waiting: 0, inFlight: 0 });
	});

	test('and fails in the end, does not come after what happened later', async () => {
		const { queue, names, log, clock, reject } = troubled({ settleMs: 5_000 });
		for (const n of [1, 2]) queue.push({ call: 'a', n });
		await clock.advance(5_000);
		await reject(0, 'too late');
		await clock.advance(60_000);
		expect(names()).toEqual(['a1', 'a2']);
		expect(log).toEqual(['unsettled a1', 'failed a1: too late', 'unsettled a2']);
	});
});

test('whatever fails, hangs and comes back: no call is out of order, nothing settles twice, all settle', async () => {
	const fate = fc.constantFrom('settles', 'settles', 'fails', 'hangs');
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 25 }),
			fc.infiniteStream(fate),
			fc.integer({ min: 1, max: 3 }),
			fc.integer({ min: 1, max: 3 }),
			async (calls, fates, inFlight, batch) => {
				const hanging: Array<() => void> = [];
				const settled: Item[] = [];
				const first: Item[] = [];
				const tries = new Map<Item, number>();
				const clock = new ManualClock();
				const queue = createDelivery<Item>({
					deliver: async (items) => {
						for (const item of items) {
							if (!tries.has(item)) first.push(item);
							tries.set(item, (tries.get(item) ?? 0) + 1);
						}
						// What is worst does not go on for ever.
						const next = (tries.get(items[0]!) ?? 0) > 3 ? 'settles' : fates.next().value;
						if (next === 'fails') throw new Error('no room');
						if (next === 'hangs') await new Promise<void>((resolve) => hanging.push(resolve));
					},
					lane: ({ call }) => call,
					onSettled: (items) => settled.push(...items),
					inFlight,
					batch,
					settleMs: 10_000,
					again: { capMs: 1_000 },
					clock,
				});
				calls.forEach((call, n) => queue.push({ call, n }));
				await clock.advance(1_000_000);
				await queue.idle();
				for (const end of hanging) end();
				await clock.advance(0);
				expect(settled.map(({ n }) => n).sort((a, b) => a - b)).toEqual(calls.map((_, n) => n));
				for (const call of 'abc') {
					const order = first.filter((item) => item.call === call).map(({ n }) => n);
					expect(order).toEqual([...order].sort((a, b) => a - b));
				}
			},
		),
		{ numRuns: 60 },
	);
});
