import { createCallControl, type CallControl } from '../../../lib/callcontrol/rest/client';
import { STATUS } from '../../../lib/callcontrol/rest/types';
import { ThreeCxError } from '../../../lib/http/errors';
import { actionOutput, legFields, legOf, type Leg } from '../fields/leg';
import type { Operation } from '../../shared/resource';

export const answer: Operation = {
	name: 'answer',
	label: 'Answer',
	action: 'Answer a call',
	description:
		'Pick up a ringing call: on a desk phone that 3CX controls (uaCSTA), or on a route point',
	properties: legFields('Whose phone rings'),

	async execute(run) {
		const leg = legOf(run);
		const control = createCallControl(run.client);
		const { extension, participantId } = leg;
		const result = await control
			.act(extension, participantId, 'answer', {}, run.signal)
			.catch(async (error: ThreeCxError) => {
				throw error.status === 422 ? await explained(error, control, leg) : error;
			});
		return actionOutput(leg, result);
	},
};

/** 422 has more than one reason; the leg itself shows which (protocol 2.5). */
async function explained(
	error: ThreeCxError,
	control: CallControl,
	{ extension, participantId }: Leg,
): Promise<ThreeCxError> {
	const leg = await control.participant(extension, participantId).catch(() => undefined);
	const { status, code, request } = error;
	const common = { kind: 'impossible' as const, status, code, request };
	if (leg && leg.status !== STATUS.ringing) {
		return new ThreeCxError({
			...common,
			message: `The call is no longer ringing: it is ${leg.status}`,
			hint: 'Only a ringing call can be answered. Calls to a route point are answered by 3CX itself.',
		});
	}
	if (leg?.direct_control === false) {
		return new ThreeCxError({
			...common,
			message: 'This phone cannot be answered by the API (not uaCSTA)',
			hint: 'Only desk phones that 3CX controls (uaCSTA) and route points can; apps and other phones cannot. Use Divert to send the call to a route point or another phone.',
		});
	}
	return error;
}
