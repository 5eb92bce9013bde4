import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	IDataObject,
	IHttpRequestHelper,
	INodeProperties,
} from 'n8n-workflow';
import { inOneMessage, TOKEN_NOT_ISSUED, verifiedToken } from '../lib/http/credentialCheck';
import { readFields, type PbxClientFields } from '../lib/http/credentialFields';
import { credentialUsed } from '../lib/http/credentialUse';
import { ThreeCxError } from '../lib/http/errors';
import { stampOf } from '../lib/http/stamps';
import { assertDomainAllowed, type DomainRestriction } from '../nodes/shared/allowedDomains';
import { endOf, storedTokenOf, type StoredToken } from '../nodes/shared/credential';
import { overHelper } from '../nodes/shared/helperTransport';
import { RESOLVED, RESOLVED_FIELD } from '../nodes/shared/n8nInternals';

/**
 * The origin of a server address as people type it, as an n8n expression: the scheme defaults to https, and whatever
 * follows host and port is cut off. `lib/http/serverUrl.ts` says the same in code; expressions cannot call it.
 */
const originOf = (field: string) =>
	`${field}.trim().replace(/^(?!https?:[/][/])/i, "https://").replace(/^(https?:[/][/][^/?#]+).*$/i, "$1")`;

/** `lib/http/credentialFields.ts` says the same in code. */
const isSwitchedOn = (field: string) => `String(${field}).trim().toLowerCase() === "true"`;

/** An HTTP status that no answer has: with this one n8n would renew the token. */
const NEVER = 0;

/**
 * OAuth2 client credentials of a 3CX API client (Integrations > API).
 *
 * It extends n8n's `oAuth2Api`, so that n8n stores the token encrypted and shares it between its processes: 3CX keeps
 * one live token per client ID, and each new one kills the last (protocol 1.4).
 */
export class ThreeCxOAuth2Api implements ICredentialType {
	name = 'threeCxOAuth2Api';

	// The first one holds Server URL, which so stands on top of the form.
	extends = ['threeCxServerApi', 'oAuth2Api'];

	displayName = '3CX OAuth2 API';

	icon = {
		light: 'file:../icons/credential.svg',
		dark: 'file:../icons/credential.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-threecx/n8n-nodes-threecx/blob/main/docs/setup-3cx.md#create-the-api-client';

	properties: INodeProperties[] = [
		{
			displayName: 'Client ID',
			name: 'clientId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. n8n',
			description:
				'The Client ID (DN) of the API client, as entered in the 3CX Admin Console under Integrations > API. Use a separate API client for each n8n: a new token of the same client ends the previous one.',
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
				'Whether to connect even if the certificate is not trusted, for example to reach the PBX by its IP address in your own network',
		},
		{
			// A hint at the field would be hidden while it holds an expression.
			displayName:
				'With an expression for many PBXs, a red preview is normal: the value comes with each item. Test has no item either: to test with a row, execute System > Check API Access for it in a workflow.',
			name: 'expressionNotice',
			type: 'notice',
			default: '',
		},
		{ displayName: 'Grant Type', name: 'grantType', type: 'hidden', default: 'clientCredentials' },
		{
			// Empty on purpose: n8n's own login follows redirects and takes the client secret along. Without an address it
			// cannot log in; our nodes and `preAuthentication` below do.
			displayName: 'Access Token URL',
			name: 'accessTokenUrl',
			type: 'hidden',
			default: '={{ null }}',
		},
		{
			// Tells what is stored from what n8n makes of it; see `n8nInternals`.
			displayName: 'Resolved',
			name: RESOLVED_FIELD,
			type: 'hidden',
			default: `={{ "${RESOLVED}" }}`,
		},
		{ displayName: 'Scope', name: 'scope', type: 'hidden', default: '' },
		{
			displayName: 'Send Additional Body Properties',
			name: 'sendAdditionalBodyProperties',
			type: 'hidden',
			default: false,
		},
		{
			displayName: 'Additional Body Properties',
			name: 'additionalBodyProperties',
			type: 'hidden',
			default: '',
		},
		{ displayName: 'Authentication', name: 'authentication', type: 'hidden', default: 'body' },
		{
			// n8n would fetch a credential's very first token by itself. With this in place it does not try to.
			displayName: 'Token',
			name: 'oauthTokenData',
			type: 'hidden',
			typeOptions: { password: true },
			default: { access_token: TOKEN_NOT_ISSUED },
		},
	];

	/**
	 * Called by n8n before each request that its own helper sends with this credential: the Test button and the HTTP
	 * Request node. Sends client ID and secret as they are now to the PBX, once per process and secret: so Test tests what
	 * was typed, and says in plain words what is wrong.
	 *
	 * @param credentials the resolved fields
	 * @returns what n8n is to go by for this request: a token that lives, and what the switch means. It does not renew the
	 *   token itself; the next request comes by here again.
	 * @throws Error whose message holds cause and cure
	 */
	async preAuthentication(
		this: IHttpRequestHelper,
		credentials: ICredentialDataDecryptedObject,
	): Promise<IDataObject> {
		const client = allowedClient(credentials);
		const data = credentials.oauthTokenData as unknown as StoredToken | undefined;
		const stamp = stampOf(client);
		credentialUsed(stamp);
		const found = storedTokenOf(data, stamp);
		const stored = found && endOf(found) > Date.now() ? found.access_token : undefined;
		const access_token = await verifiedToken({ client, stored, ...overHelper(this, client) });
		credentialUsed(stamp, true);
		return {
			oauthTokenData: { access_token },
			ignoreSSLIssues: client.ignoreSslIssues,
			tokenExpiredStatusCode: NEVER,
		};
	}

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ ${originOf('$credentials.pbxUrl')} }}`,
			url: '/xapi/v1/Defs',
			qs: { $select: 'Id' },
			skipSslCertificateValidation:
				`={{ ${isSwitchedOn('$credentials.ignoreSSLIssues')} }}` as unknown as boolean,
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
						'Client ID and secret are right, but this API client is not allowed to use the Configuration API. In the 3CX Admin Console under Integrations > API select "3CX Configuration API Access", choose a real department and a high role, and check that the licence is Enterprise.',
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

/** Test of a credential with expressions: what they would give is nothing there. */
const NO_ITEM =
	'Test has no item: to test a credential with expressions, execute System > Check API Access of the 3CX node with a row.';

/**
 * @returns the PBX and client of the credential, before the secret goes out: n8n asks for Allowed Domains only when it
 *   sends the request that follows
 * @throws Error with cause and cure when a field is empty, or the credential's Allowed Domains do not name its own PBX
 */
function allowedClient(credentials: ICredentialDataDecryptedObject): PbxClientFields {
	try {
		const client = readFields(credentials);
		assertDomainAllowed(credentials as DomainRestriction, client.origin);
		return client;
	} catch (error) {
		const said = inOneMessage(error);
		if (error instanceof ThreeCxError && error.kind === 'input') said.message += ` ${NO_ITEM}`;
		throw said;
	}
}
