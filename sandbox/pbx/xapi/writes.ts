/** Create, update and delete, as every entity set does them; what is special comes from its rules. */
import { notFound, rejected } from '../odata/errors';
import type { Row } from '../odata/model';
import type { Context, Rules, Violations } from './context';
import { sampleRow } from './synthesise';

function refuse(violations: Violations): void {
	if (Object.keys(violations).length > 0) throw rejected(violations);
}

/** The key property of a set and whether the PBX assigns it; sets without a key have an Id all the same. */
function keyOf({ model }: Context, set: string): { name: string; assigned: boolean } {
	const [name = 'Id'] = Object.keys(model.sets[set]?.key ?? {});
	const kind = model.type(model.sets[set]?.type ?? '')?.properties.get(name)?.kind;
	return { name, assigned: kind === 'integer' };
}

/**
 * Makes a row from a body that has been read (see readBody) and returns it.
 * @throws ODataError 400 naming the fields that break a rule
 */
export function create(context: Context, set: string, body: Row, rules: Rules = {}): Row {
	const { store, model } = context;
	const key = keyOf(context, set);
	const prepared = { ...(rules.prepare?.(context, body) ?? body) };
	const given = prepared[key.name];
	// Bodies of the documentation carry `Id: 0`; an Id of the client's choice has no meaning.
	if (key.assigned) delete prepared[key.name];
	else if (typeof given !== 'string' || given === '') {
		if (key.name === 'Id') prepared.Id = String(store.nextId());
		else throw rejected({ [key.name]: 'WARNINGS.XAPI.REQUIRED' });
	} else if (store.find(set, key.name, given))
		throw rejected({ [key.name]: 'WARNINGS.XAPI.DUPLICATE' });
	refuse(rules.check?.(context, prepared) ?? {});
	const row = {
		...sampleRow(model.sets[set]?.type ?? '', model),
		...rules.defaults?.(context, prepared),
		...(key.assigned ? { [key.name]: store.nextId() } : {}),
		...prepared,
	};
	store.insert(set, row);
	rules.written?.(context, row, prepared);
	return row;
}

const isComplex = (value: unknown): value is Row =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The values that a body leaves in a row. Scalars and arrays are replaced wholesale; complex values merge by key, as
 * documentation samples suggest (protocol 4.5).
 */
export function merged(row: Row, body: Row): Row {
	return Object.fromEntries(
		Object.entries(body).map(([name, value]) => {
			const before = row[name];
			return [name, isComplex(value) && isComplex(before) ? { ...before, ...value } : value];
		}),
	);
}

/**
 * Merges a body that has been read into a row.
 * @throws ODataError 400 naming the fields that break a rule
 */
export function update(
	context: Context,
	set: string,
	row: Row,
	body: Row,
	rules: Rules = {},
): void {
	const key = keyOf(context, set).name;
	const prepared = { ...(rules.prepare?.(context, body, row) ?? body) };
	// The key in the body is that of the path, or none that counts.
	delete prepared[key];
	refuse(rules.check?.(context, prepared, row) ?? {});
	const before = { ...row };
	context.store.update(set, row, merged(row, prepared));
	rules.written?.(context, row, prepared, before);
}

/**
 * Deletes a row.
 * @throws ODataError 400 when a rule keeps it, 404 when it is gone
 */
export function remove(
	context: Context,
	set: string,
	row: Row | undefined,
	rules: Rules = {},
): void {
	if (!row) throw notFound();
	const code = rules.keep?.(context, row);
	if (code !== undefined) throw rejected({ [keyOf(context, set).name]: code });
	context.store.remove(set, row);
	rules.deleted?.(context, row);
}
