import { closedRoutesField, destinationField } from '../../fields/destination';
import { extensionsField } from '../../fields/extensions';
import { promptField } from '../../fields/prompts';
import { departmentsField } from '../../fields/simple';
import { enumOptions } from '../../fields/text';
import type { EntityResource } from '../../resource';

/** Call queues, XAPI `Queues`: all but the operations that only they have. */
export const rows: EntityResource = {
	name: 'queue',
	label: 'Queue',
	plural: 'Queues',
	description: 'A line of callers who wait for a free agent',
	entitySet: 'Queues',
	type: 'Queue',
	naturalKeys: [
		{ property: 'Number', label: 'Number', placeholder: 'e.g. 800' },
		{ property: 'Name', label: 'Name', placeholder: 'e.g. Support' },
	],
	title: ({ Number: number, Name }) => [number, Name].filter(Boolean).join(' '),
	searchIn: ['Number', 'Name'],
	summary: [
		'Id',
		'Number',
		'Name',
		'PollingStrategy',
		'RingTimeout',
		'MasterTimeout',
		'MaxCallersInQueue',
		'WrapUpTime',
		'SLATime',
		'IsRegistered',
	],
	expand: {
		Agents: { property: 'Agents' },
		Groups: { property: 'Groups' },
		Managers: { property: 'Managers' },
	},
	needed: [['Name']],
	fields: [
		{
			property: 'Number',
			prominent: true,
			createOnly: true,
			parameter: {
				displayName: 'Queue Number',
				name: 'number',
				type: 'string',
				default: '',
				placeholder: 'e.g. 800',
				description: 'Leave empty to use the next free number. It cannot be changed later.',
			},
		},
		{
			property: 'Name',
			prominent: true,
			parameter: {
				displayName: 'Name',
				name: 'name',
				type: 'string',
				default: '',
				placeholder: 'e.g. Support',
			},
		},
		extensionsField('Agents', { displayName: 'Agent Names or IDs', name: 'agents' }),
		extensionsField('Managers', {
			displayName: 'Manager Names or IDs',
			name: 'managers',
			// The agents above say how an expression names them.
			hint: undefined,
		}),
		{
			property: 'AnnounceQueuePosition',
			parameter: {
				displayName: 'Announce Position',
				name: 'announceQueuePosition',
				type: 'boolean',
				default: false,
				description: 'Whether callers hear their position in the queue',
			},
		},
		departmentsField(),
		closedRoutesField,
		promptField(
			'IntroFile',
			{ displayName: 'Intro Prompt Name or ID', name: 'introFile' },
			'The prompt that callers hear before agents ring',
			'EnableIntro',
		),
		promptField(
			'OnHoldFile',
			{ displayName: 'Music on Hold Name or ID', name: 'onHoldFile' },
			'What callers hear while they wait',
		),
		destinationField(
			'ForwardNoAnswer',
			'forwardNoAnswer',
			'If No Agent Answers',
			'Where callers go after the maximum wait, or when no agent is logged in',
		),
		{
			property: 'MasterTimeout',
			parameter: {
				displayName: 'Maximum Wait (Seconds)',
				name: 'masterTimeout',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 1800,
				description: 'After this time the call leaves the queue',
			},
		},
		{
			property: 'MaxCallersInQueue',
			parameter: {
				displayName: 'Maximum Callers',
				name: 'maxCallersInQueue',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 20,
				description: 'How many callers can wait at the same time',
			},
		},
		{
			property: 'PollingStrategy',
			parameter: {
				displayName: 'Ring Strategy',
				name: 'pollingStrategy',
				type: 'options',
				options: enumOptions('PollingStrategyType'),
				default: 'RingAll',
				description: 'The order in which agents ring',
			},
		},
		{
			property: 'RingTimeout',
			parameter: {
				displayName: 'Ring Time (Seconds)',
				name: 'ringTimeout',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 20,
				description: 'How long an agent rings before the next one',
			},
		},
		{
			property: 'SLATime',
			parameter: {
				displayName: 'SLA Time (Seconds)',
				name: 'slaTime',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'Calls that wait longer count as a service level breach',
			},
		},
		{
			property: 'WrapUpTime',
			parameter: {
				displayName: 'Wrap-Up Time (Seconds)',
				name: 'wrapUpTime',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description: 'How long an agent gets no calls after each call',
			},
		},
	],
};
