import { ThreeCxError, type ErrorKind } from '../../lib/http/errors';
import { errorFromNetwork, linkBroke, wasNotSent } from '../../lib/http/networkErrors';
import { errorFromResponse, errorFromTokenAnswer, retryAfter } from '../../lib/http/responseErrors';
import { WARNINGS } from '../../lib/http/warnings';

/** Which kind of error a refusal is, and what is kept of what the PBX says. */

const PBX = 'https://pbx.example.com';

type Headers = Record<string, string | string[]>;

const refusedWith = (
	status: number,
	request = 'GET /xapi/v1/Users',
	body: unknown = undefined,
	headers: Headers = {},
) =>
	errorFromResponse({
		origin: PBX,
		request,
		status,
		headers,
		text: body === undefined ? '' : JSON.stringify(body),
	});

const LEG = 'POST /callcontrol/100/participants/7';
const MAKE = 'POST /callcontrol/100/makecall';

describe('what a status means', () => {
	test.each<[string, number, ErrorKind]>([
		['GET /xapi/v1/Users', 400, 'validation'],
		['GET /xapi/v1/Users', 401, 'unauthorized'],
		['GET /xapi/v1/Users', 403, 'forbidden'],
		['GET /xapi/v1/Users', 404, 'notFound'],
		['GET /xapi/v1/Users', 409, 'conflict'],
		['GET /xapi/v1/Users', 418, 'validation'],
		['GET /xapi/v1/Users', 422, 'validation'],
		['GET /xapi/v1/Users', 429, 'rateLimited'],
		['GET /xapi/v1/Users', 500, 'server'],
		['GET /xapi/v1/Users', 502, 'server'],
		['GET /xapi/v1/Users', 503, 'server'],
		['GET /xapi/v1/Users', 504, 'server'],
		['POST /callcontrol/100/makecall', 400, 'validation'],
		['POST /callcontrol/100/makecall', 401, 'unauthorized'],
		['POST /callcontrol/100/makecall', 403, 'forbidden'],
		['POST /callcontrol/100/makecall', 404, 'notFound'],
		['POST /callcontrol/100/makecall', 418, 'validation'],
		['POST /callcontrol/100/makecall', 422, 'impossible'],
		['POST /callcontrol/100/makecall', 424, 'impossible'],
		['POST /callcontrol/100/makecall', 429, 'rateLimited'],
		['POST /callcontrol/100/makecall', 500, 'server'],
		[LEG, 403, 'forbidden'],
		[LEG, 404, 'notFound'],
		[`${LEG}/stream`, 424, 'impossible'],
		[`${LEG}/divert`, 424, 'impossible'],
	])('%s %d', (request, status, kind) => {
		const error = refusedWith(status, request);
		expect(error).toMatchObject({ kind, status, request });
		expect(error.code).toBeUndefined();
		expect(error.message).not.toBe('');
		expect(error.hint).not.toBe('');
	});

	/** The same status of different things has words of its own. */
	test.each([
		[403, ['GET /xapi/v1/Users', 'GET /callcontrol', LEG]],
		[404, ['GET /xapi/v1/Users', 'GET /callcontrol/100', LEG, `${LEG}/drop`]],
		[424, ['GET /xapi/v1/Users', 'GET /callcontrol/100', MAKE, `${LEG}/stream`, `${LEG}/divert`]],
	])('%d is told of what it is about', (status, requests) => {
		const messages = requests.map((request) => refusedWith(status, request).message);
		expect(new Set(messages).size).toBe(status === 404 ? 3 : requests.length);
		expect(messages[0]).toContain(`(HTTP ${status} from ${PBX})`);
	});

	test.each(['divert', 'routeto', 'transferto'])(
		'424 of %s means that nobody took it',
		(action) => {
			expect(refusedWith(424, `${LEG}/${action}`).message).toBe(
				'Nobody took the call at the destination',
			);
		},
	);

	test.each([
		[MAKE, 403, 'The API client may not make calls from extension 100', /Choose another extension/],
		[MAKE, 404, 'There is no extension 100 to call from', /Choose one from the list/],
		['POST /callcontrol/a%2Fb/makecall', 404, 'There is no extension a/b to call from', /list/],
		['POST /callcontrol/a%/makecall', 404, 'There is no extension a% to call from', /list/],
		[
			`POST /callcontrol/100/devices/sip%3Ax/makecall`,
			404,
			'Extension 100 has no such phone now',
			/switch it on/,
		],
		[
			`POST /callcontrol/100/devices/sip%3Ax/makecall`,
			422,
			'Extension 100 could not make the call',
			/registered and free/,
		],
		[MAKE, 424, 'Extension 100 could not make the call', /registered and free/],
	])('%s %d speaks of making a call', (request, status, message, hint) => {
		const error = refusedWith(status, request, { reasontext: 'No' });
		expect(error.message).toBe(message);
		expect(error.hint).toMatch(hint);
		expect(error.hint).not.toMatch(/participant|side of a call|transferred|diverted/i);
		expect(error.hint).toMatch(/ 3CX says: No$/);
	});

	test.each([500, 502, 504])('%d leaves open whether what writes was done', (status) => {
		for (const method of ['POST', 'PATCH', 'DELETE'])
			expect(refusedWith(status, `${method} /xapi/v1/Users`).hint).toMatch(/may have been done/);
		expect(refusedWith(status, 'GET /xapi/v1/Users').hint).not.toMatch(/may have been done/);
	});

	test('424 of anything else is not', () => {
		for (const request of [`${LEG}/answer`, LEG, `${LEG}/divert/more`])
			expect(refusedWith(424, request).message).toContain('could not do this with the call');
	});

	test('what 3CX says of a leg stands behind our words', () => {
		const error = refusedWith(404, LEG, { reasontext: ' Gone ', reason: 'NotFound' });
		expect(error).toMatchObject({ message: 'The call has ended', said: 'Gone', code: 'NotFound' });
		expect(error.hint).toMatch(/ 3CX says: Gone$/);
		expect(refusedWith(404, LEG).hint).not.toContain('3CX says');
	});

	test('without an origin there is none to name', () => {
		const error = errorFromResponse({ request: 'GET /x', status: 404, headers: {}, text: '' });
		expect(error.message).toBe('The PBX could not find it (HTTP 404)');
	});
});

