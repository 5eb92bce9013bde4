import { EventEmitter, once } from 'node:events';
import {
	Agent,
	createServer,
	request as send,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket, { WebSocketServer } from 'ws';

/** What becomes of one request. */
export interface RequestFate {
	/** The PBX is not asked; the client gets this status. */
	status?: number;
	/** The answer is held back for so long, in ms: answers overtake each other. */
	delayMs?: number;
}

/** What becomes of one message of the socket. */
export interface FrameFate {
	/** This message, and all behind it, are held back for so long, in ms. */
	delayMs?: number;
	/** It is passed on twice. */
	twice?: boolean;
}

export interface ProxyEvents {
	/** A client has got an answer. `injected`: it was ours, not the PBX's. `askedAt`: in ms since the epoch. */
	answered: [{ method: string; path: string; status: number; injected: boolean; askedAt: number }];
	/** A client has opened a socket, and the PBX has agreed. */
	opened: [];
	/** A socket has ended, whoever ended it. */
	closed: [];
	/** A message has been passed on to a client. */
	passed: [text: string];
}

interface Link {
	client: WebSocket;
	pbx: WebSocket;
	isFrozen: boolean;
	/** Messages are passed on one after the other. */
	tail: Promise<void>;
	/** When the last of them is due; a delay holds back those behind it, and does not add to theirs. */
	due: number;
}

/**
 * Stands between a client and a PBX (http) and does to their traffic what networks, load and administrators do: delays
 * answers, fails them, holds messages back, tells them twice, drops sockets or lets them go silent. Without orders it
 * passes everything on as it is.
 */
export class FaultProxy extends EventEmitter<ProxyEvents> {
	/** Decides about each HTTP request and each upgrade. */
	fateOfRequest: (method: string, path: string) => RequestFate = () => ({});

	/** Decides about each message of the socket. */
	fateOfFrame: () => FrameFate = () => ({});

	/** Sockets opened so far. */
	opens = 0;

	private readonly server: Server;

	private readonly agent = new Agent({ keepAlive: true });

	// A frozen link must not even answer pings.
	private readonly sockets = new WebSocketServer({ noServer: true, autoPong: false });

	private readonly links = new Set<Link>();

	private readonly tcp = new Set<Socket>();

	constructor(private readonly target: URL) {
		super();
		this.server = createServer((request, response) => {
			this.pass(request, response).catch(() => response.destroy());
		});
		this.server.keepAliveTimeout = 60_000;
		this.server.on('upgrade', (request, stream: Duplex, head) => {
			stream.on('error', () => stream.destroy());
			this.upgrade(request, stream, head).catch(() => stream.destroy());
		});
		this.server.on('connection', (socket) => {
			this.tcp.add(socket);
			socket.on('close', () => this.tcp.delete(socket));
		});
	}

	get url(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	/** Sockets open now. */
	get open(): number {
		return this.links.size;
	}

	async listen(): Promise<void> {
		this.server.listen(0, '127.0.0.1');
		await once(this.server, 'listening');
	}

	/** Cuts every socket without a close frame. */
	dropSockets(): void {
		for (const { client } of this.links) client.terminate();
	}

	/** Half-open links: the sockets of this moment stay up, and nothing passes any more, not even pongs. */
	freezeSockets(): void {
		for (const link of this.links) link.isFrozen = true;
	}

	async close(): Promise<void> {
		this.dropSockets();
		for (const socket of this.tcp) socket.destroy();
		this.agent.destroy();
		this.sockets.close();
		await new Promise((resolve) => this.server.close(resolve));
	}

	private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const method = request.method ?? 'GET';
		const path = request.url ?? '/';
		const { status, delayMs = 0 } = this.fateOfRequest(method, path);
		const askedAt = Date.now();
		const answered = (given: number) =>
			this.emit('answered', {
				method,
				path,
				status: given,
				injected: status !== undefined,
				askedAt,
			});
		if (status !== undefined) {
			request.resume();
			if (delayMs > 0) await sleep(delayMs);
			response.writeHead(status, { 'content-length': 0 }).end(() => answered(status));
			return;
		}
		const { hostname, port } = this.target;
		const asked = send({
			hostname,
			port,
			path,
			method,
			headers: request.headers,
			agent: this.agent,
		});
		request.pipe(asked);
		// Who hangs up here has hung up on the PBX.
		response.on('close', () => response.writableFinished || asked.destroy());
		const [answer] = (await once(asked, 'response')) as [IncomingMessage];
		if (delayMs > 0) await sleep(delayMs);
		const given = answer.statusCode ?? 502;
		response.writeHead(given, answer.headers);
		answer.pipe(response);
		await once(response, 'finish');
		answered(given);
	}

	private async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
		const path = request.url ?? '/';
		const { status, delayMs = 0 } = this.fateOfRequest('GET', path);
		if (delayMs > 0) await sleep(delayMs);
		if (status !== undefined) return refuse(stream, status);
		const pbx = new WebSocket(new URL(path, this.target.href.replace(/^http/, 'ws')), {
			headers: { authorization: request.headers.authorization ?? '' },
			perMessageDeflate: false,
		});
		const waiting: string[] = [];
		const hold = (data: WebSocket.RawData) => waiting.push(text(data));
		pbx.on('message', hold);
		const refused = await new Promise<number | undefined>((resolve) => {
			pbx.once('open', () => resolve(undefined));
			pbx.on('error', () => resolve(502));
			pbx.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 502));
		});
		if (refused !== undefined) return refuse(stream, refused);
		this.sockets.handleUpgrade(request, stream, head, (client) => {
			pbx.off('message', hold);
			this.join(client, pbx, waiting);
		});
	}

	private join(client: WebSocket, pbx: WebSocket, waiting: string[]): void {
		const link: Link = { client, pbx, isFrozen: false, tail: Promise.resolve(), due: 0 };
		this.links.add(link);
		this.opens += 1;
		const end = () => {
			client.terminate();
			pbx.terminate();
			if (this.links.delete(link)) this.emit('closed');
		};
		client.on('close', end);
		client.on('error', end);
		client.on('ping', (data) => {
			if (!link.isFrozen) client.pong(data);
		});
		client.on('message', (data) => {
			if (!link.isFrozen) pbx.send(text(data));
		});
		// What is under way still arrives before the end does.
		pbx.on('close', () => void link.tail.then(() => link.isFrozen || end()));
		pbx.on('message', (data) => this.queue(link, text(data)));
		this.emit('opened');
		for (const message of waiting) this.queue(link, message);
	}

	private queue(link: Link, message: string): void {
		const { delayMs = 0, twice = false } = this.fateOfFrame();
		const now = performance.now();
		const due = Math.max(link.due, now + delayMs);
		link.due = due;
		link.tail = link.tail.then(async () => {
			const wait = due - performance.now();
			if (wait > 1) await sleep(wait);
			if (link.isFrozen || link.client.readyState !== WebSocket.OPEN) return;
			for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) link.client.send(message);
			this.emit('passed', message);
		});
	}
}

/**
 * @param target URL of the PBX
 * @returns a proxy in front of it, listening on a free port of the loopback interface
 */
export async function startProxy(target: string): Promise<FaultProxy> {
	const proxy = new FaultProxy(new URL(target));
	await proxy.listen();
	return proxy;
}

const text = (data: WebSocket.RawData): string => (data as Buffer).toString();

function refuse(stream: Duplex, status: number): void {
	stream.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
