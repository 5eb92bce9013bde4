import type { IDataObject } from 'n8n-workflow';
import { queryString } from '../../../lib/odata/query';
import { listEntities } from '../../../lib/xapi/entities';
import type { EntityResource, OwnOperation } from '../resource';

interface Rule {
	Id?: number;
	RuleName?: string;
	OfficeHoursDestination?: IDataObject;
	OutOfOfficeHoursDestination?: IDataObject;
	HolidaysDestination?: IDataObject;
}

/** The numbers as they are, not in the pages of Get Many: a PBX has as many as its trunks have DIDs. */
const getRouting: OwnOperation = {
	name: 'getRouting',
	label: 'Get Routing',
	action: 'Get the routing of DID numbers',
	description: 'List all numbers of the PBX, each with its inbound rule and destination',
	uses: ['ListDidNumber'],
	execute: async ({ client, signal }) => {
		const query = queryString({ expand: [{ property: 'RoutingRule' }] });
		const rows = await listEntities(client, '/DidNumbers', { query, signal });
		return rows.map(({ Number: number, TrunkId, RoutingRule }) => {
			const rule = (RoutingRule ?? {}) as Rule;
			return {
				Number: number as string,
				TrunkId: TrunkId as number,
				HasRule: rule.Id !== undefined,
				RuleId: rule.Id,
				RuleName: rule.RuleName,
				OfficeHoursDestination: rule.OfficeHoursDestination,
				OutOfOfficeHoursDestination: rule.OutOfOfficeHoursDestination,
				HolidaysDestination: rule.HolidaysDestination,
			};
		});
	},
};

/** The numbers under which the PBX can be called: XAPI `DidNumbers`, which can be listed only. */
export const didNumber: EntityResource = {
	name: 'didNumber',
	label: 'DID Number',
	plural: 'DID Numbers',
	description: 'A phone number of the PBX, set on the trunk and routed by an inbound rule',
	entitySet: 'DidNumbers',
	type: 'DidNumber',
	naturalKeys: [],
	title: ({ Number: number }) => String(number),
	searchIn: ['Number'],
	summary: ['Number', 'TrunkId', 'TemplateFileName'],
	expand: {},
	fields: [],
	operations: [getRouting],
};
