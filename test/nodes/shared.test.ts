import { lookup as nodeLookup } from 'node:dns';
import { Readable } from 'node:stream';
import {
	NodeApiError,
	NodeOperationError,
	type IExecuteFunctions,
	type IHttpRequestHelper,
	type INode,
	type INodeExecutionData,
} from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';
import { alphabetically } from '../../nodes/shared/alphabetical';
import { assertDomainAllowed } from '../../nodes/shared/allowedDomains';
import { CREDENTIAL, endOf, isSameForAllItems, storedTokenOf } from '../../nodes/shared/credential';
import { assertEgressAllowed, isBlocked } from '../../nodes/shared/egress';
import { toNodeError } from '../../nodes/shared/errors';
import { dialledNumber } from '../../nodes/shared/fields/dialled';
import { isOn } from '../../nodes/shared/fields/dryRun';
import { passedOn } from '../../nodes/shared/fields/passOn';
import { matching } from '../../nodes/shared/matching';
import { hasBegun } from '../../nodes/shared/executions';
import { downloadFile, fileItem, type FileOptions } from '../../nodes/shared/file';
import { overHelper } from '../../nodes/shared/helperTransport';
import {
	storedFields,
	storeToken,
	underTokenLock,
	type NodeContext,
} from '../../nodes/shared/n8nInternals';
import { operationProperty, resourceProperty } from '../../nodes/shared/panel';
import { inFlightFrom, retryFor } from '../../nodes/shared/requestOptions';
import type { ItemRun } from '../../nodes/shared/router';
import { instantIn } from '../../nodes/shared/time';
import { clientAt } from '../support/fixedToken';
import { startServer } from '../support/httpServer';
import { closeDispatchers } from '../../lib/http/dispatchers';

/** What all nodes share, piece by piece. */

const NODE = {
	id: '1',
	name: '3CX',
	type: 't',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
} as INode;

