/** Name of the credential type that all our nodes use. */
export const CREDENTIAL = 'threeCxOAuth2Api';

/** The access token in n8n's store, and for whom our nodes let n8n mint it. */
export interface StoredToken {
	access_token?: string;
	/** Fingerprint of PBX and client ID. */
	tenant?: string;
	/** Fingerprint of those and the client secret: a token minted with an older secret is not used any more. */
	secret?: string;
}

/** The credential's fields, expressions resolved, and n8n's stored token. */
export interface ThreeCxCredentials {
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
	ignoreSSLIssues?: boolean;
	oauthTokenData?: StoredToken;
}
