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
				displayName: 'Begin At',
				name: 'startAt',
				type: 'dateTime',
				default: '',
				description:
					'From when on things are reported when the workflow is published the first time; without it, from that moment on. What is older comes week by week.',
			},
			{
				displayName: 'Download Recordings',
				name: 'downloadFile',
				type: 'boolean',
				default: false,
				description: 'Whether to add the sound file to each item of the event Recording Available',
			},
			{
				displayName: 'Include Legs',
				name: 'includeLegs',
				type: 'boolean',
				default: false,
				description:
					'Whether to add to each call its legs, as 3CX reports them: every extension that rang or talked',
			},
			{
				displayName: 'Longest Call (Hours)',
				name: 'longestCall',
				type: 'number',
				typeOptions: { minValue: 1, maxValue: 48 },
				default: 4,
				description:
					'3CX files a call under the time when it began, and only when it is over. Calls that last longer than this may be missed; a higher value reads more on each poll.',
			},
			{
				displayName: 'Put Output File in Field',
				name: 'binaryPropertyName',
				type: 'string',
				default: 'data',
				placeholder: 'e.g. data',
				displayOptions: { show: { downloadFile: [true] } },
				hint: 'The name of the output binary field to put the file in',
				description: 'Where the sound file goes',
			},
		],
	},
];
