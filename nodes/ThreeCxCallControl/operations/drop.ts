import { createCallControl } from '../../../lib/callcontrol/rest';
import { ThreeCxError } from '../../../lib/http/errors';
import { extensionField, extensionOf, required } from '../extension';
import type { Operation } from '../operation';

export const drop: Operation = {
	name: 'drop',
	label: 'Drop',
	action: 'Drop a call',
	description: 'Hang up for an extension',
	fields: [
		extensionField('Whose call is ended; the API client must be allowed to control it'),
		{
			displayName: 'Participant ID',
			name: 'participantId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. {{ $json.participantId }}',
			description:
				'Which call of the extension: participantId in the output of the 3CX Trigger, of Make Call or of Get Participants',
		},
	],

	async execute(run) {
		const { context, index, client, signal } = run;
		const extension = extensionOf(run);
		const text = required(
			'participantId',
			'Participant ID',
			context.getNodeParameter('participantId', index),
		);
		if (!/^\d+$/.test(text)) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'participantId',
				message: `"${text}" is not a participant ID`,
				hint: 'It is a whole number: participantId in the output of the 3CX Trigger, of Make Call or of Get Participants.',
			});
		}
		const participantId = Number(text);
		await createCallControl(client).act(extension, participantId, 'drop', {}, signal);
		return { success: true, extension, participantId };
	},
};
