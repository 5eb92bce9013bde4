import { DateTime } from 'luxon';
import { ThreeCxError } from '../../../lib/http/errors';
import type { Entity } from '../../../lib/xapi/entities';
import { switchField, textField } from '../fields/simple';
import type { EntityResource } from '../resource';

/** The value of the When parameter. */
interface When {
	period?: { start?: string; end?: string };
}

/**
 * A date and time as it stands on the wall of the office: 3CX keeps days and times of a holiday without a zone, so an
 * offset in what an expression gives is left aside.
 */
function wallClock(text: string, label: string): DateTime {
	const moment = DateTime.fromISO(text.trim().replace(' ', 'T'), { setZone: true });
	if (moment.isValid) return moment;
	throw new ThreeCxError({
		kind: 'input',
		field: 'when',
		message:
			text.trim() === ''
				? `The field "${label}" is empty`
				: `"${text}" under "${label}" is not a date`,
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

/** The properties of XAPI that a beginning and an end become. An end that is left out is the end of the first day. */
function periodOf({ period = {} }: When): Entity {
	const start = wallClock(period.start ?? '', 'Start');
	// To the minute, as the times of 3CX's own console; whether it wants the last second too is unknown [?].
	const end = period.end?.trim()
		? wallClock(period.end, 'End')
		: start.set({ hour: 23, minute: 59 });
	const isAfter = end.toISO({ includeOffset: false })! > start.toISO({ includeOffset: false })!;
	if (!isAfter) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'when',
			message: 'The holiday ends before it begins',
			hint: 'Choose an end after the start, or leave it empty for a single day.',
		});
	}
	return {
		Day: start.day,
		Month: start.month,
		Year: start.year,
		DayEnd: end.day,
		MonthEnd: end.month,
		YearEnd: end.year,
		TimeOfStartDate: timeOf(start),
		TimeOfEndDate: timeOf(end),
	};
}

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
			toXapi: periodOf,
			parameter: {
				displayName: 'When',
				name: 'when',
				type: 'fixedCollection',
				placeholder: 'Choose Dates',
				default: {},
				description: 'In the local time of the office; required when creating a holiday',
				options: [
					{
						name: 'period',
						displayName: 'Period',
						values: [
							{ displayName: 'Start', name: 'start', type: 'dateTime', default: '' },
							{
								displayName: 'End',
								name: 'end',
								type: 'dateTime',
								default: '',
								description: 'Leave empty for the end of the first day',
							},
						],
					},
				],
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
