import { createCallControl } from '../../lib/callcontrol/rest/client';
import { createPbxClient, type PbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import { TokenCache } from '../../lib/http/tokens';
import { ANSWERS, startEvilPbx, type EvilPbx } from './evilPbx';
import { DISGUISES, everything, leaksIn } from './leaks';

/** A password as a person types it: shown to nobody, in an error neither. */
const TYPED = 'Tr0ub4dor&"3é';
const NESTED = 'n3sted-s3cret-value';

let pbx: EvilPbx;
let client: PbxClient;

beforeAll(async () => {
	pbx = await startEvilPbx();
});

afterAll(async () => {
	await closeDispatchers();
	await pbx.close();
});

beforeEach(() => {
	const connection = { origin: pbx.server.origin, ignoreSslIssues: false };
	const { clientId, clientSecret } = pbx;
	client = createPbxClient({
		connection,
		tokens: new TokenCache().source(connection, { clientId, clientSecret }),
		retry: { attempts: 1, baseMs: 0, capMs: 0 },
	});
});

const BODY = {
	FirstName: 'Anna',
	AuthPassword: TYPED,
	Phones: [{ settings: { secret: { Value: NESTED } } }],
};

const thrown = async (job: () => Promise<unknown>): Promise<ThreeCxError | undefined> =>
	await job().then(
		() => undefined,
		(error: unknown) => error as ThreeCxError,
	);

const REQUESTS: Record<string, () => Promise<unknown>> = {
	'a write': async () =>
		await client.request({ method: 'PATCH', path: '/xapi/v1/Users(1)', body: BODY }),
	'a call action': async () =>
		await createCallControl(client).makeCall('100', { destination: '101' }),
};

describe.each(Object.entries(ANSWERS))('a PBX that echoes what it got in %s', (_, answer) => {
	test.each(Object.entries(DISGUISES))('%s: no error shows it', async (__, disguise) => {
		Object.assign(pbx, { answer, disguise });
		let errors = 0;
		for (const job of Object.values(REQUESTS)) {
			// The PBX says its secrets by turns, and all at once.
			for (let time = 0; time < 3; time++) {
				const error = await thrown(job);
				// To a write, a failure that looks fine is fine.
				if (!error) continue;
				errors++;
				const secrets = [...pbx.tokens.slice(-1), pbx.clientSecret, TYPED, NESTED];
				expect(leaksIn(error, secrets)).toEqual([]);
				expect(error).toBeInstanceOf(ThreeCxError);
				expect(error.message.length).toBeLessThan(1_000);
			}
		}
		expect(errors).toBeGreaterThanOrEqual(3);
	});
});

test('what is no secret stays readable beside it', async () => {
	Object.assign(pbx, {
		disguise: DISGUISES['as it is'],
		answer: ((heard: string) => ({
			status: 400,
			body: { error: { message: `Anna: the value "${heard}" is no password` } },
		})) satisfies EvilPbx['answer'],
	});
	const error = await thrown(REQUESTS['a write']!);
	expect(error?.message).toMatch(
		/^3CX says: Anna: the value "(Anna|.*\[hidden\].*)" is no password$/,
	);
	expect(error?.request).toBe('PATCH /xapi/v1/Users(1)');
});

test('rows that hold the token or the client secret are free of them', async () => {
	Object.assign(pbx, {
		disguise: DISGUISES['as it is'],
		answer: ((_: string, { headers }) => ({
			status: 200,
			body: {
				Name: `x ${String(headers.authorization)} y`,
				[pbx.clientSecret]: [{ deep: pbx.clientSecret }],
				Number: '100',
			},
		})) satisfies EvilPbx['answer'],
	});
	const { body } = await client.request({ method: 'GET', path: '/xapi/v1/Users(1)' });
	expect(leaksIn(body, [...pbx.tokens, pbx.clientSecret])).toEqual([]);
	expect(body).toMatchObject({ Name: 'x Bearer [hidden] y', Number: '100' });
});

test('the causes of an error are kept, without what they carry', async () => {
	const socket = Object.assign(new Error(`sent ${pbx.clientSecret}`), {
		code: 'ECONNRESET',
		request: { headers: { authorization: 'Bearer abc' } },
	});
	const error = new ThreeCxError({
		kind: 'unreachable',
		message: 'broken',
		hint: '',
		cause: Object.assign(new TypeError('fetch failed', { cause: socket }), {
			body: 'x'.repeat(99),
		}),
	});
	const masked = client.secrets.maskError(error);
	expect(masked.cause).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
	expect((masked.cause as Error).cause).toMatchObject({
		message: 'sent [hidden]',
		code: 'ECONNRESET',
	});
	expect(everything(masked)).not.toMatch(/authorization|xxxx/);
});

test.each([
	['a code', 'code'],
	['a field', 'field'],
])('%s that is none is left out', (_, name) => {
	const make = (value: string) =>
		new ThreeCxError({ kind: 'server', message: '', hint: '', [name]: value });
	expect(make('WARNINGS.XAPI.REQUIRED')).toHaveProperty(name, 'WARNINGS.XAPI.REQUIRED');
	for (const odd of ['', 'x'.repeat(101), 'a\nb', '<script>', 'Bearer: abc', '"'])
		expect(make(odd)[name as 'code']).toBeUndefined();
});
