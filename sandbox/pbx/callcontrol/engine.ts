import { EventEmitter } from 'node:events';

import type { Device, Directory, Dn } from '../types';
import { LegAudio } from './audio';
import {
	activeCallOf,
	entityOf,
	finishedCallOf,
	participantOf,
	partyOf,
	partyOfDestination,
	partyOfDn,
	stageOf,
	type Attempt,
	type Call,
	type Destination,
	type End,
	type External,
	type Leg,
	type Party,
	type Route,
	type RouteOutcome,
} from './call';
import { Refusal } from './errors';
import { seeded, uid } from './random';
import { Timers, type Cancel } from './timers';
import {
	EVENT,
	type ActiveCall,
	type EngineEvents,
	type EngineOptions,
	type ExternalOutcome,
	type JournalEntry,
	type JournalKind,
	type Participant,
	type Reason,
	type Status,
} from './types';

/** Names one leg: participant ids are unique in one DN's list; without `dn` the first match counts. */
export interface LegRef {
	participant: number;
	dn?: string;
}

/** How a route, transfer or forward is to be done. */
export interface RouteOptions {
	/** Give up after this many seconds, as the `timeout` of Call Control requests. Default: the engine's ring timeout. */
	timeout?: number;
	/** Told once how it went: somebody, or something that picks up by itself, took the call; or nobody did. */
	over?: (outcome: RouteOutcome) => void;
}

const DEFAULTS: Required<EngineOptions> = {
	now: () => new Date(),
	repeatUpsertEveryMs: 750,
	duplicateUpserts: 0,
	finalStatus: 'string',
	participantUid: false,
	partyDid: 'routePoint',
	participantIds: 'global',
	participantPerDevice: false,
	ringTimeoutMs: 30_000,
	queueWaveGapMs: 2_000,
	queueWaitMs: 300_000,
	externalAnswerAfterMs: 1_500,
	pickUpAfterMs: 1_000,
	mediaAfterMs: 100,
	audioBytesPerMs: 16,
	promptFinished: false,
	openParticipantLists: false,
	awaited: ['routeto', 'transferto'],
	failedRouteStatus: 424,
	random: 1,
};

/** DNs that the PBX itself picks up for, without any ringing. */
const PICKS_UP_ITSELF: ReadonlySet<Dn['type']> = new Set([
	'Wroutepoint',
	'Wqueue',
	'Wivr',
	'Wparkextension',
	'Wspecialmenu',
]);

/** DNs where a person, or a program in a person's place, is reached. */
const REACHES_SOMEONE: ReadonlySet<Dn['type']> = new Set(['Wextension', 'Wroutepoint']);

/** Extensions that a call is forwarded by one after the other, at most. */
const FORWARDS = 10;

/** What may be dialled outside: five digits or more, so that a mistyped extension is not sent to the trunk. */
const OUTSIDE_NUMBER = /^\+?\d{5,}$/;

const TAKEN: RouteOutcome = { taken: true, reason: 'None' };

/** A streaming listener gets a chunk this often (ms). */
const AUDIO_TICK_MS = 20;

/**
 * Plays calls leg by leg, as 3CX v20's Call Control shows them (protocol 2.3, 3.5), on the DNs of a live directory.
 *
 * People and tests act through the methods (a call comes in, someone answers, hangs up); API clients through the
 * routes and the socket, which use the same methods. Everything that happens is told as `event` and written to
 * `journal`. Nothing depends on the clock that could not also be caused by a method.
 */
export class CallEngine extends EventEmitter<EngineEvents> {
	readonly options: Required<EngineOptions>;
	/** Every state change of every leg since the start: the truth that deliveries are compared with. */
	readonly journal: JournalEntry[] = [];

	private readonly timers = new Timers();
	private readonly live = new Map<number, Call>();
	private readonly legs = new Set<Leg>();
	/** Whose answer decides a route: every phone that rings for it, and the outside party that is dialled. */
	private readonly routes = new Map<End, Route>();
	private readonly outside = new Map<string, ExternalOutcome>();
	private readonly lastId = new Map<string, number>();
	private readonly random: () => number;
	private lastCallid = 0;

	constructor(
		readonly directory: Directory,
		options: EngineOptions = {},
	) {
		super();
		this.setMaxListeners(0);
		this.options = { ...DEFAULTS, ...options };
		this.random = seeded(this.options.random);
	}

	// --- What there is -------------------------------------------------------------------------------------------

	/** The legs on a DN that a client would list, oldest first. */
	participants(dn: string): Participant[] {
		return this.legsOn(dn)
			.filter((leg) => !leg.vanished)
			.map((leg) => this.wire(leg));
	}

	/** One leg as a client would GET it; undefined when it is gone, or vanished. */
	participant(dn: string, id: number): Participant | undefined {
		return this.participants(dn).find((participant) => participant.id === id);
	}

	/** Rows for XAPI's ActiveCalls. */
	calls(): ActiveCall[] {
		return [...this.live.values()].map(activeCallOf);
	}

	/** Live legs of one call, also those of queues and menus. */
	legsOf(callid: number): Participant[] {
		return [...this.legs].filter(({ call }) => call.callid === callid).map((leg) => this.wire(leg));
	}

