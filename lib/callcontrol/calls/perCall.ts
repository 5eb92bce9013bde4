import { isProgram, isTalking } from './legs';
import type { CallEvent, CallEventType, LegView } from './tracker';

/** Who can answer: a person, or a program (an API client, a call flow) that may pass the call on to one. */
type Answerer = 'person' | 'program';

/** What one watcher has seen of a call. */
interface Seen {
	/** What has been reported about the call. */
	types: Set<CallEventType>;
	/** The leg that stands for the call: the one that took it last, else the latest. */
	leg: LegView;
	/** Whose answer has been told. */
	answered: Set<Answerer>;
	/** Legs of the call where somebody talks now, the watcher's own and others. */
	talking: Map<string, { leg: LegView; isMine: boolean }>;
}

/** Told once in a call, however many phones it rings. */
const ONCE = new Set<CallEventType>(['ringing', 'dialing']);

/** With these, somebody has the call who did not have it before. */
const TAKES = new Set<CallEventType>(['transferred', 'pickedUp']);

/** Events that cannot be an answer: for a phone that is first seen connected, ringing is reported first. */
const BEFORE_ANSWER = new Set<CallEventType>(['ringing', 'dialing']);

/**
 * Looks at calls instead of legs: one ringing for a queue call that rings ten agents one after the other, answered when
 * somebody talks (not when a queue or menu picks up), ended when the call is over, watched or not.
 *
 * A program that picks up is reported as answered, and so is the person to whom it transfers the call.
 *
 * @param matches whether the watcher cares for the leg of an event
 * @returns a function that takes every event of the tracker, in order, and returns the events to report
 */
export function perCall(matches: (event: CallEvent) => boolean): (event: CallEvent) => CallEvent[] {
	const calls = new Map<string, Seen>();

	return (event) => {
		const { key } = event.call;
		const { type } = event;
		const isMine = type !== 'over' && matches(event);
		const seen = isMine ? look(calls, event) : calls.get(key);
		if (!seen) return [];
		if (type === 'over') {
			calls.delete(key);
			return [{ ...event, type: 'ended', step: 'ended', leg: seen.leg }];
		}
		note(seen, event, isMine);
		if (isMine && TAKES.has(type)) {
			seen.leg = event.leg;
			// The watcher learns of a call that others have answered.
			if (seen.types.size === 0) seen.answered.add('person');
		}
		const step = ONCE.has(type) ? { step: type } : {};
		const told = isMine && isTold(seen, type) ? [{ ...event, ...step }] : [];
		for (const { type: each } of told) seen.types.add(each);
		const answer = BEFORE_ANSWER.has(type) ? undefined : answerIn(seen);
		if (!answer) return told;
		const answerer = answererOf(answer);
		seen.answered.add(answerer);
		seen.leg = answer;
		const id = type === 'answered' ? event.id : `${event.id}.answered`;
		return [
			{ ...event, id, step: `answered by ${answerer}`, type: 'answered', leg: answer },
			...told,
		];
	};
}

/** Whether an event of a leg is one of the call: the legs' own ends and answers are not. */
const isTold = ({ types }: Seen, type: CallEventType): boolean =>
	type !== 'ended' && type !== 'answered' && !(ONCE.has(type) && types.has(type));

function look(calls: Map<string, Seen>, { leg, call }: CallEvent): Seen {
	const known = calls.get(call.key);
	if (known) {
		if (known.answered.size === 0) known.leg = leg;
		return known;
	}
	const seen: Seen = { types: new Set(), leg, answered: new Set(), talking: new Map() };
	calls.set(call.key, seen);
	return seen;
}

/** Keeps account of who talks. */
function note({ talking }: Seen, { type, leg }: CallEvent, isMine: boolean): void {
	const name = `${leg.dn}/${leg.participant.id}`;
	if (type !== 'ended' && isTalking(leg.participant, leg.dnType))
		talking.set(name, { leg, isMine });
	else talking.delete(name);
}

/**
 * The leg whose answer is to be told now. Whoever was called has answered; the caller's own leg is connected as well, or
 * even before, so it stands for the answer only where the other side is out of sight or not the watcher's.
 */
function answerIn({ talking, answered }: Seen): LegView | undefined {
	const legs = [...talking.values()];
	const open = ({ leg }: { leg: LegView }) =>
		!answered.has('person') && !answered.has(answererOf(leg));
	const mine = legs.filter((each) => each.isMine && open(each));
	const called = mine.find(({ leg }) => leg.direction === 'inbound');
	if (called) return called.leg;
	const isAnswered = ({ leg }: { leg: LegView }) =>
		!leg.seesParty || legs.some((other) => other.leg.dn === leg.participant.party_dn);
	// Whoever took a call that rang elsewhere has a later leg than the one who called.
	return mine
		.filter(isAnswered)
		.sort((a, b) => b.leg.participant.legid - a.leg.participant.legid)[0]?.leg;
}

/** Who has answered where this leg talks: the one on it, or for the caller's own leg the one on the other side. */
const answererOf = ({ direction, dnType, participant }: LegView): Answerer =>
	isProgram(direction === 'inbound' ? dnType : participant.party_dn_type) ? 'program' : 'person';
