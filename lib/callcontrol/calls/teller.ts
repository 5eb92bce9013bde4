import { matchCalls, type LoggedCall, type LoggedLeg, type SeenCall } from '../../history/missed';
import type { Call } from '../../xapi/callLog';
import { eventsOf, stepsOf, toEnded } from './logged';
import { perCall } from './perCall';
import { perExtension } from './perExtension';
import { ENTERED, LEFT, leftEvent, queueWaits, takenBy } from './queueWaits';
import { STATUS, type Participant } from '../rest/types';
import { type EndedCall, MAX_NUMBERS, type Told, type ToldCall } from './told';
import {
	legKey,
	withLatest,
	type CallEvent,
	type CallEventType,
	type Granularity,
} from './tracker';

/** What one watcher wants to be told. */
export interface TellerOptions {
	/** Whether events of whole calls are asked for, of each extension in them, or some of both. */
	granularities: readonly Granularity[];
	/** Whether the watcher cares for the leg of an event. */
	matches(event: CallEvent): boolean;
	/** Whether events of a type are asked for; a type is asked for with one granularity only. */
	asked(type: CallEventType, granularity: Granularity): boolean;
	/** What has been told before; kept up to date from here on. */
	told: Told;
	/** The clock, in ms since the epoch. */
	now?: () => number;
}

/** An event for a watcher. */
export interface ToldEvent extends CallEvent {
	granularity: Granularity;
	/** Where it is ticked off; missing for what can happen again and again. */
	ticks?: { call: ToldCall; step: string };
	/** The end of a call that nobody saw: it is over, since when is not known, nor what happened before. */
	isUnseen?: boolean;
	/** It comes from the call log. */
	logged?: Call;
	/** The last event of a call that nobody saw: with it the call has been told. */
	closes?: EndedCall;
}

/** An event, and the extension's stay in the call that it is about, or {@link WHOLE_CALL}. */
type ViewedEvent = CallEvent & { stay: string };

const WHOLE_CALL = '';

const granularityOf = ({ stay }: { stay: string }): Granularity =>
	stay === WHOLE_CALL ? 'call' : 'leg';

/** What is told of what happened before a watcher began. */
export type Beginning =
	/** All that earlier processes have not told, as far as it can be seen; at the very first time only what rings. */
	| 'what was missed'
	/** Only what rings, as at the very first time. */
	| 'from now';

/** How far the times of a call may be apart here and in the log, in ms: its durations are whole seconds, clocks differ. */
const CLOCK_MS = 5_000;

/**
 * Turns what the tracker tells into what one watcher is told: once, whatever process tells it. Events have the same ids
 * in every process, and what an earlier one has told is left out. Without I/O; what it knows is in its {@link Told}.
 */
export class Teller {
	/** Events as each granularity that is asked for sees them. */
	private readonly views: (event: CallEvent) => ViewedEvent[];

	/** What the calls of the tracker are called here, by the tracker's own key. */
	private readonly names = new Map<string, { callid: number; era: number }>();

	/** Calls that are gone, whose end waits for the call log. */
	private held: ToldCall[] = [];

	/** While it begins: stays that earlier processes have told of, by call and DN. */
	private readonly stays = new Map<string, string>();

	private readonly now: () => number;

	constructor(private readonly options: TellerOptions) {
		const { granularities, matches, now = Date.now } = options;
		this.now = now;
		const views: Array<(event: CallEvent) => ViewedEvent[]> = [];
		if (granularities.includes('call')) {
			const view = perCall(matches);
			views.push((event) => view(event).map((each) => ({ ...each, stay: WHOLE_CALL })));
		}
		if (granularities.includes('leg'))
			views.push(perExtension(matches, (event) => this.stayOf(event)));
		const waits = queueWaits();
		this.views = (event) => waits(event).flatMap((each) => views.flatMap((view) => view(each)));
	}

