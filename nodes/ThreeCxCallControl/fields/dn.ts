import type { IDataObject } from 'n8n-workflow';
import { flatLeg } from '../../../lib/callcontrol/calls/flatLeg';
import type { DnState } from '../../../lib/callcontrol/rest/types';
import { defaultCountryOf } from '../../shared/fields/country';
import type { ItemRun } from '../../shared/router';
import { deviceOutput } from './device';

/** @returns extensions, queues and route points as items, with numbers read as in the country of the PBX. */
export async function dnOutputs(run: ItemRun, dns: DnState[]): Promise<IDataObject[]> {
	const hasCalls = dns.some(({ participants }) => participants.length > 0);
	const defaultCountry = hasCalls ? await defaultCountryOf(run) : undefined;
	return dns.map((dn) => dnOutput(dn, defaultCountry));
}

const dnOutput = (
	{ dn, type, devices, participants }: DnState,
	defaultCountry: string | undefined,
): IDataObject => ({
	extension: dn,
	extensionType: type || null,
	registered: devices.length > 0,
	busy: participants.length > 0,
	devices: devices.map((device) => deviceOutput(dn, device)),
	participants: participants.map((leg) => flatLeg(leg, { dnType: type, defaultCountry })),
});
