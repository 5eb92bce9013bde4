import { setTimeout as delay } from 'node:timers/promises';
import { parse as parseFlatted } from 'flatted';

/** The person who owns a fresh n8n. The password needs 8 characters with a digit and a capital. */
export interface Owner {
	email: string;
	password: string;
}

/** A workflow as n8n exports it and as `workflows/*.json` holds it. */
export interface WorkflowTemplate {
	name: string;
	nodes: WorkflowNode[];
	connections: Record<string, unknown>;
	settings?: Record<string, unknown>;
	meta?: Record<string, unknown>;
}

export interface WorkflowNode {
	name: string;
	type: string;
	parameters: Record<string, unknown>;
	credentials?: Record<string, { id: string; name: string }>;
	[key: string]: unknown;
}

/** A saved workflow; `versionId` names the draft that {@link N8nApi.publish} makes live. */
export interface Workflow extends WorkflowTemplate {
	id: string;
	versionId: string;
	active: boolean;
}

/** What became of a publication: activation that fails still answers 200, so this is the place to look. */
export interface PublicationStatus {
	status: 'in_progress' | 'not_published' | 'published' | 'partial' | 'failed';
	triggers: Array<{ nodeId: string; status: string; errorMessage: string | null }>;
}

export interface ExecutionSummary {
	id: string;
	workflowId: string;
	status: 'new' | 'running' | 'waiting' | 'success' | 'error' | 'crashed' | 'canceled';
	mode: string;
	/** ISO; missing until it has started. */
	startedAt?: string | null;
}

/** A file that an item carries; n8n keeps the content apart, under the `id`. */
export interface ItemFile {
	id?: string;
	fileName?: string;
	mimeType: string;
}

/** An item that a node has given out. */
export interface OutputItem {
	json: Record<string, unknown>;
	/** Its files, by the name of their property. */
	binary?: Record<string, ItemFile>;
}

/** One finished execution with what every node gave out. */
export interface Execution extends ExecutionSummary {
	/** The error that ended it, in n8n's words. */
	error?: string;
	/** The items of a node's first output over all its runs; empty when it did not run. */
	items(nodeName: string): Array<Record<string, unknown>>;
	/** The same with their files. */
	outputs(nodeName: string): OutputItem[];
}

interface RunData {
	resultData: {
		error?: { message?: string; description?: string };
		runData?: Record<string, Array<{ data?: { main?: Array<OutputItem[] | null> } }>>;
	};
}

const ENDED = new Set<ExecutionSummary['status']>(['success', 'error', 'crashed', 'canceled']);
/** How often n8n is asked while we wait for it: it has no way to call us. */
const POLL_MS = 150;

/**
 * The editor's own REST interface of n8n, as far as the playground needs it. It is not public: cookie login plus a
 * `browser-id` header that must stay the same for the whole session. `npm run e2e:versions` checks it against each n8n
 * that is supported.
 *
 * Every method throws a {@link Refusal} where n8n refuses.
 */
export class N8nApi {
	private cookie = '';

	/** What was created, with how to remove it; in the order of creation. */
	private readonly created = new Map<string, () => Promise<unknown>>();

	/**
	 * @param baseUrl - such as `http://127.0.0.1:5678`, without a trailing slash
	 * @param isGuest - in an n8n that belongs to somebody: only what this object created is ever replaced
	 */
	constructor(
		readonly baseUrl: string,
		private readonly isGuest = false,
	) {}

	/** Removes what was created through this object, last first; goes on where one is gone already. */
	async removeCreated(): Promise<void> {
		for (const [id, remove] of [...this.created].reverse()) {
			await remove().catch((error: unknown) => {
				if (!(error instanceof Refusal && error.status === 404)) throw error;
			});
			this.created.delete(id);
		}
	}

	/** Remembers what {@link removeCreated} has to remove. */
	protected toRemove(id: string, remove: () => Promise<unknown>): void {
		this.created.set(id, remove);
	}

	/** The one to replace of those of a name: as a guest only what is ours. */
	private ours<T extends { id: string }>(all: T[]): T | undefined {
		return all.find(({ id }) => !this.isGuest || this.created.has(id));
	}

