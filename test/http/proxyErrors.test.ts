import { errorFromNetwork } from '../../lib/http/networkErrors';
import { proxyFor } from '../../lib/http/proxy';

/** Which proxy is meant, and whose fault a failure is. That requests go through it is in `test/proxy`. */

const NAMES = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((n) => [n, n.toUpperCase()]);
const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));

const environment = (values: Record<string, string>) => {
	for (const name of NAMES) delete process.env[name];
	Object.assign(process.env, values);
};

afterEach(() => {
	for (const name of NAMES) delete process.env[name];
	for (const [name, value] of Object.entries(before))
		if (value !== undefined) process.env[name] = value;
});

const ALL = { https_proxy: 'a', HTTPS_PROXY: 'b', http_proxy: 'c', HTTP_PROXY: 'd' };
const ANY = { all_proxy: 'e', ALL_PROXY: 'f' };

test.each<[string, Record<string, string>, string]>([
	['https://pbx', { ...ALL, ...ANY }, 'a'],
	['http://pbx', { ...ALL, ...ANY }, 'c'],
	['https://pbx', { HTTPS_PROXY: 'b', ...ANY }, 'b'],
	['http://pbx', { HTTP_PROXY: 'd', ...ANY }, 'd'],
	['https://pbx', { http_proxy: 'c', HTTP_PROXY: 'd' }, ''],
	['http://pbx', { https_proxy: 'a', HTTPS_PROXY: 'b' }, ''],
	['https://pbx', ANY, 'e'],
	['http://pbx', { ALL_PROXY: 'f' }, 'f'],
	['https://pbx', { https_proxy: '', HTTPS_PROXY: 'b' }, 'b'],
	['http://https:', { https_proxy: 'a', http_proxy: 'c' }, 'c'],
	['https://pbx', {}, ''],
])('%s with %p', (origin, values, proxy) => {
	environment(values);
	expect(proxyFor(origin)).toBe(proxy);
});

const PBX = 'https://pbx.example.com:5001';
const refusedBy = (status: number) => ({
	kind: 'unreachable',
	message: `The proxy on the way to ${PBX} refused the connection (HTTP ${status})`,
	request: 'GET /xapi/v1/Users',
});
const notThere = {
	kind: 'unreachable',
	message: `The proxy on the way to ${PBX} could not be reached`,
};

test.each<[string, string, object, object]>([
	['undici', '', { message: 'Proxy response (403) !== 200 when HTTP Tunneling' }, refusedBy(403)],
	['n8n', '', { message: 'failed via 10.0.0.1:3128: HTTP/1.1 502 Bad Gateway' }, refusedBy(502)],
	['older ones', '', { message: 'failed via proxy HTTP/1.0 503' }, refusedBy(503)],
	['a status', '', { status: 407 }, refusedBy(407)],
	['a cause', '', { message: 'fetch failed', cause: { status: 407 } }, refusedBy(407)],
	[
		'a port',
		'http://proxy:3128',
		{ code: 'ECONNREFUSED', port: 3128 },
		{ ...notThere, code: 'ECONNREFUSED' },
	],
	[
		'a name',
		'http://proxy:3128',
		{ code: 'ENOTFOUND', hostname: 'proxy' },
		{ ...notThere, code: 'ENOTFOUND' },
	],
	['port 80', 'http://proxy', { code: 'ECONNREFUSED', port: 80 }, notThere],
	['port 443', 'https://proxy', { code: 'ECONNREFUSED', port: 443 }, notThere],
	[
		'a cause of it',
		'http://proxy',
		{ cause: { cause: { code: 'ECONNREFUSED', port: 80 } } },
		notThere,
	],
])('%s says that the proxy is at fault', (_, proxy, cause, expected) => {
	environment({ https_proxy: proxy });
	const error = errorFromNetwork(cause, PBX, 'GET /xapi/v1/Users');
	expect(error).toMatchObject(expected);
	expect(error.request).toBe('GET /xapi/v1/Users');
	expect(error.hint).toContain('NO_PROXY');
});

test.each<[string, string, object]>([
	['another port', 'http://proxy:3128', { code: 'ECONNREFUSED', port: 5001 }],
	['port 443 of a proxy at 80', 'http://proxy', { code: 'ECONNREFUSED', port: 443 }],
	['port 80 of a proxy at 443', 'https://proxy', { code: 'ECONNREFUSED', port: 80 }],
	['another name', 'http://proxy:3128', { code: 'ENOTFOUND', hostname: 'pbx.example.com' }],
	['no proxy', '', { code: 'ECONNREFUSED', port: 5001 }],
	['a proxy that is no address', 'proxy', { code: 'ECONNREFUSED', port: 80 }],
	['another status', 'http://proxy:3128', { status: 408, code: 'ECONNRESET' }],
	[
		'a status far behind',
		'http://proxy:3128',
		{ message: `${'x'.repeat(2_000)}Proxy response (403)` },
	],
])('%s does not', (_, proxy, cause) => {
	environment({ https_proxy: proxy });
	expect(errorFromNetwork(cause, PBX).message).not.toContain('proxy');
});

test.each([null, undefined, 'broken', 5])('%p is no failure of a proxy', (cause) => {
	environment({ https_proxy: 'http://proxy' });
	expect(errorFromNetwork(cause, PBX)).toMatchObject({
		kind: 'unreachable',
		message: `${PBX} broke the connection`,
	});
});
