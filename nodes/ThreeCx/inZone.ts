import { DateTime } from 'luxon';
import { catalogue, parseType, propertiesOf } from '../../lib/xapi/catalogue';
import type { Entity } from '../../lib/xapi/entities';
import { rowsFromEntries } from '../../lib/xapi/rows';

/** Moments as people in the zone of a workflow read them; XAPI gives all in UTC (protocol 4.7). */

/**
 * Rows with their moments in a time zone: `2026-07-01T08:00:00Z` becomes `2026-07-01T09:00:00.000+01:00`, which is the same.
 *
 * @param rows rows of a type
 * @param type its name in the catalogue, such as `InboundCall`
 * @param zone IANA name
 * @returns new rows; what is no moment stays as it is
 */
export function inZone(rows: readonly Entity[], type: string, zone: string): Entity[] {
	const moments = new Set(
		Object.entries(propertiesOf(catalogue, type))
			.filter(([, expression]) => parseType(expression).name === 'date-time')
			.map(([name]) => name),
	);
	return rowsFromEntries(rows, (row) =>
		Object.entries(row).map(([name, value]) => [
			name,
			moments.has(name) ? zoned(value, zone) : value,
		]),
	);
}

function zoned(value: unknown, zone: string): unknown {
	if (typeof value !== 'string') return value;
	return DateTime.fromISO(value, { zone: 'utc' }).setZone(zone).toISO() ?? value;
}

/**
 * A moment as a list shows it.
 *
 * @param value ISO 8601
 * @param zone IANA name
 * @returns such as `2026-07-01 09:00`; what is no moment as it is
 */
export function momentInList(value: unknown, zone: string): string {
	const moment = DateTime.fromISO(String(value), { zone: 'utc' }).setZone(zone);
	return moment.isValid ? moment.toFormat('yyyy-MM-dd HH:mm') : String(value);
}
