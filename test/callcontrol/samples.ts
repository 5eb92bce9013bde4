import type { ToldEvent } from '../../lib/callcontrol/calls/teller';
import type { Change, CallEvent, TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { readParticipant, type DnState, type Participant } from '../../lib/callcontrol/rest/types';

/** A leg as 3CX would send it: an outside caller on extension 100, unless said otherwise. */
export function leg(fields: Partial<Participant> = {}): Participant {
	return readParticipant({
		id: 1,
		status: 'Ringing',
		dn: '100',
		party_caller_name: 'Ada Lovelace',
		party_dn: '10000',
		party_caller_id: '+4930123456',
		party_dn_type: 'Wexternalline',
		device_id: 'sip:100@127.0.0.1:5483',
		callid: 7,
		legid: 2,
		...fields,
	})!;
}

export const upsert = (
	fields: Partial<Participant> = {},
	origin: Change['origin'] = 'live',
): Change => ({
	kind: 'upsert',
	participant: leg(fields),
	origin,
});

export const removed = (dn = '100', id = 1, origin: Change['origin'] = 'live'): Change => ({
	kind: 'remove',
	dn,
	id,
	origin,
});

/** The state of the PBX, from legs. */
export function state(legs: Participant[], types: Record<string, string> = {}): DnState[] {
	const dns = new Set([...Object.keys(types), ...legs.map(({ dn }) => dn)]);
	return [...dns].map((dn) => ({
		dn,
		type: types[dn] ?? 'Wextension',
		devices: [],
		participants: legs.filter((each) => each.dn === dn),
	}));
}

/** `100 ringing`, with `~` for recovered. */
export const short = (event: TrackerEvent): string => {
	const dn = event.kind === 'call' ? event.leg.dn : event.dn;
	return `${dn} ${event.recovered ? '~' : ''}${event.type}`;
};

export const isCall = (event: TrackerEvent): event is CallEvent => event.kind === 'call';

/** An event of that leg, before anybody has answered, unless said otherwise. */
export const callEvent = ({
	leg: legFields,
	call,
	...more
}: Partial<Omit<ToldEvent, 'leg' | 'call'>> & {
	leg?: Partial<CallEvent['leg']>;
	call?: Partial<CallEvent['call']>;
} = {}): ToldEvent => ({
	kind: 'call',
	granularity: 'call',
	id: 'event',
	type: 'ringing',
	at: 100_000,
	recovered: false,
	leg: {
		dn: '100',
		dnType: 'Wextension',
		direction: 'inbound',
		participant: leg(),
		connected: false,
		siblings: 0,
		seesParty: true,
		...legFields,
	},
	call: {
		id: 7,
		key: '7@x',
		answered: false,
		rang: [],
		agents: [],
		legs: 1,
		over: false,
		...call,
	},
	...more,
});
