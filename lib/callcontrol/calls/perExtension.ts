import { legKey, type CallEvent, type CallEventType, type LegView } from './tracker';

/** What has been reported about an extension in a call. */
interface Seen {
	types: Set<CallEventType>;
	/** The leg that stands for the extension: the one that was picked up, else the latest. */
	leg: LegView;
	/** Names this stay of the extension in the call. */
	name: string;
}

/** Told once, however many phones an extension has. */
const ONCE = new Set<CallEventType>(['ringing', 'dialing', 'answered']);

/** An event of an extension, and which of its stays in the call it belongs to. */
export interface StayEvent extends CallEvent {
	stay: string;
}

/**
 * Looks at extensions instead of legs: one ringing for an extension with three phones, ended when the last of them has
 * stopped. An extension that is called a second time in the same call, by a queue that polls again, rings again.
 *
 * @param matches whether the watcher cares for the leg of an event
 * @param stayOf names the stay of an extension that an earlier process has told of, if it goes on
 * @returns a function that takes every event of the tracker, in order, and returns the events to report
 */
export function perExtension(
	matches: (event: CallEvent) => boolean,
	stayOf: (event: CallEvent) => string | undefined = () => undefined,
): (event: CallEvent) => StayEvent[] {
	/** By call, then by DN; a call that is over drops its extensions, also those whose end the filter left out. */
	const calls = new Map<string, Map<string, Seen>>();

	return (event) => {
		const { type, leg, call } = event;
		if (type === 'over') calls.delete(call.key);
		if (type === 'over' || !matches(event)) return [];
		const extensions = calls.get(call.key) ?? new Map<string, Seen>();
		calls.set(call.key, extensions);
		const seen = extensions.get(leg.dn) ?? {
			types: new Set(),
			leg,
			name: stayOf(event) ?? legKey(leg.dn, leg.participant.id),
		};
		const { name: stay } = seen;
		if (leg.connected || !seen.leg.connected) seen.leg = leg;
		if (type === 'ended') {
			if (leg.siblings > 0) return [];
			extensions.delete(leg.dn);
			return [{ ...event, leg: seen.leg, stay, step: type }];
		}
		extensions.set(leg.dn, seen);
		if (ONCE.has(type) && seen.types.has(type)) return [];
		seen.types.add(type);
		return [{ ...event, stay, ...(ONCE.has(type) ? { step: type } : {}) }];
	};
}
