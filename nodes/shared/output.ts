import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { redactSecrets, withoutSecrets } from '../../lib/xapi/secrets';

/** Rows that have been looked through. Weak: they are forgotten with the rows. */
const lookedThrough = new WeakSet<object>();

/**
 * Rows of the PBX as items, secrets hidden in place. An operation does this where it saves time (page by page, while
 * others are on their way) or where the user asks for a secret by name; {@link outgoing} does it for all others.
 *
 * @param rows as XAPI sent them; nobody else may hold them
 * @param reveal names of the secret properties that the user asked for
 */
export function asOutput(rows: object[], reveal?: readonly string[]): IDataObject[] {
	redactSecrets(rows, { reveal });
	for (const row of rows) lookedThrough.add(row);
	return rows as IDataObject[];
}

/**
 * An item as it leaves a node, secrets hidden: the one way out of all nodes. The router of the action nodes, the trigger
 * and the poller call it at their ends, so that no operation or event can forget to.
 */
export const outgoing = (item: INodeExecutionData): INodeExecutionData => ({
	...item,
	json: lookedThrough.has(item.json) ? item.json : withoutSecrets(item.json),
});
