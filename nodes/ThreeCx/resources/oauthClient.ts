import type { EntityResource } from '../resource';

/** Programs that people have let into the PBX with their own account: XAPI `OAuthClients` (since 20.0.10). */
export const oauthClient: EntityResource = {
	name: 'oauthClient',
	label: 'OAuth Client',
	plural: 'OAuth Clients',
	description: 'A program, such as an AI assistant, that was allowed to sign in to the PBX',
	entitySet: 'OAuthClients',
	type: 'OAuthClient',
	naturalKeys: [
		{ property: 'ClientId', label: 'Client ID', placeholder: 'e.g. https://assistant.example.com' },
	],
	title: ({ ClientId }) => String(ClientId),
	searchIn: ['ClientId'],
	summary: ['Id', 'ClientId', 'CreatedBy', 'CreatedAt', 'UsedAt', 'Persistent', 'Scopes'],
	expand: {},
	fields: [],
};