	/** What clients attached to a leg; no endpoint reads it back. */
	attachedTo(ref: LegRef): Record<string, string> {
		return { ...this.find(ref).attached };
	}

	/** Pending timers: none once closed. */
	get pendingTimers(): number {
		return this.timers.count;
	}

	// --- Calls begin ---------------------------------------------------------------------------------------------

	/**
	 * A call arrives on the trunk.
	 *
	 * @param call.did dialled DID, led through its inbound rule; or `to`: the DN that it is routed to
	 * @returns callid
	 * @throws Refusal 404 when neither leads anywhere
	 */
	incoming(call: { from: string; fromName?: string; did?: string; to?: string }): number {
		const target = call.to ?? (call.did && this.directory.didTarget(call.did));
		const destination = target ? this.destination(target) : undefined;
		if (!destination) {
			throw new Refusal(
				404,
				`No DN is reached by ${call.did ?? call.to ?? 'a call without did'}: give a known DID or DN`,
			);
		}
		const caller = this.external(call.from, call.fromName);
		const started = this.begin('Inbound', partyOf(caller), destination, call.did);
		started.legCount = 1;
		started.ends = [caller];
		this.route(this.attempt(started, { waiting: caller }), destination);
		return started.callid;
	}

	/**
	 * Somebody dials on the own phone: another extension, or an outside number.
	 *
	 * @returns callid
	 */
	internal({ from, to }: { from: string; to: string }): number {
		const dn = this.known(from);
		return this.dialFrom(dn, dn.devices[0], this.routable(to), {}).call.callid;
	}

	/**
	 * An API client makes a call (protocol 2.7).
	 *
	 * With a device, from the only device, or from a route point the leg is dialled at once. With several devices and
	 * none named, 3CX falls back to its older way: the extension rings everywhere, and dials once picked up.
	 *
	 * @param call.device `device_id` of the phone to use
	 * @returns the caller's own leg; undefined in the older way, where a real PBX sends no `result.id` either
	 * @throws Refusal 404 unknown DN or device, 422 no phone or no such destination
	 */
	makeCall(
		call: {
			from: string;
			to: string;
			device?: string;
			attached?: Record<string, string>;
		} & RouteOptions,
	): Participant | undefined {
		const dn = this.known(call.from);
		const device = call.device === undefined ? undefined : this.device(dn, call.device);
		const destination = this.routable(call.to);
		if (dn.type !== 'Wroutepoint' && dn.devices.length === 0) {
			throw new Refusal(422, `No phone is registered for ${dn.number}`, 'PhoneNotRegistered');
		}
		const chosen =
			device ?? (dn.devices.length === 1 || dn.type === 'Wroutepoint' ? dn.devices[0] : undefined);
		const atOnce = chosen !== undefined || dn.type === 'Wroutepoint';
		if (atOnce) return this.wire(this.dialFrom(dn, chosen, destination, call));
		this.ringOwnPhones(dn, destination, call);
		return undefined;
	}

	// --- What people do ------------------------------------------------------------------------------------------

	/**
	 * Somebody picks up: the ringing DN, or without `dn` the called outside party (else the first ringing DN).
	 *
	 * @param who.device the phone that is picked up; default the one that rings
	 */
	answer(who: { callid?: number; dn?: string; device?: string }): void {
		const attempt = this.attemptFor(who);
		if (who.dn === undefined && attempt.dialling) return this.settle(attempt, attempt.dialling);
		const leg = [...attempt.ringing].find(
			(each) =>
				(who.dn === undefined || each.dn.number === who.dn) &&
				(!who.device ||
					!this.options.participantPerDevice ||
					each.device?.device_id === who.device),
		);
		if (!leg) throw new Refusal(422, 'Nobody rings there');
		if (who.device) leg.device = this.device(leg.dn, who.device);
		this.pickUp(leg);
	}

	/** Picks up one ringing leg. Whether the API may do so is for the API to check (protocol 6.21). */
	answerLeg(ref: LegRef): Participant {
		const leg = this.find(ref);
		if (leg.status !== 'Ringing')
			throw new Refusal(422, `Participant ${leg.id} does not ring: it is ${leg.status}`);
		this.pickUp(leg);
		return this.wire(leg);
	}

	/** Somebody refuses a ringing call, or the called outside party is busy (without `dn`). */
	decline(who: { callid?: number; dn?: string }): void {
		const attempt = this.attemptFor(who);
		const legs = [...attempt.ringing].filter(
			(leg) => who.dn === undefined || leg.dn.number === who.dn,
		);
		for (const leg of legs) this.remove(leg, 'Declined');
		if (who.dn === undefined) this.stopDialling(attempt, 'PhoneBusy');
		this.failIfNobodyIsLeft(attempt, who.dn === undefined ? 'PhoneBusy' : 'Declined');
	}

	/** Ends a whole call, or takes one leg out of it. */
	hangUp(what: { callid: number } | LegRef): void {
		if ('callid' in what) this.end(this.call(what.callid), 'HungUp');
		else this.release(this.find(what), 'HungUp');
	}

