import type { INodeExecutionData } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type ApiClient, type Fault, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { json, startServer, type TestServer } from '../support/httpServer';
import { CredentialStore, runNode } from '../support/n8n';

/**
 * A tenant table as people type it: one workflow, one credential with expressions, On Error: Continue. A bad row must
 * say which tenant it is, what is wrong and what to do; and must not spoil the good ones.
 *
 * A proxy that refuses is shown in `test/proxy`, a PBX that hangs in `test/nodes/tokenSharing.test.ts`.
 */

type Column = 'url' | 'clientId' | 'clientSecret';

/** What stands in a row of the table. */
type Fields = Partial<Record<Column, string | number | null>> & { ignoreSsl?: boolean };

/** A tenant with a PBX of its own. */
interface Tenant {
	pbx?: PbxOptions;
	/** What stands in its row instead of what is right. */
	row?: (right: Record<Column, string>) => Fields;
	/** What its PBX does instead of what it should, each time. */
	fault?: (elsewhere: string) => Fault;
}

interface BadTenant extends Tenant {
	/** How the error tells this tenant from the others; default its address. */
	names?: (fields: Fields) => string;
	cause: RegExp;
	cure: RegExp;
}

const client = (more: Partial<ApiClient>): ApiClient => ({
	clientId: 'n8n',
	clientSecret: 'kq4N-0tB7w_1',
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
	...more,
});

const withClient = (more: Partial<ApiClient>): Tenant => ({ pbx: { clients: [client(more)] } });

/** With tokens that live for less than the clock is off: by our clock they end before they begin, or too late. */
const clockOff = (minutes: number): Tenant => ({
	pbx: { now: () => new Date(Date.now() + minutes * 60_000), tokenLifetimeSeconds: 240 },
});

/** All have the client ID `n8n` unless it says otherwise: nothing but where a token came from tells whose it is. */
const GOOD: Record<string, Tenant> = {
	'nothing special': {},
	'the same client ID as the one before': {},
	'the address bar of the web client': {
		row: ({ url }) => ({ url: ` ${url}/webclient/#/people?page=2 ` }),
	},
	'a certificate of its own, which it accepts': {
		pbx: { tls: true },
		row: () => ({ ignoreSsl: true }),
	},
	'a secret of odd characters': withClient({
		clientSecret: `100% a+b&c=d "e" 'f' \`g\` \\ /?#; ü 电话 😀 %41`,
	}),
	'a secret that looks like an expression': withClient({ clientSecret: '={{ $json.url }}' }),
	'a client ID of odd characters': withClient({ clientId: `n8n & Söhne = 100% + "x" 'y'` }),
	'a client ID that the table holds as a number': {
		...withClient({ clientId: '800' }),
		row: () => ({ clientId: 800 }),
	},
	'a clock five minutes behind': clockOff(-5),
	'a clock five minutes ahead': clockOff(5),
};

const NOTHING = {
	names: ({ clientId }: Fields) => `(client ID ${String(clientId)})`,
	cause: /^The Server URL is empty/,
	cure: /column may be empty/,
};

const PLAIN_TO_TLS =
	'<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>';

