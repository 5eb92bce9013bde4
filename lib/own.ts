/**
 * Looks something up under a key that comes from outside. A plain `table[key]` also finds what every object has:
 * `constructor`, `toString`.
 *
 * @returns the entry, or undefined when the table itself has none of this name
 */
export const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
	Object.hasOwn(table, key) ? table[key] : undefined;
