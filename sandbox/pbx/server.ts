/** The one HTTP server of the simulated PBX: who gets in, what goes wrong on purpose, and who answers. */
import {
	createServer,
	type IncomingMessage,
	type Server as HttpServer,
	type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, fingerprint, readForm, type Tokens } from './auth';
import {
	attachSocket,
	callControlRoutes,
	type CallControlSockets,
	type CallEngine,
} from './callcontrol';
import type { KeyPair } from './certificate';
import { heldUp, type Fault, type Faults } from './faults';
import { BUSY, type Load } from './load';
import type { PageHandler } from './page';
import { rewrite, type Quirks } from './quirks';
import type { Caller, Licence, RouteHandler } from './types';
import { errorAnswer, type Answer, type Xapi } from './xapi';
import { ODataError } from './odata/errors';

/** One request as the PBX saw it; no token or secret in it. */
export interface RequestRecord {
	method: string;
	/** Path without query, percent-encoded as sent. */
	path: string;
	/** Query string with its question mark, or empty; `access_token` is blanked. */
	query: string;
	/** Answered status; 0 while unanswered or when the connection was cut, 101 for a socket. */
	status: number;
	/** Short hash of the bearer token, to tell tokens apart. */
	tokenFingerprint?: string;
	clientId?: string;
	at: Date;
}

/** Records kept. */
const RECORDS = 50_000;
const BODY_LIMIT_BYTES = 20_000_000;

/** Texts below `/xapi/v1/` that describe the API, by path. */
export type Descriptions = Record<string, { contentType: string; make: () => string }>;

export interface Parts {
	tokens: Tokens;
	faults: Faults;
	load: Load;
	xapi: Xapi;
	/** Answers a request for a session in a user's name. */
	session: (caller: Caller, body: string) => Answer;
	engine: CallEngine;
	licence: Licence;
	version: string;
	descriptions: Descriptions;
	quirks: Quirks;
	now: () => Date;
}

interface Exchange {
	request: IncomingMessage;
	response: ServerResponse;
	url: URL;
	/** The token that came along, good or not. */
	token: string | undefined;
}

/** Answers an exchange; undefined when it has written the response itself. */
type Route = (exchange: Exchange) => Promise<Answer | undefined>;

/** What the load model slows down: the two APIs. */
const WORK = /^\/(?:xapi|callcontrol)\//;

const UNAUTHORISED: Answer = { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };

async function readBody(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > BODY_LIMIT_BYTES) throw new ODataError(413, 'The request is too large.');
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
	// A 204 has neither a body nor a length (RFC 9110, 8.6).
	const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body ?? '') };
	response.writeHead(status, { ...headers, ...length });
	response.end(body);
}

export class Server {
	readonly requests: RequestRecord[] = [];
	connections = 0;

	private readonly http: HttpServer;
	private readonly sockets: CallControlSockets;
	private readonly open = new Set<Socket>();
	private readonly routes: Array<[RegExp, Route]>;
	private readonly calls: RouteHandler;
	private readonly scheme: string;
	private page: PageHandler = () => false;
	private address = { port: 0, host: '127.0.0.1' };

