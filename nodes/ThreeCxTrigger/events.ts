import { randomUUID } from 'node:crypto';
import type { INodePropertyOptions } from 'n8n-workflow';
import { directionOf } from '../../lib/callcontrol/calls/legs';
import { parseFrame } from '../../lib/callcontrol/link/frames';
import type { LinkState } from '../../lib/callcontrol/link/monitor';
import type { ToldEvent } from '../../lib/callcontrol/calls/teller';
import type {
	CallEvent,
	CallEventType,
	DeviceEvent,
	TrackerEvent,
} from '../../lib/callcontrol/calls/tracker';

/** The link to the PBX broke, or is back. */
export interface LinkEvent {
	kind: 'link';
	id: string;
	type: 'connectionLost' | 'connectionRestored';
	/** In ms since the epoch. */
	at: number;
	/** Why it broke. */
	reason?: string;
	/** How long it was down, in ms. */
	outageMs?: number;
}

/** A message of the Call Control socket as it came. */
export interface RawEvent {
	kind: 'raw';
	id: string;
	type: 'raw';
	/** In ms since the epoch. */
	at: number;
	/** The DN that it is about, where it names one. */
	dn?: string;
	message: unknown;
	/** What it takes while it waits, in bytes, about. */
	bytes: number;
}

/** Whatever happens, of calls on each leg. */
export type HappenedEvent = TrackerEvent | LinkEvent | RawEvent;

/** An event of a call. */
export type ToldCallEvent = ToldEvent & {
	/** The end of a call that nobody answered, for who has asked for missed calls. */
	isMissed?: boolean;
};

/** Whatever can start the workflow. */
export type TriggerEvent = Exclude<HappenedEvent, CallEvent> | ToldCallEvent;

type EventType = CallEventType | DeviceEvent['type'] | LinkEvent['type'] | RawEvent['type'];

/** An event that a person can choose. */
interface ChoosableEvent extends INodePropertyOptions {
	/** Value of the parameter, and `event` in the output. */
	value: string;
	/** What tracker and link call it; default `value`. */
	type?: EventType;
	/** Given up first when more events come than n8n can take. */
	sheddable?: boolean;
}

/** The end of a call that nobody answered. */
const MISSED = 'callMissed';

/** By name, as n8n shows longer lists. */
const EVENTS: ChoosableEvent[] = [
	{
		name: 'Call Answered',
		value: 'callAnswered',
		type: 'answered',
		description: 'Someone picks up',
	},
	{
		name: 'Call Dialing',
		value: 'callDialing',
		type: 'dialing',
		description: 'An extension starts a call',
	},
	{
		name: 'Call Ended',
		value: 'callEnded',
		type: 'ended',
		description: 'A call has ended; includes its duration and whether it was answered',
	},
	{
		name: 'Call Missed',
		value: MISSED,
		type: 'ended',
		description:
			'A call to an extension or a queue has ended and nobody answered it; comes instead of "Call Ended" if both are chosen',
	},
	{
		name: 'Call Parked',
		value: 'callParked',
		type: 'parked',
		description: 'A call is parked; the slot is in "parkedAt"',
	},
	{
		name: 'Call Picked Up From Parking',
		value: 'callPickedUp',
		type: 'pickedUp',
		description: 'Someone picks up a parked call',
	},
	{
		name: 'Call Ringing',
		value: 'callRinging',
		type: 'ringing',
		description: 'A phone starts to ring',
	},
	{
		name: 'Call Transferred',
		value: 'callTransferred',
		type: 'transferred',
		description: 'Someone picks up a transferred call',
	},
	{
		name: 'Caller Entered Queue',
		value: 'callerEnteredQueue',
		type: 'queueEntered',
		description:
			'A caller begins to wait in a queue; the API client must be allowed to see the queue',
	},
	{
		name: 'Caller Left Queue',
		value: 'callerLeftQueue',
		type: 'queueLeft',
		description:
			'An agent has answered, the caller has hung up, or the queue has sent the call on; includes how long the caller waited',
	},
	{
		name: 'Connection Lost',
		value: 'connectionLost',
		description: 'The connection to the phone system is lost; the trigger reconnects automatically',
	},
	{
		name: 'Connection Restored',
		value: 'connectionRestored',
		description: 'The connection to the phone system is restored; includes how long it was lost',
	},
	{
		name: 'Device Registered',
		value: 'deviceRegistered',
		description: 'A phone or app of an extension comes online',
	},
	{
		name: 'Device Unregistered',
		value: 'deviceUnregistered',
		description: 'A phone or app of an extension goes offline',
	},
	{
		name: 'Key Pressed',
		value: 'keyPressed',
		description: 'A caller presses a key, only in calls to the API client itself',
	},
	{
		name: 'Participant Changed',
		value: 'participantChanged',
		description: 'The state of a phone in a call changes; happens very often',
		sheddable: true,
	},
	{
		name: 'Prompt Finished',
		value: 'promptFinished',
		description: 'A prompt has finished playing, only in calls to the API client itself',
	},
	{
		name: 'Raw Message',
		value: 'raw',
		description: 'Every message from the phone system, unchanged; happens very often',
		sheddable: true,
	},
];

