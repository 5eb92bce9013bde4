import type { INodeProperties } from 'n8n-workflow';
import { EVENTS, eventOptions } from './events';

const eventsOf = (kind: string) =>
	EVENTS.filter((event) => event.kind === kind).map(({ value }) => value);

/** The fields of the panel. */
export const properties: INodeProperties[] = [
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		default: ['serviceStopped', 'trunkOffline'],
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
			'The extensions whose registration is watched. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		hint: 'In an expression, the IDs are the extension numbers, such as 101',
		displayOptions: { show: { events: eventsOf('extension') } },
	},
	{
		displayName: 'Queue Names or IDs',
		name: 'queues',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getQueues' },
		default: [],
		description:
			'Leave empty for all queues. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		hint: 'In an expression, the IDs are the queue numbers, such as 800',
		displayOptions: { show: { events: eventsOf('queue') } },
	},
	{
		displayName: 'More Callers Than',
		name: 'maxCallers',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 5,
		description: 'The event occurs when more callers wait in one queue',
		displayOptions: { show: { events: eventsOf('queue') } },
	},
	{
		displayName: 'Waiting Longer Than (Seconds)',
		name: 'maxWait',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 120,
		description: 'The event also occurs when one caller has waited longer; 0 turns this off',
		displayOptions: { show: { events: eventsOf('queue') } },
	},
	{
		displayName: 'Again at Most Every (Minutes)',
		name: 'againAfter',
		type: 'number',
		typeOptions: { minValue: 0 },
		default: 15,
		description:
			'While the threshold of a queue stays passed, or is passed again, the event occurs this often at most',
		displayOptions: { show: { events: eventsOf('queue') } },
	},
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Backup Too Old After (Hours)',
				name: 'backupHours',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 48,
				description: 'For the event Backup Too Old',
			},
			{
				displayName: 'Check Every (Seconds)',
				name: 'interval',
				type: 'number',
				typeOptions: { minValue: 5, maxValue: 86400 },
				default: 30,
				description:
					'How often to read the state of the PBX. Updates and the licence are read once an hour, backups every 5 minutes.',
			},
			{
				displayName: 'Confirm After (Seconds)',
				name: 'confirmAfter',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description:
					'How long a trunk, SBC, service, extension or user must stay in a new state before the event occurs; keeps one that comes and goes from starting the workflow each time',
			},
			{
				displayName: 'Licence Days',
				name: 'licenceDays',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 30,
				description: 'For the event Licence Near Its End: fewer days left than this',
			},
			{
				displayName: 'Report Present Problems',
				name: 'reportPresent',
				type: 'boolean',
				default: false,
				description:
					'Whether to report what is wrong when the workflow is first published; otherwise only what changes from then on',
			},
		],
	},
];
