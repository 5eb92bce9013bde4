import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';
import { byName, rowsOf } from '../../lists';
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
