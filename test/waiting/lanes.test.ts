import fc from 'fast-check';
import { setImmediate as settle } from 'node:timers/promises';
import { mapInLanes, type LaneLimits } from '../../lib/waiting/concurrency';

/** Jobs that end when the test says so. */
function jobs(limits: LaneLimits, lanes: readonly string[]) {
	/** Those under way, in the order in which they began. */
	const open: Array<{ lane: string; index: number; end: () => void; fail: (why: Error) => void }> =
		[];
	/** Every job that has begun. */
	const begun: string[] = [];
	const most = { inAll: 0, extra: 0, inLane: new Map<string, number>() };
	const result = mapInLanes(lanes, limits, async (lane, index) => {
		await settle();
		return {
			lane,
			job: async () =>
				await new Promise<string>((resolve, reject) => {
					begun.push(lane);
					open.push({ lane, index, end: () => resolve(`${lane}${index}`), fail: reject });
					const mine = open.filter((job) => job.lane === lane).length;
					most.inLane.set(lane, Math.max(mine, most.inLane.get(lane) ?? 0));
					most.inAll = Math.max(most.inAll, open.length);
					if (mine > 1) most.extra = Math.max(most.extra, open.length);
				}),
		};
	});
	result.catch(() => undefined);
	const placed = async () => {
		for (let turn = 0; turn <= lanes.length; turn++) await settle();
	};
	const end = async (at: number) => {
		open.splice(at, 1)[0]!.end();
		await settle();
	};
	return { result, open, begun, most, placed, end };
}

test('a lane that hangs keeps its own limit of places, and every other lane goes on', async () => {
	const lanes = [...Array<string>(50).fill('dead'), ...Array<string>(5).fill('b'), 'c'];
	const { result, open, placed, end } = jobs({ perLane: 4, inAll: 4 }, lanes);
	await placed();
	// The dead one came first and has every place there is; the others have one each all the same.
	expect(open.map(({ lane }) => lane).sort()).toEqual(['b', 'c', 'dead', 'dead', 'dead', 'dead']);
	for (let left = 6; left > 0; left--) await end(open.findIndex(({ lane }) => lane !== 'dead'));
	expect(open.map(({ lane }) => lane)).toEqual(Array(4).fill('dead'));
	while (open.length > 0) await end(0);
	expect(await result).toHaveLength(56);
});

test('a lane with few inputs is not kept waiting by one with many', async () => {
	const lanes = [...Array<string>(40).fill('long'), 'short', 'short'];
	const { begun, open, placed, end } = jobs({ perLane: 2, inAll: 3 }, lanes);
	await placed();
	for (let ended = 0; ended < 6; ended++) await end(0);
	expect(begun.slice(0, 8).filter((lane) => lane === 'short')).toHaveLength(2);
	while (open.length > 0) await end(0);
});

test('after a failure nothing further begins, and what is under way is waited for', async () => {
	const { result, open, begun, placed, end } = jobs({ perLane: 2, inAll: 9 }, [
		...Array<string>(5).fill('a'),
		...Array<string>(5).fill('b'),
	]);
	await placed();
	expect(open).toHaveLength(4);
	let isOver = false;
	void result.catch(() => (isOver = true));
	open.splice(0, 1)[0]!.fail(new Error('the first'));
	await settle();
	open.splice(0, 1)[0]!.fail(new Error('the second'));
	await settle();
	expect(isOver).toBe(false);
	while (open.length > 0) await end(0);
	await expect(result).rejects.toThrow('the first');
	expect(begun).toHaveLength(4);
});

test('an input whose lane cannot be found fails the whole, and nothing is left under way', async () => {
	const failing = mapInLanes([1, 2, 3], { perLane: 1, inAll: 1 }, async (input) => {
		if (input === 2) throw new Error('no lane');
		return await Promise.resolve({ lane: 'a', job: async () => await Promise.resolve(input) });
	});
	await expect(failing).rejects.toThrow('no lane');
});

test('a place goes to the lane with the fewest under way, also when it has just been served', async () => {
	const { begun, open, placed, end } = jobs({ perLane: 2, inAll: 2 }, ['a', 'b', 'a', 'a', 'b']);
	await placed();
	for (let time = 0; time < 2; time++) await end(open.findIndex(({ lane }) => lane === 'a'));
	expect(begun).toEqual(['a', 'b', 'a', 'a']);
	while (open.length > 0) await end(0);
});

test('among lanes with as many under way the one served longest ago is next', async () => {
	const lanes = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c'];
	const { begun, open, placed, end } = jobs({ perLane: 2, inAll: 4 }, lanes);
	await placed();
	await end(open.findIndex(({ lane }) => lane === 'a'));
	await end(open.findIndex(({ lane }) => lane === 'b'));
	expect(begun).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
	while (open.length > 0) await end(0);
});

test('what is placed later counts what is still under way in its lane', async () => {
	const open: Array<() => void> = [];
	let letPass = () => undefined as void;
	const gate = new Promise<void>((resolve) => (letPass = resolve));
	const result = mapInLanes([0, 1, 2, 3], { perLane: 2, inAll: 9 }, async (input) => {
		if (input === 2) await gate;
		return {
			lane: 'a',
			job: async () => {
				await new Promise<void>((resolve) => open.push(resolve));
				return input;
			},
		};
	});
	await settle();
	expect(open).toHaveLength(2);
	open[0]!();
	await settle();
	letPass();
	await settle();
	await settle();
	expect(open).toHaveLength(3);
	for (let at = 1; at < 4; at++) {
		open[at]!();
		await settle();
	}
	expect(await result).toEqual([0, 1, 2, 3]);
});

test('the end waits for inputs that are still being placed, however fast the jobs are', async () => {
	const done = mapInLanes([1, 2, 3], { perLane: 1, inAll: 1 }, async (input) => {
		await settle();
		return { lane: 'a', job: async () => await Promise.resolve(input) };
	});
	expect(await done).toEqual([1, 2, 3]);
});

test('after a failure no further input is placed', async () => {
	const asked: number[] = [];
	const failing = mapInLanes([1, 2, 3, 4], { perLane: 1, inAll: 1 }, async (input) => {
		asked.push(input);
		await settle();
		return { lane: 'a', job: async () => await Promise.reject(new Error('refused')) };
	});
	await expect(failing).rejects.toThrow('refused');
	expect(asked.length).toBeLessThan(4);
});

test('nothing to do is done at once', async () => {
	await expect(mapInLanes([], { perLane: 1, inAll: 1 }, () => Promise.reject())).resolves.toEqual(
		[],
	);
});

test('whatever comes and ends in whatever order: limits hold, and results stand where their inputs do', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 30 }),
			fc.record({ perLane: fc.integer({ min: 1, max: 4 }), inAll: fc.integer({ min: 1, max: 8 }) }),
			fc.infiniteStream(fc.nat(7)),
			async (lanes, limits, choices) => {
				const { result, open, most, placed, end } = jobs(limits, lanes);
				await placed();
				for (const choice of choices) {
					if (open.length === 0) break;
					await end(choice % open.length);
				}
				expect(await result).toEqual(lanes.map((lane, index) => `${lane}${index}`));
				for (const inLane of most.inLane.values()) {
					expect(inLane).toBeLessThanOrEqual(limits.perLane);
				}
				// Beyond the limit for all, each lane has its one.
				expect(most.extra).toBeLessThanOrEqual(Math.max(limits.inAll, 1));
				expect(most.inAll).toBeLessThanOrEqual(limits.inAll + new Set(lanes).size);
			},
		),
		{ numRuns: 60 },
	);
});
