import type { INodeProperties } from 'n8n-workflow';
import { extensionsField } from '../../fields/extensions';
import { keepDepartmentsField, MEMBERSHIPS, membershipsField } from '../../fields/members';
import { textField } from '../../fields/simple';
import type { EntityResource } from '../../resource';

/** The two APIs, off until somebody turns them on: in Create, and in Set Rights. */
export const configurationApi: INodeProperties = {
	displayName: 'Configuration API',
	name: 'xapiEnabled',
	type: 'boolean',
	default: false,
	description: 'Whether the client can use the 3CX Configuration API',
};

export const callControlApi: INodeProperties = {
	displayName: 'Call Control API',
	name: 'callControlEnabled',
	type: 'boolean',
	default: false,
	description: 'Whether the client can see and control calls',
};

/** API clients, XAPI `ServicePrincipals`: all but the operations that only they have. */
export const rows: EntityResource = {
	name: 'apiClient',
	label: 'API Client',
	plural: 'API Clients',
	description:
		'A program that can use the APIs of the PBX, as under Integrations > API in the Admin Console',
	entitySet: 'ServicePrincipals',
	type: 'ServicePrincipal',
	naturalKeys: [{ property: 'Number', label: 'Client ID', placeholder: 'e.g. n8n' }],
	// A new key or other rights for it lock n8n out.
	title: ({ Number: number }, { clientId }) =>
		number === clientId ? `${String(number)} (used by this credential)` : String(number),
	lastInList: ({ Number: number }, { clientId }) => number === clientId,
	searchIn: ['Number'],
	summary: [
		'Id',
		'Number',
		'XAPIEnabled',
		'CallControlEnabled',
		'MyPhoneEnabled',
		'IsSystem',
		'LastUsed',
	],
	expand: { Groups: MEMBERSHIPS, Peers: { property: 'Peers' } },
	needed: [['Number']],
	fields: [
		textField(
			'Number',
			{
				displayName: 'Client ID',
				name: 'number',
				placeholder: 'e.g. n8n',
				description:
					'Also the number of its route point, so no extension can have it. It cannot be changed later.',
			},
			{ prominent: true, createOnly: true },
		),
		membershipsField,
		keepDepartmentsField,
		{ property: 'XAPIEnabled', prominent: true, parameter: configurationApi },
		{ property: 'CallControlEnabled', prominent: true, parameter: callControlApi },
		extensionsField('Peers', {
			displayName: 'Monitored Extension Names or IDs',
			name: 'peers',
		}),
	],
};
