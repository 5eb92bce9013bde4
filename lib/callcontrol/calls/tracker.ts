import { BoundedMap } from '../../boundedMap';
import {
	directionOf,
	isExternal,
	isLine,
	isQueue,
	isTalking,
	parkingOf,
	picksUpItself,
	queueOf,
	type Direction,
} from './legs';
import type { QueueWait } from './queueWaits';
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
	/** The call waits in a parking slot. */
	| 'parked'
	/** Somebody has taken the call out of its parking slot. */
	| 'pickedUp'
	/** A caller begins to wait in a queue (see `queueWaits`). */
	| 'queueEntered'
	/** The caller waits no more. */
	| 'queueLeft'
	/** The leg is gone. */
	| 'ended'
	/** The whole call is over: its last leg is gone, and none has come back. */
	| 'over'
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
	/** Other legs of the same DN in the call: an extension rings on all of its phones. */
	siblings: number;
	/** Whether the API client sees the DN on the other side, and so will be told what happens there. */
	seesParty: boolean;
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
	/** Extensions that have rung in it, in order; at most {@link MAX_RANG}, the latest. */
	rang: readonly string[];
	/** Those of them that rang for a queue. */
	agents: readonly string[];
	/** The number that was dialled from outside, if one of its legs has told it: extensions often do not (protocol 2.3). */
	did?: string;
	/** The slot where it is parked now. */
	parkedAt?: string;
	/** Legs left. */
	legs: number;
	/** True with the last leg's `ended`. Another one may follow, until `over` is told. */
	over: boolean;
}

/** Something that happened to a leg, once. */
export interface CallEvent {
	kind: 'call';
	/** Unique in this process; the type is part of it. */
	id: string;
	/** What it is called within its call, by whoever looks; missing for what can happen again and again, such as keys. */
	step?: string;
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
	/** With `queueEntered` and `queueLeft`. */
	wait?: QueueWait;
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

/** What an event is told of: `call`, a whole call; `leg`, one extension in it. */
export type Granularity = 'call' | 'leg';

export type TrackerEvent = CallEvent | DeviceEvent;

/** How we know of a change: told at once, found by reading the state, or already so when we began to listen. */
export type Origin = 'live' | 'recovered' | 'baseline';

/** A fact about the PBX, to be compared with what is known. */
export type Change = { origin: Origin } & (
	| { kind: 'upsert'; participant: Participant }
	| {
			kind: 'remove';
			dn: string;
			id: number;
			/** Its call cannot go on: the PBX has begun to count anew, or uses the numbers for something else. */
			isFinal?: boolean;
	  }
	| { kind: 'promptFinished'; dn: string; id: number }
	| { kind: 'keys'; dn: string; id: number; digits: string }
	| { kind: 'device'; dn: string; id: string; registered: boolean }
);

interface Leg extends Omit<LegView, 'siblings' | 'seesParty'> {
	call: Call;
	key: string;
	/** Events told so far. */
	told: number;
	/** Events that are reported only once for a leg. */
	once: Set<string>;
	/** Those of them that a newcomer has to be told, too. */
	steps: Array<{ type: CallEventType; mark: string }>;
}

interface Call extends Omit<CallView, 'legs' | 'over'> {
	legs: Set<Leg>;
}

/** How long a call may be out of sight before it counts as over. */
export interface Grace {
	/**
	 * In ms; default 2,500. A queue that is not on the client's list polls its agents up to 2 s apart, and no answer,
	 * REFER and pick-up leave smaller gaps (protocol 3.5). `ended` is told so much later, with the time when it happened.
	 */
	goneMs: number;
	/** The same for a call that is parked in a slot that is not on the client's list, in ms; default 600,000. */
	parkedMs: number;
}

const DEFAULT_GRACE: Grace = { goneMs: 2_500, parkedMs: 600_000 };

/** DNs whose type is remembered; no PBX has as many. */
const MAX_DNS = 100_000;

/** Most extensions of a call that are remembered as having rung. */
const MAX_RANG = 30;

/**
 * @param dns extensions that have rung
 * @param later those that have rung since
 * @returns each once, in the order of their latest ringing, the latest {@link MAX_RANG}
 */
export const withLatest = (dns: readonly string[], later: readonly string[]): string[] =>
	[...new Set([...dns.filter((dn) => !later.includes(dn)), ...later])].slice(-MAX_RANG);

/** @returns the name of a leg that no other leg of the PBX has at the same time. */
export const legKey = (dn: string, id: number): string => `${dn}/${id}`;

const deviceKey = (dn: string, id: string): string => `${dn} ${id}`;

/**
 * Keeps the state of every leg and reports what is new; facts that it knows already give no events. A state machine without I/O: facts come in by
 * {@link apply}, in the order in which they happened within a call; {@link diff} turns a whole state into facts.
 */
export class CallTracker {
	private readonly legs = new Map<string, Leg>();

