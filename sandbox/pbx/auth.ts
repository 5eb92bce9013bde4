/** Access tokens, as `/connect/token` gives them out and takes them back (protocol 1.1 to 1.4). */
import { createHash, generateKeyPairSync, randomUUID, sign, timingSafeEqual } from 'node:crypto';
import type { ApiClient, Caller } from './types';

/** How `expires_in` is counted: minutes before some release about 20.0.9, seconds since (protocol 1.2). */
export type ExpiryUnit = 'minutes' | 'seconds';

export interface TokenOptions {
	/** Host name for the `iss` claim; undefined for the one that the client called. */
	issuer?: string;
	lifetimeSeconds: number;
	expiresIn: ExpiryUnit;
	/** Failed logins after which every further login gets 403; undefined for never. */
	blockAfterFailures?: number;
	/** Leaves out when a token was made: neither `iat` nor `nbf`; default false. */
	withoutIat?: boolean;
	now: () => Date;
}

export interface TokenAnswer {
	status: number;
	body: Record<string, unknown>;
}

const refuse = (status: number, error: string, description: string): TokenAnswer => ({
	status,
	body: { error, error_description: description },
});

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Compares secrets in a time that does not depend on where they differ. */
function sameSecret(left: string, right: string): boolean {
	const [a, b] = [left, right].map((text) => createHash('sha256').update(text).digest());
	return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/** A short hash of a token, to tell tokens apart in records without keeping them. */
export const fingerprint = (token: string) =>
	createHash('sha256').update(token).digest('hex').slice(0, 12);

/** The fields of a token request; form-urlencoded or multipart (protocol 1.1). Undefined for any other content type. */
export async function readForm(
	body: Buffer,
	contentType: string,
): Promise<URLSearchParams | undefined> {
	if (/^application\/x-www-form-urlencoded/i.test(contentType))
		return new URLSearchParams(body.toString());
	if (!/^multipart\/form-data/i.test(contentType)) return undefined;
	const form = await new Response(new Uint8Array(body), {
		headers: { 'Content-Type': contentType },
	})
		.formData()
		.catch(() => undefined);
	const entries = [...(form ?? [])].map(([name, value]): [string, string] => [name, String(value)]);
	return form && new URLSearchParams(entries);
}

export class Tokens {
	/** Tokens given out, by client ID. */
	readonly mints: Record<string, number> = {};
	/** Logins refused for wrong credentials. */
	failedLogins = 0;

	private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	private readonly keyId = randomUUID();
	private readonly live = new Map<string, { token: string; expires: number }>();
	private readonly owners = new Map<string, string>();

	/**
	 * @param clients looks an API client up by its ID
	 * @param onRevoked told of every token that is dead before its time
	 */
	constructor(
		private readonly clients: (clientId: string) => ApiClient | undefined,
		private readonly options: TokenOptions,
		private readonly onRevoked: (token: string) => void,
	) {}

	/**
	 * The answer of `/connect/token` to these form fields.
	 * @param host the host name that the client called
	 */
	login(form: URLSearchParams | undefined, host: string): TokenAnswer {
		if (!form)
			return refuse(
				400,
				'invalid_request',
				'The body must be form-urlencoded or multipart/form-data.',
			);
		const { blockAfterFailures } = this.options;
		if (blockAfterFailures !== undefined && this.failedLogins >= blockAfterFailures) {
			return refuse(403, 'access_denied', 'This address is blocked after too many failed logins.');
		}
		if (form.get('grant_type') !== 'client_credentials') {
			return refuse(400, 'unsupported_grant_type', 'The grant type must be client_credentials.');
		}
		const client = this.clients(form.get('client_id') ?? '');
		if (!client || !sameSecret(client.clientSecret, form.get('client_secret') ?? '')) {
			this.failedLogins += 1;
			// Documented as `unauthorized`, not the RFC's invalid_client (protocol 1.1).
			return refuse(401, 'unauthorized', 'The client ID or client secret is invalid.');
		}
		return { status: 200, body: this.grant(client, host) };
	}

	private grant(client: ApiClient, host: string): Record<string, unknown> {
		const { lifetimeSeconds, expiresIn } = this.options;
		const token = this.mint(client, host);
		return {
			token_type: 'Bearer',
			expires_in: expiresIn === 'minutes' ? Math.round(lifetimeSeconds / 60) : lifetimeSeconds,
			access_token: token,
			refresh_token: null,
		};
	}

	/** A new token; the client's older one is dead from now on (protocol 1.4). */
	private mint({ clientId, role }: ApiClient, host: string): string {
		this.revoke(clientId);
		const issued = Math.floor(this.options.now().getTime() / 1000);
		const expires = issued + this.options.lifetimeSeconds;
		const head = base64url({ alg: 'ES256', typ: 'JWT', kid: this.keyId });
		const claims = base64url({
			sub: clientId,
			iss: this.options.issuer ?? host,
			aud: '/api',
			scope: 'xapi',
			role: ['App', 'Enterprise', role, 'CallFlowApp', 'MyPhone'],
			jti: randomUUID(),
			...(this.options.withoutIat ? {} : { iat: issued, nbf: issued }),
			exp: expires,
		});
		const signature = sign('sha256', Buffer.from(`${head}.${claims}`), {
			key: this.keys.privateKey,
			dsaEncoding: 'ieee-p1363',
		}).toString('base64url');
		const token = `${head}.${claims}.${signature}`;
		this.live.set(clientId, { token, expires: expires * 1000 });
		this.owners.set(token, clientId);
		this.mints[clientId] = (this.mints[clientId] ?? 0) + 1;
		return token;
	}

	/** Kills the live token of a client. */
	revoke(clientId: string): void {
		const held = this.live.get(clientId);
		if (!held) return;
		this.live.delete(clientId);
		this.owners.delete(held.token);
		this.onRevoked(held.token);
	}

	/** Kills all tokens, as a restart does. */
	revokeAll(): void {
		for (const clientId of [...this.live.keys()]) this.revoke(clientId);
	}

	/** Who the token belongs to; undefined when it is unknown, superseded or expired. */
	authenticate(token: string | undefined): Caller | undefined {
		const clientId = token === undefined ? undefined : this.owners.get(token);
		const client = clientId === undefined ? undefined : this.clients(clientId);
		const held = clientId === undefined ? undefined : this.live.get(clientId);
		if (!client || !held || token === undefined) return undefined;
		return this.options.now().getTime() < held.expires ? { client, token } : undefined;
	}
}

/** The token of an Authorization header. */
export const bearer = (header: string | undefined): string | undefined =>
	/^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1];
