import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Participant } from '../../lib/callcontrol/rest/types';
import { createPbxClient, type PbxClient } from '../../lib/http/client';
import type { TokenSource } from '../../lib/http/tokens';
import { fixedToken } from '../support/fixedToken';
import { Collector } from './collector';
import { state } from './samples';

/** What was asked of the server. */
export interface Asked {
	path: string;
	token: string;
	/** When, in ms, on a clock that only goes forward. */
	at: number;
}

/** What it answers: a status, or a status and a body; undefined for what it answers by itself; never, if it never comes. */
export type Reply = number | readonly [status: number, body: unknown] | undefined;

const tokenOf = ({ headers }: IncomingMessage) =>
	headers.authorization?.replace('Bearer ', '') ?? '';

/** A server of which every answer is the test's: for what no PBX, simulated or real, does on purpose. */
export class Scripted {
	readonly sockets = new Collector<WebSocket>();

	readonly connections = new Collector<Socket>();

	/** Requests, without upgrades. */
	readonly asked = new Collector<Asked>();

	readonly upgrades = new Collector<Asked>();

	/** The legs that a GET shows. */
	legs: Participant[] = [];

	/** Types of DNs that are no extensions, or have no legs. */
	types: Record<string, string> = {};

	/** Phones, by DN. */
	phones: Record<string, string[]> = {};

	/** What answers an upgrade; by default it is accepted. */
	onUpgrade?: (socket: Socket, asked: Asked) => void;

	/** What answers a request, if it does. */
	onRequest?: (asked: Asked) => Reply | Promise<Reply>;

	/** Whether it answers pings. */
	answersPings = true;

	private readonly wss = new WebSocketServer({ noServer: true, autoPong: false });

	private readonly server: Server = createServer(
		(request, response) => void this.answer(request, response),
	);

	async start(): Promise<this> {
		this.server.on('connection', this.connections.push);
		this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
			const asked = this.note(this.upgrades, request);
			if (this.onUpgrade) return this.onUpgrade(socket, asked);
			this.wss.handleUpgrade(request, socket, head, (opened) => {
				opened.on('ping', (data) => this.answersPings && opened.pong(data));
				this.sockets.push(opened);
			});
		});
		this.server.listen(0, '127.0.0.1');
		await once(this.server, 'listening');
		return this;
	}

	get origin(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	/** A client of it. */
	client(tokens: TokenSource = fixedToken('token')): PbxClient {
		return createPbxClient({ connection: { origin: this.origin, ignoreSslIssues: false }, tokens });
	}

	/** Sends an event as 3CX does. */
	say(sequence: number, event_type: number, entity: string, attached_data: unknown = null): void {
		this.raw(JSON.stringify({ sequence, event: { event_type, entity, attached_data } }));
	}

	raw(text: string): void {
		this.sockets.items.at(-1)!.send(text);
	}

	/** Readings of the whole state so far. */
	get readings(): Asked[] {
		return this.asked.items.filter(({ path }) => path === '/callcontrol');
	}

	/** @returns the readings of the whole state, once there are this many in all. */
	async read(times: number): Promise<Asked[]> {
		await this.asked.first(() => this.readings.length >= times, `${times} readings`);
		return this.readings;
	}

	/** Resolves when what was sent so far, over the newest socket, has arrived at the other end. */
	async arrived(): Promise<void> {
		const socket = this.sockets.items.at(-1)!;
		const pong = once(socket, 'pong');
		socket.ping();
		await pong;
	}

	async close(): Promise<void> {
		for (const socket of this.connections.items) socket.destroy();
		this.wss.close();
		this.server.close();
		await once(this.server, 'close');
	}

	private note(list: Collector<Asked>, request: IncomingMessage): Asked {
		const asked = { path: request.url ?? '', token: tokenOf(request), at: performance.now() };
		list.push(asked);
		return asked;
	}

	private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const asked = this.note(this.asked, request);
		const reply = (await this.onRequest?.(asked)) ?? this.found(asked.path);
		const [status, body] = typeof reply === 'number' ? [reply, {}] : reply;
		response.writeHead(status, { 'content-type': 'application/json' });
		response.end(JSON.stringify(body));
	}

	private found(path: string): readonly [number, unknown] {
		const dns = state(this.legs, this.types).map((dn) => ({
			...dn,
			devices: (this.phones[dn.dn] ?? []).map((device_id) => ({ device_id })),
		}));
		if (path === '/callcontrol') return [200, dns];
		const one = dns.find(({ dn }) => path === `/callcontrol/${dn}`);
		const legs = dns.find(({ dn }) => path === `/callcontrol/${dn}/participants`)?.participants;
		const leg = this.legs.find(({ dn, id }) => path === `/callcontrol/${dn}/participants/${id}`);
		const body = one ?? legs ?? leg;
		return body ? [200, body] : [404, {}];
	}
}
