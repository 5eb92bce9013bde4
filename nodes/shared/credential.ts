import type { IExecuteFunctions } from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import type { Stamp } from '../../lib/http/stamps';
import type { DomainRestriction } from './allowedDomains';
import { CREDENTIAL } from './credentialName';
import { isTool } from './errors';
import { storedFields } from './n8nInternals';

export { CREDENTIAL };

/** A token in n8n's store, and what it was minted with. */
export interface StampedToken {
	access_token?: string;
	/** Fingerprint of PBX, client ID and secret: a token minted with an older secret is not used any more. */
	secret?: string;
	/** Fingerprint of client ID and secret without the PBX, which may have several names. */
	client?: string;
	/** When it ends by the clock of n8n, in ms since the epoch; the name is n8n's. */
	n8n_expires_at?: string;
	/** From when on it is to be replaced, likewise; default a minute before it ends. */
	renew_at?: string;
}

/** The token data in n8n's store. n8n itself knows only the first token, the one that was minted last. */
export interface StoredToken extends StampedToken {
	/** Fingerprint of the PBX and client ID that the first token belongs to. */
	tenant?: string;
	/** Tokens of further tenants by that fingerprint, where the credential's fields are expressions. */
	others?: Record<string, StampedToken>;
}

/** @returns when a stored token ends, in ms since the epoch; Infinity where it is not known, then a 401 will tell */
export const endOf = ({ n8n_expires_at }: StampedToken): number => {
	const end = Number(n8n_expires_at);
	return Number.isNaN(end) ? Infinity : end;
};

/**
 * @param data what n8n has stored; it may hold the tokens of others
 * @param stamp whose token is wanted
 * @returns the token that was minted for exactly this PBX, client and secret
 */
export function storedTokenOf(
	data: StoredToken | undefined,
	{ tenant, secret }: Stamp,
): (StampedToken & { access_token: string }) | undefined {
	const found = data?.tenant === tenant ? data : data?.others?.[tenant];
	if (found?.secret !== secret || typeof found.access_token !== 'string') return undefined;
	return found as StampedToken & { access_token: string };
}

/** The credential's fields, expressions resolved, and n8n's stored token. */
export interface ThreeCxCredentials extends DomainRestriction {
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
	/** Whatever an expression gives for it; see `isSwitchedOn`. */
	ignoreSSLIssues?: unknown;
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

/**
 * Whether the credential gives the same for every item of an execution: none of its fields is an expression, nor
 * replaced by something of the operator's (`CREDENTIALS_OVERWRITE_DATA`). Where an n8n does not show what it has stored,
 * the answer is no: every item then reads the credential again, which is slower but also correct.
 *
 * @param context the execution context
 */
export async function isSameForAllItems(context: IExecuteFunctions): Promise<boolean> {
	const shown = await storedFields(context);
	if (!shown) return false;
	const resolved = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, 0);
	return FIELDS.every((name) => {
		const value = shownValue(shown, name);
		return !isExpression(value) && value === (resolved[name] || '');
	});
}

/** What is empty has its default, or else what the operator puts there. */
const shownValue = (
	{ stored, defaults }: NonNullable<Awaited<ReturnType<typeof storedFields>>>,
	name: (typeof FIELDS)[number],
): unknown => stored[name] || defaults.get(name) || '';

const isExpression = (value: unknown) => typeof value === 'string' && value.startsWith('=');

/**
 * Whether a field of the credential is an expression, so that each item may be for another PBX.
 *
 * @param context the execution context
 * @returns false also where an n8n does not show what it has stored
 */
export const hasExpressions = async (context: IExecuteFunctions): Promise<boolean> =>
	(await expressionsOf(context)).length > 0;

/** Fields of the credential that are expressions; none where an n8n does not show what it has stored. */
async function expressionsOf(context: IExecuteFunctions): Promise<string[]> {
	const shown = await storedFields(context);
	if (!shown) return [];
	return FIELDS.map((name) => shownValue(shown, name)).filter(isExpression) as string[];
}

/** What looks at other nodes: `$('Tenants').item`, `$node["Tenants"]`, `$items("Tenants")`. */
const OTHER_NODES = /\$\(|\$node\b|\$items\b/;

/**
 * Refuses a credential that would lead to the wrong PBX. When a node is a tool of an AI agent, n8n resolves
 * `$('Tenants').item` in its credential with the first item, whatever item the agent works on: every customer would be
 * answered from the first one's PBX. `$json` is the agent's own item, and right.
 *
 * @param context the execution context
 * @throws ThreeCxError of kind `input` when the node is a tool whose credential looks at other nodes
 */
export async function assertRightForTool(context: IExecuteFunctions): Promise<void> {
	// Not n8n's `isToolExecution`, which is not true for all agents.
	if (!isTool(context.getNode())) return;
	if (!(await expressionsOf(context)).some((text) => OTHER_NODES.test(text))) return;
	throw new ThreeCxError({
		kind: 'input',
		field: 'credential',
		// The expression itself is not shown: it may hold a part of the secret.
		message: 'An AI tool cannot use a credential whose expressions look at other nodes',
		hint: 'n8n would take the first item for every call, so that all customers were answered from one PBX. Use a credential without expressions, one tool for each PBX, or expressions with $json only.',
	});
}
