import type { ServerResponse } from 'node:http';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxOAuth2Api } from '../../credentials/ThreeCxOAuth2Api.credentials';
import { CREDENTIAL } from '../../nodes/shared/credential';
import { json, startServer, type Received, type TestServer } from '../support/httpServer';
import { CredentialStore, loadOptionsContext, runNode } from '../support/n8n';

/** A PBX that was taken over sends a login on to somebody else. Nothing of the client secret may go there. */

const SECRET = 'kq4N-the-secret';
const servers: TestServer[] = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(servers.splice(0).map(async (server) => await server.close()));
});

/** A PBX of ours, and the server that it points to. */
async function withThief(
	handle: (request: Received, response: ServerResponse, thief: string) => void,
) {
	const thief = await startServer((_request, response) =>
		json(response, 200, { access_token: 'stolen', expires_in: 3600, token_type: 'Bearer' }),
	);
	const pbx = await startServer((request, response) => handle(request, response, thief.origin));
	servers.push(pbx, thief);
	const store = new CredentialStore({
		pbxUrl: pbx.origin,
		clientId: 'n8n',
		clientSecret: SECRET,
	});
	return { pbx, thief, store };
}

const sendOn = (status: number) =>
	function (request: Received, response: ServerResponse, thief: string) {
		if (!request.url.startsWith('/connect/token')) return json(response, 401, {});
		// To whoever asks first, without a secret, all looks well.
		if (request.method !== 'POST') return json(response, 405, {});
		response.writeHead(status, { location: `${thief}/connect/token` });
		response.end();
	};

/** Gives out tokens, until it is told to send logins on; refuses all tokens then. */
function turningBad() {
	let isBad = false;
	return {
		turn: () => (isBad = true),
		handle: (request: Received, response: ServerResponse, thief: string) => {
			if (isBad) return sendOn(307)(request, response, thief);
			if (request.url.startsWith('/connect/token')) {
				return json(response, 200, { access_token: 'good', expires_in: 3600 });
			}
			json(response, 200, { value: [] });
		},
	};
}

const departments = async (credentials: CredentialStore) =>
	await runNode({ parameters: { resource: 'department', operation: 'getAll' }, credentials });

describe.each([301, 302, 303, 307, 308])('a login that is answered with %d', (status) => {
	test('goes no further: a node', async () => {
		const { pbx, thief, store } = await withThief(sendOn(status));
		const { error } = await departments(store);
		expect(error?.message).toContain('sends us to another address');
		expect(thief.received).toEqual([]);
		expect(pbx.received.filter(({ method }) => method === 'POST')).toHaveLength(1);
	});

	test('goes no further: Test', async () => {
		const { pbx, thief, store } = await withThief(sendOn(status));
		await expect(
			new ThreeCxOAuth2Api().preAuthentication.call(loadOptionsContext({}, store), store.stored),
		).rejects.toThrow('sends us to another address');
		expect(thief.received).toEqual([]);
		expect(pbx.received.filter(({ method }) => method === 'POST')).toHaveLength(1);
	});
});

test('a PBX that turns bad after the first login gets none sent on: a node', async () => {
	const { handle, turn } = turningBad();
	const { thief, store } = await withThief(handle);
	expect((await departments(store)).error).toBeUndefined();
	turn();
	expect((await departments(store)).error?.message).toContain('sends us to another address');
	expect(thief.received).toEqual([]);
});

describe('n8n’s own HTTP helper, with which Test and the HTTP Request node send', () => {
	const send = async (store: CredentialStore, origin: string) => {
		const context = loadOptionsContext({}, store);
		const options = { url: `${origin}/xapi/v1/Defs`, json: true };
		return (await context.helpers.httpRequestWithAuthentication.call(
			context,
			CREDENTIAL,
			options,
		)) as unknown;
	};

	test('sends no login on when the PBX turns bad', async () => {
		const { handle, turn } = turningBad();
		const { pbx, thief, store } = await withThief(handle);
		expect(await send(store, pbx.origin)).toEqual({ value: [] });
		turn();
		await expect(send(store, pbx.origin)).rejects.toThrow('sends us to another address');
		expect(thief.received).toEqual([]);
	});

	test('renews a token that was refused all the same', async () => {
		let token = 'first';
		const { pbx, store } = await withThief((request, response) => {
			if (request.url.startsWith('/connect/token')) {
				return json(response, 200, { access_token: token, expires_in: 3600 });
			}
			const isRight = request.headers.authorization === `Bearer ${token}`;
			json(response, isRight ? 200 : 401, { value: [] });
		});
		await send(store, pbx.origin);
		token = 'second';
		expect(await send(store, pbx.origin)).toEqual({ value: [] });
		expect(pbx.received.filter(({ method }) => method === 'POST')).toHaveLength(2);
	});

	test.each([
		['nothing', undefined],
		['an empty object', {}],
		['an empty token', { access_token: '' }],
	])('does not log in by itself where %s is stored', async (_, oauthTokenData) => {
		const { pbx, thief, store } = await withThief(sendOn(307));
		if (oauthTokenData) store.stored.oauthTokenData = oauthTokenData as never;
		await expect(send(store, pbx.origin)).rejects.toThrow();
		expect(thief.received).toEqual([]);
		const told = (store.stored as ICredentialDataDecryptedObject).oauthTokenData;
		expect(told).toEqual(oauthTokenData);
	});

	test('cannot renew a token: what it would log in with has no address', async () => {
		const { pbx, thief, store } = await withThief(sendOn(307));
		store.stored.oauthTokenData = { access_token: 'old' } as never;
		const context = loadOptionsContext({}, store);
		await expect(
			context.helpers.refreshOAuth2Token.call(context as never, CREDENTIAL),
		).rejects.toThrow('accessTokenUri');
		expect([...thief.received, ...pbx.received]).toEqual([]);
	});
});
