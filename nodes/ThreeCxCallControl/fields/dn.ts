import type { IDataObject } from 'n8n-workflow';
import { flatLeg } from '../../../lib/callcontrol/calls/flatLeg';
import type { DnState } from '../../../lib/callcontrol/rest/types';
import { deviceOutput } from './device';

/** @returns an extension, queue or route point as an item. */
export const dnOutput = ({ dn, type, devices, participants }: DnState): IDataObject => ({
	extension: dn,
	extensionType: type || null,
	registered: devices.length > 0,
	busy: participants.length > 0,
	devices: devices.map((device) => deviceOutput(dn, device)),
	participants: participants.map((leg) => flatLeg(leg, { dnType: type })),
});
