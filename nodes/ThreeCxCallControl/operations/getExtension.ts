import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { extensionField, extensionOf } from '../extension';
import { dnOutputs } from '../fields/dn';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import type { Operation } from '../../shared/resource';

export const getExtension: Operation = {
	name: 'get',
	label: 'Get',
	action: 'Get the state of an extension',
	description: 'Get the phones and calls of an extension, queue or route point',
	properties: [extensionField('Which one'), simplifyProperty],

	async execute(run) {
		const dn = await createCallControl(run.client).dn(extensionOf(run), run.signal);
		return isSimplified(run) ? await dnOutputs(run, [dn]) : { ...dn };
	},
};
