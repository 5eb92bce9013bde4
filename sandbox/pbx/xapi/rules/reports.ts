import { ODataError } from '../../odata/errors';
import { memoised } from '../../odata/memo';
import type { Row } from '../../odata/model';
import type { Context, Invocation, Rules } from '../context';

const first = (rows: readonly Row[], from: string) => {
	// Rows are in order of their start: halve until the first one at or after `from`.
	let [low, high] = [0, rows.length];
	while (low < high) {
		const middle = (low + high) >>> 1;
		if (String(rows[middle]?.StartTime) < from) low = middle + 1;
		else high = middle;
	}
	return low;
};

/** Comma-separated numbers; empty means no filter (protocol 4.7). */
function among(filter: unknown, fields: string[]): ((row: Row) => boolean) | undefined {
	if (typeof filter !== 'string' || filter === '') return undefined;
	const wanted = new Set(filter.split(',').map((number) => number.trim()));
	return (row) => fields.some((field) => wanted.has(String(row[field])));
}

/**
 * Rows from `periodFrom` up to but not including `periodTo`, from and to the numbers of the filters. The integer codes
 * other than 0 are undocumented (protocol 8.14) and change nothing here.
 */
function callLogData({ context, args }: Invocation): readonly Row[] {
	const rows = context.callLog.rows();
	return memoised(rows, JSON.stringify(args), () => select(rows, args));
}

function select(rows: readonly Row[], args: Row): readonly Row[] {
	const period = rows.slice(
		first(rows, String(args.periodFrom)),
		first(rows, String(args.periodTo)),
	);
	const bySource = among(args.sourceFilter, ['SourceDn', 'SourceCallerId']);
	const byDestination = among(args.destinationFilter, ['DestinationDn', 'DestinationCallerId']);
	if (!bySource && !byDestination) return period;
	return period.filter((row) => (bySource?.(row) ?? true) && (byDestination?.(row) ?? true));
}

export const callLogReport: Rules = {
	operations: {
		'Pbx.GetCallLogData': callLogData,
		'Pbx.DownloadCallLog': callLogData,
	},
};

/** The older view; frozen on real PBXs since Update 6, here it goes on (protocol 4.7). */
export const callHistory: Rules = {
	rows: ({ callLog }: Context) => callLog.historyRows(),
	operations: {
		'Pbx.DownloadCallHistory': ({ context }) => context.callLog.historyRows(),
	},
};

/** @throws ODataError bare 500, as newer builds answer a comparison of SegmentStartTime with a timestamp (protocol 4.3) */
export function refuseTimestampFilter(context: Context, filter: string | undefined): void {
	const compares = /SegmentStartTime\s+(eq|ne|lt|le|gt|ge)\s+\d{4}-\d{2}-\d{2}T/.test(filter ?? '');
	if (context.callHistoryTimestampFails && compares)
		throw new ODataError(500, 'Internal Server Error', [], true);
}
