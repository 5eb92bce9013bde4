import { flatLeg } from '../../../lib/callcontrol/flat';
import { createCallControl } from '../../../lib/callcontrol/rest';
import { extensionField, extensionOf } from '../extension';
import type { Operation } from '../operation';

export const getParticipants: Operation = {
	name: 'getParticipants',
	label: 'Get Participants',
	action: 'Get the calls of an extension',
	description: 'The calls that an extension is in right now, one item each',
	fields: [
		extensionField('Whose calls'),
		{
			displayName: 'Simplify',
			name: 'simplify',
			type: 'boolean',
			default: true,
			description: 'Whether to return a simplified version of the response instead of the raw data',
		},
	],

	async execute(run) {
		const { context, index, client, signal } = run;
		const { type, participants } = await createCallControl(client).dn(extensionOf(run), signal);
		const isSimple = context.getNodeParameter('simplify', index, true) as boolean;
		return participants.map((participant) =>
			isSimple ? flatLeg(participant, { dnType: type }) : { ...participant },
		);
	},
};
