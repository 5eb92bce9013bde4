import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { queryString } from '../../../lib/odata/query';
import { isRows } from '../../../lib/xapi/answer';
import { getEntity, type Entity } from '../../../lib/xapi/entities';
import { afterChange } from '../../../lib/xapi/afterChange';
import { setProperties } from '../../../lib/xapi/members';
import type { ItemRun } from '../../shared/router';
import { enumOptions } from '../fields/text';
import { pick } from '../operations/output';
import type { OwnOperation, XapiResource } from '../resource';

/** Where XAPI keeps the office hours of the whole PBX. */
const PATH = '/OfficeHours';

/** One row of the weekday table: some days, from and to a time of day. */
interface OpenTime {
	days: string[];
	from: string;
	to: string;
}

interface Timetable {
	time?: OpenTime[];
}

/** The Schedules of XAPI and the type of each [?]: with another type, such as AllHours, 3CX would not look at periods. */
const SCHEDULES = {
	hours: { property: 'Hours', type: 'OfficeHours' },
	breaks: { property: 'BreakTime', type: 'BreakTime' },
} as const;

type ScheduleName = keyof typeof SCHEDULES;

/** `9:30` and `09:30:00` become `09:30:00`, as XAPI writes times. */
function timeOfDay(text: string, label: string): string {
	const [, hours = '', minutes = '', seconds = '00'] =
		/^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text.trim()) ?? [];
	if (hours !== '') return [hours.padStart(2, '0'), minutes, seconds].join(':');
	throw new ThreeCxError({
		kind: 'input',
		field: label,
		message: `"${text}" under "${label}" is not a time of day`,
		hint: 'Enter hours and minutes in 24-hour format, such as 08:30 or 17:00.',
	});
}

function periodsOf({ days, from, to }: OpenTime): Entity[] {
	const Start = timeOfDay(from, 'From');
	const Stop = timeOfDay(to, 'To');
	if (Start >= Stop) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'To',
			message: `The time from ${from} to ${to} ends before it begins`,
			hint: 'For hours past midnight, add one row until 23:59 and another from 00:00 on the next day.',
		});
	}
	return [days].flat().map((DayOfWeek) => ({ DayOfWeek, Start, Stop }));
}

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

const timetable = (
	name: ScheduleName,
	displayName: string,
	description: string,
	{ entry, from, to }: { entry: string; from: string; to: string },
): INodeProperties => ({
	displayName,
	name,
	type: 'fixedCollection',
	typeOptions: { multipleValues: true },
	placeholder: `Add ${entry}`,
	default: {},
	description,
	options: [
		{
			name: 'time',
			displayName: entry,
			values: [
				{
					displayName: 'Days',
					name: 'days',
					type: 'multiOptions',
					options: enumOptions('DayOfWeek'),
					default: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'],
				},
				{
					displayName: 'From',
					name: 'from',
					type: 'string',
					default: from,
					placeholder: 'e.g. 08:30',
				},
				{
					displayName: 'To',
					name: 'to',
					type: 'string',
					default: to,
					placeholder: 'e.g. 17:30',
				},
			],
		},
	],
});

const update: OwnOperation = {
	name: 'update',
	label: 'Update',
	action: 'Change the office hours',
	description: 'Change the weekly office hours and breaks of the whole PBX',
	uses: ['GetOfficeHours', 'UpdateOfficeHours'],
	dryRun: true,
	properties: [
		timetable(
			'hours',
			'Office Hours',
			'Replaces the whole week: days without a row are closed. Leave empty to keep the current hours.',
			{ entry: 'Hours', from: '09:00', to: '17:00' },
		),
		timetable(
			'breaks',
			'Breaks',
			'Replaces all breaks of the week; leave empty to keep the current ones',
			{ entry: 'Break', from: '12:00', to: '13:00' },
		),
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const wanted = Object.entries(SCHEDULES).flatMap(([name, { property, type }]) => {
			const { time = [] } = context.getNodeParameter(name, index, {}) as Timetable;
			const Periods = time.flatMap(periodsOf);
			return Periods.length === 0 ? [] : [[property, { Type: type, Periods }] as const];
		});
		if (wanted.length === 0) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'hours',
				message: 'No hours to set',
				hint: 'Add at least one row under Office Hours or Breaks.',
			});
		}
		const { outcome, changed, before } = await setProperties(
			client,
			PATH,
			Object.fromEntries(wanted),
			{
				signal,
			},
		);
		const known = shown({ ...before, ...Object.fromEntries(wanted) });
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
