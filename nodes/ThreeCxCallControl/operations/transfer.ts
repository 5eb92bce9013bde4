import { legFields } from '../fields/leg';
import { callDestinationField, routeOptions } from '../fields/route';
import { waitFields } from '../fields/wait';
import type { Operation } from '../../shared/resource';
import { sendOn } from './sendOn';

export const transfer: Operation = {
	name: 'transfer',
	label: 'Transfer',
	action: 'Transfer a call',
	description:
		'Send an answered call to another destination without asking first; if nobody answers there, the call comes back',
	properties: [
		...legFields('The extension that is talking to the caller'),
		callDestinationField('The extension, queue or external number that gets the call'),
		...waitFields,
		routeOptions('attachedData', 'giveUpAfter', 'reason'),
	],

	execute: async (run) => await sendOn(run, 'transferto', 'The transfer'),
};
