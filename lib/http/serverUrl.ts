import type { LookupFunction } from 'node:net';
import { ThreeCxError } from './errors';

/** Where the requests to a PBX go, and what is checked on the way. */
export interface Connection {
	/** Scheme, host and port without a trailing slash, such as `https://pbx.example.com:5001`. */
	origin: string;
	/** Accept any certificate: for a PBX reached by IP address or private name (protocol 1.9). */
	ignoreSslIssues: boolean;
	/**
	 * Looks up host names in place of Node's own `dns.lookup`, for every connection, HTTP and socket. A look-up that
	 * refuses forbidden addresses protects against names that change between check and use (DNS rebinding). Give the same
	 * function each time: connections are shared by it.
	 */
	lookup?: LookupFunction;
}

/** @returns whether text is one of the two schemes that 3CX listens on. */
const isWebScheme = (protocol: string) => protocol === 'https:' || protocol === 'http:';

/**
 * Reads the server address as people type or paste it: `pbx.example.com`, `pbx.example.com:5001`,
 * `https://pbx.example.com:5001/`, or the address bar of the web client with its path.
 *
 * @param text the address; without a scheme, https is meant
 * @returns its origin in normal form: lower case, default port left out, no path
 * @throws ThreeCxError of kind `input`, field `pbxUrl`, when there is no host in it, the scheme is not http(s), it holds
 *   a user name or password (which would end up in logs), or a path that is none of 3CX's (a proxy's, which would be lost)
 */
export function parseServerUrl(text: string): string {
	const trimmed = text.trim();
	// "pbx.example.com:5001" parses as a URL with the scheme "pbx.example.com": a scheme counts only with its slashes.
	const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
	const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
	if (!url || !isWebScheme(url.protocol) || GARBLED_SCHEME.test(url.hostname)) {
		throw invalid(
			`The Server URL is not a web address${quoted(trimmed)}`,
			'Enter the address of your 3CX web client, such as https://pbx.example.com:5001, with https or http and without spaces.',
		);
	}
	if (url.username !== '' || url.password !== '') {
		throw invalid(
			'The Server URL holds a user name or password',
			'Leave only the address in it; client ID and secret have fields of their own.',
		);
	}
	const first = url.pathname.split('/').find((step) => step !== '') ?? '';
	if (first !== '' && !OF_3CX.has(first.toLowerCase())) {
		throw invalid(
			`The Server URL has a path (${url.pathname.slice(0, MAX_QUOTED)})`,
			'3CX answers at the root of its host only. Leave out the path; if a reverse proxy serves 3CX below a path, give 3CX a host name of its own there.',
		);
	}
	return url.origin;
}

/** @returns how outputs name a PBX, from its origin: host, and port where it is not the usual one */
export const hostOf = (origin: string): string => new URL(origin).host;

/** How the pages and APIs of 3CX begin: what people copy from the address bar. All else would be a path of a proxy. */
const OF_3CX = new Set(
	'webclient login logout office meetingoffice management console call-control callcontrol xapi connect api provisioning public index.html'.split(
		' ',
	),
);

/** Where the host name would be the scheme, it was typed wrongly: `http:/pbx`, `https//pbx`, `"https://pbx"`. */
const GARBLED_SCHEME = /^[^a-z0-9]*https?[^a-z0-9]*$/;

/** The longest address that an error repeats, in characters. */
const MAX_QUOTED = 100;

/** Repeats what was typed, to tell one of many PBXs from the others; not if it may hold a password. */
const quoted = (text: string) => (text.includes('@') ? '' : `: ${text.slice(0, MAX_QUOTED)}`);

const invalid = (message: string, hint: string) =>
	new ThreeCxError({ kind: 'input', field: 'pbxUrl', message, hint });
