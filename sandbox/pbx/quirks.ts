/** What real PBXs, and the proxies before them, do otherwise than the sandbox: a switch for each (protocol 3.6). */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** All default to what the sandbox does without a word. */
export interface Quirks {
	/** The socket of a token that was replaced: closed (default); open and silent, pings answered; or it goes on (protocol 8.12). */
	replacedSocket?: 'closed' | 'silent' | 'goesOn';
	/** An upgrade with a dead token is accepted, and the socket says nothing. */
	acceptsDeadTokens?: boolean;
	/** Pings get no answer. */
	ignoresPings?: boolean;
	/** Messages of the socket are binary. */
	binaryFrames?: boolean;
	/** `sequence`: grows by one (default), is always the same, or begins anew after three messages. */
	sequence?: 'counts' | 'constant' | 'restarts';
	/** Call Control spells names in Pascal case, over REST and over the socket. */
	pascalCase?: boolean;
	/** Every answer is compressed, whether that was asked for or not. */
	gzip?: boolean;
	/** Tokens do not say when they were made. */
	withoutIat?: boolean;
	/** By how much the clock of the PBX is off, in ms. */
	clockOffsetMs?: number;
	/** Another program logs in with the default client's ID and secret this often, in ms; default never. */
	otherLoginEveryMs?: number;
	/** The Configuration API passes `$expand` over. */
	ignoresExpand?: boolean;
	/** It answers 404 to `Users(Number='100')`. */
	noAlternateKeys?: boolean;
	/** It answers an empty collection without `value`, or with 204. */
	emptyList?: 'noValue' | 'noContent';
	/** It passes `$count` over. */
	noCount?: boolean;
	/** Rows in an answer of it at most, whatever `$top` says. */
	cap?: number;
	/** It answers 400 to a body where its description has none. */
	refusesNeedlessBody?: boolean;
}

/** `party_dn_type` becomes `PartyDnType`; 3CX writes `CallId`, not `Callid`. */
const pascal = (name: string) =>
	({ callid: 'CallId', legid: 'LegId' })[name] ??
	name
		.split('_')
		.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
		.join('');

/** @returns a JSON value with the names of all objects in Pascal case */
export function inPascalCase(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(inPascalCase);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, each]) => [pascal(name), inPascalCase(each)]),
	);
}

/** Rewrites an answer that is sent in one piece, as the quirks say; streams go out as they are. */
export function rewrite(
	response: ServerResponse,
	path: string,
	{ pascalCase, gzip, clockOffsetMs }: Quirks,
): void {
	if (clockOffsetMs !== undefined) {
		response.setHeader('Date', new Date(Date.now() + clockOffsetMs).toUTCString());
	}
	const isRespelled = pascalCase === true && path.startsWith('/callcontrol');
	if (!isRespelled && gzip !== true) return;
	const { writeHead, end, flushHeaders } = response;
	let head: [number, Record<string, string | number>] | undefined;
	const begin = () => {
		response.writeHead = writeHead;
		response.end = end;
		response.flushHeaders = flushHeaders;
		if (head) response.writeHead(...head);
	};
	response.writeHead = ((status: number, headers: Record<string, string | number> = {}) => {
		head = [status, headers];
		return response;
	}) as typeof response.writeHead;
	response.flushHeaders = () => {
		begin();
		response.flushHeaders();
	};
	response.end = ((body?: string | Buffer) => {
		if (!head || body === undefined || body.length === 0) {
			begin();
			return response.end(body);
		}
		const [status, headers] = head;
		const text = isRespelled
			? JSON.stringify(inPascalCase(JSON.parse(String(body)) as unknown))
			: body;
		const sent = gzip ? gzipSync(text) : Buffer.from(text);
		const others = Object.entries(headers).filter(([name]) => !/^content-length$/i.test(name));
		head = [
			status,
			{
				...Object.fromEntries(others),
				'content-length': sent.length,
				...(gzip && { 'content-encoding': 'gzip' }),
			},
		];
		begin();
		return response.end(sent);
	}) as typeof response.end;
}
