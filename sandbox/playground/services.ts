import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { wavHeader } from '../../lib/audio/wav';
import type { N8nApi } from './api';

/**
 * The other ends of the workflows in `workflows/`: a CRM, an OpenAI-compatible service, receivers of webhooks and a mail
 * server. They listen on the loopback interface, keep what arrives, and can be told to fail.
 */

/** What the CRM wants in the header `x-api-key`. */
const CRM_KEY = 'playground-crm-key';

/** What the OpenAI-compatible service wants as bearer token. */
const AI_KEY = 'playground-ai-key';

/** What signs the webhooks. */
export const HMAC_SECRET = 'playground-secret-of-subscribers';

/** Entries of each list that are kept; the oldest go first. */
const MOST_KEPT = 10_000;

/** Bytes of a request or mail that are read; more ends the connection. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A request as a service got it. */
export interface Arrival {
	method: string;
	/** Path below the service's own, such as `/calls/7`. */
	path: string;
	headers: IncomingHttpHeaders;
	body: Buffer;
	/** What it was answered with. */
	status: number;
}

/** A mail as it was delivered. */
export interface Mail {
	from: string;
	to: string[];
	/** Header and body, as sent. */
	source: string;
	/** The parts of the mail as text, transfer encodings undone. */
	text: string;
}

/** One of the HTTP services. */
export interface HttpService {
	/** Where it is, without a trailing slash. */
	url: string;
	/** What arrived, oldest first. */
	arrivals: Arrival[];
	/** Status of the next answers, one for each; then it works again. */
	failures: number[];
	/** Whether it answers 503 until this is false. */
	isDown: boolean;
}

/** An answer of the chat model to a conversation. */
export type ChatModel = (request: {
	messages: Array<{ role: string; content: unknown }>;
	tools?: unknown[];
}) => object | Promise<object>;

/** All of them. */
export interface Services {
	/** Keeps under each path what was put there last. */
	crm: HttpService & { records: Map<string, Buffer> };
	/** Speech to text, text to speech, and chat. */
	ai: HttpService & {
		/** The text that is heard in any recording. */
		heard: string;
		/** The message that the chat model answers with. */
		chat: ChatModel;
	};
	/** Receivers of webhooks, each at its own name; made on first use. */
	hook(name: string): HttpService;
	mail: { host: string; port: number; mails: Mail[] };
	/** A workflow as text, with the addresses of its examples replaced by those of these services. */
	localise(workflow: string): string;
	/** Forgets what has arrived: who comes next sees only what is its own. */
	forget(): void;
	close(): Promise<void>;
}

/**
 * Saves the credentials for the services under the names that the workflows use.
 *
 * @returns the references, by name
 */
export async function saveServiceCredentials(
	api: N8nApi,
	{ ai, mail: { host, port } }: Services,
): Promise<Array<{ id: string; name: string }>> {
	return [
		await api.saveCredential('CRM', 'httpHeaderAuth', { name: 'x-api-key', value: CRM_KEY }),
		await api.saveCredential('OpenAI', 'openAiApi', { apiKey: AI_KEY, url: ai.url }),
		await api.saveCredential('Webhook signing', 'crypto', { hmacSecret: HMAC_SECRET }),
		await api.saveCredential('Mail', 'smtp', { host, port, secure: false, disableStartTls: true }),
	];
}

const keep = <T>(list: T[], entry: T): void => {
	list.push(entry);
	if (list.length > MOST_KEPT) list.shift();
};

/** Starts all services on free ports. */
export async function startServices(): Promise<Services> {
	const http = createServer((request, response) => {
		const chunks: Buffer[] = [];
		let bytes = 0;
		request.on('data', (chunk: Buffer) => {
			bytes += chunk.length;
			if (bytes > MOST_BYTES) request.destroy();
			chunks.push(chunk);
		});
		request.on('end', () => {
			const [, name = '', ...parts] = (request.url ?? '').split('/');
			const rest = ['', ...parts].join('/');
			const body = Buffer.concat(chunks);
			void receive(name, {
				method: request.method ?? '',
				path: rest,
				headers: request.headers,
				body,
			}).then((reply) => answer(response, reply));
		});
	});
	await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
	const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

	const service = (path: string): HttpService => ({
		url: origin + path,
		arrivals: [],
		failures: [],
		isDown: false,
	});
	const crm = { ...service('/crm'), records: new Map<string, Buffer>() };
	const ai: Services['ai'] = {
		...service('/v1'),
		heard: 'Hello, this is a test.',
		chat: () => ({ role: 'assistant', content: 'A call.' }),
	};
	const hooks = new Map<string, HttpService>();
	const hook = (name: string) => {
		const known = hooks.get(name) ?? service(`/hook-${name}`);
		hooks.set(name, known);
		return known;
	};

	const handlers: Record<string, (arrival: Omit<Arrival, 'status'>) => Promise<Reply> | Reply> = {
		crm: ({ method, path, headers, body }) => {
			if (headers['x-api-key'] !== CRM_KEY) return { status: 401, json: { error: 'wrong key' } };
			if (method === 'PUT') crm.records.set(path, body);
			if (method === 'DELETE') crm.records.delete(path);
			return { status: 200, json: { path } };
		},
		v1: async (arrival) => {
			if (arrival.headers.authorization !== `Bearer ${AI_KEY}`)
				return { status: 401, json: { error: { message: 'wrong key' } } };
			return await understand(ai, arrival);
		},
	};

	async function receive(name: string, arrival: Omit<Arrival, 'status'>): Promise<Reply> {
		const at = name === 'crm' ? crm : name === 'v1' ? ai : hook(name.replace(/^hook-/, ''));
		const failure = at.isDown ? 503 : at.failures.shift();
		const handle = handlers[name] ?? (() => ({ status: 200, json: {} }));
		const reply =
			failure === undefined
				? await handle(arrival)
				: { status: failure, json: { error: { message: 'not now' } } };
		keep(at.arrivals, { ...arrival, status: reply.status });
		return reply;
	}

	const mails: Mail[] = [];
	const smtp = createTcpServer((socket) => takeMail(socket, (mail) => keep(mails, mail)));
	await new Promise<void>((done) => smtp.listen(0, '127.0.0.1', done));

	return {
		crm,
		ai,
		hook,
		mail: { host: '127.0.0.1', port: (smtp.address() as AddressInfo).port, mails },
		localise: (workflow) =>
			workflow
				.replaceAll('https://crm.example.com', crm.url)
				.replaceAll('https://api.openai.com/v1', ai.url),
		forget: () => {
			for (const { arrivals } of [crm, ai, ...hooks.values()]) arrivals.length = 0;
			crm.records.clear();
			mails.length = 0;
		},
		close: async () => {
			http.closeAllConnections();
			await Promise.all([http, smtp].map((server) => new Promise((done) => server.close(done))));
		},
	};
}

