/** Name of the credential type that all our nodes use. */
export const CREDENTIAL = 'threeCxOAuth2Api';

/** The credential's fields, expressions resolved, and n8n's stored token. */
export interface ThreeCxCredentials {
	serverUrl: string;
	clientId: string;
	clientSecret: string;
	ignoreSSLIssues?: boolean;
	oauthTokenData?: { access_token?: string };
}
