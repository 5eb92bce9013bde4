import { byName, rowsOf } from '../../lists';
import type { EntityResource } from '../../resource';
import { createFromTemplate } from './createFromTemplate';
import { refreshRegistration, testInboundCall, testOutboundCall } from './line';
import { trunkLists } from './lists';
import { rows } from './rows';

/** Lines to the outside: XAPI `Trunks`. */
export const trunk: EntityResource = {
	...rows,
	operations: [createFromTemplate, refreshRegistration, testInboundCall, testOutboundCall],
	loadOptions: {
		...trunkLists,
		async getTrunkTemplates() {
			const rows = await rowsOf(this, '/TrunkTemplates', { select: ['Id', 'Name'] });
			return rows.map(({ Id, Name }) => ({ name: String(Name), value: String(Id) })).sort(byName);
		},
	},
};
