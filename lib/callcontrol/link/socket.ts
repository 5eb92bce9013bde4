import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { unlessAborted } from '../../waiting/abort';
import type { PbxClient } from '../../http/client';
import { ThreeCxError, type ErrorKind } from '../../http/errors';
import { Secrets } from '../../http/mask';
import { errorFromNetwork } from '../../http/networkErrors';
import { errorFromResponse } from '../../http/responseErrors';
import { backoff } from '../../http/retry';
import { sendAuthorised } from '../../http/tokens';

/** How patient the link is, in ms. */
export interface SocketTiming {
	/** How long the upgrade may take; default 10,000. */
	handshakeMs: number;
	/** A ping goes out this often; default 10,000. 3CX's own sample pings every 5 s (protocol 3.1). */
	pingMs: number;
	/** Without an answer to a ping within this time the link is taken for dead; default 5,000. */
	pongMs: number;
	/** Upper bound of the wait before the first new try; it doubles with each; default 1,000. */
	retryMs: number;
	/** Longest wait between two tries; default 60,000. */
	retryCapMs: number;
	/** A link that lived this long counts as good: the next wait is short again; default 10,000. */
	stableMs: number;
	/** Wait when the PBX says that something is missing (checkbox, licence, role); default 60,000. */
	refusedMs: number;
	/** Wait when the PBX refuses client ID or secret; it blocks addresses that try often; default 600,000. */
	credentialsMs: number;
}

export const DEFAULT_SOCKET_TIMING: SocketTiming = {
	handshakeMs: 10_000,
	pingMs: 10_000,
	pongMs: 5_000,
	retryMs: 1_000,
	retryCapMs: 60_000,
	stableMs: 10_000,
	refusedMs: 60_000,
	credentialsMs: 600_000,
};

/** Options and callbacks of {@link superviseSocket}. */
export interface SocketOptions {
	/** Gives a client for each try, so that a changed credential is noticed; rejects with a ThreeCxError. */
	connect(): Promise<PbxClient>;
	/** Each text message, from the very first one on; tokens in it are hidden. */
	onFrame(text: string): void;
	/**
	 * The socket is open. The link counts as up once this resolves; if it rejects, the link is dropped and tried again.
	 *
	 * @param signal aborted when the link is gone
	 */
	onOpen(client: PbxClient, signal: AbortSignal): Promise<void>;
	/** A try failed, or the link broke. */
	onDown(error: ThreeCxError): void;
	/** Ends it all. */
	signal: AbortSignal;
	timing?: Partial<SocketTiming>;
	/** Jitter, a number in [0, 1); default Math.random. */
	random?: () => number;
}

/** A link that keeps itself up. */
export interface SupervisedSocket {
	/** Cuts a wait between two tries short. */
	retryNow(): void;
	/** Resolves after the signal was aborted and nothing is left. Never rejects. */
	ended: Promise<void>;
}

/** Where Call Control sends its events (protocol 3.1). No subscription is needed: they start at once. */
const PATH = '/callcontrol/ws';

/** No message of Call Control is near this size, in bytes; a larger one ends the socket. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Causes that pass only when a person does something; everything else is retried with backoff. */
const SLOW: Partial<Record<ErrorKind, 'refusedMs' | 'credentialsMs'>> = {
	credentials: 'credentialsMs',
	forbidden: 'refusedMs',
	notFound: 'refusedMs',
	input: 'refusedMs',
	redirect: 'refusedMs',
};

/**
 * Keeps a Call Control socket open for ever: opens it, watches it with pings, opens it again when it breaks.
 *
 * The status of a refused upgrade decides: 401 means a token that was replaced meanwhile, so a new one is fetched and
 * tried at once, one time; 403 and 404 mean that something is missing, so it asks slowly; all else backs off from 1 s
 * to 60 s with jitter.
 *
 * @returns the supervisor; it runs until `signal` is aborted
 */
