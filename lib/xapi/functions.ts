import type { PbxClient } from '../http/client';
import { listEntities, XAPI, type Entity, type ListOptions } from './entities';
import { requestFor } from './invoke';

/** Rows of a function that are read with one request: its `$top` is not limited to 100 (protocol 4.3). */
const FUNCTION_PAGE = 500;

/**
 * Reads the rows that a function computes, page by page: `$top`, `$skip` and the other options follow its parentheses
 * (protocol 4.7).
 *
 * @param operationId such as `GetCallLogData`
 * @param parameters every declared one, by name; 3CX answers 404 when one is missing
 * @param options which rows; give `query` an order, or pages can overlap
 * @returns the rows, without OData annotations, as `options.shape` has made them
 * @throws ODataInputError naming the parameter that is missing or does not fit its type
 */
export async function listFunction<Row = Entity>(
	client: PbxClient,
	operationId: string,
	parameters: Readonly<Record<string, unknown>>,
	options: ListOptions<Row> = {},
): Promise<Row[]> {
	const path = requestFor(operationId, { parameters }).path.slice(XAPI.length);
	return await listEntities(client, path, { pageSize: FUNCTION_PAGE, ...options });
}
