import type { ResourceMapperValue } from 'n8n-workflow';
import type { PbxRequest } from '../../../lib/http/client';
import { ODataInputError } from '../../../lib/odata/error';
import type { OrderBy } from '../../../lib/odata/field';
import { rawFilter } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import { wellFormed } from '../../../lib/odata/text';
import {
	entitySets,
	parseType,
	propertiesOf,
	type Catalogue,
	type NamedOperation,
} from '../../../lib/xapi/catalogue';
import type { Entity } from '../../../lib/xapi/entities';
import { operationNamed, requestFor } from '../../../lib/xapi/invoke';
import { unfilteredText } from '../../../lib/xapi/unfiltered';
import type { JsonContext } from '../../../lib/xapi/jsonValue';
import { mappedValues, refuseHidden } from '../fields/values';

/** The OData options as they stand in the panel: text, the way 3CX and OData write them. */
export interface QueryValues {
	/** Names with commas. */
	select?: string;
	/** A whole `$expand`, such as `Groups($select=Name),Phones`. */
	expand?: string;
	/** A whole `$filter`. */
	filter?: string;
	search?: string;
	/** Names with commas, each with ` desc` behind it where wanted. */
	sort?: string;
}

/** What the panel of Any Operation holds for an item. */
export interface OperationValues {
	/** operationId. */
	operation: string;
	/** Values of the Parameters mapper, by name. */
	parameters?: ResourceMapperValue['value'];
	/** Values of the Body mapper, by name. */
	body?: ResourceMapperValue['value'];
	query?: QueryValues;
	/** The most rows to ask for, where the operation lists rows; all when left out. */
	limit?: number;
}

/**
 * The request that the panel describes: the one way from Any Operation to the PBX. Pure, so that the coverage proof can
 * call it for every operation.
 *
 * @returns the request, ready for the client
 * @throws ThreeCxError of kind `input`, naming the parameter, when something is missing, unknown or does not fit
 */
export function requestOf(values: OperationValues, context: JsonContext): PbxRequest {
	const { catalogue } = context;
	const operation = operationNamed(values.operation, catalogue);
	const body = bodyFrom(operation, values.body, context);
	refuseHidden(body ?? {});
	return requestFor(
		operation.id,
		{
			parameters: parametersFrom(operation, values.parameters, context),
			query: queryFrom(operation, values, catalogue),
			body,
		},
		catalogue,
	);
}

/** Type expressions of the parameters in the path. The only header that XAPI declares, `If-Match`, is optional. */
export const pathParameters = ({ path, parameters }: NamedOperation): Record<string, string> =>
	Object.fromEntries(Object.entries(parameters).filter(([name]) => path.includes(`{${name}}`)));

/** Type expressions of the members of the body; empty for an operation that takes none. */
export const bodyMembers = (
	{ body = {} }: NamedOperation,
	catalogue: Catalogue,
): Readonly<Record<string, string>> =>
	typeof body === 'string' ? propertiesOf(catalogue, parseType(body).name) : body;

/**
 * What stands for a parameter that was left empty. 3CX answers 404 when one is missing, and reads `''` or, for an
 * interval, `0:00:0` as "no filter" (protocol 4.7); switches are off unless told otherwise, as its description says. Undefined where only the user can tell.
 */
function emptyValue(parameter: string, expression: string): unknown {
	const { name, array, nullable } = parseType(expression);
	if (array) return undefined;
	if (name === 'boolean') return nullable ? undefined : false;
	return name === 'string' && nullable ? unfilteredText(parameter) : undefined;
}

function parametersFrom(
	operation: NamedOperation,
	values: OperationValues['parameters'],
	context: JsonContext,
): Entity {
	const types = pathParameters(operation);
	const given = mappedValues(values ?? {}, operation.id, types, context);
	return Object.fromEntries(
		Object.entries(types).map(([name, expression]) => {
			const value = given[name] === '' ? undefined : given[name];
			return [name, value ?? emptyValue(name, expression)];
		}),
	);
}

