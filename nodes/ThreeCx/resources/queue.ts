import type { INodeProperties } from 'n8n-workflow';
import { enumOptions } from '../fields/text';
import type { Field, EntityResource } from '../resource';

/** A field that takes some of the PBX's extensions by number, and that XAPI wants as `[{ Number }]`. */
const extensionsField = (
	property: string,
	parameter: Pick<INodeProperties, 'displayName' | 'name'>,
): Field => ({
	property,
	prominent: true,
	toXapi: (numbers: Array<string | number>) =>
		[numbers].flat().map((number) => ({ Number: String(number) })),
	parameter: {
		...parameter,
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getExtensions' },
		default: [],
		description:
			'Replaces all that were set before. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
});

/** Call queues: XAPI `Queues`. */
export const queue: EntityResource = {
	name: 'queue',
	label: 'Queue',
	plural: 'Queues',
	description: 'Callers who wait until one of several agents is free',
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
	expand: { Agents: { property: 'Agents' }, Managers: { property: 'Managers' } },
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
				description: 'Leave empty for the next free number. It cannot be changed later.',
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
		extensionsField('Managers', { displayName: 'Manager Names or IDs', name: 'managers' }),
		{
			property: 'AnnounceQueuePosition',
			parameter: {
				displayName: 'Announce Position',
				name: 'announceQueuePosition',
				type: 'boolean',
				default: false,
				description: 'Whether callers hear how many wait before them',
			},
		},
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
				description: 'How many may wait at the same time',
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
				description: 'In which order agents are rung',
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
				description: 'How long an agent is rung before the next one is',
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
				description: 'Callers who wait longer count as a breach of the service level',
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
				description: 'The break that an agent gets after each call',
			},
		},
	],
};
