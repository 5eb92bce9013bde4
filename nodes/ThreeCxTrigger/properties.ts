import type { INodeProperties } from 'n8n-workflow';
import { countryOptions, FROM_PBX } from './countries';
import { callEventOptions, eventOptions } from './events';
import { LONGEST_EXECUTION_MINUTES } from './settings';

/** What narrows the calls down further than their extensions. */
const filters: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add filter',
	default: {},
	options: [
		{
			displayName: 'Dialed Number (DID)',
			name: 'did',
			type: 'string',
			default: '',
			placeholder: 'e.g. +442079460000, +44161*',
			description:
				'Only external calls to these numbers of yours; * stands for any digits. 3CX sends the dialed number for some calls only; other calls are left out.',
		},
		{
			displayName: 'Direction',
			name: 'direction',
			type: 'options',
			options: [
				{ name: 'Incoming', value: 'inbound', description: 'The extension is called' },
				{ name: 'Outgoing', value: 'outbound', description: 'The extension makes a call' },
			],
			default: 'inbound',
			description: 'Whether the extension is called or makes the call',
		},
		{
			displayName: 'Internal or External',
			name: 'otherSide',
			type: 'options',
			options: [
				{
					name: 'Calls with the Outside',
					value: 'outside',
					description: 'The other party is a number on the public phone network',
				},
				{
					name: 'Internal Calls',
					value: 'inside',
					description: 'The other party is an extension, a queue or a menu of this phone system',
				},
			],
			default: 'outside',
			description: 'Where the other party of the call is',
		},
		{
			displayName: 'Number of the Other Party',
			name: 'caller',
			type: 'string',
			default: '',
			placeholder: 'e.g. +4930*, 0171*, anonymous',
			description:
				'Only calls from or to these numbers; * stands for any digits, ? for one digit, anonymous for a hidden number. Enter numbers with country code or in local notation.',
		},
		{
			displayName: 'Queue Names or IDs',
			name: 'queues',
			type: 'multiOptions',
			typeOptions: { loadOptionsMethod: 'getQueues' },
			default: [],
			description:
				'Only calls that have come through these queues, from then on. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
		{
			displayName: 'Types of Extension',
			name: 'dnTypes',
			type: 'multiOptions',
			options: [
				{ name: 'Conference', value: 'Wconference' },
				{ name: 'Digital Receptionist', value: 'Wivr' },
				{ name: 'Extension', value: 'Wextension' },
				{ name: 'Fax', value: 'Wfax' },
				{ name: 'Parking Slot', value: 'Wparkextension' },
				{ name: 'Queue', value: 'Wqueue' },
				{ name: 'Ring Group', value: 'Wringgroup' },
				{ name: 'Route Point (API Client)', value: 'Wroutepoint' },
				{ name: 'Voicemail and Service Menu', value: 'Wspecialmenu' },
			],
			default: ['Wextension'],
			description: 'Only events of numbers of these types',
		},
	],
};

const options: INodeProperties = {
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
				{
					name: 'Start From Now',
					value: 'now',
					description: 'Only calls that ring, and those that come',
				},
				{
					name: 'Tell What Was Missed',
					value: 'tell',
					description: 'The difference to what was told before the pause',
				},
			],
			default: 'tell',
			description:
				'What to do when the workflow is published again. After a restart of n8n, the trigger always tells what was missed.',
		},
		{
			displayName: 'Default Country',
			name: 'defaultCountry',
			type: 'options',
			options: countryOptions,
			default: FROM_PBX,
			description:
				'The country of numbers without a country code, needed to fill numberE164 for them. The country of the PBX is available if the API client can read its settings.',
		},
		{
			displayName: 'Executions in Flight',
			name: 'executionsInFlight',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 10,
			description:
				'How many executions of this workflow can run at the same time. Other events wait, in order within each call.',
		},
		{
			displayName: 'Granularity',
			name: 'granularity',
			type: 'options',
			options: [
				{
					name: 'Each Call',
					value: 'call',
					description: 'One "ringing" event per call, no matter how many phones ring',
				},
				{
					name: 'Each Phone',
					value: 'leg',
					description: 'One "ringing" event for every extension that rings',
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
			description: 'Whether to add the data that 3CX sent, unchanged, as participant',
		},
		{
			displayName: 'Longest Execution (Minutes)',
			name: 'longestExecution',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: LONGEST_EXECUTION_MINUTES,
			description:
				'How long an execution can hold its place among the executions in flight when neither the workflow nor n8n has a time-out. Then another event takes the place, and the log says so.',
		},
		{
			displayName: 'Maximum Waiting Events',
			name: 'maxWaiting',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 10_000,
			description:
				'Above this number, the oldest "Participant Changed" and "Raw Message" events are dropped, and the log says how many. Other events are always kept.',
		},
		{
			displayName: 'Tell for Each Phone',
			name: 'perPhone',
			type: 'multiOptions',
			options: callEventOptions,
			default: ['callRinging'],
			description:
				'Events that come once for every extension in a call, while the others come once for each call. For example, choose Call Ringing to open the caller on every phone that rings, and still save one record when the call ends. Only for Granularity "Each Call".',
		},
		{
			displayName: 'Tell What Was Missed',
			name: 'tellMissed',
			type: 'options',
			options: [
				{
					name: 'Ended Only',
					value: 'ended',
					description: 'One "Call Ended" event for each call that nobody saw',
				},
				{
					name: 'Everything',
					value: 'everything',
					description: 'Also that it rang and was answered, though it is over',
				},
				{
					name: 'Nothing',
					value: 'nothing',
					description: 'Do not read the call log',
				},
			],
			default: 'ended',
			description:
				'What to tell of calls that started and ended while n8n or the connection was down. They are read from the call log, which takes up to two minutes; the API client needs the System Owner role.',
		},
		{
			displayName: 'Waiting Events',
			name: 'waitingEvents',
			type: 'options',
			options: [
				{ name: 'One Execution per Event', value: 'single' },
				{ name: 'One Execution for All, With One Item Each', value: 'together' },
			],
			default: 'single',
			description: 'How to deliver events that have to wait because many arrive at once',
		},
	],
};

/** The fields of the panel: what, where, and all else folded away. */
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
		hint: 'Leave empty for all that the API client can see',
		description:
			'The extensions, queues and other numbers to listen to; leave empty for all that the API client can see. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	filters,
	options,
];