describe('what 3CX says', () => {
	test.each<[string, unknown, object]>([
		[
			'code and words',
			{ error: { code: 'Odd.Code', message: 'No' } },
			{ said: 'No', code: 'Odd.Code', message: '3CX says: No' },
		],
		['a reason', { reason: 'NotAllowed', reasontext: 'No' }, { said: 'No', code: 'NotAllowed' }],
		['no reason', { reason: 'None', reasontext: 'No' }, { said: 'No', code: undefined }],
		['a reason that begins so', { reason: 'NoneSuch', reasontext: 'No' }, { code: 'NoneSuch' }],
		['a message alone', { message: 'No' }, { said: 'No' }],
		['an Error', { Error: { code: 'A', message: 'No' } }, { said: 'No', code: 'A' }],
		[
			'blanks',
			{ message: '  ' },
			{ said: '', message: `The PBX does not accept this request (HTTP 400 from ${PBX})` },
		],
		['more than 500 characters', { message: 'x'.repeat(501) }, { said: 'x'.repeat(500) }],
		[
			'the first that there is',
			{ error: { message: '' }, Message: 'a', message: 'b' },
			{ said: 'a' },
		],
	])('%s', (_, body, expected) => {
		expect(refusedWith(400, undefined, body)).toMatchObject(expected);
	});

	test.each(['', 'Not found', '"a text"', '7', '<html>'])('%p says nothing', (text) => {
		const error = errorFromResponse({ request: 'GET /x', status: 404, headers: {}, text });
		expect(error).toMatchObject({ kind: 'notFound', said: '' });
	});
});

