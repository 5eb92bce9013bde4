import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode } from '../support/n8n';
import { startProxy, type Proxy } from './connectProxy';

/** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, which n8n's own helper would have honoured, with a real proxy. */

let secure: Pbx;
let plain: Pbx;
let proxy: Proxy;

beforeAll(async () => {
	[secure, plain] = await Promise.all([
		startPbx({ seed: 'empty', tls: true }),
		startPbx({ seed: 'empty' }),
	]);
});

beforeEach(async () => {
	proxy = await startProxy();
});

afterEach(async () => await proxy.close());

afterAll(async () => {
	await closeDispatchers();
	await Promise.all([secure.close(), plain.close()]);
});

type Environment = Record<string, string>;

interface Answer {
	departments?: number;
	error?: string;
	hint?: string;
}

const withoutProxies = (environment: NodeJS.ProcessEnv) =>
	Object.fromEntries(Object.entries(environment).filter(([name]) => !/_proxy$/i.test(name)));

/** The library in a process that begins with this environment: token, request, socket. */
async function library({ url, defaultClient }: Pbx, environment: Environment): Promise<Answer> {
	const { stdout } = await promisify(execFile)(
		process.execPath,
		['--import', 'tsx', join(__dirname, 'child.ts')],
		{
			env: {
				...withoutProxies(process.env),
				PBX_URL: url,
				CLIENT_ID: defaultClient.clientId,
				CLIENT_SECRET: defaultClient.clientSecret,
				...environment,
			},
		},
	);
	return JSON.parse(stdout) as Answer;
}

/** The 3CX node in n8n's engine: n8n itself fetches the token, we send the rest. */
async function node({ url, defaultClient }: Pbx, environment: Environment): Promise<Answer> {
	const before = process.env;
	process.env = { ...withoutProxies(before), ...environment };
	await closeDispatchers();
	const { items, error } = await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials: new CredentialStore({
			pbxUrl: url,
			clientId: defaultClient.clientId,
			clientSecret: defaultClient.clientSecret,
			ignoreSSLIssues: true,
		}),
	});
	process.env = before;
	await closeDispatchers();
	return error
		? { error: error.message, hint: error.description ?? '' }
		: { departments: items.length };
}

const hostOf = ({ url }: Pbx) => new URL(url).host;

describe.each([
	['library', library, ['/connect/token', '/xapi/v1/Groups', '/callcontrol/ws']],
	['node', node, ['/connect/token', '/xapi/v1/Groups']],
] as const)('the %s', (_, run, paths) => {
	test('goes through HTTPS_PROXY with everything it sends', async () => {
		const before = secure.requests.length;
		expect(await run(secure, { HTTPS_PROXY: proxy.url })).toEqual({ departments: 1 });
		const sent = secure.requests.slice(before).map(({ path }) => path);
		expect(sent).toEqual(expect.arrayContaining([...paths]));
		expect(new Set(proxy.asked)).toEqual(new Set([hostOf(secure)]));
	});

	test.each(['127.0.0.1', 'example.com,127.0.0.1', '*'])(
		'does not where NO_PROXY is %s',
		async (exceptions) => {
			const environment = { HTTPS_PROXY: proxy.url, NO_PROXY: exceptions };
			expect(await run(secure, environment)).toEqual({ departments: 1 });
			expect(proxy.asked).toEqual([]);
		},
	);

	test('does not take the proxy of the other scheme', async () => {
		expect(await run(secure, { HTTP_PROXY: proxy.url })).toEqual({ departments: 1 });
		expect(proxy.asked).toEqual([]);
	});

	test('says that it is the proxy that refuses', async () => {
		const strict = await startProxy(407);
		const { error, hint } = await run(secure, { HTTPS_PROXY: strict.url });
		await strict.close();
		expect(error).toBe(`The proxy on the way to ${secure.url} refused the connection (HTTP 407)`);
		expect(hint).toContain('NO_PROXY');
	});

	test('says that it is the proxy that is not there', async () => {
		const gone = await startProxy();
		await gone.close();
		const { error } = await run(secure, { HTTPS_PROXY: gone.url });
		expect(error).toBe(`The proxy on the way to ${secure.url} could not be reached`);
	});
});

test('the node goes through HTTP_PROXY to a PBX that is reached over http', async () => {
	expect(await node(plain, { HTTP_PROXY: proxy.url })).toEqual({ departments: 1 });
	expect(new Set(proxy.asked)).toEqual(new Set([hostOf(plain)]));
});
