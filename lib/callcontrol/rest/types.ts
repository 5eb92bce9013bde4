import { fieldsOf } from '../spelling';

/**
 * What Call Control sends, under the names that 3CX gives it: lower-case, snake case (protocol 2.2, 2.3, 2.6). The readers
 * below accept whatever a PBX version sends and return complete objects, so that no other file has to doubt a field.
 */

/** The three states that a leg has ever been seen in. Anything else is passed on as it came. */
export const STATUS = { dialing: 'Dialing', ringing: 'Ringing', connected: 'Connected' } as const;

/** One side of a call on one DN: a leg. It has no timestamps, no direction and no hold flag. */
export interface Participant {
	/** Unique in its DN's list; used in paths. */
	id: number;
	/** One of {@link STATUS}. */
	status: string;
	/** The DN that owns this leg. */
	dn: string;
	/** Display name of the other side; `''` when there is none. */
	party_caller_name: string;
	/** DN of the other side: an extension, or the trunk for calls from and to outside. */
	party_dn: string;
	/** Number of the other side; E.164 for most calls from outside, an extension otherwise. */
	party_caller_id: string;
	/** The number that was dialled from outside; often empty on extension legs, filled on route points [uncertain]. */
	party_did: string;
	/** SIP contact of this leg's phone. */
	device_id: string;
	/** `Wextension`, `Wexternalline`, `Wqueue`... or `None` while the call is routed. */
	party_dn_type: string;
	/** Whether the API can answer on this phone: uaCSTA desk phones and route points. */
	direct_control: boolean;
	/** Who started the leg; the own DN on outgoing calls. The `*_by` fields are `''` and their types `None` if unset. */
	originated_by_dn: string;
	originated_by_type: string;
	/** Who transferred or forwarded the call here. */
	referred_by_dn: string;
	referred_by_type: string;
	/** On whose behalf it was forwarded. */
	on_behalf_of_dn: string;
	on_behalf_of_type: string;
	/** The same for all legs of one call, also across transfers. */
	callid: number;
	/** Number of the leg within its call. */
	legid: number;
	/** Newer versions only. */
	participant_uid?: string;
}

/** A registered phone or app of a DN. */
export interface Device {
	dn: string;
	/** SIP contact URI, such as `sip:200@192.168.27.40:5065`; apps show a loopback address. */
	device_id: string;
	/** What the phone says it is. */
	user_agent: string;
}

/** A DN that the API client may see, with its phones and legs. */
export interface DnState {
	dn: string;
	/** `Wextension`, `Wroutepoint`, `Wqueue`, `Wivr`, `Wparkextension`, `Wspecialmenu`, `Wexternalline`... */
	type: string;
	devices: Device[];
	participants: Participant[];
}

/** What makecall and the actions answer. */
export interface CallControlResult {
	/** Whether 3CX says that it did it; `finalstatus` comes as a word or as a number. */
	succeeded: boolean;
	/** Routing reason, such as `None` or `PhoneBusy`. */
	reason: string;
	/** 3CX's own explanation; `''` when there is none. */
	reasonText: string;
	/** The leg, where there is one: a makecall without device succeeds without naming it (protocol 2.6). */
	participant?: Participant;
}

const text = (value: unknown): string =>
	typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

const integer = (value: unknown): number | undefined => {
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
};

/** `Wextension` is written `extension` or `Extension` by some versions; the longer form is the one that we know. */
const dnType = (type: string): string =>
	type === '' || type === 'None' ? type : `W${type.replace(/^w/i, '').toLowerCase()}`;

/**
 * @param value a participant object of a Call Control answer
 * @returns it with every field present, or undefined when it has no usable `id`
 */
export function readParticipant(value: unknown): Participant | undefined {
	const leg = fieldsOf(value);
	const id = integer(leg?.id);
	if (!leg || id === undefined) return undefined;
	const type = (field: string) => dnType(text(leg[field])) || 'None';
	return {
		id,
		status: text(leg.status),
		dn: text(leg.dn),
		party_caller_name: text(leg.partycallername),
		party_dn: text(leg.partydn),
		party_caller_id: text(leg.partycallerid),
		party_did: text(leg.partydid),
		device_id: text(leg.deviceid),
		party_dn_type: type('partydntype'),
		direct_control: leg.directcontrol === true,
		originated_by_dn: text(leg.originatedbydn),
		originated_by_type: type('originatedbytype'),
		referred_by_dn: text(leg.referredbydn),
		referred_by_type: type('referredbytype'),
		on_behalf_of_dn: text(leg.onbehalfofdn),
		on_behalf_of_type: type('onbehalfoftype'),
		callid: integer(leg.callid) ?? 0,
		legid: integer(leg.legid) ?? 0,
		...(text(leg.participantuid) === '' ? {} : { participant_uid: text(leg.participantuid) }),
	};
}

/** @returns the device, or undefined when the value is none. */
export function readDevice(value: unknown): Device | undefined {
	const device = fieldsOf(value);
	if (!device || text(device.deviceid) === '') return undefined;
	return {
		dn: text(device.dn),
		device_id: text(device.deviceid),
		user_agent: text(device.useragent),
	};
}

/** @returns the DN with its readable devices and legs, or undefined when the value is none. */
export function readDn(value: unknown): DnState | undefined {
	const fields = fieldsOf(value);
	const dn = text(fields?.dn);
	if (!fields || dn === '') return undefined;
	return {
		dn,
		type: dnType(text(fields.type)),
		devices: readList(fields.devices, readDevice).map((device) => ({ ...device, dn })),
		participants: readList(fields.participants, readParticipant).map((leg) => ({ ...leg, dn })),
	};
}

/** @returns the readable ones of a JSON array; an empty list for anything else. */
export function readList<T>(value: unknown, read: (item: unknown) => T | undefined): T[] {
	return Array.isArray(value) ? value.map(read).filter((item) => item !== undefined) : [];
}

/**
 * @param value what makecall or an action answered. The body may be empty (3CX staff say so, protocol 2.1): the status
 *   below 300 is then the success.
 * @returns the result; numbers (1) and words (`Success`) are both in use for `finalstatus` (protocol 8.2)
 */
export function readResult(value: unknown): CallControlResult {
	const body = fieldsOf(value) ?? {};
	const status = text(body.finalstatus).toLowerCase();
	return {
		succeeded: status === '' || status === 'success' || status === '1',
		reason: text(body.reason),
		reasonText: text(body.reasontext),
		participant: readParticipant(body.result),
	};
}
