import { flatLeg } from './flatLeg';
import { directionOf, isExternal, isTalking, queueOf } from './legs';
import { STATUS, type DnState, type Participant } from '../rest/types';

/** Who started a call, and where it went. */
export type CallDirection = 'inbound' | 'outbound' | 'internal';

/**
 * Groups the legs of all DNs into calls: 3CX has legs only, which share a callid (protocol 3.5).
 *
 * @param dns answer of `GET /callcontrol`
 * @param defaultCountry ISO 3166 code of the country that local numbers belong to
 * @returns one object for each call, oldest first, with the legs that the API client may see
 */
export function liveCallsIn(dns: DnState[], defaultCountry?: string) {
	const types = new Map(dns.map(({ dn, type }) => [dn, type]));
	const calls = new Map<number, Participant[]>();
	for (const leg of dns.flatMap(({ participants }) => participants)) {
		calls.set(leg.callid, [...(calls.get(leg.callid) ?? []), leg]);
	}
	return [...calls.entries()]
		.sort(([a], [b]) => a - b)
		.map(([, legs]) => callOf(legs, types, defaultCountry));
}

function callOf(
	legs: Participant[],
	types: Map<string, string>,
	defaultCountry: string | undefined,
) {
	const byId = [...legs].sort((a, b) => a.legid - b.legid);
	const direction = directionOfCall(byId);
	// The leg that shows the outside party; within the company, the one that was called, which shows the caller.
	const leading =
		byId.find(isExternal) ?? byId.find((leg) => directionOf(leg) === 'inbound') ?? byId[0]!;
	const { callId, callerName, number, numberE164, numberNational, numberCountry, numberKind } =
		flatLeg(leading, { defaultCountry });
	const flat = byId.map((leg) => flatLeg(leg, { dnType: types.get(leg.dn), defaultCountry }));
	return {
		callId,
		direction,
		external: direction !== 'internal',
		status: statusOf(byId),
		answered: byId.some((leg) => isTalking(leg, types.get(leg.dn))),
		callerName,
		number,
		numberE164,
		numberNational,
		numberCountry,
		numberKind,
		did: flat.find(({ did }) => did !== null)?.did ?? null,
		queue: byId.map((leg) => queueOf(leg, types.get(leg.dn))).find(Boolean) ?? null,
		startedBy: flat[0]!.startedBy,
		extensions: [...new Set(byId.map(({ dn }) => dn))],
		legs: flat,
	};
}

/** A call is from outside unless somebody inside started it. */
function directionOfCall(legs: Participant[]): CallDirection {
	const external = legs.filter(isExternal);
	if (external.length === 0) return 'internal';
	return external.some((leg) => directionOf(leg) === 'outbound') ? 'outbound' : 'inbound';
}

/** The furthest that any leg has come. */
function statusOf(legs: Participant[]): string {
	const order: string[] = [STATUS.connected, STATUS.ringing, STATUS.dialing];
	return order.find((status) => legs.some((leg) => leg.status === status)) ?? legs[0]!.status;
}
