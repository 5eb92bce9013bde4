import { inThread } from '../lib/thread';

/** Counts in shared memory how many threads work at the same time, and the most that did. */
const COUNTING = `
const [now, most] = [0, 1];
const counts = new Int32Array(workerData.shared);
const mine = Atomics.add(counts, now, 1) + 1;
if (mine > Atomics.load(counts, most)) Atomics.store(counts, most, mine);
Atomics.wait(counts, 2, 0, 100);
Atomics.sub(counts, now, 1);
return 'done';
`;

const limits = { what: 'The sum', withinMs: 20_000, memoryMb: 64 };

test('work of one kind is done one after the other, whatever its number', async () => {
	const shared = new SharedArrayBuffer(12);
	const work = Array.from(
		{ length: 4 },
		async () => await inThread<string>(COUNTING, { shared }, limits),
	);
	expect(await Promise.all(work)).toEqual(Array(4).fill('done'));
	expect([...new Int32Array(shared)].slice(0, 2)).toEqual([0, 1]);
});

test('who waits for his turn can be stopped, and the next one has it', async () => {
	const shared = new SharedArrayBuffer(12);
	const stop = new AbortController();
	const first = inThread(COUNTING, { shared }, limits);
	const second = inThread(COUNTING, { shared }, { ...limits, signal: stop.signal });
	const third = inThread(COUNTING, { shared }, limits);
	stop.abort(new Error('stopped'));
	await expect(second).rejects.toThrow('stopped');
	expect(await Promise.all([first, third])).toEqual(['done', 'done']);
});

test.each([
	['that has no end is ended', 'for (;;);', { withinMs: 200 }, 'The sum takes too long'],
	[
		'that takes too much memory is ended',
		'const all = []; for (;;) all.push([all.length, {}]);',
		{},
		/memory/,
	],
	['that fails says why', 'throw new Error("no sum")', {}, 'no sum'],
])('work %s, and work after it is done', async (_, program, more, message) => {
	await expect(inThread(program, {}, { ...limits, ...more })).rejects.toThrow(message);
	expect(await inThread('return 1 + 1', {}, limits)).toBe(2);
});