export function superviseSocket(options: SocketOptions): SupervisedSocket {
	const { signal, random } = options;
	const timing = { ...DEFAULT_SOCKET_TIMING, ...options.timing };
	let wake = new AbortController();

	async function run(): Promise<void> {
		for (let failures = 0; !signal.aborted; ) {
			const { error, livedMs } = await live(options, timing);
			if (signal.aborted) return;
			if (livedMs >= timing.stableMs) failures = 0;
			options.onDown(error);
			wake = new AbortController();
			const slow = SLOW[error.kind];
			const ms = slow
				? timing[slow]
				: backoff(failures, { baseMs: timing.retryMs, capMs: timing.retryCapMs }, random);
			failures += 1;
			const asked = Math.min(error.retryAfterMs ?? 0, timing.retryCapMs);
			await delay(Math.max(ms, asked), undefined, {
				signal: AbortSignal.any([signal, wake.signal]),
			}).catch(() => undefined);
		}
	}

	return { retryNow: () => wake.abort(), ended: run() };
}

/** One life of the link, from the first try to the end. Never rejects. */
async function live(
	options: SocketOptions,
	timing: SocketTiming,
): Promise<{ error: ThreeCxError; livedMs: number }> {
	const gone = new AbortController();
	let openedAt: number | undefined;
	/** Known once there is a client: what its PBX says from then on may hold its token. */
	let secrets = new Secrets();
	const cause = await attempt().catch(explain);
	gone.abort();
	const error = secrets.maskError(cause);
	return { error, livedMs: openedAt === undefined ? 0 : performance.now() - openedAt };

	async function attempt(): Promise<ThreeCxError> {
		const { signal } = options;
		const client = await unlessAborted(options.connect(), signal);
		secrets = client.secrets;
		const link = await openAuthorised(client, options, timing);
		try {
			const up = options.onOpen(client, AbortSignal.any([gone.signal, signal]));
			// A link that breaks while the state is read has to end the reading, and the other way round.
			const early = await Promise.race([link.ended, up.then(() => undefined)]);
			if (early) return early;
			openedAt = performance.now();
			return await link.ended;
		} finally {
			link.terminate();
		}
	}
}

/** An open socket. */
interface Link {
	/** Why it ended; resolves once. */
	ended: Promise<ThreeCxError>;
	/** Ends it at once, without waiting for a peer that may not answer. */
	terminate(): void;
}

async function openAuthorised(
	client: PbxClient,
	options: SocketOptions,
	timing: SocketTiming,
): Promise<Link> {
	const link = await sendAuthorised(
		client.tokens,
		async (token) => await open(client, token, options, timing),
		(answer) => answer instanceof ThreeCxError && answer.status === 401,
		options.signal,
	);
	if (link instanceof ThreeCxError) throw link;
	return link;
}

