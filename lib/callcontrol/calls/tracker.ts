import { directionOf, isTalking, picksUpItself, queueOf, type Direction } from './legs';
import { STATUS, type DnState, type Participant } from '../rest/types';

/** What can happen to a leg, in the words of the people on the phone. */
export type CallEventType =
	/** A phone begins to ring. */
	| 'ringing'
	/** A phone begins to call out. */
	| 'dialing'
	/** The leg is connected. */
	| 'answered'
	/** The leg is connected, and somebody else had sent the call there. */
	| 'transferred'
	/** The leg is gone. */
	| 'ended'
	/** Anything that 3CX tells about the leg is different from before. */
	| 'participantChanged'
	/** The other side pressed keys (legs of route points only). */
	| 'keyPressed'
	/** 3CX has played a prompt to its end (route points; [uncertain] protocol 8.3). */
	| 'promptFinished';

/** A leg at the time of an event. All times are our own clock's: 3CX sends none. */
export interface LegView {
	dn: string;
	/** Type of the DN, where a snapshot has told it. */
	dnType?: string;
	direction: Direction;
	/** The leg as 3CX sent it last; for `ended`, as it was before it went. */
	participant: Participant;
	/** When it was first seen, in ms since the epoch; unknown when it had been connected before we listened. */
	openedAt?: number;
	/** When it became Connected, in ms since the epoch, if that was seen. */
	connectedAt?: number;
	/** Whether it is or was Connected. */
	connected: boolean;
}

/** A whole call at the time of an event: all visible legs that share a callid. */
export interface CallView {
	id: number;
	/** Tells apart two calls of the same id: a PBX that restarts counts from the start. */
	key: string;
	openedAt?: number;
	/** When two ends that talk were first connected: no queue, menu or voicemail. */
	answeredAt?: number;
	answered: boolean;
	/** The last queue that one of its legs had to do with; it is known for all legs of the call from then on. */
	queue?: string;
	/** The number that was dialled from outside, if one of its legs has told it: extensions often do not (protocol 2.3). */
	did?: string;
	/** Legs left. */
	legs: number;
	/** True with the last leg's `ended`. */
	over: boolean;
}

/** Something that happened to a leg, once. */
export interface CallEvent {
	kind: 'call';
	/** Unique in this process; the type is part of it. */
	id: string;
	type: CallEventType;
	/** When it was noticed, in ms since the epoch. */
	at: number;
	/** It was found out by reading the state, later than it happened. */
	recovered: boolean;
	leg: LegView;
	call: CallView;
	/** The leg before; missing when it is new. */
	previous?: Participant;
	/** With `keyPressed`. */
	digits?: string;
}

/** A phone came or went. */
export interface DeviceEvent {
	kind: 'device';
	id: string;
	type: 'deviceRegistered' | 'deviceUnregistered';
	at: number;
	recovered: boolean;
	dn: string;
	deviceId: string;
}

export type TrackerEvent = CallEvent | DeviceEvent;

/** How we know of a change: told at once, found by reading the state, or already so when we began to listen. */
export type Origin = 'live' | 'recovered' | 'baseline';

/** A fact about the PBX, to be compared with what is known. */
export type Change = { origin: Origin } & (
	| { kind: 'upsert'; participant: Participant }
	| { kind: 'remove' | 'promptFinished'; dn: string; id: number }
	| { kind: 'keys'; dn: string; id: number; digits: string }
	| { kind: 'device'; dn: string; id: string; registered: boolean }
);

interface Leg extends LegView {
	call: Call;
	key: string;
	/** Events told so far. */
	told: number;
	/** What is told only once in the life of a leg. */
	once: Set<string>;
}

interface Call extends Omit<CallView, 'legs' | 'over'> {
	legs: Set<Leg>;
}

/** @returns the name of a leg that no other leg of the PBX has at the same time. */
export const legKey = (dn: string, id: number): string => `${dn}/${id}`;

const deviceKey = (dn: string, id: string): string => `${dn} ${id}`;

/**
 * Knows every leg and tells what is new: same facts in, nothing out. A state machine without I/O: facts come in by
 * {@link apply}, in the order in which they happened within a call; {@link diff} turns a whole state into facts.
 */
export class CallTracker {
	private readonly legs = new Map<string, Leg>();

