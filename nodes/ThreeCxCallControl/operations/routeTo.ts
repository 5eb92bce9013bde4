import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { actionOutput, legFields, legOf } from '../fields/leg';
import { callDestinationField, routeOf, routeOptions } from '../fields/route';
import type { Operation } from '../../shared/resource';

export const routeTo: Operation = {
	name: 'routeTo',
	label: 'Route To',
	action: 'Route a call to another destination',
	description:
		'Make another destination ring as well; the call stays where it is until someone answers there',
	properties: [
		...legFields('Where the call is now'),
		callDestinationField('The extension, queue, parking slot or external number to ring as well'),
		routeOptions('attachedData', 'giveUpAfter', 'reason'),
	],

	async execute(run) {
		const leg = legOf(run);
		const route = routeOf(run);
		const result = await createCallControl(run.client).act(
			leg.extension,
			leg.participantId,
			'routeto',
			route,
			run.signal,
		);
		return actionOutput(leg, result, { destination: route.destination });
	},
};
