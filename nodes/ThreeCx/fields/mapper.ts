import type { ResourceMapperField } from 'n8n-workflow';
import {
	catalogue as shipped,
	isEnum,
	isPrimitive,
	parseType,
	type Catalogue,
	type Primitive,
	type TypeExpression,
} from '../../../lib/xapi/catalogue';
import { sampleValue } from '../../../lib/xapi/sample';
import { labelOf } from './labels';
import { enumOptions } from './text';

/** The input that n8n shows for a primitive; the others take text. */
const INPUTS: Partial<Record<Primitive, ResourceMapperField['type']>> = {
	boolean: 'boolean',
	'date-time': 'dateTime',
	int32: 'number',
	int64: 'number',
	uint8: 'number',
	decimal: 'number',
	double: 'number',
	float: 'number',
	object: 'object',
};

/** What the label says where text has to follow a form. */
const FORMS: Partial<Record<Primitive, string>> = {
	date: 'YYYY-MM-DD',
	time: 'HH:mm:ss',
	duration: 'h:mm:ss',
};

/** The input for a value: simple ones as themselves, lists of them with commas, enums as dropdown, all else as JSON. */
function inputFor(
	{ name, array }: TypeExpression,
	from: Catalogue,
): Pick<ResourceMapperField, 'type' | 'options'> {
	if (array) return { type: isSimple(name) ? 'string' : 'array' };
	if (isEnum(from, name)) return { type: 'options', options: enumOptions(name, from) };
	return { type: isPrimitive(name) ? (INPUTS[name] ?? 'string') : 'object' };
}

const isSimple = (name: string): name is Primitive => isPrimitive(name) && name !== 'object';

/** What n8n calls the two kinds of JSON. */
const JSON_FORMS: Partial<Record<string, string>> = { array: 'JSON array', object: 'JSON object' };

/**
 * What follows the label where a value has a form of its own. JSON says so, too: an AI model is told nothing of a field but
 * its label, since n8n gives an argument of type `json` no type in the schema of a tool (n8n 2.41.1).
 */
function formOf(type: TypeExpression, from: Catalogue): string {
	const own = type.array ? 'comma-separated' : FORMS[type.name as Primitive];
	const form =
		JSON_FORMS[inputFor(type, from).type ?? ''] ?? (isSimple(type.name) ? own : undefined);
	return form === undefined ? '' : ` (${form})`;
}

/** What a field starts with: JSON is easier to change than to write. */
function templateFor(expression: string, from: Catalogue): string | undefined {
	const { type } = inputFor(parseType(expression), from);
	return type === 'object' || type === 'array'
		? JSON.stringify(sampleValue(from, expression), null, 2)
		: undefined;
}

/**
 * Fields of n8n's resource mapper for members of XAPI: strings, numbers and switches as such, enums as dropdowns, dates
 * as pickers, lists of simple values with commas, everything else as JSON that starts from a template.
 *
 * @param types type expressions by name, in the order to show
 * @param from the catalogue that has the types
 * @param options `required` and `removed` decide it for each field; a removed one is offered under "Add field"; `owner` is
 *   the type that has them, where they belong to one
 */
export function mapperFields(
	types: Readonly<Record<string, string>>,
	{
		from = shipped,
		required = () => false,
		removed = () => true,
		owner = '',
	}: {
		from?: Catalogue;
		owner?: string;
		required?: (type: TypeExpression) => boolean;
		removed?: (type: TypeExpression) => boolean;
	} = {},
): ResourceMapperField[] {
	return Object.entries(types).map(([id, expression]) => {
		const type = parseType(expression);
		const defaultValue = templateFor(expression, from);
		return {
			id,
			displayName: labelOf(owner, id) + formOf(type, from),
			required: required(type),
			defaultMatch: false,
			display: true,
			removed: removed(type),
			...inputFor(type, from),
			...(defaultValue === undefined ? {} : { defaultValue }),
		};
	});
}