interface Reply {
	status: number;
	json?: unknown;
	/** A WAV file, in place of JSON. */
	wav?: Buffer;
}

function answer(response: ServerResponse, { status, json, wav }: Reply): void {
	response.writeHead(status, { 'content-type': wav ? 'audio/wav' : 'application/json' });
	response.end(wav ?? JSON.stringify(json));
}

/** A short tone, in place of a voice. */
function voice(): Buffer {
	const pcm = Buffer.alloc(2 * 2_400);
	for (let at = 0; at < pcm.length; at += 2)
		pcm.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * at) / 16_000)), at);
	return Buffer.concat([wavHeader(pcm.length), pcm]);
}

/** As much of the OpenAI interface as the workflows use. */
async function understand(
	ai: Services['ai'],
	{ path, body, headers }: Omit<Arrival, 'status'>,
): Promise<Reply> {
	if (path === '/audio/transcriptions') {
		const isWave = /RIFF....WAVE/s.test(body.toString('latin1'));
		const isForm = String(headers['content-type']).startsWith('multipart/form-data');
		return isWave && isForm
			? { status: 200, json: { text: ai.heard } }
			: { status: 400, json: { error: { message: 'no audio file' } } };
	}
	if (path === '/audio/speech') {
		const { input, response_format: format } = JSON.parse(body.toString()) as Record<
			string,
			unknown
		>;
		return format === 'wav' && typeof input === 'string' && input !== ''
			? { status: 200, wav: voice() }
			: { status: 400, json: { error: { message: 'no text, or another format than wav' } } };
	}
	if (path === '/chat/completions') {
		const message = await ai.chat(JSON.parse(body.toString()) as Parameters<ChatModel>[0]);
		return {
			status: 200,
			json: {
				id: 'chat',
				object: 'chat.completion',
				created: 0,
				model: 'stub',
				choices: [{ index: 0, finish_reason: 'stop', message }],
				usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
			},
		};
	}
	return { status: 404, json: { error: { message: `no ${path}` } } };
}

/** One connection of a mail client: as much of SMTP as is needed to be given mails. */
function takeMail(socket: Socket, received: (mail: Mail) => void): void {
	const say = (line: string) => socket.write(`${line}\r\n`);
	let buffer = '';
	let mail = { from: '', to: [] as string[] };
	let isData = false;
	const command = (line: string) => {
		const verb = line.slice(0, 4).toUpperCase();
		const address = line.slice(line.indexOf('<') + 1, line.indexOf('>'));
		if (verb === 'EHLO') return say('250-playground\r\n250 AUTH PLAIN LOGIN');
		if (verb === 'AUTH') return say('235 welcome');
		if (verb === 'MAIL') mail = { from: address, to: [] };
		if (verb === 'RCPT') mail.to.push(address);
		if (verb === 'DATA') {
			isData = true;
			return say('354 go on');
		}
		if (verb === 'QUIT') return void socket.end('221 bye\r\n');
		return say('250 fine');
	};
	socket.on('error', () => socket.destroy());
	socket.on('data', (chunk) => {
		buffer += chunk.toString('latin1');
		if (buffer.length > MOST_BYTES) return void socket.destroy();
		for (;;) {
			const end = isData ? '\r\n.\r\n' : '\r\n';
			const at = buffer.indexOf(end);
			if (at < 0) return;
			const text = buffer.slice(0, at);
			buffer = buffer.slice(at + end.length);
			if (!isData) {
				command(text);
				continue;
			}
			isData = false;
			const source = Buffer.from(text.replaceAll('\r\n..', '\r\n.'), 'latin1').toString();
			received({ ...mail, source, text: readable(source) });
			say('250 taken');
		}
	});
	say('220 playground');
}

/** A mail as its reader sees it, more or less: quoted-printable and base64 undone. */
function readable(source: string): string {
	const quoted = source
		.replaceAll('=\r\n', '')
		.replaceAll(/(?:=[\dA-F]{2})+/g, (bytes) =>
			Buffer.from(bytes.replaceAll('=', ''), 'hex').toString(),
		);
	return quoted.replaceAll(/\r\n\r\n((?:[\w+/=]{1,76}\r\n)+)/g, (whole, block: string) =>
		/base64/i.test(source) ? `\r\n\r\n${Buffer.from(block, 'base64').toString()}\r\n` : whole,
	);
}
