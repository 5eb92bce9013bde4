import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { legFields, legOf } from '../fields/leg';
import type { Operation } from '../../shared/resource';

export const drop: Operation = {
	name: 'drop',
	label: 'Drop',
	action: 'Drop a call',
	description: 'Hang up for an extension',
	properties: legFields(
		'The extension whose call to end; the API client must be allowed to control it',
	),

	async execute(run) {
		const { extension, participantId } = legOf(run);
		const control = createCallControl(run.client);
		await control.act(extension, participantId, 'drop', {}, run.signal);
		return { success: true, extension, participantId };
	},
};
