import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { attachedDataField, attachedDataOf, type AttachedData } from '../fields/attachedData';
import { actionOutput, legFields, legOf } from '../fields/leg';
import { ThreeCxError } from '../../../lib/http/errors';
import type { Operation } from '../../shared/resource';

/** On which side of the call the data is set (protocol 2.5). */
const ACTIONS = {
	participant: 'attach_participant_data',
	party: 'attach_party_data',
} as const;

export const attachData: Operation = {
	name: 'attachData',
	label: 'Attach Data',
	action: 'Attach data to a call',
	description:
		'Attach names and values to one side of a call, for routing apps and other API clients',
	properties: [
		...legFields('Whose call'),
		{
			displayName: 'Attach To',
			name: 'side',
			type: 'options',
			options: [
				{
					name: 'Extension',
					value: 'participant',
					description: 'The side of the call selected above',
				},
				{
					name: 'Other Party',
					value: 'party',
					description: 'The person or number that the extension talks to',
				},
			],
			default: 'participant',
			description: 'The side of the call that gets the data',
		},
		{ ...attachedDataField, required: true, default: { entry: [{ key: '', value: '' }] } },
	],

	async execute(run) {
		const { context, index, client, signal } = run;
		const leg = legOf(run);
		const side = context.getNodeParameter('side', index, 'participant') as keyof typeof ACTIONS;
		const attachedData = attachedDataOf(
			context.getNodeParameter('attachedData', index, {}) as AttachedData,
		);
		if (!attachedData) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'attachedData',
				message: 'There is no data to attach',
				hint: 'Add at least one entry with a name to "Attached Data".',
			});
		}
		const { extension, participantId } = leg;
		const control = createCallControl(client);
		const result = await control.act(
			extension,
			participantId,
			ACTIONS[side],
			{ attachedData },
			signal,
		);
		return actionOutput(leg, result, { side, attachedData });
	},
};
