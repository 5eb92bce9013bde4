import { startPbx, type ApiClient, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import type { N8nApi } from '../../sandbox/playground/api';
import { chain, CREDENTIAL_TYPE, openN8n, type TestedN8n } from './support';

/**
 * The credential in a real n8n: what its Test button says, and how the token is kept and shared. n8n's own code decides
 * here what is tested and stored, so nothing less than n8n can show it.
 */

let n8n: TestedN8n;
let api: N8nApi;
const pbxs: Pbx[] = [];

beforeAll(async () => {
	n8n = await openN8n();
	({ api } = n8n);
}, 330_000);

afterAll(async () => {
	await Promise.all(pbxs.map(async (pbx) => await pbx.close()));
	await n8n.close();
}, 60_000);

const client = (more: Partial<ApiClient> = {}): ApiClient => ({
	clientId: 'n8n',
	clientSecret: 'right',
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
	...more,
});

async function newPbx(options: PbxOptions = {}): Promise<Pbx> {
	const pbx = await startPbx({ seed: 'empty', clients: [client()], ...options });
	pbxs.push(pbx);
	return pbx;
}

const fields = (pbxUrl: string, more: Record<string, unknown> = {}) => ({
	pbxUrl,
	clientId: 'n8n',
	clientSecret: 'right',
	...more,
});

/** Saves a credential as the editor does, presses Test, and gives what is shown. */
async function saveAndTest(data: Record<string, unknown>, name = 'tested') {
	const { id } = await api.saveCredential(name, CREDENTIAL_TYPE, data);
	const { status, message } = await api.testCredential(id, name, CREDENTIAL_TYPE, data);
	return `${status}: ${message}`;
}

/** A workflow that lists the departments of the credential's PBX. */
const departmentsWorkflow = async (credential: { id: string; name: string }) =>
	await api.saveWorkflow(
		chain('Departments', credential, [
			{ name: '3CX', parameters: { resource: 'department', operation: 'getAll' } },
		]),
	);

/** n8n 2.30 puts words of its own in the place of ours for a 403; 2.36 does not. */
const WHY_FORBIDDEN = process.env.N8N_VERSION?.startsWith('2.30.')
	? /^Error: Forbidden/
	: /^Error: Client ID and secret are right, but .*Integrations > API.*Enterprise/;

describe('Test says in plain words', () => {
	test('that all is well, whatever follows the address', async () => {
		const { url } = await newPbx();
		expect(await saveAndTest(fields(` ${url}/webclient/#/people`))).toBe(
			'OK: Connection successful!',
		);
	});

	test.each([
		[
			'a wrong secret',
			{ clientSecret: 'wrong' },
			/^Error: .*refuses the client ID or the client secret/,
		],
		['an empty secret', { clientSecret: '' }, /^Error: The Client Secret is empty/],
		[
			'an address that is none',
			{ pbxUrl: 'my pbx' },
			/^Error: The Server URL is not a web address/,
		],
		[
			'an unknown host',
			{ pbxUrl: 'nowhere.invalid' },
			/^Error: https:\/\/nowhere\.invalid could not be/,
		],
		['a closed port', { pbxUrl: 'http://127.0.0.1:1' }, /^Error: .*refused the connection/],
	])('%s', async (_, mistake, said) => {
		const { url } = await newPbx();
		expect(await saveAndTest(fields(url, mistake))).toMatch(said);
	});

	test('https where the PBX speaks http', async () => {
		const { url } = await newPbx();
		expect(await saveAndTest(fields(url.replace('http:', 'https:')))).toMatch(
			/does not speak https on this port/,
		);
	});

	test.each([
		['the Configuration API is not ticked', { clients: [client({ xapiEnabled: false })] }],
		['the licence has no API', { licence: 'professional' as const }],
	])('%s', async (_, options) => {
		const { url } = await newPbx(options);
		expect(await saveAndTest(fields(url))).toMatch(WHY_FORBIDDEN);
	});

	test('a private certificate, and accepts it when told to', async () => {
		const { url } = await newPbx({ tls: true });
		expect(await saveAndTest(fields(url))).toMatch(/is not trusted: it is self-signed.*Ignore SSL/);
		expect(await saveAndTest(fields(url, { ignoreSSLIssues: true }))).toMatch(/^OK/);
	});
});

test('Test tests what was typed, not the token of an older secret', async () => {
	const pbx = await newPbx();
	expect(await saveAndTest(fields(pbx.url), 'edited')).toMatch(/^OK/);
	expect(await saveAndTest(fields(pbx.url, { clientSecret: 'typo' }), 'edited')).toMatch(/^Error/);
	expect(await saveAndTest(fields(pbx.url), 'edited')).toMatch(/^OK/);
	// The right secret was tried once: 3CX ends the running token with each new one.
	expect(pbx.mints.n8n).toBe(1);
});

test('executions share one stored token, and one renewal when it is replaced', async () => {
	const pbx = await newPbx();
	const credential = await api.saveCredential('shared', CREDENTIAL_TYPE, fields(pbx.url));
	const { id } = await departmentsWorkflow(credential);
	const runs = async (count: number) => {
		const executions = await Promise.all(
			Array.from({ length: count }, async () => await api.run(id, 'Go')),
		);
		expect(executions.map(({ status }) => status)).toEqual(
			Array.from({ length: count }, () => 'success'),
		);
	};
	// n8n alone would mint one token for each of these: nothing is stored yet.
	await runs(6);
	expect(pbx.mints.n8n).toBe(1);

	// Another program mints one with the same client ID, which ends ours.
	await fetch(`${pbx.url}/connect/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: 'n8n',
			client_secret: 'right',
			grant_type: 'client_credentials',
		}),
	});
	await runs(6);
	expect(pbx.mints.n8n).toBe(3);
}, 60_000);
