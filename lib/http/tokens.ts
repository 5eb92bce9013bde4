import { createHash } from 'node:crypto';
import { request } from 'undici';
import { unlessAborted } from '../waiting/abort';
import { MAX_SMALL_BYTES, readText } from './body';
import { dispatcherFor } from './dispatchers';
import { Secrets } from './mask';
import { errorFromNetwork } from './networkErrors';
import { errorFromResponse, errorFromTokenAnswer } from './responseErrors';
import { withRetry } from './retry';
import type { Connection } from './serverUrl';

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
}

/** What comes in place of a refused token. */
export interface Renewal {
	value: string;
	/** The newest that can be had. If it is refused, too, another one would fare no better. */
	isLast: boolean;
}

/**
 * Sends something with a token; where the PBX refuses that, with another one.
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
		if (token.isLast || !isRefused(answer)) return answer;
		refused.push(token.value);
		token = await unlessAborted(tokens.renew(refused, signal), signal);
	}
}

/** A {@link TokenSource} that says what it has. */
export interface CachedTokenSource extends TokenSource {
	/** @returns the token that lives, or undefined when {@link TokenSource.get} would mint one */
	held(): string | undefined;
}

/** The claims of a 3CX access token that we read (protocol 1.3). The signature is the PBX's business. */
export interface TokenClaims {
	/** Client ID. */
	sub?: string;
	/** FQDN of the PBX that minted it. */
	iss?: string;
	/** Seconds since the epoch. */
	exp?: number;
	/** Seconds since the epoch, by the clock of the PBX. */
	iat?: number;
}

/** @returns the claims of a JWT, or undefined when it is none. */
export function tokenClaims(token: string): TokenClaims | undefined {
	const payload = token.split('.')[1];
	if (payload === undefined) return undefined;
	try {
		const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
		return typeof claims === 'object' && claims !== null ? claims : undefined;
	} catch {
		return undefined;
	}
}

/** Up to this number `expires_in` means minutes: before 20.0.9, 3CX said 60 for an hour (protocol 1.2). */
const LARGEST_MINUTES = 299;

/**
 * When a fresh token ends. The JWT's own `exp - iat` comes first: it is in seconds on every build, and a difference is
 * right even where the clocks of n8n and the PBX are not. `expires_in` is in minutes on older builds and in seconds
 * on newer ones; taking 60 minutes for 60 seconds would mint every minute and cut every socket and audio stream.
 *
 * @param token the access token
 * @param expiresIn the answer's `expires_in`
 * @param now ms since the epoch, when the answer came
 * @returns ms since the epoch
 */
export function tokenExpiry(token: string, expiresIn: number | undefined, now: number): number {
	const { exp, iat } = tokenClaims(token) ?? {};
	if (exp !== undefined && iat !== undefined) return now + (exp - iat) * 1000;
	if (exp !== undefined) return exp * 1000;
	const amount = expiresIn ?? LARGEST_MINUTES;
	return now + amount * (amount <= LARGEST_MINUTES ? 60_000 : 1000);
}

/** How long `/connect/token` may take to answer, in ms. */
const TOKEN_TIMEOUT_MS = 30_000;

/**
 * Asks the PBX for a new access token (`POST /connect/token`, client credentials). This ends the life of every older
 * token of the client ID.
 *
 * @param connection the PBX
 * @param credentials client ID and secret
 * @param signal ends the request
 * @returns the token
 * @throws ThreeCxError of kind `credentials` when the PBX refuses them; never tried again, because 3CX counts failed
 *   logins and blocks the host (protocol 6.6)
 */
export async function mintToken(
	connection: Connection,
	{ clientId, clientSecret }: ClientCredentials,
	signal?: AbortSignal,
): Promise<AccessToken> {
	const path = '/connect/token';
	const attempt = async (): Promise<AccessToken> => {
		const answer = await request(connection.origin + path, {
			method: 'POST',
			dispatcher: dispatcherFor(connection),
			headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
			body: new URLSearchParams({
				client_id: clientId,
				client_secret: clientSecret,
				grant_type: 'client_credentials',
			}).toString(),
			headersTimeout: TOKEN_TIMEOUT_MS,
			signal,
		});
		const limits = { maxBytes: MAX_SMALL_BYTES, withinMs: TOKEN_TIMEOUT_MS };
		const { text } = await readText(answer.body, limits, answer.headers['content-length']);
		const { access_token: value, expires_in: expiresIn } = parseTokenAnswer(text);
		if (answer.statusCode !== 200 || value === undefined) {
			throw errorFromTokenAnswer(answer.statusCode, text, connection.origin);
		}
		return { value, expiresAt: tokenExpiry(value, expiresIn, Date.now()) };
	};
	const described = async () =>
		await attempt().catch((cause: unknown) => {
			throw new Secrets(clientSecret).maskError(
				errorFromNetwork(cause, connection.origin, `POST ${path}`),
			);
		});
	return await withRetry(described, 'POST', undefined, signal);
}

