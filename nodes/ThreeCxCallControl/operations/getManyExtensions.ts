import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { dnOutputs } from '../fields/dn';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import type { Operation } from '../../shared/resource';

export const getManyExtensions: Operation = {
	name: 'getMany',
	label: 'Get Many',
	action: 'Get many extensions',
	description:
		'Get every extension, queue and route point that the API client can control, with phones and calls, one item each',
	properties: [simplifyProperty],

	async execute(run) {
		const dns = await createCallControl(run.client).list(run.signal);
		return isSimplified(run) ? await dnOutputs(run, dns) : dns.map((dn) => ({ ...dn }));
	},
};
