import type { INodePropertyOptions } from 'n8n-workflow';
import type { CallEventType } from '../../lib/callcontrol/tracker';

/** An event that a person can choose. */
interface ChoosableEvent extends INodePropertyOptions {
	/** Value of the parameter, and `event` in the output. */
	value: string;
	/** What the tracker calls it. */
	type: CallEventType;
	/** Given up first when more events come than n8n can take. */
	sheddable?: boolean;
}

/** By name, as n8n shows longer lists. */
const EVENTS: ChoosableEvent[] = [
	{
		name: 'Call Answered',
		value: 'callAnswered',
		type: 'answered',
		description: 'Somebody picks up',
	},
	{
		name: 'Call Dialing',
		value: 'callDialing',
		type: 'dialing',
		description: 'An extension begins to call somebody',
	},
	{
		name: 'Call Ended',
		value: 'callEnded',
		type: 'ended',
		description: 'Everybody has hung up; tells how long it was and whether it was answered',
	},
	{
		name: 'Call Ringing',
		value: 'callRinging',
		type: 'ringing',
		description: 'A phone begins to ring',
	},
	{
		name: 'Call Transferred',
		value: 'callTransferred',
		type: 'transferred',
		description: 'A call that somebody else has passed on is picked up',
	},
	{
		name: 'Key Pressed',
		value: 'keyPressed',
		type: 'keyPressed',
		description: 'A caller presses a key; only in calls to the API client itself',
	},
	{
		name: 'Participant Changed',
		value: 'participantChanged',
		type: 'participantChanged',
		description:
			'Anything that 3CX tells about a phone in a call has changed; there are many of these',
		sheddable: true,
	},
];

/** The choices of the Events field. */
export const eventOptions: INodePropertyOptions[] = EVENTS.map(({ name, value, description }) => ({
	name,
	value,
	description,
}));

const byType = new Map(EVENTS.map((event) => [event.type, event]));

/** @returns what the tracker's event is called in n8n; undefined where it cannot be chosen. */
export const eventName = (type: CallEventType): string | undefined => byType.get(type)?.value;

/** @returns whether the event is given up first when too many wait. */
export const isSheddable = (type: CallEventType): boolean => byType.get(type)?.sheddable === true;
