import type { INodeProperties } from 'n8n-workflow';
import { MAX_IN_FLIGHT } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import type { InFlight } from '../../lib/http/inFlight/gate';
import { DEFAULT_RETRY, type RetryPolicy } from '../../lib/http/retry';
import { passOnField } from './fields/passOn';

/** Items that are worked on at the same time over all PBXs, unless the node's option says otherwise. */
export const DEFAULT_IN_FLIGHT_TO_ALL = 20;

/** Bytes of a megabyte; the default below is `MAX_ANSWER_BYTES` of `lib/http/body`. */
export const MB = 1024 * 1024;

/** The longest that *Keep Trying* goes on. */
const MAX_KEEP_TRYING_SECONDS = 3_600;

/** Options of every action node that say how requests are sent; `router.ts` reads them. */
export const requestOptionsProperty: INodeProperties = {
	displayName: 'Request Options',
	name: 'requestOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Add PBX to Output',
			name: 'addPbx',
			type: 'boolean',
			default: true,
			description:
				'Whether each item says in the field pbx which phone system it came from, such as pbx.example.com:5001. Items always do where the credential uses expressions.',
		},
		{
			displayName: 'Keep Trying (Seconds)',
			name: 'keepTrying',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: MAX_KEEP_TRYING_SECONDS },
			default: 60,
			description:
				'How long to go on while the PBX cannot be reached, for example while it restarts. Applies to requests that are safe to repeat: reads, changes of fields, and whatever did not arrive at the PBX. Without this option, the node tries three times within about two seconds.',
		},
		{
			displayName: 'Maximum Response Size (MB)',
			name: 'largestAnswer',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: 256 },
			default: 16,
			description:
				'The largest response to read, so that n8n does not run out of memory. Does not apply to files.',
		},
		passOnField,
		{
			displayName: 'Requests in Flight per PBX',
			name: 'inFlight',
			type: 'options',
			options: [
				{
					name: 'Automatic',
					value: 'automatic',
					description:
						'Start with 4, send more while the phone system responds quickly, and fewer when it slows down',
				},
				{ name: '1', value: 1, description: 'Process the items one after another' },
				...[2, 4, 8, MAX_IN_FLIGHT].map((value) => ({ name: String(value), value })),
			],
			default: 'automatic',
			description:
				'How many requests to send to one phone system at the same time. An expression can return any number from 1 to 16.',
		},
		{
			displayName: 'Requests in Flight to All PBXs',
			name: 'inFlightToAll',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: DEFAULT_IN_FLIGHT_TO_ALL,
			description:
				'How many items to process at the same time when one workflow serves many phone systems. Each phone system can always have one, so one that does not respond never stops the others.',
		},
		{
			displayName: 'Timeout (Seconds)',
			name: 'timeout',
			type: 'number',
			typeOptions: { minValue: 0.1, numberPrecision: 1 },
			default: 60,
			description: 'How long to wait for the PBX to start its response, and then to finish it',
		},
	],
};

/**
 * @param seconds what the option *Keep Trying* holds; an expression may give anything
 * @returns how often and how long a request is repeated
 * @throws ThreeCxError of kind `input` when it is no number from 0 to 3,600
 */
export function retryFor(seconds: unknown = 0): RetryPolicy {
	const number = typeof seconds === 'string' && seconds.trim() !== '' ? Number(seconds) : seconds;
	if (typeof number === 'number' && number >= 0 && number <= MAX_KEEP_TRYING_SECONDS)
		return { ...DEFAULT_RETRY, unreachableMs: number * 1000 };
	throw new ThreeCxError({
		kind: 'input',
		field: 'keepTrying',
		message: `"Keep Trying (Seconds)" cannot be ${JSON.stringify(seconds)}`,
		hint: `Enter a number of seconds from 0 to ${MAX_KEEP_TRYING_SECONDS}.`,
	});
}

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
		hint: `Choose Automatic, or enter a whole number from 1 to ${MAX_IN_FLIGHT}.`,
	});
}