describe('a file', () => {
	/** n8n's binary store, which says what it was given. */
	const given: Array<{ content: string; name?: string; type?: string }> = [];
	const context = {
		helpers: {
			prepareBinaryData: async (body: Readable, name?: string, type?: string) => {
				given.push({ content: (await body.toArray()).join(''), name, type });
				return { fileName: name, mimeType: type, fileSize: '5 B', data: 'id' };
			},
		},
	} as unknown as IExecuteFunctions;
	const item = async (
		headers: Record<string, string | string[]>,
		options: Partial<FileOptions> = {},
	) =>
		await fileItem(
			{ context },
			{ headers, body: Readable.from(['hello']) },
			{ fileName: 'otherwise', ...options },
		);

	beforeEach(() => (given.length = 0));

	test.each<[string | undefined, string]>([
		[undefined, 'otherwise'],
		['', 'otherwise'],
		['attachment', 'otherwise'],
		['attachment; filename="a b.wav"', 'a b.wav'],
		['attachment; filename=a.wav', 'a.wav'],
		['attachment; FileName = a.wav ; size=5', 'a.wav'],
		['attachment; filename=""', 'otherwise'],
		['attachment; filename="/etc/passwd"', 'passwd'],
		['attachment; filename="C:\\temp\\a.wav"', 'a.wav'],
		['attachment; filename="x.wav"; filename*=UTF-8\'\'%C3%BC.wav', 'ü.wav'],
		['attachment; filename*=utf-8\'\'a%2Fb.wav; filename="x.wav"', 'b.wav'],
		["attachment; filename* = UTF-8''b.wav", 'b.wav'],
		["attachment; filename*=UTF-8''%C3.wav", 'otherwise'],
		['attachment; filename="  "', 'otherwise'],
	])('that is sent with %p is called %s', async (disposition, name) => {
		const { json } = await item(
			disposition === undefined ? {} : { 'content-disposition': disposition },
		);
		expect(json.fileName).toBe(name);
	});

	test.each<[string | undefined, string | undefined, string | undefined]>([
		['audio/mpeg; q=1', undefined, 'audio/mpeg'],
		['audio/mpeg', 'text/csv', 'audio/mpeg'],
		['application/octet-stream', 'text/csv', 'text/csv'],
		['application/octet-stream', undefined, 'application/octet-stream'],
		[undefined, 'text/csv', 'text/csv'],
		[undefined, undefined, undefined],
		['audio/x-wav', undefined, 'audio/wav'],
		['audio/wave', undefined, 'audio/wav'],
		['audio/vnd.wave', undefined, 'audio/wav'],
		['audio/x-pn-wav', undefined, 'audio/wav'],
	])('of type %p, or else %p, is %p', async (sent, mimeType, type) => {
		await item(sent === undefined ? {} : { 'content-type': sent }, { mimeType });
		expect(given[0]!.type).toBe(type);
	});

	test('is in the property that was asked for, with name, type and size as JSON', async () => {
		const binary = { fileName: 'a', mimeType: 'b', fileSize: '5 B', data: 'id' };
		const headers = {
			'content-disposition': ['attachment; filename=a', 'x'],
			'content-type': ['b'],
		};
		expect(await item(headers)).toEqual({
			json: { fileName: 'a', mimeType: 'b', fileSize: '5 B' },
			binary: { data: binary },
		});
		expect((await item(headers, { property: 'audio' })).binary).toEqual({ audio: binary });
		expect(given[0]!.content).toBe('hello');
	});

	const HIDDEN = '[hidden by n8n-nodes-threecx]';
	const download = async (
		content: string | Buffer,
		reveal?: string[],
	): Promise<INodeExecutionData> => {
		const server = await startServer((_, response) => response.end(content));
		try {
			const run = { context, client: clientAt(server.origin) } as unknown as ItemRun;
			return await downloadFile(run, { method: 'GET', path: '/file' }, { fileName: 'a', reveal });
		} finally {
			await closeDispatchers();
			await server.close();
		}
	};

	test.each<[string, string, string]>([
		['of text', 'AuthPassword: abc', 'AuthPassword: abc'],
		['of nothing', '', ''],
		['of JSON', '{"AuthPassword":"abc"}', JSON.stringify({ AuthPassword: HIDDEN }, null, 2)],
		[
			'of a list',
			' \n[{"AuthPassword":"abc"}]',
			JSON.stringify([{ AuthPassword: HIDDEN }], null, 2),
		],
		[
			'of JSON with a mark',
			'\uFEFF{"AuthPassword":"abc"}',
			JSON.stringify({ AuthPassword: HIDDEN }, null, 2),
		],
		['of JSON without secrets', '{ "a" :  1.0 }', '{ "a" :  1.0 }'],
		['that only begins like JSON', '{"AuthPassword":"abc"', '{"AuthPassword":"abc"'],
		['of another kind with JSON in it', 'x {"AuthPassword":"abc"}', 'x {"AuthPassword":"abc"}'],
	])('%s is handed on without secrets', async (_, content, expected) => {
		await download(content);
		expect(given[0]!.content).toBe(expected);
	});

	test('shows what was asked for by name', async () => {
		await download('{"AuthPassword":"abc"}', ['AuthPassword']);
		expect(given[0]!.content).toBe('{"AuthPassword":"abc"}');
	});

	test('that begins with a mark keeps one that stands in a text', async () => {
		await download('\uFEFF{"AuthPassword":"abc","a":"x\uFEFFy"}');
		expect(JSON.parse(given[0]!.content)).toEqual({ AuthPassword: HIDDEN, a: 'x\uFEFFy' });
		await download('{"AuthPassword":"abc","a":"x\uFEFFy"}');
		expect(JSON.parse(given[1]!.content)).toEqual({ AuthPassword: HIDDEN, a: 'x\uFEFFy' });
	});

	test('of JSON that breaks off is told with PBX and request', async () => {
		const server = await startServer((_, response) => {
			response.writeHead(200, { 'content-length': '99' });
			response.write('{"a":', () => response.destroy());
		});
		const run = { context, client: clientAt(server.origin) } as unknown as ItemRun;
		const broken = downloadFile(run, { method: 'GET', path: '/file' }, { fileName: 'a' });
		await expect(broken).rejects.toMatchObject({
			message: expect.stringContaining(server.origin) as string,
			request: 'GET /file',
		});
		await closeDispatchers();
		await server.close();
	});

	test('of JSON that is too large to look through is not handed on', async () => {
		const large = Buffer.alloc(64 * 1024 * 1024 + 1, ' ').fill('[', 0, 1);
		await expect(download(large)).rejects.toMatchObject({
			kind: 'malformed',
			message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ sent more than 64 MB/) as string,
			request: 'GET /file',
		});
		expect(given).toEqual([]);
	});

	test('of any length is handed on whole', async () => {
		await download(Buffer.alloc(300_000, 'a'));
		expect(given[0]!.content).toBe('a'.repeat(300_000));
	});
});

