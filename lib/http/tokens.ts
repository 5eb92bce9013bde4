import { request } from 'undici';
import { BoundedMap } from '../boundedMap';
import { unlessAborted } from '../waiting/abort';
import { MAX_SMALL_BYTES, readText } from './body';
import { dispatcherFor } from './dispatchers';
import { ThreeCxError } from './errors';
import { Secrets } from './mask';
import { errorFromNetwork } from './networkErrors';
import { errorFromTokenAnswer } from './responseErrors';
import { withRetry } from './retry';
import type { Connection } from './serverUrl';
import { stampOf } from './stamps';

/** What the administrator gets under Integrations > API > Add. The secret is shown once. */
export interface ClientCredentials {
	clientId: string;
	clientSecret: string;
}

/** A bearer token, and when it ends. */
export interface AccessToken {
	value: string;
	/** Milliseconds since the epoch. */
	expiresAt: number;
	/** From when on it is better replaced, in ms since the epoch; default a minute before it ends. */
	renewAt?: number;
	/** As the PBX said it, in minutes or seconds (protocol 1.2); for the compatibility report. */
	expiresIn?: number;
}

/**
 * Where requests get their bearer token. 3CX keeps **one live token per client ID** (protocol 1.4): each new one kills the
 * last. So a token is renewed only by saying which one was refused; whoever comes second gets the first one's result.
 */
export interface TokenSource {
	/** @returns the current token; minted when there is none or it is about to end. */
	get(signal?: AbortSignal): Promise<string>;
	/**
	 * @param refused the tokens that the PBX answered 401 to, for one and the same request
	 * @returns another token: one that replaced them meanwhile, or a new one
	 */
	renew(refused: readonly string[], signal?: AbortSignal): Promise<Renewal>;
	/** What the tokens are got with, so that no text of the PBX shows it. */
	readonly clientSecret?: string;
	/** @returns the newest token that this process knows, once a login that is under way has ended; never logs in itself */
	newest?(): Promise<AccessToken | undefined>;
	/**
	 * Has somebody told when this process learns of another token, which has ended the one before it.
	 *
	 * @returns ends that
	 */
	watch?(listener: (token: string) => void): () => void;
	/** @returns when tokens turned out to have been ended before their time, the latest few, in ms since the epoch */
	endedEarly?(): readonly number[];
}

/** What comes in place of a refused token. */
export interface Renewal {
	value: string;
	/** The newest available token. If the PBX refuses it too, another one would not help. */
	isLast: boolean;
}

/** A PBX that refuses every token must not be asked for ever new ones: so often one request gets another, at most. */
const MAX_RENEWALS = 3;

/**
 * Sends something with a token; where the PBX refuses that, with another one, at most three times.
 *
 * @param tokens where tokens come from
 * @param send one attempt
 * @param isRefused whether what came back is a 401
 * @param signal ends the waiting for tokens
 * @returns the first answer that is no refusal, or the last refusal
 */
export async function sendAuthorised<Answer>(
	tokens: TokenSource,
	send: (token: string) => Promise<Answer>,
	isRefused: (answer: Answer) => boolean,
	signal?: AbortSignal,
): Promise<Answer> {
	const refused: string[] = [];
	let token = { value: await unlessAborted(tokens.get(signal), signal), isLast: false };
	for (;;) {
		const answer = await send(token.value);
		if (token.isLast || !isRefused(answer) || refused.length >= MAX_RENEWALS) return answer;
		refused.push(token.value);
		token = await unlessAborted(tokens.renew(refused, signal), signal);
	}
}

/** A {@link TokenSource} that says what it has. */
export interface CachedTokenSource extends Required<TokenSource> {
	/** @returns the token that lives, or undefined when {@link TokenSource.get} would mint one */
	held(): AccessToken | undefined;
	/** Whether this process has seen the PBX take this client ID and secret. */
	isProven(): boolean;
	/** Takes over a token that was got elsewhere, unless the one that it has ends later: that one is newer. */
	adopt(token: AccessToken): void;
	/**
	 * Another token, which everybody with this PBX, client and secret in this process gets: the one that this process has,
	 * if it was not refused, or a new one.
	 *
	 * @param refused what the PBX does not take any more
	 */
	replace(refused: readonly string[]): Promise<AccessToken>;
}