function bodyFrom(
	operation: NamedOperation,
	values: OperationValues['body'],
	context: JsonContext,
): Entity | undefined {
	const types = bodyMembers(operation, context.catalogue);
	const given = mappedValues(values ?? {}, operation.id, types, context);
	if (typeof operation.body !== 'object') return operation.body === undefined ? undefined : given;
	// Of an action every member counts; a list may be left out, the others only where they may be null.
	const missing = Object.entries(types).flatMap(([name, expression]) => {
		const { array, nullable } = parseType(expression);
		return given[name] !== undefined || array || nullable ? [] : [[name, expression] as const];
	});
	const filled = missing.map(([name, expression]) => {
		const value = emptyValue(name, expression);
		if (value !== undefined) return [name, value];
		throw new ODataInputError(`"${name}" has no value. Fill it in under Body.`, name);
	});
	return { ...given, ...(Object.fromEntries(filled) as Entity) };
}

/** Which OData option each option of the panel becomes, and what it is called there. */
const QUERY_OPTIONS = {
	select: { option: '$select', label: 'Select' },
	expand: { option: '$expand', label: 'Expand' },
	filter: { option: '$filter', label: 'Filter' },
	search: { option: '$search', label: 'Search' },
	sort: { option: '$orderby', label: 'Sort' },
} as const satisfies Record<keyof QueryValues, { option: string; label: string }>;

function queryFrom(
	operation: NamedOperation,
	{ query = {}, limit }: OperationValues,
	catalogue: Catalogue,
): string {
	const used = Object.entries(query).filter(([, text]) => text?.trim());
	for (const [name] of used) {
		const { option, label } = QUERY_OPTIONS[name as keyof QueryValues];
		if (operation.query.includes(option)) continue;
		throw new ODataInputError(
			`${operation.id} does not take "${label}" (${option}). Remove the option.`,
			label,
		);
	}
	const { select, expand, filter, search, sort } = Object.fromEntries(used) as QueryValues;
	const standard = queryString({
		filter: rawFilter(filter ?? ''),
		select: namesIn(select),
		orderBy: sort === undefined ? defaultOrder(operation, catalogue) : orderIn(sort),
		search,
		top: operation.query.includes('$top') ? limit : undefined,
	});
	const expansion =
		expand === undefined
			? ''
			: `$expand=${encodeURIComponent(wellFormed(expand.trim(), 'Expand'))}`;
	return [standard, expansion].filter(Boolean).join('&');
}

const namesIn = (text = ''): string[] =>
	text
		.split(',')
		.map((name) => name.trim())
		.filter(Boolean);

const orderIn = (text: string): OrderBy[] =>
	namesIn(text).map((step) => {
		const [field = '', direction = 'asc', ...rest] = step.split(/\s+/);
		if (rest.length === 0 && (direction === 'asc' || direction === 'desc')) {
			return { field, direction };
		}
		throw new ODataInputError(
			`"${step}" is not a sort order. Enter a field name, followed by " desc" for descending order.`,
			'Sort',
		);
	});

/** Rows that are read page by page need an order that holds: by key. */
function defaultOrder(operation: NamedOperation, catalogue: Catalogue): OrderBy[] {
	if (!isPaged(operation)) return [];
	const { path, kind, returns = '' } = operation;
	const key =
		kind === 'entitySet'
			? Object.keys(entitySets(catalogue)[path.slice(1)]?.key ?? {})
			: ['Id'].filter((name) => name in propertiesOf(catalogue, parseType(returns).name));
	return operation.query.includes('$orderby') ? key.map((field) => ({ field })) : [];
}

/** Whether rows come from the store, at most 100 with a request; functions compute them and have no such limit. */
export const isPaged = ({ method, kind, returns }: NamedOperation): boolean =>
	method === 'GET' &&
	(kind === 'entitySet' || kind === 'navigation') &&
	returns !== undefined &&
	parseType(returns).array;