	/**
	 * Begins; called once, before all events.
	 *
	 * @param present what has happened to the legs that are there now, see `CallTracker.replay`
	 * @param holds whether the end of calls that are gone waits for {@link fillIn}, or for {@link endHeld}
	 * @returns what is to be told of it, and the end of the calls that are gone; and how many calls were told of at
	 *   another address, none of which is here: they are another PBX's, and are forgotten
	 */
	begin(
		present: readonly CallEvent[],
		beginning: Beginning = 'what was missed',
		holds = false,
	): { events: ToldEvent[]; foreign: number } {
		const { told } = this.options;
		if (beginning === 'from now') for (const call of told.open()) told.forget(call);
		const origin = told.hasBegun ? 'same' : told.origin;
		told.hasBegun = true;
		const isFirst = origin === 'new' || beginning === 'from now';
		const before = told.open();
		this.recognise(before, present);
		const isForeign = origin === 'other' && this.names.size === 0;
		if (isForeign) for (const call of before) told.forget(call);
		const there = new Set<ToldCall>();
		const news = present.flatMap((event) =>
			this.tell(event, {
				// Who is on the phone when somebody begins to listen is no news.
				isOld: (isFirst || isForeign) && event.leg.participant.status === STATUS.connected,
				there,
			}),
		);
		this.stays.clear();
		if (isForeign) return { events: news, foreign: before.length };
		const known = new Set([...this.names.values()].map((name) => told.nameOf(name)));
		const goOn = before.filter((call) => known.has(told.nameOf(call)));
		news.push(...this.leftMeanwhile(goOn, present));
		// A call may be there on legs that the watcher does not care for.
		const isThere = (call: ToldCall) =>
			there.has(call) || (call.stay === WHOLE_CALL && known.has(told.nameOf(call)));
		this.held = before.filter((call) => !isThere(call));
		return { events: holds ? news : [...news, ...this.endHeld()], foreign: 0 };
	}

	/** @returns what the watcher is told of an event. */
	take(event: CallEvent): ToldEvent[] {
		const events = this.tell(event);
		if (event.type === 'over') this.names.delete(event.call.key);
		return events;
	}

	/** @returns the end of all calls that are gone and whose end still waits. */
	endHeld(): ToldEvent[] {
		return this.held.splice(0).flatMap((call) => this.end(call));
	}

	/** When the oldest call began whose end waits for the call log, in ms since the epoch. */
	get heldSince(): number | undefined {
		const times = this.held.map(({ openedAt }) => openedAt).filter((at) => at !== undefined);
		return times.length > 0 ? Math.min(...times) : undefined;
	}

	/**
	 * Fills in what the call log says.
	 *
	 * @param logged calls that are over
	 * @param since calls that ended before were told in time, in ms since the epoch; so were those of which it is no
	 *   longer known, see {@link unsureUntil}
	 * @param tell whether of calls that nobody saw all events are told, or their end only
	 * @returns the end of calls that are gone, with its time, and the calls that nobody saw
	 */
	fillIn(logged: readonly LoggedCall[], since: number, tell: 'ended' | 'everything'): ToldEvent[] {
		const { told } = this.options;
		const matches = matchCalls(this.seen(), logged);
		return [...logged]
			.sort((a, b) => a.endedAt - b.endedAt)
			.flatMap((each) => {
				const seen = matches.get(each);
				if (seen) return seen.held.flatMap((call) => this.endLogged(call, each));
				if (each.endedAt < Math.max(since, this.unsureUntil)) return [];
				const ended = toEnded(each);
				const events = this.missed(each, tell);
				const last = events.pop();
				told.handOn(ended, last !== undefined);
				return last ? [...events, { ...last, closes: ended }] : [];
			});
	}

	/**
	 * Calls that ended before are taken for told where the log has them: so many have ended since that they are not known
	 * one by one. In ms since the epoch.
	 */
	get unsureUntil(): number {
		const { forgottenUntil } = this.options.told;
		return forgottenUntil === 0 ? 0 : forgottenUntil + CLOCK_MS;
	}

	/** All calls that the log may show and that are told, or will be, without it. */
	private seen(): SeenOrHeld[] {
		const { told } = this.options;
		const open = told.open().map((call) => ({
			name: told.nameOf(call),
			callid: call.callid,
			openedAt: call.openedAt,
			numbers: call.numbers,
			dns: [call.leg.dn],
			held: this.held.includes(call) ? [call] : [],
		}));
		const ended = told.known(this.now()).map((call) => ({ ...call, name: undefined, held: [] }));
		return oneForEachCall([...open, ...ended]);
	}

