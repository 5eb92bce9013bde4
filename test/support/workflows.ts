import type { WorkflowNode } from '../../sandbox/playground/api';

/** Workflows with our nodes, as the tests in a real n8n save them. */

/** Our credential type, as n8n names it. */
export const CREDENTIAL_TYPE = 'threeCxOAuth2Api';

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
	/** Steps between the trigger and what tells; none by default. */
	between?: Array<Pick<WorkflowNode, 'name' | 'type' | 'typeVersion' | 'parameters'>>;
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
export function telling(name: string, { trigger, between = [], origin, body = '$json' }: Telling) {
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
	const steps = [trigger, ...between, tell];
	return {
		name,
		nodes: steps.map(
			(node, index): WorkflowNode => ({
				id: String(index),
				typeVersion: 1,
				position: [200 * index, 0],
				...node,
			}),
		),
		connections: Object.fromEntries(
			steps
				.slice(1)
				.map(({ name: node }, index) => [
					steps[index]!.name,
					{ main: [[{ node, type: 'main' as const, index: 0 }]] },
				]),
		),
		settings: { timezone: 'Europe/London' },
	};
}