	/** Makes the owner of a fresh n8n, or logs in as the owner made earlier. */
	async signIn(owner: Owner): Promise<void> {
		const settings = await this.request<{
			userManagement: { showSetupOnFirstLoad?: boolean };
		}>('GET', '/rest/settings');
		await (settings.userManagement.showSetupOnFirstLoad
			? this.request('POST', '/rest/owner/setup', { ...owner, firstName: 'Pat', lastName: 'Owner' })
			: this.request('POST', '/rest/login', {
					emailOrLdapLoginId: owner.email,
					password: owner.password,
				}));
	}

	/** The version of n8n, such as `2.41.1`; only for those who are signed in. */
	async version(): Promise<string> {
		return (await this.request<{ versionCli: string }>('GET', '/rest/settings')).versionCli;
	}

	/** Names of all node types that n8n has loaded, such as `n8n-nodes-base.set`. */
	async nodeTypes(): Promise<string[]> {
		const types = await this.request<Array<{ name: string }>>('GET', '/types/nodes.json');
		return [...new Set(types.map(({ name }) => name))];
	}

	/**
	 * Creates a credential, or gives the one of that name and type new data.
	 *
	 * @returns the reference that a workflow node carries
	 */
	async saveCredential(
		name: string,
		type: string,
		data: Record<string, unknown>,
	): Promise<{ id: string; name: string }> {
		const all = await this.request<Array<{ id: string; name: string; type: string }>>(
			'GET',
			'/rest/credentials',
		);
		const existing = this.ours(all.filter((each) => each.name === name && each.type === type));
		const saved = existing
			? await this.request<{ id: string }>('PATCH', `/rest/credentials/${existing.id}`, {
					name,
					type,
					data,
				})
			: await this.request<{ id: string }>('POST', '/rest/credentials', { name, type, data });
		if (!existing) this.adoptCredential(saved.id);
		return { id: saved.id, name };
	}

	/** Takes over a credential that was made in the editor: {@link removeCreated} removes it with the rest. */
	adoptCredential(id: string): void {
		this.toRemove(id, async () => await this.request('DELETE', `/rest/credentials/${id}`));
	}

	/** Presses the credential's Test button. */
	async testCredential(
		id: string,
		name: string,
		type: string,
		data: Record<string, unknown>,
	): Promise<{ status: 'OK' | 'Error'; message: string }> {
		return await this.request('POST', '/rest/credentials/test', {
			credentials: { id, name, type, data },
		});
	}

	/** Ids and names of the workflows. */
	async workflows(): Promise<Array<{ id: string; name: string }>> {
		return await this.request('GET', '/rest/workflows');
	}

	/** Creates a workflow, or replaces the content of the one of that name. Nothing is published yet. */
	async saveWorkflow(template: WorkflowTemplate): Promise<Workflow> {
		const named = (await this.workflows()).filter(({ name }) => name === template.name);
		const existing = this.ours(named);
		if (existing) return await this.request('PATCH', `/rest/workflows/${existing.id}`, template);
		const workflow = await this.request<Workflow>('POST', '/rest/workflows', template);
		const path = `/rest/workflows/${workflow.id}`;
		this.toRemove(workflow.id, async () => {
			// n8n deletes only what is archived; archiving takes it back first if it is live.
			await this.request('POST', `${path}/archive`, {});
			await this.request('DELETE', path);
		});
		return workflow;
	}

	/**
	 * Publishes the saved draft and waits until its triggers run. A workflow that is live already is taken back first,
	 * so that its trigger is registered anew (n8n leaves a trigger alone whose parameters did not change, although the
	 * credential behind it may have).
	 *
	 * @param timeoutMs how long to wait, in ms: n8n from 2.41 on tries a start that fails several times, for half a minute
	 * @throws when a trigger could not be started: with its own words
	 */
	async publish(workflow: Workflow, timeoutMs = 75_000): Promise<void> {
		if (workflow.active)
			await this.request('POST', `/rest/workflows/${workflow.id}/deactivate`, {});
		await this.request('POST', `/rest/workflows/${workflow.id}/activate`, {
			versionId: workflow.versionId,
		});
		const final = await until(timeoutMs, `"${workflow.name}" to be published`, async () => {
			const publication = await this.publicationStatus(workflow.id);
			return publication.status === 'in_progress' ? undefined : publication;
		});
		if (final.status === 'published') return;
		const reasons = final.triggers.map(({ errorMessage }) => errorMessage).filter(Boolean);
		throw new Error(
			`n8n could not publish "${workflow.name}" (${final.status}): ${reasons.join('; ') || 'no reason given'}`,
		);
	}

