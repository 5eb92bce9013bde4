import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createPbxClient, type PbxClientOptions } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import { errorFromResponse, errorFromTokenAnswer } from '../../lib/http/responseErrors';
import { fixedToken } from '../support/fixedToken';
import { json, startServer, type TestServer } from '../support/httpServer';

/** A PBX that is broken, taken over, or no PBX: whatever it answers has an end, and is told in our words. */

let pbx: TestServer | undefined;

afterEach(async () => {
	await closeDispatchers();
	await pbx?.close();
	pbx = undefined;
});

const serve = async (...handle: Parameters<typeof startServer>) =>
	(pbx = await startServer(...handle));

const client = (options: Partial<PbxClientOptions> = {}) =>
	createPbxClient({
		connection: { origin: pbx!.origin, ignoreSslIssues: false },
		tokens: fixedToken('token'),
		retry: { attempts: 3, baseMs: 1, capMs: 1 },
		...options,
	});

const refusal = async (request: Promise<unknown>): Promise<ThreeCxError> => {
	const error: unknown = await request.then(
		() => new Error('It was not refused'),
		(cause: unknown) => cause,
	);
	if (error instanceof ThreeCxError) return error;
	throw error;
};

/** Sends the same piece for ever, as fast as it is taken, or once in a while. */
function forEver(response: ServerResponse, piece: string, everyMs?: number): void {
	const next = () => {
		if (response.destroyed) return;
		const isTaken = response.write(piece);
		if (everyMs !== undefined) setTimeout(next, everyMs);
		else if (isTaken) setImmediate(next);
		else response.once('drain', next);
	};
	response.on('error', () => undefined);
	next();
}

const GET = { method: 'GET', path: '/xapi/v1/Users' } as const;

describe('a body without end', () => {
	const PIECE = '{"value":[],"x":"'.padEnd(65_536, 'y');

	test('of JSON is given up at its bound, and the connection closed', async () => {
		let isClosed: Promise<unknown> | undefined;
		await serve((_, response) => {
			isClosed = once(response, 'close');
			forEver(response, PIECE);
		});
		const error = await refusal(client({ maxBytes: 1024 * 1024 }).request(GET));
		expect(error).toMatchObject({ kind: 'malformed', request: 'GET /xapi/v1/Users' });
		expect(error.message).toContain('more than 1 MB');
		expect(error.hint).toContain('Maximum Response Size (MB)');
		await isClosed;
	});

	test('that says how long it is, is not read at all', async () => {
		await serve((_, response) => {
			response.setHeader('content-length', 10_000_000);
			forEver(response, PIECE);
		});
		const error = await refusal(client({ maxBytes: 1024 * 1024 }).request(GET));
		expect(error.message).toContain('more than 1 MB');
	});

	test.each([500, 404, 401])('of an error %d is cut, and the status stays', async (status) => {
		await serve((_, response) => forEver(response.writeHead(status), PIECE));
		const tokens = { ...fixedToken('a'), renew: async () => await Promise.resolve(NEW) };
		const error = await refusal(client({ tokens }).request({ ...GET, method: 'POST', body: {} }));
		expect(error.status).toBe(status);
	});

	const NEW = { value: 'b', isLast: true };

	test('that drips ends at the time-out', async () => {
		await serve((_, response) => forEver(response, ' ', 20));
		const error = await refusal(client().request({ ...GET, timeoutMs: 300 }));
		expect(error).toMatchObject({ kind: 'timeout' });
		expect(error.message).toContain('after 0.3 s');
		expect(error.hint).toContain('Timeout (Seconds)');
	});

	test('that drips under a known length ends at the time-out', async () => {
		await serve((_, response) => {
			response.setHeader('content-length', 1_000);
			forEver(response, ' ', 20);
		});
		expect(await refusal(client().request({ ...GET, timeoutMs: 300 }))).toMatchObject({
			kind: 'timeout',
		});
	});

	test('that drips out of a 503 does not cost its retry', async () => {
		let isFirst = true;
		await serve((_, response) => {
			if (!isFirst) return json(response, 200, { ok: true });
			isFirst = false;
			forEver(response.writeHead(503), ' ', 20);
		});
		const { body } = await client().request({ ...GET, timeoutMs: 300 });
		expect(body).toEqual({ ok: true });
	});

	test('of a file that hardly comes is given up', async () => {
		await serve((_, response) => forEver(response, 'x', 20));
		const { body } = await client().stream({ ...GET, timeoutMs: 300 });
		const error = await refusal(body.resume().toArray());
		expect(error).toMatchObject({ kind: 'timeout', request: 'GET /xapi/v1/Users' });
		expect(error.message).toContain('in the middle of a download');
	});

	test('of a file waits for whoever reads it', async () => {
		const bytes = Buffer.alloc(2_000_000, 'a');
		await serve((_, response) => response.end(bytes));
		const { body } = await client().stream({ ...GET, timeoutMs: 100 });
		const chunks: Buffer[] = [];
		for await (const chunk of body as AsyncIterable<Buffer>) {
			// Longer than the PBX may pause: the first chunk only, or the test would take for ever.
			if (chunks.length === 0) await new Promise((resolve) => setTimeout(resolve, 350));
			chunks.push(chunk);
		}
		expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
	});

	test('of a file that breaks off is told in our words', async () => {
		await serve((_, response) => {
			response.setHeader('content-length', 1_000);
			response.write('RIFF', () => response.destroy());
		});
		const { body } = await client().stream(GET);
		expect(await refusal(body.toArray())).toMatchObject({ kind: 'unreachable' });
	});
});

