import { callRefusal, isInOurWords, unknownRefusal, type Verdict } from './callRefusals';
import { ThreeCxError, type ErrorDetails } from './errors';
import { secretValues } from '../xapi/secrets';
import type { Secrets } from './mask';
import { WARNINGS } from './warnings';

/** An answer with a status from 300 up. */
export interface RefusedAnswer {
	/** The PBX that gave it, such as `https://pbx.example.com:5001`. */
	origin?: string;
	/** Method and path. */
	request: string;
	status: number;
	/** Names in lower case. */
	headers: Record<string, string | string[] | undefined>;
	/** The body as text. */
	text: string;
	/** The body of the request: a finding about one of its fields can then say what was in it. */
	sent?: unknown;
	/** What the request held that no text of the PBX may show. */
	secrets?: Secrets;
}

/** What an error body says, whatever its shape; each part may be missing. */
interface Said {
	/** 3CX's or OData's code; `''` when there is none. */
	code: string;
	/** Its words, cut to {@link MAX_READ}; `''` when there are none. */
	message: string;
	/** The findings of a validation. */
	details: Array<{ code: string; message: string; target: string }>;
}

const ROLE_HINT =
	'In the 3CX Admin Console open Integrations > API and check this client: its role must be high enough (System Owner for reports, recordings and call history) in a real department (System Wide locks the role to User).';

/** What of XAPI makes reports, which are read by date and fail in ways of their own. */
const REPORT = / \/xapi\/v1\/(?:Report|ActivityLog|CallHistory|CallLog|Chat|\w+Report)/;

const notAccepted: Verdict = {
	kind: 'validation',
	message: 'The PBX does not accept this request',
	hint: 'Check the values of the fields.',
};

/** Of something that writes nobody knows then whether it was done. */
const afterWriting = (request: string, otherwise: string) =>
	request.startsWith('GET ')
		? otherwise
		: 'It may have been done all the same: check before you try again.';

const forReport = (request: string, hint: string) => (REPORT.test(request) ? ` ${hint}` : '');

/** What a status of XAPI means where 3CX says nothing itself (protocol 1.8); 500 stands for all others from there up. */
const XAPI: Record<number, (request: string) => Verdict> = {
	400: () => notAccepted,
	403: () => ({
		kind: 'forbidden',
		message: 'The API client may not do this',
		hint: `${ROLE_HINT} Also check that "3CX Configuration API Access" is ticked, that the licence is Enterprise, and that Console Restrictions do not block the address of n8n.`,
	}),
	404: (request) => ({
		kind: 'notFound',
		message: 'The PBX could not find it',
		hint: `Check the ID or number.${forReport(request, 'For a report, a parameter may be missing or misspelled.')} On an older 3CX the operation may not exist yet.`,
	}),
	500: (request) => ({
		kind: 'server',
		message: 'The PBX failed to handle the request',
		hint: `${afterWriting(request, 'Try again.')} If it keeps failing, check the event log of the PBX.${forReport(request, 'Reports fail like this when a date or value has the wrong format.')}`,
	}),
	504: (request) => ({
		kind: 'server',
		message: 'The query took the PBX too long',
		hint: afterWriting(
			request,
			'Shorten the date range or filter more, and read the data in several steps.',
		),
	}),
};

/** Statuses that mean the same for both. */
const COMMON: Record<number, Verdict> = {
	401: {
		kind: 'unauthorized',
		message: 'The PBX refuses the access token, even a new one',
		hint: 'Another program may use the same client ID: 3CX keeps one valid token per client ID, and each new one ends the previous one. Give each program its own API client. Console Restrictions in 3CX can also cause this.',
	},
	409: {
		kind: 'conflict',
		message: 'Someone else changed this at the same time',
		hint: 'Run it again.',
	},
	429: {
		kind: 'rateLimited',
		message: 'The PBX gets too many requests',
		hint: 'Lower the number of requests in flight in the options, or try again later.',
	},
	503: {
		kind: 'server',
		message: 'The PBX is busy or restarting',
		hint: 'Try again in a moment.',
	},
};

/** The longest text of 3CX that is passed on to the user, in characters. */
const MAX_TEXT = 500;

/** The longest text of an error that is looked at, in characters, and the most findings: all further ones say no more. */
const MAX_READ = 8_000;
const MAX_FINDINGS = 20;

/**
 * Puts a refusal of XAPI or Call Control into words: 3CX's own codes first (`WARNINGS.XAPI.*` name the field and the
 * reason), then its text, then what the status means.
 *
 * @param answer status, headers and body
 * @returns the error to throw
 */
export const errorFromResponse = (answer: RefusedAnswer): ThreeCxError =>
	new ThreeCxError(refusal(answer));

