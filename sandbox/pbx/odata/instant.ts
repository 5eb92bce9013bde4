/** Instants and days as the PBX reads them. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})(?!\d)/;

/** Whether a month has a day; 29 February only in leap years. */
export function isDay(year: number, month: number, day: number): boolean {
	const date = new Date(Date.UTC(year, month - 1, day));
	return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** Whether a text begins with a day that there is: JavaScript takes 31 February for 3 March. */
export function beginsWithDay(text: string): boolean {
	const [, year, month, day] = DAY.exec(text) ?? [];
	return day !== undefined && isDay(Number(year), Number(month), Number(day));
}

/** Whether a text is an instant or a day that there is. */
export const isInstant = (text: string): boolean =>
	beginsWithDay(text) && !Number.isNaN(new Date(text).getTime());
