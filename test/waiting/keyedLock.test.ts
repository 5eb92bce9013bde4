import fc from 'fast-check';
import { KeyedLock } from '../../lib/waiting/concurrency';

/** Jobs that end when the test says so. */
function setup() {
	const lock = new KeyedLock();
	const open: Array<{ name: string; end: () => void; fail: () => void }> = [];
	const run = async (key: string, name: string) =>
		await lock.run(key, async () => {
			await new Promise<void>((resolve, reject) =>
				open.push({ name, end: resolve, fail: () => reject(new Error(name)) }),
			);
			return name;
		});
	return { lock, run, open, names: () => open.map(({ name }) => name) };
}

const turn = async () => await new Promise<void>((resolve) => setImmediate(resolve));

test('jobs of one key run one after another, in order; other keys do not wait', async () => {
	const { run, open, names } = setup();
	const all = Promise.all([run('a', 'a1'), run('a', 'a2'), run('b', 'b1')]);
	await turn();
	expect(names()).toEqual(['a1', 'b1']);
	open.shift()!.end();
	await turn();
	expect(names()).toEqual(['b1', 'a2']);
	for (const { end } of open) end();
	await expect(all).resolves.toEqual(['a1', 'a2', 'b1']);
});

test('a job that fails fails alone', async () => {
	const { run, open } = setup();
	const first = run('a', 'a1');
	const second = run('a', 'a2');
	await turn();
	open.shift()!.fail();
	await expect(first).rejects.toThrow('a1');
	await turn();
	open.shift()!.end();
	await expect(second).resolves.toBe('a2');
});

test('a key is forgotten with its last job, and not before', async () => {
	const { lock, run, open, names } = setup();
	const kept = () => (lock as unknown as { tails: Map<string, unknown> }).tails.size;
	const jobs = [run('a', 'a1'), run('a', 'a2')];
	await turn();
	open.shift()!.end();
	await turn();
	// Whoever comes now waits for the second one.
	jobs.push(run('a', 'a3'));
	await turn();
	expect(names()).toEqual(['a2']);
	expect(kept()).toBe(1);
	open.shift()!.end();
	await turn();
	open.shift()!.end();
	await Promise.all(jobs);
	expect(kept()).toBe(0);
});

test('whatever comes and ends or fails: jobs of a key never overlap, and keep their order', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.record({ key: fc.constantFrom('a', 'b'), fails: fc.boolean() }), {
				maxLength: 20,
			}),
			async (jobs) => {
				const lock = new KeyedLock();
				const busy = new Set<string>();
				const ran: number[] = [];
				const results = await Promise.allSettled(
					jobs.map(
						async ({ key, fails }, index) =>
							await lock.run(key, async () => {
								expect(busy.has(key)).toBe(false);
								busy.add(key);
								ran.push(index);
								await turn();
								busy.delete(key);
								if (fails) throw new Error('refused');
								return index;
							}),
					),
				);
				expect(results.map(({ status }) => status)).toEqual(
					jobs.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')),
				);
				for (const wanted of ['a', 'b']) {
					const own = ran.filter((index) => jobs[index]!.key === wanted);
					expect(own).toEqual([...own].sort((a, b) => a - b));
				}
			},
		),
		{ numRuns: 50 },
	);
});
