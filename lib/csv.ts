/** How rows are written. */
export interface CsvOptions {
	/**
	 * Texts as they are. By default a text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a
	 * tab or a line break) gets an apostrophe in front, which spreadsheets do not show: a caller may call himself
	 * `=HYPERLINK(...)`. Numbers and telephone numbers stay what they are.
	 */
	raw?: boolean;
}

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
	{ raw = false }: CsvOptions = {},
): Generator<string> {
	yield line(columns, raw);
	for (const row of rows) {
		const values = columns.map((column) => (Object.hasOwn(row, column) ? row[column] : undefined));
		yield line(values, raw);
	}
}

const line = (values: readonly unknown[], raw: boolean): string =>
	`${values.map((value) => cell(value, raw)).join(',')}\r\n`;

/** What a spreadsheet reads as the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** What is a number, or one of a telephone, and nothing else: no formula can be made of digits and blanks. */
const NUMBER = /^[+-]?[\d .]+$/;

function cell(value: unknown, raw: boolean): string {
	if (value === undefined || value === null) return '';
	const plain =
		typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
	const text = !raw && FORMULA.test(plain) && !NUMBER.test(plain) ? `'${plain}` : plain;
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
