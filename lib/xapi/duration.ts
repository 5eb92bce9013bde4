import { catalogue as shipped, parseType, propertiesOf, type Catalogue } from './catalogue';
import type { Entity } from './entities';
import { rowsFromEntries } from './rows';
import { textOf } from '../text';

/** ISO 8601 as 3CX writes durations (protocol 4.1): `PT1M12.577027S`, days before the T, a minus in front. */
const ISO_DURATION = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

const DAY_S = 86_400;
const HOUR_S = 3600;
const MINUTE_S = 60;

/**
 * The length of a duration in seconds, to the millisecond.
 *
 * @param duration ISO 8601, such as `PT1M12.577027S`
 * @returns such as 72.577; undefined for anything that is no duration
 */
export function durationSeconds(duration: unknown): number | undefined {
	const match = ISO_DURATION.exec(textOf(duration));
	if (!match || /^-?PT?$/.test(match[0])) return undefined;
	const [, sign, ...parts] = match;
	const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part = '0') => Number(part));
	const total = days * DAY_S + hours * HOUR_S + minutes * MINUTE_S + seconds;
	return Math.round((sign ? -total : total) * 1000) / 1000;
}

/**
 * A time of day that XAPI writes as the duration since midnight.
 *
 * @param duration ISO 8601, such as `PT13H30M`
 * @returns such as `13:30`, or `13:30:05` where there are seconds; what is no time of day as it is
 */
export function timeOfDay(duration: unknown): unknown {
	const total = durationSeconds(duration);
	if (total === undefined || total < 0 || total >= DAY_S) return duration;
	const two = (amount: number) => String(Math.floor(amount)).padStart(2, '0');
	const seconds = total % MINUTE_S;
	return [
		two(total / HOUR_S),
		two((total % HOUR_S) / MINUTE_S),
		...(seconds > 0 ? [two(seconds)] : []),
	].join(':');
}

/** `RingingDuration` becomes `RingingSeconds`, `TalkTime` becomes `TalkTimeSeconds`. */
const secondsName = (name: string) => `${name.replace(/Dur(ation)?$/, '')}Seconds`;

/**
 * Rows with numbers of seconds in place of ISO durations, which spreadsheets and comparisons cannot use.
 *
 * @param rows rows of a type
 * @param type its name in the catalogue, such as `ExtensionStatistics`
 * @returns new rows; what is no duration stays as it is, in its place
 */
export function withSeconds(
	rows: readonly Entity[],
	type: string,
	from: Catalogue = shipped,
): Entity[] {
	const durations = new Map(
		Object.entries(propertiesOf(from, type))
			.filter(([, expression]) => parseType(expression).name === 'duration')
			.map(([name]) => [name, secondsName(name)]),
	);
	return rowsFromEntries(rows, (row) =>
		Object.entries(row).map(([name, value]) => {
			const renamed = durations.get(name);
			const seconds = renamed === undefined ? undefined : durationSeconds(value);
			return seconds === undefined ? [name, value] : [renamed!, seconds];
		}),
	);
}
