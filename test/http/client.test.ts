import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers, inFlightNow } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import { mintToken, TokenCache, type TokenSource } from '../../lib/http/tokens';
import { json, startServer, type TestServer } from '../support/httpServer';

const SECRET = 's3cret-%+&ü';
let server: TestServer;
afterEach(async () => {
	await closeDispatchers();
	await server.close();
});

const serve = async (...args: Parameters<typeof startServer>) =>
	(server = await startServer(...args));

const constant = (value = 'token'): TokenSource => ({
	get: async () => await Promise.resolve(value),
	renew: async () => await Promise.resolve({ value: `${value} renewed`, isLast: true }),
});

const client = (tokens: TokenSource = constant(), inFlight?: number) =>
	createPbxClient({
		connection: { origin: server.origin, ignoreSslIssues: false },
		tokens,
		retry: { attempts: 3, baseMs: 1, capMs: 20 },
		inFlight,
	});

/** What a request is refused with. */
const refusal = async (request: Promise<unknown>): Promise<ThreeCxError> => {
	const error: unknown = await request.then(
		() => new Error('It was not refused'),
		(cause: unknown) => cause,
	);
	if (error instanceof ThreeCxError) return error;
	throw error;
};

test('sends the token, JSON and the query, and reads the answer', async () => {
	await serve((_, response) => json(response, 201, { Id: 7 }));
	const answer = await client().request({
		method: 'POST',
		path: '/xapi/v1/Users',
		query: '$select=Id',
		body: { Number: '100' },
	});
	expect(answer).toMatchObject({ status: 201, body: { Id: 7 } });
	expect(server.received).toEqual([
		expect.objectContaining({
			method: 'POST',
			url: '/xapi/v1/Users?$select=Id',
			body: '{"Number":"100"}',
			headers: expect.objectContaining({
				authorization: 'Bearer token',
				'content-type': 'application/json; charset=utf-8',
			}),
		}),
	]);
});

test('keeps its connection for many requests', async () => {
	await serve((_, response) => json(response, 200, {}));
	for (let i = 0; i < 20; i++) await client().request({ method: 'GET', path: '/xapi/v1/Defs' });
	// One, or two: the pool opens a second one when the next request comes before the first is quite idle again.
	expect(server.connections).toBeLessThanOrEqual(2);
});

test.each([1, 3, 8, 16])(
	'with %d in flight, the PBX gets no more requests at a time, and no more connections',
	async (inFlight) => {
		const open: Array<() => void> = [];
		let [most, received] = [0, 0];
		await serve((_, response) => {
			open.push(() => json(response, 200, {}));
			most = Math.max(most, open.length);
			received += 1;
			if (open.length < inFlight && received < 60) return;
			// All that may come are there; whatever should not has a moment to come, too.
			setTimeout(() => open.splice(0).forEach((answer) => answer()), 5);
		});
		const { request } = client(constant(), inFlight);
		await Promise.all(
			Array.from(
				{ length: 60 },
				async () => await request({ method: 'GET', path: '/xapi/v1/Defs' }),
			),
		);
		expect(most).toBe(inFlight);
		expect(server.connections).toBe(inFlight);
	},
);

test.each([
	['told', true],
	['not told', false],
])(
	'reads a large answer whose length is %s, with characters cut in the middle',
	async (_, isTold) => {
		const body = { value: 'Zoë 电话 😀 '.repeat(20_000) };
		const bytes = Buffer.from(JSON.stringify(body));
		await serve((_request, response) => {
			if (isTold) response.setHeader('content-length', bytes.length);
			// Pieces of an odd length cut characters of two, three and four bytes.
			for (let at = 0; at < bytes.length; at += 7_777)
				response.write(bytes.subarray(at, at + 7_777));
			response.end();
		});
		const answer = await client().request({ method: 'GET', path: '/xapi/v1/Users' });
		expect(answer.body).toEqual(body);
	},
);

