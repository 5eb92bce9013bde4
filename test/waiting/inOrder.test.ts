import fc from 'fast-check';
import { mapInOrder } from '../../lib/waiting/concurrency';

const turn = async () => await new Promise<void>((resolve) => setImmediate(resolve));

test('results stand where their inputs do, and no more jobs run at once than allowed', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.nat(3), { maxLength: 20 }),
			fc.integer({ min: -1, max: 6 }),
			fc.boolean(),
			async (turns, inFlight, isAsked) => {
				let running = 0;
				let most = 0;
				const results = await mapInOrder(
					turns,
					isAsked ? () => inFlight : inFlight,
					async (input, index) => {
						most = Math.max(most, ++running);
						for (let left = input; left >= 0; left--) await turn();
						running--;
						return `${index}: ${input}`;
					},
				);
				expect(results).toEqual(turns.map((input, index) => `${index}: ${input}`));
				// As many as allowed, and one where less than one is.
				expect(most).toBe(Math.min(turns.length, Math.max(1, inFlight)));
			},
		),
		{ numRuns: 60 },
	);
});

test('after a failure none begins; those under way are waited for; the first failure counts', async () => {
	const open: Array<{ index: number; end: () => void; fail: () => void }> = [];
	const result = mapInOrder([0, 1, 2, 3, 4], 3, async (_input, index) => {
		await new Promise<void>((resolve, reject) =>
			open.push({ index, end: resolve, fail: () => reject(new Error(`job ${index}`)) }),
		);
	});
	let isOver = false;
	void result.catch(() => (isOver = true));
	await turn();
	expect(open.map(({ index }) => index)).toEqual([0, 1, 2]);
	open[1]!.fail();
	await turn();
	open[2]!.fail();
	await turn();
	expect(isOver).toBe(false);
	open[0]!.end();
	await expect(result).rejects.toThrow('job 1');
	expect(open).toHaveLength(3);
});
