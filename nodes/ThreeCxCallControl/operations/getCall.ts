import { flatLeg } from '../../../lib/callcontrol/calls/flatLeg';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { legFields, legOf } from '../fields/leg';
import { defaultCountryOf } from '../../shared/fields/country';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import type { Operation } from '../../shared/resource';

export const getCall: Operation = {
	name: 'get',
	label: 'Get',
	action: 'Get a call of an extension',
	description: 'Get the current state of a call of an extension',
	properties: [...legFields('Whose call'), simplifyProperty],

	async execute(run) {
		const { extension, participantId } = legOf(run);
		const control = createCallControl(run.client);
		const leg = await control.participant(extension, participantId, run.signal);
		if (!isSimplified(run)) return { ...leg };
		return flatLeg(leg, { defaultCountry: await defaultCountryOf(run) });
	},
};
