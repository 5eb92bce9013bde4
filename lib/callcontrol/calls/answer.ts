import { linkBroke } from '../../http/networkErrors';
import { ThreeCxError } from '../../http/errors';
import { systemClock, type Clock } from '../../waiting/clock';

/**
 * What 3CX's answer to a transfer or route says: somebody, or something, took the call there; nobody did, and why where it
 * is known; it was refused before anything happened; or there is no answer, so that nobody can say (`noNews`).
 */
export type Word = 'taken' | 'returned' | 'busy' | 'unavailable' | 'refused' | 'noNews';

/** An answer that comes when the outcome is known, which may take as long as a phone rings (protocol 2.5). */
export interface PendingAnswer {
	/** Aborted when it has come. */
	arrived: AbortSignal;
	/** What it says, once it has come. */
	readonly word: Word | undefined;
	/** How long it took, in ms, once it has come. */
	readonly tookMs: number;
	/** With it came this error: to be thrown where it was `refused`. */
	readonly error: unknown;
}

/**
 * Codes and words for each reason. 3CX documents routing reasons; one of its own clients looks for "busy" and
 * "unavailable" in the text (protocol 2.5).
 */
const REASONS: Array<[RegExp, Word]> = [
	[/busy/i, 'busy'],
	[
		/unavailable|not ?available|not ?registered|unreachable|offline|no ?destinations?/i,
		'unavailable',
	],
];

/**
 * @param error what a transfer or route ended with
 * @returns what it says about the call
 */
export function wordOf(error: unknown): Word {
	if (!(error instanceof ThreeCxError)) return 'refused';
	const { status, code, said, kind } = error;
	// A gateway in front of the PBX gave up, the link broke, or time ran out: the PBX may well go on.
	if (status === 504 || (status === undefined && (kind === 'timeout' || linkBroke(error)))) {
		return code === 'UND_ERR_CONNECT_TIMEOUT' ? 'refused' : 'noNews';
	}
	const text = `${code ?? ''} ${said ?? ''}`;
	const known = REASONS.find(([pattern]) => pattern.test(text))?.[1];
	const hasFailed = status === 424 || (status !== undefined && status < 300);
	if (hasFailed) return known ?? 'returned';
	// These are about the request, whatever their words.
	const isRefusal = status === undefined || [400, 401, 403, 404].includes(status) || status >= 500;
	return isRefusal ? 'refused' : (known ?? 'refused');
}

/**
 * @param answer of 3CX, to come
 * @returns it, for {@link waitFor}; its failure counts as dealt with
 */
export function pendingAnswer(answer: Promise<unknown>, clock: Clock = systemClock): PendingAnswer {
	const arrived = new AbortController();
	const startedAt = clock.now();
	let word: Word | undefined;
	let tookMs = 0;
	let failure: unknown;
	const settle = (says: Word) => {
		word = says;
		tookMs = clock.now() - startedAt;
		arrived.abort();
	};
	answer.then(
		() => settle('taken'),
		(error: unknown) => {
			failure = error;
			settle(wordOf(error));
		},
	);
	return {
		arrived: arrived.signal,
		get word() {
			return word;
		},
		get tookMs() {
			return tookMs;
		},
		get error() {
			return failure;
		},
	};
}
