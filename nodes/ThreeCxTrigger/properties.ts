import type { INodeProperties } from 'n8n-workflow';
import { countryOptions, FROM_PBX } from './countries';
import { eventOptions } from './events';

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
				'Only calls from outside to these numbers of yours; * stands for any digits. 3CX tells the dialed number on some calls only: others are left out.',
		},
		{
			displayName: 'Direction',
			name: 'direction',
			type: 'options',
			options: [
				{ name: 'Incoming', value: 'inbound', description: 'The extension is called' },
				{ name: 'Outgoing', value: 'outbound', description: 'The extension calls somebody' },
			],
			default: 'inbound',
			description: 'Whether the extension is called or calls',
		},
		{
			displayName: 'Inside or Outside',
			name: 'otherSide',
			type: 'options',
			options: [
				{
					name: 'Calls with the Outside',
					value: 'outside',
					description: 'The other side is a number of the public network',
				},
				{
					name: 'Calls Within the Company',
					value: 'inside',
					description: 'The other side is an extension, a queue or a menu of this phone system',
				},
			],
			default: 'outside',
			description: 'Where the other side of the call is',
		},
		{
			displayName: 'Number of the Other Side',
			name: 'caller',
			type: 'string',
			default: '',
			placeholder: 'e.g. +4930*, 0171*, anonymous',
			description:
				'Only calls from or to these numbers; * stands for any digits, ? for one, anonymous for a caller who hides the number. Written with country code or as people write it locally.',
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
			description: 'Only what happens at numbers of these types',
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
			displayName: 'Default Country',
			name: 'defaultCountry',
			type: 'options',
			options: countryOptions,
			default: FROM_PBX,
			description:
				'The country that numbers without a country code belong to. With it, numberE164 is filled for them, too. The PBX tells its own if the API client may read its settings.',
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
				'Above this, the oldest "Participant Changed" and "Raw Message" events are given up, and the log says how many. Other events are always kept.',
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
		hint: 'Empty: all that the API client may see',
		description:
			'The extensions, queues and other numbers to listen to; leave empty for all that the API client may see. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	filters,
	options,
];
