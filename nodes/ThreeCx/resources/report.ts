import type {
	IDisplayOptions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';
import type { OrderBy } from '../../../lib/odata/field';
import { queryString } from '../../../lib/odata/query';
import { catalogue, parseType, propertiesOf } from '../../../lib/xapi/catalogue';
import { withSeconds } from '../../../lib/xapi/duration';
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
	AgentsInQueueStatistics: 'Agents in Queue Statistics',
	BreachesSla: 'SLA Breaches',
	CallCostByExtensionGroup: 'Call Cost by Department',
	ExtensionStatisticsByGroup: 'Extension Statistics by Department',
	ExtensionsStatisticsByRingGroups: 'Extension Statistics by Ring Group',
	OldCallLog: 'Call Log (Before Update 6)',
	OldCallQuality: 'Call Quality (Before Update 6)',
	QueueAnUnCalls: 'Queue Answered and Unanswered Calls',
	QueueAnsweredCallsByWaitTime: 'Queue Answered Calls by Wait Time',
	StatisticSla: 'SLA Statistics',
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

const reportProperty = (kind: 'rows' | 'file'): INodeProperties => {
	const choices = REPORTS.filter((report) => report[kind])
		.map((report) => ({ name: labelOf(report), value: report.name }))
		.sort(byName);
	return {
		displayName: 'Report',
		name: 'report',
		type: 'options',
		noDataExpression: true,
		options: choices,
		default: 'QueuePerformanceOverview',
	};
};

/** The chosen report, and what its function is called with. */
function invocationOf(run: ItemRun, kind: 'rows' | 'file') {
	const { context, index } = run;
	const name = context.getNodeParameter('report', index) as string;
	const chosen = REPORTS.find((report) => report.name === name)?.[kind];
	if (!chosen) throw new Error(`There is no report "${name}"`);
	const asks = (field: string) => chosen.parameters.some((parameter) => parameter.field === field);
	const value = (field: string) => context.getNodeParameter(field, index, '');
	const { timeZone, ...codes } = context.getNodeParameter('reportOptions', index, {}) as {
		timeZone?: string;
	};
	const values = {
		...Object.fromEntries(
			KNOWN.filter((field) => asks(field.name)).map((field) => [field.name, value(field.name)]),
		),
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
	const { operationId, returns, invocation } = invocationOf(run, 'rows');
	const { name: type, array } = parseType(returns);
	const simplify = isSimplified(run);
	const shape = (rows: Entity[]) => asOutput(simplify ? withSeconds(rows, type) : rows);
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
	const { operationId, invocation, name } = invocationOf(run, 'file');
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
			reportProperty('rows'),
			...parameters,
			...limitProperties(),
			{
				...simplifyProperty,
				description: 'Whether to return durations in seconds instead of PT1M30S',
			},
		],
		execute: get,
	},
	csvOperation({
		action: 'Download a report as CSV',
		description: 'Get a report as a CSV file. Requires the System Owner role.',
		uses: idsOf('file'),
		properties: [reportProperty('file')],
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
		getDepartmentNumbers: numbersOf('Groups', ['Name'], byTheirName),
		getQueueNumbers: numbersOf('Queues', ['Name'], byTheirName),
		getRingGroupNumbers: numbersOf('RingGroups', ['Name'], byTheirName),
		getTrunkNumbers: numbersOf(
			'Trunks',
			['Gateway'],
			({ Gateway }) => (Gateway as Entity | undefined)?.Name,
		),
	},
};
