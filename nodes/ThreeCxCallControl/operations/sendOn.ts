import type { IDataObject } from 'n8n-workflow';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import type { ItemRun } from '../../shared/router';
import { actionOutput, legOf } from '../fields/leg';
import { routeOf } from '../fields/route';
import { actAndWait, NOT_SAID } from '../fields/wait';

/**
 * Sends the call of the item on, and waits for what comes of it as far as the fields say.
 *
 * @param run the item
 * @param action the two that 3CX answers when the outcome is known (protocol 2.5)
 * @param what as in "The transfer to 101 goes on"
 * @returns the item to put out
 */
export async function sendOn(
	run: ItemRun,
	action: 'routeto' | 'transferto',
	what: string,
): Promise<IDataObject> {
	const leg = legOf(run);
	const route = routeOf(run);
	const { destination } = route;
	const { extension, participantId } = leg;
	const control = createCallControl(run.client);
	// Which call it is, for the waiting: an action need not name it in its answer.
	const { callid } = await control.participant(extension, participantId, run.signal);
	const { result, outcome } = await actAndWait(run, {
		act: async () => await control.act(extension, participantId, action, route, run.signal),
		follow: () => ({
			dn: extension,
			participant: participantId,
			callid,
			destination,
			isTransfer: true,
		}),
		isAwaited: true,
		name: `${what} to ${destination}`,
	});
	return actionOutput(leg, result ?? NOT_SAID, { destination, callId: callid, ...outcome });
}
