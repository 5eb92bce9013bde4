import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import WebSocket from 'ws';

import {
	attachSocket,
	callControlRoutes,
	createCallEngine,
	type CallControlSockets,
	type CallEngine,
	type EngineOptions,
	type Participant,
	type SocketOptions,
} from '../../../sandbox/pbx/callcontrol';
import type { ApiClient, Caller, Directory, Dn } from '../../../sandbox/pbx/types';

const extension = (number: string, name: string, ...devices: Dn['devices']): Dn => ({
	number,
	name,
	type: 'Wextension',
	devices,
});

const softphone = (number: string) => ({
	device_id: `sip:${number}@127.0.0.1:5483`,
	user_agent: '3CX Desktop App',
	directControl: false,
});

const deskPhone = (number: string) => ({
	device_id: `sip:${number}@192.168.27.40:5065`,
	user_agent: 'Yealink T54W',
	directControl: true,
});

export const DNS: Dn[] = [
	extension('100', 'Anna Smith', deskPhone('100')),
	extension('101', 'Ben Jones', softphone('101')),
	extension('102', 'Cara Lee', deskPhone('102'), softphone('102')),
	extension('103', 'New Hire'),
	{ number: '800', name: 'Sales', type: 'Wqueue', devices: [], members: ['100', '101'] },
	{
		number: '801',
		name: 'Support',
		type: 'Wqueue',
		devices: [],
		members: ['100', '101'],
		pollingStrategy: 'Hunt',
	},
	{ number: '810', name: 'Everyone', type: 'Wringgroup', devices: [], members: ['100', '101'] },
	{ number: '811', name: 'Nobody', type: 'Wringgroup', devices: [] },
	{
		number: '820',
		name: 'Menu',
		type: 'Wivr',
		devices: [],
		keys: { '1': '100', '2': '800', '9': '811' },
	},
	{ number: 'bot', name: 'Bot', type: 'Wroutepoint', devices: [] },
	{ number: 'SP1', name: 'Park 1', type: 'Wparkextension', devices: [] },
	{ number: '10000', name: 'Trunk', type: 'Wexternalline', devices: [] },
];

export const directory: Directory = {
	dn: (number) => DNS.find((dn) => dn.number === number),
	dns: () => DNS,
	didTarget: (did) => ({ '+4930100': '100', '+4930800': '800', '+4930900': 'bot' })[did],
	trunk: () => DNS.find(({ type }) => type === 'Wexternalline') as Dn,
};

const client = (monitored: ApiClient['monitored']): ApiClient => ({
	clientId: 'bot',
	clientSecret: 'unused',
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored,
});

/** Token to client: `all` sees every DN, `some` sees 100 and its own route point `bot`. */
const CLIENTS: Record<string, ApiClient> = { all: client('all'), some: client(['100']) };

const NAMES = ['upsert', 'remove', 'dtmf', 'promptFinished', 'response'];

export interface Frame {
	sequence: number;
	event: { event_type: number; entity: string; attached_data: unknown };
}

/** Nothing happens by itself: tests cause what they look at. */
const BY_HAND: EngineOptions = {
	repeatUpsertEveryMs: 0,
	pickUpAfterMs: 0,
	mediaAfterMs: 0,
	now: () => new Date('2026-03-02T09:00:00Z'),
};

/** A client's socket that keeps every frame. */
export class Listener {
	readonly frames: Frame[] = [];
	readonly socket: WebSocket;
	private requests = 0;

	constructor(url: string, token: string) {
		this.socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
		this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data)) as Frame));
	}

	/** Asks over the socket; the reply comes after all frames sent before it. */
	ask(Path: string, RequestData: object = {}): Promise<Record<string, unknown>> {
		const RequestID = `${(this.requests += 1)}`;
		this.socket.send(JSON.stringify({ RequestID, Path, RequestData }));
		return new Promise((resolve) => {
			const look = () => {
				const { event_type, attached_data } = this.frames.at(-1)?.event ?? {};
				const reply = attached_data as Record<string, unknown> | null;
				if (event_type !== 4 || reply?.RequestID !== RequestID) return;
				this.socket.off('message', look);
				resolve(reply);
			};
			this.socket.on('message', look);
		});
	}

	/** All events so far as `upsert 100/1`, in order, without replies. */
	async events(): Promise<string[]> {
		await this.ask('/callcontrol/barrier');
		return this.frames
			.filter(({ event }) => event.event_type !== 4)
			.map(({ event }) => {
				const [, , dn, , id] = event.entity.split('/');
				return `${NAMES[event.event_type]} ${dn}/${id}`;
			});
	}
}

export interface Pbx {
	engine: CallEngine;
	sockets: CallControlSockets;
	url: string;
	/** One REST request; the body is sent as JSON unless it is text. */
	rest(
		method: string,
		path: string,
		options?: { token?: string; body?: unknown; headers?: Record<string, string> },
	): Promise<{ status: number; body: unknown }>;
	listen(token?: string): Promise<Listener>;
	close(): Promise<void>;
}

function callerOf(header: string | undefined): Caller | undefined {
	const token = header?.replace('Bearer ', '') ?? '';
	const known = CLIENTS[token.split('-')[0] ?? ''];
	return known && { client: known, token };
}

export async function startPbx(
	options: EngineOptions = {},
	socketOptions: SocketOptions = {},
): Promise<Pbx> {
	const engine = createCallEngine(directory, { ...BY_HAND, ...options });
	const routes = callControlRoutes(engine);
	const server: Server = createServer((request, response) => {
		const caller = callerOf(request.headers.authorization);
		const url = new URL(request.url ?? '/', 'http://pbx');
		if (!caller) response.writeHead(401).end();
		else
			void Promise.resolve(routes(request, response, url, caller)).then(
				(done) => done || response.writeHead(404).end(),
			);
	});
	const sockets = attachSocket(
		server,
		engine,
		(request) => callerOf(request.headers.authorization) ?? 401,
		socketOptions,
	);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	const url = `http://127.0.0.1:${port}`;

	return {
		engine,
		sockets,
		url,
		rest: async (method, path, { token = 'all', body, headers } = {}) => {
			const response = await fetch(`${url}/callcontrol${path}`, {
				method,
				headers: {
					authorization: `Bearer ${token}`,
					...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
					...headers,
				},
				...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
			});
			const text = await response.text();
			return { status: response.status, body: text ? (JSON.parse(text) as unknown) : undefined };
		},
		listen: async (token = 'all') => {
			const listener = new Listener(`${url.replace('http', 'ws')}/callcontrol/ws`, token);
			await once(listener.socket, 'open');
			return listener;
		},
		close: async () => {
			sockets.close();
			engine.close();
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
		},
	};
}

/** The leg of a DN that a test is about. */
export function legOf(engine: CallEngine, dn: string): Participant {
	const [leg] = engine.participants(dn);
	if (!leg) throw new Error(`nobody is at ${dn}`);
	return leg;
}
