import type { PbxClient, PbxRequest } from '../http/client';
import { ThreeCxError } from '../http/errors';
import { fillPath } from '../odata/entityKey';
import { ODataInputError } from '../odata/error';
import { isEmptyAnswer, isRows } from './answer';
import { catalogue as shipped, operation, type Catalogue, type NamedOperation } from './catalogue';
import { withoutAnnotations, XAPI, type Entity, type RequestOptions } from './entities';

/** What an operation is given. */
export interface Invocation {
	/** Path parameters by the names that the catalogue has, such as `{ Id: 12 }`. Every declared one must be there. */
	parameters?: Readonly<Record<string, unknown>>;
	/** Percent-encoded OData options, as `queryString` writes them. */
	query?: string;
	/** The entity, or the members of an action's parameter object. */
	body?: Entity;
}

/**
 * The request for any operation of XAPI, from its description in the catalogue. An action (POST) that the description
 * gives no body is sent none (protocol 4.5); one that is given no value for its parameters is sent an empty object.
 *
 * @param operationId such as `ResetQueueStatistics`
 * @param invocation parameters, query and body
 * @param from the catalogue; the one that ships by default
 * @returns the request, ready for the client
 * @throws ODataInputError when there is no such operation, or a parameter is missing or does not fit its type
 */
export function requestFor(
	operationId: string,
	{ parameters = {}, query, body }: Invocation = {},
	from: Catalogue = shipped,
): PbxRequest {
	const { method, path, parameters: types, body: declared } = operationNamed(operationId, from);
	const sendsBody = method !== 'GET' && method !== 'DELETE' && declared !== undefined;
	return {
		method,
		path: XAPI + fillPath(path, parameters, types, from.enums),
		...(query ? { query } : {}),
		...(sendsBody ? { body: body ?? {} } : {}),
	};
}

/**
 * The operation with this operationId.
 *
 * @throws ODataInputError when the catalogue has none
 */
export function operationNamed(operationId: string, from: Catalogue = shipped): NamedOperation {
	const found = operation(from, operationId);
	if (found) return { id: operationId, ...found };
	throw new ODataInputError(
		`This 3CX has no operation "${operationId}". Choose one from the list.`,
		'operation',
	);
}

/**
 * Carries out an operation that answers with JSON.
 *
 * @param client the PBX
 * @param operationId such as `GetFirstAvailableExtensionNumber`
 * @param invocation parameters, query and body
 * @returns the rows of a collection, the value of a primitive result, the entity, or undefined after 204; all without
 *   OData annotations
 */
export async function invoke(
	client: PbxClient,
	operationId: string,
	invocation: Invocation & RequestOptions = {},
	from: Catalogue = shipped,
): Promise<unknown> {
	const { signal, timeoutMs, ...rest } = invocation;
	const request = requestFor(operationId, rest, from);
	const { body } = await client.request<Entity | undefined>({ ...request, signal, timeoutMs });
	return resultOf(body);
}

/**
 * {@link invoke} for an operation that reads a list.
 *
 * @throws ThreeCxError of kind `malformed` where the answer is none
 */
export async function invokeRows(
	client: PbxClient,
	operationId: string,
	invocation: Invocation & RequestOptions = {},
): Promise<Entity[]> {
	const answer = await invoke(client, operationId, invocation);
	if (isEmptyAnswer(answer)) return [];
	if (isRows(answer)) return answer;
	throw noList(operationId);
}

/**
 * {@link invoke} for an operation that reads a list of texts.
 *
 * @throws ThreeCxError of kind `malformed` where the answer is none
 */
export async function invokeTexts(
	client: PbxClient,
	operationId: string,
	invocation: Invocation & RequestOptions = {},
): Promise<string[]> {
	const answer = await invoke(client, operationId, invocation);
	if (isEmptyAnswer(answer)) return [];
	if (Array.isArray(answer) && !answer.some((each) => typeof each === 'object')) {
		return answer.map(String);
	}
	throw noList(operationId);
}

/**
 * {@link invoke} for an operation that reads one object.
 *
 * @throws ThreeCxError of kind `malformed` where the answer is none
 */
export async function invokeEntity(
	client: PbxClient,
	operationId: string,
	invocation: Invocation & RequestOptions = {},
): Promise<Entity> {
	const answer = await invoke(client, operationId, invocation);
	if (typeof answer === 'object' && answer !== null && !Array.isArray(answer))
		return answer as Entity;
	throw notAs(operationId, 'what it is asked for');
}

const noList = (operationId: string) => notAs(operationId, 'a list');

const notAs = (operationId: string, expected: string) =>
	new ThreeCxError({
		kind: 'malformed',
		message: `The PBX did not answer ${operationId} with ${expected}`,
		hint: 'Try again. If it stays so, a proxy or another version of 3CX may be the reason.',
	});

/** What is inside of OData's envelope. */
export function resultOf(body: unknown): unknown {
	if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
	const { value, ...others } = withoutAnnotations(body as Entity);
	if (value === undefined || Object.keys(others).length > 0) return body;
	return Array.isArray(value) ? value.map(cleaned) : value;
}

const cleaned = (row: unknown): unknown =>
	typeof row === 'object' && row !== null ? withoutAnnotations(row as Entity) : row;