	private readonly calls = new Map<number, Call>();

	private readonly devices = new Map<string, { dn: string; id: string }>();

	private readonly dnTypes = new Map<string, string>();

	private counter = 0;

	/** @param now the clock, in ms since the epoch */
	constructor(private readonly now: () => number = Date.now) {}

	/** @returns the callid of a known leg. */
	callOf(dn: string, id: number): number | undefined {
		return this.legs.get(legKey(dn, id))?.call.id;
	}

	/** @returns what is new with this fact; most often nothing, because 3CX repeats itself. */
	apply(change: Change): TrackerEvent[] {
		switch (change.kind) {
			case 'upsert':
				return this.upsert(change.participant, change.origin);
			case 'device':
				return this.device(change);
			default: {
				const leg = this.legs.get(legKey(change.dn, change.id));
				if (!leg) return [];
				if (change.kind === 'remove') return this.remove(leg, change.origin);
				const { digits } = { digits: undefined, ...change };
				const type = change.kind === 'keys' ? 'keyPressed' : 'promptFinished';
				return [this.event(type, leg, change.origin, { digits })];
			}
		}
	}

	/**
	 * Compares the state of the PBX with what is known.
	 *
	 * @param dns answer of `GET /callcontrol`
	 * @param origin `baseline` for the first one: calls that are connected already are no news
	 * @returns the facts to apply; those that end a leg come last, so that a transferred call does not seem to end
	 */
	diff(dns: DnState[], origin: 'recovered' | 'baseline'): Change[] {
		for (const { dn, type } of dns) this.dnTypes.set(dn, type);
		const upserts: Change[] = [];
		const gone = new Map(this.legs);
		const unregistered = new Map(this.devices);
		for (const participant of dns.flatMap(({ participants }) => participants)) {
			const { dn, id } = participant;
			const known = gone.get(legKey(dn, id));
			gone.delete(legKey(dn, id));
			if (known && isAnotherLeg(known.participant, participant)) {
				upserts.push({ kind: 'remove', dn, id, origin });
			}
			upserts.push({ kind: 'upsert', participant, origin });
		}
		const phones: Change[] = [];
		for (const { dn, devices } of dns) {
			for (const { device_id: id } of devices) {
				unregistered.delete(deviceKey(dn, id));
				phones.push({ kind: 'device', dn, id, registered: true, origin });
			}
		}
		return [
			...upserts,
			...[...gone.values()].map(
				({ dn, participant: { id } }): Change => ({ kind: 'remove', dn, id, origin }),
			),
			...phones,
			...[...unregistered.values()].map(
				({ dn, id }): Change => ({ kind: 'device', dn, id, registered: false, origin }),
			),
		];
	}

	private upsert(participant: Participant, origin: Origin): TrackerEvent[] {
		const { dn, id, callid } = participant;
		const known = this.legs.get(legKey(dn, id));
		// Its Remove was missed, and the id is in use again.
		if (known && known.call.id !== callid) {
			return [...this.remove(known, 'recovered'), ...this.upsert(participant, origin)];
		}
		if (known && isSame(known.participant, participant)) return [];
		const previous = known?.participant;
		const isOld = origin === 'baseline' && participant.status === STATUS.connected;
		const leg = known ?? this.open(participant, isOld);
		leg.participant = participant;
		leg.call.queue = queueOf(participant, leg.dnType) ?? leg.call.queue;
		if (participant.party_did !== '') leg.call.did = participant.party_did;
		const events = this.progress(leg, origin, isOld, previous);
		if (previous) events.push(this.event('participantChanged', leg, origin, { previous }));
		return events;
	}

