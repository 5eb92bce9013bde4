import {
	entitySets,
	isEntity,
	isPrimitive,
	navigationPropertiesOf,
	parseType,
	propertiesOf,
	type Catalogue,
	type NamedOperation,
	type XapiOperation,
} from '../../../lib/xapi/catalogue';

type Attributes = Record<string, string | number | undefined>;

const NAMESPACE = 'Pbx';

const rendered = new WeakMap<Catalogue, string>();

/**
 * Renders a catalogue as the CSDL 4.0 document (XML) that a PBX serves at `/xapi/v1/$metadata`: enums, types with keys,
 * functions, actions, and a container with entity sets, singletons and imports.
 *
 * The catalogue does not say what an entity's key is unless an operation uses it; for the others `Id`, `Number` or
 * `Name` stands in, in that order, as CSDL wants a key on an entity type that is part of a set.
 */
export function metadataFrom(catalogue: Catalogue): string {
	const known = rendered.get(catalogue);
	if (known !== undefined) return known;
	const text = `<?xml version="1.0" encoding="utf-8"?>\n${documentOf(catalogue)}\n`;
	rendered.set(catalogue, text);
	return text;
}

function documentOf(catalogue: Catalogue): string {
	const calls = callsOf(catalogue);
	const schema = element(
		'Schema',
		{ Namespace: NAMESPACE, xmlns: 'http://docs.oasis-open.org/odata/ns/edm' },
		[
			...Object.entries(catalogue.enums).map(enumType),
			...Object.keys(catalogue.types).map((name) => structuredType(catalogue, name)),
			...unique(calls.map((call) => callElement(catalogue, call))),
			container(catalogue, calls),
		],
	);
	return element(
		'edmx:Edmx',
		{ Version: '4.0', 'xmlns:edmx': 'http://docs.oasis-open.org/odata/ns/edmx' },
		[element('edmx:DataServices', {}, [schema])],
	);
}

function enumType([name, members]: [string, string[]]): string {
	return element(
		'EnumType',
		{ Name: identifier(name) },
		members.map((member, index) => element('Member', { Name: identifier(member), Value: index })),
	);
}

function structuredType(catalogue: Catalogue, name: string): string {
	const { base, properties } = catalogue.types[name] ?? { properties: {} };
	const entity = isEntity(catalogue, name);
	const key = entity && base === undefined ? keyOf(catalogue, name) : [];
	return element(
		entity ? 'EntityType' : 'ComplexType',
		{ Name: identifier(name), BaseType: base === undefined ? undefined : qualified(base) },
		[
			...(key.length > 0
				? [
						element(
							'Key',
							{},
							key.map((property) => element('PropertyRef', { Name: property })),
						),
					]
				: []),
			...Object.entries(properties).map(([property, type]) => propertyElement(property, type)),
		],
	);
}

const STAND_IN_KEYS = ['Id', 'Number', 'Name'];

function keyOf(catalogue: Catalogue, type: string): string[] {
	const used = Object.values(entitySets(catalogue))
		.filter((set) => set.type === type)
		.flatMap(({ key }) => Object.keys(key));
	const properties = propertiesOf(catalogue, type);
	const standIn = STAND_IN_KEYS.find((name) => Object.hasOwn(properties, name));
	return used.length > 0 ? [...new Set(used)] : standIn === undefined ? [] : [standIn];
}

function propertyElement(name: string, type: string): string {
	const { navigation, nullable, array, maxLength } = parseType(type);
	return element(navigation ? 'NavigationProperty' : 'Property', {
		Name: name,
		Type: edmType(type),
		Nullable: nullable || array ? undefined : 'false',
		MaxLength: maxLength,
	});
}

/** A function or action, with the type and multiplicity it is bound to; unbound ones are imported by the container. */
interface Call {
	name: string;
	element: 'Function' | 'Action';
	binding?: string;
	parameters: Record<string, string>;
	returns?: string;
}

