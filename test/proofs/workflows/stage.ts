import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPbx, type Pbx, type PbxOptions } from '../../../sandbox/pbx';
import type { Execution, Workflow, WorkflowTemplate } from '../../../sandbox/playground/api';
import { saveServiceCredentials, type Services } from '../../../sandbox/playground/services';
import type { TablesApi } from '../../../sandbox/playground/tables';
import { CREDENTIAL_TYPE } from '../../support/workflows';

/** What the workflows of `workflows/` are run on: a real n8n, simulated PBXs, and the services at the other ends. */

export const WORKFLOWS = resolve(__dirname, '..', '..', '..', 'workflows');

/** A workflow of the folder, in n8n. */
export interface Imported {
	workflow: Workflow;
	/** Executes it from one of its triggers, as the editor does; `Try It` by default. */
	run(trigger?: string): Promise<Execution>;
	/** The same, and it has to end well. */
	succeed(trigger?: string): Promise<Execution>;
	publish(): Promise<void>;
	/** Takes it back. */
	end(): Promise<void>;
	/** Waits until so many executions have ended since it was imported. @throws when one of them failed */
	executions(count: number, timeoutMs?: number): Promise<Execution[]>;
}

/** Everything that scenarios share. */
export class Stage {
	private readonly pbxs: Pbx[] = [];

	private readonly imported: string[] = [];

	constructor(
		readonly api: TablesApi,
		readonly services: Services,
	) {}

	/** Starts a PBX, which ends with the scenario. */
	async pbx(options: PbxOptions = {}): Promise<Pbx> {
		const pbx = await startPbx({ seedCallLogRows: 0, ...options });
		this.pbxs.push(pbx);
		return pbx;
	}

	/** Saves the credentials that workflows name; those of the PBX only where one is given. */
	async credentials(pbx?: Pbx): Promise<void> {
		if (pbx) await this.api.saveCredential('3CX', CREDENTIAL_TYPE, accessTo(pbx));
		await saveServiceCredentials(this.api, this.services);
	}

	/**
	 * Imports a file of `workflows/` as it is, but for the addresses of the example services, the time between
	 * polls, and schedules, which the scenario runs by hand.
	 *
	 * @param file such as `tenants.json`
	 * @param replace further texts to replace
	 */
	async import(file: string, replace: Record<string, string> = {}): Promise<Imported> {
		let text = this.services.localise(await readFile(join(WORKFLOWS, file), 'utf8'));
		for (const [from, to] of Object.entries(replace)) {
			if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
			text = text.replaceAll(from, to);
		}
		const template = JSON.parse(text) as WorkflowTemplate;
		for (const { type, parameters } of template.nodes) {
			if (parameters.pollTimes) parameters.pollTimes = EVERY_2_SECONDS;
			if (type === 'n8n-nodes-base.scheduleTrigger') parameters.rule = BY_HAND_ONLY;
		}
		const { api } = this;
		const workflow = await api.saveWorkflow(template);
		this.imported.push(workflow.id);
		for (const { name, credentials = {} } of workflow.nodes)
			for (const [type, { id }] of Object.entries(credentials))
				if (!id)
					throw new Error(`n8n did not find the credential of ${name} (${type}) by its name`);
		const run = async (trigger = 'Try It') => await api.run(workflow.id, trigger);
		return {
			workflow,
			run,
			succeed: async (trigger) => succeeded(await run(trigger)),
			publish: async () => await api.publish(workflow),
			end: async () => await api.unpublish(workflow.id),
			executions: async (count, timeoutMs) => {
				const ended = await api.endedExecutions(workflow.id, count, new Set(), timeoutMs);
				return await Promise.all(ended.map(async ({ id }) => succeeded(await api.execution(id))));
			},
		};
	}

	/** Ends the workflows and PBXs of a scenario, and removes what it made. */
	async clear(): Promise<void> {
		for (const id of this.imported.splice(0)) await this.api.unpublish(id).catch(() => undefined);
		await this.api.removeCreated();
		this.services.forget();
		await Promise.all(this.pbxs.splice(0).map(async (pbx) => await pbx.close()));
	}
}

/** n8n polls once a minute at most, but a node may have several schedules. */
const EVERY_2_SECONDS = {
	item: Array.from({ length: 30 }, (_, index) => ({
		mode: 'custom',
		cronExpression: `${index * 2} * * * * *`,
	})),
};

/** What the credential needs for a PBX. */
export const accessTo = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) => ({
	pbxUrl: url,
	clientId,
	clientSecret,
});

/** At New Year: else a schedule may begin in the middle of a scenario. */
const BY_HAND_ONLY = { interval: [{ field: 'cronExpression', expression: '0 0 1 1 *' }] };

function succeeded(execution: Execution): Execution {
	if (execution.status === 'success') return execution;
	throw new Error(`execution ${execution.id} ended as ${execution.status}: ${execution.error}`);
}

/** Waits until something is so. @throws with `what` when it is not in time */
export async function until(
	holds: () => boolean | Promise<boolean>,
	what: string,
	timeoutMs = 40_000,
): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await holds())) {
		if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`);
		await delay(100);
	}
}
