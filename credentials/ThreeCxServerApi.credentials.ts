import type { ICredentialType, INodeProperties } from 'n8n-workflow';

/**
 * The address of a PBX: what stands first in the form of {@link ThreeCxOAuth2Api}. It is a type of its own only because n8n
 * shows the fields of the types that a credential extends in their order, and those of the credential itself behind them;
 * Server URL would stand below the secret. Nobody creates one: it is hidden, and no node takes it.
 */
// eslint-disable-next-line @n8n/community-nodes/credential-test-required -- it is never a credential by itself
export class ThreeCxServerApi implements ICredentialType {
	name = 'threeCxServerApi';

	displayName = '3CX Server API';

	hidden = true;

	icon = {
		light: 'file:../icons/credential.svg',
		dark: 'file:../icons/credential.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-threecx/n8n-nodes-threecx/blob/main/docs/setup-3cx.md#create-the-api-client';

	properties: INodeProperties[] = [
		{
			displayName: 'Server URL',
			// Not `serverUrl`: n8n refuses to save that field of an OAuth2 credential without a scheme.
			name: 'pbxUrl',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. https://pbx.example.com:5001',
			description: 'The address of your 3CX web client, including the port if there is one',
		},
	];
}
