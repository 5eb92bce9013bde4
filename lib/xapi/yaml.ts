import { Worker } from 'node:worker_threads';

/** No description of XAPI is near this size, in bytes; that of v20 Update 9 has 1.2 MB. */
export const MAX_YAML_BYTES = 8 * 1024 * 1024;

/** Memory of the thread that parses, in MB: 3CX's own description needs about 60. */
const MEMORY_MB = 512;

/**
 * What the thread runs. A text and not a file, because it has to run from TypeScript (tests) and from the package alike.
 * Aliases are refused before there can be any: a few of them inside of each other stand for more values than fit into
 * any memory, and 3CX writes none.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { JSON_SCHEMA, load } = require(workerData.library);
const listener = (event, { anchorMap }) => {
	for (const name in anchorMap) throw new Error('The description has an anchor: ' + name.slice(0, 40));
};
try {
	parentPort.postMessage({ value: load(workerData.text, { schema: JSON_SCHEMA, listener }) });
} catch (error) {
	parentPort.postMessage({ problem: String(error.message).slice(0, 500) });
}
`;

/**
 * Parses YAML from outside without stopping this process: in a thread of its own, which is ended when it takes too long
 * or too much memory.
 *
 * @param text YAML without anchors and aliases, of at most {@link MAX_YAML_BYTES}
 * @param withinMs how long it may take, in ms
 * @returns plain JSON values
 * @throws Error when it is no YAML, has anchors, is too large, or takes too long
 */
export async function parseYaml(text: string, withinMs: number): Promise<unknown> {
	if (text.length > MAX_YAML_BYTES) throw new Error('The YAML is too large');
	const worker = new Worker(PROGRAM, {
		eval: true,
		workerData: { text, library: require.resolve('js-yaml') },
		resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
		stdout: true,
		stderr: true,
	});
	let clock: NodeJS.Timeout | undefined;
	const parsed = new Promise<unknown>((resolve, reject) => {
		worker.once('message', ({ value, problem }: { value?: unknown; problem?: string }) =>
			problem === undefined ? resolve(value) : reject(new Error(problem)),
		);
		worker.once('error', reject);
		worker.once('exit', () => reject(new Error('The YAML could not be parsed')));
		clock = setTimeout(() => reject(new Error('The YAML takes too long to parse')), withinMs);
	});
	return await parsed.finally(async () => {
		clearTimeout(clock);
		await worker.terminate();
	});
}
