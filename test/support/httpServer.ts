import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a test server got it. */
export interface Received {
	method: string;
	/** Path with query string. */
	url: string;
	headers: IncomingMessage['headers'];
	body: string;
}

/** An HTTP server of a test, on a free port of the loopback interface. */
export interface TestServer {
	origin: string;
	received: Received[];
	/** Connections that were opened so far. */
	connections: number;
	server: Server;
	close: () => Promise<void>;
}

/** Starts a server that answers with `handle`; for answers that no PBX, simulated or real, gives on purpose. */
export async function startServer(
	handle: (request: Received, response: ServerResponse) => void,
): Promise<TestServer> {
	const received: Received[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const entry = {
				method: request.method ?? '',
				url: request.url ?? '',
				headers: request.headers,
				body: Buffer.concat(chunks).toString('utf8'),
			};
			received.push(entry);
			handle(entry, response);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const testServer: TestServer = {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		received,
		connections: 0,
		server,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	server.on('connection', () => testServer.connections++);
	return testServer;
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
	response.writeHead(status, { 'content-type': 'application/json', ...headers });
	response.end(JSON.stringify(body));
}
