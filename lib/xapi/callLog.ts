import { durationSeconds } from './duration';
import type { Entity } from './entities';
import { NO_INTERVAL } from './unfiltered';

/**
 * The call log: `GetCallLogData` gives a row a leg (protocol 4.7), people think in whole calls.
 */

/**
 * The parameters of GetCallLogData and DownloadCallLog besides the period, for all calls. Every one must be there; 0,
 * empty text and the time of day `0:00:0` mean "no filter". What the other codes mean is not documented (protocol 4.7 [?]).
 */
export const UNFILTERED = {
	sourceType: 0,
	sourceFilter: '',
	destinationType: 0,
	destinationFilter: '',
	callsType: 0,
	callTimeFilterType: 0,
	callTimeFilterFrom: NO_INTERVAL,
	callTimeFilterTo: NO_INTERVAL,
	hidePcalls: false,
} as const;

/** A whole call in one row. Times are as 3CX sends them, in UTC. */
export interface Call {
	/** `MainCallHistoryId`. */
	callId: string;
	/** When it began. */
	startTime?: string;
	/** As live events have it: `inbound`, `outbound` or `internal`; others of 3CX's in small letters. */
	direction?: string;
	/** Number of the first queue that it came to. */
	queue?: string;
	/** Number of the caller. */
	from?: string;
	fromName?: string;
	/** Number that was called first: an extension, a queue, or a number outside. */
	to?: string;
	toName?: string;
	/** Whether a person (or the number outside) took it; a queue or an announcement does not count. */
	answered: boolean;
	/** Number of whoever took it first. */
	answeredBy?: string;
	answeredByName?: string;
	/** How long it rang at whoever took it; where nobody did, the longest ringing. */
	ringingSeconds: number;
	/** How long people talked, all legs together; waiting in a queue is not talking. */
	talkingSeconds: number;
	/** Ids of its recordings, for Recording > Download. */
	recordings: number[];
	/** The legs, in order. */
	legs: Entity[];
}

/**
 * Call types of legs where a machine answers, without spaces. The full list is not known (protocol 4.7 [1]), so all others
 * are people. A call flow app is a script at a route point.
 */
const MACHINES = new Set([
	'autoattendant',
	'callflow',
	'callflowapp',
	'conference',
	'digitalreceptionist',
	'fax',
	'faxextension',
	'ivr',
	'parking',
	'queue',
	'ringgroup',
	'routepoint',
	'script',
	'sharedparking',
	'specialmenu',
	'system',
	'voicemail',
]);

/** @returns whether a leg ends at a queue, an announcement or the like, so that its answer is not a person's. */
export const isMachine = ({ CallType }: Entity): boolean =>
	MACHINES.has(
		String(CallType ?? '')
			.toLowerCase()
			.replace(/[^a-z]/g, ''),
	);

const text = (...values: unknown[]): string | undefined => {
	const found = values.find((value) => value !== undefined && value !== null && value !== '');
	return found === undefined ? undefined : String(found as string | number);
};

/** What the legs of a call have in common; a row without any of these is a call of its own. */
const groupOf = ({ MainCallHistoryId, CallHistoryId, CdrId }: Entity, index: number) =>
	text(MainCallHistoryId, CallHistoryId, CdrId) ?? `row ${index}`;

const order = (value: unknown) => (typeof value === 'number' ? value : Infinity);

const moment = (value: unknown) => {
	const ms = Date.parse(String(value));
	return Number.isNaN(ms) ? Infinity : ms;
};

/**
 * Legs in the order of time: some PBXs number segments backwards. Of those that begin at once, the one that the others
 * belong to comes first, then the segments as they are numbered.
 */
const inTime = (a: Entity, b: Entity): number =>
	compare(moment(a.StartTime), moment(b.StartTime)) ||
	compare(order(a.Indent), order(b.Indent)) ||
	compare(order(a.SegmentId), order(b.SegmentId));

const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);

/**
 * Groups rows into whole calls.
 *
 * @param rows legs in any order
 * @returns a call for each `MainCallHistoryId`, in the order in which their first rows came; every row is in exactly one
 */
