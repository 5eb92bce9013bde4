/**
 * Runs a job for each input, several at a time, and gives the results in the order of the inputs. When one fails, no
 * further one is started; those under way are waited for, so that nothing runs after the caller has its result.
 *
 * @param inputs what to work on
 * @param inFlight how many jobs run at the same time, at least 1; a function is asked whenever a job may start
 * @param job the work
 * @returns the results
 * @throws what the first failing job threw
 */
export async function mapInOrder<Input, Output>(
	inputs: readonly Input[],
	inFlight: number | (() => number),
	job: (input: Input, index: number) => Promise<Output>,
): Promise<Output[]> {
	return await mapInLanes(inputs, { perLane: inFlight, inAll: Infinity }, (input, index) => ({
		lane: '',
		job: async () => await job(input, index),
	}));
}

/** Work whose place is known: the lane that it belongs to, and what there is to do. */
export interface Placed<Output> {
	/** Jobs of one lane share its limit: those for one PBX. */
	lane: string;
	job(): Promise<Output>;
}

/** How many jobs may run at the same time. */
export interface LaneLimits {
	/** In each lane, at least 1; a function is asked whenever a job may start. */
	perLane: number | ((lane: string) => number);
	/** In all lanes together; but each lane may always run one, so that lanes that hang do not stop the others. */
	inAll: number;
}

/**
 * Runs a job for each input, lanes side by side, and gives the results in the order of the inputs. Whenever a job may
 * start, the lane with the fewest under way is served, and among equals the one served longest ago: a lane with a
 * thousand inputs does not keep one with ten waiting. When a job fails, no further one is started; those under way are
 * waited for, so that nothing runs after the caller has its result.
 *
 * @param inputs what to work on
 * @param limits how many jobs run at the same time
 * @param place finds the lane of an input; called in order, for one input at a time, ahead of the jobs
 * @returns the results
 * @throws what the first failing job, or `place`, threw
 */
export async function mapInLanes<Input, Output>(
	inputs: readonly Input[],
	{ perLane, inAll }: LaneLimits,
	place: (input: Input, index: number) => Promise<Placed<Output>> | Placed<Output>,
): Promise<Output[]> {
	const results: Output[] = [];
	/** In order of service: the one served longest ago comes first. */
	const lanes = new Map<string, { waiting: Array<() => Promise<void>>; inFlight: number }>();
	let running = 0;
	let isPlaced = false;
	let failure: { cause: unknown } | undefined;
	const fail = (cause: unknown) => (failure ??= { cause });
	const limitOf = typeof perLane === 'number' ? () => perLane : perLane;

	await new Promise<void>((finished) => {
		const next = () => {
			let found: string | undefined;
			let fewest = Infinity;
			for (const [name, { waiting, inFlight }] of lanes) {
				if (waiting.length === 0 || inFlight >= fewest) continue;
				if (inFlight >= Math.max(1, limitOf(name))) continue;
				if (running >= inAll && inFlight > 0) continue;
				[found, fewest] = [name, inFlight];
				if (inFlight === 0) break;
			}
			return found;
		};
		const pump = () => {
			for (let name = failure ? undefined : next(); name !== undefined; name = next()) {
				const lane = lanes.get(name)!;
				lanes.delete(name);
				lanes.set(name, lane);
				lane.inFlight += 1;
				running += 1;
				void lane.waiting.shift()!().finally(() => {
					lane.inFlight -= 1;
					running -= 1;
					if (lane.inFlight === 0 && lane.waiting.length === 0) lanes.delete(name);
					pump();
				});
			}
			// Everything that can start has started: if none is running, none is waiting.
			if (running === 0 && isPlaced) finished();
		};
		const placeAll = async () => {
			for (const [index, input] of inputs.entries()) {
				if (failure) break;
				const { lane: name, job } = await place(input, index);
				const lane = lanes.get(name) ?? { waiting: [], inFlight: 0 };
				lanes.set(name, lane);
				lane.waiting.push(async () => {
					await job().then((result) => (results[index] = result), fail);
				});
				pump();
			}
		};
		void placeAll()
			.catch(fail)
			.finally(() => {
				isPlaced = true;
				pump();
			});
	});
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
