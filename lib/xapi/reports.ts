import { operationsTagged, type Catalogue } from './catalogue';
import { unfiltered } from './unfiltered';

/**
 * What the people who want a report are asked for; several parameters of XAPI mean the same (`periodFrom`, `startDt`).
 * A parameter that is not in this table is asked for under its own name.
 */
const FIELD_OF: Readonly<Record<string, string>> = {
	periodFrom: 'from',
	startDt: 'from',
	periodTo: 'to',
	endDt: 'to',
	queueDns: 'queues',
	queueDnStr: 'queues',
	extensionDns: 'extensions',
	extensionFilter: 'extensions',
	agentDnStr: 'extensions',
	ringGroupDns: 'ringGroups',
	trunkDns: 'trunks',
	groupNumber: 'department',
	groupFilter: 'department',
	waitInterval: 'interval',
	answerInterval: 'interval',
	clientTimeZone: 'timeZone',
};

/** A parameter of a report function. */
export interface ReportParameter {
	/** As XAPI spells it, such as `queueDnStr`. */
	name: string;
	/** What is asked for, such as `queues`. */
	field: string;
	/** Type expression of the catalogue, such as `string?`. */
	type: string;
}

/** A function that answers with a report. */
export interface ReportFunction {
	operationId: string;
	/** Type expression of its answer, such as `InboundCall[]`. */
	returns: string;
	parameters: readonly ReportParameter[];
}

/** A report: its name, and the functions that give it as rows and as a file. Some have only one of them. */
export interface Report {
	/** Stem of the operationIds, such as `QueuePerformanceOverview`. */
	name: string;
	rows?: ReportFunction;
	file?: ReportFunction;
}

/** `GetInboundCalls`, `DownloadGetInboundCalls` and 3CX's slip `DownloadGetGetCallDistribution` in one pattern. */
const OPERATION_ID = /^(Download|Get)(?:Get)*(\w+?)(?:Data|Report)?$/;

/**
 * All reports of a 3CX: the functions of its `Report...` roots (protocol 4.7), `Get...` beside `Download...`.
 *
 * @param from the catalogue
 * @returns the reports, sorted by name
 */
export function reportsOf(from: Catalogue): Report[] {
	const reports = new Map<string, Report>();
	const tags = [...new Set(Object.values(from.operations).map(({ tag }) => tag))];
	for (const tag of tags.filter((candidate) => /^Report[A-Z]/.test(candidate))) {
		for (const { id, method, kind, parameters, returns = '' } of operationsTagged(from, tag)) {
			const [, verb, name] = OPERATION_ID.exec(id) ?? [];
			if (method !== 'GET' || kind !== 'function' || name === undefined) continue;
			const report = reports.get(name) ?? { name };
			report[verb === 'Download' ? 'file' : 'rows'] = {
				operationId: id,
				returns,
				parameters: Object.entries(parameters).map(([parameter, type]) => ({
					name: parameter,
					field: Object.hasOwn(FIELD_OF, parameter) ? FIELD_OF[parameter]! : parameter,
					type,
				})),
			};
			reports.set(name, report);
		}
	}
	const key = ({ name }: Report) => name.toLowerCase();
	return [...reports.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/**
 * What a report function is called with: every declared parameter, since a missing one gives 404; where nothing is
 * chosen, with what means "no filter".
 *
 * @param report the function
 * @param values by field: `from` and `to` as ISO with Z, lists of numbers as arrays, `interval` in seconds, `timeZone`
 *   as an IANA name, all others as they are
 * @returns values by parameter name, for {@link requestFor}, which checks their types
 */
export function reportArguments(
	{ parameters }: ReportFunction,
	values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
	return Object.fromEntries(
		parameters.map(({ name, field, type }) => {
			const value = Object.hasOwn(values, field) ? values[field] : undefined;
			if (value === undefined || value === null || value === '')
				return [name, unfiltered(name, type)];
			if (field === 'interval') return [name, interval(Number(value))];
			// Lists travel as one text with commas (protocol 4.7).
			return [name, Array.isArray(value) ? value.map(String).join(',') : value];
		}),
	);
}

const HOUR_S = 3600;
const MINUTE_S = 60;

/** Seconds as report functions take intervals: a text such as `0:00:0` (protocol 4.7), that is `h:mm:s`. */
function interval(seconds: number): string {
	const whole = Math.max(0, Math.round(Number.isFinite(seconds) ? seconds : 0));
	const minutes = Math.floor((whole % HOUR_S) / MINUTE_S);
	return `${Math.floor(whole / HOUR_S)}:${String(minutes).padStart(2, '0')}:${whole % MINUTE_S}`;
}
