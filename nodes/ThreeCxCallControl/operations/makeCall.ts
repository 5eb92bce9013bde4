import { firstOfKind, type DeviceKind } from '../../../lib/callcontrol/devices';
import { createCallControl, type CallControl } from '../../../lib/callcontrol/rest';
import type { ItemRun } from '../../shared/router';
import { extensionField, extensionOf, required } from '../extension';
import { deviceIdField } from '../fields/device';
import { destinationField, routeOf, routeOptions } from '../fields/route';
import { actAndWait, waitFields } from '../fields/wait';
import type { Operation } from '../operation';

export const makeCall: Operation = {
	name: 'makeCall',
	label: 'Make Call',
	action: 'Make a call',
	description:
		'Call a number from an extension, whose phone rings or dials at once, or from a route point, which is the app itself',
	fields: [
		extensionField('Who makes the call'),
		destinationField('The extension or outside number to call'),
		{
			displayName: 'Device',
			name: 'device',
			type: 'options',
			options: [
				{
					name: 'Any',
					value: 'any',
					description:
						'The only phone of the extension, or all of them ring and the first to answer dials',
				},
				{ name: 'Choose From List', value: 'chosen' },
				{ name: 'First App', value: 'app', description: 'Web, desktop or mobile app' },
				{ name: 'First Desk Phone', value: 'deskPhone' },
			],
			default: 'any',
			description: 'The phone that makes the call',
		},
		{ ...deviceIdField, displayOptions: { show: { device: ['chosen'] } } },
		...waitFields,
		routeOptions('attachedData', 'giveUpAfter', 'freeReason'),
	],

	async execute(run) {
		const control = createCallControl(run.client);
		const extension = extensionOf(run);
		const route = routeOf(run);
		const { destination } = route;
		const device = await deviceOf(run, control, extension);
		const { result, outcome } = await actAndWait(
			run,
			async () => await control.makeCall(extension, { ...route, device }, run.signal),
			({ participant }) => ({
				dn: extension,
				participant: participant?.id,
				callid: participant?.callid,
				destination,
				isTransfer: false,
			}),
		);
		const { participant, reason, reasonText } = result;
		// Without a device 3CX may succeed without naming the leg (facts 2.6): then these are null.
		return {
			success: true,
			extension,
			destination,
			device: device ?? participant?.device_id ?? null,
			callId: participant?.callid ?? null,
			legId: participant?.legid ?? null,
			participantId: participant?.id ?? null,
			status: participant?.status ?? null,
			reason: reasonText || reason || null,
			...outcome,
		};
	},
};

/** @returns the `device_id` to call from; undefined leaves it to 3CX. */
async function deviceOf(
	{ context, index, signal }: ItemRun,
	control: CallControl,
	extension: string,
): Promise<string | undefined> {
	const choice = context.getNodeParameter('device', index, 'any') as 'any' | 'chosen' | DeviceKind;
	if (choice === 'any') return undefined;
	if (choice === 'chosen') {
		return required('deviceId', 'Device', context.getNodeParameter('deviceId', index));
	}
	return firstOfKind(await control.devices(extension, signal), choice).device_id;
}
