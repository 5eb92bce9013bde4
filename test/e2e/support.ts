import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { N8nApi, type WorkflowNode } from '../../sandbox/playground/api';
import { startN8n } from '../../sandbox/playground/n8n';

/** What tests in a real n8n have in common: a fresh n8n with our built package, and the nodes of a workflow. */

/** Our credential type, as n8n names it. */
export const CREDENTIAL_TYPE = 'threeCxOAuth2Api';

const ROOT = join(__dirname, '..', '..');

/** A fresh n8n with the package as it was built last. */
export interface FreshN8n {
	/** Its editor's interface, signed in as the owner; another one after each start. */
	readonly api: N8nApi;
	/** The last lines that it printed, for an error message. */
	logTail(): string;
	/** Ends n8n and keeps what it has stored. */
	stop(): Promise<void>;
	/** Kills n8n without a chance to store anything, as a power cut does. */
	kill(): Promise<void>;
	/** Starts it again with what it has stored. */
	start(): Promise<void>;
	/** Ends n8n and deletes all it has kept. */
	close(): Promise<void>;
}

/** Starts a fresh n8n; that takes some 20 s, since it makes its database first. */
export async function openN8n(): Promise<FreshN8n> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-3cx-'));
	const launch = async () => {
		const n8n = await startN8n({
			userFolder: folder,
			n8nFolder: join(ROOT, '.playground', 'n8n'),
			packageDir: ROOT,
			logFile: join(folder, 'n8n.log'),
		});
		const api = new N8nApi(n8n.url);
		await api.signIn({ email: 'owner@example.com', password: 'Playground-1' });
		return { n8n, api };
	};
	let running = await launch();
	return {
		get api() {
			return running.api;
		},
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

/** What {@link chain} makes a node of. */
export interface ChainedNode extends Partial<WorkflowNode> {
	name: string;
	/** Default: the 3CX node. */
	type?: string;
	parameters: Record<string, unknown>;
}

/**
 * A workflow that runs nodes one after another behind a Manual Trigger called Go.
 *
 * @param name - of the workflow
 * @param credential - reference of the credential that the nodes use
 * @param steps - the nodes, in their order
 */
export function chain(
	name: string,
	credential: { id: string; name: string },
	steps: readonly ChainedNode[],
) {
	const nodes: WorkflowNode[] = [
		{ name: 'Go', type: 'n8n-nodes-base.manualTrigger', parameters: {} },
		...steps.map((step) => ({
			type: 'n8n-nodes-threecx.threeCx',
			credentials: { [CREDENTIAL_TYPE]: credential },
			...step,
		})),
	].map((node, index) => ({
		id: String(index),
		typeVersion: 1,
		position: [200 * index, 0],
		...node,
	}));
	const links = nodes
		.slice(1)
		.map((next, index) => [
			nodes[index]!.name,
			{ main: [[{ node: next.name, type: 'main', index: 0 }]] },
		]);
	return {
		name,
		nodes,
		connections: Object.fromEntries(links) as Record<string, unknown>,
		settings: { timezone: 'Europe/London' },
	};
}

/** What {@link telling} makes a workflow of. */
export interface Telling {
	/** The trigger; ours need a credential. */
	trigger: Pick<WorkflowNode, 'name' | 'type' | 'parameters' | 'credentials'>;
	/** Where a server of the test listens. */
	origin: string;
	/** Expression of what is sent to it; default: the item. */
	body?: string;
}

/**
 * A workflow that sends each item of a trigger on to a server of the test: what arrives there has started an execution
 * that has run.
 *
 * @param name - of the workflow
 */
export function telling(name: string, { trigger, origin, body = '$json' }: Telling) {
	const tell = {
		name: 'Tell',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.2,
		parameters: {
			method: 'POST',
			url: origin,
			sendBody: true,
			specifyBody: 'json',
			jsonBody: `={{ JSON.stringify(${body}) }}`,
		},
	};
	return {
		name,
		nodes: [trigger, tell].map(
			(node, index): WorkflowNode => ({
				id: String(index),
				typeVersion: 1,
				position: [200 * index, 0],
				...node,
			}),
		),
		connections: { [trigger.name]: { main: [[{ node: tell.name, type: 'main', index: 0 }]] } },
		settings: { timezone: 'Europe/London' },
	};
}
