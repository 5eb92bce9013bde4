import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

import { STATUS_CODES } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { z } from 'zod';

import { inPascalCase, type Quirks } from '../quirks';
import type { Caller } from '../types';
import type { CallEngine } from './engine';
import { Refusal } from './errors';
import { perform, refusalAnswer, sees, segmentsOf, targetOf, type Answer } from './operations';
import { requestOf } from './routes';
import { EVENT, type CallControlEvent } from './types';

const PATH = '/callcontrol/ws';

/** 3CX limits the size of requests over the socket; the limit is not documented (protocol 3.3). */
const REQUEST_LIMIT_BYTES = 64 * 1024;

/** Who asks for the socket: the caller, or the HTTP status that its upgrade is refused with. */
export type Authenticate = (request: IncomingMessage) => Promise<Caller | number> | Caller | number;

export interface SocketOptions {
	/** A dead token's sockets are closed at once; false: they go on. Which one 3CX does is unknown (protocol 8.12). Default true. */
	closeRevoked?: boolean;
	/** What is otherwise. */
	quirks?: Quirks;
}

/** How a message counts among `count` of its socket. */
const SEQUENCE = {
	counts: (count: number) => count,
	constant: () => 0,
	restarts: (count: number) => ((count - 1) % 3) + 1,
};

/** The sockets that are open, and what a test can do to them. */
export interface CallControlSockets {
	/** How many are open. */
	readonly count: number;
	/** Cuts every connection without a close frame: clients see 1006. */
	dropAll(): void;
	/** Half-open links: sockets open now stay up but say nothing, not even pongs, and hear nothing. What is missed is lost. */
	freeze(): void;
	/** Ends `freeze`. */
	thaw(): void;
	/** This token is dead: cuts its sockets (see `closeRevoked`) and its audio streams. */
	tokenRevoked(token: string): void;
	/** Sends these very bytes as a frame to every socket, sound or not. */
	send(raw: string | Buffer): void;
	/** Cuts all and stops listening to server and engine. */
	close(): void;
}

/** A client's request over the socket, in its own spelling (protocol 3.3). */
const socketRequest = z.object({
	RequestID: z.union([z.string(), z.number()]),
	Path: z.string(),
	RequestData: z
		.object({
			Destination: z.unknown(),
			Reason: z.unknown(),
			Timeout: z.unknown(),
			AttachedData: z.unknown(),
		})
		.partial()
		.nullish(),
});

interface Connection {
	socket: WebSocket;
	/** Nobody where the token was dead. */
	caller?: Caller;
	isFrozen: boolean;
	/** It answers pings, and says nothing. */
	isSilent: boolean;
	sequence: number;
}

/**
 * Serves `/callcontrol/ws` on a server: events of every DN that the client monitors, without any subscription
 * (protocol 3.1), and requests over the socket.
 *
 * @param authenticate looks at the upgrade's Authorization header; a token in the query is refused before it is asked
 */
