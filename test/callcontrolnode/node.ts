import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { linkCount } from '../../lib/callcontrol/link/sharing';
import { closeDispatchers } from '../../lib/http/dispatchers';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import { quietPbx } from '../callcontrol/link';
import { CredentialStore, runNode, type NodeRun, type NodeRunInput } from '../support/n8n';

/** The node under test. */
export const TYPE = 'n8n-nodes-threecx.threeCxCallControl';

/** The route point of the sandbox's API client. */
export const APP = 'n8n';

/** A caller from outside. */
export const CALLER = '+441632960123';

/** A simulated PBX, and the node that talks to it in n8n's own engine. */
export interface NodeAndPbx {
	pbx: Pbx;
	credentials: CredentialStore;
	run(parameters: INodeParameters, more?: Partial<NodeRunInput>): Promise<NodeRun>;
	/** Runs it for one item and gives the JSON of the one item that comes out; throws what the node threw. */
	one(parameters: INodeParameters, more?: Partial<NodeRunInput>): Promise<IDataObject>;
	/** Resolves when the PBX has been asked for it, from now on. */
	asked(method: string, path: RegExp): Promise<void>;
	close(): Promise<void>;
}

/** Phones ring until the test says otherwise. */
export async function nodeAndPbx(options: PbxOptions = {}): Promise<NodeAndPbx> {
	const pbx = await quietPbx(options);
	const { clientId, clientSecret } = pbx.defaultClient;
	const credentials = new CredentialStore({ pbxUrl: pbx.url, clientId, clientSecret });
	const run: NodeAndPbx['run'] = async (parameters, more = {}) =>
		await runNode({ type: TYPE, credentials, parameters, ...more });
	return {
		pbx,
		credentials,
		run,
		async one(parameters, more) {
			const { items, error } = await run(parameters, more);
			if (error) throw error;
			if (items.length !== 1) throw new Error(`one item was expected, not ${items.length}`);
			return items[0]!.json;
		},
		async asked(method, path) {
			const seen = pbx.requests.length;
			const isThere = () =>
				pbx.requests
					.slice(seen)
					.some((request) => request.method === method && path.test(request.path));
			await until(isThere, `${method} ${path.source}`);
		},
		async close() {
			await pbx.close();
			await closeDispatchers();
			// Whatever waited must have left the shared socket.
			if (linkCount() !== 0) throw new Error(`${linkCount()} links to the PBX are left open`);
		},
	};
}

/** Waits until something is so, looking each time that the event loop comes round. */
export async function until(isSo: () => boolean, what: string, ms = 5_000): Promise<void> {
	const deadline = performance.now() + ms;
	while (!isSo()) {
		if (performance.now() > deadline) throw new Error(`waited ${ms} ms for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
}

/** An extension in a resource locator. */
export const by = (value: string | number, mode = 'number') => ({ __rl: true, mode, value });

/** The fields that name a leg. */
export const legOf = (extension: string, participantId: number | string): INodeParameters => ({
	callExtension: by(extension),
	participantId: by(String(participantId), 'id'),
});
