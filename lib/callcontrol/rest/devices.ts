import { ThreeCxError } from '../../http/errors';
import type { Device } from './types';

/** Which phone of an extension makes a call, where it is not named. */
export type DeviceKind = 'deskPhone' | 'app';

/**
 * Apps (web, desktop, mobile) register through the PBX itself and show a loopback address; desk phones show the one
 * they have in the network (protocol 2.2).
 */
export const deviceKind = ({ device_id: id }: Device): DeviceKind =>
	/@(127\.\d+\.\d+\.\d+|localhost|\[::1\])([:;>]|$)/i.test(id) ? 'app' : 'deskPhone';

const LABEL: Record<DeviceKind, string> = { deskPhone: 'desk phone', app: 'app' };

/**
 * @param devices the phones of an extension
 * @param kind what is looked for
 * @returns the first of this kind
 * @throws ThreeCxError of kind `impossible` when none is registered
 */
export function firstOfKind(devices: Device[], kind: DeviceKind): Device {
	const found = devices.find((device) => deviceKind(device) === kind);
	if (found) return found;
	const others = devices.map(({ user_agent: agent, device_id: id }) => agent || id).join(', ');
	throw new ThreeCxError({
		kind: 'impossible',
		field: 'device',
		message: `No ${LABEL[kind]} of this extension is registered`,
		hint: `${others === '' ? 'None of its phones is' : `Registered now: ${others}`}. Switch the ${LABEL[kind]} on, or choose another device.`,
	});
}

/** @returns a device for people to recognise: `Yealink SIP-T54W (192.168.1.20)`. */
export function deviceLabel(device: Device): string {
	const [, ipv6, host] = /@(?:\[([^\]]+)\]|([^:;>]+))/.exec(device.device_id) ?? [];
	const where = deviceKind(device) === 'app' ? 'app' : (ipv6 ?? host ?? device.device_id);
	return device.user_agent === '' ? device.device_id : `${device.user_agent} (${where})`;
}