export function attachSocket(
	server: Server,
	engine: CallEngine,
	authenticate: Authenticate,
	{ closeRevoked = true, quirks = {} }: SocketOptions = {},
): CallControlSockets {
	const wss = new WebSocketServer({
		noServer: true,
		autoPong: false,
		maxPayload: REQUEST_LIMIT_BYTES,
	});
	const connections = new Set<Connection>();

	const upgrade = async (request: IncomingMessage, stream: Duplex, head: Buffer) => {
		stream.on('error', () => stream.destroy());
		const { pathname } = new URL(request.url ?? '/', 'http://pbx');
		if (pathname !== PATH) return refuse(stream, 404);
		const who = request.headers.authorization ? await authenticate(request) : 401;
		const isDeaf = who === 401 && quirks.acceptsDeadTokens === true;
		if (typeof who === 'number' && !isDeaf) return refuse(stream, who);
		if (stream.destroyed) return;
		const caller = typeof who === 'number' ? undefined : who;
		wss.handleUpgrade(request, stream, head, (socket) => open(socket, caller));
	};
	const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
		upgrade(request, stream, head).catch(() => refuse(stream, 500));
	};

	const open = (socket: WebSocket, caller: Caller | undefined) => {
		const isSilent = caller === undefined;
		const connection: Connection = { socket, caller, isFrozen: false, isSilent, sequence: 0 };
		connections.add(connection);
		socket.on('error', () => socket.terminate());
		socket.on('close', () => connections.delete(connection));
		socket.on('ping', (data) => {
			if (!connection.isFrozen && !quirks.ignoresPings) socket.pong(data);
		});
		socket.on('message', (data) => {
			if (!connection.isFrozen && !connection.isSilent) void serve(connection, String(data));
		});
	};

	/** The sequence counts what was to be sent: a frozen link's client finds a gap. */
	const frame = (connection: Connection, type: number, entity: string, attached: unknown) => {
		connection.sequence += 1;
		const { socket, isFrozen, isSilent } = connection;
		if (isFrozen || isSilent || socket.readyState !== socket.OPEN) return;
		const event = { event_type: type, entity, attached_data: attached };
		const sequence = SEQUENCE[quirks.sequence ?? 'counts'](connection.sequence);
		const message = { sequence, event };
		const text = JSON.stringify(quirks.pascalCase ? inPascalCase(message) : message);
		socket.send(text, { binary: quirks.binaryFrames === true });
	};

	const tell = ({ type, dn, entity, attachedData }: CallControlEvent) => {
		for (const connection of connections) {
			if (connection.caller && sees(connection.caller, dn))
				frame(connection, type, entity, attachedData);
		}
	};

	/** What is no request is left unanswered: a real PBX's word for it is not known. */
	const serve = async (connection: Connection, text: string) => {
		const request = socketRequest.safeParse(parse(text));
		const { caller } = connection;
		if (!request.success || !caller) return;
		const { RequestID, Path, RequestData } = request.data;
		const { status, body } = await respond(engine, caller, Path, {
			destination: RequestData?.Destination,
			reason: RequestData?.Reason,
			timeout: RequestData?.Timeout,
			attacheddata: RequestData?.AttachedData,
		});
		frame(connection, EVENT.response, Path, {
			RequestID,
			Path,
			StatusCode: status,
			Response: body,
		});
	};

	const cut = (which: (connection: Connection) => boolean) => {
		for (const connection of connections) if (which(connection)) connection.socket.terminate();
	};

	server.on('upgrade', onUpgrade);
	engine.on('event', tell);

	return {
		get count() {
			return connections.size;
		},
		dropAll: () => cut(() => true),
		freeze: () => connections.forEach((connection) => (connection.isFrozen = true)),
		thaw: () => connections.forEach((connection) => (connection.isFrozen = false)),
		tokenRevoked: (token) => {
			const isIts = ({ caller }: Connection) => caller?.token === token;
			if (quirks.replacedSocket === 'silent') {
				for (const connection of connections) if (isIts(connection)) connection.isSilent = true;
			} else if (closeRevoked && quirks.replacedSocket !== 'goesOn') cut(isIts);
			engine.revokeToken(token);
		},
		send: (raw) => connections.forEach(({ socket }) => socket.send(raw)),
		close: () => {
			server.off('upgrade', onUpgrade);
			engine.off('event', tell);
			cut(() => true);
			wss.close();
		},
	};
}

async function respond(
	engine: CallEngine,
	caller: Caller,
	path: string,
	data: unknown,
): Promise<Answer> {
	try {
		const target = targetOf(segmentsOf(path));
		if (!target) return refusalAnswer(engine, new Refusal(404, `There is no operation ${path}`));
		return await perform(engine, caller, target, requestOf(data));
	} catch (error: unknown) {
		return refusalAnswer(engine, error);
	}
}

function refuse(stream: Duplex, status: number): void {
	stream.end(
		`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
	);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
