import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { createPbxClient, type PbxClient } from '../../lib/http/client';

/** A leg in the words of the Call Control API. */
export type WireLeg = { dn: string; id: number } & Record<string, unknown>;

/**
 * Speaks just enough of Call Control to play any life of a call leg by leg: the state, single legs, and the socket. It
 * knows no telephony, so it shares no idea of how calls go with the code that is tested.
 */
export class LegServer {
	private readonly http: Server;

	private readonly sockets = new WebSocketServer({ noServer: true });

	private readonly legs = new Map<string, WireLeg>();

	private readonly dns = new Map<string, string>();

	private readonly reads = new Map<string, () => void>();

	private sequence = 0;

	constructor() {
		this.http = createServer((request, response) => {
			const [, , dn, , id] = decodeURIComponent(request.url ?? '').split('/');
			const path = `${dn}/${id}`;
			const leg = this.legs.get(path);
			const body = dn === undefined ? this.state() : leg;
			response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body ?? {}));
			// A monitor with very many legs to read asks for all of them at once.
			for (const name of dn === undefined ? [...this.reads.keys()] : [path]) {
				this.reads.get(name)?.();
				this.reads.delete(name);
			}
		});
		this.http.on('upgrade', (request, socket, head) => {
			this.sockets.handleUpgrade(request, socket, head, (opened: WebSocket) => {
				this.sockets.emit('connection', opened);
			});
		});
	}

	async listen(): Promise<this> {
		await new Promise<void>((done) => this.http.listen(0, '127.0.0.1', done));
		return this;
	}

	/** A client that needs no login: what is tested is the life of calls. */
	client(): PbxClient {
		const { port } = this.http.address() as AddressInfo;
		const value = 'a.b.c';
		return createPbxClient({
			connection: { origin: `http://127.0.0.1:${port}`, ignoreSslIssues: false },
			tokens: {
				get: async () => await Promise.resolve(value),
				renew: async () => await Promise.resolve({ value, isLast: true }),
			},
			inFlight: 8,
		});
	}

	/** Puts a DN on the client's list. */
	show(dn: string, type: string): void {
		this.dns.set(dn, type);
	}

	/** Gives a leg a new state; resolves when the client has read it. */
	async put(leg: WireLeg): Promise<void> {
		const path = `${leg.dn}/${leg.id}`;
		this.legs.set(path, leg);
		const read = new Promise<void>((done) => this.reads.set(path, done));
		this.tell(0, leg);
		await read;
	}

	/** Ends a leg. */
	remove(leg: Pick<WireLeg, 'dn' | 'id'>): void {
		this.legs.delete(`${leg.dn}/${leg.id}`);
		this.tell(1, leg);
	}

	/** Cuts every socket; the client opens another one. What happens meanwhile it is not told. */
	cut(): void {
		for (const socket of this.sockets.clients) socket.terminate();
	}

	/** Changes a leg without a word. */
	silently(leg: WireLeg | undefined, gone?: Pick<WireLeg, 'dn' | 'id'>): void {
		if (leg) this.legs.set(`${leg.dn}/${leg.id}`, leg);
		if (gone) this.legs.delete(`${gone.dn}/${gone.id}`);
	}

	async close(): Promise<void> {
		this.cut();
		this.sockets.close();
		this.http.closeAllConnections();
		await new Promise((done) => this.http.close(done));
	}

	private tell(eventType: number, { dn, id }: Pick<WireLeg, 'dn' | 'id'>): void {
		this.sequence += 1;
		const entity = `/callcontrol/${dn}/participants/${id}`;
		const frame = {
			sequence: this.sequence,
			event: { event_type: eventType, entity, attached_data: null },
		};
		for (const socket of this.sockets.clients) socket.send(JSON.stringify(frame));
	}

	private state() {
		return [...this.dns].map(([dn, type]) => ({
			dn,
			type,
			devices: [],
			participants: [...this.legs.values()].filter((leg) => leg.dn === dn),
		}));
	}
}
