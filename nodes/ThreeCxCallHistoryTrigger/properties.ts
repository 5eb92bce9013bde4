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
					'From when on things are reported the first time; without it, from the moment of publishing',
			},
			{
				displayName: 'Download Recordings',
				name: 'downloadFile',
				type: 'boolean',
				default: false,
				description: 'Whether to add the sound file to each recording',
			},
			{
				displayName: 'Include Legs',
				name: 'includeLegs',
				type: 'boolean',
				default: false,
				description: 'Whether to add every leg of a call, as 3CX reports it',
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
				hint: 'The name of the output binary field to put the file in',
				description: 'Where the sound file goes if recordings are downloaded',
			},
		],
	},
];
