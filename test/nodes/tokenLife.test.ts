import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode } from '../support/n8n';

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
