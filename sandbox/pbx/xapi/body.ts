/** Bodies of writes: checked against their type, with the field named, before anything is stored. */
import { ODataError, type ErrorDetail } from '../odata/errors';
import { canonicalInstant, durationSeconds } from '../odata/evaluate';
import { beginsWithDay, isInstant } from '../odata/instant';
import type { Property, Row, TypeModel } from '../odata/model';
import type { XapiModel } from './model';

type Check = (value: unknown, property: Property, model: XapiModel) => boolean;

const isText: Check = (value) => typeof value === 'string';
const matches =
	(pattern: RegExp): Check =>
	(value) =>
		typeof value === 'string' && pattern.test(value);

const CHECKS: Record<Exclude<Property['kind'], 'object'>, Check> = {
	string: isText,
	binary: isText,
	integer: (value) => Number.isInteger(value),
	number: (value) => typeof value === 'number',
	boolean: (value) => typeof value === 'boolean',
	'date-time': (value) => typeof value === 'string' && isInstant(value),
	date: (value) => typeof value === 'string' && value.length === 10 && beginsWithDay(value),
	time: matches(/^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/),
	duration: (value) => typeof value === 'string' && !Number.isNaN(durationSeconds(value)),
	uuid: matches(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
	any: () => true,
	enum: (value, { typeName = '' }, model) =>
		// Members of a flags enum may be joined with commas.
		typeof value === 'string' &&
		value.split(',').every((member) => model.enumMembers(typeName)?.includes(member.trim())),
};

const expected = ({ kind, typeName }: Property) =>
	kind === 'object' || kind === 'enum' ? `Pbx.${typeName ?? ''}` : kind;

class BodyReader {
	readonly problems: ErrorDetail[] = [];

	constructor(private readonly model: XapiModel) {}

	private problem(target: string, message: string): undefined {
		this.problems.push({ code: '', message, target });
	}

	row(value: object, type: TypeModel, path: string): Row {
		const row: Row = {};
		for (const [name, given] of Object.entries(value)) {
			// Annotations such as @odata.context come along when a client sends back what it read.
			if (name.includes('@')) continue;
			const target = path === '' ? name : `${path}.${name}`;
			const property = type.properties.get(name);
			if (property) row[name] = this.property(given, property, target);
			else
				this.problem(
					target,
					`The property '${name}' does not exist on type 'Pbx.${type.name}'. Make sure to only use property names that are defined by the type.`,
				);
		}
		return row;
	}

	private property(value: unknown, property: Property, target: string): unknown {
		if (!property.collection) return this.single(value, property, target);
		if (Array.isArray(value)) {
			return value.map((item, index) => this.single(item, property, `${target}[${index}]`));
		}
		return this.problem(
			target,
			`Cannot convert the value to the expected type 'Collection(${expected(property)})'.`,
		);
	}

	private single(value: unknown, property: Property, target: string): unknown {
		if (value === null && (property.nullable || property.collection)) return null;
		const wrong = () =>
			this.problem(
				target,
				`Cannot convert the value to the expected type '${expected(property)}'.`,
			);
		if (property.kind === 'object') {
			const type = this.model.type(property.typeName ?? '');
			const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
			return type && fits ? this.row(value, type, target) : wrong();
		}
		if (!CHECKS[property.kind](value, property, this.model)) return wrong();
		if (property.maxLength !== undefined && String(value).length > property.maxLength) {
			return this.problem(target, 'WARNINGS.STRING_TOO_LONG');
		}
		return property.kind === 'date-time' ? canonicalInstant(String(value)) : value;
	}
}

function invalid(problems: ErrorDetail[]): ODataError {
	return new ODataError(
		400,
		problems.map(({ target, message }) => `${target}:\n${message}`).join('\n'),
		problems,
	);
}

/** @throws ODataError 400 when the text is no JSON object */
export function parseJson(text: string): Row {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		value = undefined;
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw new ODataError(400, 'The input was not valid: a JSON object is expected in the body.');
	}
	return value as Row;
}

/**
 * The body of a create or update as a row of its type; instants come out in canonical form.
 * @throws ODataError 400 that names every unknown property and every value of a wrong type
 */
export function readBody(body: Row, type: TypeModel, model: XapiModel): Row {
	const reader = new BodyReader(model);
	const row = reader.row(body, type, '');
	if (reader.problems.length > 0) throw invalid(reader.problems);
	return row;
}

/**
 * The parameters of an action. The description writes `ids`, 3CX's documentation samples `Ids` (protocol 8.6): names are
 * taken in either case.
 * @param declared parameter name to type expression
 * @throws ODataError 400 that names what is missing, unknown or of a wrong type
 */
export function readParameters(body: Row, declared: Record<string, string>, model: XapiModel): Row {
	const properties = new Map(
		Object.entries(declared).map(([name, expression]) => [
			name,
			model.propertyOf(name, expression),
		]),
	);
	const spelling = new Map([...properties.keys()].map((name) => [name.toLowerCase(), name]));
	const named = Object.fromEntries(
		Object.entries(body).map(([name, value]) => [spelling.get(name.toLowerCase()) ?? name, value]),
	);
	const missing = [...properties.values()]
		.filter(({ name, nullable }) => !nullable && named[name] === undefined)
		.map(({ name }) => ({ code: '', message: 'WARNINGS.XAPI.REQUIRED', target: name }));
	if (missing.length > 0) throw invalid(missing);
	return readBody(named, { name: 'Parameters', properties }, model);
}
