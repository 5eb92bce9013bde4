import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { DateTime } from 'luxon';
import { ThreeCxError } from '../../../lib/http/errors';
import { filter, type Condition } from '../../../lib/odata/filter';
import { queryString } from '../../../lib/odata/query';
import type { ItemRun } from '../../shared/router';
import { alphabetically } from '../../shared/alphabetical';
import { instantIn } from '../../shared/time';

/** A span of time; the end does not belong to it (protocol 4.7). */
interface Span {
	from: DateTime;
	to: DateTime;
}

/** Spans by name, from a moment in the zone of the workflow: days begin and end at its midnight, also when clocks change. */
const PRESETS: Readonly<Record<string, { label: string; span: (now: DateTime) => Span }>> = {
	last30Days: {
		label: 'Last 30 Days',
		span: (now) => ({ from: now.startOf('day').minus({ days: 30 }), to: now }),
	},
	last7Days: {
		label: 'Last 7 Days',
		span: (now) => ({ from: now.startOf('day').minus({ days: 7 }), to: now }),
	},
	lastWeek: {
		label: 'Last Week',
		// From Monday to Sunday, whatever day it is.
		span: (now) => ({ from: now.startOf('week').minus({ weeks: 1 }), to: now.startOf('week') }),
	},
	lastMonth: {
		label: 'Last Month',
		span: (now) => ({ from: now.startOf('month').minus({ months: 1 }), to: now.startOf('month') }),
	},
	thisMonth: {
		label: 'This Month',
		span: (now) => ({ from: now.startOf('month'), to: now }),
	},
	thisWeek: {
		label: 'This Week',
		span: (now) => ({ from: now.startOf('week'), to: now }),
	},
	today: { label: 'Today', span: (now) => ({ from: now.startOf('day'), to: now }) },
	yesterday: {
		label: 'Yesterday',
		span: (now) => ({ from: now.startOf('day').minus({ days: 1 }), to: now.startOf('day') }),
	},
};

const BETWEEN = 'between';

const ALL = 'all';

const PERIODS = [
	{ name: 'Between Two Dates', value: BETWEEN },
	...Object.entries(PRESETS).map(([value, { label }]) => ({ name: label, value })),
].sort(alphabetically(({ name }) => name));

/**
 * The parameters that ask for a period: a preset, or two date pickers.
 *
 * @param conditions what else decides whether they are shown, such as `{ show: { report: [...] } }`
 */
export const periodProperties = (conditions: IDisplayOptions = {}): INodeProperties[] =>
	properties(PERIODS, 'last7Days', conditions);

/** The same where everything is asked for at first, as it is of a file; {@link periodOrAllOf} reads them. */
export const periodOrAllProperties: INodeProperties[] = properties(
	[{ name: 'All', value: ALL }, ...PERIODS],
	ALL,
);

function properties(
	options: INodePropertyOptions[],
	preset: string,
	{ show, hide }: IDisplayOptions = {},
): INodeProperties[] {
	return [
		{
			displayName: 'Period',
			name: 'period',
			type: 'options',
			options,
			default: preset,
			description: 'Days begin and end in the time zone of the workflow; weeks begin on Monday',
			displayOptions: { show, hide },
		},
		{
			displayName: 'From',
			name: 'from',
			type: 'dateTime',
			required: true,
			default: '',
			description: 'In the time zone of the workflow',
			displayOptions: { show: { ...show, period: [BETWEEN] }, hide },
		},
		{
			displayName: 'To',
			name: 'to',
			type: 'dateTime',
			default: '',
			description: 'End of the period, not included; leave empty for now',
			displayOptions: { show: { ...show, period: [BETWEEN] }, hide },
		},
	];
}

/** A period as XAPI takes it: ISO 8601 with Z. */
export interface Period {
	from: string;
	to: string;
}

/**
 * The span of a preset.
 *
 * @param preset such as `last7Days`
 * @param now a moment in the zone of the workflow
 * @throws ThreeCxError of kind `input` when there is no such preset
 */
export function presetPeriod(preset: string, now: DateTime): Period {
	const known = Object.hasOwn(PRESETS, preset) ? PRESETS[preset] : undefined;
	if (!known) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'period',
			message: `There is no period "${preset}"`,
			hint: `Use one of: ${[BETWEEN, ...Object.keys(PRESETS)].join(', ')}.`,
		});
	}
	const { from, to } = known.span(now);
	return { from: utc(from), to: utc(to) };
}

const utc = (moment: DateTime): string => moment.toUTC().toISO() ?? '';

/**
 * The moment that a date picker holds.
 *
 * @param name of the parameter
 * @param label its display name, for the errors
 * @returns ISO 8601 with Z
 * @throws ThreeCxError of kind `input` when it is empty or no date
 */
export function momentOf({ context, index }: ItemRun, name: string, label: string): string {
	const text = String(context.getNodeParameter(name, index, '') ?? '');
	const moment = instantIn(context.getTimezone())(text, label);
	if (moment !== '') return moment;
	throw new ThreeCxError({
		kind: 'input',
		field: name,
		message: `The field "${label}" is empty`,
		hint: 'Choose a date and time with the picker.',
	});
}

/**
 * The period that the parameters of an item name.
 *
 * @throws ThreeCxError of kind `input` when a date is missing or none, or the end does not come after the beginning
 */
export function periodOf(run: ItemRun): Period {
	const { context, index } = run;
	const preset = context.getNodeParameter('period', index) as string;
	const now = DateTime.now().setZone(context.getTimezone());
	if (preset !== BETWEEN) return presetPeriod(preset, now);
	const from = momentOf(run, 'from', 'From');
	const isOpen = String(context.getNodeParameter('to', index, '') ?? '').trim() === '';
	const to = isOpen ? utc(now) : momentOf(run, 'to', 'To');
	if (from < to) return { from, to };
	throw new ThreeCxError({
		kind: 'input',
		field: 'from',
		message: 'The period ends before it begins: From is not before To',
		hint: 'Choose a date and time with the picker, or one of the ready-made periods.',
	});
}

/**
 * The period of {@link periodOrAllProperties}.
 *
 * @returns undefined for everything
 * @throws ThreeCxError as {@link periodOf}
 */
export const periodOrAllOf = (run: ItemRun): Period | undefined =>
	run.context.getNodeParameter('period', run.index, ALL) === ALL ? undefined : periodOf(run);

/**
 * The conditions that a moment lies in a period.
 *
 * @param field property of XAPI, such as `TimeSent`
 * @param period undefined for any moment
 */
export const within = (field: string, period: Period | undefined): Condition[] =>
	period === undefined
		? []
		: [
				{ field, type: 'date-time', operator: 'greaterOrEqual', value: period.from },
				{ field, type: 'date-time', operator: 'lessThan', value: period.to },
			];

/** The query for what lies in the period that the item names; all of it where it names none. */
export const inPeriod = (field: string, run: ItemRun): string =>
	queryString({ filter: filter({ match: 'all', conditions: within(field, periodOrAllOf(run)) }) });
