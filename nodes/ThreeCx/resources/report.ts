import type {
	IDisplayOptions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { OrderBy } from '../../../lib/odata/field';
import { queryString } from '../../../lib/odata/query';
import { catalogue, parseType, propertiesOf } from '../../../lib/xapi/catalogue';
import { withSeconds } from '../../../lib/xapi/duration';
import { inZone } from '../inZone';
import type { Entity } from '../../../lib/xapi/entities';
import { listFunction } from '../../../lib/xapi/functions';
import { invoke } from '../../../lib/xapi/invoke';
import {
	reportArguments,
	reportsOf,
	type Report,
	type ReportFunction,
} from '../../../lib/xapi/reports';
import { defaultCode } from '../../../lib/xapi/unfiltered';
import type { ItemResult, ItemRun } from '../../shared/router';
import { csvOperation, downloadCsv } from '../csvFile';
import { limitOf, limitProperties } from '../../shared/fields/limit';
import { numbersIn } from '../fields/extensions';
import { numbersNamed } from '../fields/named';
import { momentOf, periodOf, periodProperties } from '../fields/period';
import { titleCase } from '../fields/text';
import { byName, rowsOf } from '../lists';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { asOutput } from '../operations/output';
import type { OwnOperation, XapiResource } from '../resource';
import { alphabetically } from '../../shared/alphabetical';

/** Reports of the catalogue that ships; their panel is part of the node's description. */
const REPORTS = reportsOf(catalogue);

/** Names of reports whose stem reads badly. */
const LABELS: Readonly<Record<string, string>> = {
	AbandonedChatsStatistics: 'Abandoned Chats',
	BreachesSla: 'SLA Breaches',
	CallCostByExtensionGroup: 'Call Cost by Department',
	ExtensionStatisticsByGroup: 'Extension Statistics by Department',
	ExtensionsStatisticsByRingGroups: 'Extension Statistics by Ring Group',
	OldCallLog: 'Call Log (Before Update 6)',
	OldCallQuality: 'Call Quality (Before Update 6)',
	QueueAnUnCalls: 'Queue Answered and Unanswered Calls',
	StatisticSla: 'SLA Statistics',
};

/** What a row of each report is about. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
	AbandonedChatsStatistics: 'Each chat that nobody took, and why',
	AbandonedQueueCalls: 'Each caller who hung up while waiting in a queue, and how long they waited',
	AgentLoginHistory: 'When each agent logged in to queues and out again',
	AgentsInQueueStatistics: 'Calls answered and lost, and talk time, for each agent of each queue',
	AuditLog: 'Each change of the configuration, and who made it',
	AverageQueueWaitingTime: 'The average waiting time over a day, as points of a chart',
	BreachesSla: 'Each queue call that waited longer than the SLA time',
	CallCostByExtensionGroup: 'Each call with its cost, by department',
	CallDistribution: 'How many calls came in and went out in each hour or day',
	CallLog: 'Each leg of each call; Call Log > Get Many makes whole calls of them',
	CallQuality: 'How good the sound of one call was, on both sides',
	ChatLog: 'Each chat message of the period',
	DetailedQueueStatistics: 'Calls, answers, callbacks, and ring and talk time, for each queue',
	ExtensionStatistics: 'Calls in and out, answered or not, and talk time, for each extension',
	ExtensionStatisticsByGroup: 'The same as Extension Statistics, for the members of one department',
	ExtensionsStatisticsByRingGroups: 'Calls that each member of each ring group got and answered',
	InboundCalls: 'Each external call that came in, with trunk, inbound rule and duration',
	InboundRules: 'Each inbound rule with its trunk and destinations',
	OldCallLog: 'The call log of before 3CX v20 Update 6, if the PBX was updated',
	OldCallQuality: 'Call quality of before 3CX v20 Update 6, if the PBX was updated',
	OutboundCalls: 'Each external call that went out, with trunk, outbound rule, duration and cost',
	QueueAgentsChatStatistics: 'Chats answered and dealt with, for each agent of each queue',
	QueueAgentsChatStatisticsTotals: 'Chats answered and dealt with, for each queue',
	QueueAnUnCalls: 'Calls answered and not answered over a day, as points of a chart',
	QueueAnsweredCallsByWaitTime: 'Each answered queue call with its waiting time',
	QueueCallbacks: 'How many callbacks each queue made, and how many failed',
	QueueChatPerformance: 'Chats that came, were answered and were abandoned, for each queue',
	QueueFailedCallbacks: 'Each callback of a queue that reached nobody',
	QueuePerformanceOverview:
		'Calls received, answered and dropped, for each queue and each agent in it',
	QueuePerformanceTotals: 'Calls received, answered and dropped, for each queue',
	RingGroupStatistics: 'Calls received and answered, for each ring group',
	StatisticSla: 'How many calls each queue got, and how many waited longer than the SLA time',
	TeamQueueGeneralStatistics: 'Agents, calls, answers and talk time, for each queue',
	UserActivity: 'How many calls were answered or not in each hour or day',
};

const labelOf = ({ name }: Report) => LABELS[name] ?? titleCase(name);

const functionsOf = ({ rows, file }: Report): ReportFunction[] =>
	[rows, file].filter((one): one is ReportFunction => one !== undefined);

/** What each report asks for. */
const FIELDS = REPORTS.map((report) => {
	const asked = functionsOf(report).flatMap(({ parameters }) => parameters);
	return { name: report.name, fields: new Set(asked.map(({ field }) => field)) };
});

/** The reports that ask for a field, for display conditions. */
const askingFor = (field: string): string[] =>
	FIELDS.filter(({ fields }) => fields.has(field)).map(({ name }) => name);

/**
 * Shows a parameter for the reports that ask for one of the fields: by naming those, or all others where that is shorter,
 * since every name adds to the size of the node's description.
 */
function shownFor(fields: readonly string[], property = 'report'): IDisplayOptions {
	const asking = new Set(fields.flatMap(askingFor));
	const others = REPORTS.map(({ name }) => name).filter((name) => !asking.has(name));
	return others.length < asking.size
		? { hide: { [property]: others } }
		: { show: { [property]: [...asking] } };
}

const picker = (name: string, displayName: string, loadOptionsMethod: string): INodeProperties => ({
	displayName,
	name,
	type: 'multiOptions',
	typeOptions: { loadOptionsMethod },
	default: [],
	description:
		'Leave empty for all. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
});

/** The fields that people know; all others come from the catalogue, under Options. */
const KNOWN: INodeProperties[] = [
	{
		displayName: 'Day',
		name: 'chartDate',
		type: 'dateTime',
		required: true,
		default: '',
		description: 'The day to chart, in the time zone of the workflow',
	},
	picker('queues', 'Queue Names or IDs', 'getQueueNumbers'),
	picker('extensions', 'Extension Names or IDs', 'getExtensions'),
	picker('ringGroups', 'Ring Group Names or IDs', 'getRingGroupNumbers'),
	picker('trunks', 'Trunk Names or IDs', 'getTrunkNumbers'),
	{
		displayName: 'Department Name or ID',
		name: 'department',
		type: 'options',
		typeOptions: { loadOptionsMethod: 'getDepartmentNumbers' },
		default: '',
		description:
			'Leave empty for all. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Interval (Seconds)',
		name: 'interval',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 0,
		description: 'The minimum waiting time of calls to count; 0 counts all',
	},
	{ displayName: 'CDR ID', name: 'cdrId', type: 'string', required: true, default: '' },
	{ displayName: 'Source Number', name: 'srcNumber', type: 'string', required: true, default: '' },
	{
		displayName: 'Destination Number',
		name: 'dstNumber',
		type: 'string',
		required: true,
		default: '',
	},
];

const TIME_ZONE: INodeProperties = {
	displayName: 'Time Zone',
	name: 'timeZone',
	type: 'string',
	default: '',
	placeholder: 'e.g. Europe/London',
	description:
		'The time zone of days and hours in the report; leave empty to use that of the workflow',
};

const ASKED_ELSEWHERE = new Set(['from', 'to', ...KNOWN.map(({ name }) => name)]);

/** Codes and switches of some reports, by name. What the codes mean is not documented (protocol 4.7 [?]). */
function optionOf(field: string, type: string): INodeProperties {
	const shown = { displayName: titleCase(field), name: field };
	const kinds: Record<string, () => INodeProperties> = {
		int32: () => ({
			...shown,
			type: 'number',
			default: defaultCode(field),
			description: 'An undocumented 3CX code; by default the report counts everything',
		}),
		boolean: () => ({
			...shown,
			type: 'boolean',
			default: false,
			description: `Whether to ${titleCase(field).toLowerCase()}`,
		}),
	};
	const kind = kinds[parseType(type).name];
	return kind?.() ?? { ...shown, type: 'string', default: '' };
}

/** Options, each shown for the reports that have it. */
const options: INodeProperties[] = [
	...new Map(
		REPORTS.flatMap(functionsOf)
			.flatMap(({ parameters }) => parameters)
			.filter(({ field }) => !ASKED_ELSEWHERE.has(field))
			.map(({ field, type }) => [field, field === 'timeZone' ? TIME_ZONE : optionOf(field, type)]),
	).values(),
]
	.map((option) => ({
		...option,
		displayOptions: shownFor([option.name], '/report'),
	}))
	.sort(alphabetically(({ displayName }) => displayName));

/** The parameters of both operations. */
const parameters: INodeProperties[] = [
	...periodProperties(shownFor(['from'])),
	...KNOWN.map((property) => ({
		...property,
		displayOptions: shownFor([property.name]),
	})),
	{
		displayName: 'Options',
		name: 'reportOptions',
		type: 'collection' as const,
		placeholder: 'Add option',
		default: {},
		displayOptions: shownFor(options.map(({ name }) => name)),
		options,
	},
].map((property) => ({
	...property,
	displayOptions: {
		...property.displayOptions,
		show: { ...property.displayOptions?.show, operation: ['get', 'downloadCsv'] },
	},
}));

/** One picker for both operations, which stands before what it changes. */
const reportProperty: INodeProperties = {
	displayName: 'Report',
	name: 'report',
	type: 'options',
	noDataExpression: true,
	options: REPORTS.map((report) => ({
		name: labelOf(report),
		value: report.name,
		description: [DESCRIPTIONS[report.name], report.file ? '' : '(no CSV)']
			.filter(Boolean)
			.join(' '),
	})).sort(byName),
	default: 'QueuePerformanceOverview',
	displayOptions: { show: { operation: ['get', 'downloadCsv'] } },
};

/** What people know by name, and a report by number. */
const BY_NUMBER: Readonly<Record<string, { path: string; what: string; isNumber?: RegExp }>> = {
	queues: { path: '/Queues', what: 'queue' },
	ringGroups: { path: '/RingGroups', what: 'ring group' },
	department: { path: '/Groups', what: 'department', isNumber: /^(?:GRP)?\d+$/i },
};

/** A value of the panel with numbers in place of names, which an expression may give. */
async function withNumbers(run: ItemRun, field: string, value: unknown): Promise<unknown> {
	const named = BY_NUMBER[field];
	const texts = numbersIn(value);
	if (!named || texts.length === 0) return value;
	const { path, what, isNumber = /^\d+$/ } = named;
	const isIt = (text: string) => isNumber.test(text);
	return await numbersNamed(run, texts, path, { what, field }, isIt);
}

/** The chosen report, and what its function is called with. */
async function invocationOf(run: ItemRun, kind: 'rows' | 'file') {
	const { context, index } = run;
	const name = context.getNodeParameter('report', index) as string;
	const report = REPORTS.find((each) => each.name === name);
	const chosen = report?.[kind];
	if (!chosen) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'report',
			message: report
				? `3CX has no CSV file of the report "${labelOf(report)}"`
				: `There is no report "${name}"`,
			hint: report ? 'Use Get, which gives it as items.' : 'Choose the report from the list.',
		});
	}
	const asks = (field: string) => chosen.parameters.some((parameter) => parameter.field === field);
	const value = (field: string) => context.getNodeParameter(field, index, '') as unknown;
	const known = KNOWN.filter((field) => asks(field.name)).map(({ name: field }) => field);
	const chosenValues: Record<string, unknown> = {};
	for (const field of known) chosenValues[field] = await withNumbers(run, field, value(field));
	const { timeZone, ...codes } = context.getNodeParameter('reportOptions', index, {}) as {
		timeZone?: string;
	};
	const values = {
		...chosenValues,
		...(asks('from') ? periodOf(run) : {}),
		...(asks('chartDate') ? { chartDate: momentOf(run, 'chartDate', 'Day') } : {}),
		...codes,
		timeZone: timeZone || context.getTimezone(),
	};
	return { ...chosen, name, invocation: { parameters: reportArguments(chosen, values) } };
}

