import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { BoundedMap } from '../boundedMap';
import { proxyFor } from './proxy';
import type { Connection } from './serverUrl';

/** Requests to one PBX that are under way at the same time unless a client is told otherwise. */
export const DEFAULT_IN_FLIGHT = 4;

/** The most that a client may be told: a large workflow must not crowd out the phones. */
export const MAX_IN_FLIGHT = 8;

/** How long TCP and TLS may take, in ms. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How long an idle connection is kept for the next request, in ms; the PBX's own `Keep-Alive` hint may shorten it. */
const KEEP_ALIVE_MS = 30_000;

/** More pools than this, and the one idle for longest is closed... */
const MAX_POOLS = 500;

/** ... as is one that nothing was sent through for this long, in ms. */
const IDLE_POOL_MS = 600_000;

const dispatchers = new BoundedMap<string, Dispatcher>({
	max: MAX_POOLS,
	idleMs: IDLE_POOL_MS,
	// Requests under way are finished first; nobody waits for that, and nobody is to hear of its failure.
	dropped: (dispatcher) => void dispatcher.close().catch(() => undefined),
});

/** Look-ups have no names; each gets a number, so that what one has let in is never handed to another. */
const lookups = new WeakMap<LookupFunction, number>();
let lookupCount = 0;

function lookupKey(lookup: LookupFunction | undefined): number {
	if (!lookup) return 0;
	const number = lookups.get(lookup) ?? ++lookupCount;
	lookups.set(lookup, number);
	return number;
}

/** What decides which pool a request goes through. */
export interface PoolOptions {
	/** For requests that last as long as a call (audio): each has a connection to itself, without limit. */
	lasting?: boolean;
	/** Connections that the pool opens at most; further requests wait their turn in it. Default 4, at most 8. */
	inFlight?: number;
}

/**
 * The connection pool of a PBX: opened on first use, kept alive and shared by every execution of this process that has
 * the same limit. n8n's own helper opens a new TCP and TLS connection for each request; this is where our speed comes
 * from.
 *
 * Honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. Certificates are checked unless the connection says otherwise,
 * and the two never share a pool: a connection that was accepted unchecked is not handed to one that wants the check.
 * Nor do two look-ups ({@link Connection.lookup}) share one: what one of them lets pass the other may refuse.
 *
 * @param connection the PBX
 * @param options which of its pools
 * @returns an undici dispatcher
 */
export function dispatcherFor(
	{ origin, ignoreSslIssues, lookup }: Connection,
	{ lasting = false, inFlight = DEFAULT_IN_FLIGHT }: PoolOptions = {},
): Dispatcher {
	const connections = lasting ? null : Math.min(Math.max(1, inFlight), MAX_IN_FLIGHT);
	const check = ignoreSslIssues ? 'unchecked' : 'checked';
	const key = `${connections} ${check} ${lookupKey(lookup)} ${origin}`;
	const known = dispatchers.get(key);
	if (known) return known;
	const tls = { rejectUnauthorized: !ignoreSslIssues };
	// undici alone would send https through HTTP_PROXY where HTTPS_PROXY is not set; n8n does not.
	const proxy = proxyFor(origin);
	const dispatcher = new EnvHttpProxyAgent({
		httpProxy: proxy,
		httpsProxy: proxy,
		connections,
		keepAliveTimeout: KEEP_ALIVE_MS,
		connect: { ...tls, timeout: CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) },
		requestTls: tls, // the TLS inside a proxy's tunnel
	});
	dispatchers.set(key, dispatcher);
	return dispatcher;
}

/** Closes every pool; for tests and for programs that end. Requests under way are finished first. */
export async function closeDispatchers(): Promise<void> {
	const open = dispatchers.values();
	dispatchers.clear();
	await Promise.all(open.map(async (dispatcher) => await dispatcher.close()));
}
