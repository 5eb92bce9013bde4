import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionSummary, N8nApi, Owner, Workflow, WorkflowTemplate } from './api';
import type { PbxAccess } from './telephone';

const CREDENTIAL_TYPE = 'threeCxOAuth2Api';
const CREDENTIAL_NAME = '3CX playground';
/** Node types of our package begin with this. */
const PACKAGE = 'n8n-nodes-threecx.';

/** What the onboarding workflow's last node reports. */
export interface OnboardingReport {
	/** Users. */
	created: number;
	updated: number;
	unchanged: number;
	/** Users, departments and queues that were not left as they were. */
	changes: number;
}

/**
 * What a workflow of the demo came to; `skipped` where running it would have written to a real PBX, `listening` where
 * nobody has called.
 */
export interface WorkflowOutcome {
	name: string;
	status: 'success' | 'error' | 'skipped' | 'listening';
	/** Executions that ended in success. */
	executions: number;
	/** Why it is not a success, in n8n's words. */
	error?: string;
}

/** The demo's workflows, saved in n8n. */
export interface Stage {
	onboarding: Workflow;
	screenPop: Workflow;
	/** Node types of our package that n8n has loaded, without the variants it derives for AI agents. */
	nodes: string[];
}

/**
 * Brings an n8n, fresh or used, to the state the demo needs: owner, tested credential, both workflows saved.
 *
 * @param folder - where `onboarding.json` and `screen-pop.json` lie
 * @throws when our nodes did not load or the credential's test fails
 */
export async function prepare(
	api: N8nApi,
	owner: Owner,
	pbx: PbxAccess,
	folder: string,
): Promise<Stage> {
	await api.signIn(owner);
	const nodes = (await api.nodeTypes())
		.filter((name) => name.startsWith(PACKAGE) && !name.endsWith('Tool'))
		.map((name) => name.slice(PACKAGE.length))
		.sort();

	const data = {
		pbxUrl: pbx.url,
		clientId: pbx.clientId,
		clientSecret: pbx.clientSecret,
		ignoreSSLIssues: false,
	};
	const credential = await api.saveCredential(CREDENTIAL_NAME, CREDENTIAL_TYPE, data);
	const test = await api.testCredential(credential.id, CREDENTIAL_NAME, CREDENTIAL_TYPE, data);
	if (test.status !== 'OK') {
		throw new Error(`The credential's test failed for ${pbx.url}: ${test.message}`);
	}

	const save = async (file: string) => {
		const template = JSON.parse(await readFile(join(folder, file), 'utf8')) as WorkflowTemplate;
		return await api.saveWorkflow(withCredential(template, credential));
	};
	return {
		onboarding: await save('onboarding.json'),
		screenPop: await save('screen-pop.json'),
		nodes,
	};
}

/**
 * Publishes the onboarding workflow and runs it twice.
 *
 * @param afterRun - called after each run, for a look at the PBX itself
 * @returns its outcome and the two reports; the second one must speak of no change
 */
export async function runOnboarding(
	api: N8nApi,
	workflow: Workflow,
	afterRun: () => void = () => {},
): Promise<{ outcome: WorkflowOutcome; reports: OnboardingReport[] }> {
	await api.publish(workflow);
	const trigger = workflow.nodes.find(({ type }) => type === 'n8n-nodes-base.manualTrigger');
	if (!trigger) throw new Error(`"${workflow.name}" has no Manual Trigger to start it from`);
	const reports: OnboardingReport[] = [];
	for (let run = 1; run <= 2; run++) {
		const execution = await api.run(workflow.id, trigger.name);
		const [report] = execution.items('Report') as unknown as OnboardingReport[];
		if (execution.status !== 'success' || !report) {
			const error = execution.error ?? 'its Report node gave out nothing';
			return {
				outcome: { name: workflow.name, status: 'error', executions: reports.length, error },
				reports,
			};
		}
		reports.push(report);
		afterRun();
	}
	return {
		outcome: { name: workflow.name, status: 'success', executions: reports.length },
		reports,
	};
}

/** The executions that the screen pop workflow has begun since {@link watchScreenPop} was called. */
export interface Watch {
	/** Waits for so many ended executions; gives fewer when the time is over. */
	ended(count: number, timeoutMs?: number): Promise<ExecutionSummary[]>;
	/** What the trigger gave out in them, oldest first, and what was found about the caller. */
	events(): Promise<Array<{ trigger: Record<string, unknown>; pop?: Record<string, unknown> }>>;
	outcome(expected: number): Promise<WorkflowOutcome>;
}

/** Publishes the screen pop workflow (its trigger is connected then) and watches its executions from here on. */
export async function watchScreenPop(api: N8nApi, workflow: Workflow): Promise<Watch> {
	await api.publish(workflow);
	const known = new Set((await api.executions(workflow.id)).map(({ id }) => id));
	const trigger = workflow.nodes.find(({ type }) => type === `${PACKAGE}threeCxTrigger`);
	if (!trigger) throw new Error(`"${workflow.name}" has no 3CX Trigger`);

	const ended = async (count: number, timeoutMs?: number) =>
		await api.endedExecutions(workflow.id, count, known, timeoutMs);
	return {
		ended,
		async events() {
			const all = [];
			for (const { id } of await ended(0)) {
				const execution = await api.execution(id);
				const [pop] = execution.items('Screen Pop');
				for (const item of execution.items(trigger.name)) all.push({ trigger: item, pop });
			}
			return all;
		},
		async outcome(expected) {
			const executions = await ended(0);
			const failed = executions.find(({ status }) => status !== 'success');
			const succeeded = executions.filter(({ status }) => status === 'success').length;
			const error = failed
				? ((await api.execution(failed.id)).error ??
					`execution ${failed.id} ended as ${failed.status}`)
				: succeeded < expected
					? `${succeeded} of ${expected} expected executions arrived`
					: undefined;
			return {
				name: workflow.name,
				status: error ? 'error' : succeeded > 0 ? 'success' : 'listening',
				executions: succeeded,
				...(error && { error }),
			};
		},
	};
}

/** The template with this n8n's credential in all nodes of our package; templates carry no ids. */
function withCredential(
	template: WorkflowTemplate,
	credential: { id: string; name: string },
): WorkflowTemplate {
	return {
		...template,
		nodes: template.nodes.map((node) =>
			node.type.startsWith(PACKAGE)
				? { ...node, credentials: { [CREDENTIAL_TYPE]: credential } }
				: node,
		),
	};
}