function refusal(answer: RefusedAnswer): ErrorDetails {
	const { origin, request, status, headers, text, sent, secrets } = answer;
	const common = { request, status, retryAfterMs: retryAfter(headers) };
	if (status < 400) return redirected(origin, headers, common);
	const verdict = verdictOf(request, status);
	const parsed = parse(text);
	const said = saidIn(secrets ? secrets.maskAll(parsed) : parsed);
	const warnings = warningsIn(said, sent);
	if (warnings.length > 0) {
		const [first] = warnings;
		return {
			...common,
			kind: first?.kind ?? 'validation',
			code: first?.code,
			field: first?.field,
			message: warnings.map(({ says }) => says).join('; '),
			hint: [...new Set(warnings.map(({ hint }) => hint))].join(' '),
		};
	}
	const words = said.message.trim().slice(0, MAX_TEXT);
	if (isOfCall(request) && isInOurWords(status)) {
		const hint = words === '' ? verdict.hint : `${verdict.hint} 3CX says: ${words}`;
		return { ...common, ...verdict, hint, said: words, code: said.code || undefined };
	}
	return {
		...common,
		said: words,
		...verdict,
		code: said.code || undefined,
		// What 3CX says is about this very request, so it is the better headline where there is any.
		message: words === '' ? withStatus(verdict, status, origin) : `3CX says: ${words}`,
	};
}

const withStatus = ({ message }: Verdict, status: number, origin: string | undefined) =>
	`${message} (HTTP ${status}${origin === undefined ? '' : ` from ${origin}`})`;

const isOfCall = (request: string): boolean => request.includes(' /callcontrol');

function verdictOf(request: string, status: number): Verdict {
	return isOfCall(request)
		? (callRefusal(request, status) ?? COMMON[status] ?? unknownRefusal(request))
		: (COMMON[status] ?? (XAPI[status] ?? XAPI[status >= 500 ? 500 : 400]!)(request));
}

function redirected(
	origin = 'The PBX',
	headers: RefusedAnswer['headers'],
	common: Pick<ErrorDetails, 'request' | 'status'>,
): ErrorDetails {
	const location = [headers.location].flat()[0] ?? '';
	const target = URL.canParse(location) ? new URL(location).origin : '';
	// Following it would carry the token to whoever the answer names.
	return {
		...common,
		kind: 'redirect',
		message: `${origin} sends us to another address${target === '' ? '' : `: ${target}`}`,
		hint: 'Enter that address as the Server URL of the credential if it is your 3CX. Redirects are not followed, so that nobody else gets the access token.',
	};
}

/**
 * Reads the error bodies that are known: OData 4 (protocol 4.4), OData 3 (`odata.error`, and a message that is an object
 * with its language), a message alone (ASP.NET), and the result of a Call Control action (protocol 2.6). Nothing is
 * taken for granted: the body may come from anything that answers at the address.
 */
function saidIn(body: unknown): Said {
	const root = fieldsOf(body);
	const error = fieldsOf(root.error ?? root['odata.error'] ?? root.Error);
	const details: unknown[] = Array.isArray(error.details) ? error.details : [];
	const texts = [error.message, root.error, root.Message, root.message, root.reasontext];
	return {
		code: textOf(error.code) || textOf(root.reason).replace(/^None$/, ''),
		message: texts.map(textOf).find((text) => text !== '') ?? '',
		details: details
			.slice(0, MAX_FINDINGS)
			.map(fieldsOf)
			.map(({ code, message, target }) => ({
				code: textOf(code),
				message: textOf(message),
				target: textOf(target),
			})),
	};
}

/** The fields of a JSON object; none of anything else. */
const fieldsOf = (value: unknown): Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: {};

/** A text or number as text, also from `{lang, value}` as OData 3 has it; `''` for anything else. */
function textOf(value: unknown): string {
	const plain = fieldsOf(value).value ?? value;
	return typeof plain === 'string' || typeof plain === 'number'
		? String(plain).slice(0, MAX_READ)
		: '';
}

/** A code of 3CX within a text. */
const WARNING_CODE = /WARNINGS\.[A-Z0-9_.]+/g;

/** The longest name of a field in front of a code, in characters. */
const MAX_FIELD = 100;

/** The validation findings in an error: `details[]`, or the "Field:\nCODE" lines of the message. */
function warningsIn({ details, message }: Said, sent: unknown) {
	const pairs =
		details.length > 0
			? details.map((each) => ({ field: each.target, code: each.message || each.code }))
			: [...message.matchAll(WARNING_CODE)].slice(0, MAX_FINDINGS).map(({ 0: code, index }) => {
					const before = message.slice(Math.max(0, index - MAX_FIELD), index).trimEnd();
					const field = before.endsWith(':') ? before.slice(0, -1).split(/\s/).pop() : '';
					return { field, code };
				});
	return pairs
		.filter(({ code }) => code.startsWith('WARNINGS.'))
		.map(({ field, code }) => {
			const known = Object.hasOwn(WARNINGS, code) ? WARNINGS[code] : undefined;
			const reason =
				known?.says ??
				code
					.replace(/^WARNINGS\.(XAPI\.)?/, '')
					.replaceAll('_', ' ')
					.toLowerCase()
					.slice(0, MAX_FIELD);
			return {
				field: field === '' ? undefined : field,
				code,
				kind: known?.kind ?? ('validation' as const),
				says: field
					? `${field}${sentValue(sent, field)}: ${reason}`
					: reason.charAt(0).toUpperCase() + reason.slice(1),
				hint: known?.hint ?? 'Correct the value and run it again.',
			};
		});
}