/** When a row happened, for the reports with a row a call or message: the ones that can take several pages. */
const MOMENTS = ['StartTime', 'CallTime', 'TimeSent', 'Timestamp'];

/** Long reports with the newest first, so that Limit gives the latest; statistics stay in the order that 3CX gives them. */
const orderOf = (type: string): OrderBy[] =>
	MOMENTS.filter((field) => field in propertiesOf(catalogue, type)).map((field) => ({
		field,
		direction: 'desc',
	}));

async function get(run: ItemRun): Promise<ItemResult> {
	const { client, signal } = run;
	const { operationId, returns, invocation } = await invocationOf(run, 'rows');
	const { name: type, array } = parseType(returns);
	const simplify = isSimplified(run);
	const zone = run.context.getTimezone();
	const shape = (rows: Entity[]) =>
		asOutput(simplify ? withSeconds(inZone(rows, type, zone), type) : rows);
	if (!array) {
		const row = await invoke(client, operationId, { ...invocation, signal });
		return shape([(row ?? {}) as Entity]);
	}
	return await listFunction(client, operationId, invocation.parameters, {
		query: queryString({ orderBy: orderOf(type) }),
		limit: limitOf(run),
		signal,
		shape,
	});
}

async function download(run: ItemRun): Promise<INodeExecutionData[]> {
	const { operationId, invocation, name } = await invocationOf(run, 'file');
	return [await downloadCsv(run, operationId, invocation, `${name}.csv`)];
}

