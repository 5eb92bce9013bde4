/**
 * Runs a job for each input, several at a time, and gives the results in the order of the inputs. When one fails, no
 * further one is started; those under way are waited for, so that nothing goes on behind the back of the caller.
 *
 * @param inputs what to work on
 * @param inFlight how many jobs run at the same time; at least 1
 * @param job the work
 * @returns the results
 * @throws what the first failing job threw
 */
export async function mapInOrder<Input, Output>(
	inputs: readonly Input[],
	inFlight: number,
	job: (input: Input, index: number) => Promise<Output>,
): Promise<Output[]> {
	const results = new Array<Output>(inputs.length);
	let next = 0;
	let failure: { cause: unknown } | undefined;
	const worker = async () => {
		while (next < inputs.length && !failure) {
			const index = next++;
			await job(inputs[index]!, index)
				.then((result) => (results[index] = result))
				.catch((cause: unknown) => (failure ??= { cause }));
		}
	};
	await Promise.all(Array.from({ length: Math.max(1, Math.min(inFlight, inputs.length)) }, worker));
	if (failure) throw (failure as { cause: unknown }).cause;
	return results;
}

/** Runs jobs that share a key one after another, and jobs with different keys side by side. */
export class KeyedLock {
	private readonly tails = new Map<string, Promise<unknown>>();

	/**
	 * @param key jobs with the same key never overlap
	 * @param job the work
	 * @returns its result, or rejects as it does; the next job runs either way
	 */
	async run<T>(key: string, job: () => Promise<T>): Promise<T> {
		const before = this.tails.get(key) ?? Promise.resolve();
		const mine = before.then(job, job);
		const tail = mine.catch(() => undefined);
		this.tails.set(key, tail);
		return await mine.finally(() => {
			if (this.tails.get(key) === tail) this.tails.delete(key);
		});
	}
}
