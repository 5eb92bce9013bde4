/** The call log: finished calls as the rows that reports serve. */
import { randomUUID } from 'node:crypto';
import type { Row } from './odata/model';
import type { FinishedCall } from './types';

/** Codes of DN types in report rows. Only 0 and 1 are commonly seen; the others are a choice (protocol 8.14). */
const TYPE_CODE = {
	extension: 0,
	external: 1,
	queue: 4,
	voicemail: 5,
	ivr: 6,
	parking: 8,
} as const;
export type PartyType = keyof typeof TYPE_CODE;

const CALL_TYPE: Record<PartyType, string> = {
	extension: 'Extension',
	external: 'External',
	queue: 'Queue',
	ivr: 'Digital Receptionist',
	voicemail: 'Voicemail',
	parking: 'Parking',
};

/** An ISO 8601 duration as 3CX writes it, such as `PT1M12.5S`. */
export function isoDuration(milliseconds: number): string {
	const seconds = Math.max(0, milliseconds) / 1000;
	const hours = Math.floor(seconds / 3600);
	const minutes = Math.floor((seconds % 3600) / 60);
	const rest = Math.round((seconds % 60) * 1000) / 1000;
	const time = [
		hours > 0 ? `${hours}H` : '',
		minutes > 0 ? `${minutes}M` : '',
		rest > 0 || (hours === 0 && minutes === 0) ? `${rest}S` : '',
	].join('');
	return `PT${time}`;
}

type Leg = FinishedCall['legs'][number];

/** Links a call to its sound file. */
export interface CallRecording {
	id: number;
	url: string;
}

export class CallLog {
	private data: Row[] = [];
	private history: Row[] = [];
	private segment = 0;
	private last: Date | undefined;

	/** @param typeOf tells what a DN number is, to fill type codes and names */
	constructor(private readonly typeOf: (dn: string) => PartyType) {}

	/** CallLogData rows, oldest first. A new array after every call. */
	rows(): readonly Row[] {
		return this.data;
	}

	/** CallHistoryView rows, oldest first. */
	historyRows(): readonly Row[] {
		return this.history;
	}

	/** Start of the latest call; undefined without any. */
	get lastStartedAt(): Date | undefined {
		return this.last;
	}

	/** Takes finished calls in, in order of their start. */
	add(
		calls: readonly FinishedCall[],
		recordings: ReadonlyMap<number, CallRecording> = new Map(),
	): void {
		const rows = calls.flatMap((call) => this.rowsOf(call, recordings.get(call.callid)));
		this.data = [...this.data, ...rows.map(({ row }) => row)];
		this.history = [...this.history, ...rows.map(({ history }) => history)];
		for (const { startedAt } of calls) {
			if (!this.last || startedAt > this.last) this.last = startedAt;
		}
	}

	private rowsOf(call: FinishedCall, recording?: CallRecording): Array<{ row: Row; history: Row }> {
		const main = randomUUID();
		const { to, startedAt, answeredAt, endedAt } = call;
		const legs =
			call.legs.length > 0
				? call.legs
				: [{ dn: to.dn, name: to.name, rangAt: startedAt, answeredAt, endedAt }];
		return legs.map((leg, index) => {
			this.segment += 1;
			const row = this.logRow(call, leg, recording);
			const ids = {
				SegmentId: this.segment,
				Indent: index === 0 ? 0 : 1,
				MainCallHistoryId: main,
				CallHistoryId: index === 0 ? main : randomUUID(),
				CdrId: randomUUID(),
			};
			Object.assign(row, ids);
			return { row, history: historyRow(row, leg) };
		});
	}

	private logRow(call: FinishedCall, leg: Leg, recording?: CallRecording): Row {
		const destination = this.typeOf(leg.dn);
		const isAnswered = leg.answeredAt !== undefined;
		const isRecorded = isAnswered && (destination === 'extension' || call.direction === 'Outbound');
		const isQueued = call.direction === 'Inbound' && this.typeOf(call.to.dn) === 'queue';
		return {
			CallId: call.callid,
			StartTime: leg.rangAt.toISOString(),
			// The source of an inbound call is the trunk (protocol 4.7).
			SourceType: TYPE_CODE[this.typeOf(call.from.dn)],
			SourceDn: call.from.dn,
			SourceCallerId: call.from.number,
			SourceDisplayName: call.from.name,
			DestinationType: TYPE_CODE[destination],
			DestinationDn: leg.dn,
			DestinationCallerId: destination === 'external' ? call.to.number : leg.dn,
			DestinationDisplayName: leg.name,
			ActionType: 0,
			Direction: isQueued ? 'Inbound Queue' : call.direction,
			CallType: CALL_TYPE[destination],
			Status: isAnswered ? 'Answered' : 'Unanswered',
			Answered: isAnswered,
			Reason: isAnswered ? '' : 'No answer',
			RingingDuration: isoDuration(since(leg.rangAt, leg.answeredAt ?? leg.endedAt)),
			TalkingDuration: isoDuration(talkTime(leg)),
			CallCost: 0,
			QualityReport: false,
			Recordings: [],
			...(recording && isRecorded
				? {
						DstRecId: recording.id,
						RecordingUrl: recording.url,
						Recordings: [{ Id: recording.id }],
					}
				: {}),
		};
	}
}

const since = (from: Date, to: Date) => to.getTime() - from.getTime();
const talkTime = (leg: Leg) => (leg.answeredAt ? since(leg.answeredAt, leg.endedAt) : 0);

/** The same leg as the older CallHistoryView shows it. */
function historyRow(row: Row, leg: Leg): Row {
	const party = (prefix: 'Src' | 'Dst', source: 'Source' | 'Destination'): Row => ({
		[`${prefix}Id`]: row.CallId,
		[`${prefix}ParticipantId`]: row.SegmentId,
		[`${prefix}Dn`]: row[`${source}Dn`],
		[`${prefix}DnType`]: row[`${source}Type`],
		[`${prefix}CallerNumber`]: row[`${source}CallerId`],
		[`${prefix}DisplayName`]: row[`${source}DisplayName`],
		[`${prefix}ExtendedDisplayName`]: `${String(row[`${source}DisplayName`])} (${String(row[`${source}CallerId`])})`,
		[`${prefix}External`]: row[`${source}Type`] === TYPE_CODE.external,
		[`${prefix}Internal`]: row[`${source}Type`] !== TYPE_CODE.external,
	});
	return {
		SegmentId: row.SegmentId,
		SegmentType: 1,
		SegmentActionId: 1,
		SegmentStartTime: leg.rangAt.toISOString(),
		SegmentEndTime: leg.endedAt.toISOString(),
		CallAnswered: row.Answered,
		CallTime: row.TalkingDuration,
		...party('Src', 'Source'),
		...party('Dst', 'Destination'),
	};
}