	constructor(
		private readonly parts: Parts,
		certificate?: KeyPair,
	) {
		const listener = (request: IncomingMessage, response: ServerResponse) => {
			this.serve(request, response).catch((error: unknown) => this.fail(response, error));
		};
		this.scheme = certificate ? 'https' : 'http';
		this.http = certificate ? createTlsServer(certificate, listener) : createServer(listener);
		// Clients keep connections for longer than Node's five seconds; a PBX does so too.
		this.http.keepAliveTimeout = 60_000;
		this.http.on('connection', (socket: Socket) => {
			this.connections += 1;
			this.open.add(socket);
			socket.on('close', () => this.open.delete(socket));
		});
		const { engine, faults, quirks } = parts;
		this.calls = callControlRoutes(engine);
		this.routes = [
			[/^\/connect\/token$/, (exchange) => this.connectToken(exchange)],
			[/^\/webclient\/api\/MyPhone\/session$/, (exchange) => this.session(exchange)],
			[/^\/xapi\/v1\//, (exchange) => this.xapi(exchange)],
			[/^\/callcontrol(\/|$)/, (exchange) => this.callControl(exchange)],
		];
		this.sockets = attachSocket(this.http, engine, (request) => this.authenticateSocket(request), {
			quirks,
		});
		faults.on('dropSockets', () => this.sockets.dropAll());
		faults.on('freezeSockets', () => this.sockets.freeze());
		faults.on('thawSockets', () => this.sockets.thaw());
	}

	get url(): string {
		return `${this.scheme}://${this.address.host}:${this.address.port}`;
	}

	/** Another certificate, for connections to come. */
	useCertificate(certificate: KeyPair): void {
		if (this.http instanceof TlsServer) this.http.setSecureContext(certificate);
	}

	/** Sockets of Call Control that are open. */
	get socketCount(): number {
		return this.sockets.count;
	}

	/** Puts the page in, which needs to know the URL. */
	usePage(page: PageHandler): void {
		this.page = page;
	}

	/** @throws Error when the address is taken */
	async listen(port: number, host: string): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.http.once('error', reject);
			this.http.listen(port, host, () => {
				this.http.off('error', reject);
				resolve();
			});
		});
		this.address = { host, port: (this.http.address() as AddressInfo).port };
	}

	async down(): Promise<void> {
		const isClosed = new Promise<void>((resolve) => this.http.close(() => resolve()));
		this.sockets.dropAll();
		for (const socket of this.open) socket.destroy();
		await isClosed;
	}

	up(): Promise<void> {
		return this.http.listening
			? Promise.resolve()
			: this.listen(this.address.port, this.address.host);
	}

	async close(): Promise<void> {
		if (this.http.listening) await this.down();
		this.sockets.close();
	}

	tokenRevoked(token: string): void {
		this.sockets.tokenRevoked(token);
	}

	private record(request: IncomingMessage, token?: string): RequestRecord {
		const [path = '', query] = (request.url ?? '/').split(/\?(.*)/s);
		const record: RequestRecord = {
			method: request.method ?? '',
			path,
			query: query === undefined ? '' : `?${query.replace(/access_token=[^&]*/, 'access_token=')}`,
			status: 0,
			tokenFingerprint: token === undefined ? undefined : fingerprint(token),
			clientId: this.parts.tokens.authenticate(token)?.client.clientId,
			at: this.parts.now(),
		};
		if (this.requests.length >= RECORDS) this.requests.splice(0, RECORDS / 10);
		this.requests.push(record);
		return record;
	}

	private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? '/', this.url);
		if (await this.page(request, response, url)) return;
		rewrite(response, url.pathname, this.parts.quirks);
		const token = this.tokenOf(request, url);
		const record = this.record(request, token);
		response.on('finish', () => {
			record.status = response.statusCode;
		});
		const { faults, load } = this.parts;
		if (faults.latencyMs > 0) await sleep(faults.latencyMs);
		const fault = faults.take(record.method, record.path + record.query);
		if (fault?.after) this.spoil(fault, request, response);
		else if (fault && (await this.inject(fault, request, response))) return;
		const isWork = WORK.test(url.pathname);
		if (isWork && !(await load.pass(record.method, record.path + record.query)))
			return send(response, BUSY);
		const [, route] = this.routes.find(([path]) => path.test(url.pathname)) ?? [];
		const answer = route ? await route({ request, response, url, token }) : { status: 404 };
		if (answer) send(response, answer);
	}

	/** The token in the header, or in the query where 3CX takes it: on downloads of recordings (protocol 1.1). */
	private tokenOf(request: IncomingMessage, url: URL): string | undefined {
		const given = bearer(request.headers.authorization);
		const isDownload = url.pathname.startsWith('/xapi/v1/Recordings/Pbx.DownloadRecording(');
		return given ?? (isDownload ? (url.searchParams.get('access_token') ?? undefined) : undefined);
	}

	/** Makes a fault happen; false when it was a delay only and the request goes on. */
	private async inject(
		fault: Fault,
		request: IncomingMessage,
		response: ServerResponse,
	): Promise<boolean> {
		await heldUp(fault);
		if (fault.hang) return true;
		if (fault.resetConnection) {
			request.socket.resetAndDestroy();
			return true;
		}
		const headers = { 'Content-Type': 'application/json', ...fault.headers };
		if (fault.malformedJson)
			send(response, { status: 200, headers, body: '{"value": [{"Id": 1, ' });
		else if (fault.status === undefined) return false;
		else send(response, { status: fault.status, headers, body: textOf(fault.body) });
		return true;
	}

	/** The fault happens to the answer, once there is one. */
	private spoil(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
		response.writeHead = () => response;
		response.end = () => {
			// Their own methods again, which stand behind these.
			Reflect.deleteProperty(response, 'writeHead');
			Reflect.deleteProperty(response, 'end');
			this.inject(fault, request, response).catch((error: unknown) => this.fail(response, error));
			return response;
		};
	}

	private async connectToken({ request }: Exchange): Promise<Answer> {
		if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
		const form = await readForm(await readBody(request), request.headers['content-type'] ?? '');
		const { status, body } = this.parts.tokens.login(form, hostOf(request));
		return {
			status,
			headers: {
				'Content-Type': 'application/json; charset=utf-8',
				'X-Frame-Options': 'DENY',
				'X-Content-Type-Options': 'nosniff',
				'Cache-Control': 'no-store',
			},
			body: JSON.stringify(body),
		};
	}

	private async session({ request, token }: Exchange): Promise<Answer> {
		if (request.method !== 'POST') return { status: 405, headers: { Allow: 'POST' } };
		const caller = this.parts.tokens.authenticate(token);
		if (!caller) return UNAUTHORISED;
		return this.parts.session(caller, (await readBody(request)).toString());
	}

	private async xapi(exchange: Exchange): Promise<Answer> {
		const answer = await this.answerXapi(exchange);
		return {
			...answer,
			headers: { 'X-3CX-Version': this.parts.version, 'OData-Version': '4.0', ...answer.headers },
		};
	}

	private async answerXapi({ request, url, token }: Exchange): Promise<Answer> {
		const { tokens, licence, xapi, descriptions } = this.parts;
		const path = url.pathname.slice('/xapi/v1/'.length);
		const caller = tokens.authenticate(token);
		if (!caller) return UNAUTHORISED;
		// What an unlicensed PBX answers on XAPI is not recorded; 403 is what clients expect (protocol 1.6, 1.8).
		if (licence !== 'enterprise' || !caller.client.xapiEnabled) return { status: 403 };
		const description = descriptions[path.replace('%24', '$')];
		if (description && request.method === 'GET') {
			return {
				status: 200,
				headers: { 'Content-Type': description.contentType },
				body: description.make(),
			};
		}
		const body = (await readBody(request)).toString();
		try {
			return xapi.handle({
				method: request.method ?? 'GET',
				path,
				query: url.search.slice(1),
				body,
				contentType: request.headers['content-type'],
				client: caller.client,
				origin: `${this.scheme}://${request.headers.host ?? new URL(this.url).host}`,
			});
		} catch (error) {
			if (error instanceof ODataError) return errorAnswer(error);
			process.emitWarning(error instanceof Error ? error : String(error));
			return { status: 500 };
		}
	}

	private async callControl({
		request,
		response,
		url,
		token,
	}: Exchange): Promise<Answer | undefined> {
		const caller = this.callControlCaller(token);
		if (typeof caller === 'number') return caller === 401 ? UNAUTHORISED : { status: caller };
		return (await this.calls(request, response, url, caller)) ? undefined : { status: 404 };
	}

	/** Without licence Call Control is not there at all: 404 (protocol 1.8). */
	private callControlCaller(token: string | undefined): Caller | number {
		const caller = this.parts.tokens.authenticate(token);
		if (!caller) return 401;
		if (this.parts.licence !== 'enterprise') return 404;
		return caller.client.callControlEnabled ? caller : 403;
	}

	private async authenticateSocket(request: IncomingMessage): Promise<Caller | number> {
		const token = bearer(request.headers.authorization);
		const record = this.record(request, token);
		const { faults } = this.parts;
		const fault = faults.take(record.method, record.path + record.query);
		if (fault) await heldUp(fault);
		if (fault?.hang) await new Promise((resolve) => request.socket.once('close', resolve));
		if (fault?.resetConnection) request.socket.resetAndDestroy();
		const caller = fault?.status ?? this.callControlCaller(token);
		record.status = typeof caller === 'number' ? caller : 101;
		return caller;
	}

	private fail(response: ServerResponse, error: unknown): void {
		if (error instanceof ODataError && !response.headersSent) send(response, errorAnswer(error));
		else response.destroy();
	}
}

const textOf = (body: unknown) =>
	body === undefined || typeof body === 'string' ? body : JSON.stringify(body);

/** The host name by which the client called, without port. */
const hostOf = (request: IncomingMessage) =>
	new URL(`http://${request.headers.host ?? 'localhost'}`).hostname;
