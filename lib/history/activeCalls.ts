import type { PbxClient } from '../http/client';
import type { CallEvent } from '../callcontrol/calls/tracker';
import { XAPI, type Entity } from '../xapi/entities';

/** What the PBX says about a call that goes on, by our clock, in ms since the epoch (protocol 4.6). */
export interface ActiveTimes {
	/** When two ends were connected. */
	establishedAt?: number;
	/** When it last changed. */
	changedAt?: number;
	isTalking: boolean;
}

/** The calls that go on, as XAPI has them. */
export interface ActiveCalls {
	/** By `Id`, which is probably Call Control's `callid` (protocol 8.10). */
	calls: ReadonlyMap<number, ActiveTimes>;
	/** How far the PBX's clock is ahead of ours, in ms. */
	aheadMs: number;
}

/** Differences below this are those of the network, in ms. */
const SAME_CLOCK_MS = 3_000;

/**
 * Reads when the calls that go on were answered and last changed, and what the PBX's clock says.
 *
 * @param now our clock, in ms since the epoch
 * @throws ThreeCxError of kind `forbidden` where the API client has no role that may read them
 */
export async function readActiveCalls(
	client: PbxClient,
	now: () => number = Date.now,
): Promise<ActiveCalls> {
	const { body, headers } = await client.request<{ value?: unknown }>({
		method: 'GET',
		path: `${XAPI}/ActiveCalls`,
	});
	const rows = Array.isArray(body?.value) ? (body.value as Entity[]) : [];
	const clock = timeOf(rows[0]?.ServerNow) ?? timeOf(headers.date) ?? now();
	const ahead = clock - now();
	const aheadMs = Math.abs(ahead) < SAME_CLOCK_MS ? 0 : ahead;
	const ours = (value: unknown) => {
		const at = timeOf(value);
		return at === undefined ? undefined : at - aheadMs;
	};
	const calls = rows.map(({ Id, EstablishedAt, LastChangeStatus, Status }) => {
		const times: ActiveTimes = {
			establishedAt: ours(EstablishedAt),
			changedAt: ours(LastChangeStatus),
			isTalking: Status === 'Talking',
		};
		return [Number(Id), times] as const;
	});
	return { calls: new Map(calls), aheadMs };
}

/**
 * Adds to what has happened to legs when it happened, where they were there before we could see them.
 *
 * @param present as the tracker replays it: what rings counts as opened when it was first seen
 * @returns the same events with times that are known better
 */
export function withTimes(present: readonly CallEvent[], { calls }: ActiveCalls): CallEvent[] {
	return present.map((event) => {
		const { call, leg } = event;
		const times = calls.get(call.id);
		if (!times) return event;
		const answeredAt = call.answeredAt ?? (call.answered ? times.establishedAt : undefined);
		// What changed last on a call that rings is that it began to.
		const rangAt = times.isTalking || call.answered ? undefined : times.changedAt;
		const openedAt = earliest(call.openedAt, rangAt);
		return {
			...event,
			call: { ...call, openedAt, answeredAt },
			leg: {
				...leg,
				openedAt: leg.connected ? leg.openedAt : earliest(leg.openedAt, rangAt),
				connectedAt: leg.connectedAt ?? (leg.connected ? times.establishedAt : undefined),
			},
		};
	});
}

const earliest = (...times: Array<number | undefined>): number | undefined => {
	const known = times.filter((at) => at !== undefined);
	return known.length > 0 ? Math.min(...known) : undefined;
};

/** 3CX writes the year 1 for "never". */
const timeOf = (value: unknown): number | undefined => {
	const ms = Date.parse(String(value));
	return ms > 0 ? ms : undefined;
};
