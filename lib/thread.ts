import { Worker } from 'node:worker_threads';
import { unlessAborted } from './waiting/abort';
import { KeyedLock } from './waiting/concurrency';

/** How long and with how much a thread may work. */
export interface ThreadLimits {
	/** The kind of what is worked on, as an error names it, such as "The YAML". */
	what: string;
	/** How long it may take from its turn on, in ms. */
	withinMs: number;
	/** Memory of the thread, in MB. */
	memoryMb: number;
	/** Ends it. */
	signal?: AbortSignal;
}

/** Runs the program, and says what it gave or what went wrong. Buffers go over without a copy. */
const around = (program: string) => `
const { parentPort, workerData } = require('node:worker_threads');
try {
	const value = (() => { ${program} })();
	parentPort.postMessage({ value }, ArrayBuffer.isView(value) ? [value.buffer] : []);
} catch (error) {
	parentPort.postMessage({ problem: String(error.message).slice(0, 500) });
}
`;

/** Threads for the same kind of work: one at a time, because each has memory of its own, and an execution many items. */
const turns = new KeyedLock();

/**
 * Does work that takes long in a thread of its own, so that n8n goes on meanwhile, and ends it when it takes too long or
 * too much memory. Work of the same kind is done one after the other.
 *
 * @param program the body of a function that returns the result and finds its input in `workerData`. A text and not a
 *   file, because it has to run from TypeScript (tests) and from the package alike. Paths of packages go into the input.
 * @param input what `workerData` is; it is copied
 * @param limits how long, once it is its turn, and with how much
 * @returns what the program returns: plain values or a typed array
 * @throws Error when the program throws, takes too long or too much memory; the signal's reason when it is stopped
 */
export async function inThread<T>(
	program: string,
	input: unknown,
	limits: ThreadLimits,
): Promise<T> {
	const turn = turns.run(limits.what, async () => await runIn<T>(program, input, limits));
	return await unlessAborted(turn, limits.signal);
}

async function runIn<T>(
	program: string,
	input: unknown,
	{ what, withinMs, memoryMb, signal }: ThreadLimits,
): Promise<T> {
	signal?.throwIfAborted();
	const worker = new Worker(around(program), {
		eval: true,
		workerData: input,
		resourceLimits: { maxOldGenerationSizeMb: memoryMb },
		stdout: true,
		stderr: true,
	});
	let clock: NodeJS.Timeout | undefined;
	let stop: (() => void) | undefined;
	const done = new Promise<T>((resolve, reject) => {
		worker.once('message', ({ value, problem }: { value: T; problem?: string }) =>
			problem === undefined ? resolve(value) : reject(new Error(problem)),
		);
		worker.once('error', reject);
		worker.once('exit', () => reject(new Error(`${what} could not be worked on`)));
		clock = setTimeout(() => reject(new Error(`${what} takes too long`)), withinMs);
		stop = () => reject(signal?.reason as Error);
		signal?.addEventListener('abort', stop, { once: true });
	});
	return await done.finally(async () => {
		clearTimeout(clock);
		if (stop) signal?.removeEventListener('abort', stop);
		await worker.terminate();
	});
}