test.each<[unknown, unknown]>([
	[undefined, 'automatic'],
	['automatic', 'automatic'],
	[1, 1],
	[16, 16],
	['8', 8],
	[' 8 ', 8],
	[0, undefined],
	[17, undefined],
	[1.5, undefined],
	['', undefined],
	[' ', undefined],
	['many', undefined],
	[null, undefined],
	[true, undefined],
	[[4], undefined],
])('Requests in Flight %p is %p', (value, expected) => {
	const read = () => inFlightFrom(value);
	if (expected !== undefined) return expect(read()).toBe(expected);
	expect(read).toThrow(
		expect.objectContaining({
			kind: 'input',
			field: 'inFlight',
			message: expect.stringContaining(JSON.stringify(value)) as string,
		}),
	);
});

test.each([
	[undefined, 0],
	[0, 0],
	[0.5, 500],
	['90', 90_000],
	[3_600, 3_600_000],
	[3_601, undefined],
	[-1, undefined],
	[Number.NaN, undefined],
	['', undefined],
	['long', undefined],
	[null, undefined],
])('Keep Trying %p is %p ms', (seconds, expected) => {
	const read = () => retryFor(seconds).unreachableMs;
	if (expected !== undefined) return expect(read()).toBe(expected);
	expect(read).toThrow(expect.objectContaining({ kind: 'input', field: 'keepTrying' }));
});

test.each<[string, string, string]>([
	['2026-11-23T09:00', 'Europe/Berlin', '2026-11-23T08:00:00.000Z'],
	[' 2026-11-23 09:00 ', 'UTC', '2026-11-23T09:00:00.000Z'],
	['2026-11-23T09:00:00+05:00', 'Europe/Berlin', '2026-11-23T04:00:00.000Z'],
	['', 'UTC', ''],
	['  ', 'UTC', ''],
])('"%s" in %s is %s', (text, zone, expected) => {
	expect(instantIn(zone)(text)).toBe(expected);
});

test('what is no date says so, and in which field', () => {
	const read = (field?: string) => () => instantIn('UTC')('soon', field);
	expect(read('Start')).toThrow(
		expect.objectContaining({
			kind: 'input',
			field: 'Start',
			message: '"soon" is not a date and time, which the field "Start" needs',
		}),
	);
	expect(read()).toThrow(expect.objectContaining({ message: '"soon" is not a date and time' }));
});

test.each([
	['', ['100 Amelia Hartley', '101 Hart', '200 amelia']],
	['AMELIA', ['100 Amelia Hartley', '200 amelia']],
	['hart  10', ['100 Amelia Hartley', '101 Hart']],
	['hart amelia', ['100 Amelia Hartley']],
	['nobody', []],
])('a list that is searched for "%s" has all of its words', (filter, found) => {
	const choices = ['100 Amelia Hartley', '101 Hart', '200 amelia'].map((name) => ({
		name,
		value: name,
	}));
	expect(matching(choices, filter).results.map(({ name }) => name)).toEqual(found);
});

test.each<[unknown, object]>([
	['*', { a: 1, b: 2 }],
	[['x', '*'], { a: 1, b: 2 }],
	['a', { a: 1 }],
	[' b ,, a', { a: 1, b: 2 }],
	[['a', 'b'], { a: 1, b: 2 }],
	['nobody, toString, a', { a: 1 }],
	['', {}],
	[undefined, {}],
	[null, {}],
])('of the input, %j passes on %j', (chosen, kept) => {
	expect(passedOn(chosen, { a: 1, b: 2 })).toStrictEqual(kept);
});

test.each([
	['voiceagent', true],
	['a', true],
	['12b', true],
	['1-2_3.b', true],
	['küche', true],
	['agent 7', false],
	['agent!', false],
	['!agent', false],
	['.-', false],
])('"%s" can be the client ID of a route point: %p', (text, isName) => {
	const read = (takesNames?: boolean) => dialledNumber('to', 'Destination', text, takesNames);
	if (isName) expect(read(true)).toBe(text);
	else expect(() => read(true)).toThrow('is not a phone number');
	expect(() => read()).toThrow(expect.objectContaining({ kind: 'input', field: 'to' }));
});

test.each<[unknown, boolean]>([
	[undefined, false],
	[null, false],
	[false, false],
	[0, false],
	['', false],
	[' No ', false],
	['FALSE', false],
	['off', false],
	['0', false],
	[true, true],
	[1, true],
	['true', true],
	['yes', true],
	['whatever', true],
	[{}, true],
])('a switch that is %j is on: %p', (value, expected) => {
	expect(isOn(value)).toBe(expected);
});

