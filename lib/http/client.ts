import type { Readable } from 'node:stream';
import { request as send, type Dispatcher } from 'undici';
import { dispatcherFor } from './dispatchers';
import { ThreeCxError } from './errors';
import { errorFromNetwork } from './networkErrors';
import { errorFromResponse } from './responseErrors';
import { DEFAULT_RETRY, withRetry, type RetryPolicy } from './retry';
import type { Connection } from './serverUrl';
import { sendAuthorised, type TokenSource } from './tokens';

/** One request to a PBX, without its host and its token: the client adds both, and sends them nowhere else. */
export interface PbxRequest {
	method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
	/** Starts with a slash; every segment percent-encoded already, such as `/xapi/v1/Users(12)`. */
	path: string;
	/** Percent-encoded query string without the question mark. */
	query?: string;
	/** Sent as JSON. */
	body?: unknown;
	/** Sent as it is, while it comes, instead of `body`; called anew for each try. */
	upload?: () => Readable;
	/** It lasts as long as a call: it must not take one of the few connections that all other requests share. */
	lasting?: boolean;
	/** Ends the request and its retries; n8n's cancel signal. */
	signal?: AbortSignal;
	/** How long the PBX may take to begin its answer, and may pause within it, in ms; default 60,000. */
	timeoutMs?: number;
}

/** An answer with a status below 300. */
export interface PbxResponse<Body> {
	status: number;
	/** Names in lower case. */
	headers: Record<string, string | string[] | undefined>;
	/** The parsed JSON, or undefined when the body was empty (204). */
	body: Body;
}

/** An authenticated client of one PBX. Everything that talks to a 3CX goes through one of these. */
export interface PbxClient {
	readonly connection: Connection;
	readonly tokens: TokenSource;
	/**
	 * Sends a request and reads its JSON answer. Renews the token once after a 401; repeats what is safe to repeat.
	 *
	 * @throws ThreeCxError
	 */
	request<Body = unknown>(request: PbxRequest): Promise<PbxResponse<Body>>;
	/** The same for a file: the body is handed over as a stream, which the caller must read or destroy. */
	stream(request: PbxRequest): Promise<PbxResponse<Readable>>;
}

/** What {@link createPbxClient} needs. */
export interface PbxClientOptions {
	connection: Connection;
	tokens: TokenSource;
	/** How often safe requests are repeated; default three attempts. */
	retry?: RetryPolicy;
	/** Default for {@link PbxRequest.timeoutMs}. */
	timeoutMs?: number;
	/** Most requests under way at the same time, over all clients of the PBX with this limit; default 4, at most 8. */
	inFlight?: number;
}

/** How long the PBX may take to answer, in ms. Long report queries answer 504 by themselves after about a minute. */
const ANSWER_TIMEOUT_MS = 60_000;

/** @returns a client of the PBX; it costs nothing, connections are opened by the first request. */
export function createPbxClient({
	connection,
	tokens,
	retry = DEFAULT_RETRY,
	timeoutMs = ANSWER_TIMEOUT_MS,
	inFlight,
}: PbxClientOptions): PbxClient {
	async function once(request: PbxRequest, token: string): Promise<Dispatcher.ResponseData> {
		const { method, path, query, body, upload, lasting, signal } = request;
		const url = `${connection.origin}${path}${query ? `?${query}` : ''}`;
		const timeout = request.timeoutMs ?? timeoutMs;
		return await send(url, {
			method,
			dispatcher: dispatcherFor(connection, { lasting, inFlight }),
			headers: {
				authorization: `Bearer ${token}`,
				accept: '*/*',
				...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
				...(upload ? { 'content-type': 'application/octet-stream' } : {}),
			},
			body: upload?.() ?? (body === undefined ? null : JSON.stringify(body)),
			headersTimeout: timeout,
			bodyTimeout: timeout,
			signal,
		});
	}

	async function authorised(request: PbxRequest): Promise<Dispatcher.ResponseData> {
		let last: Dispatcher.ResponseData | undefined;
		const send = async (token: string) => {
			await last?.body.dump();
			return (last = await once(request, token));
		};
		return await sendAuthorised(
			tokens,
			send,
			({ statusCode }) => statusCode === 401,
			request.signal,
		);
	}

	/** Sends, repeats and checks; `read` turns the body of a good answer into what the caller wants. */
	async function exchange<Body>(
		request: PbxRequest,
		read: (answer: Dispatcher.ResponseData) => Promise<Body>,
	): Promise<PbxResponse<Body>> {
		const name = `${request.method} ${request.path}`;
		const attempt = async () => {
			const answer = await authorised(request);
			if (answer.statusCode >= 300) {
				throw errorFromResponse({
					origin: connection.origin,
					request: name,
					status: answer.statusCode,
					headers: answer.headers,
					text: await answer.body.text(),
				});
			}
			return { status: answer.statusCode, headers: answer.headers, body: await read(answer) };
		};
		const described = async () =>
			await attempt().catch((cause: unknown) => {
				throw errorFromNetwork(cause, connection.origin, name);
			});
		return await withRetry(described, request.method, retry, request.signal);
	}

	return {
		connection,
		tokens,
		request: async <Body>(request: PbxRequest) =>
			await exchange(request, async (answer) => parseJson(await textOf(answer), request) as Body),
		stream: async (request) =>
			await exchange(request, async (answer) => await Promise.resolve(answer.body)),
	};
}

/** Bodies from this size on count as large, in bytes; texts, in characters. */
const LARGE = 65_536;

/**
 * The text of a body. A large one is decoded as it comes: glued together first it would lie in memory twice, outside of
 * V8's heap, and piles there make V8 look through all of n8n's heap for garbage (`npm run bench -- --only list`).
 */
async function textOf({ headers, body }: Dispatcher.ResponseData): Promise<string> {
	if (Number(headers['content-length'] ?? Infinity) < LARGE) return await body.text();
	const decoder = new TextDecoder();
	let text = '';
	for await (const piece of body) text += decoder.decode(piece as Buffer, { stream: true });
	return text + decoder.decode();
}

/** What OData begins an answer with: where to read what it means. */
const CONTEXT = /^\{\s*"@odata\.context"\s*:\s*"[^"\\]*"\s*,/;

/**
 * Leaves out `@odata.context`, which no user needs, before it becomes a property of a row. V8 keeps an object whose first
 * property was deleted as a hash table, and all that reads it takes ten times as long; for copies see `redactSecrets`.
 * In long answers the rows stand in an envelope, which has the property to itself.
 */
const withoutContext = (text: string) => text.replace(CONTEXT, '{');

function parseJson(text: string, { method, path }: PbxRequest): unknown {
	if (text.trim() === '') return undefined;
	try {
		return JSON.parse(text.length < LARGE ? withoutContext(text) : text);
	} catch {
		// Told below: what was read is no JSON.
	}
	throw new ThreeCxError({
		kind: 'malformed',
		message: 'The answer is not JSON, as 3CX sends it',
		hint: 'Something else may be answering at the Server URL (a proxy, a login page): open it in a browser. If it is your 3CX, try again, then ask 3CX support.',
		request: `${method} ${path}`,
	});
}