	/** By id; those without one, and those of an id that is in use twice, by key. */
	private readonly calls = new Map<number | string, Call>();

	/** Calls without legs: their last leg, and when it went. What {@link settle} looks at. */
	private readonly vacant = new Map<Call, { at: number; leg: Leg; origin: Origin }>();

	/** DNs whose connected leg went a moment ago, when, and with whom they talked: see {@link isGiven}. */
	private readonly talked = new Map<string, { until: number; party: string }>();

	private readonly devices = new Map<string, { dn: string; id: string }>();

	private readonly dnTypes = new BoundedMap<string, string>({ max: MAX_DNS });

	private counter = 0;

	private readonly grace: Grace;

	/** @param now the clock, in ms since the epoch */
	constructor(
		private readonly now: () => number = Date.now,
		grace: Partial<Grace> = {},
	) {
		this.grace = { ...DEFAULT_GRACE, ...grace };
	}

	/** When {@link settle} has something to report, in ms since the epoch; Infinity while no call is out of sight. */
	get settlesAt(): number {
		return Math.min(Infinity, ...[...this.vacant.keys()].map((call) => this.endOf(call)));
	}

	/** @returns `over` for each call that has been out of sight for long enough; it happened when its last leg went. */
	settle(): CallEvent[] {
		const now = this.now();
		for (const [dn, { until }] of this.talked) {
			if (now - until >= this.grace.goneMs) this.talked.delete(dn);
		}
		return [...this.vacant]
			.filter(([call]) => this.endOf(call) <= now)
			.map(([call, { at, leg, origin }]) => {
				this.forget(call);
				return { ...this.event('over', leg, origin), at };
			});
	}

	private endOf(call: Call): number {
		const { goneMs, parkedMs } = this.grace;
		return (
			(this.vacant.get(call)?.at ?? Infinity) + (call.parkedAt === undefined ? goneMs : parkedMs)
		);
	}

	private forget(call: Call): void {
		this.vacant.delete(call);
		if (this.calls.get(call.id) === call) this.calls.delete(call.id);
		this.calls.delete(call.key);
	}

	/** @returns for somebody who comes now: what has happened to the legs that are there, as found out by reading the state. */
	replay(): CallEvent[] {
		return [...this.legs.values()].flatMap((leg) =>
			leg.steps.map(({ type, mark }) => this.event(type, leg, 'recovered', { mark })),
		);
	}

	/** @returns the callid of a known leg. */
	callOf(dn: string, id: number): number | undefined {
		return this.legs.get(legKey(dn, id))?.call.id;
	}

	/** @returns whether a DN is on the client's list, as far as that was read. */
	knows(dn: string): boolean {
		return this.dnTypes.get(dn) !== undefined;
	}

