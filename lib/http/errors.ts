/**
 * What went wrong, in the terms of the person who has to act on it:
 *
 * | kind | who can cure it |
 * |---|---|
 * | `input` | the user: a parameter is wrong, nothing was sent |
 * | `unreachable`, `timeout`, `certificate`, `redirect` | whoever set the server URL, or runs the network |
 * | `credentials` | whoever made the API client: client ID or secret refused by `/connect/token` |
 * | `unauthorized` | nobody: a token was refused even though it is new (another process renews it all the time) |
 * | `forbidden` | the 3CX administrator: role, checkbox, licence or monitored DNs |
 * | `notFound`, `validation`, `conflict`, `impossible` | the user: 3CX understood and said no |
 * | `rateLimited`, `server`, `malformed` | time, or 3CX support |
 * | `cancelled` | the user stopped the execution |
 */
export type ErrorKind =
	| 'input'
	| 'unreachable'
	| 'timeout'
	| 'certificate'
	| 'redirect'
	| 'credentials'
	| 'unauthorized'
	| 'forbidden'
	| 'notFound'
	| 'validation'
	| 'conflict'
	| 'impossible'
	| 'rateLimited'
	| 'server'
	| 'malformed'
	| 'cancelled';

/** The facts of a {@link ThreeCxError}. None may hold a token, a client secret or a password. */
export interface ErrorDetails {
	kind: ErrorKind;
	/** What happened, in one sentence without a full stop; n8n shows it as the headline. */
	message: string;
	/** What to do next, in full sentences; n8n shows it below the headline. */
	hint: string;
	/** HTTP status, where there was an answer. */
	status?: number;
	/** 3CX's own code, such as `WARNINGS.XAPI.ALREADY_IN_USE`, or the network's, such as `ECONNREFUSED`. */
	code?: string;
	/** The XAPI property or node parameter at fault. */
	field?: string;
	/** `GET /xapi/v1/Users`: method and path, without the query string (it can hold personal data). */
	request?: string;
	/** How long the server asks to wait before the next try, in ms (`Retry-After`). */
	retryAfterMs?: number;
}

/** The one error type of `lib`: what happened, why, and what to do about it. */
export class ThreeCxError extends Error {
	readonly kind: ErrorKind;

	readonly hint: string;

	readonly status?: number;

	readonly code?: string;

	readonly field?: string;

	readonly request?: string;

	readonly retryAfterMs?: number;

	constructor({ message, ...details }: ErrorDetails) {
		super(message);
		this.name = 'ThreeCxError';
		this.kind = details.kind;
		this.hint = details.hint;
		this.status = details.status;
		this.code = details.code;
		this.field = details.field;
		this.request = details.request;
		this.retryAfterMs = details.retryAfterMs;
	}
}