/** The claims of a 3CX access token that we read (protocol 1.3). The signature is the PBX's business. */
export interface TokenClaims {
	/** Client ID. */
	sub?: string;
	/** FQDN of the PBX that minted it. */
	iss?: string;
	/** Seconds since the epoch. */
	exp?: number;
	/** Seconds since the epoch, by the clock of the PBX: when it was made. */
	iat?: number;
	/** The same: from when on it is valid, which is when it was made. */
	nbf?: number;
}

/** @returns the claims of a JWT that we read, each of its type, or undefined when it is none. */
export function tokenClaims(token: string): TokenClaims | undefined {
	const claims = tokenPayload(token);
	if (!claims) return undefined;
	const { sub, iss, exp, iat, nbf } = claims;
	const [text, number] = [textOrNone, numberOrNone];
	return { sub: text(sub), iss: text(iss), exp: number(exp), iat: number(iat), nbf: number(nbf) };
}

/** @returns all claims of a JWT, of whatever type, or undefined when it is none. */
export function tokenPayload(token: string): Record<string, unknown> | undefined {
	const payload = token.split('.')[1];
	if (payload === undefined) return undefined;
	try {
		const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
		return typeof claims === 'object' && claims !== null
			? (claims as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined;
	}
}

const textOrNone = (value: unknown) => (typeof value === 'string' ? value : undefined);
const numberOrNone = (value: unknown) =>
	typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** No token is taken to live longer than this, whatever it says, in ms. */
const LONGEST_LIFE_MS = 86_400_000;

/** Up to this number `expires_in` means minutes: before 20.0.9, 3CX said 60 for an hour (protocol 1.2). */
const LARGEST_MINUTES = 299;

/**
 * When a fresh token ends. The JWT's own `exp - iat` comes first: it is in seconds on every build, and a difference is
 * right even where the clocks of n8n and the PBX are not; so is the difference between `exp` and the date of the answer.
 * `expires_in` is in minutes on older builds and in seconds on newer ones; taking 60 minutes for 60 seconds would mint
 * every minute and cut every socket and audio stream.
 *
 * @param token the access token
 * @param expiresIn the answer's `expires_in`
 * @param now ms since the epoch, when the answer came
 * @param date the answer's header `date`, by the clock of the PBX
 * @returns ms since the epoch
 */
export function tokenExpiry(
	token: string,
	expiresIn: number | undefined,
	now: number,
	date?: string,
): number {
	const { exp = NaN, iat = NaN, nbf = NaN } = tokenClaims(token) ?? {};
	const lives = [
		(exp - iat) * 1000,
		(exp - nbf) * 1000,
		exp * 1000 - Date.parse(date ?? ''),
		(expiresIn ?? NaN) * ((expiresIn ?? NaN) <= LARGEST_MINUTES ? 60_000 : 1000),
		exp * 1000 - now,
	];
	// What cannot be is the fault of a clock.
	const life = lives.find((ms) => ms > 0) ?? LARGEST_MINUTES * 60_000;
	return now + Math.min(life, LONGEST_LIFE_MS);
}

/** A token is renewed this long before it ends, in ms, so that no request leaves with one that dies on the way... */
const RENEW_BEFORE_MS = 60_000;

/** ... but not before it has lived for this part of its life: a token of a minute would be renewed for each request. */
const LIVED = 0.75;

/**
 * @param expiresAt when a token ends, in ms since the epoch
 * @param mintedAt when it was made
 * @returns when it is to be renewed
 */
const renewalTime = (expiresAt: number, mintedAt: number): number =>
	Math.max(expiresAt - RENEW_BEFORE_MS, mintedAt + (expiresAt - mintedAt) * LIVED);

/** @returns when a token is to be renewed, in ms since the epoch */
export const renewalOf = ({ expiresAt, renewAt }: AccessToken): number =>
	renewAt ?? expiresAt - RENEW_BEFORE_MS;

/** How long `/connect/token` may take to answer, in ms. */
const TOKEN_TIMEOUT_MS = 30_000;

/** What a login sends, and to whom. */
export interface TokenRequest {
	connection: Connection;
	path: string;
	headers: Record<string, string>;
	/** Form fields. */
	body: string;
	timeoutMs: number;
	signal?: AbortSignal;
}

/**
 * Sends a login, and must not follow redirects: client ID and secret are for the PBX that was named, and for no other.
 *
 * @returns the answer, whatever the status
 */
export type TokenTransport = (request: TokenRequest) => Promise<TokenAnswer>;

/** What came back. */
export interface TokenAnswer {
	status: number;
	headers: Record<string, string | string[] | undefined>;
	text: string;
}

/** Over the connections of {@link dispatcherFor}; undici follows no redirects unless told to. */
const overOwnPool: TokenTransport = async ({
	connection,
	path,
	headers,
	body,
	timeoutMs,
	signal,
}) => {
	const answer = await request(connection.origin + path, {
		method: 'POST',
		dispatcher: dispatcherFor(connection, { use: 'calls' }),
		headers,
		body,
		headersTimeout: timeoutMs,
		signal,
	});
	const limits = { maxBytes: MAX_SMALL_BYTES, withinMs: timeoutMs };
	const { text } = await readText(answer.body, limits, answer.headers);
	return { status: answer.statusCode, headers: answer.headers, text };
};

/** How a token is got. */
export interface MintOptions {
	/** Ends the request. */
	signal?: AbortSignal;
	/** Sends the login; default over the connections of {@link dispatcherFor}. */
	transport?: TokenTransport;
	/** Whether it replaces a token that this client was given before: only so many of these are made in a row. */
	isRenewal?: boolean;
}

/** So many renewals for one client at one PBX within {@link LOGIN_WINDOW_MS} are answered; then it waits. */
const MAX_LOGINS = 6;

/** See {@link MAX_LOGINS}; in ms. */
const LOGIN_WINDOW_MS = 30_000;

/**
 * When renewals were answered, by fingerprint of PBX, client and secret. A PBX that refuses each token right after it gave
 * it, or another program with the same client ID, would have us log in for each request.
 */
const logins = new BoundedMap<string, number[]>({ max: 500, idleMs: LOGIN_WINDOW_MS });

function assertPatient(key: string, origin: string): void {
	const recent = (logins.get(key) ?? []).filter((at) => Date.now() - at < LOGIN_WINDOW_MS);
	if (recent.length < MAX_LOGINS) return;
	const retryAfterMs = recent[0]! + LOGIN_WINDOW_MS - Date.now();
	throw new ThreeCxError({
		kind: 'rateLimited',
		message: `${origin} does not keep to the tokens that it gives: ${recent.length} new ones within ${LOGIN_WINDOW_MS / 1000} seconds`,
		hint: 'Another program may use the same client ID, and each new token ends the previous one. Create a separate API client for each program under Integrations > API in the 3CX Admin Console. n8n will log in again in a moment.',
		request: 'POST /connect/token',
		retryAfterMs,
	});
}

function noteLogin(key: string): void {
	const recent = (logins.get(key) ?? []).slice(1 - MAX_LOGINS);
	logins.set(key, [...recent, Date.now()]);
}

/**
 * Asks the PBX for a new access token (`POST /connect/token`, client credentials). This ends the life of every older
 * token of the client ID.
 *
 * @param connection the PBX
 * @param credentials client ID and secret
 * @param options see there
 * @returns the token
 * @throws ThreeCxError of kind `credentials` when the PBX refuses them; never tried again, because 3CX counts failed
 *   logins and blocks the host (protocol 6.6). Of kind `redirect` when it sends us elsewhere, which is not followed; of
 *   kind `rateLimited` after six renewals within 30 s
 */
export async function mintToken(
	connection: Connection,
	{ clientId, clientSecret }: ClientCredentials,
	{ signal, transport = overOwnPool, isRenewal = false }: MintOptions = {},
): Promise<AccessToken> {
	const path = '/connect/token';
	const { origin } = connection;
	const key = stampOf({ origin, clientId, clientSecret }).secret;
	const attempt = async (): Promise<AccessToken> => {
		if (isRenewal) assertPatient(key, origin);
		const { status, headers, text } = await transport({
			connection,
			path,
			headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
			body: new URLSearchParams({
				client_id: clientId,
				client_secret: clientSecret,
				grant_type: 'client_credentials',
			}).toString(),
			timeoutMs: TOKEN_TIMEOUT_MS,
			signal,
		});
		if (isRenewal) noteLogin(key);
		const { access_token: value, expires_in: expiresIn } = parseTokenAnswer(text);
		if (status !== 200 || value === undefined) {
			throw errorFromTokenAnswer(status, text, origin, headers);
		}
		const now = Date.now();
		const expiresAt = tokenExpiry(value, expiresIn, now, [headers.date].flat()[0]);
		return { value, expiresAt, renewAt: renewalTime(expiresAt, now), expiresIn };
	};
	const described = async () =>
		await attempt().catch((cause: unknown) => {
			throw new Secrets(clientSecret).maskError(errorFromNetwork(cause, origin, `POST ${path}`));
		});
	return await withRetry(described, 'POST', undefined, signal);
}

/** What may stand in an `Authorization` header (RFC 6750), and fits into n8n's store many times over. */
const BEARER = /^[\w.~+/-]+=*$/;
const LONGEST_TOKEN = 16_384;

function parseTokenAnswer(text: string): { access_token?: string; expires_in?: number } {
	try {
		const answer = JSON.parse(text) as { access_token?: unknown; expires_in?: unknown } | null;
		return {
			access_token: isBearer(answer?.access_token) ? answer.access_token : undefined,
			expires_in: numberOrNone(answer?.expires_in),
		};
	} catch {
		return {};
	}
}

const isBearer = (value: unknown): value is string =>
	typeof value === 'string' && value.length <= LONGEST_TOKEN && BEARER.test(value);

/** A token not asked for during this time is forgotten, in ms. */
const IDLE_MS = 3_600_000;

/** More tenants than this, and the one idle for longest is forgotten. */
const MAX_TOKENS = 500;

interface Slot {
	token?: AccessToken;
	/** Whether the PBX has taken client ID and secret. */
	isProven?: boolean;
	/** A login under way, and whether a source logs in over the same kind of connection. */
	minting?: { token: Promise<AccessToken>; isLike: (connection: Connection) => boolean };
	usedAt: number;
	/** When tokens turned out to have been ended before their time, the latest few. */
	endedEarly: number[];
	watchers: Set<(token: string) => void>;
}

/** So many tokens that were ended before their time... */
const CONTESTED = 3;

/** ... within this time, in ms, are the work of somebody who uses the client ID as well. A PBX that restarts ends one. */
const CONTESTED_MS = 300_000;

/**
 * @param endedEarly see {@link TokenSource.endedEarly}
 * @param now ms since the epoch
 * @returns whether tokens were ended so often of late that somebody else must be using the client ID
 */
export const isContested = (endedEarly: readonly number[], now: number): boolean =>
	endedEarly.length >= CONTESTED && now - endedEarly[0]! < CONTESTED_MS;

/**
 * Access tokens of this process, each under the PBX, client ID and secret that it was minted for, so that no tenant's
 * token can reach another's PBX. Keeps a hash of the secret, never the secret.
 *
 * One token for all who ask with the same three, whichever credential they have them from: each login would end the token
 * of the others. Nobody gets one without the secret.
 */
export class TokenCache {
	private readonly slots = new Map<string, Slot>();

	constructor(
		private readonly mint: typeof mintToken = mintToken,
		private readonly now: () => number = Date.now,
	) {}

	/**
	 * @param connection the PBX
	 * @param credentials client ID and secret; held only as long as the source lives
	 * @param options how tokens are got, see {@link mintToken}
	 * @returns the token source of this PBX and client; many sources of the same client share one token
	 */
	source(
		connection: Connection,
		credentials: ClientCredentials,
		options: Pick<MintOptions, 'transport'> = {},
	): CachedTokenSource {
		const { origin, ignoreSslIssues, lookup } = connection;
		const key = stampOf({ ...credentials, origin }).secret;
		const held = () => {
			const token = this.slots.get(key)?.token;
			return token && renewalOf(token) > this.now() ? token : undefined;
		};
		const isLike = (other: Connection) =>
			other.ignoreSslIssues === ignoreSslIssues && other.lookup === lookup;
		/**
		 * One flight for all who ask meanwhile. It runs without anybody's abort signal: one execution that is stopped must
		 * not fail the others, and a token whose answer was thrown away would have killed the last one for nothing.
		 */
		const mintOnce = async (): Promise<AccessToken> => {
			const slot = this.slot(key);
			const { minting } = slot;
			if (minting?.isLike(connection)) return await minting.token;
			if (minting) {
				// Somebody else may not trust the certificate, or not be let through: that is no failure of ours.
				const token = await minting.token.catch(() => undefined);
				return token ?? (await mintOnce());
			}
			const token = this.mint(connection, credentials, {
				...options,
				isRenewal: slot.isProven === true,
			})
				.then((fresh) => {
					slot.isProven = true;
					this.put(slot, fresh);
					return fresh;
				})
				.finally(() => (slot.minting = undefined));
			slot.minting = { token, isLike };
			return await token;
		};
		const replace = async (refused: readonly string[]): Promise<AccessToken> => {
			const slot = this.slot(key);
			const { token } = slot;
			if (token !== undefined && refused.includes(token.value)) {
				if (held() !== undefined)
					slot.endedEarly = [...slot.endedEarly, this.now()].slice(-CONTESTED);
				slot.token = undefined;
			}
			return held() ?? (await mintOnce());
		};
		return {
			clientSecret: credentials.clientSecret,
			held,
			isProven: () => this.slots.get(key)?.isProven === true,
			adopt: (token) => {
				const slot = this.slot(key);
				if (!slot.token || token.expiresAt > slot.token.expiresAt) this.put(slot, token);
			},
			replace,
			get: async () => {
				this.slot(key);
				return (held() ?? (await mintOnce())).value;
			},
			renew: async (refused) => ({ value: (await replace(refused)).value, isLast: true }),
			newest: async () => {
				const slot = this.slots.get(key);
				return (await slot?.minting?.token.catch(() => undefined)) ?? slot?.token;
			},
			watch: (listener) => {
				const { watchers } = this.slot(key);
				watchers.add(listener);
				return () => watchers.delete(listener);
			},
			endedEarly: () => this.slots.get(key)?.endedEarly ?? [],
		};
	}

	/** Forgets all, as a process that starts; for tests. */
	clear(): void {
		this.slots.clear();
	}

	private put(slot: Slot, token: AccessToken): void {
		const isAnother = slot.token?.value !== token.value;
		slot.token = token;
		if (isAnother) for (const listener of [...slot.watchers]) listener(token.value);
	}

	private slot(key: string): Slot {
		const now = this.now();
		const slot = this.slots.get(key) ?? { usedAt: now, endedEarly: [], watchers: new Set() };
		slot.usedAt = now;
		// Re-inserting keeps the map in order of use, so that the idle ones are found at its start.
		this.slots.delete(key);
		this.slots.set(key, slot);
		for (const [other, { usedAt, minting, watchers }] of this.slots) {
			if (this.slots.size <= MAX_TOKENS && now - usedAt < IDLE_MS) break;
			if (!minting && watchers.size === 0) this.slots.delete(other);
		}
		return slot;
	}
}

/** The tokens of this process, whichever credential or Test they were got for. */
export const processTokens = new TokenCache();
