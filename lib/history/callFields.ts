import { callKeyOf } from '../callKey';
import { normalise } from '../phone/e164';
import type { Call } from '../xapi/callLog';
import type { Entity } from '../xapi/entities';
import { loggedCall } from './missed';

/**
 * What items about finished calls have in common with those of live ones: the same names for the same things, so that a
 * workflow finds a call again by its key and its numbers, whichever node told of it.
 */

/**
 * @param call a call of the log
 * @param country ISO 3166 code of the country that local numbers belong to, where known
 * @returns the call without its legs; times in ISO 8601, `callKey` where the log has a number for it
 */
export function callFields(call: Call, country?: string) {
	const { callids, startedAt, answeredAt, endedAt } = loggedCall(call, 0);
	const { legs, ...fields } = call;
	// Under the name that it has in live events.
	delete fields.startTime;
	return {
		...fields,
		callKey: callKeyOf(
			callids.find((id) => id > 0),
			startedAt,
		),
		startedAt: iso(startedAt),
		answeredAt: iso(answeredAt),
		endedAt: iso(endedAt),
		fromE164: e164(call.from, country),
		toE164: e164(call.to, country),
		legCount: legs.length,
	};
}

/** `CallType` of `Recordings` in the words of all other items. */
const DIRECTIONS: ReadonlyMap<unknown, Call['direction']> = new Map([
	['Local', 'internal'],
	['InboundExternal', 'inbound'],
	['OutboundExternal', 'outbound'],
]);

/**
 * @param row a row of `Recordings`
 * @param country as above
 * @returns what is added to the row; it names no call, so it has no key: *Recording > Find for Call* finds it
 */
export function recordingFields(row: Entity, country?: string) {
	return {
		direction: DIRECTIONS.get(row.CallType) ?? null,
		startedAt: iso(Date.parse(String(row.StartTime))),
		endedAt: iso(Date.parse(String(row.EndTime))),
		fromE164: e164(row.FromCallerNumber, country),
		toE164: e164(row.ToCallerNumber, country),
	};
}

const iso = (ms: number | undefined): string | null =>
	ms !== undefined && ms > 0 ? new Date(ms).toISOString() : null;

const e164 = (number: unknown, country: string | undefined): string | null =>
	typeof number === 'string' ? (normalise(number, country).e164 ?? null) : null;