	/** Takes a workflow back and waits until its triggers have ended. */
	async unpublish(workflowId: string, timeoutMs = 30_000): Promise<void> {
		await this.request('POST', `/rest/workflows/${workflowId}/deactivate`, {});
		await until(timeoutMs, `workflow ${workflowId} to be taken back`, async () => {
			const { status } = await this.publicationStatus(workflowId);
			return status === 'not_published' ? true : undefined;
		});
	}

	/** n8n before 2.40 has no such status: it starts the triggers, or fails, while it is asked to publish. */
	async publicationStatus(workflowId: string): Promise<PublicationStatus> {
		const path = `/rest/workflows/${workflowId}`;
		return await this.request<PublicationStatus>('GET', `${path}/publication-status`).catch(
			async (error: unknown) => {
				if (!(error instanceof Refusal && error.status === 404)) throw error;
				const { active } = await this.request<Workflow>('GET', path);
				return { status: active ? 'published' : 'not_published', triggers: [] };
			},
		);
	}

	/**
	 * Starts a saved workflow at one of its triggers, as the editor's Execute button does, and waits for the end.
	 *
	 * @param triggerName - the name of the trigger node to start from
	 */
	async run(workflowId: string, triggerName: string, timeoutMs = 60_000): Promise<Execution> {
		return await this.finished(await this.startRun(workflowId, triggerName), timeoutMs);
	}

	/** The same without waiting for the end. */
	async startRun(workflowId: string, triggerName: string): Promise<string> {
		const { executionId } = await this.request<{ executionId: string }>(
			'POST',
			`/rest/workflows/${workflowId}/run`,
			{ triggerToStartFrom: { name: triggerName } },
		);
		return executionId;
	}

	/** Waits for the end of an execution. */
	async finished(executionId: string, timeoutMs = 60_000): Promise<Execution> {
		return await until(timeoutMs, `execution ${executionId} to end`, async () => {
			const execution = await this.execution(executionId);
			return ENDED.has(execution.status) ? execution : undefined;
		});
	}

	/** Stops a running execution, as the editor's Stop button does. */
	async stop(executionId: string): Promise<void> {
		await this.request('POST', `/rest/executions/${executionId}/stop`, {});
	}

	/** The newest executions of a workflow (at most 100), newest first; those under way stand before all others. */
	async executions(workflowId: string): Promise<ExecutionSummary[]> {
		return await this.executionPage({ workflowId });
	}

	/**
	 * The executions of a workflow, page by page: newest first, those under way before all others.
	 *
	 * Each page is of those that started before the last one of the page before. n8n's own positions (an ID, since 2.41 in
	 * a cursor) skip executions where IDs and times are not in one order, as in queue mode.
	 *
	 * @param status - only those that stand there
	 * @param count - so many at most
	 */
	async allExecutions<T extends ExecutionSummary>(
		workflowId: string,
		{ status, count = Infinity }: { status?: Array<T['status']>; count?: number } = {},
	): Promise<T[]> {
		const all = new Map<string, T>();
		for (let startedBefore: string | undefined; ; ) {
			const page = await this.executionPage<T>({ workflowId, status, startedBefore });
			const fresh = page.filter(({ id }) => !all.has(id));
			for (const each of fresh) all.set(each.id, each);
			if (fresh.length === 0 || all.size >= count) return [...all.values()].slice(0, count);
			startedBefore = fresh.findLast(({ startedAt }) => startedAt)?.startedAt ?? startedBefore;
		}
	}

