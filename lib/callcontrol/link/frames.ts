import { own } from '../../own';
import { fieldsOf } from '../spelling';

/** Something that an event is about: a leg, a phone, or a whole DN. */
export type EventEntity =
	| { kind: 'participant'; dn: string; id: number }
	| { kind: 'device'; dn: string; id: string }
	| { kind: 'dn'; dn: string };

/** A leg's place in the PBX. */
export type ParticipantEntity = Extract<EventEntity, { kind: 'participant' }>;

/** What a message of the socket means. */
export type Frame =
	| { kind: 'upsert' | 'remove'; entity: EventEntity; sequence?: number }
	| { kind: 'keys'; entity: ParticipantEntity; digits: string; sequence?: number }
	| { kind: 'promptFinished'; entity: ParticipantEntity; sequence?: number }
	/** Understood, and of no interest: answers to requests over the socket, and event types of the future. */
	| { kind: 'other'; sequence?: number }
	/** Not understood: read the state from the PBX instead. */
	| { kind: 'malformed'; problem: string; sequence?: number };

/** `event_type` is a number on every PBX that was seen; names occur in documentation only (protocol 3.2, 8.3). */
const EVENT_TYPES: Record<string, 'upsert' | 'remove' | 'keys' | 'promptFinished' | 'other'> = {
	0: 'upsert',
	upsert: 'upsert',
	upset: 'upsert', // as the official enum spells it
	1: 'remove',
	remove: 'remove',
	2: 'keys',
	dtmfstring: 'keys',
	3: 'promptFinished',
	promptplaybackfinished: 'promptFinished',
	4: 'other',
	response: 'other',
};

/** Longest part of a message that a problem quotes, in characters. */
const QUOTE = 80;

/**
 * Reads one message of `/callcontrol/ws`: `{sequence, event: {event_type, entity, attached_data}}`.
 *
 * Keys may be snake case or Pascal case, numbers may be strings: 3CX has documented both (protocol 3.2).
 *
 * @param message the text of the message
 * @returns what it means; never throws
 */
export function parseFrame(message: string): Frame {
	const frame = fieldsOf(parseJson(message));
	if (!frame)
		return { kind: 'malformed', problem: `not a JSON object: ${message.slice(0, QUOTE)}` };
	const sequence = integer(frame.sequence);
	const malformed = (problem: string): Frame => ({ kind: 'malformed', problem, sequence });
	const event = fieldsOf(frame.event);
	if (!event) return malformed('no event in it');
	const type = String(event.eventtype ?? '')
		.trim()
		.toLowerCase();
	if (type === '') return malformed('no event_type in it');
	const kind = own(EVENT_TYPES, type) ?? 'other';
	if (kind === 'other') return { kind, sequence };
	const path = typeof event.entity === 'string' ? event.entity : '';
	const entity = parseEntity(path);
	if (!entity) return malformed(`no known entity: ${path.slice(0, QUOTE)}`);
	if (kind === 'upsert' || kind === 'remove') return { kind, entity, sequence };
	if (entity.kind !== 'participant') return malformed(`event type ${type} for a ${entity.kind}`);
	if (kind === 'promptFinished') return { kind, entity, sequence };
	const digits = fieldsOf(event.attacheddata)?.dtmfinput;
	if (typeof digits !== 'string' && typeof digits !== 'number')
		return malformed('no dtmf_input in it');
	return { kind, entity, digits: String(digits), sequence };
}

/**
 * @param path `/callcontrol/{dn}`, `/callcontrol/{dn}/participants/{id}` or `/callcontrol/{dn}/devices/{id}`
 * @returns what it names, segments decoded; undefined when it is none of these
 */
export function parseEntity(path: string): EventEntity | undefined {
	const [root, dn, list, id, ...rest] = path.replace(/^\//, '').split('/').map(decode);
	if (root?.toLowerCase() !== 'callcontrol' || !dn) return undefined;
	if (list === undefined) return { kind: 'dn', dn };
	if (!id) return undefined;
	// A SIP contact holds no slash unless its parameters do; whatever follows belongs to it.
	if (list === 'devices') return { kind: 'device', dn, id: [id, ...rest].join('/') };
	const number = integer(id);
	if (list !== 'participants' || number === undefined || rest.length > 0) return undefined;
	return { kind: 'participant', dn, id: number };
}

function parseJson(message: string): unknown {
	try {
		return JSON.parse(message);
	} catch {
		return undefined;
	}
}

function integer(value: unknown): number | undefined {
	if (typeof value !== 'number' && (typeof value !== 'string' || !/^\d+$/.test(value)))
		return undefined;
	const number = Number(value);
	return Number.isSafeInteger(number) ? number : undefined;
}

/** Percent-decoding that takes a lone `%` for itself. */
function decode(segment: string): string {
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment;
	}
}
