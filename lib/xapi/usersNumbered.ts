import type { PbxClient } from '../http/client';
import { filter } from '../odata/filter';
import { queryString } from '../odata/query';
import { listEntities, type Entity, type RequestOptions } from './entities';

/** Numbers in one `$filter`: it becomes a chain of comparisons, and all of it must fit into a URL. */
const NUMBERS_PER_REQUEST = 40;

/**
 * Reads users by their extension numbers, side by side.
 *
 * @param client the PBX
 * @param numbers any number of them
 * @param select properties to read; must have `Number`
 * @returns the users found, by number
 */
export async function readUsersNumbered(
	client: PbxClient,
	numbers: readonly string[],
	select: readonly string[],
	options: RequestOptions = {},
): Promise<Map<string, Entity>> {
	const parts = Array.from({ length: Math.ceil(numbers.length / NUMBERS_PER_REQUEST) }, (_, part) =>
		numbers.slice(part * NUMBERS_PER_REQUEST, (part + 1) * NUMBERS_PER_REQUEST),
	);
	const users = await Promise.all(
		parts.map(async (value) => {
			const wanted = filter({
				match: 'all',
				conditions: [{ field: 'Number', type: 'string', operator: 'in', value }],
			});
			const query = queryString({ filter: wanted, select });
			return await listEntities(client, '/Users', { query, ...options });
		}),
	);
	return new Map(users.flat().map((user) => [String(user.Number), user]));
}
