import { DateTime } from 'luxon';
import { ThreeCxError } from '../../lib/http/errors';

/**
 * Reads a date and time as n8n's date picker or an expression gives it. One without an offset is in the workflow's
 * time zone: that is what the person who typed it sees on the clock. XAPI wants instants in UTC (protocol 4.7).
 *
 * @param zone IANA name, such as `Europe/London`
 * @returns a function from text (and the parameter it stands in, for the error) to ISO 8601 with Z; empty text stays empty
 */
export const instantIn =
	(zone: string) =>
	(text: string, field?: string): string => {
		if (text.trim() === '') return '';
		const moment = DateTime.fromISO(text.trim().replace(' ', 'T'), { zone });
		const iso = moment.toUTC().toISO();
		if (iso !== null) return iso;
		throw new ThreeCxError({
			kind: 'input',
			field,
			message: `"${text}" is not a date and time${field === undefined ? '' : `, which the field "${field}" needs`}`,
			hint: 'Use the date picker, or ISO 8601 such as 2026-11-23T09:00:00.',
		});
	};
