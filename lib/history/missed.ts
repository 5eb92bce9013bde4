import { durationSeconds } from '../xapi/duration';
import { isMachine, type Call } from '../xapi/callLog';
import type { Entity } from '../xapi/entities';

/**
 * Which calls of the call log are those that were seen live. 3CX documents no key that both have (protocol 8.10), so they
 * are told apart by who called whom and when; the number of the call helps where several fit.
 */

/** A call that was seen live. */
export interface SeenCall {
	/** Call Control's number of it. */
	callid: number;
	/** The number is the log's own: only the log has told of the call. */
	isLogged?: boolean;
	/** In ms since the epoch, by our clock, as far as known. */
	openedAt?: number;
	endedAt?: number;
	/** Numbers of the other side: one, more after transfers, none of a hidden caller. */
	numbers: readonly string[];
	/** DNs of this PBX that it was on. */
	dns: readonly string[];
}

/** A call of the log, by our clock. */
export interface LoggedCall {
	call: Call;
	/** `CallId` of its rows: perhaps Call Control's number. */
	callids: readonly number[];
	/** In ms since the epoch. */
	startedAt: number;
	endedAt: number;
	/** When a person took it first. */
	answeredAt?: number;
	legs: readonly LoggedLeg[];
}

export interface LoggedLeg {
	row: Entity;
	startedAt: number;
	answeredAt?: number;
	endedAt: number;
}

/**
 * @param call a whole call of the log
 * @param aheadMs how far the PBX's clock is ahead of ours
 */
export function loggedCall(call: Call, aheadMs: number): LoggedCall {
	const legs = call.legs.map((row) => loggedLeg(row, aheadMs));
	const answered = legs.find((leg) => leg.answeredAt !== undefined && !isMachine(leg.row));
	return {
		call,
		callids: [...new Set(call.legs.map(({ CallId }) => Number(CallId)))],
		startedAt: Math.min(...legs.map(({ startedAt }) => startedAt)),
		endedAt: Math.max(...legs.map(({ endedAt }) => endedAt)),
		...(answered ? { answeredAt: answered.answeredAt } : {}),
		legs,
	};
}

function loggedLeg(row: Entity, aheadMs: number): LoggedLeg {
	const startedAt = (Date.parse(String(row.StartTime)) || 0) - aheadMs;
	const rang = 1000 * (durationSeconds(row.RingingDuration) ?? 0);
	const talked = 1000 * (durationSeconds(row.TalkingDuration) ?? 0);
	return {
		row,
		startedAt,
		endedAt: startedAt + rang + talked,
		...(row.Answered === true ? { answeredAt: startedAt + rang } : {}),
	};
}

/** How far apart the times of the same call may be, in ms: clocks are read to the second, and phones are seen late. */
export const TOLERANCE_MS = 60_000;

/** A call that was on none of the DNs that are in the log is less likely to be it than one of so many ms later. */
const OTHER_DN_MS = 20_000;

/**
 * Finds the calls of the log that were seen: each call is one call of the log at most, the nearest in time first.
 *
 * @param toleranceMs how far apart the times may be
 * @returns the seen call of each call of the log that was seen
 */
export function matchCalls<Seen extends SeenCall>(
	seen: readonly Seen[],
	logged: readonly LoggedCall[],
	toleranceMs = TOLERANCE_MS,
): Map<LoggedCall, Seen> {
	// Thousands are compared with thousands: only those that may be each other.
	const byNumber = new Map<string, Seen[]>();
	const note = (key: string, call: Seen) => {
		const calls = byNumber.get(key);
		if (calls) calls.push(call);
		else byNumber.set(key, [call]);
	};
	for (const call of seen) {
		// Callers without a number can only be told by whom they called.
		const keys = call.numbers.length === 0 ? call.dns : call.numbers.map(numberKey);
		for (const key of new Set(keys)) note(key, call);
	}
	const pairs = logged.flatMap((call) => {
		const numbers = new Set(call.legs.flatMap(({ row }) => numbersOf(row)));
		const keys = new Set([...numbers].flatMap((number) => [number, numberKey(number)]));
		const candidates = new Set([...keys].flatMap((key) => byNumber.get(key) ?? []));
		return [...candidates].flatMap((each) => {
			const cost = distance(each, call, numbers, toleranceMs);
			return cost < Infinity ? [{ call, each, cost }] : [];
		});
	});
	const isShared = shareNumbers(pairs);
	const possible = pairs.filter((pair) => mayBeSame(pair, isShared));
	possible.sort((a, b) => a.cost - b.cost);
	const matches = new Map<LoggedCall, Seen>();
	const taken = new Set<Seen>();
	for (const { call, each } of possible) {
		if (matches.has(call) || taken.has(each)) continue;
		matches.set(call, each);
		taken.add(each);
	}
	return matches;
}

