import type { LookupFunction } from 'node:net';
import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { BoundedMap } from '../boundedMap';
import { chosenInFlight, Gate, type InFlight } from './inFlight/gate';
import { MOST, START } from './inFlight/law';
import { throughGate } from './inFlight/throughGate';
import { proxyFor } from './proxy';
import type { Connection } from './serverUrl';

/** Most requests to one PBX that are under way at the same time, whatever is chosen. */
export const MAX_IN_FLIGHT = MOST;

/** Most requests to one PBX that wait for a call to arrive somewhere, each on a connection of its own. */
export const MAX_AWAITED = 100;

/** Connections by what they are for: calls share them with nothing else, and audio lasts as long as a call. */
const CONNECTIONS = { calls: 8, audio: null, awaited: MAX_AWAITED, automatic: MAX_IN_FLIGHT };

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

/** By origin. A gate that is removed while requests wait finishes them; new requests use a new gate. */
const gates = new BoundedMap<string, Gate>({ max: MAX_POOLS, idleMs: IDLE_POOL_MS });

function gateOf(origin: string): Gate {
	const known = gates.get(origin);
	if (known) return known;
	const gate = new Gate();
	gates.set(origin, gate);
	return gate;
}

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
	/**
	 * What for: `work` (default) waits for its turn; `calls` is what callers wait for (Call Control, tokens) and does not;
	 * `audio` lasts as long as a call, is not counted, and has a connection to itself; `awaited` likewise, as long as a
	 * destination rings.
	 */
	use?: 'work' | 'calls' | 'audio' | 'awaited';
	/** Requests under way at the same time, and connections: automatic (default), or a number from 1 to 16. */
	inFlight?: InFlight;
}

/**
 * The connection pool of a PBX: opened on first use, kept alive and shared by every execution of this process that has
 * the same limit. n8n's own helper opens a new TCP and TLS connection for each request; this is where our speed comes
 * from. All requests but the lasting ones (audio, awaited) go through the one gate of the PBX, see `inFlight/gate.ts`.
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
	{ use = 'work', inFlight }: PoolOptions = {},
): Dispatcher {
	const number = use === 'work' ? chosenInFlight(inFlight) : use;
	const check = ignoreSslIssues ? 'unchecked' : 'checked';
	const key = `${number} ${check} ${lookupKey(lookup)} ${origin}`;
	const known = dispatchers.get(key);
	if (known) return known;
	const tls = { rejectUnauthorized: !ignoreSslIssues };
	// undici alone would send https through HTTP_PROXY where HTTPS_PROXY is not set; n8n does not.
	const proxy = proxyFor(origin);
	const pool = new EnvHttpProxyAgent({
		httpProxy: proxy,
		httpsProxy: proxy,
		connections: typeof number === 'number' ? number : CONNECTIONS[number],
		keepAliveTimeout: KEEP_ALIVE_MS,
		connect: { ...tls, timeout: CONNECT_TIMEOUT_MS, ...(lookup && { lookup }) },
		requestTls: tls, // the TLS inside a proxy's tunnel
	});
	const dispatcher =
		number === 'audio' || number === 'awaited'
			? pool
			: pool.compose(throughGate(() => gateOf(origin), number));
	dispatchers.set(key, dispatcher);
	return dispatcher;
}

/**
 * @param origin of the PBX
 * @param inFlight what was chosen; default automatic
 * @returns how many requests may be under way to it now
 */
export function inFlightNow(origin: string, inFlight?: InFlight): number {
	const chosen = chosenInFlight(inFlight);
	return chosen === 'automatic' ? (gates.get(origin)?.limit ?? START) : chosen;
}

/** Closes every pool and forgets what was learned; for tests and for programs that end. Requests under way are finished first. */
export async function closeDispatchers(): Promise<void> {
	const open = dispatchers.values();
	dispatchers.clear();
	gates.clear();
	await Promise.all(open.map(async (dispatcher) => await dispatcher.close()));
}