test('renews a refused token once, and repeats the request with the new one', async () => {
	await serve(({ headers }, response) =>
		headers.authorization === 'Bearer token renewed'
			? json(response, 200, { ok: true })
			: json(response, 401, {}),
	);
	const { body } = await client().request({ method: 'PATCH', path: '/xapi/v1/Users(1)', body: {} });
	expect(body).toEqual({ ok: true });
	expect(server.received).toHaveLength(2);
});

test('a token that is refused even when new is an error, not a loop', async () => {
	await serve((_, response) => json(response, 401, {}));
	const error = await refusal(client().request({ method: 'GET', path: '/xapi/v1/Users' }));
	expect(error).toMatchObject({ kind: 'unauthorized', status: 401 });
	expect(error.hint).toContain('one valid token per client ID');
	expect(server.received).toHaveLength(2);
});

test('reads are repeated after 503, writes are not', async () => {
	let failures = 0;
	await serve((_, response) =>
		failures-- > 0 ? json(response, 503, {}) : json(response, 200, { value: [] }),
	);
	failures = 2;
	await client().request({ method: 'GET', path: '/xapi/v1/Users' });
	expect(server.received).toHaveLength(3);
	failures = 1;
	const error = await refusal(
		client().request({ method: 'POST', path: '/xapi/v1/Users', body: {} }),
	);
	expect(error).toMatchObject({ kind: 'server', status: 503 });
	expect(server.received).toHaveLength(4);
});

test('a connection that breaks under a read is not seen by the user', async () => {
	let first = true;
	await serve((_, response) => {
		if (first) response.socket?.destroy();
		else json(response, 200, { ok: true });
		first = false;
	});
	const { body } = await client().request({ method: 'GET', path: '/xapi/v1/Users' });
	expect(body).toEqual({ ok: true });
});

test('the token follows no redirect', async () => {
	const other = await startServer((_, response) => json(response, 200, {}));
	await serve((_, response) => {
		response.writeHead(302, { location: `${other.origin}/xapi/v1/Users` }).end();
	});
	const error = await refusal(client().request({ method: 'GET', path: '/xapi/v1/Users' }));
	expect(error.kind).toBe('redirect');
	expect(error.message).toContain(other.origin);
	expect(other.received).toEqual([]);
	await other.close();
});

test('an answer that is not JSON names the likely cause', async () => {
	await serve((_, response) => void response.end('<html>Please log in</html>'));
	const error = await refusal(client().request({ method: 'GET', path: '/xapi/v1/Users' }));
	expect(error).toMatchObject({ kind: 'malformed', request: 'GET /xapi/v1/Users' });
	expect(error.hint).toContain('Server URL');
});

test.each<[string, Parameters<typeof startServer>[0], string]>([
	['is cut', (_, response) => void response.end('{"Id": 7, "Nam'), 'malformed'],
	[
		'breaks off',
		(_, response) => {
			response.writeHead(200, { 'content-length': '99' });
			response.write('{"Id":', () => response.destroy());
		},
		'unreachable',
	],
])('a change that was made has been made, though its answer %s', async (_, answer, kind) => {
	await serve(answer);
	const request = { method: 'POST', path: '/xapi/v1/Users', body: {} } as const;
	expect(await client().request(request)).toMatchObject({
		status: 200,
		body: undefined,
		unread: { kind, request: 'POST /xapi/v1/Users' },
	});
	expect(server.received).toHaveLength(1);
});

test('on a dry run only reads are sent', async () => {
	await serve((_, response) => json(response, 200, {}));
	const { request } = createPbxClient({
		connection: { origin: server.origin, ignoreSslIssues: false },
		tokens: constant(),
		dryRun: true,
	});
	expect((await request({ method: 'GET', path: '/xapi/v1/Users' })).status).toBe(200);
	for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const)
		expect(await refusal(request({ method, path: '/xapi/v1/Users' }))).toMatchObject({
			kind: 'input',
			field: 'dryRun',
			request: `${method} /xapi/v1/Users`,
		});
	expect(server.received.map(({ method }) => method)).toEqual(['GET']);
});

