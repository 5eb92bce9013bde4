import { Chance } from './generators';
import { isLeaked, TARGETS } from './targets';

/** An input: what is fed, and the seed that it is made of. */
export interface Input {
	target: string;
	seed: number;
}

/** What is wrong with an input. */
export interface Finding extends Input {
	kind: 'crash' | 'hang' | 'leak' | 'slow';
	/** The first lines of what was thrown; never what leaked. */
	says: string;
}

/** What came of a batch. */
export interface BatchResult {
	inputs: number;
	findings: Finding[];
	/** The most that one input took of the processor, in ms. */
	slowestMs: number;
}

/** More than this, of the processor, is too slow for one input, in ms. */
const SLOW_MS = 500;

/** The targets in turn, each as often as its share says. */
const TURNS = Object.entries(TARGETS).flatMap(([name, { share }]) =>
	Array<string>(share).fill(name),
);

/** @returns the inputs of a range, for a seed of the whole run */
export const inputsOf = (seed: number, from: number, count: number): Input[] =>
	Array.from({ length: count }, (_, index) => ({
		// A step that has no factor with 100 in common mixes the targets.
		target: TURNS[((from + index) * 37) % TURNS.length]!,
		seed: (Math.imul(seed, 1_000_003) + from + index) | 0,
	}));

/** Feeds inputs one after the other. */
export async function feedAll(inputs: readonly Input[]): Promise<BatchResult> {
	const findings: Finding[] = [];
	let slowestMs = 0;
	for (const input of inputs) {
		const began = process.cpuUsage();
		try {
			const result = await TARGETS[input.target]!.feed(new Chance(input.seed));
			if (isLeaked(result))
				findings.push({ ...input, kind: 'leak', says: 'the secret is in the output' });
		} catch (error) {
			const says = (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(
				0,
				600,
			);
			findings.push({ ...input, kind: 'crash', says });
		}
		const { user, system } = process.cpuUsage(began);
		const ms = (user + system) / 1_000;
		slowestMs = Math.max(slowestMs, ms);
		if (ms > SLOW_MS)
			findings.push({ ...input, kind: 'slow', says: `${Math.round(ms)} ms of the processor` });
	}
	return { inputs: inputs.length, findings, slowestMs };
}
