import { filter } from '../../lib/odata/filter';
import { queryString } from '../../lib/odata/query';
import { listEntities, type Entity } from '../../lib/xapi/entities';
import type { ItemRun } from '../shared/router';

/** Numbers in one `$filter`: it becomes a chain of comparisons, and all of it must fit into a URL. */
const NUMBERS_PER_REQUEST = 40;

/**
 * Users by their extension numbers.
 *
 * @param numbers the numbers; any number of them
 * @param select properties to read; must have `Number`
 * @returns the users found, by number
 */
export async function usersNumbered(
	{ client, signal }: Pick<ItemRun, 'client' | 'signal'>,
	numbers: readonly string[],
	select: string[],
): Promise<Map<string, Entity>> {
	const users: Entity[] = [];
	for (let from = 0; from < numbers.length; from += NUMBERS_PER_REQUEST) {
		const value = numbers.slice(from, from + NUMBERS_PER_REQUEST);
		const wanted = filter({
			match: 'all',
			conditions: [{ field: 'Number', type: 'string', operator: 'in', value }],
		});
		const query = queryString({ filter: wanted, select });
		users.push(...(await listEntities(client, '/Users', { query, signal })));
	}
	return new Map(users.map((user) => [String(user.Number), user]));
}
