import type { INodeProperties } from 'n8n-workflow';
import { DEFAULT_IN_FLIGHT, MAX_IN_FLIGHT } from '../../lib/http/dispatchers';

/** Items that are worked on at the same time over all PBXs, unless the node's option says otherwise. */
export const DEFAULT_IN_FLIGHT_TO_ALL = 20;

/** Bytes of a megabyte; the default below is `MAX_ANSWER_BYTES` of `lib/http/body`. */
export const MB = 1024 * 1024;

/** Options of every action node that say how requests are sent; `router.ts` reads them. */
export const requestOptionsProperty: INodeProperties = {
	displayName: 'Request Options',
	name: 'requestOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Largest Answer (MB)',
			name: 'largestAnswer',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: 256 },
			default: 16,
			description:
				'The most that is read of one answer, so that n8n does not run out of memory. Files are not meant: they do not go through it.',
		},
		{
			displayName: 'Requests in Flight per PBX',
			name: 'inFlight',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: MAX_IN_FLIGHT },
			default: DEFAULT_IN_FLIGHT,
			description:
				'How many requests to one phone system may be under way at the same time. 1 works on its items strictly one after another.',
		},
		{
			displayName: 'Requests in Flight to All PBXs',
			name: 'inFlightToAll',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: DEFAULT_IN_FLIGHT_TO_ALL,
			description:
				'How many items may be worked on at the same time where one workflow serves many phone systems. Each of them may always have one, so that one that does not answer never stops the others.',
		},
		{
			displayName: 'Timeout (Seconds)',
			name: 'timeout',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 60,
			description: 'How long the PBX may take to begin its answer to a request, and then to end it',
		},
	],
};
