import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { actionOutput, legFields, legOf } from '../fields/leg';
import { callDestinationField, routeOf, routeOptions } from '../fields/route';
import type { Operation } from '../../shared/resource';

export const divert: Operation = {
	name: 'divert',
	label: 'Divert',
	action: 'Divert a ringing call',
	description: 'Send a ringing call to another destination',
	properties: [
		...legFields('Whose phone rings'),
		callDestinationField('The extension or external number to ring instead'),
		routeOptions('reason'),
	],

	async execute(run) {
		const leg = legOf(run);
		const route = routeOf(run);
		const result = await createCallControl(run.client).act(
			leg.extension,
			leg.participantId,
			'divert',
			route,
			run.signal,
		);
		return actionOutput(leg, result, { destination: route.destination });
	},
};
