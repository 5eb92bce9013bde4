import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** From parameters of a node, as n8n shows them, to rows of a table. */

/** A parameter as a reader is told of it. */
export interface FieldRow {
	/** As in the panel. */
	label: string;
	/** Where its value stands in the node's parameters, such as `options.reveal` or `rules.rule[].to`. */
	path: string;
	type: string;
	required: boolean;
	default: string;
	/** What it does, when it is shown, and what can be chosen. */
	text: string;
}

/** More choices than this are counted, not listed: the panel has them. */
const MOST_CHOICES = 15;

/** As many choices are explained. */
const MOST_EXPLAINED = 8;

/** Parameters that hold nothing: texts and buttons of the panel. */
const WITHOUT_VALUE: ReadonlySet<INodeProperties['type']> = new Set([
	'notice',
	'callout',
	'button',
	'hidden',
	'icon',
]);

/** What n8n's lists say of themselves, which is the same everywhere. */
const SPECIFY =
	/Choose from the list, or specify (?:an ID|IDs) using an <a [^>]*>expression<\/a>\.?/;

type Option = NonNullable<INodeProperties['options']>[number];

const isChoice = (option: Option): option is INodePropertyOptions => 'value' in option;

const choicesOf = ({ options = [] }: INodeProperties) => options.filter(isChoice);

const isParameter = (option: Option): option is INodeProperties => 'type' in option;

const isGroup = (
	option: Option,
): option is Exclude<Option, INodePropertyOptions | INodeProperties> => 'values' in option;

/** @returns whether a condition of n8n allows a value; those that are no plain values say nothing of it */
const allows = (values: readonly unknown[] | undefined, value: string): boolean =>
	values === undefined || values.includes(value);

/** @returns whether a parameter is shown for an operation, given the right values of the others */
export function isFor(
	{ displayOptions: { show, hide } = {} }: INodeProperties,
	resource: string,
	operation: string,
): boolean {
	const hidden = (values: readonly unknown[] | undefined, value: string) =>
		values !== undefined && values.includes(value);
	return (
		allows(show?.resource, resource) &&
		allows(show?.operation, operation) &&
		!hidden(hide?.resource, resource) &&
		!hidden(hide?.operation, operation)
	);
}

/** What is around a parameter while its rows are made. */
interface Around {
	/** Parameters beside it and outside of it, which may decide whether it is shown. */
	parameters: readonly INodeProperties[];
	/** Whether a parameter is told in one row, its inner ones being told elsewhere: the text that says where. */
	folded: (property: INodeProperties) => string | undefined;
	/** Where inner parameters have been told already, by what they are. */
	told: Map<string, string>;
}

/**
 * @param properties parameters of an operation, or the only ones of a trigger
 * @param folded tells of a parameter where its inner ones are told, if not here
 * @returns a row for each value that a person can enter, in the order of the panel
 */
export const rowsOf = (
	properties: readonly INodeProperties[],
	folded: Around['folded'] = () => undefined,
): FieldRow[] => rowsWithin(properties, '', { parameters: [], folded, told: new Map() });

function rowsWithin(
	properties: readonly INodeProperties[],
	path: string,
	around: Around,
): FieldRow[] {
	const parameters = [...properties, ...around.parameters];
	const inner = { ...around, parameters };
	return inOne(properties.filter(({ type }) => !WITHOUT_VALUE.has(type))).flatMap((property) => {
		const own = rowOf(property, path, parameters);
		const elsewhere = around.folded(property);
		if (elsewhere !== undefined) return [{ ...own, text: joined([own.text, elsewhere]) }];
		const { rows, note } = insideOf(property, own.path, inner);
		return [{ ...own, text: joined([own.text, note]) }, ...rows];
	});
}

/** Parameters of one name that take turns, such as the conditions for texts and for numbers, as one with all choices. */
function inOne(properties: readonly INodeProperties[]): INodeProperties[] {
	const byName = new Map<string, INodeProperties>();
	for (const property of properties) {
		const key = `${property.name} ${property.type}`;
		const known = byName.get(key);
		byName.set(
			key,
			known === undefined
				? property
				: {
						...known,
						options: inOneList(known.options, property.options),
						displayOptions:
							JSON.stringify(known.displayOptions) === JSON.stringify(property.displayOptions)
								? known.displayOptions
								: undefined,
					},
		);
	}
	return [...byName.values()];
}