describe('a finding of 3CX', () => {
	const KINDS: Record<string, ErrorKind> = {
		'WARNINGS.XAPI.NOT_FOUND': 'notFound',
		'WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER': 'notFound',
		'WARNINGS.XAPI.FILE_NOT_FOUND': 'notFound',
		'WARNINGS.XAPI.ALREADY_IN_USE': 'conflict',
		'WARNINGS.XAPI.DUPLICATE': 'conflict',
		'WARNINGS.XAPI.USER_ROLE_DOWNGRADE': 'forbidden',
		'WARNINGS.XAPI.OTHER_USER_ROLE_DOWNGRADE': 'forbidden',
		'WARNINGS.XAPI.INVALID_LICENSE_TYPE': 'forbidden',
		'WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED': 'conflict',
		'WARNINGS.CANNOT_BE_DELETED': 'conflict',
		'WARNINGS.OPERATOR_CANNOT_BE_DELETED': 'conflict',
	};

	test.each(Object.keys(WARNINGS))('%s has a kind, a field, words and a cure', (code) => {
		const details = [{ message: code, target: 'Field' }];
		const error = refusedWith(400, undefined, { error: { message: '', details } });
		expect(error).toMatchObject({ kind: KINDS[code] ?? 'validation', code, field: 'Field' });
		expect(error.message).toMatch(/^Field: [a-z].{8,}/);
		expect(error.message).toBe(`Field: ${WARNINGS[code]!.says}`);
		expect(error.hint).toBe(WARNINGS[code]!.hint);
		expect(error.hint).toMatch(/^[A-Z].{8,}\.$/);
	});

	test.each<[string, string, object]>([
		['alone', 'WARNINGS.XAPI.REQUIRED', { field: undefined, message: 'Is required' }],
		[
			'behind a field',
			'Name:\nWARNINGS.XAPI.REQUIRED',
			{ field: 'Name', message: 'Name: is required' },
		],
		[
			'behind words',
			'Bad Name: WARNINGS.XAPI.REQUIRED',
			{ field: 'Name', message: 'Name: is required' },
		],
		[
			'behind no colon',
			'Name WARNINGS.XAPI.REQUIRED',
			{ field: undefined, message: 'Is required' },
		],
		[
			'twice',
			'A:\nWARNINGS.XAPI.REQUIRED\nB:\nWARNINGS.XAPI.DUPLICATE',
			{
				field: 'A',
				code: 'WARNINGS.XAPI.REQUIRED',
				kind: 'validation',
				message: 'A: is required; B: is already in use on this PBX',
			},
		],
		[
			'that nobody knows',
			'A:\nWARNINGS.XAPI.ODD_ONE',
			{ field: 'A', kind: 'validation', message: 'A: odd one' },
		],
		['of another family', 'A:\nWARNINGS.ODD_ONE', { field: 'A', message: 'A: odd one' }],
		[
			'named like a part of JavaScript',
			'A:\nWARNINGS.XAPI.CONSTRUCTOR',
			{ message: 'A: constructor' },
		],
	])('%s', (_, message, expected) => {
		expect(refusedWith(400, undefined, { error: { message } })).toMatchObject(expected);
	});

	test('that is the code of a detail without a message', () => {
		const details = [
			{ code: 'WARNINGS.XAPI.REQUIRED', target: '' },
			{ message: 'Words', target: 'B' },
		];
		expect(refusedWith(400, undefined, { error: { message: '', details } })).toMatchObject({
			field: undefined,
			message: 'Is required',
		});
	});

	test('that comes often is told with one cure, and at most twenty times', () => {
		const of = (count: number) => {
			const details = Array.from({ length: count }, () => ({
				message: 'WARNINGS.XAPI.DUPLICATE',
				target: 'A',
			}));
			return refusedWith(400, undefined, { error: { details } });
		};
		expect(of(2).hint).toBe(of(1).hint);
		expect(of(30).message.split('; ')).toHaveLength(20);
		const message = 'A:\nWARNINGS.XAPI.DUPLICATE\n'.repeat(30);
		expect(refusedWith(400, undefined, { error: { message } }).message.split('; ')).toHaveLength(
			20,
		);
	});

	test('in whose details no code stands is told by the message', () => {
		const body = { error: { message: 'Words', details: [{ message: 'Other', target: 'A' }] } };
		expect(refusedWith(400, undefined, body).message).toBe('3CX says: Words');
	});
});

describe('a redirect', () => {
	test.each<[string | string[] | undefined, string]>([
		['https://other.example.com/login?x=1', ': https://other.example.com'],
		[['https://other.example.com/a', 'https://third.example.com'], ': https://other.example.com'],
		['/login', ''],
		[undefined, ''],
	])('to %p', (location, target) => {
		const headers: Headers = location === undefined ? {} : { location };
		const message = `${PBX} sends us to another address${target}`;
		const expected = { kind: 'redirect', status: 302, message };
		expect(refusedWith(302, undefined, undefined, headers)).toMatchObject(expected);
		expect(errorFromTokenAnswer(302, '', PBX, headers)).toMatchObject({
			...expected,
			request: 'POST /connect/token',
		});
	});

	test('of nobody in particular', () => {
		expect(
			errorFromResponse({ request: 'GET /x', status: 301, headers: {}, text: '' }).message,
		).toBe('The PBX sends us to another address');
	});

	test.each([300, 399])('%d is one', (status) => {
		expect(refusedWith(status).kind).toBe('redirect');
		expect(errorFromTokenAnswer(status, '', PBX).kind).toBe('redirect');
	});
});