test('labels are sorted as in a dictionary', () => {
	const byLabel = alphabetically<{ label: string }>(({ label }) => label);
	const sorted = (...labels: string[]) =>
		labels
			.map((label) => ({ label }))
			.sort(byLabel)
			.map(({ label }) => label);
	expect(sorted('b', 'Ålb', 'Ala', 'a', 'é', 'f', 'E')).toEqual([
		'a',
		'Ala',
		'Ålb',
		'b',
		'é',
		'E',
		'f',
	]);
	expect(byLabel({ label: 'A' }, { label: 'á' })).toBe(0);
	expect([
		byLabel({ label: 'a' }, { label: 'b' }),
		byLabel({ label: 'b' }, { label: 'a' }),
	]).toEqual([-1, 1]);
});

describe('an error for n8n', () => {
	const error = (more: object = {}) =>
		new ThreeCxError({
			kind: 'conflict',
			message: 'Taken',
			hint: 'Choose another.',
			status: 409,
			code: 'C',
			field: 'F',
			request: 'GET /x',
			...more,
		});

	test('has message, hint, status and item', () => {
		const shown = toNodeError(NODE, error(), 3);
		expect(shown).toBeInstanceOf(NodeApiError);
		expect(shown).toMatchObject({
			message: 'Taken',
			description: 'Choose another.',
			httpCode: '409',
			context: { itemIndex: 3 },
		});
	});

	test('keeps our words where n8n knows its own for a code', () => {
		const shown = toNodeError(NODE, error({ status: undefined, code: 'ECONNREFUSED' }));
		expect(shown).toMatchObject({ message: 'Taken', description: 'Choose another.' });
		const bare = toNodeError(NODE, error({ status: undefined, code: undefined }));
		expect(bare).toMatchObject({ httpCode: null });
	});

	test.each<[string | undefined, object, string | undefined]>([
		[undefined, {}, 'Choose another.'],
		['https://pbx', {}, 'Choose another. PBX: https://pbx.'],
		['https://pbx', { message: 'https://pbx is away' }, 'Choose another.'],
		['https://pbx', { hint: 'Look at https://pbx.' }, 'Look at https://pbx.'],
		['https://pbx', { hint: '' }, 'PBX: https://pbx.'],
		[undefined, { hint: '' }, undefined],
	])('about %p with %j is described as %p', (origin, more, description) => {
		expect(toNodeError(NODE, error(more), 0, origin).description).toBe(description);
	});

	test('of an input is none of the API', () => {
		const shown = toNodeError(NODE, error({ kind: 'input' }), 2);
		expect(shown).toBeInstanceOf(NodeOperationError);
		expect(shown).toMatchObject({
			message: 'Taken',
			description: 'Choose another.',
			context: { itemIndex: 2 },
		});
	});

	test.each([
		[{}, 'Taken. Choose another. (Parameter: F)'],
		[{ message: 'Taken.' }, 'Taken. Choose another. (Parameter: F)'],
		[{ field: undefined }, 'Taken. Choose another.'],
		[{ hint: '', field: undefined }, 'Taken.'],
	])('with %j says all of it in one line to an AI tool', (more, message) => {
		const tool = { ...NODE, type: 'xTool' };
		expect(toNodeError(tool, error(more)).message).toBe(message);
	});

	test('that is n8n’s is the same, with its item', () => {
		const theirs = new NodeOperationError(NODE, 'x');
		expect(toNodeError(NODE, theirs, 4)).toBe(theirs);
		expect(theirs.context.itemIndex).toBe(4);
		toNodeError(NODE, theirs, 5);
		expect(theirs.context.itemIndex).toBe(4);
		const other = new NodeApiError(NODE, {}, { message: 'y' });
		expect(toNodeError(NODE, other)).toBe(other);
		expect(other.context.itemIndex).toBeUndefined();
	});

	test('that nobody knows is wrapped', () => {
		const shown = toNodeError(NODE, new Error('odd'), 1);
		expect(shown).toBeInstanceOf(NodeOperationError);
		expect(shown).toMatchObject({ message: 'odd', context: { itemIndex: 1 } });
	});
});

