import type { Inbox } from '../waiting/inbox';

/** When enough digits have been entered. */
export interface DigitRules {
	/** The keys that end the entry and are not part of it; `''` for none. */
	terminator: string;
	/** Most digits. */
	max: number;
	/** How long to wait for the first one, in ms. */
	firstMs: number;
	/** How long to wait for each further one, in ms. */
	betweenMs: number;
}

/** What ended an entry. */
export type DigitsEnd = 'terminator' | 'maximum' | 'timeout' | 'callEnded';

/** What was entered. */
export interface Digits {
	digits: string;
	endedBy: DigitsEnd;
}

/**
 * Collects the keys that a caller presses.
 *
 * @param keys the keys, one each, as they come in
 * @param rules when it is enough
 * @param ended aborted when the call is over
 * @returns the digits, without the terminator
 */
export async function collectDigits(
	keys: Inbox<string>,
	{ terminator, max, firstMs, betweenMs }: DigitRules,
	ended: AbortSignal,
): Promise<Digits> {
	let digits = '';
	while (digits.length < max) {
		const key = await keys.next(digits === '' ? firstMs : betweenMs, ended);
		if (key === undefined) return { digits, endedBy: ended.aborted ? 'callEnded' : 'timeout' };
		if (terminator.includes(key)) return { digits, endedBy: 'terminator' };
		digits += key;
	}
	return { digits, endedBy: 'maximum' };
}
