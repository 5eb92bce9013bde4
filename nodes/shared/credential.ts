import type { IExecuteFunctions, IWorkflowExecuteAdditionalData } from 'n8n-workflow';
import type { DomainRestriction } from './allowedDomains';

/** Name of the credential type that all our nodes use. */
export const CREDENTIAL = 'threeCxOAuth2Api';

/** A token in n8n's store, and what it was minted with. */
export interface StampedToken {
	access_token?: string;
	/** Fingerprint of PBX, client ID and secret: a token minted with an older secret is not used any more. */
	secret?: string;
	/** Fingerprint of client ID and secret without the PBX, which may have several names. */
	client?: string;
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
export interface ThreeCxCredentials extends DomainRestriction {
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
	ignoreSSLIssues?: boolean;
	oauthTokenData?: StoredToken;
}

/** What we read of a credential besides the token: fields that a person may fill with an expression. */
const FIELDS = [
	'pbxUrl',
	'clientId',
	'clientSecret',
	'ignoreSSLIssues',
	'allowedHttpRequestDomains',
	'allowedDomains',
] as const satisfies Array<keyof ThreeCxCredentials>;

/** n8n's execution contexts have it; its interface for nodes does not promise it. */
type Inner = IExecuteFunctions & { additionalData?: IWorkflowExecuteAdditionalData };

/**
 * Whether the credential gives the same for every item of an execution: none of its fields is an expression, nor
 * replaced by something of the operator's (`CREDENTIALS_OVERWRITE_DATA`).
 *
 * n8n hands out credentials resolved, so this looks at what it has stored, which it offers to its own code only. Where
 * an n8n does not let us, the answer is no: every item then reads the credential anew, which is slower and as right.
 *
 * @param context the execution context
 */
export async function isSameForAllItems(context: IExecuteFunctions): Promise<boolean> {
	const { additionalData } = context as Inner;
	const reference = context.getNode().credentials?.[CREDENTIAL];
	const helper = additionalData?.credentialsHelper;
	if (!helper || !reference) return false;
	const raw = true;
	const data = [additionalData, reference, CREDENTIAL, context.getMode(), undefined, raw] as const;
	const stored = await helper.getDecrypted(...data).catch(() => undefined);
	if (!stored) return false;
	const resolved = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, 0);
	const properties = helper.getCredentialsProperties(CREDENTIAL);
	return FIELDS.every((name) => {
		// What is empty has its default, or else what the operator puts there.
		const value = stored[name] || properties.find((each) => each.name === name)?.default || '';
		const isExpression = typeof value === 'string' && value.startsWith('=');
		return !isExpression && value === (resolved[name] || '');
	});
}