function inOneList(
	some: INodeProperties['options'],
	others: INodeProperties['options'],
): INodeProperties['options'] {
	if (!some || !others) return some ?? others;
	const names = new Set(some.map(({ name }) => name));
	return [...some, ...others.filter(({ name }) => !names.has(name))] as INodeProperties['options'];
}

/** The parameters that a parameter is made of; a note instead, where they have been told. */
function insideOf(
	{ type, typeOptions, options = [] }: INodeProperties,
	path: string,
	around: Around,
): { rows: FieldRow[]; note: string } {
	if (type === 'collection')
		return { rows: rowsWithin(options.filter(isParameter), `${path}.`, around), note: '' };
	if (type !== 'fixedCollection') return { rows: [], note: '' };
	const many = typeOptions?.multipleValues === true ? '[]' : '';
	const groups = options.filter(isGroup).map(({ name, values }) => {
		const key = JSON.stringify(values);
		const at = `${path}.${name}${many}`;
		const earlier = around.told.get(key);
		if (earlier !== undefined && values.length > 1)
			return { rows: [], note: `Its fields, below ${code(at)}, are those of ${code(earlier)}.` };
		around.told.set(key, at);
		return { rows: rowsWithin(values, `${at}.`, around), note: '' };
	});
	return {
		rows: groups.flatMap(({ rows }) => rows),
		note: joined(groups.map(({ note }) => note)),
	};
}

function rowOf(
	property: INodeProperties,
	path: string,
	around: readonly INodeProperties[],
): FieldRow {
	const { displayName, name, required = false, description = '', hint = '' } = property;
	return {
		label: displayName,
		path: `${path}${name}`,
		type: typeOf(property),
		required,
		default: defaultOf(property),
		text: joined([
			conditionOf(property.displayOptions, around),
			plain(description) || plain(hint),
			choiceText(property),
		]),
	};
}

/** Sentences, each with its full stop. */
const joined = (sentences: readonly string[]): string =>
	sentences
		.filter((sentence) => sentence !== '')
		.map((sentence) => (/[.:!?)]$|<\/?\w+>$/.test(sentence) ? sentence : `${sentence}.`))
		.join(' ');

/** n8n's descriptions are HTML. */
const plain = (html: string): string =>
	html
		.replace(SPECIFY, '')
		.replace(/<a [^>]*href="([^"]*)"[^>]*>(.*?)<\/a>/g, '[$2]($1)')
		.replace(/<br ?\/?>/g, ' ')
		.replace(/<\/?(?:b|i|code)>/g, '')
		.replace(/[*<]/g, '\\$&')
		.trim();

const TYPES: Partial<Record<INodeProperties['type'], string>> = {
	boolean: 'yes or no',
	collection: 'fields to add',
	dateTime: 'date and time',
	json: 'JSON',
	multiOptions: 'several of a list',
	options: 'one of a list',
	resourceLocator: 'record',
	resourceMapper: 'fields of the PBX',
	string: 'text',
};

function typeOf({ type, typeOptions = {} }: INodeProperties): string {
	if (type === 'fixedCollection') return typeOptions.multipleValues ? 'rows to add' : 'form';
	if (type === 'string' && typeOptions.password) return 'secret text';
	return TYPES[type] ?? type;
}

function defaultOf(property: INodeProperties): string {
	const { type, default: preset } = property;
	const choices = choicesOf(property);
	const label = (value: unknown) =>
		choices.find((choice) => choice.value === value)?.name ?? String(value);
	if (type === 'resourceLocator') {
		const { value } = preset as { value?: unknown };
		return value ? code(String(value).replace(/^=/, '')) : '';
	}
	if (Array.isArray(preset)) return preset.map(label).join(', ');
	if (typeof preset === 'object' && preset !== null) return '';
	if (type === 'boolean') return preset === true ? 'yes' : 'no';
	if (type === 'options' && preset === '')
		return choices.find(({ value }) => value === '')?.name ?? '';
	return preset === undefined || preset === ''
		? ''
		: choices.length > 0
			? label(preset)
			: code(preset);
}

