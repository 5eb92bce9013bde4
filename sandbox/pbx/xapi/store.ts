/** The data of the simulated PBX: a table per entity set, a row per singleton, one counter for ids. */
import type { Row } from '../odata/model';

/** The entity sets whose rows are DNs: they share one space of numbers. */
export const DN_SETS = [
	'Users',
	'Queues',
	'RingGroups',
	'Receptionists',
	'Parkings',
	'Fax',
	'Trunks',
	'ServicePrincipals',
	'Groups',
] as const;
export type DnSet = (typeof DN_SETS)[number];

export class Store {
	private readonly tables = new Map<string, Row[]>();
	private readonly settings = new Map<string, Row>();
	private readonly indexes = new WeakMap<readonly Row[], Map<string, Map<unknown, Row>>>();
	private lastId = 0;

	/** A fresh Id. Ids are per DN and unrelated to the extension number (protocol 4.2). */
	nextId(): number {
		this.lastId += 1;
		return this.lastId;
	}

	/** The rows of an entity set. Any write makes a new array, so its identity tells whether something changed. */
	rows(set: string): readonly Row[] {
		let rows = this.tables.get(set);
		if (!rows) this.tables.set(set, (rows = []));
		return rows;
	}

	/** The row whose property has this value; through an index that lives as long as the set is unchanged. */
	find(set: string, property: string, value: unknown): Row | undefined {
		const rows = this.rows(set);
		let indexes = this.indexes.get(rows);
		if (!indexes) this.indexes.set(rows, (indexes = new Map()));
		let index = indexes.get(property);
		if (!index) {
			indexes.set(property, (index = new Map(rows.map((row) => [row[property], row]))));
		}
		return index.get(value);
	}

	insert(set: string, row: Row): Row {
		this.tables.set(set, [...this.rows(set), row]);
		return row;
	}

	/** Merges values into a row and marks its set as changed. */
	update(set: string, row: Row, values: Row): void {
		Object.assign(row, values);
		this.tables.set(set, [...this.rows(set)]);
	}

	remove(set: string, row: Row): void {
		this.tables.set(
			set,
			this.rows(set).filter((other) => other !== row),
		);
	}

	/** The DN with this number, and the set it is in. */
	dn(number: string): { set: DnSet; row: Row } | undefined {
		for (const set of DN_SETS) {
			const row = this.find(set, 'Number', number);
			if (row) return { set, row };
		}
		return undefined;
	}

	/** The values of a singleton, made with `make` on first use. */
	singleton(name: string, make: () => Row = () => ({})): Row {
		let row = this.settings.get(name);
		if (!row) this.settings.set(name, (row = make()));
		return row;
	}
}