	/** What a DN is that was in no state so far; `''` where that cannot be read. */
	learn(dn: string, type: string): void {
		this.dnTypes.set(dn, type);
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
				if (change.kind === 'remove') return this.remove(leg, change.origin, change.isFinal);
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
	 * @returns the facts to apply, none for what is as it was; those that end a leg come last, so that a transferred call
	 *   does not seem to end
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
			if (known && isSame(known.participant, participant)) continue;
			if (known && isAnotherLeg(known.participant, participant)) {
				upserts.push({ kind: 'remove', dn, id, origin, isFinal: true });
			}
			upserts.push({ kind: 'upsert', participant, origin });
		}
		const phones: Change[] = [];
		for (const { dn, devices } of dns) {
			for (const { device_id: id } of devices) {
				const isKnown = unregistered.delete(deviceKey(dn, id));
				if (!isKnown) phones.push({ kind: 'device', dn, id, registered: true, origin });
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
		if (known && known.call.id !== callid) {
			return goesOn(known.participant, participant)
				? this.move(known, participant, origin)
				: // Its Remove was missed, and the id is in use again.
					[...this.remove(known, 'recovered', true), ...this.upsert(participant, origin)];
		}
		if (known && isSame(known.participant, participant)) return [];
		const previous = known?.participant;
		const isOld = origin === 'baseline' && participant.status === STATUS.connected;
		const leg = known ?? this.open(participant, isOld);
		leg.participant = participant;
		leg.direction = directionOf(participant, leg.direction);
		leg.call.queue = queueOf(participant, leg.dnType) ?? leg.call.queue;
		if (participant.party_did !== '') leg.call.did = participant.party_did;
		const isGiven =
			!known && !isOld && participant.status === STATUS.connected && this.isGiven(leg);
		const events = isGiven
			? this.handOver(leg, origin)
			: this.progress(leg, origin, isOld, previous);
		if (previous) events.push(this.event('participantChanged', leg, origin, { previous }));
		return events;
	}

	/**
	 * A leg becomes part of another call: an attended transfer ends like that, and so does taking a call that rings
	 * elsewhere or is parked.
	 */
	private move(leg: Leg, participant: Participant, origin: Origin): CallEvent[] {
		const left = this.remove(leg, origin);
		const moved = this.open(participant, false);
		moved.direction = 'inbound';
		const previous = leg.participant;
		return [...left, ...this.handOver(moved, origin, previous)];
	}

	/** A leg is connected to a call without having rung for it: it was given the call, or has taken it. */
	private handOver(leg: Leg, origin: Origin, previous?: Participant): CallEvent[] {
		const { call } = leg;
		const isFirst = !call.answered && call.legs.size > 1;
		leg.once.add('ringing');
		if (!isFirst) leg.once.add('answered');
		const events = this.progress(leg, origin, false, previous);
		const isTold = events.some(({ type }) => type === 'pickedUp' || type === 'transferred');
		if (isFirst || isTold) return events;
		leg.steps.push({ type: 'transferred', mark: 'transferred' });
		return [...events, this.event('transferred', leg, origin, { previous, mark: 'transferred' })];
	}

	/**
	 * Whether a leg that is new and connected was given a call by the one with whom its DN talks, or has just talked: that
	 * was the consultation of an attended transfer.
	 */
	private isGiven({ dn, call, direction, dnType, participant }: Leg): boolean {
		const { referred_by_dn: by } = participant;
		if (by === '' || direction === 'outbound' || picksUpItself(dnType)) return false;
		const last = this.talked.get(dn);
		if (last?.party === by && this.now() - last.until < this.grace.goneMs) return true;
		return [...this.legs.values()].some(
			(other) =>
				other.dn === dn &&
				other.connected &&
				other.call !== call &&
				other.participant.party_dn === by,
		);
	}

	/** The steps of a leg's life that its new state implies and that have not been told. */
	private progress(leg: Leg, origin: Origin, isOld: boolean, previous?: Participant): CallEvent[] {
		const { call } = leg;
		const { status, referred_by_dn: referredBy } = leg.participant;
		const wasAnswered = call.answered;
		const isConnected = status === STATUS.connected;
		if (isConnected && !leg.connected) {
			leg.connected = true;
			leg.connectedAt = isOld ? undefined : this.now();
		}
		if (!call.answered && isTalking(leg.participant, leg.dnType)) {
			call.answered = true;
			call.answeredAt = isOld ? undefined : this.now();
		}
		if (isLine(leg.dnType)) return [];
		const events: CallEvent[] = [];
		const tell = (type: CallEventType, how: Origin = origin, mark: string = type) => {
			if (leg.once.has(mark)) return;
			leg.once.add(mark);
			leg.steps.push({ type, mark });
			if (type === 'ringing') noteRinging(leg);
			// What had happened before we listened is only ticked off.
			if (!isOld) events.push(this.event(type, leg, how, { previous, mark }));
		};
		// The own phone of somebody who calls by a click rings first: that is no incoming call.
		const begins = leg.direction === 'outbound' ? 'dialing' : 'ringing';
		if (status === STATUS.ringing || status === STATUS.dialing) tell(begins);
		if (!isConnected) return events;
		const slot = parkingOf(leg.participant, leg.dnType);
		if (slot !== undefined && wasAnswered) {
			call.parkedAt = slot;
			tell('parked', origin, `parked at ${slot}`);
			return events;
		}
		if (call.parkedAt !== undefined && isTalking(leg.participant, leg.dnType)) {
			tell('pickedUp', origin, `picked up from ${call.parkedAt}`);
			call.parkedAt = undefined;
			leg.once.add('ringing').add('answered');
		}
		if (!leg.once.has('ringing') && !leg.once.has('dialing') && !picksUpItself(leg.dnType)) {
			// A phone cannot be connected that has not rung or dialled: it was answered before we could look.
			tell(begins, 'recovered');
		}
		tell('answered');
		if (referredBy !== '') tell('transferred', origin, `transferred by ${referredBy}`);
		return events;
	}

	private open(participant: Participant, isOld: boolean): Leg {
		const { dn, id, callid } = participant;
		const openedAt = isOld ? undefined : this.now();
		const call = this.callFor(participant) ?? this.openCall(callid, openedAt);
		this.vacant.delete(call);
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
			steps: [],
		};
		call.legs.add(leg);
		this.legs.set(legKey(dn, id), leg);
		return leg;
	}

