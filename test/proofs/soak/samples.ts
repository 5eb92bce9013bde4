import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process holds at one moment. */
export interface Sample {
	/** V8's heap after a collection of garbage, in MB. */
	heap_mb: number;
	/** Memory of the process, in MB. */
	rss_mb: number;
	/** All that keeps Node busy: timers, sockets, requests, files. */
	handles: number;
	timers: number;
	sockets: number;
	/** Listeners of the process itself. */
	listeners: number;
	/** Links to a PBX. */
	links: number;
	/** Executions that were started and have not ended, and actions under way. */
	queue: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MB = 1024 * 1024;

/** @param held what only the caller knows */
export function takeSample(held: Pick<Sample, 'links' | 'queue'>): Sample {
	collectGarbage();
	const { heapUsed, rss } = process.memoryUsage();
	const resources = process.getActiveResourcesInfo();
	const count = (pattern: RegExp) => resources.filter((name) => pattern.test(name)).length;
	return {
		heap_mb: heapUsed / MB,
		rss_mb: rss / MB,
		handles: resources.length,
		timers: count(/^Timeout$/),
		sockets: count(/Socket|TCP/),
		listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
		...held,
	};
}

/** How a measure went. */
export interface Trend {
	first: number;
	last: number;
	highest: number;
	/** What the line through the second half rises by from its begin to its end. */
	growth: number;
	/** What it may rise by. */
	allowed: number;
	flat: boolean;
}

/** What a measure may grow by in the second half: a share of its middle, or so much, whatever is more. */
const ALLOWED: Record<keyof Sample, { share: number; amount: number }> = {
	heap_mb: { share: 0.05, amount: 3 },
	rss_mb: { share: 0.1, amount: 20 },
	handles: { share: 0.2, amount: 6 },
	timers: { share: 0.2, amount: 4 },
	sockets: { share: 0.2, amount: 4 },
	listeners: { share: 0, amount: 0.5 },
	links: { share: 0, amount: 0.5 },
	queue: { share: 0.2, amount: 5 },
};

/** Fewer samples than this in the second half tell nothing. */
const LEAST_SAMPLES = 8;

/**
 * The verdict: a measure is flat when the line of least squares through the second half of its samples rises by no more
 * than {@link ALLOWED}. The first half is for warming up: compiled code, pools, caches.
 */
export function trends(samples: readonly Sample[]): Record<keyof Sample, Trend> {
	const names = Object.keys(ALLOWED) as Array<keyof Sample>;
	return Object.fromEntries(
		names.map((name) => [
			name,
			trendOf(
				samples.map((sample) => sample[name]),
				ALLOWED[name],
			),
		]),
	) as Record<keyof Sample, Trend>;
}

function trendOf(
	values: readonly number[],
	{ share, amount }: { share: number; amount: number },
): Trend {
	const half = values.slice(Math.floor(values.length / 2));
	const growth = slope(half) * Math.max(0, half.length - 1);
	const middle = half.toSorted((a, b) => a - b)[Math.floor(half.length / 2)] ?? 0;
	const allowed = Math.max(share * middle, amount);
	const rounded = (value: number) => Math.round(value * 100) / 100;
	return {
		first: rounded(values[0] ?? 0),
		last: rounded(values.at(-1) ?? 0),
		highest: rounded(Math.max(0, ...values)),
		growth: rounded(growth),
		allowed: rounded(allowed),
		flat: half.length >= LEAST_SAMPLES && growth <= allowed,
	};
}

/** Of the line of least squares, for each step. */
function slope(values: readonly number[]): number {
	const middle = (values.length - 1) / 2;
	const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
	let products = 0;
	let squares = 0;
	values.forEach((value, at) => {
		products += (at - middle) * (value - mean);
		squares += (at - middle) ** 2;
	});
	return squares === 0 ? 0 : products / squares;
}
