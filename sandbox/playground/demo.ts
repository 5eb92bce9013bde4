import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionSummary, N8nApi, Owner, Workflow, WorkflowTemplate } from './api';
import { saveServiceCredentials, type Services } from './services';
import { TABLES, TablesApi, type TableName } from './tables';
import type { PbxAccess } from './telephone';

const CREDENTIAL_TYPE = 'threeCxOAuth2Api';
/** The credentials that the workflows name: of one PBX, and of whichever PBX an item names. */
const CREDENTIAL_NAME = '3CX';
const TENANT_CREDENTIAL_NAME = '3CX of each tenant';
/** Node types of our package begin with this. */
const PACKAGE = 'n8n-nodes-threecx.';

/** What the onboarding workflow's last node reports of all people together. */
export interface OnboardingReport {
	/** Users. */
	created: number;
	updated: number;
	unchanged: number;
	/** Users, departments and seats in queues that were not left as they were, for each person. */
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
	/** All others of `workflows/`, to try: not published. */
	others: Workflow[];
	/** Nodes of our package that n8n has loaded, without the variants it derives for AI agents. */
	nodes: string[];
}

/**
 * Brings an n8n, fresh or used, to the state the demo needs: owner, tested credential, the workflows saved.
 *
 * @param folder - where the workflows lie
 * @param services - the other ends of the workflows
 * @param isOwn - whether the n8n is ours: only then it gets all workflows, and the data tables that they name
 * @throws when our nodes did not load or the credential's test fails
 */
export async function prepare(
	api: N8nApi,
	owner: Owner,
	pbx: PbxAccess,
	{ folder, services, isOwn }: { folder: string; services: Services; isOwn: boolean },
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
	const credentials = [credential, ...(await saveServiceCredentials(api, services))];
	if (isOwn) {
		credentials.push(
			await api.saveCredential(TENANT_CREDENTIAL_NAME, CREDENTIAL_TYPE, {
				pbxUrl: '={{ $json.pbxUrl }}',
				clientId: '={{ $json.clientId }}',
				clientSecret: '={{ $json.clientSecret }}',
			}),
		);
		await createTables(api.baseUrl, owner, pbx);
	}

	const save = async (file: string, replace: Record<string, string> = {}) => {
		let text = services.localise(await readFile(join(folder, file), 'utf8'));
		for (const [from, to] of Object.entries(replace)) text = text.replaceAll(from, to);
		return await api.saveWorkflow(
			withCredentials(JSON.parse(text) as WorkflowTemplate, credentials),
		);
	};
	// As it comes it only plans.
	const onboarding = await save('onboarding.json', { '\\"act\\": false': '\\"act\\": true' });
	const screenPop = await save('screen-pop.json');
	const others: Workflow[] = [];
	if (isOwn) {
		for (const file of (await readdir(folder)).sort())
			if (!['onboarding.json', 'screen-pop.json'].includes(file)) others.push(await save(file));
	}
	return { onboarding, screenPop, others, nodes };
}

/** Makes the data tables that the workflows name and that are not there yet; our PBX is the first customer. */
async function createTables(baseUrl: string, owner: Owner, pbx: PbxAccess): Promise<void> {
	const api = new TablesApi(baseUrl);
	await api.signIn(owner);
	const existing = await api.tableNames();
	const { url: pbxUrl, clientId, clientSecret } = pbx;
	const rows: Partial<Record<TableName, Array<Record<string, string>>>> = {
		'3CX tenants': [{ name: 'Our own PBX', pbxUrl, clientId, clientSecret }],
	};
	for (const name of Object.keys(TABLES) as TableName[])
		if (!existing.includes(name)) await api.createTable(name, rows[name]);
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
		const people = execution.items('Report') as Array<{ user: string; changes: number }>;
		if (execution.status !== 'success' || people.length === 0) {
			const error = execution.error ?? 'its Report node gave out nothing';
			return {
				outcome: { name: workflow.name, status: 'error', executions: reports.length, error },
				reports,
			};
		}
		reports.push(summed(people));
		afterRun();
	}
	return {
		outcome: { name: workflow.name, status: 'success', executions: reports.length },
		reports,
	};
}

/** The lines of all people in one. */
function summed(people: Array<{ user: string; changes: number }>): OnboardingReport {
	const count = (outcome: string) => people.filter(({ user }) => user === outcome).length;
	return {
		created: count('created'),
		updated: count('updated'),
		unchanged: count('unchanged'),
		changes: people.reduce((sum, { changes }) => sum + changes, 0),
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

/** The template with this n8n's credentials in place of their names; templates carry no ids. */
const withCredentials = (
	template: WorkflowTemplate,
	references: Array<{ id: string; name: string }>,
): WorkflowTemplate => ({
	...template,
	nodes: template.nodes.map((node) => ({
		...node,
		...(node.credentials && {
			credentials: Object.fromEntries(
				Object.entries(node.credentials).map(([type, wanted]) => [
					type,
					references.find(({ name }) => name === wanted.name) ?? wanted,
				]),
			),
		}),
	})),
});