const idsOf = (kind: 'rows' | 'file') =>
	REPORTS.flatMap((report) => report[kind]?.operationId ?? []);

const operations: OwnOperation[] = [
	{
		name: 'get',
		label: 'Get',
		action: 'Get a report',
		description: 'Get a report as items. Requires the System Owner role.',
		uses: idsOf('rows'),
		properties: [
			...limitProperties(),
			{
				...simplifyProperty,
				description:
					'Whether to return durations in seconds instead of PT1M30S, and times in the time zone of the workflow instead of UTC',
			},
		],
		execute: get,
	},
	csvOperation({
		action: 'Download a report as CSV',
		description: 'Get a report as a CSV file. Requires the System Owner role.',
		uses: idsOf('file'),
		// For both operations. They stand here, since those of the first operation come first.
		properties: [reportProperty, ...parameters],
		execute: download,
	}),
];

/** A dropdown of an entity set whose values are numbers, as reports take them. */
const numbersOf = (entitySet: string, names: string[], title: (row: Entity) => unknown) =>
	async function (this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
		const rows = await rowsOf(this, `/${entitySet}`, { select: ['Number', ...names] });
		return rows
			.map((row) => ({
				name: [row.Number, title(row)].filter(Boolean).join(' '),
				value: String(row.Number),
			}))
			.sort(byName);
	};

const byTheirName = ({ Name }: Entity) => Name;

/** All reports of 3CX, from the catalogue: its `Report...` roots (protocol 4.7). */
export const report: XapiResource = {
	name: 'report',
	label: 'Report',
	plural: 'Reports',
	description: 'Statistics of calls, queues, agents and chats',
	operations,
	loadOptions: {
		async getDepartmentNumbers() {
			const departments = await numbersOf('Groups', ['Name'], byTheirName).call(this);
			return [{ name: '(All)', value: '' }, ...departments];
		},
		getQueueNumbers: numbersOf('Queues', ['Name'], byTheirName),
		getRingGroupNumbers: numbersOf('RingGroups', ['Name'], byTheirName),
		getTrunkNumbers: numbersOf(
			'Trunks',
			['Gateway'],
			({ Gateway }) => (Gateway as Entity | undefined)?.Name,
		),
	},
};
