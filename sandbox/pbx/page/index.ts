import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';

import { z } from 'zod';

import { Refusal, type CallEngine, type JournalEntry, type Participant } from '../callcontrol';
import type { Directory } from '../types';

/** What the page is shown of the PBX. */
export interface PageView {
	directory: Directory;
	calls: CallEngine;
	/** Base URL of the PBX and the client ID to use, as a person would type them into a credential. */
	info: { url: string; clientId: string };
	/** The DIDs that lead somewhere, to choose from. */
	dids?: () => string[];
	/** Name of a DN's department. */
	department?: (number: string) => string | undefined;
}

/** A page handler: returns true when it answered the request. */
export type PageHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	url: URL,
) => Promise<boolean> | boolean;

const PAGE = join(__dirname, 'page.html');
const RECENT = 60;
const BODY_LIMIT_BYTES = 10_000;
/** The directory has no event: users made over XAPI are found by looking again (ms). */
const LOOK_AGAIN_MS = 2_000;

const HEADERS = {
	'cache-control': 'no-store',
	'x-content-type-options': 'nosniff',
	'content-security-policy':
		"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const callid = z.number();
const text = z.string().min(1);
const leg = { participant: z.number(), dn: text };

/** One thing that a person can do on the page. */
const act = <Shape extends z.ZodRawShape>(
	shape: Shape,
	run: (pbx: PageView, given: z.infer<z.ZodObject<Shape>>) => unknown,
) => ({
	/** @throws ZodError naming the field that is wrong */
	run: (pbx: PageView, given: unknown) => run(pbx, z.object(shape).parse(given)),
});

const ACTS: Readonly<Record<string, { run: (pbx: PageView, given: unknown) => unknown }>> = {
	incoming: act(
		{ from: text, fromName: z.string().optional(), to: text },
		({ calls, directory }, { from, fromName, to }) =>
			calls.incoming({
				from,
				...(fromName && { fromName }),
				...(directory.didTarget(to) === undefined ? { to } : { did: to }),
			}),
	),
	call: act({ from: text, to: text }, ({ calls }, given) => calls.internal(given)),
	answer: act({ callid, dn: text.optional() }, ({ calls }, given) => calls.answer(given)),
	decline: act({ callid, dn: text.optional() }, ({ calls }, given) => calls.decline(given)),
	hangUp: act(
		{ callid: callid.optional(), participant: z.number().optional(), dn: text.optional() },
		({ calls }, { participant, dn, callid: whole }) =>
			calls.hangUp(
				participant === undefined ? { callid: whole ?? 0 } : { participant, ...(dn && { dn }) },
			),
	),
	transfer: act({ ...leg, to: text }, ({ calls }, given) => calls.transfer(given)),
	park: act(leg, ({ calls }, given) => calls.park(given)),
	pressKey: act({ callid, key: z.string().regex(/^[0-9*#]+$/) }, ({ calls }, given) =>
		calls.pressKey(given),
	),
};

/**
 * The page at `/` on which people play the part of everyone on the phone, with `/sandbox/state` (JSON),
 * `/sandbox/events` (the same, live, as server-sent events) and `/sandbox/act` (POST `{action, ...}`).
 *
 * It asks for no password, so it answers this machine only: others get 403.
 */
export function pageRoutes(pbx: PageView): PageHandler {
	const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => unknown> = {
		'GET /': (_request, response) =>
			reply(response, 200, 'text/html; charset=utf-8', readFileSync(PAGE)),
		'GET /sandbox/state': (_request, response) => json(response, 200, stateOf(pbx)),
		'GET /sandbox/events': (_request, response) => stream(pbx, response),
		'POST /sandbox/act': async (request, response) => {
			const { status, body } = await perform(pbx, request);
			json(response, status, body);
		},
	};
	return async (request, response, url) => {
		const route = routes[`${request.method} ${url.pathname}`];
		if (!route) return false;
		// A page of another site can make its own name lead here: what the browser calls us must be us.
		const isOurs = isLoopback(request.socket.remoteAddress) && isOwnHost(request.headers.host);
		if (isOurs) await route(request, response);
		else json(response, 403, { error: 'The sandbox page is for this machine only' });
		return true;
	};
}

/** What the page shows. */
function stateOf({ directory, calls, info, dids, department }: PageView) {
	const shown = directory.dns().filter((dn) => dn.type !== 'Wexternalline');
	return {
		info,
		dids: (dids?.() ?? []).map((did) => ({ did, to: directory.didTarget(did) })),
		dns: shown.map((dn) => ({
			number: dn.number,
			name: dn.name,
			type: dn.type,
			department: department?.(dn.number) ?? '',
			devices: dn.devices,
			members: dn.members ?? [],
			keys: dn.keys ?? {},
			state: stateOfDn(calls.participants(dn.number)),
		})),
		calls: calls.calls().map((call) => ({ ...call, legs: calls.legsOf(call.id) })),
		recent: calls.journal
			.slice(-RECENT)
			.reverse()
			.map((entry) => recentEntry(entry, directory)),
	};
}

const recentEntry = (
	{ at, callid: id, dn, kind, reason, key }: JournalEntry,
	directory: Directory,
) => ({
	at,
	callid: id,
	dn,
	name: directory.dn(dn)?.name ?? '',
	kind,
	reason,
	...(key !== undefined && { key }),
});

/** A DN's busiest leg decides. */
function stateOfDn(legs: Participant[]): Participant['status'] | 'Idle' {
	const order = ['Connected', 'Dialing', 'Ringing'] as const;
	return order.find((status) => legs.some((each) => each.status === status)) ?? 'Idle';
}

function stream(pbx: PageView, response: ServerResponse): void {
	response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
	let last = '';
	let isDue = false;
	const look = () => {
		isDue = false;
		const state = JSON.stringify(stateOf(pbx));
		if (state === last || response.writableNeedDrain) return;
		last = state;
		response.write(`data: ${state}\n\n`);
	};
	// A burst of changes in one turn is one look.
	const lookSoon = () => {
		if (!isDue) setImmediate(look);
		isDue = true;
	};
	const again = setInterval(look, LOOK_AGAIN_MS).unref();
	pbx.calls.on('journal', lookSoon).on('finished', lookSoon);
	response.once('close', () => {
		clearInterval(again);
		pbx.calls.off('journal', lookSoon).off('finished', lookSoon);
	});
	look();
}

async function perform(
	pbx: PageView,
	request: IncomingMessage,
): Promise<{ status: number; body: object }> {
	// A page of another site can send no JSON content type without asking first; it would be refused.
	const [type] = (request.headers['content-type'] ?? '').split(';');
	if (type!.trim().toLowerCase() !== 'application/json') {
		return { status: 415, body: { error: 'Send application/json' } };
	}
	try {
		const given = z
			.object({ action: text })
			.passthrough()
			.parse(await bodyOf(request));
		const action = Object.hasOwn(ACTS, given.action) ? ACTS[given.action] : undefined;
		if (!action) {
			const known = Object.keys(ACTS).join(', ');
			return {
				status: 400,
				body: { error: `There is no action ${given.action}; there are ${known}` },
			};
		}
		const result = action.run(pbx, given);
		return { status: 200, body: typeof result === 'number' ? { callid: result } : {} };
	} catch (error: unknown) {
		return failure(error);
	}
}

function failure(error: unknown): { status: number; body: { error: string } } {
	if (error instanceof Refusal) return { status: error.status, body: { error: error.message } };
	if (error instanceof z.ZodError) {
		const [issue] = error.issues;
		return {
			status: 400,
			body: { error: `${issue?.path.join('.') || 'body'}: ${issue?.message}` },
		};
	}
	if (error instanceof SyntaxError) return { status: 400, body: { error: 'The body is not JSON' } };
	return { status: 500, body: { error: error instanceof Error ? error.message : String(error) } };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > BODY_LIMIT_BYTES) throw new Refusal(413, 'The body is too large');
		chunks.push(chunk);
	}
	return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

function isLoopback(address = ''): boolean {
	const plain = address.replace(/^::ffff:/, '');
	return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}

/** Whether a browser reached us by an address or name of this machine. */
function isOwnHost(host = ''): boolean {
	const url = `http://${host}`;
	const { hostname } = URL.canParse(url) ? new URL(url) : { hostname: '' };
	return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}

function json(response: ServerResponse, status: number, body: object): void {
	reply(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

function reply(
	response: ServerResponse,
	status: number,
	type: string,
	body: string | Buffer,
): void {
	response.writeHead(status, {
		...HEADERS,
		'content-type': type,
		'content-length': Buffer.byteLength(body),
	});
	response.end(body);
}
