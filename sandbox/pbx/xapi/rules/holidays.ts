import { isDay } from '../../odata/instant';
import type { Row } from '../../odata/model';
import type { Rules, Violations } from '../context';

/** A leap year, for what comes back each year. */
const ANY_YEAR = 2024;

/** A day that there is not, such as 31 February. */
function dayViolations(row: Row, suffix: '' | 'End'): Violations {
	const [year, month, day] = ['Year', 'Month', 'Day'].map((name) => row[name + suffix]);
	if (month === undefined && day === undefined) return {};
	const exact = row.IsRecurrent === true || !year ? ANY_YEAR : Number(year);
	return isDay(exact, Number(month), Number(day))
		? {}
		: { [`Day${suffix}`]: 'WARNINGS.XAPI.OUT_OF_THE_RANGE' };
}

export const holidays: Rules = {
	check: (_, body, existing) => {
		const row = { ...existing, ...body };
		return { ...dayViolations(row, ''), ...dayViolations(row, 'End') };
	},
};
