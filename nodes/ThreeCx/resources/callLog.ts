import type { IDataObject } from 'n8n-workflow';
import { callFields } from '../../../lib/history/callFields';
import { filter, type Condition, type ConditionGroup } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import { numberMatcher, patternsIn } from '../../../lib/phone/pattern';
import { textOf } from '../../../lib/text';
import {
	directionOf,
	hasNumber,
	loggedCallsIn,
	matches,
	UNFILTERED,
	type CallFilter,
} from '../../../lib/xapi/callLog';
import { withSeconds } from '../../../lib/xapi/duration';
import type { Entity } from '../../../lib/xapi/entities';
import { listFunction } from '../../../lib/xapi/functions';
import type { ItemRun } from '../../shared/router';
import { csvOperation, downloadCsv } from '../csvFile';
import { defaultCountryOf } from '../../shared/fields/country';
import { limitOf, limitProperties } from '../../shared/fields/limit';
import { periodOf, periodProperties } from '../fields/period';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { asOutput, pickEach } from '../operations/output';
import type { XapiResource } from '../resource';

/** What a leg is simplified to; the durations then become numbers of seconds. */
const SUMMARY = [
	'SegmentId',
	'MainCallHistoryId',
	'StartTime',
	'Direction',
	'CallType',
	'Status',
	'Answered',
	'SourceDn',
	'SourceCallerId',
	'SourceDisplayName',
	'DestinationDn',
	'DestinationCallerId',
	'DestinationDisplayName',
	'Reason',
	'RingingDuration',
	'TalkingDuration',
	'SrcRecId',
	'DstRecId',
];

/** What whole calls are made of; transcriptions and AI summaries are long and stay on the PBX. */
const NEEDED_FOR_CALLS = [...SUMMARY, 'CallHistoryId', 'CallId', 'CdrId', 'Indent', 'Recordings'];

/** The whole period: we filter with `$filter` and by reading. */
const callLogParameters = (run: ItemRun) => {
	const { from, to } = periodOf(run);
	return {
		periodFrom: from,
		periodTo: to,
		...UNFILTERED,
		clientTimeZone: run.context.getTimezone(),
	};
};

const DIRECTION = { newest: 'desc', oldest: 'asc' } as const;

interface Filters {
	answered?: 'answered' | 'unanswered';
	direction?: string;
	extension?: string;
	number?: string;
	queue?: string;
	recorded?: boolean;
}

const filterOf = ({ context, index }: ItemRun, country: string | undefined): CallFilter => {
	const { answered, extension, number, queue, ...rest } = context.getNodeParameter(
		'callFilters',
		index,
		{},
	) as Filters;
	const numbers = patternsIn(number);
	return {
		...rest,
		...(answered === undefined ? {} : { answered: answered === 'answered' }),
		...chosen({ extension, queue }),
		...(numbers.length === 0 ? {} : { number: numberMatcher(numbers, country) }),
	};
};

/** What was chosen from lists, or given by an expression; an empty one is no choice. */
const chosen = (values: Record<string, unknown>): Record<string, string> =>
	Object.fromEntries(
		Object.entries(values)
			.map(([name, value]) => [name, textOf(value ?? '').trim()])
			.filter(([, text]) => text !== ''),
	);

/** The same for single legs, as a `$filter`, so that the PBX sends no others; but for numbers, which have many notations. */
function legFilter({
	direction,
	answered,
	extension,
	queue,
	recorded,
}: CallFilter): string | undefined {
	const any = (...conditions: Condition[]): ConditionGroup => ({ match: 'any', conditions });
	const number = (field: string, value = extension): Condition => ({
		field,
		type: 'string',
		operator: 'equals',
		value,
	});
	const isQueueLeg: Condition = {
		field: 'CallType',
		type: 'string',
		operator: 'equals',
		value: 'Queue',
	};
	const recording = (field: string): Condition => ({
		field,
		type: 'int32',
		operator: 'greaterThan',
		value: 0,
	});
	return filter({
		match: 'all',
		conditions: [
			...(direction === undefined
				? []
				: [
						{
							field: 'Direction',
							type: 'string',
							operator: 'startsWith',
							value: direction,
						} as const,
					]),
			...(answered === undefined
				? []
				: ([
						{
							field: 'Answered',
							type: 'boolean',
							operator: answered ? 'equals' : 'notEquals',
							value: true,
						},
					] as const)),
			...(extension === undefined ? [] : [any(number('SourceDn'), number('DestinationDn'))]),
			...(queue === undefined ? [] : [number('DestinationDn', queue), isQueueLeg]),
			...(recorded === true ? [any(recording('SrcRecId'), recording('DstRecId'))] : []),
		],
	});
}

function simplifiedLegs(rows: Entity[]): Entity[] {
	const legs = withSeconds(pickEach(rows, SUMMARY), 'CallLogData');
	for (const leg of legs) if (leg.Direction !== undefined) leg.Direction = directionOf(leg);
	return legs;
}

async function getLegs(run: ItemRun, direction: 'asc' | 'desc'): Promise<IDataObject[]> {
	const { client, signal } = run;
	const simplify = isSimplified(run);
	const wanted = filterOf(run, await defaultCountryOf(run));
	const limit = limitOf(run);
	const shape = (rows: Entity[]) => asOutput(simplify ? simplifiedLegs(rows) : rows);
	const read = async (how: { limit?: number; shape?: typeof shape }) =>
		await listFunction(client, 'GetCallLogData', callLogParameters(run), {
			query: queryString({
				filter: legFilter(wanted),
				select: simplify ? SUMMARY : [],
				orderBy: [{ field: 'SegmentId', direction }],
			}),
			signal,
			...how,
		});
	if (!wanted.number) return await read({ limit, shape });
	return shape((await read({})).filter(hasNumber(wanted.number)).slice(0, limit));
}

