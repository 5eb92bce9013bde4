import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Caller, Dn, RouteHandler } from '../types';
import type { CallEngine } from './engine';
import { Refusal } from './errors';
import {
	ACTIONS,
	actionRequest,
	monitoredDn,
	perform,
	refusalAnswer,
	sees,
	segmentsOf,
	targetOf,
	type ActionRequest,
	type Answer,
} from './operations';

const BODY_LIMIT_BYTES = 1_000_000;

/** Actions that need no field; 3CX staff say that their body may be empty, others saw an empty one refused (protocol 2.1). */
const BODY_MAY_BE_EMPTY = new Set(['answer', 'drop']);

/** What the handlers of one request share. */
interface Exchange {
	engine: CallEngine;
	caller: Caller;
	request: IncomingMessage;
	response: ServerResponse;
	/** Decoded path segments below `/callcontrol`. */
	segments: string[];
}

/**
 * Every REST endpoint of Call Control (protocol 2.1), below `/callcontrol`.
 *
 * The caller is known already and allowed to use Call Control at all; which DNs it may see is decided here.
 *
 * @returns a handler that answers every path below `/callcontrol` and leaves all others alone
 */
export function callControlRoutes(engine: CallEngine): RouteHandler {
	return async (request, response, url, caller) => {
		if (url.pathname !== '/callcontrol' && !url.pathname.startsWith('/callcontrol/')) return false;
		const answer = await handle({
			engine,
			caller,
			request,
			response,
			segments: segmentsOf(url.pathname),
		}).catch((error: unknown) => refusalAnswer(engine, error));
		if (answer) send(response, answer);
		return true;
	};
}

/** @returns the answer to send, or undefined when a stream answers by itself */
async function handle(exchange: Exchange): Promise<Answer | undefined> {
	const { segments, request } = exchange;
	if (segments[1] === 'participants' && segments.length === 4 && segments[3] === 'stream') {
		if (request.method === 'GET') return streamOut(exchange);
		if (request.method === 'POST') return streamIn(exchange);
	}
	if (request.method === 'GET') return read(exchange);
	if (request.method === 'POST') return act(exchange);
	throw new Refusal(405, `${request.method} is no Call Control method`);
}

async function read({ engine, caller, segments }: Exchange): Promise<Answer> {
	const [number, kind, id, ...rest] = segments;
	if (number === undefined) {
		const visible = engine.directory
			.dns()
			.filter((dn) => dn.type !== 'Wexternalline' && sees(caller, dn.number));
		return ok(visible.map((dn) => dnObject(engine, dn)));
	}
	const isOpenList =
		engine.options.openParticipantLists && kind === 'participants' && id === undefined;
	if (isOpenList && engine.directory.dn(number)) return ok(engine.participants(number));
	const dn = monitoredDn(engine, caller, number);
	if (kind === undefined) return ok(dnObject(engine, dn));
	if (rest.length === 0 && kind === 'devices') {
		return ok(
			id === undefined
				? devices(dn)
				: found(
						devices(dn).find((each) => each.device_id === id),
						'device',
					),
		);
	}
	if (rest.length === 0 && kind === 'participants') {
		return ok(
			id === undefined
				? engine.participants(number)
				: found(engine.participant(number, Number(id)), 'participant'),
		);
	}
	throw new Refusal(404, 'Call Control has no such path');
}

async function act({ engine, caller, request, segments }: Exchange): Promise<Answer> {
	const target = targetOf(segments);
	if (!target) {
		if (segments.length < 2) throw new Refusal(405, 'A DN takes no POST: use makecall');
		throw new Refusal(
			404,
			`There is no such action; a participant has ${Object.keys(ACTIONS).join(', ')}`,
		);
	}
	return await perform(
		engine,
		caller,
		target,
		await actionBody(request, BODY_MAY_BE_EMPTY.has(target.action)),
	);
}

