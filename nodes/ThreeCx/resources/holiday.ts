import { DateTime, Duration } from 'luxon';
import { ThreeCxError } from '../../../lib/http/errors';
import { textOf } from '../../../lib/text';
import type { Entity } from '../../../lib/xapi/entities';
import { switchField, textField } from '../fields/simple';
import type { EntityResource } from '../resource';

/**
 * A date and time as it stands on the wall of the office: 3CX keeps days and times of a holiday without a zone, so an
 * offset in what an expression gives is left aside.
 */
function wallClock(text: string, field: string, label: string): DateTime {
	const moment = DateTime.fromISO(text.trim().replace(' ', 'T'), { setZone: true });
	if (moment.isValid) return moment;
	throw new ThreeCxError({
		kind: 'input',
		field,
		message: `"${text}" under "${label}" is not a date`,
		hint: 'Use the date picker, or ISO 8601 such as 2026-12-25 or 2026-12-24T13:00:00.',
	});
}

/** The time of day as XAPI's duration since midnight: `PT13H30M`. */
function timeOf({ hour, minute, second }: DateTime): string {
	const parts = [
		[hour, 'H'],
		[minute, 'M'],
		[second, 'S'],
	] as const;
	const text = parts.map(([amount, unit]) => (amount > 0 ? `${amount}${unit}` : '')).join('');
	return `PT${text || '0S'}`;
}

/** The properties of XAPI that the start becomes, with an end on the same day; an end that is filled in replaces that. */
function startOf(text: string): Entity {
	const start = wallClock(text, 'start', 'Start');
	// To the minute, as the times of 3CX's own console; whether it wants the last second too is unknown [?].
	const endOfDay = start.set({ hour: 23, minute: 59 });
	return {
		Day: start.day,
		Month: start.month,
		Year: start.year,
		TimeOfStartDate: timeOf(start),
		...endOn(endOfDay),
	};
}

const endOn = (end: DateTime): Entity => ({
	DayEnd: end.day,
	MonthEnd: end.month,
	YearEnd: end.year,
	TimeOfEndDate: timeOf(end),
});

/** @throws ThreeCxError of kind `input` when the end is not after the start; only where both are filled in */
function assertForward({ Day, Month, Year, TimeOfStartDate, ...body }: Entity): void {
	if (Day === undefined || body.DayEnd === undefined) return;
	const start = momentOf(Year, Month, Day, TimeOfStartDate);
	const end = momentOf(body.YearEnd, body.MonthEnd, body.DayEnd, body.TimeOfEndDate);
	if (!(end <= start)) return;
	throw new ThreeCxError({
		kind: 'input',
		field: 'end',
		message: 'The holiday ends before it begins',
		hint: 'Choose an end after the start, or leave it empty for a single day.',
	});
}

/** In ms; NaN, which is neither before nor after, where somebody wrote something else under More Fields. */
const momentOf = (year: unknown, month: unknown, day: unknown, time: unknown) =>
	DateTime.fromObject({ year: Number(year), month: Number(month), day: Number(day) })
		.plus(Duration.fromISO(textOf(time)))
		.toMillis();

/** Holidays of the PBX: XAPI `Holidays`. */
export const holiday: EntityResource = {
	name: 'holiday',
	label: 'Holiday',
	plural: 'Holidays',
	description: 'Days when callers go to the holiday destination',
	entitySet: 'Holidays',
	type: 'Holiday',
	naturalKeys: [{ property: 'Name', label: 'Name', placeholder: 'e.g. Christmas' }],
	title: ({ Name, Day, Month }) => `${String(Name)} (${String(Day)}.${String(Month)}.)`,
	titleNeeds: ['Day', 'Month'],
	searchIn: ['Name'],
	summary: [
		'Id',
		'Name',
		'Day',
		'Month',
		'Year',
		'TimeOfStartDate',
		'DayEnd',
		'MonthEnd',
		'YearEnd',
		'TimeOfEndDate',
		'IsRecurrent',
		'HolidayPrompt',
	],
	expand: {},
	needed: [['Name'], ['Day']],
	check: assertForward,
	fields: [
		textField(
			'Name',
			{ displayName: 'Name', name: 'name', placeholder: 'e.g. Christmas' },
			{ prominent: true },
		),
		{
			property: 'Day',
			prominent: true,
			spread: true,
			alsoWrites: ['Month', 'Year', 'TimeOfStartDate'],
			toXapi: startOf,
			parameter: {
				displayName: 'Start',
				name: 'start',
				type: 'dateTime',
				default: '',
				description: 'In the local time of the office',
			},
		},
		{
			property: 'DayEnd',
			prominent: true,
			spread: true,
			alsoWrites: ['MonthEnd', 'YearEnd', 'TimeOfEndDate'],
			toXapi: (text: string) => (text.trim() === '' ? {} : endOn(wallClock(text, 'end', 'End'))),
			parameter: {
				displayName: 'End',
				name: 'end',
				type: 'dateTime',
				default: '',
				description: 'In the local time of the office. Leave empty for the end of the first day.',
			},
		},
		switchField(
			'IsRecurrent',
			{
				displayName: 'Every Year',
				name: 'isRecurrent',
				description: 'Whether the holiday repeats on the same days each year',
			},
			{ prominent: true },
		),
		textField('HolidayPrompt', {
			displayName: 'Prompt',
			name: 'holidayPrompt',
			placeholder: 'e.g. christmas.wav',
			description: 'File name of the announcement to play to callers',
		}),
	],
};