/** The choices of the Events field. */
export const eventOptions: INodePropertyOptions[] = EVENTS.map(({ name, value, description }) => ({
	name,
	value,
	description,
}));

/** Events of calls, which can be told for each call or for each phone in it; a missed call is told as its end is. */
export const callEventOptions: INodePropertyOptions[] = eventOptions.filter(
	({ value }) => /^call[A-Z]/.test(String(value)) && value !== MISSED,
);

const byType = new Map<string, ChoosableEvent>(
	EVENTS.filter(({ value }) => value !== MISSED).map((event) => [event.type ?? event.value, event]),
);

/** @returns what an event of a type is called in n8n. */
export const eventName = (type: EventType): string => byType.get(type)?.value ?? type;

/** @returns what an event is called in n8n. */
export const nameOf = (event: TriggerEvent): string =>
	event.kind === 'call' && event.isMissed ? MISSED : eventName(event.type);

/** @returns whether a person who has chosen these events wants to hear of those of a type */
export const isAsked = (chosen: ReadonlySet<string>, type: EventType): boolean =>
	chosen.has(eventName(type)) || (type === 'ended' && chosen.has(MISSED));

/**
 * What the end of a call is to a person who has chosen these events: a missed call, just its end, or nothing. Each end is
 * told once, so that nothing is told twice or lost between two executions.
 *
 * @param isListed whether the person listens to an extension
 * @returns the event to tell; undefined when it is not wanted
 */
export function asChosen(
	event: TriggerEvent,
	chosen: ReadonlySet<string>,
	isListed: (dn: string) => boolean,
): TriggerEvent | undefined {
	if (event.kind !== 'call' || event.type !== 'ended') return event;
	if (chosen.has(MISSED) && wasMissed(event, isListed)) return { ...event, isMissed: true };
	return chosen.has(eventName('ended')) ? event : undefined;
}

/** Whether somebody was called and nobody answered. Where nobody saw the end, nobody knows. */
function wasMissed(
	{ leg, call, granularity, isUnseen }: ToldEvent,
	isListed: (dn: string) => boolean,
): boolean {
	const ofCall = granularity === 'call';
	if (isUnseen || (ofCall ? call.answered : leg.connected)) return false;
	if (directionOf(leg.participant, leg.direction) === 'inbound') return true;
	// Within the phone system one call is an outgoing and an incoming one, and its end is told of either.
	return ofCall && call.rang.some(isListed);
}

/** @returns whether the event is dropped first when too many wait. */
export const isSheddable = (type: EventType): boolean => byType.get(type)?.sheddable === true;

/** Events with the same lane start executions one after the other: those of a call, of a phone, of the link. */
export function laneOf(event: TriggerEvent): string {
	switch (event.kind) {
		case 'call':
			return event.call.key;
		case 'device':
			return `device ${event.dn} ${event.deviceId}`;
		case 'raw':
			return `raw ${event.dn ?? ''}`;
		case 'link':
			return 'link';
	}
}

/** @returns the event of a link that goes down or is up again; undefined when it is up for the first time. */
export function linkEvent(state: LinkState): LinkEvent | undefined {
	if (state.online && state.outageMs === 0) return undefined;
	const type = state.online ? 'connectionRestored' : 'connectionLost';
	return {
		kind: 'link',
		id: `${type}@${randomUUID()}`,
		type,
		at: Date.now(),
		...(state.online ? { outageMs: state.outageMs } : { reason: state.error.message }),
	};
}

/** @returns the event of a message. */
export function rawEvent(text: string): RawEvent {
	const frame = parseFrame(text);
	return {
		kind: 'raw',
		id: `raw@${randomUUID()}`,
		type: 'raw',
		at: Date.now(),
		...('entity' in frame ? { dn: frame.entity.dn } : {}),
		message: parsed(text),
		bytes: 4 * text.length,
	};
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
