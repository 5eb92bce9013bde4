import type { INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import {
	classOf,
	OPERATORS,
	type Condition,
	type Operands,
	type Operator,
	type TypeClass,
} from '../../../lib/odata/filter';
import { catalogue, parseType } from '../../../lib/xapi/catalogue';

/**
 * One comparison: its inputs, and how their values become a condition. The values of the Field dropdown carry the
 * field's class behind a bar (`Number|text`), because n8n can show the fitting operators and value input only by looking
 * at another value.
 */

/**
 * What inputs tell types apart by: the classes of the filter, but for days, times and durations. Those compare like
 * moments, and are typed as text: a date picker gives a moment in a zone, which none of them is.
 */
export type InputClass = TypeClass | 'clock';

const CLASSES: readonly InputClass[] = [
	'text',
	'number',
	'boolean',
	'moment',
	'clock',
	'id',
	'enum',
];

/** The class of a type expression of the catalogue; undefined for lists and objects, which cannot be compared. */
export function inputClassOf(expression: string): InputClass | undefined {
	const typeClass = classOf(expression, catalogue.enums);
	return typeClass === 'moment' && parseType(expression).name !== 'date-time' ? 'clock' : typeClass;
}

/** The value of a Field option. */
export const fieldValue = (name: string, inputClass: InputClass): string => `${name}|${inputClass}`;

/** The field's name in the value of a Field option, or as an expression gave it. */
export const fieldName = (value: string): string => value.split('|')[0]?.trim() ?? '';

const OPERATOR_NAMES = Object.keys(OPERATORS) as Operator[];

/** The operators that fit a class. */
const operatorsOf = (inputClass: InputClass): Operator[] => {
	const typeClass = inputClass === 'clock' ? 'moment' : inputClass;
	return OPERATOR_NAMES.filter((name) =>
		(OPERATORS[name].fits as readonly TypeClass[]).includes(typeClass),
	);
};

const operatorsTaking = (...operands: Operands[]): Operator[] =>
	OPERATOR_NAMES.filter((name) => operands.includes(OPERATORS[name].operands));

/** Classes with the same operators share one dropdown, which keeps the description of the node small. */
const OPERATOR_SETS: InputClass[][] = [
	...new Set(CLASSES.map((inputClass) => operatorsOf(inputClass).join())),
].map((operators) => CLASSES.filter((inputClass) => operatorsOf(inputClass).join() === operators));

/** What differs between the conditions of a list and those of linked records. */
export interface ConditionLists {
	/** Load-options method that lists the fields. */
	fields: string;
	/** Load-options method that lists the members of the chosen field's enum. */
	members: string;
	/** Parameters beside the condition that the fields depend on, such as `&property`. */
	dependsOn?: string[];
	/** The condition may be left out: nothing else is shown until a field is chosen. */
	optional?: boolean;
}

const CHOOSE_ONE =
	'Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>';
const CHOOSE_MANY =
	'Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>';

/** The dropdown of fields to compare or to sort by. */
export const fieldProperty = (
	{ fields, dependsOn }: Pick<ConditionLists, 'fields' | 'dependsOn'>,
	more: Partial<INodeProperties> = {},
): INodeProperties => ({
	displayName: 'Field Name or ID',
	name: 'field',
	type: 'options',
	typeOptions: {
		loadOptionsMethod: fields,
		...(dependsOn ? { loadOptionsDependsOn: dependsOn } : {}),
	},
	default: '',
	description: CHOOSE_ONE,
	...more,
});

/** The inputs of a condition: field, operator, and the value that fits both. */
export function conditionInputs(lists: ConditionLists): INodeProperties[] {
	const byClass = (classes: readonly InputClass[]) =>
		classes.map((inputClass) => ({ _cnd: { endsWith: fieldValue('', inputClass) } }));
	/**
	 * Shows an input for fields of these classes; text also fits what an expression gives without a class. Without
	 * regular expressions: n8n gives each one 250 ms, and refuses to run the workflow when a busy machine takes longer.
	 */
	const shown = (
		classes: readonly InputClass[],
		operator?: readonly Operator[],
	): INodeProperties['displayOptions'] => {
		const forOperator = operator ? { operator: [...operator] } : {};
		if (!classes.includes('text')) return { show: { field: byClass(classes), ...forOperator } };
		const others = byClass(CLASSES.filter((inputClass) => !classes.includes(inputClass)));
		return { show: forOperator, hide: { field: [...(lists.optional ? [''] : []), ...others] } };
	};
	const input = (
		name: string,
		type: INodeProperties['type'],
		more: Partial<INodeProperties>,
	): INodeProperties => ({ displayName: 'Value', name, type, default: '', ...more });
	const single = operatorsTaking('one', 'two');
	const list = operatorsTaking('list');
	const two = operatorsTaking('two');
	const listed = { description: 'Separate multiple values with commas' };
	return [
		fieldProperty(lists),
		...OPERATOR_SETS.map(
			(classes): INodeProperties => ({
				displayName: 'Condition',
				name: 'operator',
				type: 'options',
				options: operatorsOf(classes[0]!).map((value) => ({ name: OPERATORS[value].label, value })),
				default: 'equals',
				displayOptions: shown(classes),
			}),
		),
		input('value', 'string', { displayOptions: shown(['text', 'number', 'id'], single) }),
		input('value', 'string', {
			placeholder: 'e.g. 2026-11-23 or 0:01:30',
			displayOptions: shown(['clock'], single),
		}),
		input('value', 'string', {
			...listed,
			displayOptions: shown(['text', 'number', 'moment', 'clock', 'id'], list),
		}),
		input('booleanValue', 'options', {
			options: [
				{ name: 'False', value: 'false' },
				{ name: 'True', value: 'true' },
			],
			default: 'true',
			displayOptions: shown(['boolean'], single),
		}),
		input('dateValue', 'dateTime', {
			displayName: 'Date and Time',
			description: 'In the time zone of the workflow',
			displayOptions: shown(['moment'], single),
		}),
		input('enumValue', 'options', {
			displayName: 'Value Name or ID',
			typeOptions: { loadOptionsMethod: lists.members, loadOptionsDependsOn: ['&field'] },
			description: CHOOSE_ONE,
			displayOptions: shown(['enum'], single),
		}),
		input('enumValues', 'multiOptions', {
			displayName: 'Value Names or IDs',
			typeOptions: { loadOptionsMethod: lists.members, loadOptionsDependsOn: ['&field'] },
			default: [],
			description: CHOOSE_MANY,
			displayOptions: shown(['enum'], list),
		}),
		input('value2', 'string', {
			displayName: 'And',
			displayOptions: shown(['number', 'clock'], two),
		}),
		input('dateValue2', 'dateTime', {
			displayName: 'And',
			displayOptions: shown(['moment'], two),
		}),
	];
}

/** The values of {@link conditionInputs}. */
export interface ConditionInput {
	field?: string;
	operator?: Operator;
	value?: string | number | boolean | Array<string | number>;
	booleanValue?: string;
	dateValue?: string;
	enumValue?: string | string[];
	enumValues?: string[];
	value2?: string | number;
	dateValue2?: string;
}

/** Turns a date and time as n8n gives it (the workflow's zone) into ISO with Z. */
export type Instant = (text: string) => string;

/**
 * The condition that the inputs describe.
 *
 * @param row the inputs' values
 * @param types property types of the entity, from the catalogue
 * @throws ThreeCxError of kind `input` when there is no such field
 */
export function conditionFrom(
	row: ConditionInput,
	types: Readonly<Record<string, string>>,
	instant: Instant,
): Condition {
	const field = fieldName(row.field ?? '');
	const type = Object.hasOwn(types, field) ? types[field] : undefined;
	if (type === undefined) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'filters',
			message:
				field === ''
					? 'A filter condition has no field'
					: `There is no field "${field}" to filter by`,
			hint: 'Choose the field from the list, or spell its name as in the output.',
		});
	}
	const operator = row.operator ?? 'equals';
	const isList = OPERATORS[operator]?.operands === 'list';
	const inputClass = inputClassOf(type);
	const typed = VALUES[inputClass ?? 'text'](row);
	const asMoment = (value: unknown) =>
		inputClass === 'moment' && value !== undefined ? instant(String(value)) : value;
	const values = isList ? listed(typed.value).map(asMoment) : undefined;
	return {
		field,
		type,
		// Several values with "Equals" can only mean any of them.
		operator: operator === 'equals' && Array.isArray(typed.value) ? 'in' : operator,
		value: values ?? (Array.isArray(typed.value) ? typed.value : asMoment(typed.value)),
		value2: asMoment(typed.value2),
		ignoreCase: inputClass === 'text',
	};
}

type Values = Pick<ConditionInput, 'value' | 'value2'>;

const plain = ({ value, value2 }: ConditionInput): Values => ({ value, value2 });

/** Where each class has its values; an expression that names a field without its class leaves them under `value`. */
const VALUES: Record<InputClass, (row: ConditionInput) => Values> = {
	text: plain,
	number: plain,
	clock: plain,
	id: plain,
	boolean: ({ booleanValue, value }) => ({ value: booleanValue ?? value }),
	moment: ({ dateValue, dateValue2, value, value2 }) => ({
		value: dateValue ?? value,
		value2: dateValue2 ?? value2,
	}),
	enum: ({ enumValue, enumValues, value }) => ({ value: enumValues ?? enumValue ?? value }),
};

/** A list as an expression gives it, or as text with commas. */
const listed = (value: ConditionInput['value']): Array<string | number | boolean> =>
	typeof value === 'string'
		? value
				.split(',')
				.map((one) => one.trim())
				.filter(Boolean)
		: [value ?? []].flat();
