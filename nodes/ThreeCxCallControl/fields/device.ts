import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { deviceKind } from '../../../lib/callcontrol/rest/devices';
import type { Device } from '../../../lib/callcontrol/rest/types';

/** The phones of the chosen extension. */
export const deviceIdField: INodeProperties = {
	displayName: 'Phone Name or ID',
	name: 'deviceId',
	type: 'options',
	typeOptions: { loadOptionsMethod: 'getDevices', loadOptionsDependsOn: ['extension.value'] },
	default: '',
	description:
		'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
};

/** @returns a phone as an item. */
export const deviceOutput = (extension: string, device: Device): IDataObject => ({
	extension,
	deviceId: device.device_id,
	userAgent: device.user_agent || null,
	kind: deviceKind(device),
});
