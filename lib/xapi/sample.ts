import {
	enumMembers,
	isPrimitive,
	parseType,
	propertiesOf,
	type Catalogue,
	type Primitive,
	type TypeExpression,
} from './catalogue';

/** How values are made up. */
export interface SampleOptions {
	/** What texts hold, cut to the length that is allowed; default empty. */
	text?: string;
	/** How many objects deep an object is filled; what lies deeper is left out. Default 2. */
	levels?: number;
}

/** Plausible values of the primitives, in the form that JSON has for them. */
const SAMPLES: Readonly<Record<Primitive, unknown>> = {
	string: '',
	boolean: false,
	int32: 1,
	int64: 1,
	uint8: 1,
	decimal: 1.5,
	double: 1.5,
	float: 1.5,
	'date-time': '2026-01-31T09:30:00Z',
	date: '2026-01-31',
	time: '09:30:00',
	duration: 'PT1M30S',
	uuid: '01234567-89ab-cdef-0123-456789abcdef',
	object: {},
};

/**
 * Makes up a value of a catalogue type: a template for a person to fill in, or input for a test.
 *
 * @param from the catalogue
 * @param expression a type expression of it
 * @returns the value; lists have one item, objects all members but those that only `$expand` fills
 */
export function sampleValue(
	from: Catalogue,
	expression: string,
	{ text = '', levels = 2 }: SampleOptions = {},
): unknown {
	const type = parseType(expression);
	const value = sampleItem(from, type, { text, levels });
	return type.array ? [value] : value;
}

function sampleItem(
	from: Catalogue,
	{ name, maxLength }: TypeExpression,
	{ text, levels }: Required<SampleOptions>,
): unknown {
	if (name === 'string') return text.slice(0, maxLength);
	if (isPrimitive(name)) return SAMPLES[name];
	const [member] = enumMembers(from, name);
	if (member !== undefined) return member;
	return sampleMembers(from, withoutNavigation(propertiesOf(from, name)), {
		text,
		levels: levels - 1,
	});
}

/**
 * Makes up an object of these members, see {@link sampleValue}.
 *
 * @param types type expressions by name, as `XapiOperation.parameters` and `propertiesOf` have them
 */
export function sampleMembers(
	from: Catalogue,
	types: Readonly<Record<string, string>>,
	options: SampleOptions = {},
): Record<string, unknown> {
	const { levels = 2 } = options;
	return Object.fromEntries(
		Object.entries(types)
			.filter(([, expression]) => levels > 0 || isFlat(from, expression))
			.map(([name, expression]) => [name, sampleValue(from, expression, options)]),
	);
}

/** Whether a value is no object and holds none. */
function isFlat(from: Catalogue, expression: string): boolean {
	const { name } = parseType(expression);
	return isPrimitive(name) || enumMembers(from, name).length > 0;
}

const withoutNavigation = (types: Readonly<Record<string, string>>) =>
	Object.fromEntries(
		Object.entries(types).filter(([, expression]) => !parseType(expression).navigation),
	);
