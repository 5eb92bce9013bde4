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
	/** Longest wait while its certificate is not trusted: asking costs it next to nothing; default 15,000. */
	certificateMs: number;
}

const DEFAULT_SOCKET_TIMING: SocketTiming = {
	handshakeMs: 10_000,
	pingMs: 10_000,
	pongMs: 5_000,
	retryMs: 1_000,
	retryCapMs: 60_000,
	stableMs: 10_000,
	refusedMs: 60_000,
	credentialsMs: 600_000,
	certificateMs: 15_000,
};

/** Options and callbacks of {@link superviseSocket}. */
export interface SocketOptions {
	/** Gives a client for each try, so that a changed credential is noticed; rejects with a ThreeCxError. */
	connect(): Promise<PbxClient>;
	/**
	 * Each message, from the very first one on, text or binary; tokens in it are hidden.
	 *
	 * @param source stands for the socket that brought it: while one takes the place of another there are two
	 */
	onFrame(text: string, source: object): void;
	/**
	 * The socket is open: reads the state. If it rejects, the link is dropped and tried again.
	 *
	 * @param signal aborted when the link is gone
	 */
	read(client: PbxClient, signal: AbortSignal): Promise<void>;
	/** The state has been read, with the token that the socket was opened with: the link is up. */
	onUp?(): void;
	/** Another socket is about to be opened, while the one that there is goes on. */
	onReplacing?(): void;
	/** The other socket is open: makes up for what neither of them may have told. Then the older one is given up.
	 * Without this, a socket is never replaced while it is open. */
	onReplaced?(): Promise<void>;
	/** A socket that has answered no ping so far has not answered this one: that alone does not mean that it is dead. */
	onDoubt?(): void;
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
	/** Has another socket opened if the PBX takes another token by now than this one was opened with. */
	check(): void;
	/** Has another socket opened in any case: this one seems to say nothing. */
	replace(): void;
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
	let life: Life | undefined;

	async function run(): Promise<void> {
		for (let failures = 0; !signal.aborted; ) {
			life = new Life(options, timing);
			const { error, livedMs } = await life.ended;
			if (signal.aborted) return;
			// A link whose token another program has ended was good, however short it lived.
			if (livedMs >= timing.stableMs || (livedMs > 0 && life.hadDeadToken)) failures = 0;
			options.onDown(error);
			wake = new AbortController();
			const slow = SLOW[error.kind];
			const { retryMs: baseMs, retryCapMs, certificateMs } = timing;
			const capMs = error.kind === 'certificate' ? Math.min(retryCapMs, certificateMs) : retryCapMs;
			const ms = slow ? timing[slow] : backoff(failures, { baseMs, capMs }, random);
			failures += 1;
			const asked = Math.min(error.retryAfterMs ?? 0, timing.retryCapMs);
			await delay(Math.max(ms, asked), undefined, {
				signal: AbortSignal.any([signal, wake.signal]),
			}).catch(() => undefined);
		}
	}

	return {
		retryNow: () => wake.abort(),
		check: () => life?.check(),
		replace: () => life?.replace(),
		ended: run(),
	};
}

/** So often a socket is opened anew because its token turns out to be dead, before the link counts as failed. */
const MAX_DEAD_TOKENS = 3;

/** So many tokens of the past are remembered, so that none of them is taken for a new one. */
const MAX_USED = 20;

/**
 * One life of the link, from the first try to the end. Its socket may be replaced meanwhile: by one with another token,
 * because a PBX may let the socket of an older token go on without a word, or because it says nothing. The new one is
 * open before the old one is given up, so that nothing is lost.
 */
class Life {
	/** Why it ended, and how long it was up, in ms. Never rejects. */
	readonly ended: Promise<{ error: ThreeCxError; livedMs: number }>;

	/** Whether its first token was refused. */
	hadDeadToken = false;

	private readonly gone = new AbortController();

	private client?: PbxClient;

	/** Tokens that sockets of this life were opened with. */
	private readonly used = new Set<string>();

	/** Resolves when another socket is wanted. */
	private wanted!: Promise<void>;

	private want!: () => void;

	constructor(
		private readonly options: SocketOptions,
		private readonly timing: SocketTiming,
	) {
		this.wantNothing();
		this.ended = this.live();
	}

	check(): void {
		this.consider(this.client?.provenToken);
	}

	replace(): void {
		this.want();
	}

	private consider(token: string | undefined): void {
		const isNew = token !== undefined && this.used.size > 0 && !this.used.has(token);
		if (isNew && this.options.onReplaced) this.want();
	}

	private wantNothing(): void {
		this.wanted = new Promise((resolve) => (this.want = resolve));
	}

	private async live(): Promise<{ error: ThreeCxError; livedMs: number }> {
		let openedAt: number | undefined;
		const cause = await this.attempt(() => (openedAt = performance.now())).catch(explain);
		this.gone.abort();
		// What the PBX says once there is a client may hold its token.
		const error = (this.client?.secrets ?? new Secrets()).maskError(cause);
		return { error, livedMs: openedAt === undefined ? 0 : performance.now() - openedAt };
	}

