/**
 * The least that a trigger can do: one socket, one execution for each frame about a leg that is new; and the least that
 * one can do which tells who is calling: the same with the one read that 3CX makes necessary, over pooled connections.
 * What ours needs on top of this is what we answer for. Compiled and loaded into the measured n8n by `barePackage.ts`.
 */
import { once } from 'node:events';
import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';
import { Agent, request } from 'undici';
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
			{ displayName: 'Read', name: 'read', type: 'boolean', default: false },
		],
	};

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const pbx = String(this.getNodeParameter('url'));
		const headers = { authorization: `Bearer ${String(this.getNodeParameter('token'))}` };
		const reads = this.getNodeParameter('read') === true;
		const url = new URL('/callcontrol/ws', pbx);
		url.protocol = 'wss:';
		const dispatcher = new Agent({
			connections: 8,
			keepAliveTimeout: 30_000,
			connect: { rejectUnauthorized: false },
		});
		const emitRead = async (entity: string) => {
			const { body } = await request(pbx + entity, { dispatcher, headers });
			const leg = (await body.json()) as Record<string, unknown>;
			this.emit([[{ json: { ...leg, entity } as never }]]);
		};
		const socket = new WebSocket(url, {
			headers,
			rejectUnauthorized: false,
		});
		socket.on('message', (data: Buffer) => {
			const { event } = JSON.parse(data.toString()) as {
				event: { event_type: number; entity: string };
			};
			if (event.event_type !== UPSERT) return;
			if (reads) void emitRead(event.entity);
			else this.emit([[{ json: { entity: event.entity } }]]);
		});
		await once(socket, 'open');
		return {
			closeFunction: async () => {
				socket.terminate();
				await dispatcher.close();
			},
		};
	}
}
