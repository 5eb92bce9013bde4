import type { Device, Dn, Directory, FinishedCall } from '../types';
import type { LegAudio } from './audio';
import type { Cancel } from './timers';
import type { ActiveCall, DnType, Participant, Reason, Status } from './types';

/** How one side of a call looks from the other side. */
export interface Party {
	dn: string;
	type: DnType;
	number: string;
	name: string;
}

/** A side of a call outside the PBX, behind the trunk. It has no participant of its own. */
export interface External {
	kind: 'external';
	number: string;
	name: string;
	trunk: Dn;
	attached: Record<string, string>;
}

/** A side of a call on a DN of the PBX: what Call Control calls a participant. */
export interface Leg {
	kind: 'leg';
	id: number;
	legid: number;
	uid: string;
	call: Call;
	dn: Dn;
	status: Status;
	device?: Device;
	party: Party;
	referredBy?: Dn;
	onBehalfOf?: Dn;
	attached: Record<string, string>;
	startedAt: Date;
	answeredAt?: Date;
	audio: LegAudio;
	mediaReady: boolean;
	/** GET answers 404 although no Remove has been sent yet. */
	vanished: boolean;
	/** Stops the repeated upserts and the wait for media. */
	timers: Cancel[];
}

export type End = Leg | External;

/** A number that the PBX can route to. */
export type Destination = { kind: 'dn'; dn: Dn } | { kind: 'external'; number: string };

/** How a route went: somebody, or something, took the call; or nobody did, and why. */
export interface RouteOutcome {
	taken: boolean;
	reason: Reason;
}

/** One destination that an attempt tries, and those whose answer decides it. */
export interface Route {
	targets: Set<End>;
	over: (outcome: RouteOutcome) => void;
}

/** The PBX is trying to reach somebody: rings phones, polls a queue, dials out. At most one for each call. */
export interface Attempt {
	call: Call;
	/** Who will be connected with the one who answers. None while a makecall rings the caller's own phone. */
	waiting?: End;
	/** The leg that keeps the waiting party company and leaves when somebody answers: transferor, queue, route point. */
	via?: Leg;
	ringing: Set<Leg>;
	dialling?: External;
	/** Number of the next polling wave, when `via` is a queue. */
	wave?: number;
	/** Dialled once the caller has picked up the own phone. */
	then?: { destination: Destination; timeoutMs?: number };
	referredBy?: Dn;
	/** Ends the present ringing, or the pause between two polling waves. */
	limit?: Cancel;
	timers: Cancel[];
}

/** All legs that share a callid. */
export interface Call {
	callid: number;
	direction: FinishedCall['direction'];
	from: Party;
	to: Party;
	did: string;
	startedAt: Date;
	answeredAt?: Date;
	/** When {@link stageOf} became what it is. */
	changedAt: Date;
	stage?: string;
	legCount: number;
	/** Who talks, or waits: the caller first, one or two of them. */
	ends: End[];
	attempt?: Attempt;
	/** Every leg that ever rang or answered, for the call log. */
	history: Array<FinishedCall['legs'][number] & { leg: Leg }>;
}

const NOBODY: Party = { dn: '', type: 'None', number: '', name: '' };

/** A DN as the other side sees it. */
export function partyOfDn(dn: Dn): Party {
	return { dn: dn.number, type: dn.type, number: dn.number, name: dn.name };
}

/** One end of a call as the other side sees it: for an outside party the DN is the trunk (protocol 2.3). */
export function partyOf(end: End | undefined): Party {
	if (!end) return NOBODY;
	if (end.kind === 'leg') return partyOfDn(end.dn);
	return { dn: end.trunk.number, type: 'Wexternalline', number: end.number, name: end.name };
}

/** A dialled destination as the caller sees it. */
export function partyOfDestination(destination: Destination, directory: Directory): Party {
	if (destination.kind === 'dn') return partyOfDn(destination.dn);
	const trunk = directory.trunk();
	return { dn: trunk.number, type: 'Wexternalline', number: destination.number, name: '' };
}

/** Path of a participant, as events name it and clients GET it. */
export function entityOf(leg: Leg): string {
	return `/callcontrol/${encodeURIComponent(leg.dn.number)}/participants/${leg.id}`;
}

/**
 * The leg as the wire has it.
 *
 * @param show.did carry the dialled DID (protocol 8.8)
 * @param show.uid carry `participant_uid`
 */
export function participantOf(leg: Leg, show: { did: boolean; uid: boolean }): Participant {
	const { party, call } = leg;
	return {
		id: leg.id,
		status: leg.status,
		dn: leg.dn.number,
		party_caller_name: party.name,
		party_dn: party.dn,
		party_caller_id: party.number,
		party_did: show.did ? call.did : '',
		device_id: leg.device?.device_id ?? '',
		party_dn_type: party.type,
		direct_control: leg.dn.type === 'Wroutepoint' || leg.device?.directControl === true,
		originated_by_dn: call.from.dn,
		originated_by_type: call.from.type,
		referred_by_dn: leg.referredBy?.number ?? '',
		referred_by_type: leg.referredBy?.type ?? 'None',
		on_behalf_of_dn: leg.onBehalfOf?.number ?? '',
		on_behalf_of_type: leg.onBehalfOf?.type ?? 'None',
		callid: call.callid,
		legid: leg.legid,
		...(show.uid && { participant_uid: leg.uid }),
	};
}

const display = (party: Party): string => `${party.number} ${party.name}`.trim();

const statusOf = ({ attempt }: Call): ActiveCall['status'] =>
	!attempt ? 'Talking' : attempt.referredBy ? 'Transferring' : 'Routing';

/**
 * What a change of the call's status is: another status, or another DN that has the caller. That one more phone of a queue
 * rings, or stops, is none; whether 3CX agrees is a guess (protocol 8.17).
 */
export const stageOf = (call: Call): string =>
	`${statusOf(call)} ${call.ends[1] ? partyOf(call.ends[1]).dn : ''}`;

/** The call as a row of XAPI's ActiveCalls: caller and callee are display texts that begin with the number. */
export function activeCallOf(call: Call): ActiveCall {
	const [caller, callee] = call.ends;
	const ringing = call.attempt && [...call.attempt.ringing][0];
	return {
		id: call.callid,
		caller: display(caller ? partyOf(caller) : call.from),
		callee: display(callee ? partyOf(callee) : ringing ? partyOf(ringing) : call.to),
		status: statusOf(call),
		...(call.answeredAt && { establishedAt: call.answeredAt }),
		lastChangeStatus: call.changedAt,
	};
}

/** The finished call for the call log. */
export function finishedCallOf(call: Call, endedAt: Date): FinishedCall {
	const side = ({ number, name, dn }: Party) => ({ number, name, dn });
	return {
		callid: call.callid,
		startedAt: call.startedAt,
		...(call.answeredAt && { answeredAt: call.answeredAt }),
		endedAt,
		direction: call.direction,
		from: side(call.from),
		to: side(call.to),
		...(call.did && { did: call.did }),
		legs: call.history.map(({ dn, name, rangAt, answeredAt, endedAt: legEndedAt }) => ({
			dn,
			name,
			rangAt,
			...(answeredAt && { answeredAt }),
			endedAt: legEndedAt,
		})),
	};
}
