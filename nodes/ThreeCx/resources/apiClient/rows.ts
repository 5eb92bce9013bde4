import { extensionsField } from '../../fields/extensions';
import { MEMBERSHIPS, membershipsField } from '../../fields/members';
import { switchField, textField } from '../../fields/simple';
import type { EntityResource } from '../../resource';

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
	title: ({ Number: number }) => String(number),
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
		switchField(
			'XAPIEnabled',
			{
				displayName: 'Configuration API',
				name: 'xapiEnabled',
				description: 'Whether the client can use the 3CX Configuration API',
			},
			{ prominent: true },
		),
		switchField(
			'CallControlEnabled',
			{
				displayName: 'Call Control API',
				name: 'callControlEnabled',
				description: 'Whether the client can see and control calls',
			},
			{ prominent: true },
		),
		extensionsField('Peers', {
			displayName: 'Monitored Extension Names or IDs',
			name: 'peers',
		}),
	],
};
