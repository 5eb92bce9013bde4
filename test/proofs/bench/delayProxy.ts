import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy that stands for the way to a PBX: opening a connection takes its time. */
export interface DelayProxy {
	port: number;
	/** Connections over which a client has sent something since {@link DelayProxy.mark}. */
	readonly used: number;
	mark(): void;
	close(): void;
}

/**
 * Passes bytes on untouched, TLS and all; only each new connection waits before it reaches the target.
 *
 * @param target port on the loopback interface
 * @param delayMs ms that a new connection waits
 */
export async function startDelayProxy(target: number, delayMs: number): Promise<DelayProxy> {
	const open = new Set<Socket>();
	const used = new Set<Socket>();
	const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
		open.add(client);
		client.on('error', () => client.destroy());
		client.on('close', () => open.delete(client));
		setTimeout(() => {
			const pbx = connect({ port: target, host: '127.0.0.1', noDelay: true });
			pbx.on('error', () => client.destroy());
			client.on('close', () => pbx.destroy());
			client.on('data', () => used.add(client));
			client.pipe(pbx).pipe(client);
		}, delayMs);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		port: (server.address() as AddressInfo).port,
		get used() {
			return used.size;
		},
		mark: () => used.clear(),
		close: () => {
			server.close();
			for (const socket of open) socket.destroy();
		},
	};
}
