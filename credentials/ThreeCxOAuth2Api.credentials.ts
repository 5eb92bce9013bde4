import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IDataObject,
	INodeProperties,
} from 'n8n-workflow';
import {
	inOneMessage,
	RENEWING,
	TOKEN_NOT_ISSUED,
	verifiedToken,
} from '../lib/http/credentialCheck';
import { readFields } from '../lib/http/credentialFields';
import { assertDomainAllowed, type DomainRestriction } from '../nodes/shared/allowedDomains';

/**
 * The origin of a server address as people type it, as an n8n expression: the scheme defaults to https, and whatever
 * follows host and port is cut off. `lib/http/serverUrl.ts` says the same in code; expressions cannot call it.
 */
const originOf = (field: string) =>
	`${field}.trim().replace(/^(?!https?:[/][/])/i, "https://").replace(/^(https?:[/][/][^/?#]+).*$/i, "$1")`;

/**
 * OAuth2 client credentials of a 3CX API client (Integrations > API).
 *
 * It extends n8n's `oAuth2Api`, so that n8n stores the token encrypted and shares it between its processes: 3CX keeps
 * one live token per client ID, and each new one kills the last (protocol 1.4).
 */
export class ThreeCxOAuth2Api implements ICredentialType {
	name = 'threeCxOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = '3CX OAuth2 API';

	icon = {
		light: 'file:../icons/credential.svg',
		dark: 'file:../icons/credential.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-threecx/n8n-nodes-threecx#create-the-api-client-in-3cx';

	properties: INodeProperties[] = [
		{
			displayName: 'Server URL',
			// Not `serverUrl`: n8n refuses to save that field of an OAuth2 credential without a scheme.
			name: 'pbxUrl',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. https://pbx.example.com:5001',
			description: 'The address of your 3CX web client; with the port if it has one',
		},
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. n8n',
			description:
				'The Client ID (DN) of the API client, as entered in the 3CX Admin Console under Integrations > API. Use one API client for each n8n: a new token of the same client ends the last one.',
		},
		{
			displayName: 'Client Secret',
			name: 'clientSecret',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'The API key that 3CX showed once when the API client was created',
		},
		{
			displayName: 'Ignore SSL Issues (Insecure)',
			name: 'ignoreSSLIssues',
			type: 'boolean',
			default: false,
			description:
				'Whether to connect even if the certificate is not trusted, as when the PBX is reached by its IP address in your own network',
		},
		{ displayName: 'Grant Type', name: 'grantType', type: 'hidden', default: 'clientCredentials' },
		{
			displayName: 'Access Token URL',
			name: 'accessTokenUrl',
			type: 'hidden',
			default: `={{ ${originOf('$self["pbxUrl"]')} }}/connect/token`,
		},
		{ displayName: 'Scope', name: 'scope', type: 'hidden', default: '' },
		{ displayName: 'Authentication', name: 'authentication', type: 'hidden', default: 'body' },
		{
			// n8n fetches a credential's very first token by itself, unlocked, and words a failure badly. With this in
			// place it does not, and `preAuthentication` below (Test, HTTP Request node) or n8n's locked refresh
			// (our nodes) comes first.
			displayName: 'Token',
			name: 'oauthTokenData',
			type: 'hidden',
			typeOptions: { password: true },
			default: { access_token: TOKEN_NOT_ISSUED },
		},
	];

	/**
	 * Called by n8n before each request that its own helper sends with this credential: the Test button and the HTTP
	 * Request node. Asks the PBX for a token with the client ID and secret as they are now, once per process and
	 * secret: so Test tests what was typed, and says in plain words what is wrong.
	 *
	 * @param credentials the resolved fields
	 * @returns a fresh token for this request, or nothing when n8n's stored one may be used
	 * @throws Error whose message holds cause and cure
	 */
	async preAuthentication(credentials: ICredentialDataDecryptedObject): Promise<IDataObject> {
		// n8n asks here, too, when it has just renewed the token for one of our nodes: another one would kill that.
		if (credentials[RENEWING] === true) return {};
		// Before the secret goes out: n8n itself asks only for the request that follows.
		assertAllowed(credentials);
		const token = await verifiedToken({
			pbxUrl: String(credentials.pbxUrl ?? ''),
			clientId: String(credentials.clientId ?? ''),
			clientSecret: String(credentials.clientSecret ?? ''),
			ignoreSslIssues: credentials.ignoreSSLIssues === true,
			stored: (credentials.oauthTokenData as { access_token?: string } | undefined)?.access_token,
		});
		return token === undefined
			? {}
			: { oauthTokenData: { ...(credentials.oauthTokenData as IDataObject), access_token: token } };
	}

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ ${originOf('$credentials.pbxUrl')} }}`,
			url: '/xapi/v1/Defs',
			qs: { $select: 'Id' },
			skipSslCertificateValidation: '={{ $credentials.ignoreSSLIssues }}' as unknown as boolean,
		},
		rules: [
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message:
						'Client ID and secret are right, but the PBX refuses the access token. Another program may use the same client ID, or Console Restrictions in 3CX block the address of n8n.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message:
						'Client ID and secret are right, but this API client may not use the Configuration API. In the 3CX Admin Console under Integrations > API tick "3CX Configuration API Access", choose a real department with a high role, and check that the licence is Enterprise.',
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 404,
					message:
						'Client ID and secret are right, but this PBX has no Configuration API. It needs 3CX v20 with an Enterprise licence.',
				},
			},
		],
	};
}

/** @throws Error with cause and cure when the credential's Allowed Domains do not name its own PBX */
function assertAllowed(credentials: ICredentialDataDecryptedObject): void {
	if (credentials.allowedHttpRequestDomains !== 'domains') return;
	try {
		assertDomainAllowed(credentials as DomainRestriction, readFields(credentials).origin);
	} catch (error) {
		throw inOneMessage(error);
	}
}
