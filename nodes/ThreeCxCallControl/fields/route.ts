import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { Route } from '../../../lib/callcontrol/rest/client';
import type { ItemRun } from '../../shared/router';
import { dialledNumber } from '../../shared/fields/dialled';
import { extensionField } from '../extension';
import { attachedDataField, attachedDataOf, type AttachedData } from './attachedData';

/** What the panel calls it, mostly. */
const DESTINATION = 'Destination';

/** Where a call goes: somebody of the phone system from a list, or any number. */
export const callDestinationField = (description: string, label = DESTINATION): INodeProperties =>
	extensionField(description, {
		label,
		name: 'destination',
		search: 'searchDestinations',
		invitation: 'Select an extension, queue or group...',
		example: '101 or +441632960123',
	});

/** What 3CX documents for routed calls (protocol 2.5); the call log shows it. */
const REASONS = [
	'BasedOnCallerID',
	'BasedOnDID',
	'BreakTime',
	'Callback',
	'CallbackRequested',
	'ForwardAll',
	'Holiday',
	'NoAnswer',
	'NoDestinations',
	'None',
	'OfficeHours',
	'OutOfOfficeHours',
	'PhoneBusy',
	'PhoneNotRegistered',
	'Polling',
];

const reasonOptions: INodePropertyOptions[] = REASONS.map((value) => ({
	name: value.replace(/([a-z])([A-Z])/g, '$1 $2'),
	value,
}));

const OPTIONS = {
	attachedData: attachedDataField,
	giveUpAfter: {
		displayName: 'Give Up After (Seconds)',
		name: 'giveUpAfter',
		type: 'number',
		typeOptions: { minValue: 1 },
		default: 30,
		description: 'How long the destination rings; by default, the PBX decides',
	},
	reason: {
		displayName: 'Reason',
		name: 'reason',
		type: 'options',
		options: reasonOptions,
		default: 'None',
		description: 'The reason for sending the call there, for the 3CX call log',
	},
	freeReason: {
		displayName: 'Reason',
		name: 'reason',
		type: 'string',
		default: '',
		placeholder: 'e.g. Callback',
		description: 'Free text to send to 3CX with the call',
	},
} satisfies Record<string, INodeProperties>;

/** The Options of an operation that routes a call: those that 3CX takes there. */
export const routeOptions = (...names: Array<keyof typeof OPTIONS>): INodeProperties => ({
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: names.map((name) => OPTIONS[name]),
});

/** @returns destination, which the panel calls `label`, and options of the item, as 3CX takes them. */
export function routeOf({ context, index }: ItemRun, label = DESTINATION): Route {
	const options = context.getNodeParameter('options', index, {}) as {
		attachedData?: AttachedData;
		giveUpAfter?: number;
		reason?: string;
	};
	return {
		destination: dialledNumber(
			'destination',
			label,
			context.getNodeParameter('destination', index, '', { extractValue: true }),
			true,
		),
		reason: options.reason || undefined,
		timeout: options.giveUpAfter,
		attachedData: attachedDataOf(options.attachedData),
	};
}
