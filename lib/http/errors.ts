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
	/** 3CX's own words, where it has said something: for code that has to tell one refusal from another. */
	said?: string;
	/** How long the server asks to wait before the next try, in ms (`Retry-After`). */
	retryAfterMs?: number;
	/** What was thrown below; only its name, message, code and place are kept. */
	cause?: unknown;
}

/** How codes look: `WARNINGS.XAPI.REQUIRED`, `ECONNREFUSED`, `invalid_client`. */
const CODE = /^[A-Za-z][\w.]{0,79}$/;

/** How names of properties and parameters look: `AuthPassword`, `Phones[0].Name`, `Number to Call`. */
const FIELD = /^[\w@$][\w @$.,/()[\]-]{0,99}$/;

/** Causes of causes that are kept. */
const MAX_CAUSES = 5;

/** Characters of a cause's message that are kept. */
const MAX_MESSAGE = 500;

/**
 * The one error type of `lib`: what happened, why, and what to do about it.
 *
 * Code and field go from here into the error data of n8n, and a PBX can write into both: only what looks like one is
 * kept.
 */
export class ThreeCxError extends Error {
	readonly kind: ErrorKind;

	readonly hint: string;

	readonly status?: number;

	readonly code?: string;

	readonly field?: string;

	readonly request?: string;

	readonly said?: string;

	readonly retryAfterMs?: number;

	constructor({ message, cause, ...details }: ErrorDetails) {
		super(message);
		this.name = 'ThreeCxError';
		this.kind = details.kind;
		this.hint = details.hint;
		this.status = details.status;
		this.code = matching(CODE, details.code);
		this.field = matching(FIELD, details.field);
		this.request = details.request;
		this.said = details.said;
		this.retryAfterMs = details.retryAfterMs;
		if (cause !== undefined) this.cause = essence(cause, (text) => text);
	}

	/**
	 * @param change made to every text, such as hiding secrets in it
	 * @returns the error as it is then, with its stack and causes; code and field are left out where they change. The same
	 *   error where nothing does.
	 */
	map(change: (text: string) => string): ThreeCxError {
		const unchanged = (text: string | undefined) =>
			text !== undefined && change(text) === text ? text : undefined;
		const mapped = new ThreeCxError({
			kind: this.kind,
			message: change(this.message),
			hint: change(this.hint),
			status: this.status,
			code: unchanged(this.code),
			field: unchanged(this.field),
			request: this.request === undefined ? undefined : change(this.request),
			said: this.said === undefined ? undefined : change(this.said),
			retryAfterMs: this.retryAfterMs,
		});
		mapped.stack = stackOf(mapped, this, change);
		if (this.cause !== undefined) mapped.cause = essence(this.cause, change);
		return textsOf(mapped) === textsOf(this) ? this : mapped;
	}
}

/** All that an error says, to compare. */
function textsOf(error: unknown): string {
	if (!(error instanceof Error)) return '';
	const { message, hint, code, field, request, said, cause } = error as ThreeCxError;
	return JSON.stringify([error.name, message, hint, code, field, request, said, textsOf(cause)]);
}

const matching = (pattern: RegExp, text: string | undefined): string | undefined =>
	text !== undefined && pattern.test(text) ? text : undefined;

/**
 * Of whatever was thrown: name, message, code and place. Errors of HTTP clients carry requests and answers, with
 * everything that was in them.
 */
function essence(cause: unknown, change: (text: string) => string, depth = MAX_CAUSES): Error {
	const thrown = (typeof cause === 'object' && cause !== null ? cause : {}) as Error & {
		code?: unknown;
	};
	const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, MAX_MESSAGE) : '');
	const kept = new Error(change(text(thrown.message)));
	kept.name = change(text(thrown.name)) || 'Error';
	const code = matching(CODE, text(thrown.code));
	if (code !== undefined && change(code) === code) Object.assign(kept, { code });
	kept.stack = stackOf(kept, thrown, change);
	if (thrown.cause !== undefined && depth > 1)
		kept.cause = essence(thrown.cause, change, depth - 1);
	return kept;
}

/** The head of one error, the places of another. The message may have lines that look like places: it comes off first. */
function stackOf(head: Error, at: Error, change: (text: string) => string): string {
	const stack = typeof at.stack === 'string' ? at.stack : '';
	const message = typeof at.message === 'string' ? at.message : '';
	const places = stack
		.slice(Math.max(0, stack.indexOf(message)) + message.length)
		.split('\n')
		.filter((line) => /^\s{1,8}at /.test(line));
	return [`${head.name}: ${head.message}`, ...places.slice(0, 20).map(change)].join('\n');
}
