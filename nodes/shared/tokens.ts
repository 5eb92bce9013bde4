import { createHash } from 'node:crypto';
import type { IAllExecuteFunctions } from 'n8n-workflow';
import { RENEWING, TOKEN_NOT_ISSUED } from '../../lib/http/credentialCheck';
import { errorFromNetwork, type ThreeCxError } from '../../lib/http/errors';
import { errorFromTokenAnswer } from '../../lib/http/responseErrors';
import type { Connection } from '../../lib/http/serverUrl';
import { processTokens, tokenClaims, type TokenSource } from '../../lib/http/tokens';
import { CREDENTIAL, type StoredToken, type ThreeCxCredentials } from './credential';

/** The contexts in which our nodes send requests. */
export type RequestContext = IAllExecuteFunctions;

const fingerprint = (...parts: string[]) =>
	createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/**
 * Where the requests of one item get their token.
 *
 * n8n stores one token per credential, encrypted, and shares it between its processes under a lock. But it does not
 * know whose it is: where the credential's fields are expressions (one workflow for many PBXs), it would hand tenant
 * A's token to tenant B. So each token that our nodes let n8n mint is stored with a stamp of the PBX, client and
 * secret that it was minted for, and is used for no other. While the store holds the living token of another tenant,
 * this process keeps a token of its own under PBX, client and secret.
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
	const tenant = fingerprint(connection.origin, clientId);
	const stamp: Required<Pick<StoredToken, 'tenant' | 'secret'>> = {
		tenant,
		secret: fingerprint(tenant, clientSecret),
	};

	/** The stored token, if it was minted for this PBX, client and secret. */
	const ours = (data: StoredToken | undefined): string | undefined =>
		data?.tenant === stamp.tenant && data.secret === stamp.secret ? issued(data) : undefined;

	/** The store holds a token of another tenant that still lives. One of ours with an old secret may be replaced. */
	const isTaken = (data: StoredToken | undefined): boolean => {
		const token = issued(data);
		if (token === undefined || data?.tenant === undefined || data.tenant === tenant) return false;
		return (tokenClaims(token)?.exp ?? 0) * 1000 > Date.now();
	};

	const read = async () => await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);

	/**
	 * Lets n8n mint a token under its cross-process lock and store it. n8n reads the credential of item 0, and cannot
	 * handle a credential that has no token yet; the context that it is given here names our item, and an empty token
	 * with our stamp, which n8n stores together with the new one.
	 *
	 * @param refused the token to replace; n8n mints only if the store still holds it
	 * @returns what the store holds now: the new token, one that somebody else stored meanwhile, or another tenant's
	 */
	const refreshStored = async (
		refused: string | undefined,
		keepPlaceholder = false,
	): Promise<StoredToken | undefined> => {
		let settled: StoredToken | undefined;
		const itemContext = Object.create(context, {
			getCredentials: {
				value: async (): Promise<ThreeCxCredentials> => {
					const latest = await read();
					const { oauthTokenData: data } = latest;
					const found = ours(data);
					// Another item or process was faster. n8n would mint once more, and kill the token it stored.
					if (isTaken(data) || (found !== undefined && found !== refused)) settled = data;
					if (settled) throw new Error('The store is settled already');
					const token = keepPlaceholder ? TOKEN_NOT_ISSUED : issued(data);
					return {
						...latest,
						[RENEWING]: true,
						oauthTokenData: { ...stamp, access_token: token },
					} as ThreeCxCredentials;
				},
			},
		}) as RequestContext;
		const minted = (await context.helpers.refreshOAuth2Token
			.call(itemContext, CREDENTIAL)
			.catch((cause: unknown) => {
				if (!settled) throw tokenError(cause, connection.origin);
			})) as StoredToken | undefined;
		return settled ?? minted;
	};

	let stored = ours(credentials.oauthTokenData);
	let shared = !isTaken(credentials.oauthTokenData);

	const refresh = async (refused?: string): Promise<string> => {
		const first = await refreshStored(refused);
		// The placeholder itself is in the store (the editor saved it with the hidden fields), and n8n took it for
		// somebody's newer token. Asked with the same placeholder, it mints.
		const latest =
			first?.access_token === TOKEN_NOT_ISSUED ? await refreshStored(refused, true) : first;
		stored = ours(latest);
		if (stored !== undefined) return stored;
		shared = false;
		return await own.get();
	};

	return {
		get: async (signal) => (shared ? (stored ?? (await refresh())) : await own.get(signal)),
		renew: async (refused, signal) =>
			shared ? await refresh(refused) : await own.renew(refused, signal),
	};
}

const issued = (data: StoredToken | undefined): string | undefined =>
	data?.access_token === TOKEN_NOT_ISSUED ? undefined : data?.access_token;

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