const code = (value: unknown): string => `\`${String(value)}\``;

/** What can be chosen: names, with values where an expression could not guess them. */
function choiceText(property: INodeProperties): string {
	const { type, modes } = property;
	if (type === 'resourceLocator')
		return `Given ${(modes ?? []).map(({ displayName, name }) => `_${displayName}_ (${code(name)})`).join(', ')}.`;
	if (type !== 'options' && type !== 'multiOptions') return '';
	const choices = choicesOf(property);
	if (choices.length === 0)
		return property.typeOptions?.loadOptionsMethod ? 'The list comes from the PBX.' : '';
	if (choices.length > MOST_CHOICES) return `The panel lists ${choices.length}.`;
	const isExplained =
		choices.length <= MOST_EXPLAINED && choices.some(({ description }) => description);
	return `Choices: ${choices
		.map(({ name, value, description }) => {
			const named = value === '' ? `_${plain(name)}_` : `_${plain(name)}_ (${code(value)})`;
			return isExplained && description ? `${named}: ${plain(description)}` : named;
		})
		.join(isExplained ? '; ' : ', ')}.`;
}

/** A longer list of values says less than none. */
const MOST_VALUES = 4;

/** When a parameter is shown, as far as it depends on others than resource and operation. */
function conditionOf(
	{ show = {}, hide = {} }: IDisplayOptions = {},
	around: readonly INodeProperties[],
): string {
	const told = (conditions: NonNullable<IDisplayOptions['show']>, word: string) =>
		Object.entries(conditions)
			.filter(([name]) => !['resource', 'operation', '@version'].includes(name))
			.filter(([, values = []]) => values.length <= MOST_VALUES)
			.map(([name, values = []]) => {
				const others = around.filter((each) => each.name === name.replace(/^\//, ''));
				const named = [...new Set(values.map((value) => valueName(value, others)))].join(' or ');
				return `${word} _${others[0]?.displayName ?? name}_ is ${named}`;
			});
	const conditions = [...told(show, 'if'), ...told(hide, 'unless')];
	return conditions.length === 0 ? '' : `Shown ${conditions.join(' and ')}.`;
}

/** The types of fields among which a filter tells conditions apart (`nodes/ThreeCx/builders`). */
const FIELD_TYPES: Readonly<Record<string, string>> = {
	boolean: 'a yes-or-no field',
	clock: 'a duration',
	enum: 'a field with a list of values',
	id: 'an ID',
	moment: 'a date and time',
	number: 'a number',
};

function valueName(value: unknown, properties: readonly INodeProperties[]): string {
	const choice = properties.flatMap(choicesOf).find((each) => each.value === value);
	if (choice) return choice.name;
	if (value === true) return 'on';
	if (value === false) return 'off';
	if (value === '') return 'empty';
	if (typeof value !== 'object') return code(value);
	const { _cnd: condition } = value as { _cnd?: { endsWith?: string } };
	return FIELD_TYPES[condition?.endsWith?.slice(1) ?? ''] ?? code(JSON.stringify(value));
}

/** @returns rows as a table of Markdown; a sentence where there are none */
export function tableOf(rows: readonly FieldRow[]): string {
	if (rows.length === 0) return 'No fields.';
	return [
		'| field | name | type | required | default | what it does |',
		'| --- | --- | --- | --- | --- | --- |',
		...rows.map(
			({ label, path, type, required, default: preset, text }) =>
				`| ${[`**${label}**`, code(path), type, required ? 'yes' : '', preset, text].map(cell).join(' | ')} |`,
		),
	].join('\n');
}

/** @returns text that a cell of a table can hold */
export const cell = (text: string): string => text.replace(/\n/g, ' ').replace(/\|/g, '\\|');
