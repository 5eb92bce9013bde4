import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode, type NodeRunInput } from '../support/n8n';

/** What a refused operation says. */
export interface Refusal {
	message: string;
	description?: string | null;
}

/** The 3CX node, with a PBX of its own. */
export interface NodeUnderTest {
	pbx: Pbx;
	credentials: CredentialStore;
	/** Runs an operation for each item and gives the JSON of the output; throws what the node threw. */
	run: (
		resource: string,
		operation: string,
		parameters?: INodeParameters,
		more?: Partial<NodeRunInput>,
	) => Promise<IDataObject[]>;
	/** What the node refuses an operation with; fails when it is not refused. */
	refusal: (...args: Parameters<NodeUnderTest['run']>) => Promise<Refusal>;
}

export async function startNode(): Promise<NodeUnderTest> {
	const pbx = await startPbx();
	const { clientId, clientSecret } = pbx.defaultClient;
	const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	const run: NodeUnderTest['run'] = async (resource, operation, parameters = {}, more = {}) => {
		const { items, error } = await runNode({
			parameters: { resource, operation, ...parameters },
			credentials,
			...more,
		});
		if (error) throw error;
		return items.map(({ json }) => json);
	};
	return {
		pbx,
		credentials,
		run,
		refusal: async (...args) =>
			await run(...args).then(
				(items) => Promise.reject(new Error(`It was not refused: ${JSON.stringify(items)}`)),
				(error: Refusal) => error,
			),
	};
}

export const list = (value: string | number) => ({ __rl: true, mode: 'list', value });
export const by = (mode: string, value: string) => ({ __rl: true, mode, value });
