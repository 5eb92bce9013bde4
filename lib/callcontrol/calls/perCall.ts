import { isTalking } from './legs';
import type { CallEvent, CallEventType, LegView } from './tracker';

/** What one watcher has seen of a call. */
interface Seen {
	types: Set<CallEventType>;
	/** The leg that stands for the call: the one that answered, else the latest. */
	leg: LegView;
	talked: boolean;
	/** Called phones that have not picked up yet. */
	ringing: Set<string>;
}

/** Told once in a call, however many phones it rings. */
const ONCE = new Set<CallEventType>(['ringing', 'dialing']);

/**
 * Looks at calls instead of legs: one ringing for a queue call that rings ten agents, answered when somebody talks
 * (not when a queue or menu picks up), ended when the last leg is gone, watched or not.
 *
 * @param matches whether the watcher cares for the leg of an event
 * @returns a function that takes every event of the tracker, in order, and returns what the watcher is told
 */
export function perCall(matches: (event: CallEvent) => boolean): (event: CallEvent) => CallEvent[] {
	const calls = new Map<string, Seen>();

	return (event) => {
		const { key, over } = event.call;
		const isMine = matches(event);
		const seen = isMine ? look(calls, event) : calls.get(key);
		if (event.type === 'ended') {
			if (!seen || !over) return [];
			calls.delete(key);
			return [{ ...event, leg: seen.leg }];
		}
		if (!seen || !isMine) return [];
		const answers = beginsToTalk(event, seen);
		if (answers) {
			seen.talked = true;
			seen.leg = event.leg;
		}
		if (event.type === 'answered') return answers ? [event] : [];
		if (ONCE.has(event.type) && seen.types.has(event.type)) return [];
		seen.types.add(event.type);
		// Who waits in a queue is connected all the time; that an agent has answered shows as a change of the party.
		return answers ? [{ ...event, type: 'answered', id: `${event.id}.answered` }, event] : [event];
	};
}

/**
 * Whether this is the moment when the call is answered. The caller's own leg is connected, too, when somebody inside
 * picks up: as long as a watched phone rings, the caller is not the one who answered.
 */
function beginsToTalk({ leg }: CallEvent, seen: Seen): boolean {
	if (seen.talked || !isTalking(leg.participant, leg.dnType)) return false;
	return leg.direction === 'inbound' || seen.ringing.size === 0;
}

/** Notes what an event says about the watched legs of its call. */
function look(calls: Map<string, Seen>, { type, leg, call }: CallEvent): Seen {
	const seen = calls.get(call.key) ?? {
		types: new Set(),
		leg,
		talked: false,
		ringing: new Set<string>(),
	};
	if (!seen.talked) seen.leg = leg;
	const name = `${leg.dn}/${leg.participant.id}`;
	if (leg.direction === 'inbound' && !leg.connected && type !== 'ended') seen.ringing.add(name);
	else seen.ringing.delete(name);
	calls.set(call.key, seen);
	return seen;
}
