import type { INodeProperties } from 'n8n-workflow';
import { MAX_IN_FLIGHT } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import type { InFlight } from '../../lib/http/inFlight/gate';

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
			type: 'options',
			options: [
				{
					name: 'Automatic',
					value: 'automatic',
					description:
						'Begin with 4, send more as long as the phone system answers as quickly, and fewer when it gets slower',
				},
				{ name: '1', value: 1, description: 'Work on the items strictly one after another' },
				...[2, 4, 8, MAX_IN_FLIGHT].map((value) => ({ name: String(value), value })),
			],
			default: 'automatic',
			description:
				'How many requests to one phone system may be under way at the same time. An expression may give any number from 1 to 16.',
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

/**
 * @param value what the option *Requests in Flight per PBX* holds; an expression may give anything
 * @returns automatic, or a whole number from 1 to 16
 * @throws ThreeCxError of kind `input` when it is neither
 */
export function inFlightFrom(value: unknown = 'automatic'): InFlight {
	if (value === 'automatic') return value;
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (Number.isInteger(number) && (number as number) >= 1 && (number as number) <= MAX_IN_FLIGHT)
		return number as number;
	throw new ThreeCxError({
		kind: 'input',
		field: 'inFlight',
		message: `"Requests in Flight per PBX" cannot be ${JSON.stringify(value)}`,
		hint: `Choose Automatic, or give a whole number from 1 to ${MAX_IN_FLIGHT}.`,
	});
}
