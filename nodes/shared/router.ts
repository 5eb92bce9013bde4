import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { mapInLanes, type LaneLimits } from '../../lib/waiting/concurrency';
import { createPbxClient, type PbxClient } from '../../lib/http/client';
import { inFlightNow } from '../../lib/http/dispatchers';
import { hostOf } from '../../lib/http/serverUrl';
import { accessPerItem, type PbxAccess } from './connect';
import { hasExpressions } from './credential';
import { toNodeError } from './errors';
import { isDryRun } from './fields/dryRun';
import { passedOn } from './fields/passOn';
import { outgoing } from './output';
import { withQuickParameters } from './parameters';
import { DEFAULT_IN_FLIGHT_TO_ALL, inFlightFrom, MB, retryFor } from './requestOptions';

/** One input item and what is needed to work on it. */
export interface ItemRun {
	context: IExecuteFunctions;
	/** Index of the input item; parameters must be read with it, since expressions differ from item to item. */
	index: number;
	/** The PBX that the credential names for this item. */
	client: PbxClient;
	/** Ends when the user stops the execution. */
	signal?: AbortSignal;
}

/** What an operation gives back for one item: rows become items of their own, files come with their binary data. */
export type ItemResult = IDataObject | IDataObject[] | INodeExecutionData[];

/** Marks results that are items already, because they carry binary data. */
const isItem = (row: IDataObject | INodeExecutionData): row is INodeExecutionData =>
	'json' in row && 'binary' in row;

/**
 * The one loop over items of all our action nodes. Works on several items at a time, with a limit for each PBX and one
 * for all of them, and fairly between them; keeps the order of the items, links each output item to its input item,
 * words errors once, and honours "On Error: Continue".
 *
 * @param original n8n's execution context
 * @param execute what to do for one item
 * @returns the node's output
 */
export async function runItems(
	original: IExecuteFunctions,
	execute: (run: ItemRun) => Promise<ItemResult>,
): Promise<INodeExecutionData[][]> {
	const context = withQuickParameters(original);
	const inputs = context.getInputData();
	const signal = context.getExecutionCancelSignal();
	const accessOf = accessPerItem(original);
	let hasMany: Promise<boolean> | undefined;
	/** Whoever serves many PBXs with one credential sees in each item which one it was. */
	const isPbxNamed = async (index: number) =>
		optionsOf(context, index).addPbx === true || (await (hasMany ??= hasExpressions(original)));

	const attempt = async (
		index: number,
		access: Promise<PbxAccess>,
		beside: Beside,
	): Promise<INodeExecutionData[]> => {
		const { inFlight, timeout, largestAnswer, keepTrying, passOn } = optionsOf(context, index);
		const client = createPbxClient({
			...(await access),
			inFlight: inFlightFrom(inFlight),
			dryRun: isDryRun({ context, index }),
			...(timeout === undefined ? {} : { timeoutMs: Math.ceil(timeout * 1000) }),
			retry: retryFor(keepTrying),
			...(largestAnswer === undefined ? {} : { maxBytes: largestAnswer * MB }),
		});
		// Asked before anything is done: what acted does not fail.
		beside.input = passedOn(passOn, inputs[index]!.json);
		if (await isPbxNamed(index)) beside.pbx = { pbx: hostOf(client.connection.origin) };
		const result = await execute({ context, index, client, signal });
		const rows = Array.isArray(result) ? result : [result];
		return rows.map((row) => {
			const item = outgoing(isItem(row) ? row : { json: row as IDataObject });
			return { ...item, json: amid(beside, item.json), pairedItem: { item: index } };
		});
	};

	/** What an item becomes that failed, where the execution is to go on. */
	const failed = (
		cause: unknown,
		index: number,
		beside: Beside,
		origin?: string,
	): INodeExecutionData[] => {
		const node = context.getNode();
		const error = toNodeError(node, cause, index, origin);
		if (!context.continueOnFail()) throw error;
		const { message, description: hint } = error;
		// n8n sends to the error output what has only an `error` (before 2.40 nothing else may stand beside it), and puts the
		// fields of the input item around it. An item that is marked with the error itself would lose them.
		const json: IDataObject =
			node.onError === 'continueErrorOutput'
				? { error: hint ? `${message.replace(/\.$/, '')}. ${hint}` : message }
				: amid(beside, { error: message, hint: hint ?? undefined });
		return [{ json, pairedItem: { item: index } }];
	};

	const outputs = await mapInLanes(inputs, limitsOf(context), async (_, index) => {
		const access = accessOf(index);
		const origin = await access.then(({ connection }) => connection.origin).catch(() => undefined);
		return {
			// What cannot be reached for want of an address has a lane of its own.
			lane: origin ?? '',
			job: async () => {
				const beside: Beside = {};
				return await attempt(index, access, beside).catch((cause: unknown) =>
					failed(cause, index, beside, origin),
				);
			},
		};
	});
	return [outputs.flat()];
}

/** What stands in an output item beside what the operation gives: the operation's own fields win over those of the input. */
interface Beside {
	input?: IDataObject;
	pbx?: { pbx: string };
}

/** Rows by the thousand are copied only where there is something to add. */
const amid = ({ input = {}, pbx }: Beside, json: IDataObject): IDataObject =>
	pbx === undefined && Object.keys(input).length === 0 ? json : { ...input, ...json, ...pbx };

/** What `requestOptions.ts` lets a person choose. */
interface SharedOptions {
	addPbx?: unknown;
	passOn?: unknown;
	inFlight?: unknown;
	inFlightToAll?: number;
	/** Seconds. */
	timeout?: number;
	largestAnswer?: number;
	/** Seconds. */
	keepTrying?: unknown;
}

const optionsOf = (context: IExecuteFunctions, index: number) =>
	context.getNodeParameter('requestOptions', index, {}) as SharedOptions;

/** The limits hold for the whole run, so they are read once, from the first item. */
function limitsOf(context: IExecuteFunctions): LaneLimits {
	const { inFlight, inFlightToAll = DEFAULT_IN_FLIGHT_TO_ALL } =
		context.getInputData().length === 0 ? {} : optionsOf(context, 0);
	return { perLane: perLane(inFlight), inAll: inFlightToAll };
}

/** As many items at a time as requests. A value that is neither automatic nor a number fails each item, in its turn. */
function perLane(chosen: unknown): LaneLimits['perLane'] {
	try {
		const inFlight = inFlightFrom(chosen);
		return (origin) => inFlightNow(origin, inFlight);
	} catch {
		return 1;
	}
}