	private endLogged(call: ToldCall, logged: LoggedCall): ToldEvent[] {
		this.held = this.held.filter((each) => each !== call);
		const isWhole = call.stay === WHOLE_CALL;
		const ofLeg = ({ row }: LoggedLeg) =>
			row.DestinationDn === call.leg.dn || row.SourceDn === call.leg.dn;
		const legs = logged.legs.filter((leg) => !isWhole && ofLeg(leg));
		const { endedAt } = legs.at(-1) ?? logged;
		// Of a phone that the log does not name, it is not known that it took the call: another may have.
		const { answeredAt } =
			(isWhole ? logged : legs.find((leg) => leg.answeredAt !== undefined)) ?? {};
		call.answered ||= answeredAt !== undefined;
		call.answeredAt ??= answeredAt;
		if (!isWhole) call.leg = { ...call.leg, connected: call.answered };
		this.options.told.touch(call);
		return this.end(call, { at: endedAt, logged: logged.call });
	}

	/** A call that nobody saw. */
	private missed(logged: LoggedCall, tell: 'ended' | 'everything'): ToldEvent[] {
		const { granularities, matches } = this.options;
		const legs = eventsOf(logged).filter((event) => matches(event));
		// Whoever took the call stands for it.
		const one = legs.find(({ leg }) => leg.connected) ?? legs[0];
		const calls = one ? [{ ...one, at: logged.endedAt }] : [];
		const told = granularities.flatMap((granularity) =>
			(granularity === 'leg' ? legs : calls)
				.flatMap((event) => stepsOf(event, granularity))
				.filter(({ type }) => type === 'ended' || tell === 'everything')
				.filter(({ type }) => this.options.asked(type, granularity))
				.map((each) => ({ ...each, granularity, logged: logged.call })),
		);
		// Where phones and calls are told, what rang comes before the end of the call.
		return granularities.length > 1 ? told.sort((a, b) => a.at - b.at) : told;
	}

	/** Ticks an event off: it has been told for good. */
	settled({ ticks, closes, at }: ToldEvent): void {
		if (closes) this.options.told.noteEnded(closes);
		if (ticks) this.tick(ticks.call, ticks.step, at);
	}

	/** @param at when it happened, in ms since the epoch; its execution may have taken long */
	private tick(call: ToldCall, step: string, at: number): void {
		const { told } = this.options;
		call.given.delete(step);
		call.steps.add(step);
		if (step.startsWith(LEFT)) call.waits.delete(step.slice(LEFT.length));
		told.touch(call);
		if (step !== 'ended') return;
		const { callid, openedAt, leg } = call;
		told.forget(call);
		const { numbers } = call;
		told.noteEnded({ callid, openedAt, endedAt: at, numbers, dns: [leg.dn] });
	}

	/** Finds out which of the calls that were told of are those that are there. */
	private recognise(before: readonly ToldCall[], present: readonly CallEvent[]): void {
		const calls = new Map<string, CallEvent[]>();
		for (const event of present)
			calls.set(event.call.key, [...(calls.get(event.call.key) ?? []), event]);
		for (const call of before) {
			for (const [key, events] of calls) {
				if (events[0]!.call.id !== call.callid || !isSame(call, events)) continue;
				this.names.set(key, call);
				if (call.stay !== WHOLE_CALL && !call.given.has('ended'))
					this.stays.set(`${key} ${call.leg.dn}`, call.stay);
			}
		}
	}

	/** The callers who have left a queue while nobody listened, in calls that go on. */
	private leftMeanwhile(goOn: readonly ToldCall[], present: readonly CallEvent[]): ToldEvent[] {
		const legs = present.map(({ leg }) => leg);
		const there = new Set(legs.map(({ dn, participant }) => legKey(dn, participant.id)));
		return goOn.flatMap((call) => {
			const gone = waitsOf(call).filter((name) => !there.has(name));
			if (gone.length === 0) return [];
			const by = takenBy(
				legs.filter(({ participant }) => participant.callid === call.callid),
				undefined,
			);
			const outcome = by === undefined ? {} : ({ outcome: 'answered', by } as const);
			return gone.flatMap((name) =>
				this.give(call, leftEvent(this.lastOf(call), name, outcome), false),
			);
		});
	}