test('a token that the PBX repeats is not shown', async () => {
	const token = ['no', 'JWT', 'at', 'all'].join('-');
	await serve(({ url }, response) => {
		if (url === '/refused') json(response, 400, { error: { message: `Not for ${token}` } });
		else json(response, 200, { told: `for ${token}` });
	});
	const { request } = client(constant(token));
	const error = await refusal(request({ method: 'GET', path: '/refused' }));
	expect(error.message).toBe('3CX says: Not for [hidden]');
	expect((await request({ method: 'GET', path: '/fine' })).body).toEqual({ told: 'for [hidden]' });
});

test('a refusal whose words break off is the refusal that its status says', async () => {
	await serve((_, response) => {
		response.writeHead(404, { 'content-length': '99' });
		response.write('{"error":{"message":"Not', () => response.destroy());
	});
	const error = await refusal(client().request({ method: 'GET', path: '/xapi/v1/Users(1)' }));
	expect(error).toMatchObject({ kind: 'notFound', status: 404 });
	expect(server.received).toHaveLength(1);
});

test('a page of something else is no answer, also to a change', async () => {
	await serve((_, response) => void response.end('<html>Please log in</html>'));
	const error = await refusal(
		client().request({ method: 'POST', path: '/xapi/v1/Users', body: {} }),
	);
	expect(error).toMatchObject({ kind: 'malformed', hint: expect.stringContaining('Server URL') });
});

test('a stopped execution ends the request', async () => {
	const stop = new AbortController();
	await serve(() => stop.abort());
	const error = await refusal(
		client().request({ method: 'GET', path: '/xapi/v1/Users', signal: stop.signal }),
	);
	expect(error.kind).toBe('cancelled');
});

test('a PBX that says nothing is given up after the time-out', async () => {
	await serve(() => undefined);
	const error = await refusal(
		client().request({ method: 'POST', path: '/xapi/v1/Users', timeoutMs: 50 }),
	);
	expect(error).toMatchObject({ kind: 'timeout', code: 'UND_ERR_HEADERS_TIMEOUT' });
});

test('a file comes as a stream', async () => {
	await serve((_, response) => void response.setHeader('content-type', 'audio/x-wav').end('RIFF'));
	const { headers, body } = await client().stream({ method: 'GET', path: '/xapi/v1/Recordings' });
	expect(headers['content-type']).toBe('audio/x-wav');
	expect(await text(body)).toBe('RIFF');
});

test.each([
	['a number', { Number: '100' }, 'Number', 'Number (100): is already in use on this PBX'],
	[
		'one deeper down',
		{ Groups: [{ GroupId: 7 }] },
		'Groups[0].GroupId',
		'Groups[0].GroupId (7): is already in use on this PBX',
	],
	['a secret', { VMPIN: '4711' }, 'VMPIN', 'VMPIN: is already in use on this PBX'],
	[
		'what stands under a secret name',
		{ AuthPassword: { Value: 'hunter2' } },
		'AuthPassword.Value',
		'AuthPassword.Value: is already in use on this PBX',
	],
	[
		'a list under a secret name',
		{ Password: ['hunter2'] },
		'Password[0]',
		'Password[0]: is already in use on this PBX',
	],
	['nothing', { Number: '' }, 'Number', 'Number: is already in use on this PBX'],
	['an object', { Number: { a: 1 } }, 'Number', 'Number: is already in use on this PBX'],
	['a field of every object', {}, 'constructor', 'constructor: is already in use on this PBX'],
])('what was refused is named: %s', async (_, body, target, message) => {
	const details = [{ code: '', message: 'WARNINGS.XAPI.ALREADY_IN_USE', target }];
	await serve((__, response) => {
		response.statusCode = 400;
		response.end(JSON.stringify({ error: { code: '', message: 'x', details } }));
	});
	const request = client().request({ method: 'POST', path: '/xapi/v1/Users', body });
	await expect(request).rejects.toMatchObject({ message });
});

