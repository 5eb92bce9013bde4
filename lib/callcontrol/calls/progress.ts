import { isTalking } from './legs';
import type { CallEvent, LegView } from './tracker';
import { STATUS, type Participant } from '../rest/types';

/** How far a call has come: a phone rings or is dialled, something picks up, somebody talks, it is over. */
export type Stage = 'ringing' | 'connected' | 'answered' | 'ended';

const ORDER: Stage[] = ['ringing', 'connected', 'answered', 'ended'];

/** The call to follow. */
export interface Followed {
	/** Who makes the call, or transfers it. */
	dn: string;
	/**
	 * The leg of that DN; unknown for some calls that are made: without naming the device, 3CX names none (protocol 2.6).
	 */
	participant?: number;
	/** The call, where it is known. */
	callid?: number;
	/** Whom it is to reach. */
	destination: string;
	/** It is connected already and sent on: then only those count who come after. */
	isTransfer: boolean;
}

/**
 * Follows one call from its events and knows how far it has come. A state machine without I/O.
 *
 * 3CX tells neither why a call ended nor, where the called phone is not one that the API client may see, that it rings:
 * a line that is dialled counts as ringing.
 */
export class CallProgress {
	/** When each stage was reached, in ms since the epoch. */
	readonly reachedAt: Partial<Record<Stage, number>> = {};

	/** The first who talked: extension, route point or outside number. */
	answeredBy?: string;

	/** The call that is followed, once it is known. */
	callid?: number;

	/** The leg of the one who makes or transfers the call, once it has been seen; the last state of it. */
	own?: Participant;

	private readonly others = new Map<string, LegView>();

	private ownIsGone = false;

	constructor(private readonly call: Followed) {
		this.callid = call.callid;
	}

	/** The latest stage; undefined before the first: a transfer that is refused has shown nothing. */
	get stage(): Stage | undefined {
		return ORDER.findLast((stage) => this.hasReached(stage));
	}

	hasReached(stage: Stage): boolean {
		return this.reachedAt[stage] !== undefined;
	}

	/** Whether anything was told of the call; a call that is transferred has been there before. */
	get isSeen(): boolean {
		return this.call.isTransfer || this.own !== undefined;
	}

	/** Whether a phone is known to ring for it now. */
	get isRinging(): boolean {
		return [...this.others.values()].some((leg) => !leg.connected);
	}

	/** 3CX says that somebody has taken the call, where nothing of it can be seen. */
	taken(at: number): void {
		this.reach('answered', at);
	}

	/** A transfer rang somewhere, rings no more, and the one who transferred is still there. */
	get seemsToHaveFailed(): boolean {
		return this.call.isTransfer && this.stage === 'ringing' && !this.isRinging && !this.ownIsGone;
	}

	/** The transferred call went where nothing of it can be seen: to somebody outside, unless the caller hung up. */
	get isOutOfSight(): boolean {
		return this.call.isTransfer && this.stage === 'ended' && !this.hasReached('ringing');
	}

	/** Takes note of an event; those of other calls are of no interest. */
	apply(event: CallEvent): void {
		if (!this.concerns(event)) return;
		const { leg, type, call, at } = event;
		if (this.isOwn(leg)) {
			this.own = leg.participant;
			if (type === 'ended') this.ownIsGone = true;
		} else if (type === 'ended') this.others.delete(nameOf(leg));
		else this.others.set(nameOf(leg), leg);
		// It seemed to be over, and there is another leg.
		delete this.reachedAt.ended;
		for (const stage of this.stagesOf(event)) this.reach(stage, at);
		if (this.hasReached('answered')) this.answeredBy ??= this.whoAnswered(leg);
		if (call.over) this.reachedAt.ended = at;
	}

	private concerns({ call, leg }: CallEvent): boolean {
		if (this.callid !== undefined) return call.id === this.callid;
		// The call has no number yet: it is the one that this DN has started to this destination.
		const { dn, destination } = this.call;
		const { originated_by_dn: by, party_dn: party, party_caller_id: number } = leg.participant;
		if (leg.dn !== dn || (by !== dn && party !== destination && number !== destination))
			return false;
		this.callid = call.id;
		return true;
	}

	/** A phone of the caller that rings before it dials is the caller's, whichever it is; a transferred leg is one. */
	private isOwn(leg: LegView): boolean {
		const { dn, participant, isTransfer } = this.call;
		if (leg.dn !== dn) return false;
		return !isTransfer || leg.participant.id === participant;
	}

	/** The stages that the state after an event implies, if any. */
	private stagesOf({ leg, type, call }: CallEvent): Array<Stage | undefined> {
		// Once the one who transferred the call is gone, those count who talk: somebody has taken it, or it still rings.
		if (type === 'ended') return [...this.others.values()].map((other) => this.otherStage(other));
		return [this.isOwn(leg) ? this.ownStage(leg, call.answered) : this.otherStage(leg)];
	}

	private otherStage(leg: LegView): Stage | undefined {
		const { status } = leg.participant;
		if (status === STATUS.ringing) return 'ringing';
		if (status !== STATUS.connected) return undefined;
		// The party that is sent on was connected before; it counts once the one who sent it is gone.
		if (this.call.isTransfer && !this.ownIsGone && !this.isReachedBy(leg)) return undefined;
		return isTalking(leg.participant, leg.dnType) ? 'answered' : 'connected';
	}

	private ownStage({ participant }: LegView, isAnswered: boolean): Stage | undefined {
		if (this.call.isTransfer) return undefined;
		if (participant.status === STATUS.dialing) return 'ringing';
		if (participant.status !== STATUS.connected) return undefined;
		return isAnswered ? 'answered' : 'connected';
	}

	private isReachedBy({ dn, participant }: LegView): boolean {
		const { dn: from, destination } = this.call;
		return dn === destination || participant.referred_by_dn === from;
	}

	private whoAnswered({ participant }: LegView): string | undefined {
		const talking = [...this.others.values()].filter(
			(view) => isTalking(view.participant, view.dnType) && view.direction === 'inbound',
		);
		if (!this.call.isTransfer) {
			return talking[0]?.dn ?? (participant.party_caller_id || participant.party_dn);
		}
		// The party that is sent on talks, too, and was there first.
		return (talking.find((view) => this.isReachedBy(view)) ?? talking.at(-1))?.dn;
	}

	/** What is answered has rung, and is connected, although a PBX that was quick told of neither. */
	private reach(stage: Stage | undefined, at: number): void {
		if (stage === undefined) return;
		for (const each of ORDER.slice(0, ORDER.indexOf(stage) + 1)) this.reachedAt[each] ??= at;
	}
}

const nameOf = ({ dn, participant }: LegView): string => `${dn}/${participant.id}`;
