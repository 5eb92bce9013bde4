import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { actionOutput, legFields, legOf } from '../fields/leg';
import { callDestinationField, routeOf, routeOptions } from '../fields/route';
import { actAndWait, waitFields } from '../fields/wait';
import type { Operation } from '../../shared/resource';

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

	async execute(run) {
		const leg = legOf(run);
		const route = routeOf(run);
		const control = createCallControl(run.client);
		const { extension, participantId } = leg;
		// Which call it is, for the waiting: an action need not name it in its answer.
		const { callid } = await control.participant(extension, participantId, run.signal);
		const { result, outcome } = await actAndWait(
			run,
			async () => await control.act(extension, participantId, 'transferto', route, run.signal),
			() => ({
				dn: extension,
				participant: participantId,
				callid,
				destination: route.destination,
				isTransfer: true,
			}),
		);
		return actionOutput(leg, result, {
			destination: route.destination,
			callId: callid,
			...outcome,
		});
	},
};
