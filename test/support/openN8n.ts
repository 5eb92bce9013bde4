import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { N8nApi, type Owner } from '../../sandbox/playground/api';
import { existingN8n, signInAsGuest, type ExistingN8n } from '../../sandbox/playground/existing';
import { startN8n } from '../../sandbox/playground/n8n';
import { installedN8n } from '../../sandbox/playground/n8nFolder';

/** A real n8n with our package, for tests and proofs. */

const ROOT = join(__dirname, '..', '..');

/** The n8n of a test file, with the package as it was built last, or as it is installed in an n8n that was there before. */
export interface TestedN8n {
	/** Its editor's interface, signed in as the owner; another one after each start. */
	readonly api: N8nApi;
	/** Who it belongs to. */
	readonly owner: Owner;
	/** Whether it was there before and stays. */
	readonly isGuest: boolean;
	/** The last lines that it printed, for an error message. */
	logTail(): string;
	/** Ends n8n and keeps what it has stored. */
	stop(): Promise<void>;
	/** Kills n8n without a chance to store anything, as a power cut does. */
	kill(): Promise<void>;
	/** Starts it again with what it has stored. */
	start(): Promise<void>;
	/** Ends n8n and deletes all it has kept; where it was there before, deletes what the test created. */
	close(): Promise<void>;
}

/** Starts a fresh n8n, which takes some 20 s, since it makes its database first; or signs in to the one at N8N_URL. */
export async function openN8n(): Promise<TestedN8n> {
	const existing = existingN8n();
	return existing ? await visit(existing) : await openFresh();
}

async function visit(n8n: ExistingN8n): Promise<TestedN8n> {
	const api = await signInAsGuest(n8n, ROOT);
	const notOurs = async () =>
		await Promise.reject(new Error(`The n8n at ${n8n.url} is not ours to stop`));
	return {
		api,
		owner: n8n.owner,
		isGuest: true,
		logTail: () => `(in the log of ${n8n.url})`,
		stop: notOurs,
		kill: notOurs,
		start: notOurs,
		close: async () => await api.removeCreated(),
	};
}

async function openFresh(): Promise<TestedN8n> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-3cx-'));
	const owner = { email: 'owner@example.com', password: 'Playground-1' };
	const { folder: n8nFolder } = installedN8n();
	const launch = async () => {
		const n8n = await startN8n({
			userFolder: folder,
			n8nFolder,
			packageDir: ROOT,
			logFile: join(folder, 'n8n.log'),
		});
		const api = new N8nApi(n8n.url);
		await api.signIn(owner);
		return { n8n, api };
	};
	let running = await launch();
	return {
		get api() {
			return running.api;
		},
		owner,
		isGuest: false,
		logTail: () => running.n8n.logTail(),
		stop: async () => await running.n8n.stop(),
		kill: async () => await running.n8n.kill(),
		start: async () => {
			running = await launch();
		},
		close: async () => {
			await running.n8n.stop();
			await rm(folder, { recursive: true, force: true });
		},
	};
}
