import { keepDepartmentsField, MEMBERSHIPS, membershipsField } from '../../fields/members';
import type { EntityResource } from '../../resource';

/** Extensions and the people behind them, XAPI `Users`: all but the operations that only they have. */
export const rows: EntityResource = {
	name: 'user',
	label: 'User',
	plural: 'Users',
	description: 'A person with an extension',
	entitySet: 'Users',
	type: 'User',
	naturalKeys: [
		{ property: 'Number', label: 'Number', placeholder: 'e.g. 100' },
		{ property: 'EmailAddress', label: 'Email', placeholder: 'e.g. anna@example.com' },
	],
	title: ({ Number: number, FirstName, LastName }) =>
		[number, FirstName, LastName].filter(Boolean).join(' '),
	searchIn: ['Number', 'FirstName', 'LastName', 'EmailAddress'],
	summary: [
		'Id',
		'Number',
		'FirstName',
		'LastName',
		'EmailAddress',
		'Mobile',
		'Enabled',
		'IsRegistered',
		'CurrentProfileName',
		'QueueStatus',
	],
	expand: { Groups: MEMBERSHIPS },
	needed: [['FirstName', 'LastName']],
	fields: [
		{
			property: 'Number',
			prominent: true,
			createOnly: true,
			parameter: {
				displayName: 'Extension Number',
				name: 'number',
				type: 'string',
				default: '',
				placeholder: 'e.g. 100',
				description: 'Leave empty to use the next free number. It cannot be changed later.',
			},
		},
		{
			property: 'FirstName',
			prominent: true,
			parameter: { displayName: 'First Name', name: 'firstName', type: 'string', default: '' },
		},
		{
			property: 'LastName',
			prominent: true,
			parameter: { displayName: 'Last Name', name: 'lastName', type: 'string', default: '' },
		},
		{
			property: 'EmailAddress',
			prominent: true,
			parameter: {
				displayName: 'Email',
				name: 'emailAddress',
				type: 'string',
				default: '',
				placeholder: 'e.g. anna@example.com',
				description: 'Where 3CX sends the welcome email and voicemails; each user needs their own',
			},
		},
		membershipsField,
		keepDepartmentsField,
		{
			property: 'CurrentProfileName',
			parameter: {
				displayName: 'Current Status',
				name: 'currentProfileName',
				type: 'options',
				options: [
					{ name: 'Available', value: 'Available' },
					{ name: 'Away', value: 'Away' },
					{ name: 'Custom 1', value: 'Custom 1' },
					{ name: 'Custom 2', value: 'Custom 2' },
					{ name: 'Do Not Disturb (Out of Office)', value: 'Out of office' },
				],
				default: 'Available',
				description:
					'The status that sets where calls go; if you renamed it in 3CX, use an expression with its name',
			},
		},
		{
			property: 'Enabled',
			parameter: {
				displayName: 'Enabled',
				name: 'enabled',
				type: 'boolean',
				default: true,
				description: 'Whether the extension can make and take calls',
			},
		},
		{
			property: 'HideInPhonebook',
			parameter: {
				displayName: 'Hide in Phonebook',
				name: 'hideInPhonebook',
				type: 'boolean',
				default: false,
				description: 'Whether to hide the user in the company phonebook',
			},
		},
		{
			property: 'Mobile',
			parameter: {
				displayName: 'Mobile Number',
				name: 'mobile',
				type: 'string',
				default: '',
				placeholder: 'e.g. +447700900123',
			},
		},
		{
			property: 'OutboundCallerID',
			parameter: {
				displayName: 'Outbound Caller ID',
				name: 'outboundCallerId',
				type: 'string',
				default: '',
				placeholder: 'e.g. +442079460100',
				description: 'The number to show when this user makes an external call',
			},
		},
		{
			property: 'RecordCalls',
			parameter: {
				displayName: 'Record Calls',
				name: 'recordCalls',
				type: 'boolean',
				default: false,
				description: 'Whether to record all calls of this user',
			},
		},
		{
			property: 'VMEnabled',
			parameter: {
				displayName: 'Voicemail',
				name: 'voicemailEnabled',
				type: 'boolean',
				default: true,
				description: 'Whether callers can leave a voicemail',
			},
		},
		{
			property: 'VMPIN',
			parameter: {
				displayName: 'Voicemail PIN',
				name: 'voicemailPin',
				type: 'string',
				typeOptions: { password: true },
				default: '',
				description: 'Digits only; never shown in the output',
			},
		},
	],
};
