import { setTimeout as delay } from 'node:timers/promises';
import type { IAllExecuteFunctions } from 'n8n-workflow';
import { BoundedMap } from '../../lib/boundedMap';
import { KeyedLock } from '../../lib/waiting/concurrency';
import { readFields } from '../../lib/http/credentialFields';
import { credentialUsed } from '../../lib/http/credentialUse';
import { ThreeCxError } from '../../lib/http/errors';
import type { Connection } from '../../lib/http/serverUrl';
import { stampOf } from '../../lib/http/stamps';
import {
	processTokens,
	renewalOf,
	tokenClaims,
	type AccessToken,
	type Renewal,
	type TokenSource,
} from '../../lib/http/tokens';
import {
	CREDENTIAL,
	endOf,
	storedTokenOf,
	type StampedToken,
	type StoredToken,
	type ThreeCxCredentials,
} from './credential';
import { storeToken, underTokenLock } from './n8nInternals';

/** The contexts in which our nodes send requests. */
export type RequestContext = IAllExecuteFunctions;

/** More tenants than this, and n8n's store forgets those whose tokens end first: it is read for every item. */
const MAX_STORED = 100;

/**
 * How long a tenant waits while this process renews the token of another one of the same credential, in ms. A PBX that
 * does not answer may take minutes, and must not stop the others.
 */
const PATIENCE_MS = 3_000;

/** How long client ID and secret that were refused are not sent again, in ms: 3CX blocks addresses that fail often. */
const REFUSED_MS = 30_000;

/** Renewals of one credential, one at a time: n8n would give all who ask together the result of the first. */
const turns = new KeyedLock();

/** A token of the store; `isUnsure` where the PBX may have ended it already. */
type SharedToken = StampedToken & { isUnsure?: boolean };

/** Renewals in progress, by credential and fingerprint: concurrent requests for the same token share one result. */
const flights = new Map<string, Promise<SharedToken | undefined>>();

/** What `/connect/token` has refused, by fingerprint, and when. */
const refusals = new BoundedMap<string, { error: ThreeCxError; at: number }>({
	max: 500,
	idleMs: REFUSED_MS,
});

/**
 * Where the requests of one item get their token.
 *
 * n8n stores one token per credential, encrypted, and shares it between its processes. But it does not know whose it is:
 * where the credential's fields are expressions (one workflow for many PBXs), it would hand tenant A's token to tenant B.
 * So each token is stored with a stamp of the PBX, client and secret that it was minted for, and is used for no other; and
 * the tokens of other tenants are stored beside it. All processes then share one token per tenant, as 3CX wants it.
 *
 * Our nodes log in themselves, under n8n's lock: n8n's own login follows redirects and takes the secret along, and stores
 * all that the PBX answers, where a PBX could overwrite our stamps.
 *
 * A PBX may stand in a table under two addresses, and each login under one ends the token of the other. So where a
 * token was refused, one that the same PBX (by its own name) gave the same client for the same secret is tried before
 * another is minted; see {@link aliasesIn}.
 *
 * Within this process, one token serves everybody with the same PBX, client and secret, whichever credential he has them
 * from: it is kept under their fingerprint, which nobody has without the secret, and his own credential's rules have been
 * asked before he comes here. Where n8n's store does not answer in time, that token has to do.
 *
 * @param context the execution, trigger or load-options context
 * @param credentials the credential, resolved for the item
 * @param connection the PBX in it
 * @param itemIndex the item
 * @param isForLink whether it is for a link that others share: a new secret then is no business of its
 * @returns the token source
 */
