import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type ApiClient, type Pbx } from '../../sandbox/pbx';
import { CredentialStore, runNode, type NodeRunInput } from '../support/n8n';

/** The 3CX node in n8n's engine against a simulated PBX of its own, over real HTTP. */

/** An API client that may do everything. */
export const owner = (clientId: string): ApiClient => ({
	clientId,
	clientSecret: `${clientId}-secret`,
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
});

export const list = (value: string | number) => ({ __rl: true, mode: 'list', value });
export const by = (mode: string, value: string) => ({ __rl: true, mode, value });

export interface Office {
	pbx: Pbx;
	credentials: CredentialStore;
	/** Runs an operation for each item and gives the JSON of the output; throws what the node threw. */
	run(
		resource: string,
		operation: string,
		parameters?: INodeParameters,
		more?: Partial<NodeRunInput>,
	): Promise<IDataObject[]>;
	/** The first item of `run`. */
	one(resource: string, operation: string, parameters?: INodeParameters): Promise<IDataObject>;
	/** What the node refuses an operation with. */
	refusal(
		resource: string,
		operation: string,
		parameters?: INodeParameters,
	): Promise<{ message: string; description?: string }>;
	/** Methods of the requests that a job makes, without those for tokens. */
	requestsOf(job: () => Promise<unknown>): Promise<string[]>;
	close(): Promise<void>;
}

/** A PBX with two API clients, `n8n` for the node and `rival` for somebody else. */
export async function openOffice(): Promise<Office> {
	const pbx = await startPbx({ clients: [owner('n8n'), owner('rival')] });
	const credentials = storeFor(pbx.url, 'n8n');
	const office: Office = {
		pbx,
		credentials,
		async run(resource, operation, parameters = {}, more = {}) {
			const { items, error } = await runNode({
				parameters: { resource, operation, ...parameters },
				credentials,
				...more,
			});
			if (error) throw error;
			return items.map(({ json }) => json);
		},
		async one(...args) {
			const [first] = await office.run(...args);
			if (!first) throw new Error('There is no output');
			return first;
		},
		refusal: async (...args) =>
			await office.run(...args).then(
				async (items) =>
					await Promise.reject(new Error(`It was not refused: ${JSON.stringify(items)}`)),
				(error: { message: string; description?: string }) => error,
			),
		async requestsOf(job) {
			const before = pbx.requests.length;
			await job();
			return pbx.requests
				.slice(before)
				.filter(({ path }) => path.startsWith('/xapi'))
				.map(({ method }) => method);
		},
		async close() {
			await closeDispatchers();
			await pbx.close();
		},
	};
	return office;
}

export const storeFor = (pbxUrl: string, clientId: string) =>
	new CredentialStore({ pbxUrl, clientId, clientSecret: `${clientId}-secret` });

/** Waits until something is so; it is looked at every 5 ms, because the PBX tells nobody. */
export async function until(isSo: () => boolean): Promise<void> {
	const deadline = Date.now() + 5000;
	while (!isSo()) {
		if (Date.now() > deadline) throw new Error('It did not come to that');
		await sleep(5);
	}
}
