import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type INode,
	type JsonObject,
} from 'n8n-workflow';
import { ThreeCxError } from '../../lib/http/errors';

/** @returns whether the node is a tool of an AI agent: n8n makes the type of a tool from the node's */
export const isTool = ({ type }: Pick<INode, 'type'>): boolean => type.endsWith('Tool');

/** How a model's argument begins in an expression, up to the end of its name; n8n takes it in any case. */
const ARGUMENT = /\$fromAI\s*\(\s*(["'`])([\w-]{1,64})\1/i;

/**
 * A model knows the arguments of its tool by the names that the expressions give them, not our parameters.
 *
 * @param node the tool
 * @param field such as `status` or `filters.direction`
 * @returns the argument that fills it in; the field itself where none does
 */
function argumentFor({ parameters }: Pick<INode, 'parameters'>, field: string): string {
	const name = field
		.split('.')
		.pop()
		?.replace(/\[\d+\]$/, '');
	const find = (value: unknown): string | undefined => {
		if (typeof value !== 'object' || value === null) return undefined;
		for (const [key, held] of Object.entries(value)) {
			// What a resource locator has chosen stands one level below.
			const raw = typeof held === 'object' && held !== null ? (held as IDataObject).value : held;
			const argument = key === name ? ARGUMENT.exec(String(raw))?.[2] : undefined;
			const found = argument ?? find(held);
			if (found !== undefined) return found;
		}
		return undefined;
	};
	return find(parameters) ?? field;
}

/** n8n shows a model the headline only, so it says everything: what to do, and in which parameter. */
const forModel = (node: INode, { message, hint, field }: ThreeCxError): string =>
	[`${message.replace(/\.$/, '')}.`, hint, field && `(Parameter: ${argumentFor(node, field)})`]
		.filter(Boolean)
		.join(' ');

/**
 * Turns what `lib` threw into the error that n8n shows: what happened as the headline, what to do below it.
 *
 * @param node the node, for the editor to point at
 * @param error anything thrown; errors of n8n itself pass through with the item index added
 * @param itemIndex the item at fault, if one is
 * @param origin the PBX that it was about; named below the headline unless the error does so, because a workflow may
 *   work on many
 * @returns the error to throw
 */
export function toNodeError(
	node: INode,
	error: unknown,
	itemIndex?: number,
	origin?: string,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) {
		// n8n's constructors hand back an existing error unchanged, so the index is set on it.
		if (itemIndex !== undefined) error.context.itemIndex ??= itemIndex;
		return error;
	}
	if (!(error instanceof ThreeCxError)) {
		return new NodeOperationError(node, error as Error, { itemIndex });
	}
	const { kind, hint, status, code, field, request } = error;
	const message = isTool(node) ? forModel(node, error) : error.message;
	const isNamed = origin === undefined || `${message} ${hint}`.includes(origin);
	const description =
		[hint, isNamed ? '' : `PBX: ${origin}.`].filter(Boolean).join(' ') || undefined;
	if (kind === 'input') return new NodeOperationError(node, message, { description, itemIndex });
	const details = { message, description, status, code, field, request } as unknown as JsonObject;
	const apiError = new NodeApiError(node, details, {
		message,
		description,
		httpCode: status === undefined ? undefined : String(status),
		itemIndex,
	});
	// n8n rewrites messages in which it recognises a network code; ours say more.
	apiError.message = message;
	apiError.description = description;
	return apiError;
}