	private stayOf({ call, leg }: CallEvent): string | undefined {
		return this.stays.get(`${call.key} ${leg.dn}`);
	}

	private tell(
		event: CallEvent,
		{ isOld = false, there }: { isOld?: boolean; there?: Set<ToldCall> } = {},
	): ToldEvent[] {
		const { granularities, matches } = this.options;
		// A call that has shown nothing to tell so far, at a menu or the voicemail, is no call that nobody saw.
		const isNew = event.type !== 'over' && event.call.id !== 0 && !this.names.has(event.call.key);
		if (granularities.includes('call') && isNew && matches(event))
			this.callOf({ ...event, stay: WHOLE_CALL });
		return this.views(event).flatMap((each) => {
			const granularity = granularityOf(each);
			// Without a number it has no name that another process could know.
			if (each.call.id === 0)
				return this.options.asked(each.type, granularity) && !isOld
					? [{ ...each, granularity }]
					: [];
			const call = this.callOf(each);
			there?.add(call);
			return this.give(call, each, isOld);
		});
	}

	/** What is known of the call of an event, up to date. */
	private callOf({ leg, call, stay }: ViewedEvent): ToldCall {
		const { told } = this.options;
		const granularity = granularityOf({ stay });
		const name = this.names.get(call.key) ?? { callid: call.id, era: told.eraFor(call.id) };
		this.names.set(call.key, name);
		const known = told.find(name.callid, name.era, stay);
		const times =
			granularity === 'call' ? call : { openedAt: leg.openedAt, answeredAt: leg.connectedAt };
		const { dn, dnType, direction, connected, participant } = leg;
		const current: ToldCall = {
			callid: name.callid,
			era: name.era,
			stay,
			steps: known?.steps ?? new Set(),
			given: known?.given ?? new Set(),
			openedAt: known?.openedAt ?? times.openedAt,
			answeredAt: known?.answeredAt ?? times.answeredAt,
			answered: known?.answered === true || (granularity === 'call' ? call.answered : connected),
			queue: call.queue ?? known?.queue,
			did: call.did ?? known?.did,
			waits: known?.waits ?? new Set(),
			rang: withLatest(known?.rang ?? [], call.rang),
			agents: withLatest(known?.agents ?? [], call.agents),
			numbers: numbersOf(known?.numbers ?? [], participant.party_caller_id),
			leg: { dn, dnType, direction, connected, participant },
		};
		if (known) {
			Object.assign(known, current);
			told.touch(known);
			return known;
		}
		told.add(current);
		return current;
	}

	private give(call: ToldCall, event: CallEvent, isOld: boolean): ToldEvent[] {
		const { told } = this.options;
		const name = told.nameOf(call);
		const { step } = event;
		const granularity = granularityOf(call);
		const isAsked = this.options.asked(event.type, granularity);
		const named = { ...event, granularity, ...timed(call, event, name) };
		if (step === undefined)
			return isAsked && !isOld ? [{ ...named, id: `${name}/${event.id}` }] : [];
		if (call.steps.has(step) || call.given.has(step)) return [];
		if (step.startsWith(ENTERED)) call.waits.add(step.slice(ENTERED.length));
		if (isOld || !isAsked) {
			this.tick(call, step, event.at);
			return [];
		}
		call.given.add(step);
		const id = [name, call.stay, step].filter((part) => part !== '').join('/');
		return [{ ...named, id, ticks: { call, step } }];
	}

	/** A call that was there is gone, and callers who waited in it have left; the log may say since when. */
	private end(call: ToldCall, log?: { at: number; logged: Call }): ToldEvent[] {
		const ended = { ...this.lastOf(call), ...(log ? { at: log.at } : {}) };
		// The queue itself has picked up in any case.
		const outcome = log
			? ({ outcome: log.logged.answered ? 'answered' : 'abandoned' } as const)
			: {};
		const left = waitsOf(call).map((name) => leftEvent(ended, name, outcome));
		return [...left, ended].flatMap((event) =>
			this.give(call, event, false).map((each) => ({
				...each,
				...(log ? { logged: log.logged } : { isUnseen: true }),
			})),
		);
	}

