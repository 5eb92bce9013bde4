import type { INodeProperties } from 'n8n-workflow';
import { DEFAULT_IN_FLIGHT } from './router';

/** Options of every action node that say how requests are sent; `router.ts` reads them. */
export const requestOptionsProperty: INodeProperties = {
	displayName: 'Request Options',
	name: 'requestOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Requests in Flight',
			name: 'inFlight',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: 8 },
			default: DEFAULT_IN_FLIGHT,
			description:
				'How many requests may be under way at the same time. 1 works on the items strictly one after another.',
		},
		{
			displayName: 'Timeout (Seconds)',
			name: 'timeout',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 60,
			description: 'How long the PBX may take to answer a request',
		},
	],
};
