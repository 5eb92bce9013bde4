/** What answers take while a PBX is asked gently, by kind of request: a long report is slow by nature, not by load. */

/** What is known of one kind of request. */
export interface Baseline {
	/** Mean of the logarithms of the times of gentle answers. */
	mean: number;
	/** Gentle answers that it was learned from, up to {@link MEMORY}. */
	count: number;
	/** The latest answers at any load: where they are quicker, the PBX can do better than was thought. */
	latest: { count: number; sum: number; squares: number };
}

/** Nothing is known yet. */
export const UNKNOWN: Baseline = { mean: 0, count: 0, latest: { count: 0, sum: 0, squares: 0 } };

/** Answers from which a kind is known. */
const FEWEST = 4;

/** Answers after which half to two thirds of what was known is forgotten. */
const MEMORY = 32;

/**
 * Answers at any load that are looked at together, and by how much quicker (in the logarithm) they have to be than was
 * known: at least, and in standard errors.
 */
const LATEST = { count: 16, quicker: 0.05, errors: 3 };

/** What the network and our own process may add at any time, in ms: less than this is no sign of load. */
const SLACK_MS = 2;

const scaled = (ms: number) => Math.log(Math.max(0, ms) + SLACK_MS);

/** Whether answers of this kind can be compared with. */
export const isKnown = ({ count }: Baseline): boolean => count >= FEWEST;

/** @returns the natural logarithm of how much longer than a gentle answer this one took; undefined while unknown */
export const excess = (baseline: Baseline, ms: number): number | undefined =>
	isKnown(baseline) ? scaled(ms) - baseline.mean : undefined;

/**
 * @param baseline what was known
 * @param ms from sending the request until the answer began
 * @param isGentle whether few requests were in flight when it was sent
 * @returns what is known now
 */
export function learned(baseline: Baseline, ms: number, isGentle: boolean): Baseline {
	const { mean, latest } = baseline;
	const took = scaled(ms);
	const soFar = {
		count: latest.count + 1,
		sum: latest.sum + took,
		squares: latest.squares + took ** 2,
	};
	const isFull = soFar.count >= LATEST.count;
	const newest = soFar.sum / soFar.count;
	const next = { ...baseline, latest: isFull ? UNKNOWN.latest : soFar };
	const error = Math.sqrt(Math.max(0, soFar.squares / soFar.count - newest ** 2) / soFar.count);
	const quicker = Math.max(LATEST.quicker, LATEST.errors * error);
	if (isFull && isKnown(baseline) && newest < mean - quicker) {
		return { ...next, mean: newest };
	}
	if (!isGentle) return next;
	const count = Math.min(baseline.count + 1, MEMORY);
	return { ...next, count, mean: mean + (took - mean) / count };
}

/** The name of an option in a query, and the value of `$top`: a page of a hundred rows is no page of one. */
const OPTION = /(?:^|&)((?:\$|%24)top=\d+|[^=&]*)/gi;

/**
 * @param method HTTP method
 * @param pathAndQuery as it is sent
 * @returns a name that requests share which cost a PBX about the same: keys, parameters and values are left out
 */
export function kindOf(method: string, pathAndQuery: string): string {
	const [path = '', query = ''] = pathAndQuery.split(/\?(.*)/s);
	const resource = path.replace(/\((?:'[^']*'|[^()'])*\)/g, '()');
	const options = [...query.matchAll(OPTION)]
		.map(([, option = '']) => option.replace(/^%24/i, '$'))
		.filter((option) => option !== '' && option !== '$skip' && option !== '$count')
		.sort();
	return [method, resource, ...options].join(' ');
}
