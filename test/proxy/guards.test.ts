import { lookup } from 'node:dns';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { connectTo, linkTo } from '../../nodes/shared/connect';
import type { RequestContext } from '../../nodes/shared/tokens';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, loadOptionsContext, runNode } from '../support/n8n';

/** What n8n's own HTTP helper would have done besides: allowed domains, the operator's egress filter, cancelling. */

let pbx: Pbx;

beforeEach(async () => {
	pbx = await startPbx({ seed: 'empty' });
});

afterEach(async () => {
	// In this order: what a test has left hanging at the PBX would be waited for.
	await pbx.close();
	await closeDispatchers();
});

const fields = () => ({
	pbxUrl: pbx.url,
	clientId: pbx.defaultClient.clientId,
	clientSecret: pbx.defaultClient.clientSecret,
});

/** What n8n calls when somebody presses Test, with its own helpers. */
const pressTest = async (credentials: ICredentialDataDecryptedObject) =>
	await new ThreeCxOAuth2Api().preAuthentication.call(
		loadOptionsContext({}, new CredentialStore({})),
		credentials,
	);

/** A credential with the two fields that n8n adds itself and hands over beside those of the type. */
class RestrictedStore extends CredentialStore {
	constructor(private readonly restriction: ICredentialDataDecryptedObject) {
		super(fields());
	}

	override async getDecrypted(...args: Parameters<CredentialStore['getDecrypted']>) {
		return { ...(await super.getDecrypted(...args)), ...this.restriction };
	}
}

const departments = async (
	credentials: CredentialStore,
	started?: Parameters<typeof runNode>[0]['started'],
) =>
	await runNode({
		parameters: { resource: 'department', operation: 'getAll' },
		credentials,
		started,
	});

describe('Allowed HTTP Request Domains', () => {
	test.each([
		['all', undefined],
		['none', undefined],
		['domains', '127.0.0.1'],
		['domains', ' pbx.example.com, 127.0.0.1 '],
	])('%s %s lets the node in', async (allowedHttpRequestDomains, allowedDomains) => {
		const credentials = new RestrictedStore({
			allowedHttpRequestDomains,
			...(allowedDomains && { allowedDomains }),
		});
		expect((await departments(credentials)).error).toBeUndefined();
	});

	test.each(['pbx.example.com', '*.127.0.0.1', '', '127.0.0.10'])(
		'domains "%s" keeps it out before anything is sent',
		async (allowedDomains) => {
			const { error } = await departments(
				new RestrictedStore({ allowedHttpRequestDomains: 'domains', allowedDomains }),
			);
			expect(error?.message).toBe(`This credential may not be used with ${pbx.url}`);
			expect(error?.description).toContain('Allowed Domains');
			expect(pbx.connections).toBe(0);
		},
	);

	test.each(['pbx.example.com', ''])(
		'domains "%s" keeps the Test button from sending the secret',
		async (allowedDomains) => {
			const restriction = { allowedHttpRequestDomains: 'domains', allowedDomains };
			await expect(pressTest({ ...fields(), ...restriction })).rejects.toThrow(
				/^This credential may not be used with .*\. Its field "Allowed Domains"/,
			);
			expect(pbx.connections).toBe(0);
		},
	);

	test('domains that name the PBX let the Test button in', async () => {
		const restriction = { allowedHttpRequestDomains: 'domains', allowedDomains: '127.0.0.1' };
		await pressTest({ ...fields(), ...restriction });
		expect(pbx.mints[pbx.defaultClient.clientId]).toBe(1);
	});
});

describe('the egress filter of the operator', () => {
	const asked: string[] = [];

	/** As much of a context as it takes to connect. */
	const context = (allows: boolean) =>
		({
			getCredentials: async () => await Promise.resolve(fields()),
			getNode: () => ({ credentials: {} }),
			helpers: {
				getSecureEgressFilter: () => ({
					createSecureLookup: () => lookup,
					validateUrl: async (url: string) => {
						asked.push(url);
						return await Promise.resolve(
							allows ? { ok: true, result: undefined } : { ok: false, error: new Error('private') },
						);
					},
				}),
			},
		}) as unknown as RequestContext;

	test('is asked for the PBX, and is the end of it when it says no', async () => {
		await expect(connectTo(context(false))).rejects.toMatchObject({
			kind: 'forbidden',
			message: `This n8n may not connect to ${pbx.url}`,
			hint: expect.stringContaining('N8N_SSRF_ALLOWED'),
		});
		expect(asked).toEqual([pbx.url]);
		expect(pbx.connections).toBe(0);
	});

	test('lets pass what it allows', async () => {
		expect((await connectTo(context(true))).connection.origin).toBe(pbx.url);
	});
});

describe('stopping an execution', () => {
	/** Stops it as soon as the PBX has the request, and tells how long it took to end, in ms. */
	async function stopAt(path: RegExp): Promise<number> {
		const arrived = new Promise<void>((resolve) => {
			const look = () =>
				pbx.requests.some((request) => path.test(request.path))
					? resolve()
					: void setImmediate(look);
			look();
		});
		let stop: () => void = () => undefined;
		const run = departments(new CredentialStore(fields()), (execution) => {
			stop = () => execution.cancel();
		});
		await arrived;
		const before = performance.now();
		stop();
		await run.catch(() => undefined);
		return performance.now() - before;
	}

	test('ends a request that hangs', async () => {
		pbx.faults.next({ path: /Groups/, hang: true });
		expect(await stopAt(/Groups/)).toBeLessThan(1_000);
	});

	test('ends waiting for a token that does not come', async () => {
		pbx.faults.next({ path: /connect/, hang: true });
		expect(await stopAt(/connect/)).toBeLessThan(1_000);
	});

	test('ends the wait between two tries', async () => {
		pbx.faults.next({
			path: /Groups/,
			status: 503,
			headers: { 'retry-after': '9' },
			times: 10,
		});
		expect(await stopAt(/Groups/)).toBeLessThan(1_000);
	});
});

describe('who listens to a PBX shares a link', () => {
	const keyOf = async (more: ICredentialDataDecryptedObject = {}) => {
		const context = loadOptionsContext({}, new CredentialStore({ ...fields(), ...more }));
		return (await linkTo(context)).key;
	};

	test.each([
		['with an address that is written differently', () => ({ pbxUrl: `${pbx.url}/` })],
		['that checks certificates by default', () => ({ ignoreSSLIssues: false })],
		['whose switch is on in words that nobody understands', () => ({ ignoreSSLIssues: 'no' })],
	])('%s', async (_, more) => {
		expect(await keyOf(more())).toBe(await keyOf());
	});

	test.each([
		['of another PBX', () => ({ pbxUrl: 'https://pbx.example.com' })],
		['of another client', () => ({ clientId: 'another' })],
		['with another secret', () => ({ clientSecret: 'another' })],
		['that takes any certificate', () => ({ ignoreSSLIssues: true })],
		['that takes any certificate by an expression', () => ({ ignoreSSLIssues: 'True' })],
	])('but with nobody %s', async (_, more) => {
		expect(await keyOf(more())).not.toBe(await keyOf());
	});
});
