import type { INodeExecutionData } from 'n8n-workflow';
import type { PbxRequest, PbxResponse } from '../../lib/http/client';
import type { Readable } from 'node:stream';
import type { ItemRun } from './router';

/** How a downloaded file becomes an item. */
export interface FileOptions {
	/** Name of the binary property; n8n's convention is `data`. */
	property?: string;
	/** File name where the PBX sends none. */
	fileName: string;
	/** MIME type where the PBX sends none, or only `application/octet-stream`. */
	mimeType?: string;
}

/**
 * Downloads a file into n8n's binary store, streamed: its size does not matter for n8n's memory.
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
	return await fileItem(run, await run.client.stream({ ...request, signal: run.signal }), options);
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
	const type =
		sent === undefined || sent === 'application/octet-stream' ? (mimeType ?? sent) : sent;
	const name = nameIn(header(headers, 'content-disposition')) ?? fileName;
	const binary = await context.helpers.prepareBinaryData(body, name, type);
	const { fileName: kept, mimeType: keptType, fileSize } = binary;
	return { json: { fileName: kept, mimeType: keptType, fileSize }, binary: { [property]: binary } };
}

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
