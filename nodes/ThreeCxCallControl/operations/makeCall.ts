import type { IDataObject } from 'n8n-workflow';
import { firstOfKind, type DeviceKind } from '../../../lib/callcontrol/devices';
import { createCallControl, type CallControl } from '../../../lib/callcontrol/rest';
import type { ItemRun } from '../../shared/router';
import { extensionField, extensionOf, required } from '../extension';
import type { Operation } from '../operation';

/** What the panel's options hold. */
interface Options {
	attachedData?: { entry?: Array<{ key: string; value: string }> };
	reason?: string;
	giveUpAfter?: number;
}

export const makeCall: Operation = {
	name: 'makeCall',
	label: 'Make Call',
	action: 'Make a call',
	description: 'Call a number from an extension: its phone rings or dials at once',
	fields: [
		extensionField('Who makes the call'),
		{
			displayName: 'Destination',
			name: 'destination',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. +441632960123',
			description: 'The extension or outside number to call',
		},
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
		{
			displayName: 'Device Name or ID',
			name: 'deviceId',
			type: 'options',
			typeOptions: { loadOptionsMethod: 'getDevices', loadOptionsDependsOn: ['extension.value'] },
			default: '',
			displayOptions: { show: { device: ['chosen'] } },
			description:
				'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
		},
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			options: [
				{
					displayName: 'Attached Data',
					name: 'attachedData',
					type: 'fixedCollection',
					typeOptions: { multipleValues: true },
					default: {},
					description: 'Data to tie to the call, for routing apps and other API clients',
					options: [
						{
							displayName: 'Entry',
							name: 'entry',
							values: [
								{ displayName: 'Key', name: 'key', type: 'string', default: '' },
								{ displayName: 'Value', name: 'value', type: 'string', default: '' },
							],
						},
					],
				},
				{
					displayName: 'Give Up After (Seconds)',
					name: 'giveUpAfter',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 30,
					description: 'How long to let it ring',
				},
				{
					displayName: 'Reason',
					name: 'reason',
					type: 'string',
					default: '',
					description: 'Free text that goes to 3CX with the call',
				},
			],
		},
	],

	async execute(run) {
		const { context, index, client, signal } = run;
		const control = createCallControl(client);
		const extension = extensionOf(run);
		const destination = required(
			'destination',
			'Destination',
			context.getNodeParameter('destination', index),
		);
		const device = await deviceOf(run, control, extension);
		const options = context.getNodeParameter('options', index, {}) as Options;
		const entries = options.attachedData?.entry ?? [];
		const { participant, reason, reasonText } = await control.makeCall(
			extension,
			{
				destination,
				device,
				reason: options.reason || undefined,
				timeout: options.giveUpAfter,
				attachedData:
					entries.length > 0
						? Object.fromEntries(entries.map(({ key, value }) => [key, String(value)]))
						: undefined,
			},
			signal,
		);
		// Without a device 3CX may succeed without naming the leg (facts 2.6): then these are null.
		const result: IDataObject = {
			success: true,
			extension,
			destination,
			device: device ?? participant?.device_id ?? null,
			callId: participant?.callid ?? null,
			legId: participant?.legid ?? null,
			participantId: participant?.id ?? null,
			status: participant?.status ?? null,
			reason: reasonText || reason || null,
		};
		return result;
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