	/** The time to ring is over, now. */
	timeoutRinging({ callid }: { callid: number }): void {
		const attempt = this.attemptFor({ callid });
		for (const leg of [...attempt.ringing]) this.remove(leg, 'NoAnswer');
		this.stopDialling(attempt, 'NoAnswer');
		this.failIfNobodyIsLeft(attempt, 'NoAnswer');
	}

	/** Asks a queue's free agents again, now, instead of after the pause between two waves. */
	pollAgents({ callid }: { callid: number }): void {
		this.poll(this.attemptFor({ callid }));
	}

	/**
	 * The person on the other side of a route point or IVR presses keys.
	 *
	 * A route point's client is told (event type 2); an IVR follows its own key table, unknown keys are ignored.
	 */
	pressKey({ callid, key }: { callid: number; key: string }): void {
		const call = this.call(callid);
		const leg = call.ends.find(
			(end): end is Leg => end.kind === 'leg' && ['Wroutepoint', 'Wivr'].includes(end.dn.type),
		);
		if (!leg)
			throw new Refusal(
				422,
				`Nothing in call ${callid} listens to keys: it is at no IVR or route point`,
			);
		this.note(leg, leg.status, 'key', 'None', key);
		if (leg.dn.type === 'Wroutepoint') {
			this.tell(EVENT.dtmf, leg, { dtmf_input: key });
			return;
		}
		const destination = this.destination(leg.dn.keys?.[key] ?? '');
		const waiting = this.other(leg);
		if (!destination || !waiting || call.attempt) return;
		const attempt = this.attempt(call, { waiting, via: leg });
		this.route(attempt, destination);
		// The menu does not come back: it leaves as soon as somebody rings.
		if (call.attempt === attempt) this.release(leg, 'Routed');
	}

	/**
	 * The caller says something to the route points of the call.
	 *
	 * @param pcm 8 kHz s16le mono
	 */
	say(callid: number, pcm: Buffer): void {
		for (const leg of this.legs) if (leg.call.callid === callid) leg.audio.say(pcm);
	}

	/** How an outside number behaves from now on. */
	setExternal(number: string, outcome: ExternalOutcome): void {
		this.outside.set(number, outcome);
	}

	// --- Moving calls --------------------------------------------------------------------------------------------

	/**
	 * Blind transfer: the other party is held while the destination rings, and returned when that fails (protocol 2.5).
	 *
	 * @param what the transferring leg, by participant or as the Connected leg of `dn`
	 */
	transfer(what: (LegRef | { dn: string }) & { to: string } & RouteOptions): Participant {
		const leg = 'participant' in what ? this.find(what) : this.connectedOn(what.dn);
		if (leg.status !== 'Connected') {
			throw new Refusal(
				422,
				`Participant ${leg.id} cannot be transferred: it is ${leg.status}, not Connected`,
			);
		}
		return this.sendOn(leg, what.to, { ...what, referredBy: leg.dn });
	}

	/** Redirects an unanswered leg elsewhere. Ringing only (protocol 2.5). */
	divert(what: LegRef & { to: string } & RouteOptions): Participant {
		const leg = this.find(what);
		const attempt = leg.call.attempt;
		if (leg.status !== 'Ringing' || !attempt || attempt.then) {
			throw new Refusal(
				422,
				`Participant ${leg.id} cannot be diverted: it is ${leg.status}, not Ringing`,
			);
		}
		const destination = this.routable(what.to);
		attempt.ringing.delete(leg);
		this.lost(leg, 'Diverted');
		this.route(attempt, destination, { ...what, referredBy: leg.dn, onBehalfOf: leg.dn });
		this.remove(leg, 'Diverted');
		return this.wire(leg);
	}

	/**
	 * Adds a route: the leg stays as it is until somebody else takes the call (protocol 2.5). When the leg is dropped
	 * meanwhile, the route lives on: 3CX's own IVR sample drops its leg right after the success.
	 */
	routeTo(what: LegRef & { to: string } & RouteOptions): Participant {
		const leg = this.find(what);
		const attempt = leg.call.attempt;
		if (attempt && (attempt.ringing.has(leg) || attempt.via === leg) && !attempt.then) {
			this.route(attempt, this.routable(what.to), { ...what, referredBy: leg.dn });
			return this.wire(leg);
		}
		if (leg.status !== 'Connected') {
			throw new Refusal(422, `Participant ${leg.id} cannot be routed: it is ${leg.status}`);
		}
		return this.sendOn(leg, what.to, { ...what, referredBy: leg.dn });
	}

	/** Parks the other party of a leg on a parking slot, the directory's first by default. Pick up: call the slot. */
	park(what: (LegRef | { dn: string }) & { slot?: string }): Participant {
		const slot =
			what.slot ?? this.directory.dns().find(({ type }) => type === 'Wparkextension')?.number;
		if (!slot) throw new Refusal(404, 'There is no parking slot');
		return this.transfer({ ...what, to: slot });
	}

