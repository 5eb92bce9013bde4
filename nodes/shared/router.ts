import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { mapInOrder } from '../../lib/concurrency';
import type { PbxClient } from '../../lib/http/client';
import { connectTo } from './connect';
import { toNodeError } from './errors';

/** How many items are worked on at the same time unless the node's option says otherwise. */
export const DEFAULT_IN_FLIGHT = 4;

/** One input item and what is needed to work on it. */
export interface ItemRun {
	context: IExecuteFunctions;
	/** Index of the input item; parameters must be read with it, since expressions differ from item to item. */
	index: number;
	/** The PBX that the credential names for this item. */
	client: PbxClient;
	/** Ends when the user stops the execution. */
	signal?: AbortSignal;
	/** Requests that may be under way at the same time for one item. */
	inFlight: number;
}

/** What an operation gives back for one item: rows become items of their own, files come with their binary data. */
export type ItemResult = IDataObject | IDataObject[] | INodeExecutionData[];

/** Marks results that are items already, because they carry binary data. */
const isItem = (row: IDataObject | INodeExecutionData): row is INodeExecutionData =>
	'json' in row && 'binary' in row;

/**
 * The one loop over items of all our action nodes. Works on several items at a time, keeps their order, links each
 * output item to its input item, words errors once, and honours "On Error: Continue".
 *
 * @param context n8n's execution context
 * @param execute what to do for one item
 * @returns the node's output
 */
export async function runItems(
	context: IExecuteFunctions,
	execute: (run: ItemRun) => Promise<ItemResult>,
): Promise<INodeExecutionData[][]> {
	const signal = context.getExecutionCancelSignal();
	const outputs = await mapInOrder(
		context.getInputData(),
		inFlightOf(context),
		async (_, index) => {
			const attempt = async (): Promise<INodeExecutionData[]> => {
				const { inFlight = DEFAULT_IN_FLIGHT, timeout } = optionsOf(context, index);
				const client = await connectTo(context, index, {
					...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
				});
				const result = await execute({ context, index, client, signal, inFlight });
				const rows = Array.isArray(result) ? result : [result];
				return rows.map((row) => ({
					...(isItem(row) ? row : { json: row as IDataObject }),
					pairedItem: { item: index },
				}));
			};
			return await attempt().catch((cause: unknown) => {
				const error = toNodeError(context.getNode(), cause, index);
				if (!context.continueOnFail()) throw error;
				// n8n moves an item with `error` to the error output where the node has one.
				const json = { error: error.message, hint: error.description ?? undefined };
				return [{ json, error, pairedItem: { item: index } }];
			});
		},
	);
	return [outputs.flat()];
}

interface SharedOptions {
	/** Requests in flight, see {@link requestOptions}. */
	inFlight?: number;
	/** Seconds. */
	timeout?: number;
}

const optionsOf = (context: IExecuteFunctions, index: number) =>
	context.getNodeParameter('requestOptions', index, {}) as SharedOptions;

/** The limit holds for the whole run, so it is read once, from the first item. */
const inFlightOf = (context: IExecuteFunctions) =>
	context.getInputData().length === 0 ? 1 : (optionsOf(context, 0).inFlight ?? DEFAULT_IN_FLIGHT);
