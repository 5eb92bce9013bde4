import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { isRows } from '../../../lib/xapi/answer';
import { getEntity, type Entity } from '../../../lib/xapi/entities';
import { afterChange } from '../../../lib/xapi/afterChange';
import { setProperties } from '../../../lib/xapi/members';
import type { ItemRun } from '../../shared/router';
import {
	scheduleFrom,
	timetableProperty,
	type ScheduleName,
	type Timetable,
} from '../fields/timetable';
import { pick } from '../operations/output';
import type { OwnOperation, XapiResource } from '../resource';

/** Where XAPI keeps the office hours of the whole PBX. */
const PATH = '/OfficeHours';

/** A schedule as rows of day, from and to; null where the PBX does not tell it, which is not the same as closed. */
function tableOf(schedule: unknown): IDataObject[] | null {
	if (typeof schedule !== 'object' || schedule === null) return null;
	const { Periods } = schedule as Entity;
	if (!isRows(Periods)) return null;
	return Periods.map(({ DayOfWeek, Start, Stop }) => ({
		day: String(DayOfWeek),
		from: String(Start ?? '').slice(0, 'HH:mm'.length),
		to: String(Stop ?? '').slice(0, 'HH:mm'.length),
	}));
}

async function read({ client, signal }: ItemRun): Promise<IDataObject> {
	const query = queryString({ select: ['TimeZoneId', 'Hours', 'BreakTime'] });
	return shown(await getEntity(client, PATH, query, { signal }));
}

const shown = (row: Entity): IDataObject => ({
	...(pick(row, ['TimeZoneId']) as IDataObject),
	hours: tableOf(row.Hours),
	breaks: tableOf(row.BreakTime),
});

const get: OwnOperation = {
	name: 'get',
	label: 'Get',
	action: 'Get the office hours',
	description: 'Get the weekly office hours and breaks of the whole PBX',
	uses: ['GetOfficeHours'],
	execute: read,
};

const update: OwnOperation = {
	name: 'update',
	label: 'Update',
	action: 'Change the office hours',
	description: 'Change the weekly office hours and breaks of the whole PBX',
	uses: ['GetOfficeHours', 'UpdateOfficeHours'],
	dryRun: true,
	properties: [
		timetableProperty(
			'hours',
			'Office Hours',
			'Replaces the whole week: days without a row are closed. Leave empty to keep the current hours.',
		),
		timetableProperty(
			'breaks',
			'Breaks',
			'Replaces all breaks of the week; leave empty to keep the current ones',
		),
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const tableOfParameter = (name: ScheduleName) =>
			scheduleFrom(name, context.getNodeParameter(name, index, {}) as Timetable);
		const wanted: Entity = { ...tableOfParameter('hours'), ...tableOfParameter('breaks') };
		if (Object.keys(wanted).length === 0) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'hours',
				message: 'No hours to set',
				hint: 'Add at least one row under Office Hours or Breaks.',
			});
		}
		const { outcome, changed, before } = await setProperties(client, PATH, wanted, { signal });
		const known = shown({ ...before, ...wanted });
		const look = async () => (client.dryRun ? shown(before) : await read(run));
		const after = await afterChange(look, known);
		return {
			outcome,
			changed: changed as IDataObject,
			previous: { hours: tableOf(before.Hours), breaks: tableOf(before.BreakTime) },
			...(after as IDataObject),
		};
	},
};

/** The office hours of the whole PBX: XAPI `OfficeHours`, one object. */
export const officeHours: XapiResource = {
	name: 'officeHours',
	label: 'Office Hours',
	plural: 'Office Hours',
	description: 'When the whole company is open each week',
	operations: [get, update],
};