	/** The end of a call as far as is known without seeing it. */
	private lastOf(call: ToldCall): CallEvent {
		const { openedAt, answeredAt, answered, queue, did, rang, agents, leg } = call;
		const key = this.options.told.nameOf(call);
		return {
			kind: 'call',
			id: key,
			step: 'ended',
			type: 'ended',
			at: this.now(),
			recovered: true,
			leg: { ...leg, openedAt, connectedAt: answeredAt, siblings: 0, seesParty: false },
			call: {
				id: call.callid,
				key,
				openedAt,
				answeredAt,
				answered,
				queue,
				rang,
				agents,
				did,
				legs: 0,
				over: true,
			},
		};
	}
}

/** The call by its name here, with the times that an earlier process saw. */
function timed(
	told: ToldCall,
	{ leg, call }: CallEvent,
	key: string,
): Pick<CallEvent, 'leg' | 'call'> {
	const { openedAt, answeredAt, queue, did, rang, agents } = told;
	const known = { key, queue, did, rang, agents };
	return granularityOf(told) === 'call'
		? { leg, call: { ...call, ...known, openedAt, answeredAt } }
		: { leg: { ...leg, openedAt, connectedAt: answeredAt }, call: { ...call, ...known } };
}

/** A call that the log may show: one that was told of, or goes on. */
interface SeenOrHeld extends SeenCall {
	/** Of one that goes on, see {@link Told.nameOf}. */
	name: string | undefined;
	/** What of it waits for the log to tell its end. */
	held: ToldCall[];
}

/**
 * Each phone in a call may have been told of on its own; in the call log they are one call. A PBX that restarts uses
 * numbers again, so only what overlaps in time is the same call.
 */
function oneForEachCall(all: readonly SeenOrHeld[]): SeenOrHeld[] {
	const byNumber = new Map<string, SeenOrHeld[]>();
	return all.filter((call) => {
		if (call.callid === 0) return true;
		const key = `${call.callid} ${call.isLogged === true}`;
		const known = byNumber.get(key) ?? [];
		byNumber.set(key, known);
		const same = known.find((other) => mayBeOne(call, other));
		if (!same) known.push(call);
		if (!same) return true;
		same.openedAt = earlier(same.openedAt, call.openedAt);
		// While one of them goes on, so does the call.
		same.endedAt = same.endedAt && call.endedAt && Math.max(same.endedAt, call.endedAt);
		same.numbers = [...new Set([...same.numbers, ...call.numbers])];
		same.dns = [...new Set([...same.dns, ...call.dns])];
		same.held.push(...call.held);
		return false;
	});
}

const mayBeOne = (one: SeenOrHeld, other: SeenOrHeld): boolean =>
	(one.name ?? other.name) === (other.name ?? one.name) &&
	(one.openedAt ?? 0) <= (other.endedAt ?? Infinity) + CLOCK_MS &&
	(other.openedAt ?? 0) <= (one.endedAt ?? Infinity) + CLOCK_MS;

const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
	one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/** Names the queues' legs in which callers waited and have not been told to have left. */
const waitsOf = ({ waits, given }: ToldCall): string[] =>
	[...waits].filter((name) => !given.has(LEFT + name));

/** The latest number, and those before it. */
const numbersOf = (before: readonly string[], number: string): string[] =>
	number === ''
		? [...before]
		: [number, ...before.filter((each) => each !== number)].slice(0, MAX_NUMBERS);

/** Whether a call that was told of is one that is there: the same leg, or the same party on the other side. */
function isSame({ leg }: ToldCall, events: readonly CallEvent[]): boolean {
	const before = leg.participant;
	const isLeg = ({ dn, id, legid }: Participant) =>
		dn === leg.dn && id === before.id && legid === before.legid;
	return events.some(({ leg: { participant } }) => {
		const { party_caller_id: number } = participant;
		const isParty = number === before.party_caller_id;
		return isParty && (number !== '' || isLeg(participant));
	});
}
