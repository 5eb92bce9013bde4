import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { required } from '../../shared/fields/required';
import { extensionField, extensionOf } from '../extension';
import { deviceIdField, deviceOutput } from '../fields/device';
import type { Operation } from '../../shared/resource';

export const getDevice: Operation = {
	name: 'get',
	label: 'Get',
	action: 'Get a device of an extension',
	description: 'Get one phone or app and its calls; fails if it is not registered',
	properties: [extensionField('Whose phone'), { ...deviceIdField, required: true }],

	async execute(run) {
		const { context, index, client, signal } = run;
		const extension = extensionOf(run);
		const id = required(
			'deviceId',
			'Phone Name or ID',
			context.getNodeParameter('deviceId', index),
		);
		const control = createCallControl(client);
		const [device, participants] = await Promise.all([
			control.device(extension, id, signal),
			control.participants(extension, signal),
		]);
		return {
			...deviceOutput(extension, device),
			participantIds: participants.filter((leg) => leg.device_id === id).map((leg) => leg.id),
		};
	},
};
