import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { installPackage } from './package';

export interface N8nOptions {
	/** Where n8n keeps its database, key and settings; made when missing. A fresh one per run gives a fresh n8n. */
	userFolder: string;
	/** Folder of `npm ci` in which `node_modules/n8n` lies, see `scripts/setup.mjs --n8n`. */
	n8nFolder: string;
	/** A built checkout of our package; without it n8n has only what was installed in the user folder. */
	packageDir?: string;
	/** Port of editor and REST; the first free one from here on is taken. Default: any free port. */
	port?: number;
	/** File that receives everything n8n prints. */
	logFile: string;
	/** ms until it must be ready. Default 300,000: the first start makes the database, and machines may be busy. */
	readyTimeoutMs?: number;
	/** What n8n is started as, and the words in its log that say it is ready. Default {@link MAIN}. */
	command?: { args: string[]; ready: string };
	/** Further settings of n8n, such as `EXECUTIONS_MODE`; they win over ours. */
	environment?: Record<string, string>;
}

/** A running n8n. */
export interface N8n {
	/** Editor and REST, without a trailing slash. */
	url: string;
	/** Ends n8n and every process it started; at once when called again. */
	stop(): Promise<void>;
	/** Kills n8n and every process it started without a chance to clean up, as a power cut does. */
	kill(): Promise<void>;
	/** The last lines that n8n printed, for an error message. */
	logTail(): string;
	/** Resolves when the process ends without being asked to, with its exit code. */
	crashed: Promise<number | null>;
}

/** The n8n that people know. It is ready when editor, REST and published workflows are up. */
const MAIN = { args: ['start'], ready: 'Editor is now accessible' };
const TAIL_LINES = 60;
/** ms that n8n gets to close its triggers and its database before it is killed. */
const GRACE_MS = 10_000;

const windows = process.platform === 'win32';

/**
 * Starts the real n8n with our built package under its real name, and waits until it is ready.
 *
 * @throws when it ends or stays silent before it is ready, with the last lines of its log
 */
export async function startN8n(options: N8nOptions): Promise<N8n> {
	const { userFolder, n8nFolder, packageDir, logFile, readyTimeoutMs = 300_000 } = options;
	const { args, ready: readyText } = options.command ?? MAIN;
	await mkdir(dirname(logFile), { recursive: true });
	if (packageDir)
		await installPackage(packageDir, join(userFolder, '.n8n', 'nodes', 'node_modules'));
	const port = await freePort(options.port);

	// A process group of its own: n8n starts task runners, and all of them have to end together.
	const child = spawn(
		process.execPath,
		[
			...['--require', join(__dirname, 'endWithParent.cjs')],
			join(n8nFolder, 'node_modules', 'n8n', 'bin', 'n8n'),
			...args,
		],
		{
			cwd: userFolder,
			detached: !windows,
			env: { ...(await n8nEnvironment(userFolder, port)), ...options.environment },
			// The channel closes when this process is gone.
			stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
		},
	);
	const killOnExit = () => killTree(child, 'SIGKILL');
	process.once('exit', killOnExit);

	let lines: string[] = [];
	let stopping = false;
	const log = createWriteStream(logFile);
	const ended = new Promise<number | null>((resolve) => {
		child.once('error', () => resolve(null));
		child.once('close', resolve);
	});
	const logTail = () => lines.join('\n');

	const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
		if (!stopping) {
			stopping = true;
			killTree(child, signal);
		}
		const deadline = setTimeout(() => killTree(child, 'SIGKILL'), GRACE_MS);
		await ended;
		clearTimeout(deadline);
		// Whatever of the group outlived its leader.
		killTree(child, 'SIGKILL');
		process.removeListener('exit', killOnExit);
		log.end();
	};
	const stop = async () => await end('SIGTERM');

	const ready = new Promise<void>((resolve) => {
		const listen = (chunk: Buffer) => {
			log.write(chunk);
			const text = chunk.toString();
			lines = [...lines, ...text.split('\n').filter((line) => line.trim() !== '')].slice(
				-TAIL_LINES,
			);
			if (text.includes(readyText)) resolve();
		};
		for (const output of [child.stdout, child.stderr]) output?.on('data', listen);
	});
	const outcome = await Promise.race([
		ready.then(() => 'ready' as const),
		ended.then((code) => `ended with exit code ${code} before it was ready` as const),
		timeout(readyTimeoutMs, `was not ready after ${readyTimeoutMs / 1000} s`),
	]);
	if (outcome !== 'ready') {
		await stop();
		throw new Error(`n8n ${outcome}. Its last lines:\n${logTail()}\nThe whole log: ${logFile}`);
	}

	return {
		url: `http://127.0.0.1:${port}`,
		stop,
		kill: async () => await end('SIGKILL'),
		logTail,
		crashed: new Promise((resolve) => {
			void ended.then((code) => {
				if (!stopping) resolve(code);
			});
		}),
	};
}

/**
 * A free TCP port on the loopback interface.
 *
 * @param from - the first one to try, then the next ones; without it the system chooses
 */
export async function freePort(from?: number): Promise<number> {
	for (let port = from ?? 0; ; port++) {
		const found = await listenOn(port);
		if (found !== undefined) return found;
	}
}

async function listenOn(port: number): Promise<number | undefined> {
	const server = createServer();
	return await new Promise((resolve) => {
		server.once('error', () => resolve(undefined));
		server.listen(port, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
		});
	});
}

async function n8nEnvironment(userFolder: string, port: number): Promise<NodeJS.ProcessEnv> {
	// Settings of an n8n that the user runs elsewhere, of the npm script or of the test runner around us, are not
	// meant for this one.
	const foreign = /^(N8N_|DB_|EXECUTIONS_|QUEUE_|WEBHOOK_URL|npm_|NODE_ENV$|JEST_)/i;
	const inherited = Object.entries(process.env).filter(([key]) => !foreign.test(key));
	return {
		...Object.fromEntries(inherited),
		N8N_USER_FOLDER: userFolder,
		N8N_PORT: String(port),
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		// Without it the login cookie needs https.
		N8N_SECURE_COOKIE: 'false',
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_PERSONALIZATION_ENABLED: 'false',
		N8N_HIRING_BANNER_ENABLED: 'false',
		N8N_LOG_LEVEL: 'info',
	};
}

function killTree(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
	if (child.pid === undefined) return;
	if (windows) {
		spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
		return;
	}
	try {
		process.kill(-child.pid, signal);
	} catch {
		// ESRCH: the whole group has ended.
	}
}

async function timeout<T>(ms: number, value: T): Promise<T> {
	return await new Promise((resolve) => {
		setTimeout(() => resolve(value), ms).unref();
	});
}
