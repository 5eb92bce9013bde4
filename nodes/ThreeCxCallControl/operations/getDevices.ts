import { kindOf } from '../../../lib/callcontrol/devices';
import { createCallControl } from '../../../lib/callcontrol/rest';
import { extensionField, extensionOf } from '../extension';
import type { Operation } from '../operation';

export const getDevices: Operation = {
	name: 'getDevices',
	label: 'Get Devices',
	action: 'Get the devices of an extension',
	description: 'The phones and apps that are registered for an extension, one item each',
	fields: [extensionField('Whose phones')],

	async execute(run) {
		const extension = extensionOf(run);
		const devices = await createCallControl(run.client).devices(extension, run.signal);
		return devices.map((device) => ({
			extension,
			deviceId: device.device_id,
			userAgent: device.user_agent || null,
			kind: kindOf(device),
		}));
	},
};