describe('what the PBX refuses is said in plain words', () => {
	test.each([
		[
			'details with a target',
			400,
			{
				error: {
					code: '',
					message: 'Number:\nWARNINGS.XAPI.ALREADY_IN_USE',
					details: [{ code: '', message: 'WARNINGS.XAPI.ALREADY_IN_USE', target: 'Number' }],
				},
			},
			{
				kind: 'conflict',
				field: 'Number',
				code: 'WARNINGS.XAPI.ALREADY_IN_USE',
				message: 'Number: is already in use on this PBX',
			},
		],
		[
			'a message only',
			400,
			{ error: { code: '400', message: 'EmailAddress:\nWARNINGS.XAPI.REQUIRED' } },
			{ kind: 'validation', field: 'EmailAddress', message: 'EmailAddress: is required' },
		],
		[
			'two findings',
			400,
			{
				error: {
					message: '',
					details: [
						{ message: 'WARNINGS.XAPI.REQUIRED', target: 'Name' },
						{ message: 'WARNINGS.XAPI.OUT_OF_THE_RANGE', target: 'SLATime' },
					],
				},
			},
			{ message: 'Name: is required; SLATime: is out of range' },
		],
		[
			'a code that is not in the table',
			400,
			{
				error: {
					message: '',
					details: [{ message: 'WARNINGS.XAPI.SBC_CERT_EXPIRED', target: 'Certificate' }],
				},
			},
			{ message: 'Certificate: sbc cert expired' },
		],
		[
			'text of its own',
			400,
			{ error: { code: '400', message: 'The limit of 100 for Top query has been exceeded.' } },
			{
				kind: 'validation',
				message: '3CX says: The limit of 100 for Top query has been exceeded.',
			},
		],
		[
			'nothing, with 403',
			403,
			undefined,
			{
				kind: 'forbidden',
				message: expect.stringMatching(
					/^The API client may not do this \(HTTP 403 from http:.*\)$/,
				) as string,
			},
		],
		['nothing, with 500', 500, undefined, { kind: 'server' }],
		['null instead of an error', 404, null, { kind: 'notFound' }],
	])('%s', async (_, status, body, expected) => {
		await serve((_request, response) =>
			body === undefined ? void response.writeHead(status).end() : json(response, status, body),
		);
		const error = await refusal(
			client().request({ method: 'POST', path: '/xapi/v1/Users', body: {} }),
		);
		expect(error).toMatchObject({ status, ...expected });
	});

	test('call control has its own meanings', async () => {
		await serve((_, response) => json(response, 422, { reasontext: '' }));
		const error = await refusal(
			client().request({
				method: 'POST',
				path: '/callcontrol/100/participants/1/answer',
				body: {},
			}),
		);
		expect(error).toMatchObject({ kind: 'impossible', status: 422 });
		expect(error.hint).toContain('uaCSTA');
	});
});

