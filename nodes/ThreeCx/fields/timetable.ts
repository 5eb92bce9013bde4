import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import type { Entity } from '../../../lib/xapi/entities';
import type { Field } from '../resource';
import { enumOptions } from './text';

/** Hours of the week as a table of days, from and to: XAPI's `Schedule`, of the PBX and of departments. */

/** One row of the table: some days, from and to a time of day. */
interface OpenTime {
	days: string[];
	from: string;
	to: string;
}

/** The value of a {@link timetableProperty}. */
export interface Timetable {
	time?: OpenTime[];
}

/** The Schedules of XAPI and the type of each [?]: with another type, such as AllHours, 3CX would not look at periods. */
export const SCHEDULES = {
	hours: { property: 'Hours', type: 'OfficeHours' },
	breaks: { property: 'BreakTime', type: 'BreakTime' },
} as const;

export type ScheduleName = keyof typeof SCHEDULES;

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

/**
 * A schedule as XAPI wants it.
 *
 * @param name which one
 * @param value what the table holds
 * @returns it under its property; nothing while the table is empty, so that nobody closes a whole week by adding a field
 * @throws ThreeCxError of kind `input` where a row ends before it begins, or a time is none
 */
export function scheduleFrom(name: ScheduleName, { time = [] }: Timetable): Entity {
	const { property, type } = SCHEDULES[name];
	const Periods = time.flatMap(periodsOf);
	return Periods.length === 0 ? {} : { [property]: { Type: type, Periods } };
}

const ENTRIES = {
	hours: { entry: 'Hours', from: '09:00', to: '17:00' },
	breaks: { entry: 'Break', from: '12:00', to: '13:00' },
};

/** The table of a schedule, for a parameter. */
export const timetableProperty = (
	name: ScheduleName,
	displayName: string,
	description: string,
): INodeProperties => {
	const { entry, from, to } = ENTRIES[name];
	return {
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
	};
};

/** The two schedules of a department. */
export const scheduleFields: Field[] = [
	scheduleField(
		'hours',
		'Office Hours',
		'The hours of each day; days without a row are closed. Replaces the whole week.',
	),
	scheduleField('breaks', 'Breaks', 'The breaks of each day. Replaces all existing ones.'),
];

function scheduleField(name: ScheduleName, label: string, description: string): Field {
	return {
		property: SCHEDULES[name].property,
		section: true,
		spread: true,
		toXapi: (value: Timetable) => scheduleFrom(name, value),
		parameter: timetableProperty(name, label, description),
	};
}
