import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import type { ItemRun } from '../../shared/router';

/**
 * Records that an expression names by what people call them: IDs and system numbers differ from PBX to PBX, so that a
 * workflow for many of them cannot know any.
 */

/** How records are named. */
export interface Naming {
	/** As in "This PBX has no queue ...". */
	what: string;
	/** Name of the parameter, for the error. */
	field: string;
	/** What a row may be called. */
	namesOf: (row: Entity) => unknown[];
}

/**
 * The row that a text names: written the same way, or else in another case.
 *
 * @throws ThreeCxError of kind `notFound` when there is none, `conflict` when there are several
 */
export function rowNamed(
	rows: readonly Entity[],
	text: string,
	{ what, field, namesOf }: Naming,
): Entity {
	const lower = text.toLowerCase();
	const namesIn = (row: Entity) => namesOf(row).map((name) => String(name ?? ''));
	const same = rows.filter((row) => namesIn(row).includes(text));
	const alike = rows.filter((row) => namesIn(row).some((name) => name.toLowerCase() === lower));
	const [found, ...others] = same.length > 0 ? same : alike;
	if (found && others.length === 0) return found;
	throw found
		? new ThreeCxError({
				kind: 'conflict',
				field,
				message: `Several ${what}s are called "${text}"`,
				hint: 'Choose the right one from the list, or enter its ID.',
			})
		: new ThreeCxError({
				kind: 'notFound',
				field,
				message: `This PBX has no ${what} "${text}"`,
				hint: hintOf(rows.map((row) => namesIn(row).find(Boolean) ?? '')),
			});
}

/**
 * What parameters hold that name one record each.
 *
 * @returns them as texts
 * @throws ThreeCxError of kind `input` when one is empty
 */
export function chosenIn(
	values: readonly unknown[],
	{ what, field, by }: Omit<Naming, 'namesOf'> & { /** As in "its name or ID". */ by: string },
): string[] {
	const texts = values.map((value) => String(value ?? '').trim());
	if (!texts.includes('')) return texts;
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `No ${what} was chosen`,
		hint: `Choose the ${what} from the list, or enter ${by} in an expression.`,
	});
}

/** As many names fit into a hint. */
const MOST_NAMES = 12;

const hintOf = (names: readonly string[]): string =>
	names.length > 0 && names.length <= MOST_NAMES
		? `It has: ${names.join(', ')}.`
		: 'Enter the name as the list shows it, or create it first.';

/**
 * The numbers of records that are named by number or name. The PBX is asked only where there is a name among them.
 *
 * @param texts what a parameter holds
 * @param path of the records, such as `/Queues`
 * @param isNumber tells a number from a name; digits when left out
 * @returns the numbers, in the same order
 * @throws ThreeCxError as {@link rowNamed}
 */
export async function numbersNamed(
	{ client, signal }: Pick<ItemRun, 'client' | 'signal'>,
	texts: readonly string[],
	path: string,
	naming: Omit<Naming, 'namesOf'>,
	isNumber: (text: string) => boolean = (text) => /^\d+$/.test(text),
): Promise<string[]> {
	if (texts.every(isNumber)) return [...texts];
	const query = queryString({ select: ['Number', 'Name'] });
	const rows = await listEntities(client, path, { query, signal });
	const namesOf = ({ Name }: Entity) => [Name];
	return texts.map((text) =>
		isNumber(text) ? text : String(rowNamed(rows, text, { ...naming, namesOf }).Number),
	);
}
