import { entityKey } from '../../lib/odata/entityKey';
import type { ItemRun } from '../shared/router';
import { aboutRow, locateKey, rowKey } from './locator';
import type { EntityResource } from './resource';

/** The row that an operation of a resource works on. */
export interface Row {
	/** Its key, as operations of XAPI take it. */
	id: string | number;
	/** Where it is below `/xapi/v1`, such as `/Users(12)`. */
	path: string;
}

/**
 * Does something with the row that the locator names, and says which one is missing if there is none.
 *
 * @returns what `job` gives
 */
export const onRow = async <T>(
	run: ItemRun,
	resource: EntityResource,
	job: (row: Row) => Promise<T>,
): Promise<T> =>
	await aboutRow(run, resource, async () => {
		const id = await locateKey(run, resource);
		return await job({ id, path: `/${resource.entitySet}${entityKey(id, rowKey(resource).type)}` });
	});
