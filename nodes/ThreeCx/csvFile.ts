import { Readable } from 'node:stream';
import type { INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { csvLines } from '../../lib/csv';
import { readText } from '../../lib/http/body';
import { ThreeCxError } from '../../lib/http/errors';
import { isTooDeep } from '../../lib/http/json';
import { catalogue, operation, parseType, propertiesOf } from '../../lib/xapi/catalogue';
import type { Entity } from '../../lib/xapi/entities';
import { requestFor, resultOf, type Invocation } from '../../lib/xapi/invoke';
import { redactSecrets } from '../../lib/xapi/secrets';
import { fileItem } from '../shared/file';
import type { ItemRun } from '../shared/router';
import { outputFieldOf, outputFileProperty } from './fields/outputFile';
import type { OwnOperation } from './resource';

const csvOptions: INodeProperties = {
	displayName: 'CSV Options',
	name: 'csvOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Keep Formulas',
			name: 'keepFormulas',
			type: 'boolean',
			default: false,
			description:
				"Whether to leave texts that begin with =, +, - or @ as they are. By default they get an apostrophe, because a spreadsheet would run them: a caller can call himself '=HYPERLINK(...)'. Does not change files that 3CX itself wrote.",
		},
	],
};

/**
 * An operation *Download CSV*.
 *
 * @param own what differs; its `execute` calls {@link downloadCsv}
 * @returns the operation, with the options that all of them have
 */
export const csvOperation = (own: Omit<OwnOperation, 'name' | 'label'>): OwnOperation => ({
	name: 'downloadCsv',
	label: 'Download CSV',
	...own,
	properties: [...(own.properties ?? []), outputFileProperty, csvOptions],
});

/**
 * Downloads a table as a CSV file. What the Download functions of XAPI send is not certain [?]: the catalogue declares
 * JSON rows for them as for every file. A file is passed on as it comes, rows are written as CSV here.
 *
 * @param run the item
 * @param operationId such as `DownloadCallLog`
 * @param invocation its parameters and query
 * @param fileName where the PBX names none
 * @returns the item with the file in the field that it asks for
 */
export async function downloadCsv(
	run: ItemRun,
	operationId: string,
	invocation: Invocation,
	fileName: string,
): Promise<INodeExecutionData> {
	const request = requestFor(operationId, invocation);
	const { headers, body } = await run.client.stream({ ...request, signal: run.signal });
	const type = [headers['content-type']].flat()[0] ?? '';
	const options = { property: outputFieldOf(run), fileName, mimeType: 'text/csv' };
	if (!/\bjson\b/i.test(type)) return await fileItem(run, { headers, body }, options);
	const rows = await rowsIn(body, `GET ${request.path}`);
	const { keepFormulas: raw } = run.context.getNodeParameter('csvOptions', run.index, {}) as {
		keepFormulas?: boolean;
	};
	const lines = csvLines(redactSecrets(rows), columnsOf(operationId, rows), { raw });
	const content = Readable.from(inChunks(lines), { objectMode: false });
	return await fileItem(run, { headers: {}, body: content }, options);
}

/** Bytes of a chunk, about. */
const CHUNK = 65_536;

/** Lines as buffers that are worth handing on; n8n takes nothing else from a stream. */
function* inChunks(lines: Iterable<string>): Generator<Buffer> {
	let chunk = '';
	for (const line of lines) {
		chunk += line;
		if (chunk.length < CHUNK) continue;
		yield Buffer.from(chunk);
		chunk = '';
	}
	yield Buffer.from(chunk);
}

/** Rows are in memory all at once: what a table may have of JSON, in bytes, and how long it may take, in ms. */
const LIMITS = { maxBytes: 64_000_000, withinMs: 600_000 };

function parsed(json: string): unknown {
	try {
		return resultOf(JSON.parse(json));
	} catch {
		return undefined;
	}
}

async function rowsIn(body: Readable, request: string): Promise<Entity[]> {
	const { text, end } = await readText(body, LIMITS).catch(() => ({ text: '', end: 'whole' }));
	if (end !== 'whole') {
		throw new ThreeCxError({
			kind: 'malformed',
			message: 'The PBX sent more data than can be written as CSV',
			hint: `The limit is ${LIMITS.maxBytes / 1_000_000} MB and ${LIMITS.withinMs / 60_000} minutes. Choose a shorter period.`,
			request,
		});
	}
	const rows = isTooDeep(text) ? undefined : parsed(text);
	if (Array.isArray(rows)) return rows as Entity[];
	throw new ThreeCxError({
		kind: 'malformed',
		message: 'The PBX sent a download that is incomplete or not a table',
		hint: 'Try again, with a shorter period if there is one.',
		request,
	});
}

/** The properties of the rows' type that hold single values, in the catalogue's order, and what else the rows have. */
function columnsOf(operationId: string, rows: readonly Entity[]): string[] {
	const { name } = parseType(operation(catalogue, operationId)?.returns ?? 'object');
	const declared = Object.entries(propertiesOf(catalogue, name))
		.filter(([, expression]) => !parseType(expression).array)
		.map(([property]) => property);
	return [...new Set([...declared, ...rows.flatMap((row) => Object.keys(row))])];
}
