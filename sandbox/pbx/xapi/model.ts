/** The catalogue as the simulator reads it: types for the evaluator, operations by the shape of their path. */
import {
	entitySets,
	enumMembers,
	isEnum,
	isPrimitive,
	parseType,
	propertiesOf,
	type Catalogue,
	type EntitySet,
	type Method,
	type NamedOperation,
	type Primitive,
} from '../../../lib/xapi/catalogue';
import type { Model, Property, ScalarKind, TypeModel } from '../odata/model';
import type { Segment } from '../odata/path';

const SCALARS: Record<Primitive, ScalarKind> = {
	string: 'string',
	boolean: 'boolean',
	int32: 'integer',
	int64: 'integer',
	uint8: 'integer',
	decimal: 'number',
	double: 'number',
	float: 'number',
	'date-time': 'date-time',
	date: 'date',
	time: 'time',
	duration: 'duration',
	uuid: 'uuid',
	object: 'any',
};

/** A path with its values taken out: `Users(*)/Pbx.GetX(a,b)`; two paths with the same shape are the same operation. */
function shape(parts: Array<{ name: string; args?: string[] }>): string {
	return parts
		.map(({ name, args }) => (args ? `${name}(${args.toSorted().join(',')})` : name))
		.join('/');
}

function templateShape(path: string): string {
	const parts = path
		.slice(1)
		.split('/')
		.map((part) => {
			const [, name = '', inner] = /^([^(]+)(?:\((.*)\))?$/.exec(part) ?? [];
			if (inner === undefined) return { name };
			const args =
				inner === ''
					? []
					: inner.split(',').map((arg) => (arg.includes('=') ? (arg.split('=')[0] ?? '') : '*'));
			return { name, args };
		});
	return shape(parts);
}

/** The older spelling of the alternate key, gone from the description since Update 9 but still called (protocol 4.2). */
const byNumberAlias = (path: string) =>
	path.replace('(Number={Number})', '/Pbx.GetByNumber(number={number})');

export class XapiModel implements Model {
	readonly sets: Readonly<Record<string, EntitySet>>;
	private readonly types = new Map<string, TypeModel>();
	private readonly operations = new Map<string, Map<Method, NamedOperation>>();

	/**
	 * @param catalogue what the PBX has
	 * @param now its clock
	 */
	constructor(
		readonly catalogue: Catalogue,
		readonly now: () => Date = () => new Date(),
	) {
		this.sets = entitySets(catalogue);
		for (const [id, operation] of Object.entries(catalogue.operations)) {
			this.add({ id, ...operation });
			const alias = byNumberAlias(operation.path);
			if (alias !== operation.path) {
				this.add({ id, ...operation, path: alias, parameters: { number: 'string' } });
			}
		}
	}

	private add(operation: NamedOperation): void {
		const key = templateShape(operation.path);
		const methods = this.operations.get(key) ?? new Map<Method, NamedOperation>();
		this.operations.set(key, methods.set(operation.method, operation));
	}

	type(name: string): TypeModel | undefined {
		const known = this.types.get(name);
		if (known) return known;
		if (!Object.hasOwn(this.catalogue.types, name)) return undefined;
		const properties = Object.entries(propertiesOf(this.catalogue, name)).map(
			([property, expression]): [string, Property] => [
				property,
				this.propertyOf(property, expression),
			],
		);
		const type = { name, properties: new Map(properties) };
		this.types.set(name, type);
		return type;
	}

	/** A property (or result) of the type that an expression names. */
	propertyOf(name: string, expression: string): Property {
		const parsed = parseType(expression);
		const shared = {
			name,
			collection: parsed.array,
			nullable: parsed.nullable,
			navigation: parsed.navigation,
			maxLength: parsed.maxLength,
		};
		if (isPrimitive(parsed.name)) return { ...shared, kind: SCALARS[parsed.name] };
		const kind = isEnum(this.catalogue, parsed.name) ? 'enum' : 'object';
		return { ...shared, kind, typeName: parsed.name };
	}

	/** The type behind a type expression of an operation; undefined for a primitive or an enum. */
	typeOf(expression: string): TypeModel | undefined {
		return this.type(parseType(expression).name);
	}

	enumMembers(name: string): readonly string[] | undefined {
		return isEnum(this.catalogue, name) ? enumMembers(this.catalogue, name) : undefined;
	}

	/**
	 * The operations, by method, that a request path means; undefined when there is none.
	 * `Users(Id=12)` is `Users(12)`.
	 */
	match(segments: Segment[]): ReadonlyMap<Method, NamedOperation> | undefined {
		const [root] = segments;
		const [key] = Object.keys(this.sets[root?.name ?? '']?.key ?? {});
		return this.operations.get(
			shape(
				segments.map(({ name, args }) => ({
					name,
					args:
						args &&
						[...args.keys()].map((arg) =>
							arg === '' || (name === root?.name && arg === key) ? '*' : arg,
						),
				})),
			),
		);
	}
}
