import type { IAllExecuteFunctions } from 'n8n-workflow';
import { TOKEN_NOT_ISSUED } from '../../lib/http/credentialCheck';
import { errorFromNetwork, type ThreeCxError } from '../../lib/http/errors';
import { errorFromTokenAnswer } from '../../lib/http/responseErrors';
import type { Connection } from '../../lib/http/serverUrl';
import { processTokens, tokenClaims, type TokenSource } from '../../lib/http/tokens';
import { CREDENTIAL, type ThreeCxCredentials } from './credential';

/** The contexts in which our nodes send requests. */
export type RequestContext = IAllExecuteFunctions;

/**
 * PBXs whose tokens name another host than the Server URL does (reached by IP address or private name). A stored token
 * cannot be proved to be theirs, so theirs live in this process.
 */
const unprovable = new Set<string>();

/**
 * Where the requests of one item get their token.
 *
 * n8n stores one token per credential, encrypted, and shares it between its processes under a lock. But it does not
 * know whose it is: where the credential's fields are expressions (one workflow for many PBXs), it would hand tenant
 * A's token to tenant B. So the stored token is used only when it says itself that it was issued by this host (`iss`)
 * to this client (`sub`); in every other case this process keeps a token of its own under PBX, client and secret.
 *
 * @param context the execution, trigger or load-options context
 * @param credentials the credential, resolved for the item
 * @param connection the PBX in it
 * @param itemIndex the item
 * @returns the token source
 */
export function tokensFor(
	context: RequestContext,
	credentials: ThreeCxCredentials,
	connection: Connection,
	itemIndex: number,
): TokenSource {
	const { clientId, clientSecret } = credentials;
	const own = processTokens.source(connection, { clientId, clientSecret });
	if (unprovable.has(connection.origin)) return own;

	const host = new URL(connection.origin).hostname;
	const isOurs = (token: string) => {
		const { iss, sub } = tokenClaims(token) ?? {};
		return sub === clientId && hostOf(iss) === host;
	};
	/** A token of another tenant that still lives: the store is taken. */
	const isTaken = (token: string | undefined) =>
		token !== undefined && !isOurs(token) && (tokenClaims(token)?.exp ?? 0) * 1000 > Date.now();

	const read = async () => {
		const { oauthTokenData } = await context.getCredentials<ThreeCxCredentials>(
			CREDENTIAL,
			itemIndex,
		);
		return issued(oauthTokenData);
	};

	let stored = issued(credentials.oauthTokenData);
	let source = isTaken(stored) ? own : undefined;

	const refresh = async (): Promise<string> => {
		const token = await refreshStored(context, itemIndex, connection.origin);
		if (isOurs(token)) return (stored = token);
		if (tokenClaims(token)?.sub === clientId) unprovable.add(connection.origin);
		source = own;
		return await own.get();
	};

	return {
		get: async (signal) => {
			if (source) return await source.get(signal);
			return stored !== undefined && isOurs(stored) ? stored : await refresh();
		},
		renew: async (refused, signal) => {
			if (source) return await source.renew(refused, signal);
			// Another process may have renewed it meanwhile; its token must not be killed by one more.
			const latest = await read();
			if (latest !== undefined && latest !== refused && isOurs(latest)) return (stored = latest);
			return await refresh();
		},
	};
}

const issued = (data: ThreeCxCredentials['oauthTokenData']): string | undefined =>
	data?.access_token === TOKEN_NOT_ISSUED ? undefined : data?.access_token;

const hostOf = (issuer: string | undefined): string | undefined => {
	if (issuer === undefined) return undefined;
	return URL.canParse(issuer) ? new URL(issuer).hostname : issuer.split(':')[0];
};

/**
 * Lets n8n mint a token under its cross-process lock and store it. n8n reads the credential of item 0 and cannot
 * handle a credential without a token; the context that it is given here names our item and an empty token instead.
 */
async function refreshStored(
	context: RequestContext,
	itemIndex: number,
	origin: string,
): Promise<string> {
	const mint = async (keepPlaceholder: boolean) => {
		const itemContext = Object.create(context, {
			getCredentials: {
				value: async (type: string) => {
					const credentials = await context.getCredentials<ThreeCxCredentials>(type, itemIndex);
					const known = keepPlaceholder || issued(credentials.oauthTokenData) !== undefined;
					return known ? credentials : { ...credentials, oauthTokenData: {} };
				},
			},
		}) as RequestContext;
		const data = (await context.helpers.refreshOAuth2Token
			.call(itemContext, CREDENTIAL)
			.catch((cause: unknown) => {
				throw tokenError(cause, origin);
			})) as { access_token?: string; accessToken?: string };
		return data.access_token ?? data.accessToken ?? '';
	};
	const token = await mint(false);
	// The placeholder itself is in the store (the editor saved it with the other hidden fields): n8n took it for
	// somebody's newer token. Asked with the same placeholder, it mints.
	return token === TOKEN_NOT_ISSUED ? await mint(true) : token;
}

/** What n8n's OAuth2 client threw, in our words: `ESTATUS` and `EAUTH` carry the PBX's answer. */
function tokenError(cause: unknown, origin: string): ThreeCxError {
	const { status, body, code } = (cause ?? {}) as {
		status?: number;
		body?: unknown;
		code?: string;
	};
	if (code === 'EAUTH' || status !== undefined) {
		const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
		return errorFromTokenAnswer(status ?? 401, text, origin);
	}
	return errorFromNetwork(cause, origin, 'POST /connect/token');
}
