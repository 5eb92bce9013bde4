import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { processTokens } from '../../lib/http/tokens';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { startServer, type TestServer } from '../support/httpServer';
import { CredentialStore, runNode } from '../support/n8n';
import { tenantCredentials, tenantRow } from '../support/tenants';

/** Several PBXs under one credential with expressions: how their tokens live together in n8n's one store. */

const pbxs: Pbx[] = [];
const servers: TestServer[] = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(pbxs.splice(0).map(async (pbx) => await pbx.close()));
	await Promise.all(servers.splice(0).map(async (server) => await server.close()));
});

const newPbx = async (options: PbxOptions = {}) => {
	const pbx = await startPbx({ seed: 'empty', ...options });
	pbxs.push(pbx);
	return pbx;
};

/** Reads the departments of the PBX in each item; what fails becomes an item with `error`. */
const departments = async (credentials: CredentialStore, items: IDataObject[], inFlight = 8) => {
	const { items: output } = await runNode({
		parameters: { resource: 'department', operation: 'getAll', requestOptions: { inFlight } },
		credentials,
		items,
		onError: 'continueRegularOutput',
	});
	return output.map(({ json }) => json.error as string | undefined);
};

const mints = (pbx: Pbx) => pbx.mints[pbx.defaultClient.clientId] ?? 0;

const fine = (count: number) => Array.from({ length: count }, () => undefined);

test('every tenant’s token is in the store, so that a worker that comes later mints none', async () => {
	const tenants = await Promise.all(Array.from({ length: 6 }, async () => await newPbx()));
	const items = tenants.map(tenantRow);
	const here = tenantCredentials();
	expect(await departments(here, [...items, ...items, ...items])).toEqual(fine(18));

	// Another process has the store, and nothing of what this one remembers.
	processTokens.clear();
	const there = tenantCredentials();
	there.stored = structuredClone(here.stored);
	expect(await departments(there, [...items].reverse())).toEqual(fine(6));
	expect(tenants.map(mints)).toEqual(tenants.map(() => 1));
	for (const { defaultClient } of tenants) {
		expect(JSON.stringify(here.stored)).not.toContain(defaultClient.clientSecret);
	}
});

test('a refused token is replaced once, and the other tenants keep theirs', async () => {
	const [a, b, c] = await Promise.all([newPbx(), newPbx(), newPbx()]);
	const credentials = tenantCredentials();
	await departments(credentials, [a, b, c].map(tenantRow));
	await b.restart();
	const items = Array.from({ length: 24 }, (_, n) => tenantRow([a, b, c][n % 3]!));
	expect(await departments(credentials, items)).toEqual(fine(24));
	expect([a, b, c].map(mints)).toEqual([1, 2, 1]);
});

test('a wrong secret is one tenant’s failure, and is sent once', async () => {
	const [good, bad, alsoGood] = await Promise.all([newPbx(), newPbx(), newPbx()]);
	const items = Array.from({ length: 30 }, (_, n) =>
		n % 3 === 1
			? { ...tenantRow(bad), clientSecret: 'mistyped' }
			: tenantRow(n % 3 === 0 ? good : alsoGood),
	);
	const errors = await departments(tenantCredentials(), items);
	for (const [index, error] of errors.entries()) {
		if (index % 3 === 1) expect(error).toContain(`${bad.url} refuses the client ID`);
		else expect(error).toBeUndefined();
	}
	expect(bad.failedLogins).toBe(1);
});

test('a PBX that does not answer delays nobody else by more than seconds', async () => {
	const good = await newPbx();
	const deaf = await startServer(() => undefined);
	servers.push(deaf);
	const credentials = tenantCredentials();
	const stuck = departments(credentials, [{ ...tenantRow(good), url: deaf.origin }]);
	await new Promise<void>((resolve) => {
		const look = () => (deaf.received.length > 0 ? resolve() : void setImmediate(look));
		look();
	});
	const before = performance.now();
	expect(
		await departments(credentials, [tenantRow(good), tenantRow(good), tenantRow(good)]),
	).toEqual(fine(3));
	expect(performance.now() - before).toBeLessThan(6_000);
	expect(mints(good)).toBe(1);
	await deaf.close();
	expect((await stuck)[0]).toBeDefined();
});

