import type { Entity } from '../../lib/xapi/entities';
import { readUsersNumbered } from '../../lib/xapi/usersNumbered';
import type { ItemRun } from '../shared/router';

/**
 * Users by their extension numbers.
 *
 * @param numbers the numbers; any number of them
 * @param select properties to read; must have `Number`
 * @returns the users found, by number
 */
export const usersNumbered = async (
	{ client, signal }: Pick<ItemRun, 'client' | 'signal'>,
	numbers: readonly string[],
	select: string[],
): Promise<Map<string, Entity>> => await readUsersNumbered(client, numbers, select, { signal });
