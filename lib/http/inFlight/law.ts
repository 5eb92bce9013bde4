/**
 * The law by which the number of requests in flight to one PBX is chosen, without clock or socket: a state, and what
 * each piece of news makes of it.
 *
 * How long an answer takes is compared with what such answers take while the PBX is asked gently (`baseline.ts`). As
 * long as they are as quick, more requests are sent at a time: twice as many at first, one more once an upper end has
 * been found. When they are slower, requests queue inside the PBX, and sending fewer of them brings the same number of
 * answers sooner: if twenty take twice as long, ten are what it can do.
 */

/** Requests in flight with which every PBX begins; also what is gentle enough to learn from. */
export const START = 4;

/** The most that are in flight to one PBX: a large workflow must not crowd out the phones. */
export const MOST = 16;

/** Slow answers alone never bring fewer in flight than this; refusals and time-outs go down to 1. */
const FEWEST_WHEN_SLOW = 2;

/** Natural logarithms of how much longer answers take than gentle ones, below which they are steady. */
const STEADY = Math.log(1.08);
/** From here on answers are slow. */
const SLOW = Math.log(1.15);
/** From here on they are so slow that even {@link START} requests may be too many. */
const VERY_SLOW = Math.log(2);

/** Answers without which nothing is decided. */
const FEWEST_ANSWERS = 4;
/** After so many the mean decides, however widely they are scattered. */
const MOST_ANSWERS = 64;
/** How sure a decision is: standard errors between the mean and the threshold. */
const CERTAINTY = 2.5;
/** Answers are never taken for less scattered than this (standard deviation of the logarithm). */
const LEAST_SCATTER = 0.02;

/** Rounds of steady answers before a number is tried again that was too high, and the most after several failures. */
const PATIENCE = { first: 4, most: 64 };

/** No growth after a refusal or time-out, in ms. A `Retry-After` may make it longer, up to `most`. */
const HELD_MS = { least: 1_000, most: 60_000 };

/** Time without requests after which half of what was learned about the limit is forgotten, in ms. */
const HALF_LIFE_MS = 60_000;

/** Answers since the last change of the limit. */
interface Seen {
	/** How many. */
	count: number;
	/** Mean of the logarithms of how much longer they took than gentle ones. */
	mean: number;
	/** Sum of their squared deviations. */
	squares: number;
	/** Sum of the requests that were in flight when each was sent. */
	inFlight: number;
}

const NOTHING_SEEN: Seen = { count: 0, mean: 0, squares: 0, inFlight: 0 };

/** What is known of how many requests a PBX can take. Times are in ms of one clock. */
export interface LimitState {
	/** Requests that may be in flight: a whole number from 1 to {@link MOST}. */
	limit: number;
	/** By how much it grows next; doubles with each success. */
	step: number;
	/** The number at which answers were too slow last; infinite when there is none. */
	ceiling: number;
	/** Rounds to wait below the ceiling. */
	patience: number;
	/** Answers since the limit fell. */
	sinceFall: number;
	/** Answers to requests sent before this moment say nothing about the limit. */
	changedAt: number;
	/** When it fell last: one overload refuses many requests, and counts once. */
	fellAt: number;
	/** No growth until then. */
	heldUntil: number;
	seen: Seen;
}

/** Nothing is known yet. */
export const INITIAL: LimitState = {
	limit: START,
	step: Infinity,
	ceiling: Infinity,
	patience: PATIENCE.first,
	sinceFall: 0,
	changedAt: -Infinity,
	fellAt: -Infinity,
	heldUntil: -Infinity,
	seen: NOTHING_SEEN,
};

/** A good answer of a kind that is known. */
export interface AnswerNews {
	/** Natural logarithm of how much longer it took than gentle ones; 0 when it took as long. */
	excess: number;
	/** Requests in flight when it was sent, itself included. */
	inFlight: number;
	/** When its request was sent. */
	sentAt: number;
	/** When it came. */
	at: number;
	/** Whether the limit may grow: false while a kind of request is being learned. */
	mayGrow?: boolean;
}

/** A good answer has come. */
export function answered(state: LimitState, news: AnswerNews): LimitState {
	if (news.sentAt < state.changedAt) return state;
	const sinceFall = Math.min(state.sinceFall + 1, Number.MAX_SAFE_INTEGER);
	const next = { ...state, sinceFall, seen: withAnswer(state.seen, news) };
	const { count, mean, inFlight } = next.seen;
	if (count < FEWEST_ANSWERS) return next;
	const isPatient = count < MOST_ANSWERS;
	const doubt = isPatient ? CERTAINTY * standardError(next.seen) : 0;
	if (mean - doubt > SLOW) return slowed(next, mean, inFlight / count, news.at);
	// While the first upper end is looked for, everything that is not slow is good enough.
	const isSearching = state.step > state.limit;
	if (mean + doubt <= (isSearching ? SLOW : STEADY)) return steady(next, inFlight / count, news);
	return isPatient ? next : { ...next, seen: NOTHING_SEEN };
}