describe('a login that is refused', () => {
	test.each<[number, string, object]>([
		[401, '', { kind: 'credentials', field: 'clientSecret', code: undefined }],
		[401, '{"error":"invalid_client"}', { kind: 'credentials', code: 'invalid_client' }],
		[400, '{"error":"invalid_client"}', { kind: 'credentials', code: 'invalid_client' }],
		[400, '{"error":"a-secret-word"}', { kind: 'credentials', code: undefined }],
		[400, '{"error":"a_secret_word"}', { kind: 'credentials', code: undefined }],
		[400, '{}', { kind: 'malformed', code: undefined }],
		[400, '<html>', { kind: 'malformed' }],
		[200, '{}', { kind: 'malformed' }],
		[404, '', { kind: 'malformed' }],
		[403, '', { kind: 'forbidden', message: `${PBX} does not let this machine log in` }],
		[400, '{"error":"access_denied"}', { kind: 'forbidden' }],
		[401, '{"error":"access_denied"}', { kind: 'forbidden' }],
		[
			429,
			'',
			{ kind: 'rateLimited', message: `The PBX gets too many requests (HTTP 429 from ${PBX})` },
		],
		[
			500,
			'',
			{ kind: 'server', message: `The PBX failed to handle the request (HTTP 500 from ${PBX})` },
		],
		[
			400,
			'<html>The plain HTTP request was sent to HTTPS port</html>',
			{ kind: 'unreachable', message: `${PBX} speaks only https on this port` },
		],
	])('with %d and "%s"', (status, text, expected) => {
		const error = errorFromTokenAnswer(status, text, PBX);
		expect(error).toMatchObject({ request: 'POST /connect/token', status, ...expected });
		expect(error.hint).not.toBe('');
	});

	test.each(
		'access_denied invalid_grant invalid_request invalid_scope server_error temporarily_unavailable unauthorized unauthorized_client unsupported_grant_type'.split(
			' ',
		),
	)('%s is a code that is kept', (code) => {
		const error = errorFromTokenAnswer(401, JSON.stringify({ error: code }), PBX);
		expect(error.code).toBe(code === 'access_denied' ? undefined : code);
	});
});

