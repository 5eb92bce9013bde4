import { isQueue, isTalking, parkingOf, queueOf } from './legs';
import { queueWaits } from './queueWaits';
import { legKey, type CallEvent, type LegView } from './tracker';
import { STATUS } from '../rest/types';

/** What can be waited for in a call. All but a pressed key can be seen from its state, too. */
export type Happening =
	/** Two people, or a person and a program, talk. */
	| 'answered'
	/** Somebody or something has picked up. */
	| 'connected'
	/** The call is over. */
	| 'ended'
	/** The other side of a route point's leg has pressed a key. */
	| 'keyPressed'
	/** Nobody waits in a queue (any more). */
	| 'leftQueue'
	/** Somebody is held in a parking slot. */
	| 'parked'
	/** Nobody is held in a parking slot (any more), and somebody talks. */
	| 'pickedUp'
	/** A phone rings. */
	| 'ringing'
	/** Somebody has taken the call who was sent it by another one. */
	| 'transferred';

/** What to watch for. */
export interface Watching {
	callid: number;
	happenings: ReadonlySet<Happening>;
	/** Whether a key is one to wait for. */
	isKey(key: string): boolean;
	/** The leg that somebody knows of already: a transfer to it is no news. */
	known?: { dn: string; id: number };
}

/** Something that was waited for, and the event that has shown it. */
export interface Happened {
	what: Happening;
	event: CallEvent;
}

/** What is looked for in this order, where several are so: who talks is connected, too. */
const STATES = [
	'answered',
	'transferred',
	'parked',
	'pickedUp',
	'leftQueue',
	'connected',
	'ringing',
] as const;

/** Follows one call, and knows whether something of what is waited for has happened. A state machine without I/O. */
export class WatchedCall {
	/** The latest event of the call. */
	last?: CallEvent;

	/** The latest event of each leg that is there. */
	private readonly legs = new Map<string, CallEvent>();

	private readonly waits = queueWaits();

	private hasSeenQueue = false;

	constructor(private readonly watching: Watching) {}

	/** Whether the call is there. */
	get isThere(): boolean {
		return this.legs.size > 0;
	}

	/**
	 * @param present what has happened to the legs that are there, see `CallTracker.replay`
	 * @returns what is so already
	 */
	begin(present: readonly CallEvent[]): Happened | undefined {
		for (const event of present) if (this.isMine(event)) this.note(event);
		return this.isThere ? this.state(undefined) : undefined;
	}

	/** @returns what has happened with this event. */
	take(event: CallEvent): Happened | undefined {
		if (!this.isMine(event)) return undefined;
		const { happenings, isKey } = this.watching;
		const told = this.note(event);
		const { type, digits = '' } = event;
		const left = told.find((each) => each.type === 'queueLeft');
		if (left && happenings.has('leftQueue')) return { what: 'leftQueue', event: left };
		if (type === 'over') return { what: 'ended', event: { ...event, type: 'ended' } };
		if (type === 'keyPressed' && happenings.has('keyPressed') && [...digits].some(isKey))
			return { what: 'keyPressed', event };
		if (type === 'transferred' && happenings.has('transferred') && this.isNews(event.leg))
			return { what: 'transferred', event };
		return type === 'ended' && !this.isThere ? undefined : this.state(event);
	}

	private isMine({ call }: CallEvent): boolean {
		return call.id === this.watching.callid;
	}

	/** Takes note of an event. @returns it, and those of queues that follow from it */
	private note(event: CallEvent): CallEvent[] {
		const { leg, type } = event;
		this.last = event;
		const name = legKey(leg.dn, leg.participant.id);
		if (type === 'ended' || type === 'over') this.legs.delete(name);
		else this.legs.set(name, event);
		this.hasSeenQueue ||= isQueue(leg.dnType);
		return this.waits(event);
	}

	private state(live: CallEvent | undefined): Happened | undefined {
		const { happenings } = this.watching;
		for (const what of STATES) {
			if (!happenings.has(what)) continue;
			const event = this.shows(what, live !== undefined);
			if (event) return { what, event };
		}
		return undefined;
	}

	/** @returns the event of a leg that shows that it is so; undefined when it is not. */
	private shows(what: (typeof STATES)[number], isLive: boolean): CallEvent | undefined {
		const legs = [...this.legs.values()];
		const first = (test: (leg: LegView) => boolean) => legs.find(({ leg }) => test(leg));
		const talks = first(({ participant, dnType }) => isTalking(participant, dnType));
		const slot = first(({ participant, dnType }) => parkingOf(participant, dnType) !== undefined);
		switch (what) {
			case 'answered':
				return talks;
			case 'parked':
				return slot;
			case 'pickedUp':
				return slot ? undefined : talks;
			case 'connected':
				return first(({ participant }) => participant.status === STATUS.connected);
			case 'ringing':
				return first(({ participant }) => participant.status === STATUS.ringing);
			case 'leftQueue':
				// What a queue's own leg shows later is told, with what has become of the caller.
				if (isLive && this.hasSeenQueue) return undefined;
				return first(waitsInQueue) ? undefined : (talks ?? legs[0]);
			case 'transferred':
				// Told as it happens; only what was before may be missing.
				if (isLive || !this.watching.known) return undefined;
				return first(
					(leg) => leg.participant.referred_by_dn !== '' && leg.connected && this.isNews(leg),
				);
		}
	}

	private isNews({ dn, participant }: LegView): boolean {
		const { known } = this.watching;
		return known?.dn !== dn || known.id !== participant.id;
	}
}

/** Whether a leg shows that somebody waits in a queue: it is the queue's own, the caller's, or an agent's that rings. */
const waitsInQueue = ({ participant, dnType }: LegView): boolean =>
	isQueue(dnType) ||
	isQueue(participant.party_dn_type) ||
	(participant.status === STATUS.ringing && queueOf(participant, dnType) !== undefined);