test.each<[object, boolean]>([
	[{}, true],
	[{ allowedHttpRequestDomains: 'all', allowedDomains: 'x.com' }, true],
	[{ allowedHttpRequestDomains: 'none' }, true],
	[{ allowedHttpRequestDomains: 'domains' }, false],
	[{ allowedHttpRequestDomains: 'domains', allowedDomains: '  ' }, false],
	[{ allowedHttpRequestDomains: 'domains', allowedDomains: 'x.com' }, false],
	[{ allowedHttpRequestDomains: 'domains', allowedDomains: 'pbx.example.com' }, true],
	[{ allowedHttpRequestDomains: 'domains', allowedDomains: 'x.com, *.example.com' }, true],
])('Allowed Domains %j let the PBX be reached: %p', (restriction, isAllowed) => {
	const check = () => assertDomainAllowed(restriction, 'https://pbx.example.com');
	if (isAllowed) return expect(check).not.toThrow();
	expect(check).toThrow(expect.objectContaining({ kind: 'forbidden', field: 'allowedDomains' }));
});

describe('the filter of the operator', () => {
	class SsrfBlockedIpError extends Error {
		override name = 'SsrfBlockedIpError';
	}
	const filter = (more: object = {}) => {
		const made = {
			validateUrl: async () => await Promise.resolve({ ok: true }),
			createSecureLookup: () => (_: string, __: object, done: (...found: unknown[]) => void) =>
				done(null, '10.0.0.1', 4),
			...more,
		};
		return { getSecureEgressFilter: () => made } as never;
	};

	test('that is not there, or that filters nothing, leaves look-ups as they are', async () => {
		expect(await assertEgressAllowed({}, 'https://pbx')).toBeUndefined();
		expect(
			await assertEgressAllowed({ getSecureEgressFilter: () => undefined } as never, 'https://pbx'),
		).toBeUndefined();
		expect(
			await assertEgressAllowed(filter({ createSecureLookup: () => nodeLookup }), 'https://pbx'),
		).toBeUndefined();
	});

	test('looks up, the same each time', async () => {
		const helpers = filter();
		const lookup = await assertEgressAllowed(helpers, 'https://pbx');
		expect(await assertEgressAllowed(helpers, 'https://other')).toBe(lookup);
		expect(await assertEgressAllowed(filter(), 'https://pbx')).not.toBe(lookup);
		const found = await new Promise<unknown[]>((resolve) =>
			lookup!('pbx', {}, (...each) => resolve(each)),
		);
		expect(found).toEqual([null, '10.0.0.1', 4]);
	});

	test.each<[Error, object]>([
		[
			new SsrfBlockedIpError('x'),
			{ kind: 'forbidden', field: 'pbxUrl', message: 'This n8n may not connect to pbx' },
		],
		[new Error('odd'), { message: 'odd' }],
	])('says by look-up that %p', async (error, expected) => {
		const helpers = filter({
			createSecureLookup: () => (_: string, __: object, done: (...found: unknown[]) => void) =>
				done(error),
		});
		const lookup = await assertEgressAllowed(helpers, 'https://pbx');
		const [shown] = await new Promise<unknown[]>((resolve) =>
			lookup!('pbx', {}, (...each) => resolve(each)),
		);
		expect(shown).toMatchObject(expected);
	});

	test('refuses an address, or cannot find it', async () => {
		const refusing = filter({ validateUrl: async () => await Promise.resolve({ ok: false }) });
		await expect(assertEgressAllowed(refusing, 'https://pbx')).rejects.toMatchObject({
			kind: 'forbidden',
			message: 'This n8n may not connect to https://pbx',
		});
		const lost = filter({
			validateUrl: async () =>
				await Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
		});
		await expect(assertEgressAllowed(lost, 'https://pbx')).rejects.toMatchObject({
			kind: 'unreachable',
			code: 'ENOTFOUND',
		});
	});

	test('is known by its name', () => {
		expect(
			[
				new SsrfBlockedIpError('x'),
				new Error('SsrfBlocked'),
				{ name: 'SsrfBlocked' },
				undefined,
			].map(isBlocked),
		).toEqual([true, false, false, false]);
	});
});

test.each<[string, boolean]>([
	['ManualExecutionCancelledError', true],
	['ExecutionCancelledError', true],
	['ExecutionNotFoundError', true],
	['OtherExecutionNotFoundError', false],
	['ExecutionCancelledErrors', false],
	['Error', false],
])('an execution that was rejected with a %s began: %p', (name, began) => {
	const Rejection = { [name]: class extends Error {} }[name]!;
	expect(hasBegun(new Rejection('x'))).toBe(began);
});

