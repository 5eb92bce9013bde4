import { join } from 'node:path';
import { freePort, startN8n, type N8n } from '../../../sandbox/playground/n8n';
import type { Services } from './services';

/** What all processes of one n8n share. */
export interface FleetOptions {
	services: Services;
	/** Folder for each process's own data and log. */
	folder: string;
	/** Folder of `npm ci` in which `node_modules/n8n` lies. */
	n8nFolder: string;
	/** A built checkout of our package. */
	packageDir: string;
	/** Encrypts the credentials in the database. */
	encryptionKey: string;
}

/** One process of the fleet, which can be killed and started again. */
export interface Member {
	/** Starts it, at the second time on the same port and with the same data; resolves when it is ready. */
	start(): Promise<void>;
	/** SIGKILL: no chance to hand anything over. */
	kill(): Promise<void>;
	/** The running process. */
	readonly n8n: N8n;
}

/** Executions that one worker runs at the same time. */
export const CONCURRENCY = 10;

const WORKER = {
	args: ['worker', `--concurrency=${CONCURRENCY}`],
	ready: 'worker is now ready',
};

/** @returns the main process: editor, triggers, webhooks; it runs manual executions only. */
export async function mainProcess(options: FleetOptions): Promise<Member> {
	const port = await freePort();
	return member(options, 'main', async () => ({
		port,
		environment: await Promise.resolve(queueEnvironment(options)),
	}));
}

/** @returns a worker: it takes executions from Redis and runs them. */
export const workerProcess = (options: FleetOptions, name: string): Member =>
	member(options, name, async () => ({
		command: WORKER,
		environment: {
			...queueEnvironment(options),
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(await freePort()),
			N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
		},
	}));

function member(
	{ folder, n8nFolder, packageDir }: FleetOptions,
	name: string,
	own: () => Promise<Partial<Parameters<typeof startN8n>[0]>>,
): Member {
	let running: N8n | undefined;
	let starts = 0;
	const n8n = () => {
		if (!running) throw new Error(`The n8n ${name} is not running`);
		return running;
	};
	return {
		async start() {
			starts += 1;
			running = await startN8n({
				userFolder: join(folder, name),
				n8nFolder,
				packageDir,
				logFile: join(folder, 'log', `${name}-${starts}.log`),
				...(await own()),
			});
		},
		async kill() {
			await n8n().kill();
			running = undefined;
		},
		get n8n() {
			return n8n();
		},
	};
}

/** n8n's settings for queue mode. */
function queueEnvironment({ services, encryptionKey }: FleetOptions): Record<string, string> {
	const redis = new URL(services.redis);
	const postgres = new URL(services.postgres);
	const text = decodeURIComponent;
	return {
		EXECUTIONS_MODE: 'queue',
		N8N_ENCRYPTION_KEY: encryptionKey,
		QUEUE_BULL_REDIS_HOST: redis.hostname,
		QUEUE_BULL_REDIS_PORT: redis.port || '6379',
		QUEUE_BULL_REDIS_USERNAME: text(redis.username),
		QUEUE_BULL_REDIS_PASSWORD: text(redis.password),
		QUEUE_BULL_REDIS_DB: redis.pathname.slice(1) || '0',
		QUEUE_BULL_REDIS_TLS: String(redis.protocol === 'rediss:'),
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: postgres.hostname,
		DB_POSTGRESDB_PORT: postgres.port || '5432',
		DB_POSTGRESDB_USER: text(postgres.username),
		DB_POSTGRESDB_PASSWORD: text(postgres.password),
		DB_POSTGRESDB_DATABASE: text(postgres.pathname.slice(1)),
		// The default of 2 makes main time out in a burst.
		DB_POSTGRESDB_POOL_SIZE: '10',
	};
}
