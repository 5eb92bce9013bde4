import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as send } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { selfSigned } from '../../../sandbox/pbx/certificate';

/** A server in front of the sandbox, which itself has recordings of one second only. */
export interface BigRecordings {
	url: string;
	close(): void;
}

const CHUNK = Buffer.alloc(256 * 1024, 0x55);

/**
 * Serves one recording of any size and passes everything else on to the PBX. The sound is made while it is sent, so
 * its size does not matter for the memory of this process.
 *
 * @param pbx URL of the sandbox
 * @param id of the recording that is big here
 * @param bytes its size
 */
export async function serveBigRecording(
	pbx: string,
	id: number,
	bytes: number,
): Promise<BigRecordings> {
	const path = `/xapi/v1/Recordings/Pbx.DownloadRecording(recId=${id})`;
	const server = createServer(await selfSigned(), (request, response) => {
		const answer =
			request.url?.split('?')[0] === path ? play(response, bytes) : pass(request, pbx, response);
		answer.catch(() => response.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}

async function play(response: ServerResponse, bytes: number): Promise<void> {
	response.writeHead(200, {
		'content-type': 'audio/x-wav',
		'content-length': bytes,
		'content-disposition': 'attachment; filename="recording.wav"',
	});
	await pipeline(Readable.from(chunks(bytes), { objectMode: false }), response);
}

function* chunks(bytes: number): Generator<Buffer> {
	for (let left = bytes; left > 0; left -= CHUNK.length) {
		yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
	}
}

async function pass(
	request: IncomingMessage,
	pbx: string,
	response: ServerResponse,
): Promise<void> {
	const { method, url = '/', headers } = request;
	const asked = send(new URL(url, pbx), { method, headers, rejectUnauthorized: false });
	const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
	await pipeline(request, asked);
	const [answer] = await answered;
	response.writeHead(answer.statusCode ?? 502, answer.headers);
	await pipeline(answer, response);
}
