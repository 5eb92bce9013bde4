import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { json, startServer, type Received, type TestServer } from '../support/httpServer';

/** A PBX that says again whatever it was told. */
export interface EvilPbx {
	server: TestServer;
	clientId: string;
	clientSecret: string;
	/** The tokens that it gave out. */
	tokens: string[];
	/** How it says it. */
	disguise: (secret: string) => string;
	/** The form in which it answers all but logins; see {@link ANSWERS}. */
	answer: Answer;
	/** What it says first over a socket, given what it heard. */
	message: (heard: string[]) => object;
	close(): Promise<void>;
}

/** What the PBX answers, given what it heard (as a text). */
export type Answer = (
	heard: string,
	request: Received,
) => { status: number; body: unknown; headers?: object };

/** Every place of an answer that a text of the PBX can be read from. */
export const ANSWERS: Record<string, Answer> = {
	'an OData error': (heard) => ({
		status: 400,
		body: { error: { code: heard, message: `Wrong: ${heard}` } },
	}),
	'a code only': (heard) => ({ status: 400, body: { error: { code: heard, message: '' } } }),
	'warnings for a field': (heard) => ({
		status: 400,
		body: {
			error: {
				code: '',
				message: '',
				details: [{ target: heard, code: `WARNINGS.${heard}`, message: `WARNINGS.XAPI.${heard}` }],
			},
		},
	}),
	'warnings in the message': (heard) => ({
		status: 400,
		body: { error: { message: `${heard}: WARNINGS.XAPI.REQUIRED` } },
	}),
	'a reasontext': (heard) => ({ status: 422, body: { reason: heard, reasontext: heard } }),
	'a failure that looks fine': (heard) => ({
		status: 200,
		body: { finalstatus: 'Failed', reason: heard, reasontext: heard },
	}),
	'another address': (heard) => ({
		status: 302,
		body: '',
		headers: {
			location: `https://${heard.replaceAll(/[^\w-]/g, '').slice(0, 60) || 'x'}.example.com/`,
		},
	}),
	'a page': (heard) => ({ status: 500, body: `<h1>${heard}</h1>` }),
	'no JSON': (heard) => ({ status: 200, body: `<h1>${heard}</h1>` }),
	'a refusal': (heard) => ({ status: 403, body: { error: { message: heard } } }),
};

/** Starts one on a free port of the loopback interface. */
export async function startEvilPbx(): Promise<EvilPbx> {
	const clientSecret = randomBytes(24).toString('base64url');
	const pbx = {
		clientId: 'n8n',
		clientSecret,
		tokens: [] as string[],
		disguise: (secret: string) => secret,
		answer: ANSWERS['an OData error']!,
		message: (heard) => ({ sequence: 1, heard }),
	} as EvilPbx;
	const sockets = new Set<Socket>();
	const heardIn = ({ headers, body }: Received) =>
		[headers.authorization?.replace('Bearer ', '') ?? '', clientSecret, ...valuesIn(body)]
			.filter(Boolean)
			.map((secret) => pbx.disguise(secret));
	const server = await startServer((request, response) => {
		if (request.url.startsWith('/connect/token')) {
			if (request.method !== 'POST') return json(response, 405, {});
			const [head, payload, sign] = [24, 60, 48].map((size) =>
				randomBytes(size).toString('base64url'),
			);
			const token = `eyJ${head}.${payload}.${sign}`;
			pbx.tokens.push(token);
			return json(response, 200, { access_token: token, expires_in: 60, token_type: 'Bearer' });
		}
		// One secret at a time, and then all of them: none hides behind another.
		const all = heardIn(request);
		const heard = [...all, all.join(' ')][server.received.length % (all.length + 1)]!;
		const { status, body, headers = {} } = pbx.answer(heard, request);
		if (typeof body === 'object') return json(response, status, body, headers);
		response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
	});
	const upgrades = new WebSocketServer({ noServer: true });
	server.server.on('upgrade', (request, socket: Socket, head) => {
		sockets.add(socket);
		const authorization = String(request.headers.authorization);
		const heard = [authorization.replace('Bearer ', ''), clientSecret].map((secret) =>
			pbx.disguise(secret),
		);
		const { status, headers = {} } = pbx.answer(heard.join(' '), {
			headers: request.headers,
		} as Received);
		if (status === 200) {
			upgrades.handleUpgrade(request, socket, head, (link) =>
				link.send(JSON.stringify(pbx.message(heard))),
			);
			return;
		}
		const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
		socket.end(
			`HTTP/1.1 ${status} ${heard[0]!.replaceAll(/[^\x20-\x7e]/g, '')}\r\n${lines.join('')}\r\n`,
		);
	});
	return Object.assign(pbx, {
		server,
		close: async () => {
			for (const socket of sockets) socket.destroy();
			upgrades.close();
			await server.close();
		},
	});
}

/** The texts in a JSON body. */
function valuesIn(body: string): string[] {
	const values: string[] = [];
	try {
		JSON.parse(body, (_, value: unknown) => {
			if (typeof value === 'string') values.push(value);
			return value;
		});
	} catch {
		// No JSON, no values.
	}
	return values;
}
