/** Name of the credential type that all our nodes use. */
export const CREDENTIAL = 'threeCxOAuth2Api';

/** A token in n8n's store, and what it was minted with. */
export interface StampedToken {
	access_token?: string;
	/** Fingerprint of PBX, client ID and secret: a token minted with an older secret is not used any more. */
	secret?: string;
	/** As 3CX said it, in seconds or minutes. */
	expires_in?: number;
	/** When n8n got the token plus `expires_in` seconds, in ms since the epoch. */
	n8n_expires_at?: string;
}

/** The token data in n8n's store: n8n itself knows only the first token, the one that was minted last. */
export interface StoredToken extends StampedToken {
	/** Fingerprint of the PBX and client ID that the first token belongs to. */
	tenant?: string;
	/** Tokens of further tenants by that fingerprint, where the credential's fields are expressions. */
	others?: Record<string, StampedToken>;
}

/** The credential's fields, expressions resolved, and n8n's stored token. */
export interface ThreeCxCredentials {
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
	ignoreSSLIssues?: boolean;
	oauthTokenData?: StoredToken;
	/** n8n adds these two to every credential that extends `oAuth2Api`. */
	allowedHttpRequestDomains?: 'all' | 'domains' | 'none';
	/** Comma-separated host names; `*.example.com` means subdomains only. */
	allowedDomains?: string;
}
