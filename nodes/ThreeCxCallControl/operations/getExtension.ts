import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { extensionField, extensionOf } from '../extension';
import { dnOutput } from '../fields/dn';
import { isSimple, simplifyField } from '../fields/simplify';
import type { Operation } from '../operation';

export const getExtension: Operation = {
	name: 'get',
	label: 'Get',
	action: 'Get the state of an extension',
	description: 'What an extension, queue or route point is doing: its phones and its calls',
	fields: [extensionField('Which one'), simplifyField],

	async execute(run) {
		const dn = await createCallControl(run.client).dn(extensionOf(run), run.signal);
		return isSimple(run) ? dnOutput(dn) : { ...dn };
	},
};