	private async executionPage<T extends ExecutionSummary>(filter: object): Promise<T[]> {
		const path = `/rest/executions?limit=100&filter=${encodeURIComponent(JSON.stringify(filter))}`;
		return (await this.request<{ results: T[] }>('GET', path)).results;
	}

	/**
	 * Waits until a workflow has `count` ended executions beyond those in `known`.
	 *
	 * @param known - ids of executions that were there before
	 * @returns what ended by then, oldest first; fewer than `count` when the time ran out
	 */
	async endedExecutions(
		workflowId: string,
		count: number,
		known: ReadonlySet<string>,
		timeoutMs = 30_000,
	): Promise<ExecutionSummary[]> {
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			const fresh = (await this.executions(workflowId)).filter(({ id }) => !known.has(id));
			const ended = fresh.filter(({ status }) => ENDED.has(status)).reverse();
			if (ended.length >= count || Date.now() > deadline) return ended;
			await delay(POLL_MS);
		}
	}

	/** One execution with its data decoded. */
	async execution(id: string): Promise<Execution> {
		const raw = await this.request<ExecutionSummary & { data?: string }>(
			'GET',
			`/rest/executions/${id}`,
		);
		// Still running: n8n has stored nothing, or an empty shell.
		const data = raw.data ? (parseFlatted(raw.data) as RunData | undefined) : undefined;
		const { error, runData } = data?.resultData ?? {};
		const outputs = (nodeName: string) =>
			(runData?.[nodeName] ?? []).flatMap((run) => run.data?.main?.[0] ?? []);
		return {
			id: raw.id,
			workflowId: raw.workflowId,
			status: raw.status,
			mode: raw.mode,
			...(error && { error: [error.message, error.description].filter(Boolean).join(': ') }),
			items: (nodeName) => outputs(nodeName).map(({ json }) => json),
			outputs,
		};
	}

	/** Downloads what an item carries, as the editor's Download button does. */
	async download({ id = '' }: ItemFile): Promise<Buffer> {
		const response = await this.fetch(
			'GET',
			`/rest/binary-data?action=download&id=${encodeURIComponent(id)}`,
		);
		return Buffer.from(await response.arrayBuffer());
	}

	protected async request<T>(method: string, path: string, body?: unknown): Promise<T> {
		const response = await this.fetch(method, path, body);
		const parsed = parseJson(await response.text());
		// The REST routes wrap what they give in `data`; static ones such as /types/nodes.json do not.
		return (path.startsWith('/rest/') ? (parsed as { data: T }).data : parsed) as T;
	}

	/** @throws Refusal when n8n answers with an error */
	private async fetch(method: string, path: string, body?: unknown): Promise<Response> {
		const response = await fetch(this.baseUrl + path, {
			method,
			headers: {
				'browser-id': 'n8n-nodes-threecx-playground',
				'content-type': 'application/json',
				...(this.cookie && { cookie: this.cookie }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const cookie = response.headers.getSetCookie().find((entry) => entry.startsWith('n8n-auth='));
		if (cookie) this.cookie = cookie.split(';', 1)[0] ?? '';
		if (response.ok) return response;
		const text = await response.text();
		const message =
			(parseJson(text) as { message?: string } | undefined)?.message ?? text.slice(0, 300);
		throw new Refusal(
			response.status,
			`n8n answered ${method} ${path} with ${response.status}: ${message}`,
		);
	}
}

/** n8n has answered with an error; the message names the request, the status and n8n's words. */
class Refusal extends Error {
	constructor(
		/** HTTP status. */
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

/**
 * Asks again and again until there is an answer.
 *
 * @param timeoutMs - ms after which it throws
 * @param what - ends the sentence "Waited 30 s in vain for ..."
 * @param ask - returns undefined for "not yet"
 */
async function until<T>(
	timeoutMs: number,
	what: string,
	ask: () => Promise<T | undefined>,
): Promise<T> {
	const deadline = Date.now() + timeoutMs;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (Date.now() > deadline) {
			throw new Error(`Waited ${timeoutMs / 1000} s in vain for ${what}`);
		}
		await delay(POLL_MS);
	}
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
