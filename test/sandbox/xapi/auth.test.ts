import { startPbx, VERSION, type Pbx, type PbxOptions } from '../../../sandbox/pbx';
import { client, login, read, session, withPbx } from './support';

const claimsOf = (token: unknown) =>
	JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
		string,
		unknown
	>;

async function using(options: PbxOptions, work: (pbx: Pbx) => Promise<void>): Promise<void> {
	const pbx = await startPbx({ seed: 'empty', ...options });
	await work(pbx).finally(() => pbx.close());
}

describe('/connect/token', () => {
	const sandbox = withPbx({ seed: 'empty' });

	it('takes form-urlencoded and multipart bodies', async () => {
		const { pbx } = sandbox;
		const form = new FormData();
		form.set('client_id', pbx.defaultClient.clientId);
		form.set('client_secret', pbx.defaultClient.clientSecret);
		form.set('grant_type', 'client_credentials');
		const multipart = await read(
			await fetch(`${pbx.url}/connect/token`, { method: 'POST', body: form }),
		);
		const urlencoded = await login(pbx);
		for (const { status, body } of [multipart, urlencoded]) {
			expect(status).toBe(200);
			expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, refresh_token: null });
		}
	});

	it('signs a JWT that says who it is for and how long', async () => {
		const { body } = await login(sandbox.pbx);
		const claims = claimsOf(body.access_token);
		expect(claims).toMatchObject({ sub: 'n8n', iss: '127.0.0.1', aud: '/api', scope: 'xapi' });
		expect(Number(claims.exp) - Number(claims.iat)).toBe(3600);
		expect(claims.role).toContain('system_owners');
	});

	it.each([
		['a wrong secret', { client_secret: 'nope' }, 401, 'unauthorized'],
		['an unknown client', { client_id: 'nobody' }, 401, 'unauthorized'],
		['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
	])('refuses %s', async (_what, wrong, status, error) => {
		const { pbx } = sandbox;
		const { clientId: client_id, clientSecret: client_secret } = pbx.defaultClient;
		const body = new URLSearchParams({
			client_id,
			client_secret,
			grant_type: 'client_credentials',
			...wrong,
		});
		const reply = await read(await fetch(`${pbx.url}/connect/token`, { method: 'POST', body }));
		expect(reply.status).toBe(status);
		expect(reply.body).toEqual({ error, error_description: expect.any(String) });
		expect(reply.text).not.toContain(client_secret);
	});

	it('refuses a body of another type', async () => {
		const reply = await fetch(`${sandbox.pbx.url}/connect/token`, { method: 'POST', body: '{}' });
		expect(reply.status).toBe(400);
	});

	it('keeps one valid token per client: minting kills the older one', async () => {
		const { pbx } = sandbox;
		const first = await session(pbx);
		expect((await first.get('Defs?$select=Id')).status).toBe(200);
		const before = pbx.mints.n8n ?? 0;
		const second = await session(pbx);
		expect(pbx.mints.n8n).toBe(before + 1);
		const dead = await first.get('Defs?$select=Id');
		expect(dead.status).toBe(401);
		expect(dead.headers.get('www-authenticate')).toBe('Bearer');
		expect(dead.text).toBe('');
		expect((await second.get('Defs?$select=Id')).status).toBe(200);
	});

	it('kills the old secret with a new key, not the live token', async () => {
		const { pbx } = sandbox;
		const at = await session(pbx);
		const before = { ...pbx.defaultClient };
		const [principal] = await at.rows("ServicePrincipals?$filter=Number eq 'n8n'");
		const key = await at.send(
			'POST',
			`ServicePrincipals(${String(principal?.Id)})/Pbx.GenerateAppToken`,
		);
		expect(key.status).toBe(200);
		expect((await at.get('Defs')).status).toBe(200);
		expect((await login(pbx, before)).status).toBe(401);
		expect((await login(pbx, { ...before, clientSecret: String(key.body.value) })).status).toBe(
			200,
		);
	});
});