/** Reads the whole period, whatever the limit: the legs of a call can lie far apart. */
async function getCalls(run: ItemRun, direction: 'asc' | 'desc'): Promise<IDataObject[]> {
	const { client, signal } = run;
	const simplify = isSimplified(run);
	const rows = await listFunction(client, 'GetCallLogData', callLogParameters(run), {
		query: queryString({
			select: simplify ? NEEDED_FOR_CALLS : [],
			orderBy: [{ field: 'SegmentId', direction }],
		}),
		signal,
	});
	const country = await defaultCountryOf(run);
	const calls = loggedCallsIn(rows).filter(matches(filterOf(run, country)));
	const withLegs = run.context.getNodeParameter('includeLegs', run.index, false) === true;
	return calls.slice(0, limitOf(run)).map((call) => ({
		...callFields(call, country),
		...(withLegs && { legs: asOutput(simplify ? simplifiedLegs(call.legs) : call.legs) }),
	}));
}

/** Finished calls: XAPI `ReportCallLogData`, which holds what the older CallHistoryView no longer gets (protocol 4.7). */
export const callLog: XapiResource = {
	name: 'callLog',
	label: 'Call Log',
	plural: 'Call Log',
	description: 'Finished calls: who called whom, when, and for how long',
	operations: [
		{
			name: 'getAll',
			label: 'Get Many',
			action: 'Get many calls of the call log',
			description: 'List the finished calls in a period. Requires the System Owner role.',
			uses: ['GetCallLogData'],
			properties: [
				...periodProperties(),
				{
					displayName: 'One Item Per',
					name: 'itemPer',
					type: 'options',
					options: [
						{
							name: 'Call',
							value: 'call',
							description: 'A summary of each call; reads the whole period',
						},
						{
							name: 'Leg',
							value: 'leg',
							description:
								'As stored by 3CX: a queue call has one leg for the queue and one for each agent',
						},
					],
					default: 'call',
				},
				{
					displayName: 'Include Legs',
					name: 'includeLegs',
					type: 'boolean',
					default: false,
					displayOptions: { show: { itemPer: ['call'] } },
					description:
						'Whether to add the legs of each call, such as one for each agent of a queue',
				},
				...limitProperties(),
				{
					displayName: 'Order',
					name: 'order',
					type: 'options',
					options: [
						{ name: 'Newest First', value: 'newest' },
						{ name: 'Oldest First', value: 'oldest' },
					],
					default: 'newest',
				},
				{
					displayName: 'Filters',
					name: 'callFilters',
					type: 'collection',
					placeholder: 'Add Filter',
					default: {},
					description: 'Legs are filtered by the PBX, whole calls after they have been read',
					options: [
						{
							displayName: 'Answered',
							name: 'answered',
							type: 'options',
							options: [
								{ name: 'Answered', value: 'answered' },
								{ name: 'Unanswered', value: 'unanswered' },
							],
							default: 'unanswered',
							description:
								'Whether a person answered the call; for whole calls, a queue or announcement does not count',
						},
						{
							displayName: 'Direction',
							name: 'direction',
							type: 'options',
							options: [
								{ name: 'Inbound', value: 'Inbound' },
								{ name: 'Internal', value: 'Internal' },
								{ name: 'Outbound', value: 'Outbound' },
							],
							default: 'Inbound',
						},
						{
							displayName: 'Extension Name or ID',
							name: 'extension',
							type: 'options',
							typeOptions: { loadOptionsMethod: 'getExtensions' },
							default: '',
							description:
								'Extensions that called or rang. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
						},
						{
							displayName: 'Number of the Other Party',
							name: 'number',
							type: 'string',
							default: '',
							placeholder: 'e.g. +44 1632 960123, 0171*',
							description:
								'Calls from or to these numbers, in any notation, separated by commas; * and ? stand for what may be there. Applied after the whole period has been read.',
						},
						{
							displayName: 'Only with Recordings',
							name: 'recorded',
							type: 'boolean',
							default: true,
							description: 'Whether to leave out calls without a recording',
						},
						{
							displayName: 'Queue Name or ID',
							name: 'queue',
							type: 'options',
							typeOptions: { loadOptionsMethod: 'getQueueNumbers' },
							default: '',
							description:
								'Calls that came to this queue. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
						},
					],
				},
				simplifyProperty,
			],
			execute: async (run) => {
				const order = run.context.getNodeParameter(
					'order',
					run.index,
					'newest',
				) as keyof typeof DIRECTION;
				const itemPer = run.context.getNodeParameter('itemPer', run.index, 'call');
				return itemPer === 'leg'
					? await getLegs(run, DIRECTION[order])
					: await getCalls(run, DIRECTION[order]);
			},
		},
		csvOperation({
			action: 'Download the call log as CSV',
			description: 'Get the legs in a period as a CSV file. Requires the System Owner role.',
			uses: ['DownloadCallLog'],
			properties: periodProperties(),
			execute: async (run) => [
				await downloadCsv(
					run,
					'DownloadCallLog',
					{ parameters: callLogParameters(run) },
					'call-log.csv',
				),
			],
		}),
	],
};
