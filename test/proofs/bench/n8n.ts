import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse as parseFlatted } from 'flatted';
import {
	N8nApi,
	type ExecutionSummary,
	type Owner,
	type WorkflowTemplate,
} from '../../../sandbox/playground/api';
import { startN8n, type N8n } from '../../../sandbox/playground/n8n';
import { installPackage, readManifest } from '../../../sandbox/playground/package';
import { childRunning } from './rss';
import { MEASURED, START } from './workflows';

const ROOT = resolve(__dirname, '../../..');
const N8N_FOLDER = join(ROOT, '.playground', 'n8n');

/** ms between two questions whether an execution has ended. Each costs n8n a little, the same for all who are measured. */
const POLL_MS = 250;
/** ms that one execution may take. */
const LONGEST_MS = 300_000;
/** What a measured run of a workflow came to. */
export interface Measured {
	/** The measured node's own time, as n8n took it, in ms. */
	ms: number;
	/** Items that it gave out. */
	items: number;
}

export interface StartedExecution extends ExecutionSummary {
	/** ISO 8601 with ms. */
	startedAt: string;
}

interface RunData {
	resultData: {
		runData: Record<
			string,
			Array<{ executionTime: number; data?: { main?: Array<unknown[] | null> } }>
		>;
	};
}

/** What the measurements need of n8n's internal REST interface beyond the playground. */
class BenchApi extends N8nApi {
	/** The descriptions of all node types. */
	async descriptions(): Promise<Array<{ name: string }>> {
		return await this.request('GET', '/types/nodes.json');
	}

	/**
	 * Runs a saved workflow and reads what n8n noted about its node {@link MEASURED}. The execution is deleted then, so
	 * that the database does not grow with the rounds.
	 *
	 * @throws Error when the execution failed, in n8n's words
	 */
	async measure(workflowId: string): Promise<Measured> {
		const id = await this.begin(workflowId);
		await this.ended(id);
		const { data } = await this.request<{ data: string }>('GET', `/rest/executions/${id}`);
		const { resultData } = parseFlatted(data) as RunData;
		const [run] = resultData.runData[MEASURED] ?? [];
		await this.request('POST', '/rest/executions/delete', { ids: [id] });
		if (!run) throw new Error(`Execution ${id} did not come to its node "${MEASURED}"`);
		return { ms: run.executionTime, items: run.data?.main?.[0]?.length ?? 0 };
	}

	/**
	 * Runs a workflow whose successful executions are not saved, and waits until it is over.
	 *
	 * @throws Error when the execution failed, in n8n's words
	 */
	async runUnsaved(workflowId: string): Promise<void> {
		await this.ended(await this.begin(workflowId));
	}

	private async begin(workflowId: string): Promise<string> {
		const { executionId } = await this.request<{ executionId: string }>(
			'POST',
			`/rest/workflows/${workflowId}/run`,
			{ triggerToStartFrom: { name: START } },
		);
		return executionId;
	}

	/** Waits for the end without asking for the data, which would be work for n8n at the wrong time. */
	private async ended(id: string): Promise<void> {
		const deadline = Date.now() + LONGEST_MS;
		for (;;) {
			await sleep(POLL_MS);
			const status = await this.statusOf(id);
			if (status === undefined || status === 'success') return;
			if (!['new', 'running', 'waiting'].includes(status)) {
				throw new Error((await this.execution(id)).error ?? `An execution ended as ${status}`);
			}
			if (Date.now() > deadline) throw new Error(`Execution ${id} did not end in time`);
		}
	}

	/** @returns undefined when n8n does not know it (any more) */
	private async statusOf(id: string): Promise<ExecutionSummary['status'] | undefined> {
		const { results } = await this.request<{ results: ExecutionSummary[] }>(
			'GET',
			'/rest/executions?limit=10',
		);
		return results.find((execution) => execution.id === id)?.status;
	}

	/** How many executions of a workflow have succeeded. */
	async countSucceeded(workflowId: string): Promise<number> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId, status: ['success'] }));
		const { count } = await this.request<{ count: number }>(
			'GET',
			`/rest/executions?limit=1&filter=${filter}`,
		);
		return count;
	}

	/** The newest executions of a workflow that succeeded, newest first. */
	async latest(workflowId: string, count: number): Promise<StartedExecution[]> {
		return await this.allExecutions<StartedExecution>(workflowId, { status: ['success'], count });
	}

	/** ms that n8n takes to say that it is well. */
	async healthMs(): Promise<number> {
		const began = performance.now();
		await (await fetch(`${this.baseUrl}/healthz`)).text();
		return performance.now() - began;
	}
}

/** One n8n with one database, which is stopped and started again between measurements that must not touch each other. */
export class BenchN8n {
	private running: N8n | undefined;

	private current: BenchApi | undefined;

	private readonly owner: Owner = {
		email: 'owner@example.com',
		// n8n wants a digit and a capital.
		password: `${randomBytes(9).toString('base64url')}A1`,
	};

	/**
	 * @param folder for database and settings; made when missing
	 * @param barePackage folder of the package with the bare trigger, which is always loaded
	 * @param logFile what n8n prints
	 */
	constructor(
		private readonly folder: string,
		private readonly barePackage: string,
		private readonly logFile: string,
	) {}

	/** @throws Error when n8n is not running */
	get api(): BenchApi {
		if (!this.current) throw new Error('n8n is not running');
		return this.current;
	}

	/** Its main process. */
	get pid(): number {
		const pid = childRunning(join('n8n', 'bin', 'n8n'));
		if (pid === undefined) throw new Error('n8n is not running');
		return pid;
	}

	/**
	 * Stops it if it runs, and starts it.
	 *
	 * @param withOurs whether our package is installed; default true
	 * @returns ms until it was ready
	 */
	async start(withOurs = true): Promise<number> {
		await this.stop();
		const nodeModules = join(this.folder, '.n8n', 'nodes', 'node_modules');
		if (withOurs) await installPackage(ROOT, nodeModules);
		else
			await rm(join(nodeModules, (await readManifest(ROOT)).name), {
				recursive: true,
				force: true,
			});
		const began = performance.now();
		this.running = await startN8n({
			userFolder: this.folder,
			n8nFolder: N8N_FOLDER,
			packageDir: this.barePackage,
			logFile: this.logFile,
		});
		const ms = performance.now() - began;
		this.current = new BenchApi(this.running.url);
		await this.current.signIn(this.owner);
		return ms;
	}

	/** Starts it unless it runs. */
	async up(): Promise<void> {
		if (!this.running) await this.start();
	}

	async stop(): Promise<void> {
		const { running } = this;
		this.running = this.current = undefined;
		await running?.stop();
	}

	/** Saves a workflow. @returns its id */
	async save(template: WorkflowTemplate): Promise<string> {
		return (await this.api.saveWorkflow(template)).id;
	}
}
