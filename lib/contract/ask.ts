import { request as send, type Dispatcher } from 'undici';
import type { PbxClient } from '../http/client';
import { decoded } from '../http/body';
import { dispatcherFor } from '../http/dispatchers';
import { ThreeCxError } from '../http/errors';
import { errorFromNetwork } from '../http/networkErrors';
import { sendAuthorised } from '../http/tokens';
import { XAPI, type Entity } from '../xapi/entities';

/** How long one answer may take, in ms. */
const ANSWER_MS = 15_000;

/** How much of one answer is read, in bytes. */
const BODY_LIMIT = 1024 * 1024;

/** Requests that one report sends at most: more would be a mistake of ours. */
const MAX_REQUESTS = 200;

/** What the PBX answered, refusals included. */
export interface Reply {
	status: number;
	/** Names in lower case. */
	headers: Record<string, string | string[] | undefined>;
	/** The body as text, at most 1 MB of it. */
	text: string;
	/** The body as JSON; undefined where it is none, or was cut. */
	json: unknown;
}

/** A question that the PBX has left open, and why: a role that is too low, a list without rows. */
export class Unanswered extends Error {
	override readonly name = 'Unanswered';
}

/** Asks a PBX, without changing anything: it sends nothing but GET. */
export interface Asker {
	/**
	 * The answer, whatever its status; the same request is sent once in a report.
	 *
	 * @param path starts with a slash, percent-encoded
	 * @param query percent-encoded, without the question mark
	 * @throws ThreeCxError when there is no answer in time
	 */
	get(path: string, query?: string): Promise<Reply>;
	/** The same without a token: what a stranger gets. */
	getAsStranger(path: string): Promise<Reply>;
	/** The same with this token, even if it is dead. */
	getWith(token: string, path: string): Promise<Reply>;
	/**
	 * The rows of a list below `/xapi/v1`.
	 *
	 * @throws Unanswered when the PBX does not give any
	 */
	rows(path: string, query?: string): Promise<Entity[]>;
	/** All replies so far. */
	readonly replies: readonly Reply[];
}

/**
 * @param client the PBX
 * @param signal ends everything
 * @returns who asks
 */
export function createAsker(client: PbxClient, signal: AbortSignal): Asker {
	const replies: Reply[] = [];
	const asked = new Map<string, Promise<Reply>>();
	let count = 0;

	async function once(path: string, query: string, token?: string): Promise<Reply> {
		if (++count > MAX_REQUESTS) throw new Unanswered('The report has asked often enough');
		const { connection } = client;
		const answer = await send(`${connection.origin}${path}${query && `?${query}`}`, {
			method: 'GET',
			dispatcher: dispatcherFor(connection),
			headers: {
				accept: '*/*',
				...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
			},
			headersTimeout: ANSWER_MS,
			bodyTimeout: ANSWER_MS,
			signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
		}).catch((cause: unknown) => {
			throw errorFromNetwork(cause, connection.origin, `GET ${path}`);
		});
		const reply = await read(answer);
		replies.push(reply);
		return reply;
	}

	async function get(path: string, query = ''): Promise<Reply> {
		const name = `${path}?${query}`;
		const reply =
			asked.get(name) ??
			sendAuthorised(
				client.tokens,
				async (token) => await once(path, query, token),
				({ status }) => status === 401,
				signal,
			);
		asked.set(name, reply);
		return await reply;
	}

	return {
		get,
		getAsStranger: async (path) => await once(path, ''),
		getWith: async (token, path) => await once(path, '', token),
		async rows(path, query) {
			const { status, json } = await get(XAPI + path, query);
			const what = withoutArguments(path);
			if (status !== 200) throw new Unanswered(`${what} answers ${status}`);
			const { value } = (json ?? {}) as { value?: unknown };
			if (!Array.isArray(value)) throw new Unanswered(`${what} does not return a list`);
			return value.filter((row): row is Entity => typeof row === 'object' && row !== null);
		},
		replies,
	};
}

/** @returns a path without the key or the parameters at its end: `/Users(1)` is `/Users` */
export const withoutArguments = (path: string): string =>
	path.endsWith(')') ? path.split('(', 1)[0]! : path;

async function read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Reply> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of decoded(body, headers)) {
		chunks.push(chunk as Buffer);
		size += (chunk as Buffer).length;
		if (size >= BODY_LIMIT) break;
	}
	const text = Buffer.concat(chunks).toString('utf8', 0, BODY_LIMIT);
	return { status: statusCode, headers, text, json: size < BODY_LIMIT ? parsed(text) : undefined };
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** `ok`, or the status as text: for questions about rights. */
export const verdict = ({ status }: Reply): string => (status < 300 ? 'ok' : String(status));

/**
 * The same for all other questions: a PBX that does not let the client ask has not answered them.
 *
 * @throws Unanswered at 401 and 403
 */
export function answerTo(reply: Reply): string {
	const { status } = reply;
	if (status === 401 || status === 403)
		throw new Unanswered(`The API client may not ask this (${status})`);
	return verdict(reply);
}

/** Why a question has no answer, without anything of the customer's in it: messages of errors name the host. */
export function reasonOf(cause: unknown): string {
	if (cause instanceof Unanswered) return cause.message;
	if (cause instanceof ThreeCxError) return `No answer: ${cause.kind}`;
	return 'The answer could not be read';
}