	/** The steps of a leg's life that its new state implies and that have not been told. */
	private progress(leg: Leg, origin: Origin, isOld: boolean, previous?: Participant): CallEvent[] {
		const { status, referred_by_dn: referredBy } = leg.participant;
		const isConnected = status === STATUS.connected;
		if (isConnected && !leg.connected) {
			leg.connected = true;
			leg.connectedAt = isOld ? undefined : this.now();
		}
		if (!leg.call.answered && isTalking(leg.participant, leg.dnType)) {
			leg.call.answered = true;
			leg.call.answeredAt = isOld ? undefined : this.now();
		}
		const events: CallEvent[] = [];
		const tell = (type: CallEventType, how: Origin = origin, mark: string = type) => {
			if (leg.once.has(mark)) return;
			leg.once.add(mark);
			// What had happened before we listened is only ticked off.
			if (!isOld) events.push(this.event(type, leg, how, { previous }));
		};
		if (status === STATUS.ringing) tell('ringing');
		if (status === STATUS.dialing) tell('dialing');
		if (!isConnected) return events;
		if (!leg.once.has('ringing') && !leg.once.has('dialing') && !picksUpItself(leg.dnType)) {
			// A phone cannot be connected that has not rung or dialled: it was answered before we could look.
			tell(leg.direction === 'outbound' ? 'dialing' : 'ringing', 'recovered');
		}
		tell('answered');
		if (referredBy !== '') tell('transferred', origin, `transferred by ${referredBy}`);
		return events;
	}

	private open(participant: Participant, isOld: boolean): Leg {
		const { dn, id, callid } = participant;
		const openedAt = isOld ? undefined : this.now();
		const call = this.calls.get(callid) ?? {
			id: callid,
			key: `${callid}@${this.stamp()}`,
			openedAt,
			answered: false,
			legs: new Set<Leg>(),
		};
		this.calls.set(callid, call);
		const leg: Leg = {
			dn,
			dnType: this.dnTypes.get(dn),
			direction: directionOf(participant),
			participant,
			openedAt,
			connected: false,
			call,
			key: `${callid}.${dn}.${id}@${this.stamp()}`,
			told: 0,
			once: new Set(),
		};
		call.legs.add(leg);
		this.legs.set(legKey(dn, id), leg);
		return leg;
	}

	private remove(leg: Leg, origin: Origin): CallEvent[] {
		this.legs.delete(legKey(leg.dn, leg.participant.id));
		leg.call.legs.delete(leg);
		if (leg.call.legs.size === 0) this.calls.delete(leg.call.id);
		return [this.event('ended', leg, origin, { previous: leg.participant })];
	}

	private device({ dn, id, registered, origin }: Change & { kind: 'device' }): DeviceEvent[] {
		const key = deviceKey(dn, id);
		if (this.devices.has(key) === registered) return [];
		if (registered) this.devices.set(key, { dn, id });
		else this.devices.delete(key);
		if (origin === 'baseline') return [];
		return [
			{
				kind: 'device',
				id: `${key}@${this.stamp()}`,
				type: registered ? 'deviceRegistered' : 'deviceUnregistered',
				at: this.now(),
				recovered: origin !== 'live',
				dn,
				deviceId: id,
			},
		];
	}

	private event(
		type: CallEventType,
		leg: Leg,
		origin: Origin,
		more: Pick<CallEvent, 'previous' | 'digits'> = {},
	): CallEvent {
		const { call, key, dn, dnType, direction, participant, openedAt, connectedAt, connected } = leg;
		const { legs, ...callView } = call;
		leg.told += 1;
		return {
			kind: 'call',
			id: `${key}.${leg.told}.${type}`,
			type,
			at: this.now(),
			recovered: origin !== 'live',
			leg: { dn, dnType, direction, participant, openedAt, connectedAt, connected },
			call: { ...callView, legs: legs.size, over: legs.size === 0 },
			...(more.previous === undefined ? {} : { previous: more.previous }),
			...(more.digits === undefined ? {} : { digits: more.digits }),
		};
	}

	/** Never the same twice, in this process and the next: PBXs reuse all of their numbers. */
	private stamp(): string {
		this.counter += 1;
		return `${this.now().toString(36)}-${this.counter.toString(36)}`;
	}
}

/** Whether a leg of a snapshot took another one's place: a leg that was Connected does not begin again. */
function isAnotherLeg(known: Participant, found: Participant): boolean {
	return (
		known.callid !== found.callid ||
		known.legid !== found.legid ||
		known.participant_uid !== found.participant_uid ||
		(known.status === STATUS.connected && found.status !== STATUS.connected)
	);
}

function isSame(a: Participant, b: Participant): boolean {
	const keys = Object.keys({ ...a, ...b }) as Array<keyof Participant>;
	return keys.every((key) => a[key] === b[key]);
}