/** A call of the log and one that was seen, which may be the same. */
interface Pair {
	call: LoggedCall;
	each: SeenCall;
	/** How little they look alike; below 0 where they have the same number. */
	cost: number;
}

/** Whether the numbers of the calls do not speak against it, where they count alike. */
function mayBeSame({ call, each: { callid, isLogged } }: Pair, isShared: boolean): boolean {
	const isNumbered = callid > 0 && call.callids.some((id) => id > 0);
	return !isNumbered || !(isShared || isLogged) || call.callids.includes(callid);
}

/** Times that are as near as this leave little doubt, in ms. */
const NEAR_MS = 5_000;

/** So many calls are enough to see whether Call Control and the log number them alike, and of so many one may not fit. */
const ENOUGH_CALLS = 3;
const ONE_IN = 5;

/**
 * Whether the PBX numbers calls in the log as in Call Control: that is likely, but not documented (protocol 8.10), so
 * the calls that are the same beyond doubt are asked. Where it does, calls of other numbers cannot be the same.
 */
function shareNumbers(pairs: readonly Pair[]): boolean {
	const same = new Set<SeenCall>();
	const near = new Set<SeenCall>();
	for (const pair of pairs.filter(({ each }) => !each.isLogged)) {
		const isSame = pair.call.callids.includes(pair.each.callid);
		if (isSame) same.add(pair.each);
		else if (pair.each.callid > 0 && pair.cost <= NEAR_MS) near.add(pair.each);
	}
	const others = [...near].filter((each) => !same.has(each)).length;
	return same.size >= ENOUGH_CALLS && others * ONE_IN <= same.size;
}

/** How far apart the times are, in ms. */
function timeBetween({ openedAt, endedAt }: SeenCall, logged: LoggedCall, toleranceMs: number) {
	// It was there before we could see when it began: whatever fits better is taken for it.
	let apart = openedAt === undefined && endedAt === undefined ? toleranceMs : Infinity;
	if (openedAt !== undefined) {
		for (const { startedAt } of logged.legs)
			apart = Math.min(apart, Math.abs(startedAt - openedAt));
	}
	return endedAt === undefined ? apart : Math.min(apart, Math.abs(logged.endedAt - endedAt));
}

/** How little a seen call looks like one of the log that has its number; Infinity where it cannot be it. */
function distance(
	seen: SeenCall,
	logged: LoggedCall,
	numbers: ReadonlySet<string>,
	toleranceMs: number,
): number {
	const apart = timeBetween(seen, logged, toleranceMs);
	if (apart > toleranceMs) return Infinity;
	const isOnDn = seen.dns.some((dn) => numbers.has(dn));
	const cost = apart + (isOnDn ? 0 : OTHER_DN_MS);
	// Before all that have other numbers.
	return logged.callids.includes(seen.callid) ? cost - 2 * toleranceMs : cost;
}

const numbersOf = (row: Entity): string[] =>
	[
		row.SourceDn,
		row.SourceCallerId,
		row.DestinationDn,
		row.DestinationCallerId,
		row.actionDnDn,
	].filter((value) => typeof value === 'string');

/** Digits of the end that numbers in national and international notation have in common. */
const COMMON_DIGITS = 8;

/** @returns what all ways of writing a number have in common; of that itself, the same. */
export function numberKey(number: string): string {
	const digits = number.replace(/\D/g, '');
	return digits.slice(-COMMON_DIGITS) || number;
}

/** @returns whether two ways of writing a number mean the same. */
export const isSameNumber = (one: string, other: string): boolean =>
	numberKey(one) === numberKey(other);
