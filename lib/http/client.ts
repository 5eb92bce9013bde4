import type { Readable } from 'node:stream';
import { request as send, type Dispatcher } from 'undici';
import {
	decoded,
	MAX_ANSWER_BYTES,
	MAX_SMALL_BYTES,
	readText,
	readWhole,
	whileItComes,
} from './body';
import { dispatcherFor, inFlightNow } from './dispatchers';
import { ThreeCxError } from './errors';
import type { InFlight } from './inFlight/gate';
import { isTooDeep, MAX_LEVELS } from './json';
import { Secrets } from './mask';
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
	/** A stream to send instead of `body`; called again for each try. */
	upload?: () => Readable;
	/** It lasts as long as a call: it must not take one of the few connections that all other requests share. */
	lasting?: boolean;
	/**
	 * It is answered when a call has arrived somewhere, which may take minutes: it has connections of its own, counts for no
	 * limit, and once it is sent only {@link timeoutMs} ends it, because what it has started goes on at the PBX.
	 */
	awaited?: boolean;
	/** Ends the request and its retries; n8n's cancel signal. */
	signal?: AbortSignal;
	/** How long the PBX may take to begin its answer, and then to end it (a file: to go on with it), in ms; default 60,000. */
	timeoutMs?: number;
	/** The most that is read of a JSON answer, in bytes; default {@link MAX_ANSWER_BYTES}. */
	maxBytes?: number;
}

/** An answer with a status below 300. */
export interface PbxResponse<Body> {
	status: number;
	/** Names in lower case. */
	headers: Record<string, string | string[] | undefined>;
	/** The parsed JSON, or undefined when the body was empty (204). */
	body: Body;
	/** Length of the JSON, in characters; 0 for a stream. */
	size: number;
	/**
	 * The PBX has done what it was asked to, as the status says, but what it says about it could not be read to the end:
	 * `body` is undefined then. Never with GET, which is of no use without its answer.
	 */
	unread?: ThreeCxError;
}

/** An authenticated client of one PBX. Everything that talks to a 3CX goes through one of these. */
export interface PbxClient {
	readonly connection: Connection;
	readonly tokens: TokenSource;
	/** What this client has sent and nobody is to read; every error that it throws is free of it. */
	readonly secrets: Secrets;
	/** The most that is read of a JSON answer unless its request says otherwise, in bytes. */
	readonly maxBytes: number;
	/** The token of the latest answer that was no 401: the PBX takes it. */
	readonly provenToken: string | undefined;
	/** How many requests it may have under way now: more of them would only wait. Changes where that is automatic. */
	readonly inFlight: number;
	/** Nothing is to be written: whoever is about to write tells what he would; all requests but GET are refused. */
	readonly dryRun: boolean;
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
	/** Default for {@link PbxRequest.maxBytes}. */
	maxBytes?: number;
	/**
	 * Most requests under way at the same time, over all clients of the PBX with this number, from 1 to 16; or
	 * automatic (default): as many as the PBX takes well, over everything that talks to it. Call Control does not wait.
	 */
	inFlight?: InFlight;
	/** See {@link PbxClient.dryRun}; default false. */
	dryRun?: boolean;
}

/** How long the PBX may take to answer, in ms. Long report queries answer 504 by themselves after about a minute. */
const ANSWER_TIMEOUT_MS = 60_000;

/** How long the words of a refusal may take, in ms: its status says most of it, and the next try shall not wait for them. */
const WORDS_TIMEOUT_MS = 5_000;