function withAnswer(seen: Seen, { excess, inFlight }: AnswerNews): Seen {
	const count = seen.count + 1;
	const mean = seen.mean + (excess - seen.mean) / count;
	return {
		count,
		mean,
		squares: seen.squares + (excess - seen.mean) * (excess - mean),
		inFlight: seen.inFlight + inFlight,
	};
}

const standardError = ({ count, squares }: Seen) =>
	Math.max(LEAST_SCATTER, Math.sqrt(squares / (count - 1))) / Math.sqrt(count);

/** Answers are slow: as many as came in the time of a gentle one are what the PBX can do. */
function slowed(state: LimitState, excess: number, inFlight: number, at: number): LimitState {
	const { limit } = state;
	const floor = excess > VERY_SLOW ? FEWEST_WHEN_SLOW : START;
	const target = Math.max(floor, Math.min(limit - 1, Math.floor(inFlight / Math.exp(excess))));
	if (target >= limit) return { ...state, seen: NOTHING_SEEN };
	return fallen(state, target, at);
}

/** Answers are as quick as gentle ones: more may be tried, provided that the limit was used at all. */
function steady(
	state: LimitState,
	inFlight: number,
	{ at, mayGrow = true }: AnswerNews,
): LimitState {
	const { limit, heldUntil } = state;
	// The PBX now takes more than before: increase one step at a time.
	const isPast = limit >= state.ceiling;
	const past = isPast ? { ceiling: Infinity, patience: PATIENCE.first, step: 1 } : {};
	const heard = { ...state, ...past, seen: NOTHING_SEEN };
	const { step, ceiling, patience, sinceFall } = heard;
	// A limit that was not reached has not been tried.
	if (!mayGrow || limit >= MOST || at < heldUntil || inFlight < limit * 0.75) return heard;
	const isWorthATry = sinceFall >= patience * limit;
	const highest = isWorthATry ? ceiling : Math.max(limit, ceiling - 1);
	const grown = Math.min(limit + Math.min(step, limit), highest, MOST);
	if (grown <= limit) return heard;
	return { ...heard, limit: grown, step: step * 2, changedAt: at };
}

function fallen(state: LimitState, limit: number, at: number): LimitState {
	const isRepeated = state.limit >= state.ceiling;
	return {
		...state,
		limit,
		step: 1,
		ceiling: state.limit,
		patience: isRepeated ? Math.min(state.patience * 2, PATIENCE.most) : PATIENCE.first,
		sinceFall: 0,
		changedAt: at,
		fellAt: at,
		seen: NOTHING_SEEN,
	};
}

/** The PBX has refused a request for want of time (429, 503, 504), or has not answered in time. */
export interface OverloadNews {
	/** When the request was sent. */
	sentAt: number;
	/** When it failed. */
	at: number;
	/** The wait that the PBX asks for, in ms. */
	retryAfterMs?: number;
}

/** A request was refused or timed out: half as many from now on, and no growth for a while. */
export function overloaded(
	state: LimitState,
	{ sentAt, at, retryAfterMs = 0 }: OverloadNews,
): LimitState {
	const hold = Math.min(Math.max(HELD_MS.least, retryAfterMs), HELD_MS.most);
	const heldUntil = Math.max(state.heldUntil, at + hold);
	if (sentAt < state.fellAt) return { ...state, heldUntil };
	return { ...fallen(state, Math.max(1, Math.floor(state.limit / 2)), at), heldUntil };
}

/** A new kind of request, which may be a heavy one: restart the search at a low limit. */
export function unknownSent(state: LimitState, at: number): LimitState {
	if (state.limit <= START && state.step === Infinity) return state;
	const limit = Math.min(state.limit, START);
	return { ...state, limit, step: Infinity, ceiling: Infinity, changedAt: at, seen: NOTHING_SEEN };
}

/** There were no requests for so many ms: what was learned counts the less, the longer ago it was. */
export function rested(state: LimitState, idleMs: number): LimitState {
	const share = 0.5 ** (Math.max(0, idleMs) / HALF_LIFE_MS);
	const limit = Math.round(START + (state.limit - START) * share);
	if (idleMs < HALF_LIFE_MS) return { ...state, limit, seen: NOTHING_SEEN };
	const { changedAt, fellAt, heldUntil } = state;
	return { ...INITIAL, limit, changedAt, fellAt, heldUntil };
}