/** The last segment of a call: `Pbx.GetLogs(startDate={startDate})`, `Pbx.DropCall`, `GetUpdates()`. */
const CALL = /^(?:Pbx\.)?([^(]+)/;

function callsOf(catalogue: Catalogue): Call[] {
	return Object.entries(catalogue.operations)
		.map(([id, operation]): NamedOperation => ({ id, ...operation }))
		.filter(({ kind }) => ['function', 'action', 'media'].includes(kind))
		.map((operation) => callOf(catalogue, operation));
}

function callOf(catalogue: Catalogue, operation: XapiOperation): Call {
	const segments = operation.path.split('/').slice(1);
	const last = segments.at(-1) ?? '';
	const target = segments.length > 1 ? segments[0] : undefined;
	const isAction = operation.kind === 'action';
	const binding = target === undefined ? undefined : bindingOf(catalogue, target);
	return {
		name: CALL.exec(last)?.[1] ?? last,
		element: isAction ? 'Action' : 'Function',
		...(binding === undefined ? {} : { binding }),
		parameters: isAction
			? typeof operation.body === 'object'
				? operation.body
				: {}
			: Object.fromEntries(
					Object.entries(operation.parameters).filter(([name]) => last.includes(`{${name}}`)),
				),
		...(operation.returns === undefined ? {} : { returns: operation.returns }),
	};
}

/** `Users({Id})` binds to a User, `Users` to a collection of them, a singleton to its type. */
function bindingOf(catalogue: Catalogue, target: string): string | undefined {
	const [root = '', key] = target.split('(');
	const set = entitySets(catalogue)[root];
	if (set) return key === undefined ? `${set.type}[]` : set.type;
	return singletonsOf(catalogue)[root];
}

function callElement(catalogue: Catalogue, call: Call): string {
	const { binding, parameters, returns } = call;
	const parameter = ([name, type]: [string, string]) =>
		element('Parameter', {
			Name: name,
			Type: edmType(type),
			Nullable: parseType(type).nullable ? undefined : 'false',
		});
	return element(
		call.element,
		{ Name: call.name, IsBound: binding === undefined ? undefined : 'true' },
		[
			...(binding === undefined ? [] : [parameter(['bindingParameter', binding])]),
			...Object.entries(parameters).map(parameter),
			...(returns === undefined || !isKnown(catalogue, returns)
				? []
				: [element('ReturnType', { Type: edmType(returns) })]),
		],
	);
}

function isKnown({ enums, types }: Catalogue, expression: string): boolean {
	const { name } = parseType(expression);
	return isPrimitive(name) || Object.hasOwn(enums, name) || Object.hasOwn(types, name);
}

function singletonsOf({ operations }: Catalogue): Record<string, string> {
	return Object.fromEntries(
		Object.values(operations)
			.filter(({ kind, method, returns }) => kind === 'singleton' && method === 'GET' && returns)
			.map(({ path, returns }) => [path.slice(1), parseType(returns ?? '').name]),
	);
}

function container(catalogue: Catalogue, calls: Call[]): string {
	const sets = entitySets(catalogue);
	const singletons = singletonsOf(catalogue);
	const setOfType = new Map(Object.entries(sets).map(([name, { type }]) => [type, name]));
	const bindings = (type: string) =>
		Object.entries(navigationPropertiesOf(catalogue, type)).flatMap(([Path, { name }]) => {
			const Target = setOfType.get(name);
			return Target === undefined ? [] : [element('NavigationPropertyBinding', { Path, Target })];
		});
	return element('EntityContainer', { Name: 'Container' }, [
		...Object.entries(sets).map(([Name, { type }]) =>
			element('EntitySet', { Name, EntityType: qualified(type) }, bindings(type)),
		),
		...Object.entries(singletons).map(([Name, type]) =>
			element('Singleton', { Name, Type: qualified(type) }, bindings(type)),
		),
		...calls
			.filter(({ binding }) => binding === undefined)
			.map((call) =>
				element(`${call.element}Import`, {
					Name: call.name,
					[call.element]: `${NAMESPACE}.${call.name}`,
				}),
			),
	]);
}

const EDM: Readonly<Record<string, string>> = {
	string: 'Edm.String',
	boolean: 'Edm.Boolean',
	int32: 'Edm.Int32',
	int64: 'Edm.Int64',
	uint8: 'Edm.Byte',
	decimal: 'Edm.Decimal',
	double: 'Edm.Double',
	float: 'Edm.Single',
	'date-time': 'Edm.DateTimeOffset',
	date: 'Edm.Date',
	time: 'Edm.TimeOfDay',
	duration: 'Edm.Duration',
	uuid: 'Edm.Guid',
	object: 'Edm.Untyped',
};

function edmType(expression: string): string {
	const { name, array } = parseType(expression);
	const type = EDM[name] ?? qualified(name);
	return array ? `Collection(${type})` : type;
}

function qualified(name: string): string {
	return `${NAMESPACE}.${identifier(name)}`;
}

/** CSDL names are letters, digits and underscores: `3CX` and `WARNINGS.XAPI.REQUIRED` are members of enums. */
function identifier(name: string): string {
	return name.replace(/[^\p{L}\p{N}_]/gu, '_').replace(/^\p{N}/u, '_$&');
}

function unique(lines: string[]): string[] {
	return [...new Set(lines)];
}

function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
	const written = Object.entries(attributes)
		.filter(([, value]) => value !== undefined)
		.map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
		.join('');
	return children.length === 0
		? `<${name}${written}/>`
		: `<${name}${written}>\n${children.join('\n')}\n</${name}>`;
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
};

function escapeXml(text: string): string {
	return text.replace(/[&<>"]/g, (character) => XML_ENTITIES[character] ?? character);
}
