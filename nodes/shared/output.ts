import type { IDataObject } from 'n8n-workflow';
import { redactSecrets, withoutSecrets } from '../../lib/xapi/secrets';

/** Rows that have been looked through. Weak: they are forgotten with the rows. */
const lookedThrough = new WeakSet<object>();

/**
 * Rows of the PBX as items, secrets hidden in place. An operation does this where it saves time (page by page, while
 * others are on their way) or where the user asks for a secret by name; {@link shown} does it for all others.
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
 * What an item shows: the one way out for whatever an operation gives back. The router calls it, so that no operation
 * can forget to hide a secret.
 */
export const shown = (json: IDataObject): IDataObject =>
	lookedThrough.has(json) ? json : withoutSecrets(json);
