/** Values that are true to a type, for everything that has no behaviour of its own. */
import { parseType } from '../../../lib/xapi/catalogue';
import type { Property, Row, ScalarKind } from '../odata/model';
import type { XapiModel } from './model';

const SAMPLES: Record<ScalarKind, unknown> = {
	string: '',
	integer: 0,
	number: 0,
	boolean: false,
	'date-time': '2026-01-01T00:00:00.000Z',
	date: '2026-01-01',
	time: '00:00:00',
	duration: 'PT0S',
	uuid: '00000000-0000-4000-8000-000000000000',
	binary: '',
	any: {},
};

/** Optional values of these kinds are filled as well: a switch is off rather than unknown. */
const FILLED: ReadonlySet<Property['kind']> = new Set(['boolean', 'integer', 'enum']);

function sampleOf(property: Property, model: XapiModel, within: readonly string[]): unknown {
	if (property.navigation) return undefined;
	if (property.collection) return [];
	if (property.nullable && !FILLED.has(property.kind)) return undefined;
	const { typeName = '' } = property;
	if (property.kind === 'enum') return model.enumMembers(typeName)?.[0];
	if (property.kind === 'object') {
		return within.includes(typeName) ? undefined : sampleRow(typeName, model, within);
	}
	return SAMPLES[property.kind];
}

/** A row of a type: switches off, numbers zero, texts absent unless they may not be. */
export function sampleRow(typeName: string, model: XapiModel, within: readonly string[] = []): Row {
	const properties = model.type(typeName)?.properties.values() ?? [];
	const row: Row = {};
	for (const property of properties) {
		const value = sampleOf(property, model, [...within, typeName]);
		if (value !== undefined) row[property.name] = value;
	}
	return row;
}

/** A result of the type that an operation declares: no rows for a collection, else a sample. */
export function sampleResult(returns: string, model: XapiModel): unknown {
	const { name, array } = parseType(returns);
	if (array) return [];
	if (model.type(name)) return sampleRow(name, model);
	const members = model.enumMembers(name);
	if (members) return members[0];
	return sampleOf({ ...model.propertyOf('value', returns), nullable: false }, model, []);
}
