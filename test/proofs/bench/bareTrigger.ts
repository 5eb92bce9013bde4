/**
 * The least that a trigger can do: one socket, one execution for each frame about a leg that is new. What ours needs
 * on top of this is what we answer for. Compiled and loaded into the measured n8n by `barePackage.ts`.
 */
import { once } from 'node:events';
import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import WebSocket from 'ws';

/** `event_type` of a leg that is new or changed. */
const UPSERT = 0;

export class BareTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Bare Trigger',
		name: 'bareTrigger',
		group: ['trigger'],
		version: 1,
		description: 'Emits each frame of a Call Control socket',
		defaults: { name: 'Bare Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		// Whoever listens to a PBX has one, and n8n looks at the start of each execution whether it may be used.
		credentials: [{ name: 'threeCxOAuth2Api', required: true }],
		properties: [
			{ displayName: 'URL', name: 'url', type: 'string', default: '' },
			{
				displayName: 'Token',
				name: 'token',
				type: 'string',
				typeOptions: { password: true },
				default: '',
			},
		],
	};

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const url = new URL('/callcontrol/ws', String(this.getNodeParameter('url')));
		url.protocol = 'wss:';
		const socket = new WebSocket(url, {
			headers: { authorization: `Bearer ${String(this.getNodeParameter('token'))}` },
			rejectUnauthorized: false,
		});
		socket.on('message', (data: Buffer) => {
			const { event } = JSON.parse(data.toString()) as {
				event: { event_type: number; entity: string };
			};
			if (event.event_type === UPSERT) this.emit([[{ json: { entity: event.entity } }]]);
		});
		await once(socket, 'open');
		return {
			closeFunction: async () => {
				socket.terminate();
				await Promise.resolve();
			},
		};
	}
}
