import { N8nApi } from './api';

/** What a column of a data table holds. */
type ColumnType = 'string' | 'number' | 'date';

type Cell = string | number | null;

/** A row of a data table, by column. */
export type TableRow = Record<string, Cell>;

/** The data tables that the workflows of `workflows/` name, and their columns. */
export const TABLES = {
	'3CX tenants': { name: 'string', pbxUrl: 'string', clientId: 'string', clientSecret: 'string' },
	'3CX nightly report': {
		night: 'string',
		tenant: 'string',
		state: 'string',
		problems: 'string',
	},
	'3CX call backs': {
		number: 'string',
		name: 'string',
		state: 'string',
		missedAt: 'string',
		tries: 'number',
	},
	'3CX on call': { name: 'string', number: 'string', place: 'number' },
	'3CX subscribers': { url: 'string' },
	'3CX path': { name: 'string', path: 'string', problem: 'string' },
	'3CX orders': {
		key: 'string',
		order: 'string',
		state: 'string',
		problem: 'string',
		tries: 'number',
		nextTry: 'date',
	},
	'3CX undelivered': {
		eventId: 'string',
		url: 'string',
		body: 'string',
		state: 'string',
		tries: 'number',
		nextTry: 'date',
	},
} as const satisfies Record<string, Record<string, ColumnType>>;

/** Name of one of {@link TABLES}. */
export type TableName = keyof typeof TABLES;

/** n8n's interface with its data tables, as the editor uses it. */
export class TablesApi extends N8nApi {
	private async tables(): Promise<string> {
		const { id } = await this.request<{ id: string }>('GET', '/rest/projects/personal');
		return `/rest/projects/${id}/data-tables`;
	}

	/** Names of the tables that there are. */
	async tableNames(): Promise<string[]> {
		const { data } = await this.request<{ data: Array<{ name: string }> }>(
			'GET',
			`${await this.tables()}?take=250`,
		);
		return data.map(({ name }) => name);
	}

	/** Makes one of the tables and fills it. @returns its id */
	async createTable(name: TableName, rows: TableRow[] = []): Promise<string> {
		const tables = await this.tables();
		const columns = Object.entries(TABLES[name]).map(([column, type]) => ({ name: column, type }));
		const { id } = await this.request<{ id: string }>('POST', tables, { name, columns });
		this.toRemove(id, async () => await this.request('DELETE', `${tables}/${id}`));
		if (rows.length > 0) await this.request('POST', `${tables}/${id}/insert`, { data: rows });
		return id;
	}

	/** The rows of a table, at most 100. */
	async rows(tableId: string): Promise<TableRow[]> {
		const path = `${await this.tables()}/${tableId}/rows?take=100`;
		return (await this.request<{ data: TableRow[] }>('GET', path)).data;
	}

	/** Changes the rows that have a value in a column. */
	async changeRows(tableId: string, column: string, value: Cell, data: TableRow): Promise<void> {
		const filter = { type: 'and', filters: [{ columnName: column, condition: 'eq', value }] };
		await this.request('PATCH', `${await this.tables()}/${tableId}/rows`, { filter, data });
	}
}