/** Opens a socket. Resolves with the error where it does not come to that. */
async function open(
	{ connection, secrets }: PbxClient,
	token: string,
	{ onFrame, signal }: SocketOptions,
	timing: SocketTiming,
): Promise<Link | ThreeCxError> {
	const { origin, ignoreSslIssues, lookup } = connection;
	const request = `GET ${PATH}`;
	secrets.addToken(token);
	const agentOptions = { proxyEnv: process.env, rejectUnauthorized: !ignoreSslIssues };
	const isSecure = origin.startsWith('https:');
	const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${PATH}`, {
		headers: { authorization: `Bearer ${token}` },
		handshakeTimeout: timing.handshakeMs,
		rejectUnauthorized: !ignoreSslIssues,
		perMessageDeflate: false,
		// One message for each turn of the loop: a flood of them must not stop all else, and waits in the network then.
		allowSynchronousEvents: false,
		maxPayload: MAX_MESSAGE_BYTES,
		// Node 24.5 and later read HTTPS_PROXY and NO_PROXY from `proxyEnv`; older ones connect directly.
		lookup,
		agent: isSecure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions),
	});

	return await new Promise<Link | ThreeCxError>((resolve) => {
		let end: (error: ThreeCxError) => void;
		const ended = new Promise<ThreeCxError>((settle) => (end = settle));
		let pinging: NodeJS.Timeout | undefined;
		let deadline: NodeJS.Timeout | undefined;

		const finish = (error: ThreeCxError) => {
			clearInterval(pinging);
			clearTimeout(deadline);
			signal.removeEventListener('abort', onAbort);
			// `ws` reports errors of sockets that are being closed; nobody needs them.
			socket.removeAllListeners();
			socket.on('error', () => undefined);
			socket.terminate();
			end(error);
			resolve(error);
		};
		const onAbort = () => finish(lost(origin, 'it was stopped'));
		const heard = () => {
			clearTimeout(deadline);
			deadline = undefined;
		};
		const ping = () => {
			socket.ping();
			deadline ??= setTimeout(
				() => finish(lost(origin, `no answer to a ping within ${timing.pongMs} ms`, 'timeout')),
				timing.pongMs,
			);
		};

		signal.addEventListener('abort', onAbort, { once: true });
		socket.on('unexpected-response', (_request, response) => {
			response.resume();
			finish(refused(response.statusCode ?? 0, response.headers));
		});
		socket.on('error', (cause) => finish(errorFromNetwork(cause, origin, request)));
		socket.on('close', (code) => finish(lost(origin, `code ${code}`)));
		socket.on('pong', heard);
		socket.on('message', (data, isBinary) => {
			heard();
			const text = isBinary ? '' : data.toString();
			onFrame(secrets.areIn(text) ? secrets.mask(text) : text);
		});
		socket.on('open', () => {
			pinging = setInterval(ping, timing.pingMs);
			resolve({ ended, terminate: () => finish(lost(origin, 'it was closed here')) });
		});
	});
}

/** Words for whatever ended a try; what is neither ours nor the network's comes from reading the credential. */
function explain(cause: unknown): ThreeCxError {
	if (cause instanceof ThreeCxError || typeof (cause as { code?: unknown }).code === 'string') {
		return errorFromNetwork(cause, 'The PBX', `GET ${PATH}`);
	}
	return new ThreeCxError({
		kind: 'unreachable',
		message: `The connection could not be prepared: ${String((cause as Error).message ?? cause)}`,
		hint: 'Check the credential: it may have been deleted, or an expression in it may fail.',
	});
}

/** What a refused upgrade means where the status alone says too little. */
const REFUSED: Record<number, { kind: ErrorKind; message: string; hint: string } | undefined> = {
	200: {
		kind: 'malformed',
		message: 'Something that is not 3CX Call Control answers at this address',
		hint: 'A proxy in front of the PBX may block WebSockets: it has to pass on /callcontrol/ws with the headers Upgrade and Connection.',
	},
	403: {
		kind: 'forbidden',
		message: 'The PBX does not let this API client listen to calls',
		hint: 'In the 3CX Admin Console open Integrations > API, tick "Call Control API" for this client and choose the extensions to listen to.',
	},
	404: {
		kind: 'notFound',
		message: 'This PBX has no Call Control API',
		hint: 'It needs 3CX v20 with an Enterprise licence (8SC or more). Also check the Server URL, and that "Call Control API" is ticked for this client under Integrations > API.',
	},
};

function refused(status: number, headers: IncomingHttpHeaders): ThreeCxError {
	const request = `GET ${PATH}`;
	const known = REFUSED[status];
	if (known) return new ThreeCxError({ ...known, status, request });
	return errorFromResponse({ request, status, headers, text: '' });
}

const lost = (origin: string, why: string, kind: ErrorKind = 'unreachable') =>
	new ThreeCxError({
		kind,
		message: `The live connection to ${origin} was lost: ${why}`,
		hint: 'It reconnects automatically. If this happens often, check the network between n8n and the PBX.',
		request: `GET ${PATH}`,
	});