describe('options of the token endpoint', () => {
	it('counts expires_in in minutes for old versions, with a true exp in the JWT', () =>
		using({ expiresIn: 'minutes' }, async (pbx) => {
			const { body } = await login(pbx);
			expect(body.expires_in).toBe(60);
			const { exp, iat } = claimsOf(body.access_token);
			expect(Number(exp) - Number(iat)).toBe(3600);
		}));

	it('lets tokens expire', async () => {
		let time = Date.now();
		await using({ now: () => new Date(time), tokenLifetimeSeconds: 60 }, async (pbx) => {
			const at = await session(pbx);
			time += 59_000;
			expect((await at.get('Defs')).status).toBe(200);
			time += 2_000;
			expect((await at.get('Defs')).status).toBe(401);
		});
	});

	it('counts failed logins and blocks after as many as it is told', () =>
		using({ blockAfterFailedLogins: 2 }, async (pbx) => {
			const wrong = { ...pbx.defaultClient, clientSecret: 'nope' };
			expect((await login(pbx, wrong)).status).toBe(401);
			expect((await login(pbx, wrong)).status).toBe(401);
			expect(pbx.failedLogins).toBe(2);
			expect((await login(pbx)).status).toBe(403);
		}));

	it('serves https with a certificate of its own', () =>
		using({ tls: true }, async (pbx) => {
			expect(pbx.url).toMatch(/^https:/);
			const failure = await fetch(`${pbx.url}/connect/token`).then(
				() => undefined,
				(error: unknown) => error as { cause?: { code?: string } },
			);
			expect(failure?.cause?.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
		}));
});

describe('who may do what', () => {
	const owner = client({ clientId: 'owner' });
	const admin = client({ clientId: 'admin', role: 'system_admins' });
	const user = client({ clientId: 'user', role: 'users' });
	const noXapi = client({ clientId: 'noxapi', xapiEnabled: false });
	const noCalls = client({ clientId: 'nocalls', callControlEnabled: false });
	const sandbox = withPbx({ seed: 'empty', clients: [owner, admin, user, noXapi, noCalls] });

	const clients = { owner, admin, user, noXapi, noCalls };
	type Who = keyof typeof clients;

	it.each<[Who, string, number]>([
		['owner', 'Defs?$select=Id', 200],
		['owner', 'Users', 200],
		['owner', 'Recordings', 200],
		['admin', 'Users', 200],
		['admin', 'ActiveCalls', 200],
		['admin', 'Recordings', 403],
		['admin', 'CallHistoryView', 403],
		['admin', 'ScheduledReports', 403],
		['admin', 'ReportAuditLog/Pbx.GetAuditLogData()', 403],
		['user', 'Defs?$select=Id', 200],
		['user', 'Users', 403],
		['noXapi', 'Defs?$select=Id', 403],
		['noCalls', 'Defs?$select=Id', 200],
	])('%s GET %s: %d', async (who, path, status) => {
		const at = await session(sandbox.pbx, clients[who]);
		const reply = await at.get(path);
		expect(reply.status).toBe(status);
		expect(reply.headers.get('x-3cx-version')).toBe(VERSION);
		// That of the catalogue: the sandbox does what it describes.
		expect(VERSION).toMatch(/^20\.0\.10\.\d+$/);
	});

	it('refuses writes of a weak role', async () => {
		const at = await session(sandbox.pbx, user);
		expect((await at.send('PATCH', 'Users(1)', { FirstName: 'X' })).status).toBe(403);
	});

	it.each<[Who, number]>([
		['owner', 200],
		['noXapi', 200],
		['noCalls', 403],
	])('%s GET /callcontrol: %d', async (who, status) => {
		const { token } = await session(sandbox.pbx, clients[who]);
		const headers = { Authorization: `Bearer ${token}` };
		expect((await fetch(`${sandbox.pbx.url}/callcontrol`, { headers })).status).toBe(status);
	});

	it('answers 401 without a token on both APIs', async () => {
		for (const path of ['/xapi/v1/Defs', '/callcontrol']) {
			const reply = await read(await fetch(sandbox.pbx.url + path));
			expect([reply.status, reply.text, reply.headers.get('www-authenticate')]).toEqual([
				401,
				'',
				'Bearer',
			]);
		}
	});

	it('takes a token in the query for downloads of recordings only', async () => {
		const { token } = await session(sandbox.pbx, owner);
		const at = (path: string) => fetch(`${sandbox.pbx.url}/xapi/v1/${path}?access_token=${token}`);
		expect((await at('Recordings/Pbx.DownloadRecording(recId=1)')).status).toBe(400);
		expect((await at('Recordings')).status).toBe(401);
	});

	it.each(['professional', 'basic'] as const)('has neither API with licence %s', (licence) =>
		using({ licence }, async (pbx) => {
			const at = await session(pbx);
			expect((await at.get('Defs')).status).toBe(403);
			const headers = { Authorization: `Bearer ${at.token}` };
			expect((await fetch(`${pbx.url}/callcontrol`, { headers })).status).toBe(404);
		}),
	);
});

describe('a session in the name of a user (MyPhone)', () => {
	const sandbox = withPbx({ seedCallLogRows: 0 });
	const wanted = { name: 'tests', version: '1.0', isHuman: false, impersonate: '100' };

	const ask = async (body: unknown, token: string | undefined = sandbox.at.token) =>
		await read(
			await fetch(`${sandbox.pbx.url}/webclient/api/MyPhone/session`, {
				method: 'POST',
				headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
				body: typeof body === 'string' ? body : JSON.stringify(body),
			}),
		);

	async function allow(MyPhoneEnabled: boolean) {
		const [row] = await sandbox.at.rows("ServicePrincipals?$filter=Number eq 'n8n'");
		const { status } = await sandbox.at.send('PATCH', `ServicePrincipals(${String(row!.Id)})`, {
			MyPhoneEnabled,
		});
		expect(status).toBe(204);
	}

	it('is given to a client that may have one, each time another', async () => {
		await allow(true);
		const [first, second] = [await ask(wanted), await ask(wanted)];
		expect(first).toMatchObject({
			status: 200,
			body: { sessionKey: expect.any(String) as string },
		});
		expect(first.body.sessionKey).not.toBe(second.body.sessionKey);
	});

	it('is not given to a client that may not: 403, as MyPhone is off at first', async () => {
		await allow(false);
		expect(await ask(wanted)).toMatchObject({ status: 403 });
	});

	it.each<[string, unknown, number]>([
		['without a user', { ...wanted, impersonate: undefined }, 400],
		['with a switch that is a word', { ...wanted, isHuman: 'no' }, 400],
		['that is no JSON', 'impersonate=100', 400],
		['in the name of nobody', { ...wanted, impersonate: '4711' }, 404],
		['in the name of a queue', { ...wanted, impersonate: '800' }, 404],
	])('%s is refused', async (_, body, status) => {
		await allow(true);
		expect((await ask(body)).status).toBe(status);
	});

	it('takes an app token: 401 without one', async () => {
		expect((await ask(wanted, 'made up')).status).toBe(401);
	});
});
