import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';
import { byName, rowsOf } from '../../lists';
import { queryString } from '../../../../lib/odata/query';
import { listEntities, type Entity } from '../../../../lib/xapi/entities';
import type { ItemRun } from '../../../shared/router';
import { chosenIn, rowNamed } from '../../fields/named';
import type { LoadOptionsMethod } from '../../resource';

/** Number and provider. */
export const trunkTitle = (row: IDataObject) => {
	const { Name } = (row.Gateway ?? {}) as { Name?: string };
	return [row.Number, Name].filter(Boolean).map(String).join(' ');
};

const trunkList = (value: (row: IDataObject) => string | number) =>
	async function (this: ILoadOptionsFunctions) {
		const rows = await rowsOf(this, '/Trunks', { select: ['Id', 'Number', 'Gateway'] });
		return (rows as IDataObject[])
			.map((row) => ({ name: trunkTitle(row), value: value(row) }))
			.sort(byName);
	};

/** The dropdowns of trunks: outbound rules name one by Id, inbound rules by Number. */
export const trunkLists: Record<string, LoadOptionsMethod> = {
	getTrunks: trunkList(({ Id }) => Number(Id)),
	getTrunkNumbers: trunkList(({ Number: number }) => String(number)),
};

/** No trunk has such a number: 3CX begins at 10000. */
const SMALL_ID = /^\d{1,4}$/;

/**
 * Trunks that are named by ID, number or provider. The PBX is asked only where one is not clear by itself.
 *
 * @param names what the parameters hold
 * @param field name of the parameter, for the error
 * @returns the trunks with Id and Number, in the same order; of those that nobody asked for, the Id only
 * @throws ThreeCxError of kind `input` when one is empty, `notFound` or `conflict` as {@link rowNamed}
 */
export async function trunksNamed(
	{ client, signal }: Pick<ItemRun, 'client' | 'signal'>,
	names: readonly unknown[],
	field: string,
): Promise<Entity[]> {
	const texts = chosenIn(names, { what: 'trunk', field, by: 'its number or provider' });
	if (texts.every((text) => SMALL_ID.test(text)))
		return texts.map((text) => ({ Id: Number(text) }));
	const query = queryString({ select: ['Id', 'Number', 'Gateway'] });
	const trunks = await listEntities(client, '/Trunks', { query, signal });
	const namesOf = ({ Number: number, Gateway }: Entity) => [
		number,
		(Gateway as Entity | null | undefined)?.Name,
	];
	return texts.map(
		(text) =>
			trunks.find(({ Id }) => String(Id) === text) ??
			rowNamed(trunks, text, { what: 'trunk', field, namesOf }),
	);
}
