import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IAllExecuteFunctions } from 'n8n-workflow';
import { KeyedLock } from '../../lib/waiting/concurrency';
import { RENEWING, TOKEN_NOT_ISSUED } from '../../lib/http/credentialCheck';
import { readFields, type PbxClientFields } from '../../lib/http/credentialFields';
import { ThreeCxError } from '../../lib/http/errors';
import { errorFromNetwork } from '../../lib/http/networkErrors';
import { errorFromProxy } from '../../lib/http/proxy';
import { errorFromTokenAnswer } from '../../lib/http/responseErrors';
import type { Connection } from '../../lib/http/serverUrl';
import {
	assertNotRedirected,
	processTokens,
	RENEW_BEFORE_MS,
	tokenClaims,
	tokenExpiry,
	type Renewal,
	type TokenSource,
} from '../../lib/http/tokens';
import {
	CREDENTIAL,
	type StampedToken,
	type StoredToken,
	type ThreeCxCredentials,
} from './credential';

/** The contexts in which our nodes send requests. */
export type RequestContext = IAllExecuteFunctions;

/** More tenants than this, and n8n's store forgets those whose tokens end first: it is read for every item. */
const MAX_STORED = 100;

/** How often a renewal is tried that another process keeps getting ahead of. */
const ATTEMPTS = 20;

/**
 * How long a tenant waits while this process renews the token of another one of the same credential, in ms. A PBX that
 * does not answer may take n8n minutes, and must not stop the others.
 */
const PATIENCE_MS = 3_000;

/** How long client ID and secret that were refused are not sent again, in ms: 3CX blocks addresses that fail often. */
const REFUSED_MS = 30_000;

/** Renewals of one credential, one at a time: n8n would give all who ask together the result of the first. */
const turns = new KeyedLock();

/** Renewals under way, by credential and fingerprint: whoever asks for the same meanwhile gets the same result. */
const flights = new Map<string, Promise<StampedToken | undefined>>();

/** What `/connect/token` has refused, by fingerprint, and when. */
const refusals = new Map<string, { error: ThreeCxError; at: number }>();

/** PBXs whose token endpoint has been seen to answer itself, by origin. */
const direct = new Map<string, Promise<void>>();

