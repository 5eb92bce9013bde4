import { queryString } from '../../odata/query';
import { UNFILTERED } from '../../xapi/callLog';
import { XAPI, type Entity } from '../../xapi/entities';
import { requestFor } from '../../xapi/invoke';
import { answerTo, Unanswered, verdict } from '../ask';
import type { Ask, Subject } from '../subject';
import { codesOf, kindOf, wordsOf, type Facts } from '../words';

/** Call log and reports (protocol 4.7). */

const DAY_MS = 86_400_000;

/** "No filter", with the texts that clients are known to send for the time of day. */
const CALL_LOG = { ...UNFILTERED, callTimeFilterFrom: '0:00:0', callTimeFilterTo: '0:00:0' };

/** One period for a whole report would be neater, but a minute more or less changes nothing. */
const midnight = () => new Date(Math.ceil(Date.now() / DAY_MS) * DAY_MS);

/** @returns the parameters of GetCallLogData for the calls of the last seven days */
export const lastWeek = (): Record<string, unknown> =>
	period(new Date(midnight().getTime() - 8 * DAY_MS), midnight());

const period = (periodFrom: Date, periodTo: Date) => ({ periodFrom, periodTo, ...CALL_LOG });

const NEWEST = queryString({ top: 100, orderBy: [{ field: 'StartTime', direction: 'desc' }] });

const callLogPath = (parameters: Record<string, unknown>) =>
	requestFor('GetCallLogData', { parameters }).path;

async function callLog({ asker }: Subject): Promise<Entity[]> {
	const rows = await asker.rows(callLogPath(lastWeek()).slice(XAPI.length), NEWEST);
	if (rows.length === 0) throw new Unanswered('The call log of the last week has no rows');
	return rows;
}

export const timeFilter: Ask = async ({ asker }) => {
	const empty = { ...lastWeek(), callTimeFilterFrom: '', callTimeFilterTo: '' };
	return {
		zero: answerTo(await asker.get(callLogPath(lastWeek()), NEWEST)),
		empty: answerTo(await asker.get(callLogPath(empty), NEWEST)),
	};
};

export const periods: Ask = async (subject) => {
	const rows = await callLog(subject);
	const newest = rows[0]?.StartTime;
	const zone = kindOf(newest);
	const at = new Date(String(newest));
	const facts: Facts = { times: zone };
	if (Number.isNaN(at.getTime())) return facts;
	/** Whether a period has the row, by its id. */
	const has = async (from: Date, to: Date) => {
		const found = await subject.asker.rows(
			callLogPath(period(from, to)).slice(XAPI.length),
			NEWEST,
		);
		return found.some(({ CdrId }) => CdrId === rows[0]?.CdrId);
	};
	return {
		...facts,
		beginBelongs: await has(at, new Date(at.getTime() + DAY_MS)),
		endBelongs: await has(new Date(at.getTime() - DAY_MS), at),
	};
};

export const DIRECTIONS = ['Inbound', 'Inbound Queue', 'Internal', 'Outbound'];
export const CALL_TYPES = [
	'Conference',
	'Digital Receptionist',
	'Extension',
	'External',
	'IVR',
	'Parking',
	'Queue',
	'Ring Group',
	'System',
	'Voicemail',
];
export const CALL_STATUSES = ['Answered', 'Unanswered', 'Waiting'];

export const callLogWords: Ask = async (subject) => {
	const rows = await callLog(subject);
	return {
		directions: wordsOf(rows, 'Direction', DIRECTIONS),
		callTypes: wordsOf(rows, 'CallType', CALL_TYPES),
		statuses: wordsOf(rows, 'Status', CALL_STATUSES),
		sourceTypes: codesOf(rows, 'SourceType'),
		destinationTypes: codesOf(rows, 'DestinationType'),
		actionTypes: codesOf(rows, 'ActionType'),
	};
};

export const oldView: Ask = async (subject) => {
	const query = queryString({
		top: 1,
		select: ['SegmentStartTime'],
		orderBy: [{ field: 'SegmentStartTime', direction: 'desc' }],
	});
	const [row] = await subject.asker.rows('/CallHistoryView', query);
	const last = new Date(String(row?.SegmentStartTime ?? 0)).getTime();
	const log = new Date(String((await callLog(subject))[0]?.StartTime)).getTime();
	if (Number.isNaN(last) || Number.isNaN(log)) throw new Unanswered('The times cannot be read');
	return { getsNewRows: last > log - DAY_MS };
};

export const timeZones: Ask = async ({ asker }) => {
	const { path } = requestFor('GetUserActivity', {
		parameters: {
			clientTimeZone: 'Europe/Berlin',
			periodFrom: new Date(midnight().getTime() - DAY_MS),
			periodTo: midnight(),
			groupNumber: '',
			extensionDns: '',
			waitInterval: '0:00:0',
			includeQueueCalls: false,
			callArea: 2,
			groupingType: 0,
		},
	});
	return { zone: answerTo(await asker.get(path, queryString({ top: 1 }))) };
};

export const oldViewFilters: Ask = async ({ asker }) => {
	const since = new Date(midnight().getTime() - DAY_MS).toISOString();
	const ask = async (filter: string) =>
		answerTo(await asker.get(`${XAPI}/CallHistoryView`, queryString({ filter, top: 1 })));
	return {
		instant: await ask(`SegmentStartTime ge ${since}`),
		day: await ask(`date(SegmentStartTime) ge ${since.slice(0, 10)}`),
	};
};

export const dateFilters: Ask = async ({ asker }) => {
	const since = new Date(midnight().getTime() - DAY_MS).toISOString();
	const ask = async (set: string, field: string) =>
		verdict(
			await asker.get(`${XAPI}/${set}`, queryString({ filter: `${field} ge ${since}`, top: 1 })),
		);
	const answers = {
		eventLogs: await ask('EventLogs', 'TimeGenerated'),
		recordings: await ask('Recordings', 'StartTime'),
	};
	const allowed = Object.entries(answers).filter(([, answer]) => answer !== '403');
	if (allowed.length === 0) throw new Unanswered('EventLogs and Recordings answer 403');
	return Object.fromEntries(allowed);
};

export const functionPages: Ask = async ({ asker }) => ({
	top500: answerTo(await asker.get(callLogPath(lastWeek()), queryString({ top: 500 }))),
});
