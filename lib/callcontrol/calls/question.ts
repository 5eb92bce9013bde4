import { collectDigits, type DigitRules, type Digits } from '../../audio/digits';
import { assertGoesOn } from '../../waiting/cancelled';
import { speak, type AudioLeg } from '../rest/audio';
import { watchLeg, type LegWatch } from './keyWatch';
import type { OnEvent } from './wait';

/** What is asked, and when it is enough. */
interface Prompted {
	/** Whole samples; without it, nothing is said. */
	prompt?: Buffer;
	rules: DigitRules;
	/** Aborted when nothing more will be heard. */
	lost: AbortSignal;
}

/**
 * Plays a prompt, which the first key stops, and collects the digits that are entered meanwhile and afterwards.
 *
 * @param leg a connected leg of a route point
 * @param watch what is heard of it, since before the prompt
 * @param how the prompt, and when it is enough
 * @returns the digits
 * @throws ThreeCxError of kind `cancelled`; the reason of `lost` where further keys would not be heard; and as `speak`
 */
export async function askForDigits(
	leg: AudioLeg,
	{ keys, stopped, ended }: Pick<LegWatch, 'keys' | 'stopped' | 'ended'>,
	{ prompt, rules, lost }: Prompted,
): Promise<Digits> {
	const { signal } = leg;
	if (prompt) await speak(leg, prompt, AbortSignal.any([stopped, ended]));
	const over = AbortSignal.any([ended, lost, ...(signal ? [signal] : [])]);
	const entered = await collectDigits(keys, rules, over);
	assertGoesOn(signal);
	if (lost.aborted && entered.endedBy === 'callEnded' && !ended.aborted) throw lost.reason as Error;
	return entered;
}

/** A question to somebody on the phone. */
export interface Question extends Prompted {
	prompt: Buffer;
	/** What counts as an answer; empty for whatever is entered. */
	valid: readonly string[];
	/** How often it is asked once more without an answer. */
	askAgain: number;
}

/** What came of a question: keys that are an answer, or are none, no keys at all, or the end of the call. */
export type Reply = 'answered' | 'invalidKeys' | 'noKeys' | 'hungUp';

/**
 * Asks until there is an answer, as often as the question says.
 *
 * @param leg a connected leg of a route point
 * @param onEvent as `withCallEvents` gives it
 * @param watch what is heard of the leg since before it was connected: an answer may be quicker than the question
 * @param question see there
 * @returns what came of it last
 * @throws as {@link askForDigits}
 */
export async function askQuestion(
	leg: AudioLeg,
	onEvent: OnEvent,
	watch: LegWatch,
	{ valid, askAgain, ...prompted }: Question,
): Promise<Digits & { reply: Reply }> {
	const { ended } = watch;
	let { keys, stopped } = watch;
	for (let asked = 0; ; asked++) {
		const entered = await askForDigits(leg, { keys, stopped, ended }, prompted);
		const { digits, endedBy } = entered;
		if (endedBy === 'callEnded') return { ...entered, reply: 'hungUp' };
		const isValid = valid.length === 0 || valid.includes(digits);
		if (digits !== '' && isValid) return { ...entered, reply: 'answered' };
		if (asked >= askAgain) return { ...entered, reply: digits === '' ? 'noKeys' : 'invalidKeys' };
		// What was pressed too much is no answer to what is asked now.
		({ keys, stopped } = watchLeg(onEvent, leg, () => true));
	}
}
