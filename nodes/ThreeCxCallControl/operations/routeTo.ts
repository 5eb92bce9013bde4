import { legFields } from '../fields/leg';
import { callDestinationField, routeOptions } from '../fields/route';
import { waitFields } from '../fields/wait';
import type { Operation } from '../../shared/resource';
import { sendOn } from './sendOn';

export const routeTo: Operation = {
	name: 'routeTo',
	label: 'Route To',
	action: 'Route a call to another destination',
	description:
		'Make another destination ring as well; the call stays where it is until someone answers there',
	properties: [
		...legFields('Where the call is now'),
		callDestinationField('The extension, queue, parking slot or external number to ring as well'),
		...waitFields,
		routeOptions('attachedData', 'giveUpAfter', 'reason'),
	],

	execute: async (run) => await sendOn(run, 'routeto', 'The route'),
};
