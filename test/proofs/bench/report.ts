import type { Burst } from './burst';
import type { Calls } from './calls';
import type { Download } from './download';
import type { Latency } from './latency';
import type { Load } from './load';
import type { Memory } from './memory';
import type { Comparison } from './throughput';

/** What `--json` prints; a part that was not asked for is missing. */
export interface Result {
	conditions: Record<string, unknown>;
	list?: Record<string, Comparison | number>;
	create?: Record<string, Comparison>;
	get?: Record<string, Comparison>;
	memory?: Memory;
	download?: Download;
	latency?: Latency;
	burst?: Burst;
	calls?: Calls;
	load?: Load;
}

/** A figure with what it should be. */
interface Figure {
	name: string;
	value: number | undefined;
	unit?: string;
	atLeast?: number;
	atMost?: number;
}

/** What our node should reach in each lane, as a multiple of the HTTP Request node. */
const TIMES_HTTP_REQUEST: Record<'list' | 'create' | 'get', Record<string, number>> = {
	list: { loopback: 6, delay20: 12 },
	create: { loopback: 15, delay20: 2.2 },
	get: { loopback: 12, delay20: 2.2 },
};
/** And of undici alone: only where the PBX sends much for each request can n8n around it be made up for. */
const OF_RAW: Partial<Record<'list' | 'create' | 'get', Record<string, number>>> = {
	list: { loopback: 0.85 },
};

const isComparison = (value: Comparison | number): value is Comparison => typeof value === 'object';

function throughput(result: Result, job: 'list' | 'create' | 'get'): Figure[] {
	return Object.entries(result[job] ?? {}).flatMap(([lane, comparison]): Figure[] => {
		if (!isComparison(comparison)) return [];
		const { ours, http_request, raw, ratio_vs_http_request, ratio_vs_raw } = comparison;
		const detail = `${ours}/s, HTTP Request ${http_request}/s, raw ${raw}/s`;
		return [
			{
				name: `${job} ${lane}: x HTTP Request (${detail})`,
				value: ratio_vs_http_request,
				atLeast: TIMES_HTTP_REQUEST[job][lane],
			},
			{ name: `${job} ${lane}: x raw undici`, value: ratio_vs_raw, atLeast: OF_RAW[job]?.[lane] },
		];
	});
}

const rates = [
	[5, 'ratio_p95_5', 'ratio_vs_limit_5'],
	[20, 'ratio_p95_20', 'ratio_vs_limit_20'],
] as const;

/** What the ratio is made of: the state that each event is read for costs anybody as much. */
const inWords = ({ ours, bare, limit, read }: Latency['at_5']): string =>
	` (${ours.p95} by ${limit.p95} ms; bare ${bare.p95}; outside n8n ${read.p95})`;

/** Every figure that was measured, with its goal. */
function figures(result: Result): Figure[] {
	const { list, memory, download, latency, calls, burst, load } = result;
	const connections = typeof list?.connections === 'number' ? list.connections : undefined;
	const all: Figure[] = [
		...throughput(result, 'list'),
		{ name: 'list: connections of ours', value: connections, atMost: 16 },
		...throughput(result, 'create'),
		...throughput(result, 'get'),
		{
			name: `memory: ours (HTTP Request + Split Out: ${memory?.http_request_mb} MB)`,
			value: memory?.ours_mb,
			unit: 'MB',
			atMost: (memory?.http_request_mb ?? NaN) / 2,
		},
		{ name: 'download: x HTTP Request', value: download?.ratio_vs_http_request, atLeast: 1 },
		{
			name: 'download: growth of ours',
			value: download?.ours_rss_growth_mb,
			unit: 'MB',
			atMost: download?.http_request_rss_growth_mb,
		},
		...rates.flatMap(([rate, toBare, toLimit]) => [
			{
				name: `latency p95 at ${rate}/s: x emit and one read${latency ? inWords(latency[`at_${rate}`]) : ''}`,
				value: latency?.[toLimit],
				atMost: 1.15,
			},
			{ name: `latency p95 at ${rate}/s: x bare emit`, value: latency?.[toBare] },
		]),
		{ name: 'calls beside a job: p50, automatic by 4', value: calls?.ratio_p50, atMost: 1.3 },
		{ name: 'calls beside a job: p95, automatic by 4', value: calls?.ratio_p95, atMost: 1.3 },
		{ name: 'calls beside a job: the job itself, x as quick', value: calls?.job_ratio },
		{ name: 'burst: events delivered', value: burst?.delivered, atLeast: burst?.sent },
		{ name: 'burst: growth', value: burst?.rss_growth_mb, unit: 'MB', atMost: 400 },
		{ name: 'burst: slowest /healthz', value: burst?.healthz_max_ms, unit: 'ms', atMost: 250 },
		{ name: 'load: biggest description', value: load?.description_kb_max, unit: 'kB', atMost: 250 },
		{ name: 'load: our nodes', value: load?.modules_ms, unit: 'ms' },
		{ name: 'load: our nodes, by before', value: load?.modules_ratio, atMost: 0.333 },
		{ name: 'load: our nodes, CPU by before', value: load?.modules_cpu_ratio, atMost: 0.333 },
		{ name: 'load: start-up later by', value: load?.startup_ms_delta, unit: 'ms' },
	];
	return all.filter(({ value }) => value !== undefined);
}

function line({ name, value = NaN, unit, atLeast, atMost }: Figure): string {
	const withUnit = (number: number) => `${number}${unit ? ` ${unit}` : ''}`;
	const goal =
		atLeast !== undefined
			? `at least ${withUnit(atLeast)}`
			: atMost !== undefined
				? `at most ${withUnit(atMost)}`
				: '';
	const misses = value < (atLeast ?? -Infinity) || value > (atMost ?? Infinity);
	return [
		name.padEnd(84),
		withUnit(value).padStart(10),
		`  ${goal.padEnd(16)}`,
		misses ? 'MISSED' : '',
	]
		.join(' ')
		.trimEnd();
}

/** @returns the figures as lines for people */
export const tableOf = (result: Result): string => figures(result).map(line).join('\n');