describe('Retry-After', () => {
	test.each<[string | string[] | undefined, number | undefined]>([
		['5', 5_000],
		['0', 0],
		['-5', 0],
		[['7', '9'], 7_000],
		['soon', undefined],
		[undefined, undefined],
		['Thu, 01 Jan 1970 00:00:00 GMT', 0],
	])('%p', (value, ms) => {
		expect(retryAfter({ 'retry-after': value })).toBe(ms);
		const headers: Headers = value === undefined ? {} : { 'retry-after': value };
		expect(refusedWith(503, undefined, undefined, headers).retryAfterMs).toBe(ms);
	});

	test('as a date', () => {
		const ms = retryAfter({ 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
		expect(ms).toBeGreaterThan(50_000);
		expect(ms).toBeLessThanOrEqual(60_000);
	});
});

describe('a failure of the network', () => {
	const failed = (cause: unknown) => errorFromNetwork(cause, PBX, 'GET /x');

	test.each<[string, ErrorKind, boolean, boolean]>([
		['ECONNREFUSED', 'unreachable', true, false],
		['ENOTFOUND', 'unreachable', true, false],
		['EAI_AGAIN', 'unreachable', true, false],
		['EHOSTUNREACH', 'unreachable', true, false],
		['ENETUNREACH', 'unreachable', true, false],
		['EPROTO', 'unreachable', false, false],
		['ERR_SSL_WRONG_VERSION_NUMBER', 'unreachable', false, false],
		['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'unreachable', false, false],
		['UND_ERR_CONNECT_TIMEOUT', 'timeout', true, false],
		['UND_ERR_HEADERS_TIMEOUT', 'timeout', false, false],
		['UND_ERR_BODY_TIMEOUT', 'timeout', false, false],
		['Z_DATA_ERROR', 'malformed', false, false],
		['TOO_MANY_WAITING', 'rateLimited', false, false],
		['UND_ERR_ABORTED', 'cancelled', false, false],
		['ABORT_ERR', 'cancelled', false, false],
		['ECONNRESET', 'unreachable', false, true],
		['EPIPE', 'unreachable', false, true],
		['ETIMEDOUT', 'unreachable', false, true],
		['UND_ERR_SOCKET', 'unreachable', false, true],
		['EODD', 'unreachable', false, false],
	])('%s', (code, kind, notSent, broke) => {
		const error = failed(Object.assign(new Error('x'), { code }));
		expect(error).toMatchObject({ kind, code, request: 'GET /x' });
		expect(error.message).toMatch(new RegExp(`^${PBX} [a-z].{8,}`));
		expect(error.hint).not.toBe('');
		expect((error.cause as Error).message).toBe('x');
		expect([wasNotSent(error), linkBroke(error)]).toEqual([notSent, broke]);
	});

	test('other names of the same thing have the same words', () => {
		const words = (code: string) => failed({ code }).message;
		expect(words('ERR_SSL_WRONG_VERSION_NUMBER')).toBe(words('EPROTO'));
		expect(words('ERR_SSL_PACKET_LENGTH_TOO_LONG')).toBe(words('EPROTO'));
		expect(words('ABORT_ERR')).toBe(words('UND_ERR_ABORTED'));
	});

	test.each<[string, string]>([
		['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed'],
		['SELF_SIGNED_CERT_IN_CHAIN', 'private authority'],
		['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'issuer'],
		['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'issuer'],
		['ERR_TLS_CERT_ALTNAME_INVALID', 'another host name'],
		['CERT_HAS_EXPIRED', 'expired'],
		['CERT_NOT_YET_VALID', 'not valid yet'],
	])('%s is one of the certificate', (code, says) => {
		const error = failed({ code });
		expect(error).toMatchObject({ kind: 'certificate', code, request: 'GET /x' });
		expect(error.message).toContain(says);
	});

	test.each<[string, unknown, object]>([
		['of a stop', { name: 'AbortError', code: 20 }, { kind: 'cancelled', code: 'UND_ERR_ABORTED' }],
		[
			'of a time-out',
			{ name: 'TimeoutError', code: 23 },
			{ kind: 'timeout', code: 'UND_ERR_HEADERS_TIMEOUT' },
		],
		[
			'of a cause',
			{ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } },
			{ code: 'ECONNREFUSED' },
		],
		[
			'of several tries',
			{ code: '', errors: [{ code: 'ECONNREFUSED' }, { code: 'EPIPE' }] },
			{ code: 'ECONNREFUSED' },
		],
		['of no tries', { errors: [], cause: { code: 'EPIPE' } }, { code: 'EPIPE' }],
		['of tries that are none', { errors: 'none', cause: { code: 'EPIPE' } }, { code: 'EPIPE' }],
		['that is not known', { code: 'EODD' }, { message: `${PBX} broke the connection (EODD)` }],
		['without a code', {}, { code: undefined, message: `${PBX} broke the connection` }],
	])('%s', (_, cause, expected) => {
		expect(failed(cause)).toMatchObject(expected);
	});

	test('over http may mean that https is expected', () => {
		expect(errorFromNetwork({}, 'http://pbx').hint).toContain('https://');
		expect(errorFromNetwork({}, PBX).hint).not.toContain('https://');
	});

	test('that has words already keeps them', () => {
		const error = new ThreeCxError({ kind: 'input', message: 'a', hint: '' });
		expect(failed(error)).toBe(error);
	});
});

describe('an error', () => {
	const chain = (length: number): Error =>
		new Error(`cause ${length}`, length > 1 ? { cause: chain(length - 1) } : undefined);

	test('keeps five causes of causes', () => {
		let error: unknown = new ThreeCxError({
			kind: 'server',
			message: '',
			hint: '',
			cause: chain(9),
		});
		const messages: string[] = [];
		while ((error = (error as Error).cause)) messages.push((error as Error).message);
		expect(messages).toEqual(['cause 9', 'cause 8', 'cause 7', 'cause 6', 'cause 5']);
	});

	test.each<[unknown, object]>([
		[
			{ message: 'x'.repeat(501), name: '' },
			{ message: 'x'.repeat(500), name: 'Error' },
		],
		[
			{ message: 5, name: 5, code: 5, stack: 5 },
			{ message: '', name: 'Error', stack: 'Error: ' },
		],
		[
			{ message: 5, stack: 'Odd\n    at a\n    at b' },
			{ message: '', stack: 'Error: \n    at a\n    at b' },
		],
		[
			{ message: 'a', name: 'Odd', code: 'EODD' },
			{ message: 'a', name: 'Odd', code: 'EODD' },
		],
		['a text', { message: '', name: 'Error' }],
		[null, { message: '', name: 'Error' }],
	])('of the cause %p keeps what is a text', (cause, expected) => {
		const error = new ThreeCxError({ kind: 'server', message: '', hint: '', cause });
		expect(error.cause).toMatchObject(expected);
		if (typeof (cause as { code?: unknown } | null)?.code !== 'string')
			expect(error.cause).not.toHaveProperty('code');
	});

	test('without a cause has none', () => {
		expect(new ThreeCxError({ kind: 'server', message: '', hint: '' })).not.toHaveProperty('cause');
	});

	test('that is changed loses a code and field that change, and keeps the rest', () => {
		const error = new ThreeCxError({
			kind: 'conflict',
			message: 'secret message',
			hint: 'secret hint',
			status: 409,
			code: 'A.secret',
			field: 'secret',
			request: 'GET /secret',
			said: 'secret said',
			retryAfterMs: 5,
			cause: Object.assign(new Error('secret cause'), { name: 'secret', code: 'E.secret' }),
		});
		const hide = (text: string) => text.replaceAll('secret', 'x');
		const changed = error.map(hide);
		expect(changed).toBeInstanceOf(ThreeCxError);
		expect(changed).toMatchObject({
			name: 'ThreeCxError',
			kind: 'conflict',
			message: 'x message',
			hint: 'x hint',
			status: 409,
			request: 'GET /x',
			said: 'x said',
			retryAfterMs: 5,
			cause: { message: 'x cause', name: 'x' },
		});
		expect([changed.code, changed.field]).toEqual([undefined, undefined]);
		expect(changed.cause).not.toHaveProperty('code');
		expect(changed.stack).toMatch(/^ThreeCxError: x message\n\s+at /);
		expect(changed.stack).toContain('words.test');
		expect((changed.cause as Error).stack).toMatch(/^x: x cause\n\s+at /);
		expect(error.map((text) => text)).toBe(error);
		const kept = error.map((text) => text.replace('secret hint', 'x'));
		expect(kept).toMatchObject({ code: 'A.secret', field: 'secret', cause: { code: 'E.secret' } });
	});

	test.each(['message', 'hint', 'code', 'field', 'request', 'said'])(
		'of which only the %s changes is another one',
		(name) => {
			const error = new ThreeCxError({ kind: 'server', message: '', hint: '', [name]: 'secret' });
			expect(error.map((text) => text.replace('secret', 'x'))).not.toBe(error);
		},
	);

	test('has no lines of a message for places, and at most twenty places', () => {
		const cause = Object.assign(new Error('one\n    at the door\ntwo'), {});
		cause.stack = `Error: ${cause.message}\n${'    at place\n'.repeat(30)}no place\n${' '.repeat(9)}at depth`;
		const error = new ThreeCxError({ kind: 'server', message: '', hint: '', cause });
		const lines = (error.cause as Error).stack!.split('\n');
		expect(lines.filter((line) => line === '    at place')).toHaveLength(20);
		expect(lines.slice(3)).toEqual(Array.from({ length: 20 }, () => '    at place'));
		cause.stack = `Error: ${cause.message}\n    at a\nno place\n${' '.repeat(9)}at depth\n    at b`;
		const other = new ThreeCxError({ kind: 'server', message: '', hint: '', cause });
		expect((other.cause as Error).stack!.split('\n').slice(3)).toEqual(['    at a', '    at b']);
	});
});

test.each([
	['AuthPassword', true],
	['Phones[0].Name', true],
	['@odata.type', true],
	['Number to Call', true],
	['!Name', false],
	[' Name', false],
	['Name!', false],
	['x'.repeat(100), true],
	['x'.repeat(101), false],
])('the field "%s" is kept: %p', (field, isKept) => {
	const error = new ThreeCxError({ kind: 'server', message: '', hint: '', field });
	expect(error.field).toBe(isKept ? field : undefined);
});

test.each([
	['WARNINGS.XAPI.REQUIRED', true],
	['E_1', true],
	['1E', false],
	[' E', false],
	['E!', false],
	['x'.repeat(80), true],
	['x'.repeat(81), false],
])('the code "%s" is kept: %p', (code, isKept) => {
	const error = new ThreeCxError({ kind: 'server', message: '', hint: '', code });
	expect(error.code).toBe(isKept ? code : undefined);
});
