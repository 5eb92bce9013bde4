import { firstOfKind, type DeviceKind } from '../../../lib/callcontrol/rest/devices';
import { createCallControl, type CallControl } from '../../../lib/callcontrol/rest/client';
import type { ItemRun } from '../../shared/router';
import { required } from '../../shared/fields/required';
import { extensionField, extensionOf } from '../extension';
import { deviceIdField } from '../fields/device';
import { callDestinationField, routeOf, routeOptions } from '../fields/route';
import { actAndWait, NOT_SAID, waitFields } from '../fields/wait';
import type { Operation } from '../../shared/resource';

/** What the panel calls the two ends. */
const FROM = 'From Extension';
const TO = 'To Number';

export const makeCall: Operation = {
	name: 'makeCall',
	label: 'Make Call',
	action: 'Make a call',
	description:
		'Call a number from an extension, whose phone rings or dials at once, or from a route point (API client)',
	properties: [
		extensionField('The extension to call from: its phone rings, or dials', { label: FROM }),
		callDestinationField('The extension, queue or external number to call', TO),
		{
			displayName: 'Phone',
			name: 'device',
			type: 'options',
			options: [
				{
					name: 'Any Phone',
					value: 'any',
					description:
						'The only phone of the extension. If it has several, all ring, and the first to be picked up dials.',
				},
				{
					name: 'Choose From List',
					value: 'chosen',
					description: 'One of the currently registered phones and apps',
				},
				{
					name: 'First App',
					value: 'app',
					description: 'The first web, desktop or mobile app of the extension',
				},
				{
					name: 'First Desk Phone',
					value: 'deskPhone',
					description: 'The first phone of the extension that is not an app',
				},
			],
			default: 'any',
			description: 'The phone of the extension that makes the call; does not apply to route points',
		},
		{ ...deviceIdField, displayOptions: { show: { device: ['chosen'] } } },
		...waitFields,
		routeOptions('attachedData', 'giveUpAfter', 'freeReason'),
	],

	async execute(run) {
		const control = createCallControl(run.client);
		const extension = extensionOf(run, FROM);
		const route = routeOf(run, TO);
		const { destination } = route;
		const device = await deviceOf(run, control, extension);
		const { result, outcome } = await actAndWait(run, {
			act: async () => await control.makeCall(extension, { ...route, device }, run.signal),
			follow: (made) => ({
				dn: extension,
				participant: made?.participant?.id,
				callid: made?.participant?.callid,
				destination,
				isTransfer: false,
			}),
			name: `The call to ${destination}`,
		});
		const { participant, reason, reasonText } = result ?? NOT_SAID;
		// Without a device 3CX may succeed without naming the leg (protocol 2.6): then these are null.
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
		return required('deviceId', 'Phone Name or ID', context.getNodeParameter('deviceId', index));
	}
	return firstOfKind(await control.devices(extension, signal), choice).device_id;
}