	/** Sets data on a leg, or with `side: 'party'` on the other side of it. */
	attach(ref: LegRef, side: 'participant' | 'party', data: Record<string, string>): Participant {
		const leg = this.find(ref);
		Object.assign(side === 'party' ? (this.other(leg)?.attached ?? {}) : leg.attached, data);
		return this.wire(leg);
	}

	// --- Audio ---------------------------------------------------------------------------------------------------

	/**
	 * Streams what the other party says, from the first sample on at the pace of real time.
	 *
	 * @param sink.ready whether it takes a chunk now; what is due meanwhile comes later
	 * @param sink.end is called once: when the leg ends or the listening is stopped
	 * @returns stops it
	 * @throws Refusal 422 no route-point leg, 424 no media yet
	 */
	listen(
		ref: LegRef,
		sink: { ready: () => boolean; write: (pcm: Buffer) => void; end: () => void },
	): Cancel {
		const leg = this.withMedia(ref);
		const startedAt = performance.now();
		let samples = 0;
		const stop = this.timers.every(AUDIO_TICK_MS, () => {
			const bytes = (performance.now() - startedAt) * this.options.audioBytesPerMs;
			const due = Math.floor(bytes / 2) - samples;
			if (due <= 0 || !sink.ready()) return;
			samples += due;
			sink.write(leg.audio.read(due));
		});
		let isOver = false;
		const cancel = () => {
			if (isOver) return;
			isOver = true;
			stop();
			sink.end();
		};
		leg.timers.push(cancel);
		return cancel;
	}

	/**
	 * Takes what the app says on a leg. Before the leg is Connected it is accepted and lost, as on a real PBX (protocol 2.8).
	 *
	 * @returns takes the chunks
	 * @throws Refusal 422 no route-point leg, 424 no media yet
	 */
	speak(ref: LegRef): (pcm: Buffer) => void {
		const leg = this.withMedia(ref);
		return (pcm) => {
			if (leg.status === 'Connected') leg.audio.hear(pcm);
		};
	}

	/** All that the app said on a live leg, as 8 kHz s16le mono. */
	heard(ref: LegRef): Buffer {
		return this.find(ref).audio.heard();
	}

	/** The app's audio has been played: event type 3, known from 3CX's enum alone. */
	promptFinished(ref: LegRef): void {
		this.tell(EVENT.promptFinished, this.find(ref));
	}

	// --- Trouble on purpose --------------------------------------------------------------------------------------

	/** GET of this leg answers 404 from now on though no Remove was sent: the race of protocol 3.4. */
	vanish(ref: LegRef): void {
		this.find(ref).vanished = true;
	}

	/** A phone registered or left: tells the clients. The directory's devices are changed by whoever owns it. */
	deviceChanged(dn: string, deviceId: string, change: 'upsert' | 'remove'): void {
		const entity = `/callcontrol/${encodeURIComponent(dn)}/devices/${encodeURIComponent(deviceId)}`;
		this.emit('event', { type: EVENT[change], dn, entity, attachedData: null });
	}

	/** A token was superseded or revoked: audio streams that it started end (protocol 2.8). */
	revokeToken(token: string): void {
		this.emit('tokenRevoked', token);
	}

	/** Ends every call without a word and cancels every timer. */
	close(): void {
		for (const end of [...this.routes.keys()]) this.lost(end, 'HungUp');
		for (const leg of this.legs) for (const cancel of leg.timers.splice(0)) cancel();
		this.timers.clear();
		this.legs.clear();
		this.live.clear();
	}

	// --- Finding -------------------------------------------------------------------------------------------------

	private legsOn(dn: string): Leg[] {
		return [...this.legs].filter((leg) => leg.dn.number === dn);
	}

	private find({ participant, dn }: LegRef): Leg {
		for (const leg of this.legs) {
			if (leg.id === participant && (dn === undefined || leg.dn.number === dn)) return leg;
		}
		throw new Refusal(
			404,
			`Participant ${participant}${dn ? ` of ${dn}` : ''} is not there: the call may have ended`,
		);
	}

	private connectedOn(dn: string): Leg {
		const leg = this.legsOn(dn).find(({ status }) => status === 'Connected');
		if (!leg) throw new Refusal(404, `${dn} is in no connected call`);
		return leg;
	}

	private call(callid: number): Call {
		const call = this.live.get(callid);
		if (!call) throw new Refusal(404, `Call ${callid} is not there: it may have ended`);
		return call;
	}

	private attemptFor({ callid, dn }: { callid?: number; dn?: string }): Attempt {
		const calls = callid === undefined ? [...this.live.values()] : [this.call(callid)];
		for (const { attempt } of calls) {
			if (!attempt) continue;
			if (dn === undefined || [...attempt.ringing].some((leg) => leg.dn.number === dn))
				return attempt;
		}
		throw new Refusal(
			422,
			`Nothing rings${dn ? ` at ${dn}` : ''}${callid ? ` in call ${callid}` : ''}`,
		);
	}

	private known(number: string): Dn {
		const dn = this.directory.dn(number);
		if (!dn) throw new Refusal(404, `There is no DN ${number}`);
		return dn;
	}