/**
 * Asks for the token endpoint without any secret (`GET /connect/token`; 3CX answers 4xx), to learn whether the PBX
 * sends us elsewhere.
 *
 * @param connection the PBX
 * @throws ThreeCxError of kind `redirect` when it does; as the network has it when the PBX cannot be reached. It is tried
 *   once: whoever sends the request that the token is for tries that again.
 */
export async function assertNotRedirected(connection: Connection): Promise<void> {
	const { origin } = connection;
	const name = 'GET /connect/token';
	const answer = await request(`${origin}/connect/token`, {
		dispatcher: dispatcherFor(connection),
		headersTimeout: TOKEN_TIMEOUT_MS,
	}).catch((cause: unknown) => {
		throw errorFromNetwork(cause, origin, name);
	});
	const { statusCode: status, headers, body } = answer;
	// Nothing of it matters but that it ends, which lets the connection be used again.
	const limits = { maxBytes: MAX_SMALL_BYTES, withinMs: TOKEN_TIMEOUT_MS };
	await readText(body, limits, headers['content-length']).catch(() => undefined);
	if (status < 300 || status >= 400) return;
	throw errorFromResponse({ origin, request: name, status, headers, text: '' });
}

function parseTokenAnswer(text: string): { access_token?: string; expires_in?: number } {
	try {
		const answer = JSON.parse(text) as { access_token?: unknown; expires_in?: unknown } | null;
		return {
			access_token: typeof answer?.access_token === 'string' ? answer.access_token : undefined,
			expires_in: typeof answer?.expires_in === 'number' ? answer.expires_in : undefined,
		};
	} catch {
		return {};
	}
}

/** A token is renewed this long before it ends, in ms, so that no request leaves with one that dies on the way. */
export const RENEW_BEFORE_MS = 60_000;

/** A token not asked for during this time is forgotten, in ms. */
const IDLE_MS = 3_600_000;

/** More tenants than this, and the one idle for longest is forgotten. */
const MAX_TOKENS = 500;

interface Slot {
	token?: AccessToken;
	minting?: Promise<AccessToken>;
	usedAt: number;
}

/**
 * Access tokens of this process, each under the PBX, client ID and secret that it was minted for, so that no tenant's
 * token can reach another's PBX. Keeps a hash of the secret, never the secret.
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
	 * @returns the token source of this PBX and client; many sources of the same client share one token
	 */
	source(connection: Connection, credentials: ClientCredentials): CachedTokenSource {
		const key = createHash('sha256')
			.update(JSON.stringify([connection.origin, credentials.clientId, credentials.clientSecret]))
			.digest('base64');
		const held = () => {
			const token = this.slots.get(key)?.token;
			return token && token.expiresAt - RENEW_BEFORE_MS > this.now() ? token.value : undefined;
		};
		return {
			clientSecret: credentials.clientSecret,
			held,
			get: async () => {
				this.slot(key);
				return held() ?? (await this.mintOnce(key, connection, credentials));
			},
			renew: async (refused) => {
				const { token } = this.slot(key);
				const isRefused = token === undefined || refused.includes(token.value);
				const value = isRefused ? await this.mintOnce(key, connection, credentials) : token.value;
				return { value, isLast: true };
			},
		};
	}

	/**
	 * One flight for all who ask meanwhile. It runs without anybody's abort signal: one execution that is stopped must
	 * not fail the others, and a token whose answer was thrown away would have killed the last one for nothing.
	 */
	private async mintOnce(key: string, connection: Connection, credentials: ClientCredentials) {
		const slot = this.slot(key);
		slot.minting ??= this.mint(connection, credentials)
			.then((token) => (slot.token = token))
			.finally(() => (slot.minting = undefined));
		return (await slot.minting).value;
	}

	private slot(key: string): Slot {
		const now = this.now();
		const slot = this.slots.get(key) ?? { usedAt: now };
		slot.usedAt = now;
		// Re-inserting keeps the map in order of use, so that the idle ones are found at its start.
		this.slots.delete(key);
		this.slots.set(key, slot);
		for (const [other, { usedAt, minting }] of this.slots) {
			if (this.slots.size <= MAX_TOKENS && now - usedAt < IDLE_MS) break;
			if (!minting) this.slots.delete(other);
		}
		return slot;
	}
}

/** The tokens of this process that n8n's own store does not keep. */
export const processTokens = new TokenCache();
