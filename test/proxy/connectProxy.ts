import { createServer, request as send, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A forward proxy as companies have it: passes tunnels (CONNECT) and plain requests on, or refuses. */
export interface Proxy {
	url: string;
	/** `host:port` of every tunnel and every plain request. */
	asked: string[];
	close(): Promise<void>;
}

/** @param refuse status that every request is refused with; without it all are passed on */
export async function startProxy(refuse?: number): Promise<Proxy> {
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server: Server = createServer((request, response) => {
		// Plain http is asked for by its whole URL. Anything else is meant for another test's server, which had this port.
		if (!URL.canParse(request.url ?? '')) return void response.writeHead(400).end();
		const { host, port, hostname, pathname, search } = new URL(request.url ?? '');
		asked.push(host);
		if (refuse !== undefined) {
			response.writeHead(refuse).end();
			return;
		}
		const { method, headers } = request;
		const options = { hostname, port, path: pathname + search, method, headers };
		const onward = send(options, (answer) => {
			response.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(response);
		});
		onward.on('error', () => response.destroy());
		request.pipe(onward);
	});
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	server.on('connect', (request, client: Socket) => {
		asked.push(request.url ?? '');
		client.on('error', () => client.destroy());
		if (refuse !== undefined) {
			client.end(`HTTP/1.1 ${refuse} Refused\r\nContent-Length: 0\r\n\r\n`);
			return;
		}
		const [host, port] = (request.url ?? '').split(':');
		const upstream = connect(Number(port), host, () => {
			client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
			upstream.pipe(client).pipe(upstream);
		});
		sockets.add(upstream);
		upstream.on('error', () => client.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		asked,
		async close() {
			for (const socket of sockets) socket.destroy();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