/** @returns a client of the PBX; it costs nothing, connections are opened by the first request. */
export function createPbxClient({
	connection,
	tokens,
	retry = DEFAULT_RETRY,
	timeoutMs = ANSWER_TIMEOUT_MS,
	maxBytes = MAX_ANSWER_BYTES,
	inFlight,
	dryRun = false,
}: PbxClientOptions): PbxClient {
	const secrets = new Secrets(tokens.clientSecret);
	let provenToken: string | undefined;

	async function once(request: PbxRequest, token: string): Promise<Dispatcher.ResponseData> {
		secrets.addToken(token);
		const { method, path, query, body, upload, signal, awaited = false } = request;
		if (awaited) signal?.throwIfAborted();
		const url = `${connection.origin}${path}${query ? `?${query}` : ''}`;
		const timeout = request.timeoutMs ?? timeoutMs;
		return await send(url, {
			method,
			dispatcher: dispatcherFor(connection, { use: useOf(request), inFlight }),
			headers: {
				authorization: `Bearer ${token}`,
				accept: '*/*',
				...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
				...(upload ? { 'content-type': 'application/octet-stream' } : {}),
			},
			body: upload?.() ?? (body === undefined ? null : JSON.stringify(body)),
			headersTimeout: timeout,
			bodyTimeout: timeout,
			signal: awaited ? undefined : signal,
		});
	}

	async function authorised(request: PbxRequest): Promise<Dispatcher.ResponseData> {
		let last: Dispatcher.ResponseData | undefined;
		const send = async (token: string) => {
			if (last) await wordsOf(last, request).catch(() => '');
			last = await once(request, token);
			if (last.statusCode !== 401) provenToken = token;
			return last;
		};
		return await sendAuthorised(
			tokens,
			send,
			({ statusCode }) => statusCode === 401,
			request.signal,
		);
	}

	/** The text of a refusal if it can be read. If not, the status is still reported. */
	async function wordsOf(
		{ headers, body }: Dispatcher.ResponseData,
		{ signal, timeoutMs: own = timeoutMs }: PbxRequest,
	): Promise<string> {
		const limits = { maxBytes: MAX_SMALL_BYTES, withinMs: Math.min(own, WORDS_TIMEOUT_MS) };
		const read = await readText(body, limits, headers).catch((cause: unknown) => {
			if (signal?.aborted) throw cause;
			return { text: '' };
		});
		return read.text;
	}

	/** Sends, repeats and checks; `read` turns the body of a good answer into what the caller wants. */
	async function exchange<Body>(
		request: PbxRequest,
		read: (
			answer: Dispatcher.ResponseData,
		) => Promise<Pick<PbxResponse<Body>, 'body' | 'size' | 'unread'>>,
	): Promise<PbxResponse<Body>> {
		const name = nameOf(request);
		assertPlainPath(request);
		if (dryRun) assertRead(request);
		secrets.addRequest(request);
		const attempt = async () => {
			const answer = await authorised(request);
			if (answer.statusCode >= 300) {
				throw errorFromResponse({
					origin: connection.origin,
					request: name,
					status: answer.statusCode,
					headers: answer.headers,
					text: await wordsOf(answer, request),
					sent: request.body,
					secrets,
				});
			}
			return { status: answer.statusCode, headers: answer.headers, ...(await read(answer)) };
		};
		const described = async () =>
			await attempt().catch((cause: unknown) => {
				throw secrets.maskError(errorFromNetwork(cause, connection.origin, name));
			});
		return await withRetry(described, request.method, retry, request.signal);
	}

	return {
		connection,
		tokens,
		get provenToken() {
			return provenToken;
		},
		get inFlight() {
			return inFlightNow(connection.origin, inFlight);
		},
		secrets,
		maxBytes,
		dryRun,
		request: async <Body>(request: PbxRequest) =>
			await exchange(request, async ({ headers, body }) => {
				const { timeoutMs: withinMs = timeoutMs, maxBytes: most = maxBytes } = request;
				const whose = { origin: connection.origin, request: nameOf(request) };
				const limits = { maxBytes: most, withinMs };
				let text = '';
				const reading = async () => {
					text = await readWhole(body, limits, whose, headers);
					const answer = parseJson(text, request);
					const masked = secrets.areIn(text) ? secrets.maskAll(answer) : answer;
					return { body: masked as Body, size: text.length };
				};
				return await reading().catch((cause: unknown) => {
					// A page of something else that answers at this address is no word of a PBX.
					const isOurs = text === '' || /^\s*[{[]/.test(text);
					if (request.method === 'GET' || !isOurs || request.signal?.aborted) throw cause;
					const error = errorFromNetwork(cause, connection.origin, whose.request);
					return { body: undefined as Body, size: 0, unread: secrets.maskError(error) };
				});
			}),
		stream: async (request) =>
			await exchange(request, async ({ headers, body: coded }) => {
				const body = decoded(coded, headers);
				// What the caller says comes as it is said: pauses in it are no sign of trouble.
				if (request.lasting) return await Promise.resolve({ body, size: 0 });
				const whose = { origin: connection.origin, request: nameOf(request) };
				const explain = (cause: unknown) =>
					secrets.maskError(errorFromNetwork(cause, connection.origin, whose.request));
				const comes = whileItComes(body, request.timeoutMs ?? timeoutMs, explain, whose);
				return { body: comes, size: 0 };
			}),
	};
}

/**
 * Refuses `.` and `..` as a step of a path: an extension, leg or key of that name would turn `/callcontrol/../makecall`
 * into another request. Percent-encoded dots mean the same to whoever reads the address.
 */
function assertPlainPath(request: PbxRequest): void {
	const step = request.path.split('/').find((each) => /^(?:\.|%2e){1,2}$/i.test(each));
	if (step === undefined) return;
	throw new ThreeCxError({
		kind: 'input',
		message: `"${step}" is not a number, ID or name on a PBX`,
		hint: 'Check the fields of the node; if one uses an expression, check what it returns for this item. Nothing was sent.',
		request: nameOf(request),
	});
}

/** The last word on a dry run: whatever was meant to be sent, it is not. */
function assertRead(request: PbxRequest): void {
	if (request.method === 'GET') return;
	throw new ThreeCxError({
		kind: 'input',
		field: 'dryRun',
		message: 'This operation has no dry run',
		hint: 'Nothing was sent. Turn off Dry Run to carry the operation out.',
		request: nameOf(request),
	});
}

const nameOf = ({ method, path }: PbxRequest) => `${method} ${path}`;

/** Texts from this size on count as large, in characters. */
const LARGE = 65_536;

/** Somebody waits on the phone for what Call Control does: it goes first. */
const useOf = ({ path, lasting, awaited }: PbxRequest) =>
	lasting ? 'audio' : awaited ? 'awaited' : path.startsWith('/callcontrol') ? 'calls' : 'work';

/** What OData begins an answer with: where to read what it means. */
const CONTEXT = /^\{\s*"@odata\.context"\s*:\s*"[^"\\]*"\s*,/;

/**
 * Leaves out `@odata.context`, which no user needs, before it becomes a property of a row. V8 keeps an object whose first
 * property was deleted as a hash table, and all that reads it takes ten times as long; for copies see `redactSecrets`.
 * In long answers the rows stand in an envelope, which has the property to itself.
 */
const withoutContext = (text: string) => text.replace(CONTEXT, '{');

function parseJson(text: string, request: PbxRequest): unknown {
	if (text.trim() === '') return undefined;
	let body: unknown;
	try {
		body = JSON.parse(text.length < LARGE ? withoutContext(text) : text);
	} catch {
		throw malformed(
			request,
			'The answer is not JSON, as 3CX sends it',
			'Something else may be answering at the Server URL (a proxy, a login page): open it in a browser. If it is your 3CX, try again, then ask 3CX support.',
		);
	}
	if (!isTooDeep(text)) return body;
	throw malformed(
		request,
		`The answer has more than ${MAX_LEVELS} levels of objects and lists inside of each other`,
		'3CX does not send this: check what answers at the Server URL.',
	);
}

const malformed = (request: PbxRequest, message: string, hint: string) =>
	new ThreeCxError({ kind: 'malformed', message, hint, request: nameOf(request) });