	private device(dn: Dn, deviceId: string): Device {
		const device = dn.devices.find(({ device_id }) => device_id === deviceId);
		if (!device)
			throw new Refusal(404, `${dn.number} has no device ${deviceId}: it may have registered anew`);
		return device;
	}

	private destination(number: string): Destination | undefined {
		const dn = this.directory.dn(number);
		if (dn && dn.type !== 'Wexternalline') return { kind: 'dn', dn };
		return OUTSIDE_NUMBER.test(number) ? { kind: 'external', number } : undefined;
	}

	private routable(number: string): Destination {
		const destination = this.destination(number);
		if (!destination)
			throw new Refusal(422, `${number} is no DN and no outside number`, 'NoDestinations');
		return destination;
	}

	private other(leg: Leg): End | undefined {
		return leg.call.ends.find((end) => end !== leg);
	}

	private external(number: string, name = ''): External {
		return { kind: 'external', number, name, trunk: this.directory.trunk(), attached: {} };
	}

	/** A leg whose audio can be streamed. While Dialing there is early media already (protocol 2.8). */
	private withMedia(ref: LegRef): Leg {
		const leg = this.find(ref);
		// Which status a real PBX gives for a leg that never has audio is not known; 422 is its word for "impossible".
		if (leg.dn.type !== 'Wroutepoint')
			throw new Refusal(422, `${leg.dn.number} is no route point: its legs have no audio`);
		if (!leg.mediaReady && leg.status !== 'Dialing')
			throw new Refusal(424, `Participant ${leg.id} has no audio yet: try again shortly`);
		return leg;
	}

	// --- The call model ------------------------------------------------------------------------------------------

	private begin(direction: Call['direction'], from: Party, to: Destination, did = ''): Call {
		const at = this.options.now();
		const call: Call = {
			callid: (this.lastCallid += 1),
			direction,
			from,
			to: partyOfDestination(to, this.directory),
			did,
			startedAt: at,
			changedAt: at,
			legCount: 0,
			ends: [],
			history: [],
		};
		this.live.set(call.callid, call);
		return call;
	}

	private dialFrom(
		dn: Dn,
		device: Device | undefined,
		destination: Destination,
		how: { attached?: Record<string, string> } & RouteOptions,
	): Leg {
		const direction = destination.kind === 'external' ? 'Outbound' : 'Internal';
		const call = this.begin(direction, partyOfDn(dn), destination);
		const leg = this.addLeg(call, dn, 'Dialing', {
			device,
			party: call.to,
			attached: how.attached,
		});
		call.ends = [leg];
		this.route(this.attempt(call, { waiting: leg }), destination, how);
		return leg;
	}

	private ringOwnPhones(
		dn: Dn,
		destination: Destination,
		how: { attached?: Record<string, string> } & RouteOptions,
	): void {
		const direction = destination.kind === 'external' ? 'Outbound' : 'Internal';
		const call = this.begin(direction, partyOfDn(dn), destination);
		const attempt = this.attempt(call, { then: { destination, timeoutMs: seconds(how.timeout) } });
		for (const device of this.ringingDevices(dn)) {
			attempt.ringing.add(
				this.addLeg(call, dn, 'Ringing', { device, party: call.to, attached: how.attached }),
			);
		}
		this.limit(attempt, this.options.ringTimeoutMs);
		if (this.options.pickUpAfterMs > 0) {
			const [first] = attempt.ringing;
			attempt.timers.push(
				this.timers.after(this.options.pickUpAfterMs, () => first && this.pickUp(first)),
			);
		}
	}

	private sendOn(leg: Leg, to: string, how: { referredBy: Dn } & RouteOptions): Participant {
		const waiting = this.other(leg);
		if (!waiting || leg.call.attempt) {
			throw new Refusal(
				422,
				`Participant ${leg.id} cannot be sent on: its call is being routed already`,
			);
		}
		const destination = this.routable(to);
		const attempt = this.attempt(leg.call, { waiting, via: leg, referredBy: how.referredBy });
		this.route(attempt, destination, how);
		return this.wire(leg);
	}

	private attempt(call: Call, details: Partial<Attempt>): Attempt {
		call.attempt = { call, ringing: new Set(), timers: [], ...details };
		return call.attempt;
	}

