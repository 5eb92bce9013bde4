import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** `main.ts`, as people start it: what its flags make of the PBX. */

const ROOT = join(__dirname, '..', '..');

let child: ChildProcess | undefined;
afterEach(async () => {
	if (!child || child.exitCode !== null) return;
	child.kill('SIGTERM');
	await once(child, 'exit');
});

/** Starts it on a free port; resolves with what it prints once it listens, or with its complaint. */
async function start(...flags: string[]): Promise<string> {
	const main = (child = spawn(
		process.execPath,
		['--import', 'tsx', join('sandbox', 'pbx', 'main.ts'), '--port', '0', ...flags],
		{ cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
	));
	let said = '';
	const hear = (chunk: Buffer) => (said += chunk.toString());
	main.stdout.on('data', hear);
	main.stderr.on('data', hear);
	const exit = once(main, 'exit');
	while (!/Client secret: \S+\n/.test(said) && main.exitCode === null) {
		await Promise.race([exit, once(main.stdout, 'data')]);
	}
	return said;
}

const part = (said: string, name: RegExp) => name.exec(said)?.[1] ?? '';

/** Logs in and reads, as a client does. */
async function client(said: string) {
	const url = part(said, /PBX: (\S+)/);
	const body = new URLSearchParams({
		grant_type: 'client_credentials',
		client_id: part(said, /Client ID: (\S+)/),
		client_secret: part(said, /Client secret: (\S+)/),
	});
	const login = await fetch(`${url}/connect/token`, { method: 'POST', body });
	const { access_token: token } = (await login.json()) as { access_token: string };
	return async (path: string) =>
		await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } });
}

const statuses = async (get: Awaited<ReturnType<typeof client>>, ...paths: string[]) =>
	await Promise.all(paths.map(async (path) => (await get(path)).status));

const USERS = '/xapi/v1/Users?$top=1';
const DEFS = '/xapi/v1/Defs?$select=Id';

test('--role, --version, --fault and --quirks', async () => {
	const get = await client(
		await start(
			...['--role', 'users', '--version', '20.0.3.6'],
			...['--fault', '418 GET /xapi/v1/Defs', '--quirks', '{"gzip":true}'],
		),
	);
	// A user may not read the list; the fault comes before any right.
	expect(await statuses(get, USERS, DEFS)).toEqual([403, 418]);
	const { headers } = await get('/callcontrol');
	expect(headers.get('content-encoding')).toBe('gzip');
	expect((await get(USERS)).headers.get('x-3cx-version')).toBe('20.0.3.6');
}, 30_000);

test('--licence', async () => {
	const get = await client(await start('--licence', 'professional'));
	expect(await statuses(get, DEFS, '/callcontrol')).toEqual([403, 404]);
}, 30_000);

test.each([
	[['--licence', 'gold'], /--licence gold is not known: enterprise, professional, basic/],
	[['--role', 'king'], /--role king is not known: system_owners/],
	[['--fault', 'explode'], /"explode" is no fault/],
	[['--profile', 'none'], /no profile "none"/],
])(
	'%j is refused with what there is',
	async (flags, complaint) => {
		expect(await start(...flags)).toMatch(complaint);
		expect(child!.exitCode).toBe(1);
	},
	30_000,
);
