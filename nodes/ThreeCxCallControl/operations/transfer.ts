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
		'Send a call that is answered to somebody else, without asking them first; if they do not answer, it comes back',
	properties: [
		...legFields('Who talks to the caller now'),
		callDestinationField('The extension, queue or outside number that gets the call'),
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