const fingerprint = (...parts: string[]) =>
	createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/**
 * Where the requests of one item get their token.
 *
 * n8n stores one token per credential, encrypted, and shares it between its processes under a lock. But it does not
 * know whose it is: where the credential's fields are expressions (one workflow for many PBXs), it would hand tenant
 * A's token to tenant B. So each token that our nodes let n8n mint is stored with a stamp of the PBX, client and
 * secret that it was minted for, and is used for no other; and the tokens of other tenants are stored beside it. All
 * processes then share one token per tenant, as 3CX wants it.
 *
 * A PBX may stand in a table under two addresses, and each login under one ends the token of the other. So where a
 * token was refused, one that the same PBX (by its own name) gave the same client for the same secret is tried before
 * another is minted; see {@link aliasesIn}.
 *
 * Where that does not work out in time, this process keeps a token of its own under PBX, client and secret.
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
	const client = readFields(credentials);
	const own = processTokens.source(connection, client);
	const tenant = tenantOf(client);
	/** Changes when somebody enters a new secret while the execution runs. */
	let stamp = stampOf(client);

	/** The stored token that was minted for this PBX, client and secret. */
	const ours = (data: StoredToken | undefined): StampedToken | undefined => {
		const found = data?.tenant === tenant ? data : data?.others?.[tenant];
		return found?.secret === stamp.secret && issued(found) !== undefined ? found : undefined;
	};

	/** A stored token that is not refused: ours, or the one that replaced ours under another name of this PBX. */
	const unrefused = (
		data: StoredToken | undefined,
		refused: readonly string[],
	): StampedToken | undefined => {
		const [found, ...aliases] = [ours(data), ...aliasesIn(data, stamp.client, refused[0])];
		return [found, ...aliases].find(
			(token) => token !== undefined && !refused.includes(token.access_token!),
		);
	};

	const read = async () => await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);

	/**
	 * Lets n8n mint a token under its cross-process lock and store it. n8n reads the credential of item 0, and cannot
	 * handle a credential that has no token yet; the context that it is given here names our item, with our stamp and
	 * the other tenants' tokens, which n8n stores together with the new one.
	 *
	 * @param refused the tokens to replace
	 * @param isPlaceholder whether the store holds the placeholder itself: the editor saved it with the hidden fields
	 * @returns what the store holds now. Our token is in it, unless the store changed between our look and n8n's: n8n
	 *   mints only if it still holds what we saw.
	 */
	const refreshStored = async (
		refused: readonly string[],
		isPlaceholder: boolean,
	): Promise<StoredToken | undefined> => {
		let settled: StoredToken | undefined;
		const itemContext = Object.create(context, {
			getCredentials: {
				value: async (): Promise<ThreeCxCredentials> => {
					const latest = await read();
					const { oauthTokenData: data } = latest;
					const current = stampOf(readFields(latest));
					if (current.tenant !== tenant) throw changed(connection.origin);
					stamp = current;
					// Another item or process was faster. n8n would mint once more, and kill the token it stored.
					if (unrefused(data, refused)) {
						settled = data;
						throw new Error('The store is settled already');
					}
					const seen = isPlaceholder ? TOKEN_NOT_ISSUED : issued(data);
					return {
						...latest,
						[RENEWING]: true,
						oauthTokenData: { ...stamp, access_token: seen, others: othersIn(data, tenant) },
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

	/** @returns the token of this tenant that the store holds then; undefined when others were faster all the time */
	const share = async (refused: readonly string[]): Promise<StampedToken | undefined> => {
		const refusal = refusals.get(stamp.secret);
		if (refusal && Date.now() - refusal.at < REFUSED_MS) throw refusal.error;
		let isPlaceholder = false;
		for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
			const latest: StoredToken | undefined = await refreshStored(refused, isPlaceholder).catch(
				(error: unknown) => {
					if ((error as ThreeCxError).kind === 'credentials') remember(stamp.secret, error);
					throw error;
				},
			);
			// A PBX that gives out the very token that it refuses would do so again.
			const found = unrefused(latest, refused) ?? (latest?.tenant === tenant ? latest : undefined);
			if (found) return found;
			isPlaceholder = latest?.access_token === TOKEN_NOT_ISSUED;
		}
		return undefined;
	};

	const held = (token: StampedToken) => ({
		value: token.access_token!,
		endsAt: endOf(token),
		isLast: token.secret === stamp.secret,
	});
	const before = ours(credentials.oauthTokenData);
	let stored = before && held(before);

	const refresh = async (refused: readonly string[]): Promise<Renewal> => {
		await assertDirect(connection);
		const credentialId = context.getNode().credentials?.[CREDENTIAL]?.id ?? '';
		const shared = await oneFlight(`${credentialId} ${stamp.secret}`, refused, async () => {
			return await inTurn(credentialId, async () => await share(refused));
		});
		if (shared !== undefined) return (stored = held(shared));
		return refused.length === 0
			? { value: await own.get(), isLast: true }
			: await own.renew(refused);
	};

	return {
		clientSecret: client.clientSecret,
		get: async () => {
			if (stored && stored.endsAt - RENEW_BEFORE_MS > Date.now()) return stored.value;
			return own.held() ?? (await refresh(stored ? [stored.value] : [])).value;
		},
		renew: refresh,
	};
}

const tenantOf = ({ origin, clientId }: PbxClientFields) => fingerprint(origin, clientId);

/** What a token is stored with: hashes of what it was minted for. */
const stampOf = (client: PbxClientFields) => ({
	tenant: tenantOf(client),
	secret: fingerprint(tenantOf(client), client.clientSecret),
	client: fingerprint(client.clientId, client.clientSecret),
});

const issued = (token: StampedToken | undefined): string | undefined =>
	token?.access_token === TOKEN_NOT_ISSUED ? undefined : token?.access_token;

/**
 * When a stored token ends. n8n notes when it got it, by its own clock, so a PBX whose clock is off does no harm.
 *
 * @returns ms since the epoch; Infinity where it is not known, then a 401 will tell
 */
function endOf({ access_token: token, expires_in, n8n_expires_at }: StampedToken): number {
	const expiresIn = Number(expires_in);
	const mintedAt = Number(n8n_expires_at) - expiresIn * 1000;
	return Number.isNaN(mintedAt) ? Infinity : tokenExpiry(token ?? '', expiresIn, mintedAt);
}

/** The tokens of the other tenants that still live; those that end last where they are too many. */
function othersIn(data: StoredToken | undefined, tenant: string): Record<string, StampedToken> {
	const { tenant: first, others, ...token } = data ?? {};
	const { access_token, secret, client, expires_in, n8n_expires_at } = token;
	const all = Object.entries({
		...others,
		...(first &&
			issued(token) && { [first]: { access_token, secret, client, expires_in, n8n_expires_at } }),
	});
	return Object.fromEntries(
		all
			.filter(([owner, other]) => owner !== tenant && endOf(other) > Date.now())
			.sort(([, a], [, b]) => endOf(b) - endOf(a))
			.slice(0, MAX_STORED - 1),
	);
}

/** Renews a token, or waits for somebody who does so already, unless the result is what was refused. */
async function oneFlight(
	key: string,
	refused: readonly string[],
	renew: () => Promise<StampedToken | undefined>,
): Promise<StampedToken | undefined> {
	for (let running = flights.get(key); running; running = flights.get(key)) {
		const found = await running;
		if (found === undefined || !refused.includes(found.access_token!)) return found;
	}
	const flight = renew().finally(() => flights.delete(key));
	flights.set(key, flight);
	return await flight;
}

/** Runs a job when its turn has come; gives it up, with undefined, if that takes too long. */
async function inTurn<T>(key: string, job: () => Promise<T>): Promise<T | undefined> {
	let state: 'waiting' | 'running' | 'late' = 'waiting';
	const turn = turns.run(key, async () => {
		if (state === 'late') return undefined;
		state = 'running';
		return await job();
	});
	const patience = new AbortController();
	const late = delay(PATIENCE_MS, undefined, { signal: patience.signal }).then(
		async () => (state === 'running' ? await turn : void (state = 'late')),
		() => undefined,
	);
	return await Promise.race([turn, late]).finally(() => patience.abort());
}

function remember(key: string, error: unknown): void {
	const now = Date.now();
	for (const [other, { at }] of refusals) if (now - at >= REFUSED_MS) refusals.delete(other);
	refusals.set(key, { error: error as ThreeCxError, at: now });
}

/** The store would give a token of the other PBX, which must not see ours, nor ours that token. */
const changed = (origin: string) =>
	new ThreeCxError({
		kind: 'credentials',
		message: `The credential was changed to another PBX or client while this ran with ${origin}`,
		hint: 'Execute the workflow again: it then uses the credential as it is now.',
	});

/**
 * Tokens that the PBX may have given us under another of its names: minted for the same client and secret, by a PBX
 * that calls itself the same (`iss`, protocol 1.3). Each of them has ended the ones before it. Whoever has client ID and
 * secret could mint such a token anyway, so it tells the PBX nothing that is not its own.
 *
 * @param client fingerprint of client ID and secret
 * @param refused a token of this PBX, which says what it calls itself
 */
function aliasesIn(
	data: StoredToken | undefined,
	client: string,
	refused: string | undefined,
): StampedToken[] {
	const name = refused === undefined ? undefined : tokenClaims(refused)?.iss;
	if (!data || name === undefined) return [];
	return [data, ...Object.values(data.others ?? {})].filter(
		(token) =>
			token.client === client &&
			endOf(token) > Date.now() &&
			tokenClaims(token.access_token ?? '')?.iss === name,
	);
}

/**
 * n8n's OAuth2 client follows redirects, and takes the client secret along (307, 308). So a PBX is asked once, without
 * any secret, whether its token endpoint is where it should be.
 *
 * @throws ThreeCxError of kind `redirect` when the PBX sends us elsewhere, or as {@link PbxClient.request} when it cannot
 *   be reached
 */
async function assertDirect(connection: Connection): Promise<void> {
	const { origin } = connection;
	const asked = direct.get(origin) ?? assertNotRedirected(connection);
	direct.set(origin, asked);
	await asked.catch((error: unknown) => {
		direct.delete(origin);
		throw error;
	});
}

/** What n8n's OAuth2 client threw, in our words: `ESTATUS` and `EAUTH` carry the PBX's answer. */
function tokenError(cause: unknown, origin: string): ThreeCxError {
	const { status, body, code } = (cause ?? {}) as {
		status?: number;
		body?: unknown;
		code?: string;
	};
	const request = 'POST /connect/token';
	const proxyError = errorFromProxy(cause, origin, request);
	if (proxyError) return proxyError;
	if (code === 'EAUTH' || status !== undefined) {
		const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
		return errorFromTokenAnswer(status ?? 401, text, origin);
	}
	return errorFromNetwork(cause, origin, request);
}