	/** Routes within an attempt: rings phones, dials out, or reaches a DN that picks up by itself. */
	private route(
		attempt: Attempt,
		dialled: Destination,
		how: { referredBy?: Dn; onBehalfOf?: Dn } & RouteOptions = {},
	): void {
		const { call, waiting } = attempt;
		const route: Route = { targets: new Set(), over: how.over ?? (() => undefined) };
		const timeoutMs = seconds(how.timeout) ?? this.options.ringTimeoutMs;
		const forwarded = this.forwarded(dialled, waiting);
		if (!forwarded) {
			route.over({ taken: false, reason: 'PhoneNotRegistered' });
			return this.failIfNobodyIsLeft(attempt, 'PhoneNotRegistered');
		}
		const { destination, by: onBehalfOf = how.onBehalfOf } = forwarded;
		const leg = { party: partyOf(waiting), referredBy: how.referredBy, onBehalfOf };
		if (waiting?.kind === 'leg' && waiting.status === 'Dialing')
			waiting.party = partyOfDestination(destination, this.directory);

		if (destination.kind === 'external') {
			attempt.dialling = this.external(destination.number);
			this.target(route, attempt.dialling);
			call.legCount += 1;
			this.limit(attempt, timeoutMs);
			this.expectOutsider(attempt, attempt.dialling);
			return;
		}
		const { dn } = destination;
		if (dn.type === 'Wparkextension' && this.retrieve(attempt, dn)) return route.over(TAKEN);
		if (PICKS_UP_ITSELF.has(dn.type)) {
			const own = this.addLeg(call, dn, 'Connected', { ...leg, device: dn.devices[0] });
			this.target(route, own);
			this.settle(attempt, own);
			return;
		}
		const rung = (dn.type === 'Wringgroup' ? this.members(dn) : [dn]).filter(hasPhone);
		for (const each of rung) {
			for (const device of this.ringingDevices(each)) {
				const rings = this.addLeg(call, each, 'Ringing', { ...leg, device });
				attempt.ringing.add(rings);
				this.target(route, rings);
			}
		}
		const reason = route.targets.size === 0 ? 'PhoneNotRegistered' : 'NoAnswer';
		if (route.targets.size === 0) route.over({ taken: false, reason });
		this.limit(attempt, timeoutMs);
		this.failIfNobodyIsLeft(attempt, reason);
	}

	/**
	 * Where a call for a destination goes: an extension that is Away, or has no phone, sends it on (protocol 4.6).
	 *
	 * @param caller who waits; none while a makecall rings the caller's own phone
	 * @returns the destination, and the extension that has forwarded to it last; undefined where the call ends, or would
	 *   go round in circles
	 */
	private forwarded(
		dialled: Destination,
		caller: End | undefined,
	): { destination: Destination; by?: Dn } | undefined {
		const kind = caller?.kind === 'external' ? 'External' : 'Internal';
		let destination: Destination | undefined = dialled;
		let by: Dn | undefined;
		for (let forwards = 0; forwards <= FORWARDS && destination; forwards += 1) {
			const dn: Dn | undefined = destination.kind === 'dn' ? destination.dn : undefined;
			const { always, notRegistered = {} } = dn?.forwarding ?? {};
			const to = always ?? (dn && !hasPhone(dn) ? notRegistered : undefined);
			if (!to) return { destination, by };
			by = dn;
			destination = this.destination(to[kind] ?? '');
		}
		return undefined;
	}

	private target(route: Route, end: End): void {
		route.targets.add(end);
		this.routes.set(end, route);
	}

	/** One whose answer a route waited for is gone; when it was the last, the route has failed. */
	private lost(end: End, reason: Reason): void {
		const route = this.routes.get(end);
		if (!route) return;
		this.routes.delete(end);
		route.targets.delete(end);
		if (route.targets.size === 0) route.over({ taken: false, reason });
	}

	private stopDialling(attempt: Attempt, reason: Reason): void {
		const { dialling } = attempt;
		delete attempt.dialling;
		if (dialling) this.lost(dialling, reason);
	}

	/**
	 * Calling a slot that holds somebody takes them out of it. The parked party moves into the call of whoever picks it
	 * up; whether a real PBX keeps the older callid instead was never captured.
	 */
	private retrieve(attempt: Attempt, slot: Dn): boolean {
		const parked = this.legsOn(slot.number)[0];
		const held = parked && this.other(parked);
		const { call } = attempt;
		if (!held || parked.call === call) return false;
		parked.call.ends = [parked];
		if (held.kind === 'leg') Object.assign(held, { call, legid: (call.legCount += 1) });
		this.settle(attempt, held);
		this.end(parked.call, 'Transferred');
		return true;
	}

	private members(dn: Dn): Dn[] {
		return (dn.members ?? []).flatMap((number) => this.directory.dn(number) ?? []);
	}

	/** The devices that get a ringing participant each: the first stands for all, unless the option says otherwise. */
	private ringingDevices(dn: Dn): Array<Device | undefined> {
		return this.options.participantPerDevice && dn.devices.length > 0
			? dn.devices
			: [dn.devices[0]];
	}

	/** Sets what happens when the present ringing, or pause between two, has lasted `ms`; replaces what was set before. */
	private limit(
		attempt: Attempt,
		ms: number,
		then = () => this.timeoutRinging(attempt.call),
	): void {
		attempt.limit?.();
		attempt.limit = this.timers.after(ms, then);
	}

	private expectOutsider(attempt: Attempt, callee: External): void {
		const { number } = callee;
		const outcome =
			this.outside.get(number) ??
			(number.endsWith('00') ? 'never' : number.endsWith('01') ? 'busy' : 'answers');
		if (outcome === 'never') return;
		const act = () => {
			if (attempt.dialling !== callee) return;
			if (outcome === 'answers') return this.settle(attempt, callee);
			this.stopDialling(attempt, 'PhoneBusy');
			this.failIfNobodyIsLeft(attempt, 'PhoneBusy');
		};
		attempt.timers.push(this.timers.after(this.options.externalAnswerAfterMs, act));
	}

