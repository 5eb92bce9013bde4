import { durationSeconds } from '../../../lib/xapi/duration';
import { withPbx, type Json } from './support';

const sandbox = withPbx();

/** The reports of one period: whichever one asks, the same calls were received, taken and lost. */

const PERIODS = {
	'all that there is': ['2000-01-01T00:00:00Z', '2100-01-01T00:00:00Z'],
	'the last week': [new Date(Date.now() - 7 * 86_400_000).toISOString(), '2100-01-01T00:00:00Z'],
} as const;

const sum = (rows: Json[], field: string) =>
	rows.reduce((total, row) => total + Number(row[field] ?? 0), 0);

const seconds = (rows: Json[], field: string) =>
	rows.reduce((total, row) => total + (durationSeconds(row[field]) ?? 0), 0);

describe.each(Object.entries(PERIODS))('%s', (_, [from, to]) => {
	const log = async () =>
		await sandbox.at.rows(
			`ReportCallLogData/Pbx.GetCallLogData(periodFrom=${from},periodTo=${to},sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=false)?$top=5000`,
		);
	const byQueue = async (root: string, name: string) =>
		await sandbox.at.rows(
			`${root}/Pbx.${name}(periodFrom=${from},periodTo=${to},queueDns='',waitInterval='0:00:0')?$top=5000`,
		);
	const byQueueStr = async (root: string, name: string) =>
		await sandbox.at.rows(
			`${root}/Pbx.${name}(queueDnStr='',startDt=${from},endDt=${to},waitInterval='0:00:0')?$top=5000`,
		);

	it('the reports of queues count the same calls as the call log', async () => {
		const legs = await log();
		const received = legs.filter(({ CallType }) => CallType === 'Queue').length;
		const totals = await byQueue('ReportQueuePerformanceTotals', 'GetQueuePerformanceTotalsData');
		const abandoned = await byQueue('ReportAbandonedQueueCalls', 'GetAbandonedQueueCallsData');
		const detailed = await byQueueStr(
			'ReportDetailedQueueStatistics',
			'GetDetailedQueueStatisticsData',
		);
		const teams = await byQueueStr(
			'ReportTeamQueueGeneralStatistics',
			'GetTeamQueueGeneralStatisticsData',
		);
		const overview = await byQueue(
			'ReportQueuePerformanceOverview',
			'GetQueuePerformanceOverviewData',
		);
		const agents = await byQueueStr(
			'ReportAgentsInQueueStatistics',
			'GetAgentsInQueueStatisticsData',
		);
		const answered = sum(totals, 'ExtensionAnsweredCount');

		expect(received).toBeGreaterThan(10);
		expect(answered).toBeGreaterThan(5);
		expect(sum(totals, 'QueueReceivedCount')).toBe(received);
		expect(answered + abandoned.length).toBe(received);
		expect(sum(detailed, 'CallsCount')).toBe(received);
		expect(sum(detailed, 'AnsweredCount')).toBe(answered);
		expect(sum(teams, 'ReceivedCount')).toBe(received);
		expect(sum(teams, 'AnsweredCount')).toBe(answered);
		expect(sum(overview, 'ExtensionAnsweredCount')).toBe(answered);
		expect(sum(agents, 'AnsweredCount')).toBe(answered);
		expect(seconds(agents, 'TalkTime')).toBeCloseTo(seconds(overview, 'TalkTime'), 1);
		expect(seconds(detailed, 'TalkTime')).toBeCloseTo(seconds(agents, 'TalkTime'), 1);
		expect(seconds(teams, 'TotalTalkTime')).toBeCloseTo(seconds(agents, 'TalkTime'), 1);
	});

	it('those of extensions count the legs of extensions', async () => {
		const legs = await log();
		const users = new Set(
			(await sandbox.at.rows('Users?$select=Number&$top=100')).map(({ Number: number }) => number),
		);
		const statistics = await sandbox.at.rows(
			`ReportExtensionStatistics/Pbx.GetExtensionStatisticsData(periodFrom=${from},periodTo=${to},extensionFilter='',callArea=2)`,
		);
		const everywhere = await sandbox.at.rows(
			`ReportExtensionStatisticsByGroup/Pbx.GetExtensionStatisticsByGroupData(groupNumber='',periodFrom=${from},periodTo=${to},callArea=2)`,
		);
		const received = legs.filter(({ DestinationDn }) => users.has(DestinationDn));
		const answered = received.filter(({ Answered }) => Answered === true).length;
		expect(sum(statistics, 'InboundAnsweredCount')).toBe(answered);
		expect(sum(statistics, 'InboundUnansweredCount')).toBe(received.length - answered);
		expect(everywhere).toEqual(statistics);
	});
});