/** Sends what the caller says, at the pace of real time, until the leg ends or the client's token dies. */
async function streamOut({ engine, caller, response, segments }: Exchange): Promise<undefined> {
	const leg = streamLeg(engine, caller, segments);
	const stop = engine.listen(leg, {
		ready: () => !response.writableNeedDrain,
		write: (pcm) => response.write(pcm),
		end: () => response.end(),
	});
	response.writeHead(200, { 'content-type': 'application/octet-stream' });
	response.flushHeaders();
	const forget = onTokenRevoked(engine, caller, () => response.destroy());
	response.once('close', () => {
		forget();
		stop();
	});
}

/** Takes what the app says; closing the request does not end the call (protocol 2.8). */
async function streamIn({
	engine,
	caller,
	request,
	segments,
}: Exchange): Promise<Answer | undefined> {
	const leg = streamLeg(engine, caller, segments);
	const speak = engine.speak(leg);
	const forget = onTokenRevoked(engine, caller, () => request.destroy());
	const isWhole = await new Promise<boolean>((resolve) => {
		request.on('data', speak);
		request.once('end', () => resolve(true));
		request.once('close', () => resolve(false));
		request.once('error', () => resolve(false));
	});
	forget();
	if (!isWhole) return undefined;
	if (engine.options.promptFinished && engine.participant(leg.dn, leg.participant)) {
		engine.promptFinished(leg);
	}
	return { status: 200, body: undefined };
}

function streamLeg(engine: CallEngine, caller: Caller, [number = '', , id]: string[]) {
	const { number: dn } = monitoredDn(engine, caller, number);
	return { dn, participant: Number(id) };
}

function onTokenRevoked(engine: CallEngine, caller: Caller, end: () => void): () => void {
	const check = (token: string) => {
		if (token === caller.token) end();
	};
	engine.on('tokenRevoked', check);
	return () => engine.off('tokenRevoked', check);
}

const devices = (dn: Dn) =>
	dn.devices.map(({ device_id, user_agent }) => ({ dn: dn.number, device_id, user_agent }));

const dnObject = (engine: CallEngine, dn: Dn) => ({
	dn: dn.number,
	type: dn.type,
	devices: devices(dn),
	participants: engine.participants(dn.number),
});

const ok = (body: unknown): Answer => ({ status: 200, body });

function found<T>(thing: T | undefined, what: string): T {
	if (thing === undefined) throw new Refusal(404, `There is no such ${what}: it may be gone`);
	return thing;
}

async function actionBody(request: IncomingMessage, mayBeEmpty: boolean): Promise<ActionRequest> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > BODY_LIMIT_BYTES) throw new Refusal(413, 'The body is too large');
		chunks.push(chunk);
	}
	const text = Buffer.concat(chunks).toString('utf8').trim();
	const isJson = request.headers['content-type']?.includes('json') === true;
	if (text === '' && isJson && mayBeEmpty) return {};
	if (text === '')
		throw new Refusal(400, 'The body is empty: send {} for an action without fields');
	if (!isJson) throw new Refusal(400, 'The body must be sent as application/json');
	return requestOf(parse(text));
}

/**
 * Reads the fields of an action; null counts as not sent.
 *
 * @throws Refusal 400 naming the field that is wrong
 */
export function requestOf(data: unknown): ActionRequest {
	if (typeof data !== 'object' || data === null)
		throw new Refusal(400, 'The body is no JSON object');
	const sent = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
	const parsed = actionRequest.safeParse(sent);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new Refusal(400, `${issue?.path.join('.')}: ${issue?.message}`);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function send(response: ServerResponse, { status, body }: Answer): void {
	if (response.headersSent || response.destroyed) return;
	const text = body === undefined ? '' : JSON.stringify(body);
	response.writeHead(status, {
		'content-type': 'application/json; charset=utf-8',
		'content-length': Buffer.byteLength(text),
	});
	response.end(text);
}
