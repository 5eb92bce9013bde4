import type { INodeProperties } from 'n8n-workflow';
import { countryOptions } from './countries';
import { eventOptions } from './events';

/** The fields of the panel. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		default: ['callRinging'],
		options: eventOptions,
		description: 'What starts the workflow',
	},
	{
		displayName: 'Extension Names or IDs',
		name: 'extensions',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getExtensions' },
		default: [],
		description:
			'The extensions, queues and other numbers to listen to; leave empty for all that the API client may see. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Default Country',
				name: 'defaultCountry',
				type: 'options',
				options: countryOptions,
				default: '',
				description:
					'The country that numbers without a country code belong to. With it, numberE164 is filled for them, too.',
			},
			{
				displayName: 'Executions in Flight',
				name: 'executionsInFlight',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 10,
				description:
					'How many executions of this workflow may run at the same time. Further events wait their turn, in order within each call.',
			},
			{
				displayName: 'Granularity',
				name: 'granularity',
				type: 'options',
				options: [
					{
						name: 'Each Call',
						value: 'call',
						description: 'One "ringing" for a call, however many phones it rings',
					},
					{
						name: 'Each Phone',
						value: 'leg',
						description: 'One "ringing" for every extension that rings',
					},
				],
				default: 'call',
				description: 'Whether an event stands for a whole call or for one extension in it',
			},
			{
				displayName: 'Include Raw Participant',
				name: 'includeRaw',
				type: 'boolean',
				default: false,
				description: 'Whether to add what 3CX has sent, unchanged, as participant',
			},
			{
				displayName: 'Most Events Waiting',
				name: 'maxWaiting',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 10_000,
				description:
					'Above this, the oldest "Participant Changed" events are given up, and the log says how many. Other events are always kept.',
			},
			{
				displayName: 'Waiting Events',
				name: 'waitingEvents',
				type: 'options',
				options: [
					{ name: 'One Execution per Event', value: 'single' },
					{ name: 'Together as Items of One Execution', value: 'together' },
				],
				default: 'single',
				description: 'What becomes of events that have to wait because many come at once',
			},
		],
	},
];