/** What was sent in a field, such as ` (100)`; empty where it was nothing short, or a secret. */
function sentValue(sent: unknown, field: string): string {
	const value = field
		.split(/[.[\]]+/)
		.filter(Boolean)
		.reduce<unknown>((part, name) => {
			const isOwn = typeof part === 'object' && part !== null && Object.hasOwn(part, name);
			return isOwn ? (part as Record<string, unknown>)[name] : undefined;
		}, sent);
	const isShown =
		(typeof value === 'number' || typeof value === 'string') &&
		String(value).trim() !== '' &&
		String(value).length <= MAX_FIELD &&
		!secretValues({ path: '', body: sent }).includes(String(value));
	return isShown ? ` (${value})` : '';
}

/**
 * Puts a refusal of `/connect/token` into words.
 *
 * @param status HTTP status
 * @param text body; 3CX sends `{error, error_description}` (protocol 1.1)
 * @param origin the PBX
 * @param headers of the answer; `location` tells where a redirect would lead
 * @returns the error to throw
 */
export function errorFromTokenAnswer(
	status: number,
	text: string,
	origin: string,
	headers: Record<string, string | string[] | undefined> = {},
): ThreeCxError {
	const common = { request: 'POST /connect/token', status };
	const error = textOf(fieldsOf(parse(text)).error);
	if (status >= 300 && status < 400) return new ThreeCxError(redirected(origin, headers, common));
	if (NEEDS_HTTPS.test(text)) {
		return new ThreeCxError({
			...common,
			kind: 'unreachable',
			message: `${origin} speaks only https on this port`,
			hint: 'Write https:// instead of http:// in the Server URL.',
		});
	}
	// n8n's OAuth2 client keeps the body of such an answer, not its status.
	const isBlocked = status === 403 || error === 'access_denied';
	if (!isBlocked && (status === 401 || (status === 400 && error !== ''))) {
		return new ThreeCxError({
			...common,
			kind: 'credentials',
			code: oauthCode(error),
			field: 'clientSecret',
			message: `${origin} refuses the client ID or the client secret`,
			hint: 'Compare both with Integrations > API in the 3CX Admin Console, and check for spaces at the ends. The secret is the API key that was shown once; generating a new one ends the old one at once. n8n tried only once, because 3CX blocks addresses after failed logins.',
		});
	}
	if (isBlocked) {
		return new ThreeCxError({
			...common,
			kind: 'forbidden',
			message: `${origin} does not let this machine log in`,
			hint: 'Its Console Restrictions or the anti-hacking blocklist may contain the address of n8n: check Security in the 3CX Admin Console.',
		});
	}
	if (status === 404 || status === 400 || status === 200) {
		return new ThreeCxError({
			...common,
			kind: 'malformed',
			message: `${origin} does not look like a 3CX v20: it has no /connect/token that answers with a token`,
			hint: 'Check the Server URL: it is the address of your 3CX web client, with the port if it has one. API clients need 3CX v20 with an Enterprise licence.',
		});
	}
	const verdict = verdictOf('POST /connect/token', status);
	return new ThreeCxError({ ...common, ...verdict, message: withStatus(verdict, status, origin) });
}

/** OAuth's own codes, and 3CX's; a PBX may put anything in their place. */
const OAUTH_CODES = new Set([
	'access_denied',
	'invalid_client',
	'invalid_grant',
	'invalid_request',
	'invalid_scope',
	'server_error',
	'temporarily_unavailable',
	'unauthorized',
	'unauthorized_client',
	'unsupported_grant_type',
]);

const oauthCode = (code: unknown): string | undefined =>
	typeof code === 'string' && OAUTH_CODES.has(code) ? code : undefined;

/** What nginx, behind which 3CX lies, answers to http on its https port: a page with status 400. */
const NEEDS_HTTPS = /plain HTTP request was sent to HTTPS port/i;

function parse(text: string): unknown {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null ? value : undefined;
	} catch {
		return undefined;
	}
}

/** `Retry-After` in ms; it comes as seconds or as a date. */
/** @returns the wait that an answer asks for in `Retry-After` (seconds or a date), in ms; undefined when it asks for none */
export function retryAfter(headers: RefusedAnswer['headers']): number | undefined {
	const text = [headers['retry-after']].flat()[0];
	if (text === undefined) return undefined;
	const seconds = Number(text);
	const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text.slice(0, 64)) - Date.now();
	return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
