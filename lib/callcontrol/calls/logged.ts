import { STATUS, readParticipant } from '../rest/types';
import type { LoggedCall, LoggedLeg } from '../../history/missed';
import { isMachine } from '../../xapi/callLog';
import type { EndedCall } from './told';
import { withLatest, type CallEvent, type Granularity } from './tracker';

/** Calls of the call log as events of calls that nobody saw. */

/** Call types of the log's rows as types of DNs; what is not here is taken for an extension. */
const DN_TYPES: Readonly<Record<string, string>> = {
	'digital receptionist': 'Wivr',
	external: 'Wexternalline',
	ivr: 'Wivr',
	parking: 'Wparkextension',
	queue: 'Wqueue',
	'ring group': 'Wringgroup',
	voicemail: 'Wspecialmenu',
};

const text = (value: unknown): string =>
	typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/**
 * @param logged a call that is over
 * @returns its end at each number of the PBX that it was on, in order; an extension that rang twice is there once, with
 *   the leg that it took
 */
export function eventsOf(logged: LoggedCall): CallEvent[] {
	const ends = logged.legs.flatMap((leg) => endsOf(logged, leg));
	const ofDn = new Map<string, CallEvent>();
	for (const event of ends) {
		const known = ofDn.get(event.leg.dn);
		if (!known || (event.leg.connected && !known.leg.connected)) ofDn.set(event.leg.dn, event);
	}
	return [...ofDn.values()];
}

/** A row is a leg from a source to a destination: one or both are numbers of the PBX. */
function endsOf(logged: LoggedCall, leg: LoggedLeg): CallEvent[] {
	const { row } = leg;
	const direction = text(logged.call.direction);
	const source = {
		dn: text(row.SourceDn),
		number: text(row.SourceCallerId) || text(row.SourceDn),
		name: text(row.SourceDisplayName),
	};
	const destination = {
		dn: text(row.DestinationDn),
		number: text(row.DestinationCallerId) || text(row.DestinationDn),
		name: text(row.DestinationDisplayName),
	};
	const type = DN_TYPES[text(row.CallType).toLowerCase()] ?? 'Wextension';
	const isFromOutside = direction === 'inbound';
	const isToOutside = direction === 'outbound';
	const called = event(logged, leg, 'inbound', type, destination, {
		...source,
		type: isFromOutside ? 'Wexternalline' : 'Wextension',
	});
	const caller = event(logged, leg, 'outbound', 'Wextension', source, {
		...destination,
		type: isToOutside ? 'Wexternalline' : type,
	});
	if (isToOutside) return [caller];
	return isFromOutside ? [called] : [called, caller];
}

interface End {
	dn: string;
	number: string;
	name: string;
}

function event(
	{ call, callids, startedAt, answeredAt, legs }: LoggedCall,
	leg: LoggedLeg,
	direction: 'inbound' | 'outbound',
	dnType: string,
	own: End,
	party: End & { type: string },
): CallEvent {
	const id = callids[0] ?? 0;
	const queue = legs.find(({ row }) => text(row.CallType).toLowerCase() === 'queue');
	const connected = leg.answeredAt !== undefined;
	const participant = readParticipant({
		id: 0,
		status: connected
			? STATUS.connected
			: direction === 'inbound'
				? STATUS.ringing
				: STATUS.dialing,
		dn: own.dn,
		party_caller_name: party.name,
		party_caller_id: party.number,
		party_dn: party.dn,
		party_dn_type: party.type,
		callid: id,
		originated_by_dn: direction === 'outbound' ? own.dn : '',
	})!;
	return {
		kind: 'call',
		id: `log ${call.callId}/${own.dn}`,
		type: 'ended',
		at: leg.endedAt,
		recovered: true,
		leg: {
			dn: own.dn,
			dnType,
			direction,
			participant,
			openedAt: leg.startedAt,
			connectedAt: leg.answeredAt,
			connected,
			siblings: 0,
			seesParty: false,
		},
		call: {
			id,
			key: `log ${call.callId}`,
			openedAt: startedAt,
			answeredAt,
			answered: call.answered,
			rang: extensionsIn(legs),
			agents: queue ? extensionsIn(legs.slice(legs.indexOf(queue))) : [],
			...(queue ? { queue: text(queue.row.DestinationDn) } : {}),
			legs: 0,
			over: true,
		},
	};
}

/** Extensions that were called, in order. */
const extensionsIn = (legs: readonly LoggedLeg[]): string[] =>
	withLatest(
		[],
		legs
			.filter(({ row }) => !isMachine(row) && text(row.CallType).toLowerCase() === 'extension')
			.map(({ row }) => text(row.DestinationDn)),
	);

/**
 * @param end the end of a call, or of an extension's part in it
 * @returns what led to it, in order: it rang or dialled, was answered, ended. The ids are the same wherever it is read.
 */
export function stepsOf(end: CallEvent, granularity: Granularity): CallEvent[] {
	const { leg, call } = end;
	const place = granularity === 'leg' ? end.id : call.key;
	const answeredAt = granularity === 'leg' ? leg.connectedAt : call.answeredAt;
	const step = (type: CallEvent['type'], at: number): CallEvent => ({
		...end,
		id: `${place}/${type}`,
		type,
		at,
	});
	const openedAt = (granularity === 'leg' ? leg.openedAt : call.openedAt) ?? end.at;
	return [
		step(leg.direction === 'outbound' ? 'dialing' : 'ringing', openedAt),
		...(answeredAt === undefined ? [] : [step('answered', answeredAt)]),
		step('ended', end.at),
	];
}

/** @returns what it takes to recognise it. */
export const toEnded = ({ call, callids, startedAt, endedAt, legs }: LoggedCall): EndedCall => ({
	callid: callids.find((id) => id > 0) ?? 0,
	isLogged: true,
	openedAt: startedAt,
	endedAt,
	numbers: [text(call.direction === 'outbound' ? call.to : call.from)].filter(Boolean),
	dns: [...new Set(legs.flatMap(({ row }) => [text(row.DestinationDn), text(row.SourceDn)]))]
		.filter((dn) => dn !== '')
		.slice(0, 4),
});
