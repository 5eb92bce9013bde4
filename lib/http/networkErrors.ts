import { ThreeCxError, type ErrorDetails } from './errors';
import { errorFromProxy } from './proxy';

/** Whether anything may have reached the PBX when a request failed with this network code. */
const NOTHING_SENT = new Set([
	'ECONNREFUSED',
	'ENOTFOUND',
	'EAI_AGAIN',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'UND_ERR_CONNECT_TIMEOUT',
]);

/** The link broke while a request was under way: a repeat may succeed, but the first may have been carried out. */
const LINK_BROKE = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);

/** @returns true when the failed request certainly never reached the PBX, so that even a write may be sent again. */
export const wasNotSent = (error: ThreeCxError): boolean => NOTHING_SENT.has(error.code ?? '');

/** @returns true when the link broke under way, so that a read may be sent again. */
export const linkBroke = (error: ThreeCxError): boolean => LINK_BROKE.has(error.code ?? '');

const CERTIFICATE_CODES: Record<string, string> = {
	DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
	SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a private authority',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is not known here',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is not known here',
	ERR_TLS_CERT_ALTNAME_INVALID: 'it was issued for another host name',
	CERT_HAS_EXPIRED: 'it has expired',
	CERT_NOT_YET_VALID: 'it is not valid yet (compare the clocks of both machines)',
};

const NETWORK_CODES: Record<string, Pick<ErrorDetails, 'kind' | 'hint'> & { says: string }> = {
	ECONNREFUSED: {
		kind: 'unreachable',
		says: 'refused the connection',
		hint: 'Check the port in the Server URL of the credential (443 for hosted systems, usually 5001 for own servers) and that the PBX is running.',
	},
	ENOTFOUND: {
		kind: 'unreachable',
		says: 'could not be found: no such host name',
		hint: 'Check the Server URL of the credential for typos; it is the address of your 3CX web client.',
	},
	EAI_AGAIN: {
		kind: 'unreachable',
		says: 'could not be looked up: the name server did not answer',
		hint: 'Check the network and DNS settings of the machine that runs n8n, then try again.',
	},
	EPROTO: {
		kind: 'unreachable',
		says: 'does not speak https on this port',
		hint: 'Check scheme and port in the Server URL: 3CX listens for https on 443 or 5001, for http on 5000.',
	},
	UND_ERR_CONNECT_TIMEOUT: {
		kind: 'timeout',
		says: 'did not accept a connection in time',
		hint: 'Check the Server URL, and whether a firewall blocks the connection from n8n to the PBX.',
	},
	UND_ERR_HEADERS_TIMEOUT: {
		kind: 'timeout',
		says: 'did not answer in time',
		hint: 'Large reports take time: shorten the date range, filter more, or increase the timeout in the options.',
	},
	UND_ERR_BODY_TIMEOUT: {
		kind: 'timeout',
		says: 'stopped in the middle of its answer',
		hint: 'Try again; if it happens often, check the load of the PBX.',
	},
	Z_DATA_ERROR: {
		kind: 'malformed',
		says: 'sent an answer that is said to be compressed, and is not',
		hint: 'Something in front of the PBX (a proxy, a firewall) changes its answers: check it, or go around it.',
	},
	TOO_MANY_WAITING: {
		kind: 'rateLimited',
		says: 'has 10,000 requests of this n8n waiting for it already',
		hint: 'Run fewer workflows with many items at the same time, or process the items in smaller batches.',
	},
	UND_ERR_ABORTED: {
		kind: 'cancelled',
		says: 'was not asked further: the execution was stopped',
		hint: 'Run the workflow again if you did not mean to stop it.',
	},
};

/** Other codes for the same thing: what OpenSSL says, and what an abort says, depends on the layer that saw it. */
const SAME_AS: Record<string, string> = {
	ERR_SSL_WRONG_VERSION_NUMBER: 'EPROTO',
	ERR_SSL_PACKET_LENGTH_TOO_LONG: 'EPROTO',
	ABORT_ERR: 'UND_ERR_ABORTED',
};

/** The error code of a thrown value; undici nests the socket's error under `cause`, and several tries under `errors`. */
function networkCode(cause: unknown): string {
	const {
		code,
		name,
		cause: inner,
		errors,
	} = (cause ?? {}) as {
		code?: unknown;
		name?: unknown;
		cause?: unknown;
		errors?: unknown[];
	};
	if (name === 'AbortError') return 'UND_ERR_ABORTED';
	if (name === 'TimeoutError') return 'UND_ERR_HEADERS_TIMEOUT';
	if (typeof code === 'string' && code !== '') return code;
	if (Array.isArray(errors) && errors.length > 0) return networkCode(errors[0]);
	return inner === undefined ? '' : networkCode(inner);
}

/**
 * Puts a failure below HTTP (name look-up, TCP, TLS, time-out, abort) into words.
 *
 * @param cause what undici or ws threw
 * @param origin the PBX, such as `https://pbx.example.com:5001`; it is named in the message
 * @param request method and path, for the details
 * @returns a {@link ThreeCxError}; one that is passed in comes back as it is
 */
export function errorFromNetwork(cause: unknown, origin: string, request?: string): ThreeCxError {
	if (cause instanceof ThreeCxError) return cause;
	const proxyError = errorFromProxy(cause, origin, request);
	if (proxyError) return proxyError;
	const code = networkCode(cause);
	const certificate = CERTIFICATE_CODES[code];
	if (certificate !== undefined) {
		return new ThreeCxError({
			kind: 'certificate',
			message: `The certificate of ${origin} is not trusted: ${certificate}`,
			hint: 'Use the host name that the certificate was issued for, or switch on "Ignore SSL Issues (Insecure)" in the credential if you trust this PBX and the network in between.',
			code,
			request,
			cause,
		});
	}
	const known = NETWORK_CODES[SAME_AS[code] ?? code];
	return new ThreeCxError({
		kind: known?.kind ?? 'unreachable',
		message: `${origin} ${known?.says ?? `broke the connection${code === '' ? '' : ` (${code})`}`}`,
		hint: known?.hint ?? brokenLinkHint(origin),
		code,
		request,
		cause,
	});
}

const BROKEN_LINK =
	'The PBX may be restarting, or something between n8n and the PBX closes connections. Try again in a moment.';

/** A port that expects https breaks the connection when it is spoken to in http, and says nothing. */
const brokenLinkHint = (origin: string): string =>
	origin.startsWith('http:')
		? `If the PBX expects https on this port, write https:// instead of http:// in the Server URL. ${BROKEN_LINK}`
		: BROKEN_LINK;
