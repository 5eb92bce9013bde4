import { closedRoutesField, destinationLists } from '../../fields/destination';
import { departmentsField, enumField, numberField, textField } from '../../fields/simple';
import { promptField } from '../../fields/prompts';
import type { EntityResource } from '../../resource';
import { invalidKeyField, keyMapField, timeoutField } from './menuKeys';
import { keyOperations } from './setKey';

/** Digital receptionists, the menus that callers hear: XAPI `Receptionists`. */
export const ivr: EntityResource = {
	name: 'ivr',
	label: 'IVR',
	plural: 'IVRs',
	description: 'A digital receptionist: a menu where callers press a key',
	entitySet: 'Receptionists',
	type: 'Receptionist',
	naturalKeys: [
		{ property: 'Number', label: 'Number', placeholder: 'e.g. 700' },
		{ property: 'Name', label: 'Name', placeholder: 'e.g. Welcome' },
	],
	title: ({ Number: number, Name }) => [number, Name].filter(Boolean).join(' '),
	searchIn: ['Number', 'Name'],
	summary: [
		'Id',
		'Number',
		'Name',
		'IVRType',
		'PromptFilename',
		'Timeout',
		'TimeoutForwardType',
		'TimeoutForwardDN',
		'InvalidKeyForwardDN',
		'IsRegistered',
	],
	expand: { Forwards: { property: 'Forwards' }, Groups: { property: 'Groups' } },
	needed: [['Name']],
	fields: [
		textField(
			'Number',
			{
				displayName: 'IVR Number',
				name: 'number',
				placeholder: 'e.g. 700',
				description: 'Leave empty to use the next free number. It cannot be changed later.',
			},
			{ prominent: true, createOnly: true },
		),
		textField(
			'Name',
			{ displayName: 'Name', name: 'name', placeholder: 'e.g. Welcome' },
			{ prominent: true },
		),
		keyMapField,
		departmentsField(),
		timeoutField,
		invalidKeyField,
		closedRoutesField,
		enumField('IVRType', 'IVRType', {
			displayName: 'Kind of Menu',
			name: 'ivrType',
			default: 'Default',
		}),
		promptField(
			'PromptFilename',
			{ displayName: 'Prompt Name or ID', name: 'promptFilename' },
			'The prompt to play to callers',
		),
		numberField('Timeout', {
			displayName: 'Timeout (Seconds)',
			name: 'timeout',
			default: 5,
			description: 'How long callers have to press a key',
		}),
	],
	operations: keyOperations(() => ivr),
	loadOptions: destinationLists,
};