export function tokensFor(
	context: RequestContext,
	credentials: ThreeCxCredentials,
	connection: Connection,
	itemIndex: number,
	isForLink = false,
): TokenSource {
	const client = readFields(credentials);
	let own = processTokens.source(connection, client);
	/** Changes when somebody enters a new secret while the execution runs. */
	let stamp = stampOf(client);
	const { tenant, secret } = stamp;

	/** The stored token that was minted for this PBX, client and secret. */
	const ours = (data: StoredToken | undefined) => storedTokenOf(data, stamp);

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

	/** A wrong secret is sent only once, no matter how many items use it. */
	const remember = (error: ThreeCxError): never => {
		if (error.kind === 'credentials') refusals.set(stamp.secret, { error, at: Date.now() });
		throw error;
	};
	const assertNotRefused = () => {
		const refusal = refusals.get(stamp.secret);
		if (refusal && Date.now() - refusal.at < REFUSED_MS) throw refusal.error;
	};

	/** Finds a token in the store, or puts a new one there. Runs under n8n's lock, so no other process does this at the same time. */
	const findOrMint = async (refused: readonly string[]): Promise<SharedToken> => {
		const latest = await context.getCredentials<ThreeCxCredentials>(CREDENTIAL, itemIndex);
		const current = readFields(latest);
		const now = stampOf(current);
		if (now.tenant !== tenant || (isForLink && now.secret !== secret)) {
			throw changed(connection.origin);
		}
		own = processTokens.source(connection, current);
		stamp = now;
		const { oauthTokenData: data } = latest;
		// Another item or process was faster; or another credential, or Test, in this process.
		const held = own.held();
		const isUnsure = held !== undefined && !refused.includes(held.value);
		const found = unrefused(data, refused);
		if (found && !(isUnsure && held.expiresAt > endOf(found))) return found;
		// Nobody else in this process logs in meanwhile. What was there already may live, and may not.
		const token = isUnsure ? held : await own.replace(refused).catch(remember);
		if (!isUnsure) credentialUsed(stamp, true);
		// Nothing of what the PBX has answered but the token: it must not overwrite what we go by.
		const stamped: StampedToken = {
			access_token: token.value,
			secret: stamp.secret,
			client: stamp.client,
			n8n_expires_at: String(token.expiresAt),
			renew_at: String(renewalOf(token)),
		};
		// If n8n does not keep the token or its stamp, this process has it all the same.
		await storeToken(context, { ...stamped, tenant, others: othersIn(data, tenant) });
		return { ...stamped, isUnsure };
	};

	/** @returns the token of this tenant that the store holds then */
	const share = async (refused: readonly string[]): Promise<SharedToken> => {
		assertNotRefused();
		return await underTokenLock(context, async () => await findOrMint(refused));
	};

	const before = ours(credentials.oauthTokenData);
	if (before) own.adopt(accessTokenIn(before));

	const refresh = async (refused: readonly string[]): Promise<Renewal> => {
		assertNotRefused();
		const credentialId = context.getNode().credentials?.[CREDENTIAL]?.id ?? '';
		// Whoever checks certificates does not share the fate of one who does not.
		const name = `${credentialId} ${stamp.secret} ${connection.ignoreSslIssues}`;
		const shared = await oneFlight(name, refused, async () => {
			return await inTurn(credentialId, async () => await share(refused));
		});
		if (shared !== undefined) {
			const isOurs = shared.secret === stamp.secret;
			if (isOurs) own.adopt(accessTokenIn(shared));
			return { value: shared.access_token!, isLast: isOurs && shared.isUnsure !== true };
		}
		return { value: (await own.replace(refused).catch(remember)).value, isLast: true };
	};

	return {
		clientSecret: client.clientSecret,
		get: async () => {
			const ending = await own.newest();
			return own.held()?.value ?? (await refresh(ending ? [ending.value] : [])).value;
		},
		renew: refresh,
		newest: async () => await own.newest(),
		watch: (listener) => own.watch(listener),
		endedEarly: () => own.endedEarly(),
	};
}

/** A stored token, as this process keeps it. */
const accessTokenIn = (token: StampedToken): AccessToken => ({
	value: token.access_token!,
	expiresAt: endOf(token),
	...(token.renew_at !== undefined && { renewAt: Number(token.renew_at) }),
});

/** The tokens of the other tenants that still live; those that end last where they are too many. */
function othersIn(data: StoredToken | undefined, tenant: string): Record<string, StampedToken> {
	const { tenant: first, others, ...token } = data ?? {};
	const all = Object.entries({ ...others, ...(first && { [first]: token }) });
	return Object.fromEntries(
		all
			.filter(
				([owner, other]) =>
					owner !== tenant && other.access_token !== undefined && endOf(other) > Date.now(),
			)
			.sort(([, a], [, b]) => endOf(b) - endOf(a))
			.slice(0, MAX_STORED - 1)
			.map(([owner, { access_token, secret, client, n8n_expires_at, renew_at }]) => [
				owner,
				{ access_token, secret, client, n8n_expires_at, renew_at },
			]),
	);
}

/** Renews a token, or waits for a renewal in progress, unless that returns the refused token. */
async function oneFlight(
	key: string,
	refused: readonly string[],
	renew: () => Promise<SharedToken | undefined>,
): Promise<SharedToken | undefined> {
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

/** The store would give a token of the other PBX, which must not see ours, nor ours that token. */
const changed = (origin: string) =>
	new ThreeCxError({
		kind: 'credentials',
		message: `The credential was changed to another PBX or client during this run with ${origin}`,
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
