import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { dnOutput } from '../fields/dn';
import { isSimple, simplifyField } from '../fields/simplify';
import type { Operation } from '../operation';

export const getManyExtensions: Operation = {
	name: 'getMany',
	label: 'Get Many',
	action: 'Get many extensions',
	description:
		'Every extension, queue and route point that the API client may control, with phones and calls, one item each',
	fields: [simplifyField],

	async execute(run) {
		const dns = await createCallControl(run.client).list(run.signal);
		return dns.map((dn) => (isSimple(run) ? dnOutput(dn) : { ...dn }));
	},
};