describe('with the token of a credential without expressions', () => {
	const fixed = (pbx: Pbx) =>
		new CredentialStore({
			pbxUrl: pbx.url,
			clientId: pbx.defaultClient.clientId,
			clientSecret: pbx.defaultClient.clientSecret,
		});

	test('that is about to end, a new one is fetched before a request is refused', async () => {
		const pbx = await newPbx({ tokenLifetimeSeconds: 3_600 });
		const credentials = fixed(pbx);
		await departments(credentials, [{}]);
		const data = credentials.stored.oauthTokenData as IDataObject;
		const inHalfAMinute = String(Date.now() + 30_000);
		credentials.stored.oauthTokenData = {
			...data,
			n8n_expires_at: inHalfAMinute,
			renew_at: undefined,
		} as never;
		processTokens.clear();
		expect(
			await departments(
				credentials,
				Array.from({ length: 12 }, () => ({})),
			),
		).toEqual(fine(12));
		expect(mints(pbx)).toBe(2);
		expect(pbx.requests.filter(({ status }) => status === 401)).toEqual([]);
	});

	test.each([-5, 5])('a PBX whose clock is %d minutes off is no trouble', async (minutes) => {
		const pbx = await newPbx({ now: () => new Date(Date.now() + minutes * 60_000) });
		const credentials = fixed(pbx);
		for (let run = 0; run < 3; run++) expect(await departments(credentials, [{}])).toEqual(fine(1));
		expect(mints(pbx)).toBe(1);
	});

	test('a slow login is waited for, not made twice', async () => {
		const pbx = await newPbx();
		pbx.faults.next({ method: 'POST', path: /connect/, delayMs: 4_000 });
		expect(await departments(fixed(pbx), [{}, {}, {}, {}])).toEqual(fine(4));
		expect(mints(pbx)).toBe(1);
	});
});

describe('several credentials with the same PBX, client and secret', () => {
	const credentialOf = ({ url, defaultClient: { clientId, clientSecret } }: Pbx, more = {}) =>
		new CredentialStore({ pbxUrl: url, clientId, clientSecret, ...more });

	test('share one token, however often they take turns', async () => {
		const pbx = await newPbx();
		const credentials = [
			credentialOf(pbx),
			credentialOf(pbx, { pbxUrl: `${pbx.url}/` }),
			credentialOf(pbx, { ignoreSSLIssues: true }),
			tenantCredentials(),
		];
		for (const credential of [...credentials, ...credentials]) {
			expect(await departments(credential, [tenantRow(pbx)])).toEqual(fine(1));
		}
		expect(mints(pbx)).toBe(1);
		expect(pbx.requests.filter(({ status }) => status === 401)).toEqual([]);
	});

	test('log in once when all begin at the same time', async () => {
		const pbx = await newPbx();
		const all = Array.from({ length: 6 }, () => credentialOf(pbx));
		const done = await Promise.all(all.map(async (each) => await departments(each, [{}, {}])));
		expect(done.flat()).toEqual(fine(12));
		expect(mints(pbx)).toBe(1);
	});

	test('replace a token that was ended once for all', async () => {
		const pbx = await newPbx();
		const all = Array.from({ length: 4 }, () => credentialOf(pbx));
		for (const each of all) await departments(each, [{}]);
		pbx.otherLogin();
		await Promise.all(all.map(async (each) => await departments(each, [{}, {}])));
		expect(mints(pbx)).toBe(3);
	});

	test('with another secret none of them is shared', async () => {
		const pbx = await newPbx();
		await departments(credentialOf(pbx), [{}]);
		const thief = credentialOf(pbx, { clientSecret: 'made up' });
		const [error] = await departments(thief, [{}]);
		expect(error).toMatch(/refuses the client ID or the client secret/);
		expect(pbx.requests.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
		expect(JSON.stringify(thief.stored)).not.toContain('access_token');
	});

	test('a certificate that one does not trust is no failure of the other', async () => {
		const pbx = await newPbx({ tls: true });
		const [strict, lax] = [credentialOf(pbx), credentialOf(pbx, { ignoreSSLIssues: true })];
		const [[refused], [fineOne]] = await Promise.all([
			departments(strict, [{}]),
			departments(lax, [{}]),
		]);
		expect(refused).toMatch(/certificate/);
		expect(fineOne).toBeUndefined();
	});
});

/** What two processes of one n8n, such as two workers, have in common is n8n's store, where each credential has its token. */
describe('two processes', () => {
	/** Another process: nothing of what this one remembers. */
	async function otherProcess() {
		let run: typeof runNode | undefined;
		let close: typeof closeDispatchers | undefined;
		await jest.isolateModulesAsync(async () => {
			({ runNode: run } = await import('../support/n8n'));
			({ closeDispatchers: close } = await import('../../lib/http/dispatchers'));
		});
		return { run: run!, close: close! };
	}

	/** Eight reads by turns, the even ones here, the odd ones in the other process. */
	async function byTurns(here: CredentialStore, there: CredentialStore): Promise<unknown[]> {
		const other = await otherProcess();
		const errors: unknown[] = [];
		for (let turn = 0; turn < 8; turn += 1) {
			const [run, credentials] = turn % 2 === 0 ? [runNode, here] : [other.run, there];
			const { error } = await run({
				parameters: { resource: 'department', operation: 'getAll' },
				credentials,
			});
			errors.push(error);
		}
		await other.close();
		return errors;
	}

	const credentialOf = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) =>
		new CredentialStore({ pbxUrl: url, clientId, clientSecret });

	test('share the token of one credential', async () => {
		const pbx = await newPbx();
		const credential = credentialOf(pbx);
		expect(await byTurns(credential, credential)).toEqual(fine(8));
		expect(mints(pbx)).toBe(1);
	});

	test('end the tokens of each other with a credential each: all goes well, but with a login each time', async () => {
		const pbx = await newPbx();
		expect(await byTurns(credentialOf(pbx), credentialOf(pbx))).toEqual(fine(8));
		expect(mints(pbx)).toBe(8);
	});
});
