import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { additionalDataFor, CredentialStore, loadOptionsContext, runNode } from '../support/n8n';
import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';

/** From the first token to a new API key: what n8n's store holds, and what the PBX was asked. */

let pbx: Pbx;
let credentials: CredentialStore;

beforeEach(async () => {
	pbx = await startPbx({ seed: 'empty' });
	credentials = new CredentialStore({
		pbxUrl: pbx.url,
		clientId: pbx.defaultClient.clientId,
		clientSecret: pbx.defaultClient.clientSecret,
	});
});

afterEach(async () => {
	await closeDispatchers();
	await pbx.close();
});

const departments = async (items = 1) =>
	await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials,
		items: Array.from({ length: items }, () => ({})),
	});

const mints = () => pbx.mints[pbx.defaultClient.clientId] ?? 0;

test('the first token is minted once, however many items ask for it, and stored for all processes', async () => {
	expect((await departments(20)).items).toHaveLength(20);
	expect(mints()).toBe(1);
	expect(credentials.tokensStored).toBe(1);
});

test('a token that another process stored meanwhile is used, not replaced', async () => {
	await departments();
	const other = new CredentialStore({ ...credentials.stored });
	// The other process finds its token refused, and renews it in the store that both share.
	await pbx.restart();
	const renewed = await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials: other,
	});
	expect(renewed.error).toBeUndefined();
	expect(mints()).toBe(2);
	const stale = credentials.stored.oauthTokenData;
	credentials.stored = { ...other.stored };
	expect(credentials.stored.oauthTokenData).not.toEqual(stale);
	expect((await departments()).error).toBeUndefined();
	expect(mints()).toBe(2);
});

test('a new API key in 3CX ends the old one, and the error says where to look', async () => {
	await departments();
	pbx.defaultClient.clientSecret = 'the new key';
	await pbx.restart();
	const { error } = await departments();
	expect(error?.message).toContain('refuses the client ID or the client secret');
	expect(error?.description).toContain('generating a new one ends the old one at once');
	expect(pbx.failedLogins).toBe(1);
});

test('a changed secret takes effect at once, although the token of the old one still lives', async () => {
	await departments();
	credentials.stored.clientSecret = 'mistyped';
	expect((await departments()).error?.message).toContain('refuses the client ID');
	credentials.stored.clientSecret = pbx.defaultClient.clientSecret;
	expect((await departments()).error).toBeUndefined();
	expect(mints()).toBe(1);
});

test.each(['minutes', 'seconds'] as const)(
	'a token whose life is told in %s lives an hour',
	async (expiresIn) => {
		await pbx.close();
		pbx = await startPbx({ seed: 'empty', expiresIn });
		credentials.stored = {
			pbxUrl: pbx.url,
			clientId: pbx.defaultClient.clientId,
			clientSecret: pbx.defaultClient.clientSecret,
		};
		for (let run = 0; run < 3; run++) expect((await departments()).error).toBeUndefined();
		expect(mints()).toBe(1);
	},
);

/** Presses Test: it logs in with n8n's own helper, and its token is this process's alone. */
const pressTest = async () =>
	await new ThreeCxOAuth2Api().preAuthentication.call(
		loadOptionsContext({}, credentials),
		await credentials.getDecrypted(
			additionalDataFor(credentials, 'internal'),
			{ id: 'credential', name: '3CX' },
			'threeCxOAuth2Api',
			'internal',
		),
	);

test('the token of Test is good for the next run, and nobody logs in again', async () => {
	await pressTest();
	expect((await departments()).error).toBeUndefined();
	for (let press = 0; press < 3; press++) await pressTest();
	expect(mints()).toBe(1);
});

test('a token of Test that has ended meanwhile fails nothing', async () => {
	await pressTest();
	const other = new CredentialStore({ ...credentials.stored });
	await pbx.restart();
	// Another process logs in, and that token ends with the next restart.
	await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials: other,
	});
	credentials.stored = { ...other.stored };
	await pbx.restart();
	expect((await departments(4)).error).toBeUndefined();
	await pbx.restart();
	expect((await pressTest()).oauthTokenData).toEqual({ access_token: expect.any(String) });
	expect((await departments(4)).error).toBeUndefined();
});
