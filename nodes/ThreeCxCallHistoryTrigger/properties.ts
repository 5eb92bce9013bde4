import type { INodeProperties } from 'n8n-workflow';
import { eventOptions } from './sources';

/** The fields of the panel. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		default: ['callFinished'],
		options: eventOptions,
		description: 'What starts the workflow',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'After a Pause',
				name: 'afterPause',
				type: 'options',
				options: [
					{ name: 'Start From Now', value: 'now', description: 'Only what appears from then on' },
					{ name: 'Tell What Was Missed', value: 'tell', description: 'All since the last poll' },
				],
				default: 'tell',
				description:
					'What to do when the workflow is published again. After a restart of n8n, the trigger always tells what was missed.',
			},
			{
				displayName: 'Begin At',
				name: 'startAt',
				type: 'dateTime',
				default: '',
				description:
					'The time from which to report events when you first publish the workflow; by default, the time of publishing. Older events are read one week per poll.',
			},
			{
				displayName: 'Download Recordings',
				name: 'downloadFile',
				type: 'boolean',
				default: false,
				description: 'Whether to add the audio file to each item of the event Recording Available',
			},
			{
				displayName: 'Include Legs',
				name: 'includeLegs',
				type: 'boolean',
				default: false,
				description:
					'Whether to add the legs of each call, as reported by 3CX: every extension that rang or talked',
			},
			{
				displayName: 'Longest Call (Hours)',
				name: 'longestCall',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 48 },
				default: 4,
				description:
					'3CX stores a call when it ends, under the time it started. Calls that last longer than this can be missed; a higher value reads more on each poll.',
			},
			{
				displayName: 'Put Output File in Field',
				name: 'binaryPropertyName',
				type: 'string',
				default: 'data',
				placeholder: 'e.g. data',
				displayOptions: { show: { downloadFile: [true] } },
				hint: 'The name of the output binary field to put the file in',
				description: 'The output field for the audio file',
			},
			{
				displayName: 'Settle Delay (Seconds)',
				name: 'settleDelay',
				type: 'number',
				typeOptions: { minValue: 0, maxValue: 600 },
				default: 15,
				description:
					'How long the last leg of a call must be over before the call is reported, if the API client cannot see which calls go on. 3CX stores a leg when it ends, while the call can continue elsewhere.',
			},
		],
	},
];
