import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { proxyFor } from './proxy';
import type { Connection } from './serverUrl';

/**
 * Most connections that one n8n process opens to one PBX. More requests than that wait their turn in the pool, so
 * that a large workflow cannot crowd out the phones.
 */
export const MAX_CONNECTIONS_PER_PBX = 8;

/** How long TCP and TLS may take, in ms. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How long an idle connection is kept for the next request, in ms; the PBX's own `Keep-Alive` hint may shorten it. */
const KEEP_ALIVE_MS = 30_000;

const dispatchers = new Map<string, Dispatcher>();

/**
 * The connection pool of a PBX: opened on first use, kept alive and shared by every execution of this process.
 * n8n's own helper opens a new TCP and TLS connection for each request; this is where our speed comes from.
 *
 * Honours `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. Certificates are checked unless the connection says otherwise,
 * and the two never share a pool: a connection that was accepted unchecked is not handed to one that wants the check.
 *
 * @param connection the PBX
 * @param lasting for requests that last as long as a call (audio): each has a connection to itself, without limit
 * @returns an undici dispatcher
 */
export function dispatcherFor(
	{ origin, ignoreSslIssues }: Connection,
	lasting = false,
): Dispatcher {
	const key = `${lasting ? 'lasting' : 'short'} ${ignoreSslIssues ? 'unchecked' : 'checked'} ${origin}`;
	const known = dispatchers.get(key);
	if (known) return known;
	const tls = { rejectUnauthorized: !ignoreSslIssues };
	// undici alone would send https through HTTP_PROXY where HTTPS_PROXY is not set; n8n does not.
	const proxy = proxyFor(origin);
	const dispatcher = new EnvHttpProxyAgent({
		httpProxy: proxy,
		httpsProxy: proxy,
		...(lasting ? {} : { connections: MAX_CONNECTIONS_PER_PBX }),
		keepAliveTimeout: KEEP_ALIVE_MS,
		connect: { ...tls, timeout: CONNECT_TIMEOUT_MS },
		requestTls: tls, // the TLS inside a proxy's tunnel
	});
	dispatchers.set(key, dispatcher);
	return dispatcher;
}

/** Closes every pool; for tests and for programs that end. Requests under way are finished first. */
export async function closeDispatchers(): Promise<void> {
	const open = [...dispatchers.values()];
	dispatchers.clear();
	await Promise.all(open.map(async (dispatcher) => await dispatcher.close()));
}
