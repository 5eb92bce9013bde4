import type { PbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { clientAt } from './fixedToken';
import { json, startServer, type Received } from './httpServer';

/** What a test PBX has been asked to do. */
export interface Asked {
	method: string;
	/** Path without query, decoded. */
	path: string;
	/** Decoded query string, without its question mark. */
	query: string;
	/** The body as it came; '' for none. */
	body: string;
	headers: Received['headers'];
}

/** An answer: a status, and a body where there is one. */
export type Answer = [status: number, body?: unknown];

/**
 * A PBX for tests that look at what is sent to the last byte, or that need answers that the simulated PBX never gives. It
 * gives anybody a token.
 *
 * @param answer what it says to a request; 404 where that is undefined
 */
export async function startRecordingPbx(answer: (asked: Asked) => Answer | undefined) {
	const asked: Asked[] = [];
	const server = await startServer(({ method, url, headers, body }, response) => {
		if (url.startsWith('/connect/token')) {
			return json(response, 200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
		}
		const [path = '', query = ''] = url.split('?').map(decodeURIComponent);
		const request = { method, path, query, body, headers };
		asked.push(request);
		const [status, content] = answer(request) ?? [404, { error: { code: '', message: 'no' } }];
		if (content !== undefined) return json(response, status, content);
		response.writeHead(status, status === 204 ? {} : { 'content-length': '0' }).end();
	});
	return { url: server.origin, asked, close: server.close };
}

/**
 * Does one thing with a PBX that is there for nothing else.
 *
 * @param answer as for {@link startRecordingPbx}
 * @returns what it came to, and what the PBX was asked
 */
export async function withPbx<T>(
	answer: (asked: Asked) => Answer | undefined,
	work: (client: PbxClient) => Promise<T>,
): Promise<{ result: T; asked: Asked[] }> {
	const pbx = await startRecordingPbx(answer);
	try {
		return { result: await work(clientAt(pbx.url)), asked: pbx.asked };
	} finally {
		await closeDispatchers();
		await pbx.close();
	}
}