export function loggedCallsIn(rows: readonly Entity[]): Call[] {
	const groups = new Map<string, Entity[]>();
	rows.forEach((row, index) => {
		const id = groupOf(row, index);
		const legs = groups.get(id);
		if (legs) legs.push(row);
		else groups.set(id, [row]);
	});
	return [...groups].map(([callId, legs]) => summary(callId, legs.sort(inTime)));
}

function summary(callId: string, legs: Entity[]): Call {
	const first = legs[0] ?? {};
	const people = legs.filter((leg) => !isMachine(leg));
	const taken = people.filter(({ Answered }) => Answered === true);
	const [taker] = taken;
	const ringing = (leg: Entity) => durationSeconds(leg.RingingDuration) ?? 0;
	return {
		callId,
		startTime: legs
			.map(({ StartTime }) => text(StartTime))
			.filter(Boolean)
			.sort()[0],
		direction: directionOf(first),
		queue: text(legs.find(isQueue)?.DestinationDn),
		from: text(first.SourceCallerId, first.SourceDn),
		fromName: text(first.SourceDisplayName),
		to: text(first.DestinationCallerId, first.DestinationDn),
		toName: text(first.DestinationDisplayName),
		answered: taker !== undefined,
		answeredBy: taker && text(taker.DestinationCallerId, taker.DestinationDn),
		answeredByName: taker && text(taker.DestinationDisplayName),
		ringingSeconds: taker ? ringing(taker) : Math.max(0, ...legs.map(ringing)),
		talkingSeconds: rounded(
			taken.reduce((sum, leg) => sum + (durationSeconds(leg.TalkingDuration) ?? 0), 0),
		),
		recordings: [...new Set(legs.flatMap(recordingIds))],
		legs,
	};
}

/**
 * The direction of a leg, in the words of all other items. 3CX also says "Inbound Queue"; which queue it was is told apart
 * from that.
 *
 * @returns `inbound`, `outbound` or `internal`; undefined where the row says none
 */
export const directionOf = ({ Direction }: Entity): string | undefined =>
	text(Direction)
		?.toLowerCase()
		.replace(/ queue$/, '');

const isQueue = ({ CallType }: Entity): boolean => text(CallType)?.toLowerCase() === 'queue';

/** To the millisecond, which sums of decimal fractions miss. */
const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** Ids of `Recordings` that a leg links to; 0 stands for none. */
function recordingIds({ SrcRecId, DstRecId, Recordings }: Entity): number[] {
	const listed = Array.isArray(Recordings) ? (Recordings as Entity[]).map(({ Id }) => Id) : [];
	return [SrcRecId, DstRecId, ...listed].filter(
		(id): id is number => typeof id === 'number' && id > 0,
	);
}

/** Which calls are wanted. */
export interface CallFilter {
	/** As 3CX writes it; `Inbound` also means `Inbound Queue`. */
	direction?: string;
	answered?: boolean;
	/** Number of an extension that called or was rung. */
	extension?: string;
	/** Number of a queue that it came to. */
	queue?: string;
	/** Whether one of the numbers in it is wanted. */
	number?: (number: string) => boolean;
	/** Only calls with a recording. */
	recorded?: boolean;
}

/**
 * Whether a whole call is wanted. Legs cannot be filtered by the PBX for this: it would tear calls apart.
 *
 * @param filter what is left out is not looked at
 */
export const matches =
	({ direction, answered, extension, queue, number, recorded }: CallFilter) =>
	(call: Call): boolean =>
		(direction === undefined || call.direction === direction.toLowerCase()) &&
		(answered === undefined || call.answered === answered) &&
		(extension === undefined || call.legs.some(concerns(extension))) &&
		(queue === undefined || call.legs.some(isOfQueue(queue))) &&
		(number === undefined || call.legs.some(hasNumber(number))) &&
		(recorded !== true || call.recordings.length > 0);

const concerns =
	(extension: string) =>
	({ SourceDn, DestinationDn }: Entity) =>
		SourceDn === extension || DestinationDn === extension;

const isOfQueue = (queue: string) => (leg: Entity) => isQueue(leg) && leg.DestinationDn === queue;

/** @returns whether a leg's caller or called number is wanted; an empty one is that of a hidden caller. */
export const hasNumber =
	(isWanted: (number: string) => boolean) =>
	({ SourceCallerId, DestinationCallerId }: Entity): boolean =>
		[SourceCallerId, DestinationCallerId].some((number) => isWanted(text(number) ?? ''));