	private pickUp(leg: Leg): void {
		const { attempt } = leg.call;
		if (!attempt?.ringing.has(leg)) return;
		if (!attempt.then) return this.settle(attempt, leg);
		const { destination, timeoutMs } = attempt.then;
		this.cancel(attempt);
		attempt.ringing.delete(leg);
		for (const loser of [...attempt.ringing]) this.remove(loser, 'AnsweredElsewhere');
		leg.call.ends = [leg];
		this.change(leg, leg.status, 'Dialing', 'dialing');
		this.route(this.attempt(leg.call, { waiting: leg }), destination, {
			...(timeoutMs !== undefined && { timeout: timeoutMs / 1000 }),
		});
	}

	/** Somebody took the call: losers leave, winner and waiting party are connected, the middleman goes. */
	private settle(attempt: Attempt, winner: End): void {
		const { call, waiting, via } = attempt;
		this.cancel(attempt);
		delete call.attempt;
		for (const leg of [...attempt.ringing])
			if (leg !== winner) this.remove(leg, 'AnsweredElsewhere');
		attempt.ringing.clear();
		if (attempt.dialling && attempt.dialling !== winner) {
			this.stopDialling(attempt, 'AnsweredElsewhere');
		}
		const route = this.routes.get(winner);
		for (const end of route?.targets ?? []) this.routes.delete(end);
		call.ends = waiting ? [waiting, winner] : [winner];

		this.connect(call, winner, waiting);
		if (winner.kind === 'leg' && attempt.referredBy)
			this.note(winner, winner.status, 'transferred', 'None');
		if (via) this.remove(via, via.dn.type === 'Wqueue' ? 'Routed' : 'Transferred');
		if (waiting) this.connect(call, waiting, winner);
		route?.over(TAKEN);
		if (winner.kind === 'leg' && winner.dn.type === 'Wqueue') this.enterQueue(winner);
	}

	private connect(call: Call, end: End, other: End | undefined): void {
		const isSomeone = end.kind === 'external' || REACHES_SOMEONE.has(end.dn.type);
		if (isSomeone && partyOf(end).dn !== call.from.dn) call.answeredAt ??= this.options.now();
		if (end.kind === 'external') return;
		end.party = partyOf(other);
		if (end.answeredAt) return this.change(end, end.status, 'Connected', 'changed');
		end.answeredAt = this.options.now();
		const entry = call.history.find(({ leg }) => leg === end);
		if (entry) entry.answeredAt = end.answeredAt;
		end.timers.push(
			this.timers.after(this.options.mediaAfterMs, () => {
				end.mediaReady = true;
			}),
		);
		// A leg that was made Connected is first told of here, now that its party is known.
		this.change(end, end.status === 'Connected' ? null : end.status, 'Connected', 'answered');
	}

	private enterQueue(queue: Leg): void {
		const waiting = this.other(queue);
		if (!waiting) return;
		const attempt = this.attempt(queue.call, { waiting, via: queue, wave: 0 });
		attempt.timers.push(
			this.timers.after(this.options.queueWaitMs, () => this.end(queue.call, 'NoAnswer')),
		);
		this.poll(attempt);
	}

	/** One polling wave: rings the free agents, all or the next one, as the queue's strategy says. */
	private poll(attempt: Attempt): void {
		const { call, via, wave, waiting } = attempt;
		if (call.attempt !== attempt || !via || wave === undefined || attempt.ringing.size > 0) return;
		const free = this.members(via.dn).filter(
			(agent) => hasPhone(agent) && this.legsOn(agent.number).length === 0,
		);
		const all = (via.dn.pollingStrategy ?? 'RingAll') === 'RingAll';
		const next = free[wave % Math.max(free.length, 1)];
		attempt.wave = wave + 1;
		for (const agent of all ? free : next ? [next] : []) {
			for (const device of this.ringingDevices(agent)) {
				attempt.ringing.add(
					this.addLeg(call, agent, 'Ringing', { device, party: partyOf(waiting) }),
				);
			}
		}
		if (attempt.ringing.size > 0) this.limit(attempt, this.options.ringTimeoutMs);
		else this.failIfNobodyIsLeft(attempt, 'NoAnswer');
	}

	private failIfNobodyIsLeft(attempt: Attempt, reason: Reason): void {
		const { call, via } = attempt;
		if (call.attempt !== attempt || attempt.ringing.size > 0 || attempt.dialling) return;
		if (attempt.wave !== undefined) {
			return this.limit(attempt, this.options.queueWaveGapMs, () => this.poll(attempt));
		}
		if (!via) return this.end(call, reason);
		this.cancel(attempt);
		delete call.attempt;
		this.note(via, via.status, 'returned', reason);
	}

	private cancel(attempt: Attempt): void {
		attempt.limit?.();
		for (const cancel of attempt.timers.splice(0)) cancel();
	}

