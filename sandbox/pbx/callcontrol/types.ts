import type { Dn, FinishedCall } from '../types';

/** The only three states that clients of a real PBX have ever seen (protocol 2.3). */
export type Status = 'Dialing' | 'Ringing' | 'Connected';

/** `None` is what 3CX puts where a DN field is unset. */
export type DnType = Dn['type'] | 'None';

/** One leg of a call as Call Control sends it: lower-case snake keys, `""` and `None` where unset. */
export interface Participant {
	id: number;
	status: Status;
	dn: string;
	party_caller_name: string;
	party_dn: string;
	party_caller_id: string;
	party_did: string;
	device_id: string;
	party_dn_type: DnType;
	direct_control: boolean;
	originated_by_dn: string;
	originated_by_type: DnType;
	referred_by_dn: string;
	referred_by_type: DnType;
	on_behalf_of_dn: string;
	on_behalf_of_type: DnType;
	callid: number;
	legid: number;
	/** Only with the option `participantUid`: seen in newer SDK fixtures alone. */
	participant_uid?: string;
}

/** The numbers that 3CX puts in `event_type`. */
export const EVENT = { upsert: 0, remove: 1, dtmf: 2, promptFinished: 3, response: 4 } as const;

/** Something that every socket whose client monitors `dn` is told about. */
export interface CallControlEvent {
	type: (typeof EVENT)[Exclude<keyof typeof EVENT, 'response'>];
	dn: string;
	/** Path of the thing that changed, as a client may GET it. */
	entity: string;
	attachedData: { dtmf_input: string } | null;
}

/** Why a leg ended, or why a routing attempt failed. The PBX never tells clients; the journal does. */
export type Reason =
	| 'None'
	| 'HungUp'
	| 'Declined'
	| 'NoAnswer'
	| 'PhoneBusy'
	| 'PhoneNotRegistered'
	| 'AnsweredElsewhere'
	| 'Transferred'
	| 'Diverted'
	| 'Routed';

/** What happened to a leg. `returned`: a transfer failed and its two parties talk again. */
export type JournalKind =
	| 'ringing'
	| 'dialing'
	| 'answered'
	| 'transferred'
	| 'changed'
	| 'returned'
	| 'key'
	| 'ended';

/** One line of the engine's own truth: every state change of every leg, in order. */
export interface JournalEntry {
	at: Date;
	callid: number;
	participant: number;
	legid: number;
	dn: string;
	/** Null: the leg did not exist before. */
	from: Status | null;
	/** Null: the leg is gone. */
	to: Status | null;
	kind: JournalKind;
	reason: Reason;
	/** The pressed key, when `kind` is `key`. */
	key?: string;
}

/** A row for XAPI's ActiveCalls. That its Id is the Call Control callid is assumed, not proven (protocol 8.10). */
export interface ActiveCall {
	id: number;
	/** Display text that begins with the number: `100 Anna Smith`. */
	caller: string;
	callee: string;
	status: 'Routing' | 'Talking' | 'Transferring';
	establishedAt?: Date;
	lastChangeStatus: Date;
}

/** How a simulated person outside behaves when called. */
export type ExternalOutcome = 'answers' | 'never' | 'busy';

/** Every option has a default; a test sets the few that it is about. Times are in milliseconds. */
export interface EngineOptions {
	/** The clock of journal and call log. Default: the system's. */
	now?: () => Date;
	/** An unanswered leg's upsert is sent again this often, as real PBXs do; 0 = never. Default 750. */
	repeatUpsertEveryMs?: number;
	/** Extra copies of every upsert frame, sent at once. Default 0. */
	duplicateUpserts?: number;
	/** `finalstatus` as text (documentation) or as number (3CX's sample types: 1, -1). Default `string`. */
	finalStatus?: 'string' | 'number';
	/** Send `participant_uid`. Default false. */
	participantUid?: boolean;
	/** Which legs carry `party_did`; live captures have it empty on extensions (protocol 8.8). Default `routePoint`. */
	partyDid?: 'routePoint' | 'always' | 'never';
	/** `perDn`: two DNs may use the same participant id, which 3CX does not rule out. Default `global`. */
	participantIds?: 'global' | 'perDn';
	/** One ringing participant for each device of an extension instead of one for the DN. Default false. */
	participantPerDevice?: boolean;
	/** How long phones, agents and outside parties ring. Real default unknown (protocol 8.13). Default 30000. */
	ringTimeoutMs?: number;
	/** Pause between two polling waves of a queue. Default 2000. */
	queueWaveGapMs?: number;
	/** How long a caller waits in a queue before the PBX gives up. Default 300000. */
	queueWaitMs?: number;
	/** A called outside party picks up after this long, unless its number ends in 00 (never) or 01 (busy). Default 1500. */
	externalAnswerAfterMs?: number;
	/** The agent lifts a phone that rings for a makecall without device; 0 = only by `answer`. Default 1000. */
	pickUpAfterMs?: number;
	/** Audio of a route-point leg exists this long after it connected; 424 before. Default 100. */
	mediaAfterMs?: number;
	/** Pace of GET stream in bytes per millisecond; 16 is real time. Default 16. */
	audioBytesPerMs?: number;
	/** Send event type 3 when a POST stream ends. The type is in 3CX's enum only (protocol 8.3). Default false. */
	promptFinished?: boolean;
	/** `GET /{dn}/participants` also for unmonitored DNs, as one client saw (protocol 2.9). Default false. */
	openParticipantLists?: boolean;
	/**
	 * Actions that answer when it is known how they went, as 3CX's own clients expect of `routeto` and `transferto`
	 * (protocol 2.5, the default); all others answer at once.
	 */
	awaited?: ReadonlyArray<'routeto' | 'transferto' | 'divert'>;
	/** What an awaited action answers when nobody took the call: 424 (default), or 200 with a failed final status. */
	failedRouteStatus?: 424 | 200;
	/** Seed of the engine's random numbers (participant_uid). Default 1. */
	random?: number;
}

export interface EngineEvents {
	/** For the sockets: something that clients may be told. */
	event: [CallControlEvent];
	/** For tests: the journal grew by this entry. */
	journal: [JournalEntry];
	/** A call is over; for the call log. */
	finished: [FinishedCall];
	/** A token is dead: open audio streams that it started must end. */
	tokenRevoked: [token: string];
}