	private async attempt(onUp: () => void): Promise<ThreeCxError> {
		const { options } = this;
		const client = await unlessAborted(options.connect(), options.signal);
		this.client = client;
		const signal = AbortSignal.any([this.gone.signal, options.signal]);
		let link = await this.open(client);
		const unwatch = client.tokens.watch?.((token) => this.consider(token));
		try {
			for (let tries = 1; ; tries++) {
				// A link that breaks while the state is read has to end the reading, and the other way round.
				const read = options.read(client, signal).then(() => undefined);
				const early = await Promise.race([link.ended, read]);
				if (early) return early;
				const { provenToken = link.token } = client;
				if (provenToken === link.token) break;
				// The upgrade was let through with a token that is dead: such a socket may never say a word.
				this.hadDeadToken = true;
				if (tries >= MAX_DEAD_TOKENS) return lost(client.connection.origin, TOKEN_DEAD);
				link.terminate();
				link = await this.open(client);
			}
			onUp();
			options.onUp?.();
			for (let failures = 0; ; ) {
				const why = await Promise.race([link.ended, this.wanted]);
				if (why && !(await this.isOutdated())) return why;
				this.wantNothing();
				options.onReplacing?.();
				const next = await this.open(client).catch((cause: unknown) => cause as ThreeCxError);
				if (next instanceof Error) {
					if (why) return why;
					if (SLOW[next.kind] || signal.aborted) return next;
					const { retryMs: baseMs, retryCapMs: capMs } = this.timing;
					const ms = backoff(failures++, { baseMs, capMs }, this.options.random);
					const pause = delay(ms, undefined, { signal });
					await Promise.race([link.ended, pause.catch(() => undefined)]);
					this.want();
					continue;
				}
				failures = 0;
				const old = link;
				link = next;
				await Promise.race([next.ended, options.onReplaced?.()]);
				old.terminate();
			}
		} finally {
			unwatch?.();
			link.terminate();
		}
	}

	/** Whether the socket ended because its token did, and a newer one is here: one that this process got itself. */
	private async isOutdated(): Promise<boolean> {
		if (!this.options.onReplaced) return false;
		const newest = await this.client?.tokens.newest?.();
		return newest !== undefined && !this.used.has(newest.value);
	}

	private async open(client: PbxClient): Promise<Link> {
		const { options, timing } = this;
		const tried: string[] = [];
		const link = await sendAuthorised(
			client.tokens,
			async (token) => {
				tried.push(token);
				return await open(client, token, options, timing);
			},
			(answer) => answer instanceof ThreeCxError && answer.status === 401,
			options.signal,
		);
		if (tried.length > 1) this.hadDeadToken = true;
		if (link instanceof ThreeCxError) throw link;
		for (const token of tried) this.used.add(token);
		const [oldest] = this.used;
		if (this.used.size > MAX_USED) this.used.delete(oldest!);
		return link;
	}
}

const TOKEN_DEAD = 'it was accepted with a token that the PBX does not take';

/** An open socket. */
interface Link {
	/** What it was opened with. */
	token: string;
	/** Why it ended; resolves once. */
	ended: Promise<ThreeCxError>;
	/** Ends it at once, without waiting for a peer that may not answer. */
	terminate(): void;
}

/** Opens a socket. Resolves with the error where it does not come to that. */
async function open(
	{ connection, secrets }: PbxClient,
	token: string,
	{ onFrame, onDoubt, signal }: SocketOptions,
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
		/** Some PBXs and proxies answer no pings at all; silence means something only after an answer. */
		let answersPings = false;

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
			deadline ??= setTimeout(() => {
				heard();
				if (answersPings) {
					finish(lost(origin, `no answer to a ping within ${timing.pongMs} ms`, 'timeout'));
				} else onDoubt?.();
			}, timing.pongMs);
		};

		signal.addEventListener('abort', onAbort);
		socket.on('unexpected-response', (_request, response) => {
			response.resume();
			finish(refused(response.statusCode ?? 0, response.headers));
		});
		socket.on('error', (cause) => finish(errorFromNetwork(cause, origin, request)));
		socket.on('close', (code) => finish(lost(origin, `code ${code}`)));
		socket.on('pong', () => {
			answersPings = true;
			heard();
		});
		socket.on('message', (data: Buffer) => {
			heard();
			// 3CX's own client reads binary messages like text (protocol 3.1).
			const text = data.toString();
			onFrame(secrets.areIn(text) ? secrets.mask(text) : text, socket);
		});
		socket.on('open', () => {
			pinging = setInterval(ping, timing.pingMs);
			// Whether it answers pings at all is known from the start then.
			ping();
			resolve({ token, ended, terminate: () => finish(lost(origin, 'it was closed here')) });
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
