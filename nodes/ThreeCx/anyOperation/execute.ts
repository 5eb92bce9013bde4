import type { ResourceMapperValue } from 'n8n-workflow';
import { parseType, type NamedOperation } from '../../../lib/xapi/catalogue';
import { unseen } from '../../../lib/xapi/afterChange';
import { listEntities, XAPI, type Entity } from '../../../lib/xapi/entities';
import { operationNamed, resultOf } from '../../../lib/xapi/invoke';
import { ownCatalogue } from '../../../lib/xapi/ownCatalogue';
import { downloadFile } from '../../shared/file';
import { limitOf } from '../../shared/fields/limit';
import type { ItemResult, ItemRun } from '../../shared/router';
import { instantIn } from '../../shared/time';
import { asOutput } from '../operations/output';
import { withCatalogue } from './catalogues';
import { OPERATION_PARAMETER } from './methods';
import { isPaged, requestOf, type OperationValues, type QueryValues } from './request';

/** The Options collection. */
interface Options extends QueryValues {
	response?: 'auto' | 'file' | 'json';
	/** Name of the binary property. */
	fileProperty?: string;
	/** Secret properties to leave readable. */
	reveal?: string[];
}

/** Carries out the operation that the panel describes. */
export async function execute(run: ItemRun): Promise<ItemResult> {
	const { client, context, index, signal } = run;
	const { response = 'auto', fileProperty, reveal, ...query } = read<Options>(run, 'options', {});
	const limit = limitOf(run);
	const operationId = String(
		context.getNodeParameter(OPERATION_PARAMETER, index, '', { extractValue: true }),
	).trim();
	const values: OperationValues = {
		operation: operationId,
		parameters: mapperValue(run, 'parameters'),
		body: mapperValue(run, 'body'),
		query,
		limit,
	};
	const instant = instantIn(context.getTimezone());
	const { operation, request } = await withCatalogue(
		async () => await ownCatalogue(client),
		(catalogue) => {
			const named = operationNamed(operationId, catalogue);
			// Pages carry their own $top.
			const asked = isPaged(named) ? { ...values, limit: undefined } : values;
			return { operation: named, request: requestOf(asked, { catalogue, instant }) };
		},
	);
	if (response === 'auto' ? isFile(operation) : response === 'file') {
		return [
			await downloadFile(run, request, { property: fileProperty, fileName: operationId, reveal }),
		];
	}
	if (isPaged(operation)) {
		const path = request.path.slice(XAPI.length);
		const { query: options } = request;
		return await listEntities(client, path, {
			query: options,
			limit,
			signal,
			shape: (rows) => asOutput(rows, reveal),
		});
	}
	const { body, unread } = await client.request({ ...request, signal });
	if (unread) return asOutput([{ success: true, ...unseen(unread) }]);
	return asOutput(rowsOf(operation, resultOf(body)), reveal);
}

const read = <T>({ context, index }: ItemRun, name: string, fallback: T) =>
	context.getNodeParameter(name, index, fallback) as T;

const mapperValue = (run: ItemRun, name: string) =>
	read<Pick<ResourceMapperValue, 'value'>>(run, name, { value: null }).value;

/** Downloads send a file, whatever their description says (protocol 4.1). */
const isFile = ({ id, kind }: NamedOperation) => kind === 'media' || id.startsWith('Download');

/** What came back as items: rows one by one, an object as it is, anything else as `value`. */
function rowsOf({ returns }: NamedOperation, result: unknown): Entity[] {
	if (returns === undefined) return [{ success: true }];
	const isList = Array.isArray(result) && parseType(returns).array;
	return (isList ? (result as unknown[]) : [result]).map((row) =>
		typeof row === 'object' && row !== null && !Array.isArray(row)
			? (row as Entity)
			: { value: row ?? null },
	);
}