	/** Takes one leg out; whether the call lives on depends on what the leg was in it. */
	private release(leg: Leg, reason: Reason): void {
		const { call } = leg;
		const { attempt } = call;
		if (attempt?.ringing.has(leg)) {
			this.remove(leg, reason);
			this.failIfNobodyIsLeft(attempt, reason);
		} else if (attempt?.via === leg && leg.dn.type !== 'Wqueue') {
			// The middleman leaves; the other party goes on waiting for the new destination.
			delete attempt.via;
			call.ends = call.ends.filter((end) => end !== leg);
			this.remove(leg, reason);
		} else {
			this.end(call, reason);
		}
	}

	private end(call: Call, reason: Reason): void {
		if (!this.live.delete(call.callid)) return;
		if (call.attempt) {
			this.cancel(call.attempt);
			this.stopDialling(call.attempt, reason);
		}
		const rings = [...(call.attempt?.ringing ?? [])];
		delete call.attempt;
		for (const leg of rings) this.remove(leg, reason);
		for (const end of call.ends) if (end.kind === 'leg') this.remove(end, reason);
		this.emit('finished', finishedCallOf(call, this.options.now()));
	}

	// --- Legs ----------------------------------------------------------------------------------------------------

	private addLeg(
		call: Call,
		dn: Dn,
		status: Status,
		details: Partial<Pick<Leg, 'device' | 'referredBy' | 'onBehalfOf' | 'attached'>> & {
			party: Party;
		},
	): Leg {
		const counter = this.options.participantIds === 'perDn' ? dn.number : '';
		const id = (this.lastId.get(counter) ?? 0) + 1;
		this.lastId.set(counter, id);
		const at = this.options.now();
		const { attached = {}, ...rest } = details;
		const leg: Leg = {
			kind: 'leg',
			id,
			legid: (call.legCount += 1),
			uid: uid(this.random),
			call,
			dn,
			status,
			attached: { ...attached },
			startedAt: at,
			audio: new LegAudio(),
			mediaReady: false,
			vanished: false,
			timers: [],
			...rest,
		};
		this.legs.add(leg);
		if (status !== 'Dialing') {
			call.history.push({ leg, dn: dn.number, name: dn.name, rangAt: at, endedAt: at });
		}
		// A DN that picks up by itself is told of by `connect`, once its party is known.
		if (status !== 'Connected') {
			this.tell(EVENT.upsert, leg);
			this.note(leg, null, status === 'Ringing' ? 'ringing' : 'dialing', 'None');
			this.repeat(leg);
		}
		return leg;
	}

	/** Real PBXs say again and again that a phone still rings. */
	private repeat(leg: Leg): void {
		const { repeatUpsertEveryMs } = this.options;
		if (repeatUpsertEveryMs <= 0) return;
		const stop = this.timers.every(repeatUpsertEveryMs, () => {
			if (leg.status === 'Connected') stop();
			else this.tell(EVENT.upsert, leg);
		});
		leg.timers.push(stop);
	}

	private change(leg: Leg, from: Status | null, to: Status, kind: JournalKind): void {
		leg.status = to;
		this.tell(EVENT.upsert, leg);
		this.note(leg, from, kind, 'None');
	}

	private remove(leg: Leg, reason: Reason): void {
		if (!this.legs.delete(leg)) return;
		for (const cancel of leg.timers.splice(0)) cancel();
		leg.call.attempt?.ringing.delete(leg);
		this.lost(leg, reason);
		const entry = leg.call.history.find((each) => each.leg === leg);
		if (entry) entry.endedAt = this.options.now();
		this.tell(EVENT.remove, leg);
		this.note(leg, leg.status, 'ended', reason);
	}

	private tell(
		type: 0 | 1 | 2 | 3,
		leg: Leg,
		attachedData: { dtmf_input: string } | null = null,
	): void {
		const copies = type === EVENT.upsert ? 1 + this.options.duplicateUpserts : 1;
		for (let copy = 0; copy < copies; copy += 1) {
			this.emit('event', { type, dn: leg.dn.number, entity: entityOf(leg), attachedData });
		}
	}

	private note(
		leg: Leg,
		from: Status | null,
		kind: JournalKind,
		reason: Reason,
		key?: string,
	): void {
		const at = this.options.now();
		const stage = stageOf(leg.call);
		if (stage !== leg.call.stage) Object.assign(leg.call, { stage, changedAt: at });
		const entry: JournalEntry = {
			at,
			callid: leg.call.callid,
			participant: leg.id,
			legid: leg.legid,
			dn: leg.dn.number,
			from,
			to: kind === 'ended' ? null : leg.status,
			kind,
			reason,
			...(key !== undefined && { key }),
		};
		this.journal.push(entry);
		this.emit('journal', entry);
	}

	private wire(leg: Leg): Participant {
		const { partyDid, participantUid } = this.options;
		const did =
			partyDid === 'always' || (partyDid === 'routePoint' && leg.dn.type === 'Wroutepoint');
		return participantOf(leg, { did, uid: participantUid });
	}
}

/** An extension without a phone cannot be reached (protocol 2.2). */
const hasPhone = ({ type, devices }: Dn): boolean => type !== 'Wextension' || devices.length > 0;

const seconds = (timeout: number | undefined): number | undefined =>
	timeout ? timeout * 1000 : undefined;
