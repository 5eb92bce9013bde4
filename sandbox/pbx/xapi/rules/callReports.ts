/** Reports that are worked out from the call log; all others of the catalogue are empty. */
import { isoDuration } from '../../callLog';
import type { Row } from '../../odata/model';
import type { Invocation, Rules } from '../context';
import { dnName } from './dn';

/** The span and the numbers that a report asks for; reports spell them in two ways (protocol 4.7). */
function legsOf({ context, args }: Invocation): Row[] {
	const from = String(args.periodFrom ?? args.startDt);
	const to = String(args.periodTo ?? args.endDt);
	return context.callLog
		.rows()
		.filter(({ StartTime }) => String(StartTime) >= from && String(StartTime) < to);
}

/** Whether a number is in a list with commas; an empty list has all. */
function listed(list: unknown): (number: unknown) => boolean {
	if (typeof list !== 'string' || list === '') return () => true;
	const numbers = new Set(list.split(',').map((number) => number.trim()));
	return (number) => numbers.has(String(number));
}

const DURATION = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/;

/** Milliseconds of a duration of the call log. */
function milliseconds(duration: unknown): number {
	const [, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(String(duration)) ?? [];
	return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

const total = (legs: readonly Row[], field: string) =>
	legs.reduce((sum, leg) => sum + milliseconds(leg[field]), 0);

/** A leg as the reports of trunk calls show it. */
const trunkCall = (leg: Row): Row => ({
	CdrId: leg.CdrId,
	CallHistoryId: leg.CallHistoryId,
	StartTime: leg.StartTime,
	SourceDn: leg.SourceDn,
	SourceCallerId: leg.SourceCallerId,
	SourceDisplayName: leg.SourceDisplayName,
	DestinationDn: leg.DestinationDn,
	DestinationDisplayName: leg.DestinationDisplayName,
	Status: leg.Status,
	RingingDuration: leg.RingingDuration,
	TalkingDuration: leg.TalkingDuration,
	CallDuration: isoDuration(milliseconds(leg.RingingDuration) + milliseconds(leg.TalkingDuration)),
	RecordingId: leg.DstRecId,
	RecordingUrl: leg.RecordingUrl,
	Recordings: leg.Recordings,
	QualityReport: false,
});

const isInbound = ({ Direction }: Row) => String(Direction).startsWith('Inbound');

function trunkName({ context }: Invocation, number: unknown): string | undefined {
	const dn = context.store.dn(String(number));
	return dn && dnName(dn.set, dn.row);
}

/** First legs of calls from outside, a row a call. */
function inbound(invocation: Invocation): Row[] {
	const wanted = listed(invocation.args.trunkDns);
	return legsOf(invocation)
		.filter((leg) => isInbound(leg) && leg.Indent === 0 && wanted(leg.SourceDn))
		.map((leg) => ({
			...trunkCall(leg),
			DestinationCallerId: leg.DestinationCallerId,
			TrunkNumber: leg.SourceDn,
			TrunkName: trunkName(invocation, leg.SourceDn),
		}));
}

function outbound(invocation: Invocation): Row[] {
	const wanted = listed(invocation.args.trunkDns);
	return legsOf(invocation)
		.filter((leg) => leg.Direction === 'Outbound' && wanted(leg.DestinationDn))
		.map((leg) => ({
			...trunkCall(leg),
			Answered: leg.Answered,
			CallCost: leg.CallCost,
			DestinationCalleeId: leg.DestinationCallerId,
			TrunkNumber: leg.DestinationDn,
			TrunkName: trunkName(invocation, leg.DestinationDn),
		}));
}

/** Counts by extension, for the users that the filter names. */
function extensionStatistics(invocation: Invocation): Row[] {
	const { store } = invocation.context;
	const wanted = listed(invocation.args.extensionFilter);
	const legs = legsOf(invocation);
	return store
		.rows('Users')
		.filter(({ Number: number }) => wanted(number))
		.map((user) => {
			const received = legs.filter(({ DestinationDn }) => DestinationDn === user.Number);
			const made = legs.filter(({ SourceDn }) => SourceDn === user.Number);
			const answered = (rows: readonly Row[]) => rows.filter(({ Answered }) => Answered === true);
			return {
				Dn: user.Number,
				DisplayName: dnName('Users', user),
				InboundAnsweredCount: answered(received).length,
				InboundUnansweredCount: received.length - answered(received).length,
				InboundAnsweredTalkingDur: isoDuration(total(answered(received), 'TalkingDuration')),
				OutboundAnsweredCount: answered(made).length,
				OutboundUnansweredCount: made.length - answered(made).length,
				OutboundAnsweredTalkingDur: isoDuration(total(answered(made), 'TalkingDuration')),
			};
		});
}

/** The calls of queues with all their legs, by queue leg. */
function queueCalls(invocation: Invocation): Array<{ queue: Row; agents: Row[] }> {
	const { store } = invocation.context;
	const legs = legsOf(invocation);
	const wanted = listed(invocation.args.queueDns ?? invocation.args.queueDnStr);
	return legs
		.filter(
			({ DestinationDn }) => store.find('Queues', 'Number', DestinationDn) && wanted(DestinationDn),
		)
		.map((queue) => ({
			queue,
			agents: legs.filter(
				(leg) => leg !== queue && leg.MainCallHistoryId === queue.MainCallHistoryId,
			),
		}));
}

const isTaken = ({ agents }: { agents: Row[] }) => agents.some(({ Answered }) => Answered === true);

/** Calls that left a queue without an agent, a row a call. */
const abandoned = (invocation: Invocation): Row[] =>
	queueCalls(invocation)
		.filter((call) => !isTaken(call))
		.map(({ queue, agents }) => ({
			QueueDn: queue.DestinationDn,
			QueueDisplayName: queue.DestinationDisplayName,
			CallHistoryId: queue.CallHistoryId,
			CallTime: queue.StartTime,
			CallTimeForCsv: queue.StartTime,
			CallerId: queue.SourceCallerId,
			WaitTime: isoDuration(total([queue, ...agents], 'RingingDuration')),
			PollingAttempts: agents.length,
		}));

const queueTotals = (invocation: Invocation): Row[] => {
	const calls = queueCalls(invocation);
	return invocation.context.store
		.rows('Queues')
		.filter(({ Number: number }) => listed(invocation.args.queueDns)(number))
		.map(({ Number: QueueDn, Name: QueueDisplayName }) => {
			const own = calls.filter(({ queue }) => queue.DestinationDn === QueueDn);
			const taken = own.filter(isTaken).length;
			return {
				QueueDn,
				QueueDisplayName,
				QueueReceivedCount: own.length,
				ExtensionAnsweredCount: taken,
				ExtensionDroppedCount: own.length - taken,
			};
		});
};

/** The legs of agents that a queue rang, by queue and agent. */
function agentLegs(invocation: Invocation): Array<{ queue: Row; agent: unknown; legs: Row[] }> {
	const byBoth = new Map<string, { queue: Row; agent: unknown; legs: Row[] }>();
	for (const { queue, agents } of queueCalls(invocation)) {
		for (const leg of agents) {
			const key = `${String(queue.DestinationDn)} ${String(leg.DestinationDn)}`;
			const entry = byBoth.get(key) ?? { queue, agent: leg.DestinationDn, legs: [] };
			entry.legs.push(leg);
			byBoth.set(key, entry);
		}
	}
	return [...byBoth.values()];
}

const answeredOf = (legs: readonly Row[]) => legs.filter(({ Answered }) => Answered === true);

const mean = (ms: number, of: number) => isoDuration(of === 0 ? 0 : ms / of);

const nameOf = ({ context }: Invocation, number: unknown): string => {
	const dn = context.store.dn(String(number));
	return dn ? dnName(dn.set, dn.row) : '';
};

/** Queues that a report is about, with their calls; also those without any. */
function queuesWithCalls(invocation: Invocation) {
	const calls = queueCalls(invocation);
	const { queueDns, queueDnStr } = invocation.args;
	return invocation.context.store
		.rows('Queues')
		.filter(({ Number: number }) => listed(queueDns ?? queueDnStr)(number))
		.map((queue) => {
			const own = calls.filter((call) => call.queue.DestinationDn === queue.Number);
			const taken = answeredOf(own.flatMap(({ agents }) => agents));
			return { queue, calls: own, taken };
		});
}

/** A row for each agent that a queue rang. */
const queueOverview = (invocation: Invocation): Row[] => {
	const queues = new Map(
		queuesWithCalls(invocation).map((each) => [each.queue.Number, each] as const),
	);
	return agentLegs(invocation).map(({ queue, agent, legs }) => ({
		QueueDn: queue.DestinationDn,
		QueueDisplayName: queue.DestinationDisplayName,
		QueueReceivedCount: queues.get(queue.DestinationDn)?.calls.length ?? 0,
		QueueAnsweredCount: queues.get(queue.DestinationDn)?.calls.filter(isTaken).length ?? 0,
		ExtensionDn: agent,
		ExtensionDisplayName: nameOf(invocation, agent),
		ExtensionAnsweredCount: answeredOf(legs).length,
		ExtensionDroppedCount: legs.length - answeredOf(legs).length,
		TalkTime: isoDuration(total(answeredOf(legs), 'TalkingDuration')),
	}));
};

const detailedQueues = (invocation: Invocation): Row[] =>
	queuesWithCalls(invocation).map(({ queue, calls, taken }) => {
		const rung = calls.flatMap(({ agents }) => agents);
		return {
			QueueDnNumber: queue.Number,
			QueueDn: queue.Name,
			CallsCount: calls.length,
			AnsweredCount: calls.filter(isTaken).length,
			CallbacksCount: 0,
			RingTime: isoDuration(total(rung, 'RingingDuration')),
			AvgRingTime: mean(total(rung, 'RingingDuration'), rung.length),
			TalkTime: isoDuration(total(taken, 'TalkingDuration')),
			AvgTalkTime: mean(total(taken, 'TalkingDuration'), taken.length),
		};
	});

const teamQueues = (invocation: Invocation): Row[] =>
	queuesWithCalls(invocation).map(({ queue, calls, taken }) => ({
		QueueDnNumber: queue.Number,
		Dn: queue.Name,
		AgentsInQueueCount: ((queue.Agents ?? []) as Row[]).length,
		ReceivedCount: calls.length,
		AnsweredCount: calls.filter(isTaken).length,
		TotalTalkTime: isoDuration(total(taken, 'TalkingDuration')),
		AvgTalkTime: mean(total(taken, 'TalkingDuration'), taken.length),
	}));

const agentsInQueues = (invocation: Invocation): Row[] =>
	agentLegs(invocation).map(({ queue, agent, legs }) => {
		const answered = answeredOf(legs);
		return {
			Queue: queue.DestinationDn,
			QueueDisplayName: queue.DestinationDisplayName,
			Dn: agent,
			DnDisplayName: nameOf(invocation, agent),
			AnsweredCount: answered.length,
			LostCount: legs.length - answered.length,
			AnsweredPercent: Math.round((answered.length / legs.length) * 100),
			RingTime: isoDuration(total(legs, 'RingingDuration')),
			AvgRingTime: mean(total(legs, 'RingingDuration'), legs.length),
			TalkTime: isoDuration(total(answered, 'TalkingDuration')),
			AvgTalkTime: mean(total(answered, 'TalkingDuration'), answered.length),
		};
	});

/** Counts by extension, for the members of a department; for all users without one. */
const extensionsOfDepartment = (invocation: Invocation): Row[] => {
	const { groupNumber } = invocation.args;
	const group = invocation.context.store.find('Groups', 'Number', groupNumber);
	const members = new Set(
		((group?.Members ?? []) as Row[]).map(({ Number: number }) => String(number)),
	);
	return extensionStatistics({
		...invocation,
		args: { ...invocation.args, extensionFilter: '' },
	}).filter(({ Dn }) => !groupNumber || members.has(String(Dn)));
};

/** Counts by hour; what else `groupingType` can mean is not documented. */
function distribution(invocation: Invocation): Row[] {
	const hours = new Map<string, { incoming: number; outgoing: number }>();
	for (const leg of legsOf(invocation).filter(({ Indent }) => Indent === 0)) {
		const hour = `${String(leg.StartTime).slice(0, 13)}:00:00.000Z`;
		const counts = hours.get(hour) ?? { incoming: 0, outgoing: 0 };
		if (isInbound(leg)) counts.incoming += 1;
		if (leg.Direction === 'Outbound') counts.outgoing += 1;
		hours.set(hour, counts);
	}
	return [...hours].map(([DateTimeInterval, { incoming, outgoing }]) => ({
		DateTimeInterval,
		IncomingCount: incoming,
		OutgoingCount: outgoing,
	}));
}

/** The rules of a report root: its Get and Download functions give the same rows. */
const report = (rows: (invocation: Invocation) => Row[], ...functions: string[]): Rules => ({
	operations: Object.fromEntries(functions.map((name) => [`Pbx.${name}`, rows])),
});

export const callReports: Readonly<Record<string, Rules>> = {
	ReportAbandonedQueueCalls: report(
		abandoned,
		'GetAbandonedQueueCallsData',
		'DownloadAbandonedQueueCalls',
	),
	ReportCallDistribution: report(
		distribution,
		'GetCallDistribution',
		'DownloadGetGetCallDistribution',
	),
	ReportExtensionStatistics: report(
		extensionStatistics,
		'GetExtensionStatisticsData',
		'DownloadExtensionStatistics',
	),
	ReportInboundCalls: report(inbound, 'GetInboundCalls', 'DownloadGetInboundCalls'),
	ReportOutboundCalls: report(outbound, 'GetOutboundCalls', 'DownloadGetOutboundCalls'),
	ReportAgentsInQueueStatistics: report(
		agentsInQueues,
		'GetAgentsInQueueStatisticsData',
		'DownloadAgentsInQueueStatistics',
	),
	ReportDetailedQueueStatistics: report(
		detailedQueues,
		'GetDetailedQueueStatisticsData',
		'DownloadDetailedQueueStatistics',
	),
	ReportExtensionStatisticsByGroup: report(
		extensionsOfDepartment,
		'GetExtensionStatisticsByGroupData',
		'DownloadExtensionStatisticsByGroup',
	),
	ReportQueuePerformanceOverview: report(
		queueOverview,
		'GetQueuePerformanceOverviewData',
		'DownloadQueuePerformanceOverview',
	),
	ReportTeamQueueGeneralStatistics: report(
		teamQueues,
		'GetTeamQueueGeneralStatisticsData',
		'DownloadTeamQueueGeneralStatistics',
	),
	ReportQueuePerformanceTotals: report(
		queueTotals,
		'GetQueuePerformanceTotalsData',
		'DownloadQueuePerformanceTotals',
	),
};