const BAD: Record<string, BadTenant> = {
	'no address': { row: () => ({ url: '' }), ...NOTHING },
	'null for an address': { row: () => ({ url: null }), ...NOTHING },
	'no column for the address': { row: () => ({ url: undefined }), ...NOTHING },
	'no client ID': {
		row: () => ({ clientId: '' }),
		cause: /^The Client ID is empty/,
		cure: /column may be empty/,
	},
	'null for a secret': {
		row: () => ({ clientSecret: null }),
		cause: /^The Client Secret is empty/,
		cure: /column may be empty/,
	},
	'no column for the secret': {
		row: () => ({ clientSecret: undefined }),
		cause: /^The Client Secret is empty/,
		cure: /column may be empty/,
	},
	'an address of which only the scheme is left': {
		row: () => ({ url: 'https://' }),
		cause: /is not a web address/,
		cure: /such as https:\/\/pbx\.example\.com:5001/,
	},
	'a host name with a typo': {
		row: () => ({ url: 'https://pbx.exmaple.invalid/webclient' }),
		names: () => 'https://pbx.exmaple.invalid',
		cause: /could not be found: no such host name/,
		cure: /Check the Server URL .* for typos/,
	},
	'a wrong port': {
		row: () => ({ url: 'http://127.0.0.1:1' }),
		cause: /refused the connection/,
		cure: /Check the port/,
	},
	'a scheme with a typo': {
		row: ({ url }) => ({ url: url.replace('http', 'htp') }),
		cause: /is not a web address/,
		cure: /with https or http/,
	},
	'a slash too few': {
		row: ({ url }) => ({ url: url.replace('//', '/') }),
		cause: /is not a web address/,
		cure: /with https or http/,
	},
	'http where only https is spoken': {
		pbx: { tls: true },
		row: ({ url }) => ({ url: url.replace('https', 'http') }),
		cause: /broke the connection/,
		cure: /write https:\/\/ instead of http:\/\//,
	},
	'http where only https is spoken, and said so': {
		fault: () => ({ status: 400, body: PLAIN_TO_TLS, headers: { 'content-type': 'text/html' } }),
		cause: /speaks only https on this port/,
		cure: /Write https:\/\/ instead of http:\/\//,
	},
	'https where only http is spoken': {
		row: ({ url }) => ({ url: url.replace('http', 'https') }),
		cause: /does not speak https on this port/,
		cure: /Check scheme and port/,
	},
	'a certificate of its own, which nobody has accepted': {
		pbx: { tls: true },
		cause: /is not trusted: it is self-signed/,
		cure: /Ignore SSL Issues/,
	},
	'a wrong secret': {
		row: () => ({ clientSecret: 'mistyped' }),
		cause: /refuses the client ID or the client secret/,
		cure: /Compare both.*tried only once/,
	},
	'a blank behind the secret': {
		row: ({ clientSecret }) => ({ clientSecret: `${clientSecret} ` }),
		cause: /refuses the client ID or the client secret/,
		cure: /spaces at the ends/,
	},
	'a PBX that has blocked this machine': {
		pbx: { blockAfterFailedLogins: 0 },
		cause: /does not let this machine log in/,
		cure: /anti-hacking blocklist/,
	},
	'a box that is not ticked': {
		...withClient({ xapiEnabled: false }),
		cause: /may not do this \(HTTP 403/,
		cure: /"3CX Configuration API Access" is ticked/,
	},
	'a PBX that is busy': {
		fault: () => ({ path: /Groups/, status: 503, headers: { 'retry-after': '0' } }),
		cause: /is busy or restarting \(HTTP 503/,
		cure: /Try again in a moment/,
	},
	'a PBX whose login is busy': {
		fault: () => ({ path: /connect/, status: 503, headers: { 'retry-after': '0' } }),
		cause: /is busy or restarting \(HTTP 503/,
		cure: /Try again in a moment/,
	},
	'a PBX that sends us elsewhere': {
		fault: (elsewhere) => ({ path: /Groups/, status: 302, headers: { location: elsewhere } }),
		cause: /sends us to another address: http:/,
		cure: /Enter that address as the Server URL/,
	},
};

const TENANTS: Record<string, Tenant> = { ...GOOD, ...BAD };

/** Each tenant has so many rows, so that what one request has cost can be told from what all have cost. */
const ROUNDS = 3;

const pbxs = new Map<string, Pbx>();
const rows = new Map<string, Fields>();
const results = new Map<string, INodeExecutionData[]>();
let elsewhere: TestServer;

beforeAll(async () => {
	elsewhere = await startServer((_, response) => void response.writeHead(404).end());
	const opened = await Promise.all(
		Object.entries(TENANTS).map(async ([name, { pbx, row, fault }]) => {
			const own = await startPbx({ seed: 'empty', ...pbx });
			if (fault) own.faults.next({ times: 1_000, ...fault(elsewhere.origin) });
			const { clientId, clientSecret } = own.defaultClient;
			const right = { url: own.url, clientId, clientSecret };
			return { name, own, fields: { ...right, ...row?.(right) } };
		}),
	);
	for (const { name, own, fields } of opened) {
		pbxs.set(name, own);
		rows.set(name, fields);
		results.set(name, []);
	}
	const names = Array.from({ length: ROUNDS }, () => [...rows.keys()]).flat();
	const { items, error } = await departments(names.map((name) => rows.get(name)!));
	expect(error).toBeUndefined();
	for (const item of items) results.get(names[indexOf(item)]!)!.push(item);
}, 60_000);

afterAll(async () => {
	await closeDispatchers();
	await Promise.all([...pbxs.values(), elsewhere].map(async (server) => await server.close()));
});

/** Reads the departments of the PBX in each row. */
const departments = async (items: Fields[], inFlight = 4) =>
	await runNode({
		parameters: { resource: 'department', operation: 'getAll', requestOptions: { inFlight } },
		credentials: new CredentialStore({
			pbxUrl: '={{ $json.url }}',
			clientId: '={{ $json.clientId }}',
			clientSecret: '={{ $json.clientSecret }}',
			ignoreSSLIssues: '={{ $json.ignoreSsl === true }}',
		}),
		items,
		onError: 'continueRegularOutput',
	});

const indexOf = ({ pairedItem }: INodeExecutionData) => (pairedItem as { item: number }).item;

/** All that an item says about its error, line by line. */
const said = ({ json, error }: INodeExecutionData) =>
	[...Object.values(json), error?.message, error?.description].filter(Boolean).join('\n');

const mints = ({ mints: all }: Pbx) => Object.values(all).reduce((sum, count) => sum + count, 0);

describe('a good row works, with one token for all its requests:', () => {
	test.each(Object.keys(GOOD))('%s', (name) => {
		const pbx = pbxs.get(name)!;
		expect(results.get(name)!.map(({ json }) => json)).toEqual(
			Array.from({ length: ROUNDS }, () => expect.objectContaining({ Name: 'DEFAULT' }) as unknown),
		);
		expect(mints(pbx)).toBe(1);
		expect(pbx.requests.filter(({ status }) => status === 401)).toEqual([]);
	});
});

describe('a bad row says which tenant it is, what is wrong, and what to do:', () => {
	test.each(Object.entries(BAD))('%s', (name, { names, cause, cure }) => {
		const items = results.get(name)!;
		const fields = rows.get(name)!;
		expect(items).toHaveLength(ROUNDS);
		for (const item of items) {
			// The message alone, since it is all that n8n hands to the nodes that follow.
			expect(item.json.error).toMatch(cause);
			expect(item.json.error).toContain(names?.(fields) ?? fields.url);
			expect(said(item)).toMatch(cure);
			expect(said(item)).not.toContain(fields.clientSecret ?? 'null');
		}
	});
});

test.each(['a wrong secret', 'a blank behind the secret'])('%s is tried exactly once', (name) => {
	const { failedLogins, requests } = pbxs.get(name)!;
	expect(failedLogins).toBe(1);
	const sent = requests.map(({ method, path }) => `${method} ${path}`);
	expect(sent).toEqual(['POST /connect/token']);
});

test('no token is seen by another PBX, or by where a PBX sends us', () => {
	const seenBy = [...pbxs.values()].map(
		({ requests }) =>
			new Set(requests.flatMap(({ tokenFingerprint }) => tokenFingerprint ?? [])) as Set<string>,
	);
	const all = seenBy.flatMap((tokens) => [...tokens]);
	expect(all.length).toBeGreaterThanOrEqual(Object.keys(GOOD).length);
	expect(new Set(all).size).toBe(all.length);
	expect(elsewhere.received).toEqual([]);
});

/** Answers every login with a redirect to somewhere else. */
const loginMoved = (status: number, to: string): Fault => ({
	path: /connect/,
	status,
	headers: { location: `${to}/connect/token` },
	times: 100,
});

test.each([301, 302, 307, 308])(
	'a login that is redirected (%d) takes neither secret nor token along',
	async (status) => {
		const pbx = await startPbx({ seed: 'empty' });
		pbxs.set(`moved ${status}`, pbx);
		pbx.faults.next(loginMoved(status, elsewhere.origin));
		const { clientId, clientSecret } = pbx.defaultClient;
		const { items } = await departments([{ url: pbx.url, clientId, clientSecret }]);
		expect(items[0]?.json.error).toBe(
			`${pbx.url} sends us to another address: ${elsewhere.origin}`,
		);
		expect(elsewhere.received).toEqual([]);
	},
);

test('a login that gives out the very token that is refused is not tried again and again', async () => {
	// As a cache in front of the PBX would.
	const stale = { access_token: 'stale', token_type: 'Bearer', expires_in: 3600 };
	const server = await startServer(({ url }, response) =>
		url === '/connect/token' ? json(response, 200, stale) : json(response, 401, {}),
	);
	const { items } = await departments([{ url: server.origin, clientId: 'n8n', clientSecret: 'x' }]);
	await server.close();
	expect(items[0]?.json.error).toContain('refuses the access token');
	const logins = server.received.filter(({ method }) => method === 'POST');
	expect(logins.length).toBeLessThanOrEqual(2);
});

test.each([1, 4, 8])(
	'one PBX under two names, with %d requests in flight: each new token ends the other’s, and still every row works',
	async (inFlight) => {
		// 3CX calls itself by its FQDN in every token, whatever it was called by.
		const pbx = await startPbx({ seed: 'empty', fqdn: 'pbx.example.com', latencyMs: 2 });
		pbxs.set(`two names ${inFlight}`, pbx);
		const { clientId, clientSecret } = pbx.defaultClient;
		const names = [pbx.url, pbx.url.replace('127.0.0.1', 'localhost')];
		const items = Array.from({ length: 50 }, () => names)
			.flat()
			.map((url) => ({ url, clientId, clientSecret }));
		const { items: output } = await departments(items, inFlight);
		expect(output.map(({ json: row }) => row.error)).toEqual(items.map(() => undefined));
		expect(mints(pbx)).toBeLessThanOrEqual(4);
	},
);

test('two PBXs that call themselves the same, as a copy does, each get tokens of their own', async () => {
	const both = await Promise.all(
		['a', 'b'].map(async (name) => {
			const pbx = await startPbx({ seed: 'empty', fqdn: 'pbx.example.com', clients: [client({})] });
			pbxs.set(`copy ${name}`, pbx);
			return pbx;
		}),
	);
	const rowOf = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) => ({
		url,
		clientId,
		clientSecret,
	});
	const items = Array.from({ length: 10 }, () => both.map(rowOf)).flat();
	await departments(items);
	// Both tokens end. The other one's is tried, since it could be of this PBX; then each gets a new one.
	await Promise.all(both.map(async (pbx) => await pbx.restart()));
	const { items: output } = await departments(items);
	expect(output.map(({ json: row }) => row.error)).toEqual(items.map(() => undefined));
});
