import type { INodeExecutionData } from 'n8n-workflow';
import { Readable } from 'node:stream';
import { WAV_TYPE } from '../../lib/audio/wavType';
import { readWhole } from '../../lib/http/body';
import type { PbxRequest, PbxResponse } from '../../lib/http/client';
import { withoutSecrets } from '../../lib/xapi/secrets';
import type { ItemRun } from './router';

/** How a downloaded file becomes an item. */
export interface FileOptions {
	/** Name of the binary property; n8n's convention is `data`. */
	property?: string;
	/** File name where the PBX sends none. */
	fileName: string;
	/** MIME type where the PBX sends none, or only `application/octet-stream`. */
	mimeType?: string;
	/** Names of secret properties to leave readable in a file that turns out to be JSON. */
	reveal?: readonly string[];
}

/**
 * Downloads a file into n8n's binary store, streamed: its size does not matter for n8n's memory. Only JSON, which may hold
 * secrets under their names, is read as a whole; see {@link withoutSecretsIn}.
 *
 * @param run the item
 * @param request the download; XAPI declares JSON for every one, and sends the file (protocol 4.1)
 * @param options names and type
 * @returns the item: name, type and size as JSON, the file as binary
 */
export async function downloadFile(
	run: ItemRun,
	request: PbxRequest,
	options: FileOptions,
): Promise<INodeExecutionData> {
	const { headers, body } = await run.client.stream({ ...request, signal: run.signal });
	const { origin } = run.client.connection;
	const whose = { origin, request: `${request.method} ${request.path}` };
	return await fileItem(
		run,
		{ headers, body: await withoutSecretsIn(body, whose, options.reveal) },
		options,
	);
}

/** What is read of a JSON file, in bytes, and how long it may take to come, in ms. */
const JSON_LIMITS = { maxBytes: 64 * 1024 * 1024, withinMs: 600_000 };

/** How JSON with names in it begins. */
const JSON_BEGINS = /^\uFEFF?\s*[{[]/;

/**
 * Hides secrets in a file that is JSON, whatever the PBX calls it. Every other file is handed on as it comes: text and
 * audio have no names that could tell what a secret is.
 *
 * @param body the file, not begun to be read
 * @param whose the PBX and the request, for errors
 * @param reveal names of secret properties to leave readable
 * @returns the same bytes, unless something was hidden
 * @throws ThreeCxError of kind `malformed` when JSON is larger than 64 MB
 */
async function withoutSecretsIn(
	body: Readable,
	whose: { origin: string; request: string },
	reveal?: readonly string[],
): Promise<Readable> {
	const pieces = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
	const first = await pieces.next();
	/** The whole of it again; ending it early ends the body. */
	const file = Readable.from(again(first, pieces), { objectMode: false });
	const beginning = first.done ? '' : first.value.subarray(0, 1_024).toString('utf8');
	if (!JSON_BEGINS.test(beginning)) return file;
	const text = await readWhole(file, JSON_LIMITS, whose);
	return Readable.from([Buffer.from(redactedJson(text, reveal))], { objectMode: false });
}

async function* again(first: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>) {
	try {
		for (let piece = first; !piece.done; piece = await rest.next()) yield piece.value;
	} finally {
		await rest.return?.();
	}
}

function redactedJson(text: string, reveal?: readonly string[]): string {
	let file: unknown;
	try {
		file = JSON.parse(text.replace(/^\uFEFF/, ''));
	} catch {
		// It only begins like JSON.
		return text;
	}
	const visible = withoutSecrets(file, { reveal });
	// As it came, if it can: numbers and white space of a file may matter.
	return visible === file ? text : JSON.stringify(visible, null, 2);
}

/**
 * Puts a file that is on its way into n8n's binary store.
 *
 * @param run the item
 * @param answer the headers, which may name and type the file, and its content
 * @param options names and type
 * @returns the item, as {@link downloadFile} gives it
 */
export async function fileItem(
	{ context }: Pick<ItemRun, 'context'>,
	{ headers, body }: Pick<PbxResponse<Readable>, 'headers' | 'body'>,
	{ property = 'data', fileName, mimeType }: FileOptions,
): Promise<INodeExecutionData> {
	const sent = header(headers, 'content-type')?.split(';')[0];
	const told = sent === 'application/octet-stream' ? undefined : sent;
	const type = WAV_NAMES.has(told ?? '') ? WAV_TYPE : (told ?? mimeType ?? sent);
	const name = nameIn(header(headers, 'content-disposition')) ?? fileName;
	const binary = await context.helpers.prepareBinaryData(body, name, type);
	const { fileName: kept, mimeType: keptType, fileSize } = binary;
	return { json: { fileName: kept, mimeType: keptType, fileSize }, binary: { [property]: binary } };
}

/** Other names of the same, for which n8n's editor has no player. */
const WAV_NAMES = new Set(['audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/x-pn-wav']);

const header = (headers: PbxResponse<Readable>['headers'], name: string): string | undefined =>
	[headers[name]].flat()[0];

/** The file name in a `Content-Disposition`: the UTF-8 form (RFC 6266) before the plain one, never with a path. */
function nameIn(disposition = ''): string | undefined {
	const utf8 = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(disposition)?.[1];
	const plain = /filename\s*=\s*(?:"([^"]*)"|([^;]+))/i.exec(disposition);
	const name = utf8 === undefined ? (plain?.[1] ?? plain?.[2]) : decode(utf8);
	return name?.split(/[\\/]/).pop()?.trim() || undefined;
}

function decode(text: string): string | undefined {
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}
