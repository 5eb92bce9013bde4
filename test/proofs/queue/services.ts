import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { freePort } from '../../../sandbox/playground/n8n';

/** The two servers that n8n's queue mode needs, as URLs with user and password where they have any. */
export interface Services {
	/** `redis://127.0.0.1:6379` */
	redis: string;
	/** `postgres://user:password@127.0.0.1:5432/database` */
	postgres: string;
}

const INSTALL = `Queue mode needs Redis and PostgreSQL. One of:
  Debian, Ubuntu   apt-get install -y redis-server postgresql
  macOS            brew install redis postgresql
  Docker           docker compose -f test/proofs/queue/compose.yaml up -d --wait
                   REDIS_URL=redis://127.0.0.1:6379 DATABASE_URL=postgres://n8n:n8n@127.0.0.1:5432/n8n npm run e2e:queue`;

/** Where packages put programs that are not on the PATH. */
const BIN_FOLDERS = [
	...(process.env.PATH ?? '').split(delimiter),
	...['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
		.filter(existsSync)
		.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'bin')))
		// The newest of several versions.
		.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })),
];

/** How long a server may take to start, in ms. */
const START_MS = 30_000;

/**
 * Redis and PostgreSQL, each on a loopback port of its own and with its data in `folder`; or those that the environment
 * names with `REDIS_URL` and `DATABASE_URL`. They end with this process.
 *
 * @param folder an existing folder that this process may fill
 * @throws Error that says how to install what is missing
 */
export async function startServices(
	folder: string,
	environment: NodeJS.ProcessEnv,
): Promise<Services> {
	const { REDIS_URL: redis, DATABASE_URL: postgres } = environment;
	return {
		redis: redis ?? (await startRedis(join(folder, 'redis'))),
		postgres: postgres ?? (await startPostgres(join(folder, 'postgres'))),
	};
}

async function startRedis(folder: string): Promise<string> {
	const port = await freePort();
	mkdirSync(folder);
	const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder];
	await startServer(find('redis-server'), [...args, '--save', '', '--appendonly', 'no'], {
		ready: 'Ready to accept connections',
	});
	return `redis://127.0.0.1:${port}`;
}

async function startPostgres(folder: string): Promise<string> {
	const port = await freePort();
	const user = ordinaryUser();
	mkdirSync(folder, { mode: 0o700 });
	if (user) {
		chownSync(folder, user.uid, user.gid);
		// That user has to get there; what else is in the folder stays unreadable.
		chmodSync(dirname(folder), 0o711);
	}
	const initdb = spawnSync(
		find('initdb'),
		['-D', folder, '-U', 'n8n', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
		{ ...user, cwd: folder, encoding: 'utf8' },
	);
	if (initdb.status !== 0) throw new Error(`initdb failed:\n${initdb.stdout}${initdb.stderr}`);
	const settings = {
		listen_addresses: '127.0.0.1',
		port,
		unix_socket_directories: '',
		max_connections: 200,
		// The data is thrown away; so a power cut may as well.
		fsync: 'off',
	};
	const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
	await startServer(find('postgres'), ['-D', folder, ...options], {
		ready: 'ready to accept connections',
		user,
	});
	return `postgres://n8n@127.0.0.1:${port}/postgres`;
}

interface User {
	uid: number;
	gid: number;
}

/** PostgreSQL refuses to run as root: the user that its package made, or the one that owns nothing. */
function ordinaryUser(): User | undefined {
	if (process.getuid?.() !== 0) return undefined;
	const id = (option: string, name: string) =>
		Number(spawnSync('id', [option, name], { encoding: 'utf8' }).stdout.trim() || NaN);
	for (const name of ['postgres', 'nobody']) {
		const user = { uid: id('-u', name), gid: id('-g', name) };
		if (!Number.isNaN(user.uid)) return user;
	}
	throw new Error('PostgreSQL does not run as root, and there is no user "postgres" or "nobody"');
}

/** @throws Error that says how to install the program */
function find(program: string): string {
	const path = BIN_FOLDERS.map((folder) => join(folder, program)).find(existsSync);
	if (!path) throw new Error(`${program} was not found. ${INSTALL}`);
	return path;
}

/** Starts a server that ends with this process, and waits for the words in its log that say it is ready. */
async function startServer(
	program: string,
	args: Array<string | number>,
	{ ready, user }: { ready: string; user?: User },
): Promise<void> {
	const child = spawn(program, args.map(String), { ...user, stdio: ['ignore', 'pipe', 'pipe'] });
	process.once('exit', () => child.kill('SIGKILL'));
	let log = '';
	await new Promise<void>((resolve, reject) => {
		const fail = (what: string) => reject(new Error(`${program} ${what}:\n${log}`));
		const timer = setTimeout(() => fail('did not start in time'), START_MS);
		const read = (chunk: Buffer) => {
			log = (log + chunk.toString()).slice(-5_000);
			if (!log.includes(ready)) return;
			clearTimeout(timer);
			resolve();
		};
		child.stdout.on('data', read);
		child.stderr.on('data', read);
		child.once('error', (error) => fail(error.message));
		child.once('exit', (code) => fail(`ended with exit code ${code}`));
	});
}

/** Removes a folder when this process ends, whichever way. */
export const removeAtExit = (folder: string): void =>
	void process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
