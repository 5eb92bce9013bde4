import type { Clock } from '../../waiting/clock';
import { Inbox } from '../../waiting/inbox';
import type { CallEvent } from './tracker';

/** The keys that the caller presses on one leg, and its end. */
export interface LegWatch {
	/** Every key, one each. */
	keys: Inbox<string>;
	/** Aborted by the first key that `stops`. */
	stopped: AbortSignal;
	/** Which key that was. */
	readonly stopKey: string | undefined;
	/** Aborted when the leg is gone. */
	ended: AbortSignal;
}

/**
 * Watches one leg of a route point; 3CX sends keys for no other legs (protocol 3.2).
 *
 * @param onEvent as `withCallEvents` gives it
 * @param whose which one; may be named later: nothing is heard of it before
 * @param stops whether a key is one that stops what is going on
 * @returns what it does from now on
 */
export function watchLeg(
	onEvent: (listener: (event: CallEvent) => void) => void,
	whose: { readonly dn: string; readonly id: number },
	stops: (key: string) => boolean,
	clock?: Clock,
): LegWatch {
	const keys = new Inbox<string>(clock);
	const stopped = new AbortController();
	const ended = new AbortController();
	let stopKey: string | undefined;
	onEvent(({ type, leg, digits = '' }) => {
		if (leg.dn !== whose.dn || leg.participant.id !== whose.id) return;
		if (type === 'ended') ended.abort();
		if (type !== 'keyPressed') return;
		// 3CX can send several keys at once.
		for (const key of digits) {
			keys.push(key);
			if (stopKey !== undefined || !stops(key)) continue;
			stopKey = key;
			stopped.abort();
		}
	});
	return {
		keys,
		stopped: stopped.signal,
		ended: ended.signal,
		get stopKey() {
			return stopKey;
		},
	};
}