describe('a stored token', () => {
	const stamp = { tenant: 't', secret: 's', client: 'c' };
	const token = { access_token: 'a', secret: 's' };

	test.each<[string, Parameters<typeof storedTokenOf>[0], unknown]>([
		['none', undefined, undefined],
		['ours', { ...token, tenant: 't' }, 'a'],
		[
			'ours among others',
			{ access_token: 'b', tenant: 'u', secret: 's', others: { t: token } },
			'a',
		],
		['that of another', { ...token, tenant: 'u' }, undefined],
		['of an older secret', { ...token, tenant: 't', secret: 'old' }, undefined],
		['that is none', { tenant: 't', secret: 's' }, undefined],
		['of a tenant without others', { tenant: 'u', others: {} }, undefined],
	])('%s', (_, data, expected) => {
		expect(storedTokenOf(data, stamp)?.access_token).toBe(expected);
	});

	test.each<[string | undefined, number]>([
		[undefined, Infinity],
		['soon', Infinity],
		['5', 5],
	])('that ends at %p ends at %d', (n8n_expires_at, end) => {
		expect(endOf({ n8n_expires_at })).toBe(end);
	});
});

describe('n8n’s own HTTP helper', () => {
	const client = { origin: 'https://pbx', clientId: 'a', clientSecret: 'b', ignoreSslIssues: true };
	const asked: object[] = [];
	const helper = (answer: () => Promise<unknown>) =>
		overHelper(
			{
				helpers: { httpRequest: async (options: object) => (asked.push(options), await answer()) },
			} as unknown as IHttpRequestHelper,
			client,
		);
	const answer = async () =>
		await Promise.resolve({
			statusCode: 201,
			headers: { a: 'b' },
			body: Readable.from([Buffer.from('hello')]),
		});
	const COMMON = {
		encoding: 'stream',
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		skipSslCertificateValidation: true,
		timeout: 30_000,
		abortSignal: expect.any(AbortSignal) as AbortSignal,
	};

	beforeEach(() => (asked.length = 0));

	test('sends the login, and follows no redirect', async () => {
		const request = {
			connection: client,
			path: '/connect/token',
			headers: { x: 'y' },
			body: 'form',
			timeoutMs: 1,
		};
		expect(await helper(answer).transport(request)).toEqual({
			status: 201,
			headers: { a: 'b' },
			text: 'hello',
		});
		expect(asked).toEqual([
			{
				...COMMON,
				method: 'POST',
				url: 'https://pbx/connect/token',
				headers: { x: 'y' },
				body: 'form',
			},
		]);
	});

	test('tries a token', async () => {
		expect(await helper(answer).probe('t')).toBe(201);
		expect(asked).toEqual([
			{
				...COMMON,
				url: 'https://pbx/xapi/v1/Defs?$select=Id',
				headers: { authorization: 'Bearer t' },
			},
		]);
	});

	test('is refused by the operator’s filter in our words, otherwise in its own', async () => {
		const blocked = Object.assign(new Error('x'), { name: 'SsrfBlockedIpError' });
		await expect(
			helper(async () => await Promise.reject(blocked)).probe('t'),
		).rejects.toMatchObject({ kind: 'forbidden' });
		await expect(
			helper(async () => await Promise.reject(new Error('odd'))).probe('t'),
		).rejects.toThrow('odd');
	});
});