test('an answer of 10,000 levels is refused, and says so', async () => {
	await serve((_, response) =>
		response.end(`{"value":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
	);
	const error = await refusal(client().request(GET));
	expect(error).toMatchObject({ kind: 'malformed', request: 'GET /xapi/v1/Users' });
	expect(error.message).toContain('levels');
});

test('brackets in texts are no levels', async () => {
	const body = { Name: `${'['.repeat(500)}\\"{{`, Other: '\\' };
	await serve((_, response) => json(response, 200, body));
	expect((await client().request(GET)).body).toEqual(body);
});

describe('an error of any shape keeps its status and is in our words', () => {
	const LONE = '\ud800';
	const deep = (levels: number) => `${'{"error":'.repeat(levels)}1${'}'.repeat(levels)}`;

	test.each<[string, string, string]>([
		[
			'OData 3',
			'{"error":{"code":"x","message":{"lang":"en","value":"No such user"}}}',
			'No such user',
		],
		['older OData 3', '{"odata.error":{"code":"","message":{"value":"No such"}}}', 'No such'],
		['a text', '{"error":"It is late"}', 'It is late'],
		['ASP.NET', '{"Message":"An error has occurred."}', 'An error has occurred.'],
		['a number for a message', '{"error":{"code":5,"message":7}}', '7'],
		['an array for a message', '{"error":{"message":["a"]}}', 'busy'],
		['an array for an error', '{"error":[{"message":"a"}]}', 'busy'],
		['null everywhere', '{"error":{"code":null,"message":null,"details":null}}', 'busy'],
		['null details', '{"error":{"message":"Hm","details":[null,1,"a",[]]}}', 'Hm'],
		['numbers in details', '{"error":{"details":[{"code":1,"message":2,"target":3}]}}', 'busy'],
		['details that are an object', '{"error":{"message":"Hm","details":{"length":3}}}', 'Hm'],
		['10,000 levels', deep(10_000), 'busy'],
		['a lone surrogate', JSON.stringify({ error: { message: LONE } }), LONE],
		['a number', '5', 'busy'],
		['an array', '[]', 'busy'],
		['reasontext that is none', '{"reasontext":{"a":1}}', 'busy'],
	])('%s', async (_, body, says) => {
		let tries = 0;
		await serve((__, response) => {
			tries++;
			response.writeHead(503, { 'content-type': 'application/json' }).end(body);
		});
		const error = await refusal(client().request(GET));
		expect(error).toMatchObject({ kind: 'server', status: 503 });
		expect(error.message).toContain(says);
		expect(tries).toBe(3);
	});

	test.each<[string, string]>([
		['an error text of 128 kB', 'a'.repeat(128_000)],
		['of blanks', ' '.repeat(128_000)],
		['of colons', 'a:'.repeat(64_000)],
		['of codes', 'WARNINGS.'.repeat(14_000)],
		['of codes and fields', 'a:\nWARNINGS.XAPI.REQUIRED '.repeat(5_000)],
	])('%s costs no time', (_, message) => {
		const began = process.cpuUsage();
		const error = errorFromResponse({
			request: 'GET /xapi/v1/Users',
			status: 400,
			headers: {},
			text: JSON.stringify({ error: { message } }),
		});
		expect(process.cpuUsage(began).user / 1_000).toBeLessThan(5_000);
		expect(error.message.length).toBeLessThan(5_000);
	});

	test.each(['{"error":{}}', '{"error":[]}', '{"error":5}', 'null', '[]', '{"error":null}'])(
		'a token answer %s is told as such',
		(text) => {
			expect(errorFromTokenAnswer(400, text, 'https://pbx')).toBeInstanceOf(ThreeCxError);
		},
	);
});
