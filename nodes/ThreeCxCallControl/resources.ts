import type { Resource } from './operation';
import { drop } from './operations/drop';
import { getDevices } from './operations/getDevices';
import { getParticipants } from './operations/getParticipants';
import { makeCall } from './operations/makeCall';

/** What the node can do. Adding an operation is one file and one word here. */
export const resources: Resource[] = [
	{ name: 'call', label: 'Call', operations: [makeCall, drop] },
	{ name: 'extension', label: 'Extension', operations: [getParticipants, getDevices] },
];
