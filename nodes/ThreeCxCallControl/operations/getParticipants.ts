import { flatLeg } from '../../../lib/callcontrol/calls/flatLeg';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { extensionField, extensionOf } from '../extension';
import { defaultCountryOf } from '../../shared/fields/country';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import type { Operation } from '../../shared/resource';

export const getParticipants: Operation = {
	name: 'getParticipants',
	label: 'Get Participants',
	action: 'Get the calls of an extension',
	description:
		'Get the current calls of an extension, one item each, as input for Answer, Transfer and other operations',
	properties: [extensionField('Whose calls'), simplifyProperty],

	async execute(run) {
		const { type, participants } = await createCallControl(run.client).dn(
			extensionOf(run),
			run.signal,
		);
		if (!isSimplified(run) || participants.length === 0)
			return participants.map((leg) => ({ ...leg }));
		const defaultCountry = await defaultCountryOf(run);
		return participants.map((leg) => flatLeg(leg, { dnType: type, defaultCountry }));
	},
};