describe('minting', () => {
	const credentials = { clientId: 'n8n', clientSecret: SECRET };
	const connection = () => ({ origin: server.origin, ignoreSslIssues: false });

	test('sends odd characters of a secret unharmed', async () => {
		await serve((_, response) => json(response, 200, { access_token: 'abc', expires_in: 60 }));
		await mintToken(connection(), credentials);
		expect(Object.fromEntries(new URLSearchParams(server.received[0]!.body))).toEqual({
			client_id: 'n8n',
			client_secret: SECRET,
			grant_type: 'client_credentials',
		});
	});

	test('a wrong secret is tried once and never shown', async () => {
		await serve((_, response) =>
			json(response, 401, { error: 'unauthorized', error_description: `no ${SECRET}` }),
		);
		const error = await refusal(
			client(new TokenCache().source(connection(), credentials)).request({
				method: 'GET',
				path: '/xapi/v1/Users',
			}),
		);
		expect(error).toMatchObject({ kind: 'credentials', status: 401, field: 'clientSecret' });
		expect(server.received).toHaveLength(1);
		expect(JSON.stringify([error, error.message, error.stack])).not.toContain(SECRET);
	});

	test.each([
		[
			'a login page',
			(response: Parameters<typeof json>[0]) => void response.end('<html>'),
			'malformed',
		],
		[
			'no such page',
			(response: Parameters<typeof json>[0]) => json(response, 404, {}),
			'malformed',
		],
		[
			'a blocked address',
			(response: Parameters<typeof json>[0]) => json(response, 403, {}),
			'forbidden',
		],
	])('%s', async (_, answer, kind) => {
		await serve((_request, response) => answer(response));
		expect(await refusal(mintToken(connection(), credentials))).toMatchObject({ kind });
	});

	test.each([
		['a number', 7],
		['no text for a header', 'a b'],
		['too long', 'a'.repeat(16_385)],
	])('a token that is %s is none', async (_, access_token) => {
		await serve((_request, response) => json(response, 200, { access_token, expires_in: 60 }));
		expect(await refusal(mintToken(connection(), credentials))).toMatchObject({
			kind: 'malformed',
		});
	});

	test.each([
		[3600, 3_600],
		[60, 3_600],
		// What is no number says nothing: then it is the longest that can be meant by minutes.
		['3600', 299 * 60],
		[undefined, 299 * 60],
	])('without dates in the token, expires_in %p is believed', async (expires_in, seconds) => {
		await serve((_, response) => json(response, 200, { access_token: 'opaque', expires_in }));
		const before = Date.now();
		const { expiresAt } = await mintToken(connection(), credentials);
		expect(expiresAt).toBeGreaterThanOrEqual(before + seconds * 1000);
		expect(expiresAt).toBeLessThanOrEqual(Date.now() + seconds * 1000);
	});
});

describe('a PBX that cannot be reached', () => {
	beforeEach(async () => await serve(() => undefined));

	test.each([
		['a closed port', 'http://127.0.0.1:1', { kind: 'unreachable', code: 'ECONNREFUSED' }],
		['an unknown name', 'https://pbx.invalid', { kind: 'unreachable' }],
		['http where https is meant', undefined, { kind: 'unreachable' }],
	])('%s', async (_, origin, expected) => {
		const error = await refusal(
			createPbxClient({
				connection: {
					origin: origin ?? server.origin.replace('http:', 'https:'),
					ignoreSslIssues: false,
				},
				tokens: constant(),
				retry: { attempts: 1, baseMs: 1, capMs: 1 },
			}).request({ method: 'GET', path: '/xapi/v1/Defs' }),
		);
		expect(error).toMatchObject(expected);
		expect(error.hint).not.toBe('');
	});
});

describe('an answer', () => {
	const asking = async (body: string, method: 'GET' | 'POST' = 'GET') => {
		await serve((_, response) => void response.end(body));
		const { close } = server;
		return await client()
			.request({ method, path: '/xapi/v1/Users' })
			.finally(async () => {
				await closeDispatchers();
				await close();
			});
	};

	test.each(['', ' ', ' \n\t'])('of %j is none', async (body) => {
		expect(await asking(body)).toMatchObject({ status: 200, body: undefined, size: body.length });
	});

	test('says how long it is', async () => {
		expect(await asking('{"a":"ü"}')).toMatchObject({ body: { a: 'ü' }, size: 9 });
	});

	test('is without its OData context, where it is short; what only looks like one stays', async () => {
		const context = '"@odata.context":"https://pbx/$metadata#Users"';
		expect((await asking(`{${context},"a":1}`)).body).toEqual({ a: 1 });
		expect((await asking(`{"b":0,${context},"a":1}`)).body).toHaveProperty('b', 0);
		expect((await asking(`{${context}}`)).body).toEqual({
			'@odata.context': 'https://pbx/$metadata#Users',
		});
	});

	test.each<[string, string, boolean]>([
		['an object', '{"a":', true],
		['a list', ' [1', true],
		['nothing of ours', 'OK', false],
	])('to a change that begins like %s is no failure of it: %s', async (_, body, isOurs) => {
		const answered = asking(body, 'POST');
		if (!isOurs) await expect(answered).rejects.toMatchObject({ kind: 'malformed' });
		else expect(await answered).toMatchObject({ body: undefined, unread: { kind: 'malformed' } });
	});
});

