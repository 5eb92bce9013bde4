import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { actionOutput, legFields, legOf } from '../fields/leg';
import { callDestinationField, routeOf, routeOptions } from '../fields/route';
import { begun, NOT_SAID } from '../fields/wait';
import type { Operation } from '../../shared/resource';

export const divert: Operation = {
	name: 'divert',
	label: 'Divert',
	action: 'Divert a ringing call',
	description: 'Send a ringing call to another destination',
	properties: [
		...legFields('Whose phone rings'),
		callDestinationField('The extension, queue or external number to ring instead'),
		routeOptions('reason'),
	],

	async execute(run) {
		const leg = legOf(run);
		const route = routeOf(run);
		const { extension, participantId } = leg;
		const control = createCallControl(run.client);
		// Whether 3CX answers at once or when somebody has taken the call is not known: the workflow goes on either way.
		const result = await begun(run, {
			act: async () => await control.act(extension, participantId, 'divert', route, run.signal),
			isAwaited: true,
		});
		return actionOutput(leg, result ?? NOT_SAID, { destination: route.destination });
	},
};
