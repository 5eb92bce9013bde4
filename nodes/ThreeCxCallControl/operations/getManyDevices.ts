import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { extensionField, extensionOf } from '../extension';
import { deviceOutput } from '../fields/device';
import type { Operation } from '../../shared/resource';

export const getManyDevices: Operation = {
	name: 'getMany',
	label: 'Get Many',
	action: 'Get the devices of an extension',
	description: 'Get the phones and apps registered to an extension, one item each',
	properties: [extensionField('Whose phones')],

	async execute(run) {
		const extension = extensionOf(run);
		const devices = await createCallControl(run.client).devices(extension, run.signal);
		return devices.map((device) => deviceOutput(extension, device));
	},
};