describe('connections of their own', () => {
	/** A server that answers when it is told to. */
	const holding = async () => {
		const held: Array<() => void> = [];
		await serve(({ url }, response) =>
			url.includes('held')
				? void held.push(() => json(response, 200, {}))
				: json(response, 200, {}),
		);
		return held;
	};
	const arrived = async (count: number) => {
		while (server.received.length < count) await new Promise((resolve) => setImmediate(resolve));
	};

	test.each([{ awaited: true }, { lasting: true }])(
		'%j have requests that last, and keep no others waiting',
		async (kind) => {
			const held = await holding();
			const of = client();
			const lasting = Array.from({ length: 20 }, async () => {
				const request = { method: 'GET', path: '/held', ...kind } as const;
				if (!kind.lasting) return (await of.request(request)).status;
				const { status, body } = await of.stream(request);
				body.resume();
				return status;
			});
			await arrived(20);
			expect(inFlightNow(server.origin)).toBe(4);
			const others = Array.from({ length: 4 }, async () => {
				return await of.request({ method: 'GET', path: '/held' });
			});
			await arrived(24);
			for (const go of held) go();
			expect(await Promise.all(lasting)).toEqual(Array(20).fill(200));
			await Promise.all(others);
		},
	);

	test('what is awaited is not sent once it is stopped, and once sent is not stopped', async () => {
		const held = await holding();
		const request = { method: 'POST', path: '/held', body: {}, awaited: true } as const;
		await expect(
			client().request({ ...request, signal: AbortSignal.abort() }),
		).rejects.toMatchObject({ kind: 'cancelled' });
		expect(server.received).toHaveLength(0);
		const stop = new AbortController();
		const sent = client().request({ ...request, signal: stop.signal });
		await arrived(1);
		stop.abort();
		held[0]!();
		expect((await sent).status).toBe(200);
	});
});

test('what was proven is the token of the latest answer that was no 401', async () => {
	await serve(({ headers }, response) =>
		json(response, headers.authorization === 'Bearer token' ? 401 : 404, {}),
	);
	const of = client();
	expect(of.provenToken).toBeUndefined();
	await refusal(of.request({ method: 'GET', path: '/x' }));
	expect(of.provenToken).toBe('token renewed');
	const other = client({
		...constant(),
		renew: async () => await Promise.resolve({ value: 'token', isLast: true }),
	});
	await refusal(other.request({ method: 'GET', path: '/x' }));
	expect(other.provenToken).toBeUndefined();
});

test('an upload is sent as it is, anew for each try', async () => {
	let isFirst = true;
	await serve((_, response) => {
		if (!isFirst) return json(response, 200, {});
		isFirst = false;
		json(response, 401, {});
	});
	const upload = () => Readable.from(['ab', 'cd']);
	await client().request({ method: 'POST', path: '/x', upload });
	expect(server.received.map(({ body }) => body)).toEqual(['abcd', 'abcd']);
	expect(server.received[0]!.headers['content-type']).toBe('application/octet-stream');
	expect(server.received[0]!.headers.accept).toBe('*/*');
});
