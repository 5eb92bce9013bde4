import { queryString } from '../../../lib/odata/query';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import type { ItemRun } from '../../shared/router';
import { numbersIn } from './extensions';
import { chosenIn, rowNamed } from './named';

/**
 * Departments are chosen from a list, which gives their IDs. An expression may also name them: IDs differ from PBX to PBX,
 * so that a workflow for many of them cannot know any.
 */

/** Below a list of departments. */
export const DEPARTMENT_HINT = 'In an expression, the ID can also be the name, such as Sales';

type Asking = Pick<ItemRun, 'client' | 'signal'>;

/**
 * The IDs of departments that are named by ID, name or number (`GRP0001`). Reads the PBX's departments once, and only where
 * there is a name among them.
 *
 * @param names what the parameters hold
 * @param field name of the parameter, for the error
 * @returns the IDs, in the same order
 * @throws ThreeCxError of kind `input` when one is empty, `notFound` when there is no such department, `conflict` when
 *   there are several
 */
export async function departmentsNamed(
	{ client, signal }: Asking,
	names: readonly unknown[],
	field: string,
): Promise<number[]> {
	const texts = chosenIn(names, { what: 'department', field, by: 'its name or ID' });
	if (texts.every(isId)) return texts.map(Number);
	const query = queryString({ select: ['Id', 'Name', 'Number'] });
	const departments = await listEntities(client, '/Groups', { query, signal });
	const naming = {
		what: 'department',
		field,
		namesOf: ({ Name, Number: number }: Entity) => [Name, number],
	};
	return texts.map((text) => Number(isId(text) ? text : rowNamed(departments, text, naming).Id));
}

/**
 * The IDs of any number of departments, each once.
 *
 * @param value a list, one department, or text with commas
 * @throws ThreeCxError as {@link departmentsNamed}
 */
export const departmentIds = async (
	asking: Asking,
	value: unknown,
	field: string,
): Promise<number[]> => [...new Set(await departmentsNamed(asking, numbersIn(value), field))];

const isId = (text: string) => /^\d+$/.test(text);
