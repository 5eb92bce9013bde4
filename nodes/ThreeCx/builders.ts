import type { IDataObject, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { Expand } from '../../lib/odata/expand';
import {
	classOf,
	filter,
	OPERATORS,
	rawFilter,
	type Condition,
	type Operator,
	type TypeClass,
} from '../../lib/odata/filter';
import type { Query } from '../../lib/odata/query';
import { catalogue, propertiesOf } from '../../lib/xapi/catalogue';
import { ThreeCxError } from '../../lib/http/errors';

/**
 * The builders for `$filter`, `$orderby`, `$select` and `$expand`: their parameters, and how their values become a
 * query. The Field dropdowns come from the catalogue; their values carry the field's class behind a bar
 * (`Number|text`), because n8n can show the fitting operators and value input only by looking at another value.
 */

/** The value of a Field option. */
export const fieldValue = (name: string, typeClass: TypeClass): string => `${name}|${typeClass}`;

/** The field's name in the value of a Field option, or as an expression gave it. */
const fieldName = (value: string): string => value.split('|')[0]?.trim() ?? '';

/** Shows a parameter for fields of these classes; text fits what an expression gives without a class, too. */
const forClasses = (...classes: TypeClass[]) => ({
	field: [
		{
			_cnd: {
				regex: classes.includes('text')
					? `^[^|]*$|\\|(${classes.join('|')})$`
					: `\\|(${classes.join('|')})$`,
			},
		},
	],
});

/** n8n's dropdown options for the operators of a class. */
const operatorOptions = (typeClass: TypeClass): INodePropertyOptions[] =>
	(Object.entries(OPERATORS) as Array<[Operator, (typeof OPERATORS)[Operator]]>)
		.filter(([, { fits }]) => (fits as readonly TypeClass[]).includes(typeClass))
		.map(([value, { label }]) => ({ name: label, value }));

const operatorsTaking = (...operands: string[]) =>
	Object.entries(OPERATORS)
		.filter(([, rule]) => operands.includes(rule.operands))
		.map(([name]) => name);

const CLASSES: readonly TypeClass[] = ['text', 'number', 'boolean', 'moment', 'id', 'enum'];

const VALUE_OPERATORS = operatorsTaking('one', 'two', 'list');

/** The Value input of each class; between them exactly one is shown. */
const valueInputs: INodeProperties[] = [
	{
		displayName: 'Value',
		name: 'value',
		type: 'string',
		default: '',
		description: 'For "Is One Of", several values with commas between them',
		displayOptions: { show: { ...forClasses('text', 'number', 'id'), operator: VALUE_OPERATORS } },
	},
	{
		displayName: 'Value',
		name: 'booleanValue',
		type: 'options',
		options: [
			{ name: 'False', value: 'false' },
			{ name: 'True', value: 'true' },
		],
		default: 'true',
		displayOptions: { show: { ...forClasses('boolean'), operator: VALUE_OPERATORS } },
	},
	{
		displayName: 'Date and Time',
		name: 'dateValue',
		type: 'dateTime',
		default: '',
		description: 'In the time zone of the workflow',
		displayOptions: { show: { ...forClasses('moment'), operator: VALUE_OPERATORS } },
	},
	{
		displayName: 'Value Names or IDs',
		name: 'enumValue',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getEnumMembers', loadOptionsDependsOn: ['&field'] },
		default: [],
		description:
			'Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
		displayOptions: { show: { ...forClasses('enum'), operator: VALUE_OPERATORS } },
	},
	{
		displayName: 'And',
		name: 'value2',
		type: 'string',
		default: '',
		displayOptions: { show: { ...forClasses('number'), operator: operatorsTaking('two') } },
	},
	{
		displayName: 'And',
		name: 'dateValue2',
		type: 'dateTime',
		default: '',
		displayOptions: { show: { ...forClasses('moment'), operator: operatorsTaking('two') } },
	},
];

const fieldProperty: INodeProperties = {
	displayName: 'Field Name or ID',
	name: 'field',
	type: 'options',
	typeOptions: { loadOptionsMethod: 'getFilterFields' },
	default: '',
	description:
		'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>',
};

/** Conditions with any/all. */
export const filterProperties: INodeProperties[] = [
	{
		displayName: 'Filter',
		name: 'filters',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add Condition',
		default: {},
		options: [
			{
				name: 'conditions',
				displayName: 'Condition',
				values: [
					fieldProperty,
					...CLASSES.map(
						(typeClass): INodeProperties => ({
							displayName: 'Condition',
							name: 'operator',
							type: 'options',
							options: operatorOptions(typeClass),
							default: 'equals',
							displayOptions: { show: forClasses(typeClass) },
						}),
					),
					...valueInputs,
				],
			},
		],
	},
	{
		displayName: 'Must Match',
		name: 'match',
		type: 'options',
		options: [
			{ name: 'All Conditions', value: 'all' },
			{ name: 'Any Condition', value: 'any' },
		],
		default: 'all',
	},
];

/** Members of the Options collection that shape a list. */
export const queryOptions: INodeProperties[] = [
	{
		displayName: 'Expand Names or IDs',
		name: 'expand',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getNavigationProperties' },
		default: [],
		description:
			'Linked records to bring along. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Field Names or IDs',
		name: 'select',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getFields' },
		default: [],
		description:
			'The fields to return, instead of the simplified ones. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Raw Filter (OData)',
		name: 'rawFilter',
		type: 'string',
		default: '',
		placeholder: "e.g. startswith(Number,'1') and Enabled eq true",
		description: 'A $filter expression for experts, used in addition to the conditions above',
	},
	{
		displayName: 'Search',
		name: 'search',
		type: 'string',
		default: '',
		placeholder: 'e.g. anna',
		description: 'A text that 3CX looks for by itself, as in the search box of the Admin Console',
	},
	{
		displayName: 'Show Secret Field Names or IDs',
		name: 'reveal',
		type: 'multiOptions',
		typeOptions: { loadOptionsMethod: 'getSecretFields' },
		default: [],
		description:
			'Passwords, PINs and provisioning links are hidden unless named here. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
	},
	{
		displayName: 'Sort',
		name: 'sort',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Sort Field',
		default: {},
		options: [
			{
				name: 'by',
				displayName: 'Field',
				values: [
					fieldProperty,
					{
						displayName: 'Direction',
						name: 'direction',
						type: 'options',
						options: [
							{ name: 'Ascending', value: 'asc' },
							{ name: 'Descending', value: 'desc' },
						],
						default: 'asc',
					},
				],
			},
		],
	},
];

/** One row of the Filter parameter. */
interface ConditionInput {
	field: string;
	operator?: Operator;
	value?: string | number | boolean | string[];
	booleanValue?: string;
	dateValue?: string;
	enumValue?: string[];
	value2?: string;
	dateValue2?: string;
}

/** The values of the builders' parameters for one item. */
export interface BuilderInput {
	filters?: { conditions?: ConditionInput[] };
	match?: 'all' | 'any';
	options?: {
		expand?: string[];
		select?: string[];
		rawFilter?: string;
		search?: string;
		sort?: { by?: Array<{ field: string; direction?: 'asc' | 'desc' }> };
	};
}

/**
 * What the builders' parameters ask for.
 *
 * @param type the entity's type in the catalogue
 * @param input the parameters' values
 * @param instant turns a date and time as n8n gives it (the workflow's zone) into ISO with Z
 * @returns the query, without paging
 * @throws ThreeCxError or ODataInputError of a user's mistake, naming the field
 */
export function queryFrom(
	type: string,
	input: BuilderInput,
	instant: (text: string) => string,
): Query {
	const { filters, match = 'all', options = {} } = input;
	const types = propertiesOf(catalogue, type);
	const built = filter(
		{
			match,
			conditions: (filters?.conditions ?? []).map((row) => conditionFrom(row, types, instant)),
		},
		catalogue.enums,
	);
	const raw = rawFilter(options.rawFilter ?? '');
	return {
		filter: built !== undefined && raw !== undefined ? `(${built}) and (${raw})` : (built ?? raw),
		search: options.search,
		select: options.select,
		expand: (options.expand ?? []).map((property): Expand => ({ property })),
		orderBy: (options.sort?.by ?? []).map(({ field, direction }) => ({
			field: fieldName(field),
			direction,
		})),
	};
}

function conditionFrom(
	row: ConditionInput,
	types: Readonly<Record<string, string>>,
	instant: (text: string) => string,
): Condition {
	const field = fieldName(row.field);
	const type = types[field];
	if (type === undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'filters',
			message:
				field === ''
					? 'A filter condition names no field'
					: `There is no field "${field}" to filter by`,
			hint: 'Choose the field from the list; names are spelled as in the output.',
		});
	}
	const operator = row.operator ?? 'equals';
	const typeClass = classOf(type, catalogue.enums);
	const isList = OPERATORS[operator]?.operands === 'list';
	const values: Record<string, () => Pick<Condition, 'value' | 'value2'>> = {
		boolean: () => ({ value: row.booleanValue ?? row.value }),
		moment: () => ({
			value: instant(row.dateValue ?? String(row.value ?? '')),
			value2: instant(row.dateValue2 ?? row.value2 ?? ''),
		}),
		enum: () => {
			const members = [row.enumValue ?? row.value ?? []].flat();
			return { value: isList || members.length > 1 ? members : members[0] };
		},
	};
	const plain = () => ({
		value:
			isList && typeof row.value === 'string'
				? row.value.split(',').map((one) => one.trim())
				: row.value,
		value2: row.value2,
	});
	const { value, value2 } = (values[typeClass ?? ''] ?? plain)();
	return {
		field,
		type,
		// Several members chosen with "Equals" can only mean any of them.
		operator: operator === 'equals' && Array.isArray(value) ? 'in' : operator,
		value,
		value2,
		ignoreCase: typeClass === 'text',
	};
}

/** The options of a list as n8n gives them, which may be left out as a whole. */
export const asBuilderInput = (
	filters: IDataObject,
	match: string,
	options: IDataObject,
): BuilderInput => ({ filters, match, options }) as BuilderInput;