	/** The call of a leg that is new. */
	private callFor(participant: Participant): Call | undefined {
		if (participant.callid !== 0) return this.calls.get(participant.callid);
		// Without a number, legs belong together whose ends are each other, or the same number outside.
		return [...this.calls.values()].find(
			({ id, legs }) => id === 0 && [...legs].some((leg) => areEndsOfOne(leg, participant)),
		);
	}

	private openCall(id: number, openedAt: number | undefined): Call {
		const key = `${id}@${this.stamp()}`;
		const call = { id, key, openedAt, answered: false, rang: [], agents: [], legs: new Set<Leg>() };
		this.calls.set(id === 0 ? key : id, call);
		return call;
	}

	private remove(leg: Leg, origin: Origin, isFinal = false): CallEvent[] {
		const { call } = leg;
		this.legs.delete(legKey(leg.dn, leg.participant.id));
		call.legs.delete(leg);
		if (leg.connected) {
			this.talked.set(leg.dn, { until: this.now(), party: leg.participant.party_dn });
		}
		const ended = this.event('ended', leg, origin, { previous: leg.participant, mark: 'ended' });
		if (call.legs.size > 0) return [ended];
		if (isFinal) {
			this.forget(call);
			return [ended, this.event('over', leg, origin)];
		}
		this.vacant.set(call, { at: this.now(), leg, origin });
		return [ended];
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
		more: Pick<CallEvent, 'previous' | 'digits'> & { mark?: string } = {},
	): CallEvent {
		const { call, key, dn, dnType, direction, participant, openedAt, connectedAt, connected } = leg;
		const { legs, ...callView } = call;
		const siblings = [...legs].filter((other) => other !== leg && other.dn === dn).length;
		const isParty = (other: Leg) => other.dn === participant.party_dn;
		const seesParty =
			!isExternal(participant) && (this.knows(participant.party_dn) || [...legs].some(isParty));
		leg.told += 1;
		return {
			kind: 'call',
			id: `${key}.${leg.told}.${type}`,
			...(more.mark === undefined ? {} : { step: `${legKey(dn, participant.id)}.${more.mark}` }),
			type,
			at: this.now(),
			recovered: origin !== 'live',
			leg: {
				dn,
				dnType,
				direction,
				participant,
				openedAt,
				connectedAt,
				connected,
				siblings,
				seesParty,
			},
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

/** Takes note of who rings; for a queue, where the leg says so or the queue's own leg is there. */
function noteRinging({ dn, dnType, participant, call }: Leg): void {
	call.rang = withLatest(call.rang, [dn]);
	const isForQueue =
		queueOf(participant, dnType) !== undefined ||
		[...call.legs].some((other) => isQueue(other.dnType));
	if (isForQueue) call.agents = withLatest(call.agents, [dn]);
}

/** Whether a leg that has another call now is the same one: it dialled or talked, and talks. */
function goesOn(known: Participant, found: Participant): boolean {
	const isMovable = known.status === STATUS.connected || known.status === STATUS.dialing;
	const isSameLeg = known.participant_uid === found.participant_uid;
	return isMovable && found.status === STATUS.connected && isSameLeg && found.callid !== 0;
}

/** Whether two legs without a callid are of one call: each is the other's party, or both have the same party outside. */
function areEndsOfOne({ dn, participant: one }: Leg, other: Participant): boolean {
	if (dn === other.party_dn && one.party_dn === other.dn) return true;
	const isSameCaller = one.party_caller_id !== '' && one.party_caller_id === other.party_caller_id;
	return isSameCaller && isExternal(one) && isExternal(other) && dn !== other.dn;
}

/** Whether a leg of a snapshot took another one's place: a leg that was Connected does not begin again. */
function isAnotherLeg(known: Participant, found: Participant): boolean {
	if (known.callid !== found.callid) return !goesOn(known, found);
	return (
		known.legid !== found.legid ||
		known.participant_uid !== found.participant_uid ||
		(known.status === STATUS.connected && found.status !== STATUS.connected)
	);
}

function isSame(a: Participant, b: Participant): boolean {
	const keys = Object.keys({ ...a, ...b }) as Array<keyof Participant>;
	return keys.every((key) => a[key] === b[key]);
}