describe('n8n’s store', () => {
	const reference = { id: '1', name: '3CX' };
	const logged: string[] = [];
	/** A context whose store does what it is told to. */
	const contextWith = (helper: object | undefined, more: object = {}) =>
		({
			getNode: () => ({ ...NODE, credentials: { [CREDENTIAL]: reference } }),
			logger: {
				warn: (text: string) => logged.push(text),
				debug: (text: string) => logged.push(text),
			},
			additionalData: helper && { credentialsHelper: helper },
			mode: 'manual',
			...more,
		}) as unknown as NodeContext;
	const properties = [
		{ name: 'resolved', default: "={{ 'yes' }}" },
		{ name: 'pbxUrl', default: 'https://' },
	];
	const storing = (stored: object | Error) => ({
		asked: [] as unknown[][],
		getDecrypted(...asked: unknown[]) {
			this.asked.push(asked);
			return stored instanceof Error ? Promise.reject(stored) : Promise.resolve(stored);
		},
		getCredentialsProperties: () => properties,
	});

	beforeEach(() => (logged.length = 0));

	test('shows what is stored, and the defaults', async () => {
		const helper = storing({ pbxUrl: '={{ 1 }}' });
		const context = contextWith(helper);
		expect(await storedFields(context)).toEqual({
			stored: { pbxUrl: '={{ 1 }}' },
			defaults: new Map([
				['resolved', "={{ 'yes' }}"],
				['pbxUrl', 'https://'],
			]),
		});
		expect(helper.asked).toEqual([
			[{ credentialsHelper: helper }, reference, CREDENTIAL, 'manual', undefined, true],
		]);
		// A context that does not say how it runs is none of a person.
		await storedFields(contextWith(helper, { mode: undefined }));
		expect(helper.asked[1]![3]).toBe('internal');
	});

	test.each<[string, object | undefined, object]>([
		['resolves what it shows', storing({ resolved: 'yes' }), {}],
		[
			'does not know the field that tells',
			{ ...storing({}), getCredentialsProperties: () => [] },
			{},
		],
		[
			'knows other fields only',
			{ ...storing({}), getCredentialsProperties: () => properties.slice(1) },
			{},
		],
		['throws', storing(new Error('x')), {}],
		['is not there', undefined, {}],
		['has no credential', storing({}), { getNode: () => NODE }],
		['has another credential', storing({}), { getNode: () => ({ ...NODE, credentials: {} }) }],
	])('that %s shows nothing', async (_, helper, more) => {
		expect(await storedFields(contextWith(helper, more))).toBeUndefined();
	});

	test.each<[object, object, boolean]>([
		[{ pbxUrl: 'a' }, { pbxUrl: 'a' }, true],
		[{ pbxUrl: 'a' }, { pbxUrl: 'b' }, false],
		[{ pbxUrl: '={{ $json.a }}' }, { pbxUrl: '={{ $json.a }}' }, false],
		[{ clientSecret: '=x' }, { clientSecret: 'x' }, false],
		[{ pbxUrl: '' }, { pbxUrl: 'https://' }, true],
		[{}, { pbxUrl: 'of the operator' }, false],
		[{ pbxUrl: 'a', ignoreSSLIssues: true }, { pbxUrl: 'a', ignoreSSLIssues: true }, true],
		[{ pbxUrl: 'a', ignoreSSLIssues: false }, { pbxUrl: 'a' }, true],
		[{ pbxUrl: 'a', ignoreSSLIssues: true }, { pbxUrl: 'a', ignoreSSLIssues: false }, false],
		[{ pbxUrl: 'a', allowedDomains: '=x' }, { pbxUrl: 'a', allowedDomains: '=x' }, false],
		[{ pbxUrl: 'a', other: '=x' }, { pbxUrl: 'a' }, true],
	])(
		'with %j, resolved to %j, gives the same for all items: %p',
		async (stored, resolved, expected) => {
			const context = contextWith(storing(stored), {
				getCredentials: async () => await Promise.resolve(resolved),
			});
			expect(await isSameForAllItems(context as unknown as IExecuteFunctions)).toBe(expected);
		},
	);

	test('that shows nothing may give each item something else', async () => {
		expect(await isSameForAllItems(contextWith(undefined) as unknown as IExecuteFunctions)).toBe(
			false,
		);
	});

	describe('keeps a token', () => {
		const token = { access_token: 'a' };
		const keeping = (fail?: Error) => ({
			...storing({}),
			stored: [] as unknown[][],
			updateCredentialsOauthTokenData(...given: unknown[]) {
				this.stored.push(given);
				return fail ? Promise.reject(fail) : Promise.resolve();
			},
		});

		test('in place of what was there', async () => {
			const helper = keeping();
			await storeToken(contextWith(helper), token);
			expect(helper.stored).toEqual([
				[reference, CREDENTIAL, { oauthTokenData: token }, { credentialsHelper: helper }],
			]);
			await storeToken(contextWith(undefined), token);
			await storeToken(contextWith(undefined, { additionalData: {} }), token);
			expect(logged).toEqual([]);
		});

		test('or cannot, which is told in the log', async () => {
			await storeToken(contextWith(keeping(new Error('no database'))), token);
			expect(logged).toEqual([expect.stringContaining('could not be stored: no database')]);
		});
	});

	describe('has a lock', () => {
		/** n8n's context: its renewal looks into the store as often as it is told to, then fails or not. */
		const lockWith = (looks: number, fail?: Error, given: unknown[][] = []) => {
			class Context {
				helpers: object;
				constructor(...parts: unknown[]) {
					given.push(parts);
					const [, , data] = parts as [
						unknown,
						unknown,
						{ credentialsHelper: { getDecrypted: (...asked: unknown[]) => Promise<object> } },
					];
					this.helpers = {
						async refreshOAuth2Token(this: IExecuteFunctions, type: string) {
							given.push([type, await this.getCredentials(CREDENTIAL)]);
							for (let look = 0; look < looks; look++) {
								const helper = data.credentialsHelper;
								given.push([await helper.getDecrypted(1, 2, 3, 4, 5, false)]);
								given.push([await helper.getDecrypted(1, 2, 3, 4, 5, true)]);
							}
							if (fail) throw fail;
						},
					};
				}
			}
			return Context;
		};
		const locked = (Context: unknown, given = storing({ real: true })) =>
			contextWith(given, { constructor: Context, workflow: 'w', node: NODE });
		const counting = () => {
			let runs = 0;
			return { job: async () => await Promise.resolve(++runs), runs: () => runs };
		};

		test('under which the job runs, once; n8n learns neither address nor secret, and is told that all is done', async () => {
			const given: unknown[][] = [];
			const { job, runs } = counting();
			expect(await underTokenLock(locked(lockWith(2, undefined, given)), job)).toBe(1);
			expect(runs()).toBe(1);
			expect(given[0]!.slice(0, 2)).toEqual(['w', NODE]);
			expect(given[0]![3]).toBe('manual');
			expect(given[1]).toEqual([
				CREDENTIAL,
				{ grantType: 'none', oauthTokenData: { access_token: 'to be replaced' } },
			]);
			expect(given[2]).toEqual([{ real: true }]);
			expect(given[3]).toEqual([{ oauthTokenData: { access_token: 'replaced meanwhile' } }]);
			expect(logged).toEqual([]);
		});

		test('that is tried for three times where another renewal takes its place; then the job runs without', async () => {
			const given: unknown[][] = [];
			const { job, runs } = counting();
			expect(await underTokenLock(locked(lockWith(0, undefined, given)), job)).toBe(1);
			expect([given.length, runs()]).toEqual([6, 1]);
		});

		test('that is not tried for again where n8n goes another way', async () => {
			const given: unknown[][] = [];
			const { job, runs } = counting();
			expect(await underTokenLock(locked(lockWith(0, new Error('odd'), given)), job)).toBe(1);
			expect([given.length, runs(), logged]).toEqual([
				2,
				1,
				[expect.stringContaining('lock: odd')],
			]);
		});

		test('under which a job that ran is not run again, whatever n8n says then', async () => {
			const { job, runs } = counting();
			expect(await underTokenLock(locked(lockWith(1, new Error('odd'))), job)).toBe(1);
			expect(runs()).toBe(1);
		});

		test('under which a job that fails fails as itself', async () => {
			const job = async () => await Promise.reject(new Error('refused'));
			await expect(underTokenLock(locked(lockWith(1)), job)).rejects.toThrow('refused');
		});

		test.each<[string, object]>([
			['has it', {}],
			['has none', { getNode: () => NODE }],
			['has another one', { getNode: () => ({ ...NODE, credentials: {} }) }],
		])('and where a node that %s has no lock, jobs run one at a time', async (_, more) => {
			const steps: string[] = [];
			const job = (name: string) => async () => {
				steps.push(`${name} begins`);
				await new Promise((resolve) => setImmediate(resolve));
				steps.push(`${name} ends`);
			};
			const context = contextWith(undefined, more);
			await Promise.all([underTokenLock(context, job('a')), underTokenLock(context, job('b'))]);
			expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
		});
	});
});

test('the dropdowns of resources and operations offer what there is, by its names', () => {
	const execute = async () => await Promise.resolve({});
	const operation = (name: string) => ({
		name,
		label: name.toUpperCase(),
		action: `${name} it`,
		description: `To ${name}`,
		execute,
	});
	const user = {
		name: 'user',
		label: 'User',
		description: 'People',
		operations: [operation('get'), operation('drop')],
	};
	const call = { name: 'call', label: 'Call', operations: [operation('make')], first: 'x' };
	expect(resourceProperty([user, call], call)).toEqual({
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		options: [
			// What most people want is on top.
			{ name: 'Call', value: 'call' },
			{ name: 'User', value: 'user', description: 'People' },
		],
		default: 'call',
	});
	expect(operationProperty(user)).toEqual({
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: ['user'] } },
		options: [
			{ name: 'GET', value: 'get', action: 'get it', description: 'To get' },
			{ name: 'DROP', value: 'drop', action: 'drop it', description: 'To drop' },
		],
		default: 'get',
	});
	expect(operationProperty(call).default).toBe('x');
});
