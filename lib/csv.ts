/**
 * Writes rows as CSV (RFC 4180): comma, CRLF, quotes where they are needed, names in the first line.
 *
 * @param rows the rows; a list or object in one is written as JSON
 * @param columns names of the columns, in order
 * @yields a line at a time, so that a long table need not be one text
 */
export function* csvLines(
	rows: Iterable<Readonly<Record<string, unknown>>>,
	columns: readonly string[],
): Generator<string> {
	yield line(columns);
	for (const row of rows) yield line(columns.map((column) => row[column]));
}

const line = (values: readonly unknown[]): string => `${values.map(cell).join(',')}\r\n`;

function cell(value: unknown): string {
	if (value === undefined || value === null) return '';
	const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
