/** Applies query options to rows: filter, search, order, page; then select and expand on what is left. */
import { badQuery } from './errors';
import { compileFilter, compileOrder } from './evaluate';
import type { Model, Property, Row, TypeModel } from './model';
import type { QueryOptions } from './options';
import { parseSearch } from './search';

/** The properties that `$search` looks through; never the secret ones, or a random password would match. */
const SEARCHED = /Name$|Number$|Email|Company|Message|^Mobile$|^Caller|^Callee|Dn$/;

function compileSearch(search: string, type: TypeModel): (row: Row) => boolean {
	const isFound = parseSearch(search);
	const fields = [...type.properties.values()]
		.filter(({ kind, collection, name }) => kind === 'string' && !collection && SEARCHED.test(name))
		.map(({ name }) => name);
	return (row) => {
		const text = fields
			.map((field) => String(row[field] ?? ''))
			.join('\n')
			.toLowerCase();
		return isFound(text);
	};
}

/** The rows that filter and search let through, in order; before paging. */
export function matching(
	rows: readonly Row[],
	options: QueryOptions,
	type: TypeModel,
	model: Model,
): readonly Row[] {
	let found: readonly Row[] = rows;
	if (options.filter) found = found.filter(compileFilter(options.filter, type, model));
	if (options.search) found = found.filter(compileSearch(options.search, type));
	if (options.orderBy) found = found.toSorted(compileOrder(options.orderBy, type, model));
	return found;
}

/**
 * The page that the options ask for.
 * @param defaultTop page size when there is no `$top`; undefined for all rows
 */
export function pageOf(
	rows: readonly Row[],
	{ skip = 0, top }: QueryOptions,
	defaultTop?: number,
): readonly Row[] {
	const size = top ?? defaultTop;
	return rows.slice(skip, size === undefined ? undefined : skip + size);
}

export type Project = (row: Row) => Row;

function navigation(type: TypeModel, name: string): Property {
	const property = type.properties.get(name);
	if (!property)
		throw badQuery(`Could not find a property named '${name}' on type 'Pbx.${type.name}'.`);
	if (!property.navigation) {
		throw badQuery(
			`Property '${name}' on type 'Pbx.${type.name}' is not a navigation property or complex property. Only navigation properties can be expanded.`,
		);
	}
	return property;
}

/** `$expand=*` means every navigation property. */
function expansions(
	type: TypeModel,
	expand: QueryOptions['expand'],
): Array<[Property, QueryOptions]> {
	return [...(expand ?? [])].flatMap(
		([name, options]): Array<[Property, QueryOptions]> =>
			name === '*'
				? [...type.properties.values()]
						.filter((property) => property.navigation)
						.map((property) => [property, options])
				: [[navigation(type, name), options]],
	);
}

/** The rows of an expanded collection, and how many there are in all: `Agents($count=true)`. */
class Counted {
	constructor(
		readonly rows: Row[],
		readonly count: number,
	) {}
}

function expandOne(
	property: Property,
	options: QueryOptions,
	model: Model,
): (value: unknown) => unknown {
	const type = property.typeName === undefined ? undefined : model.type(property.typeName);
	if (!type) return (value) => value;
	const project = projector(type, options, model);
	return property.collection
		? (value) => {
				const found = matching((value ?? []) as Row[], options, type, model);
				const rows = pageOf(found, options).map(project);
				return options.count ? new Counted(rows, found.length) : rows;
			}
		: (value) => (value === null || value === undefined ? undefined : project(value as Row));
}

/** A complex value goes out whole, but for the navigation properties within it. */
function plainValue(property: Property, model: Model): (value: unknown) => unknown {
	const type =
		property.kind === 'object' && property.typeName !== undefined
			? model.type(property.typeName)
			: undefined;
	if (!type) return (value) => value;
	let project: Project | undefined;
	const one = (value: unknown) => {
		// Made on first use: types refer to each other in circles.
		project ??= projector(type, {}, model);
		return project(value as Row);
	};
	return property.collection ? (value) => (value as unknown[]).map(one) : one;
}

function checkSelect(
	type: TypeModel,
	select: string[] | undefined,
): ReadonlySet<string> | undefined {
	if (!select || select.includes('*')) return undefined;
	const names = select.map((path) => path.split('/')[0] ?? '');
	for (const name of names) {
		if (!type.properties.has(name)) {
			throw badQuery(`Could not find a property named '${name}' on type 'Pbx.${type.name}'.`);
		}
	}
	return new Set(names);
}

/** The paths of a `$select` that go into a complex value, such as `Registrar/MAC`; undefined where the whole is wanted. */
function pathsInto(name: string, select: string[] | undefined): string[] | undefined {
	if (!select || select.includes('*') || select.includes(name)) return undefined;
	const paths = select.filter((path) => path.startsWith(`${name}/`));
	return paths.length > 0 ? paths.map((path) => path.slice(name.length + 1)) : undefined;
}

/** A complex value of which only some members were selected. */
function partOf(property: Property, select: string[], model: Model): (value: unknown) => unknown {
	const type = property.typeName === undefined ? undefined : model.type(property.typeName);
	if (!type) throw badQuery(`The property '${property.name}' has no members to select.`);
	const project = projector(type, { select }, model);
	return property.collection
		? (value) => (value as Row[]).map(project)
		: (value) => project(value as Row);
}

/**
 * A function that turns a stored row into what goes over the wire: selected properties, expanded navigation, nulls left
 * out (protocol 4.1).
 * @throws ODataError 400 for `$select` or `$expand` of something the type lacks
 */
export function projector(type: TypeModel, options: QueryOptions, model: Model): Project {
	const selected = checkSelect(type, options.select);
	const expanded = new Map(
		expansions(type, options.expand).map(([property, inner]) => [
			property.name,
			expandOne(property, inner, model),
		]),
	);
	const fields = [...type.properties.values()].flatMap((property) => {
		const expand = expanded.get(property.name);
		if (expand) return [{ name: property.name, convert: expand }];
		if (property.navigation || (selected && !selected.has(property.name))) return [];
		const paths = pathsInto(property.name, options.select);
		const convert = paths ? partOf(property, paths, model) : plainValue(property, model);
		return [{ name: property.name, convert }];
	});
	return (row) => {
		const out: Row = {};
		for (const { name, convert } of fields) {
			const value = row[name];
			if (value === undefined || value === null) {
				// An expanded collection without rows is an empty list, not absent.
				if (expanded.has(name)) {
					const empty = convert(value);
					if (empty !== undefined) put(out, name, empty);
				}
				continue;
			}
			put(out, name, convert(value));
		}
		return out;
	};
}

/** The count stands before its rows, as OData writes it. */
function put(out: Row, name: string, value: unknown): void {
	if (value instanceof Counted) out[`${name}@odata.count`] = value.count;
	out[name] = value instanceof Counted ? value.rows : value;
}
