import { own } from '../own';
import { isPrimitive, parseType, type Primitive } from './typeExpression';
import { ODataInputError } from './error';
import { fieldPath } from './field';
import { literal, type Enums } from './literal';
import { wellFormed } from './text';

/** What the operators tell types apart by. */
export type TypeClass = 'text' | 'number' | 'boolean' | 'moment' | 'id' | 'enum';

const CLASS_OF_PRIMITIVE: Readonly<Record<Primitive, TypeClass | undefined>> = {
	string: 'text',
	boolean: 'boolean',
	int32: 'number',
	int64: 'number',
	uint8: 'number',
	decimal: 'number',
	double: 'number',
	float: 'number',
	'date-time': 'moment',
	date: 'moment',
	time: 'moment',
	duration: 'moment',
	uuid: 'id',
	object: undefined,
};

/** How many values an operator takes; `two` are `value` and `value2`, `list` is an array under `value`. */
export type Operands = 'none' | 'one' | 'two' | 'list';

interface OperatorRule {
	/** Label for a dropdown. */
	label: string;
	fits: readonly TypeClass[];
	operands: Operands;
	/** Writes the comparison of a field (or `tolower(field)`) with literals, in parentheses where it has several parts. */
	render: (field: string, literals: readonly string[], typeClass: TypeClass) => string;
}

const ANY: readonly TypeClass[] = ['text', 'number', 'boolean', 'moment', 'id', 'enum'];
const SINGLE_VALUES: readonly TypeClass[] = ['text', 'number', 'moment', 'id', 'enum'];
const ORDERED: readonly TypeClass[] = ['number', 'moment'];
const TEXT: readonly TypeClass[] = ['text'];

const comparison =
	(operator: string) =>
	(field: string, [value]: readonly string[]) =>
		`${field} ${operator} ${value}`;
const textFunction =
	(name: string) =>
	(field: string, [value]: readonly string[]) =>
		`${name}(${field},${value})`;

/**
 * Every operator: its label, the types it fits, the values it takes and how it is written.
 *
 * Only what is known to work on 3CX is used: eq, ne, gt, ge, lt, le, and, or, not, contains, startswith, endswith, tolower.
 * The `in` operator is unproven there, so "is one of" becomes a chain of eq. A row without a value counts as "does not
 * equal" and "does not contain", as one expects; OData alone would drop it from "does not contain".
 */
export const OPERATORS = {
	equals: { label: 'Equals', fits: ANY, operands: 'one', render: comparison('eq') },
	notEquals: { label: 'Does Not Equal', fits: ANY, operands: 'one', render: comparison('ne') },
	contains: { label: 'Contains', fits: TEXT, operands: 'one', render: textFunction('contains') },
	notContains: {
		label: 'Does Not Contain',
		fits: TEXT,
		operands: 'one',
		render: (field, literals) =>
			`(${field} eq null or not ${textFunction('contains')(field, literals)})`,
	},
	startsWith: {
		label: 'Starts With',
		fits: TEXT,
		operands: 'one',
		render: textFunction('startswith'),
	},
	endsWith: { label: 'Ends With', fits: TEXT, operands: 'one', render: textFunction('endswith') },
	greaterThan: { label: 'Greater Than', fits: ORDERED, operands: 'one', render: comparison('gt') },
	greaterOrEqual: {
		label: 'Greater Than or Equal',
		fits: ORDERED,
		operands: 'one',
		render: comparison('ge'),
	},
	lessThan: { label: 'Less Than', fits: ORDERED, operands: 'one', render: comparison('lt') },
	lessOrEqual: {
		label: 'Less Than or Equal',
		fits: ORDERED,
		operands: 'one',
		render: comparison('le'),
	},
	between: {
		label: 'Between',
		fits: ORDERED,
		operands: 'two',
		render: (field, [from, to]) => `(${field} ge ${from} and ${field} le ${to})`,
	},
	in: {
		label: 'Is One Of',
		fits: SINGLE_VALUES,
		operands: 'list',
		render: (field, literals) => `(${literals.map((one) => `${field} eq ${one}`).join(' or ')})`,
	},
	isEmpty: {
		label: 'Is Empty',
		fits: ANY,
		operands: 'none',
		render: (field, _literals, typeClass) =>
			typeClass === 'text' ? `(${field} eq null or ${field} eq '')` : `${field} eq null`,
	},
	isNotEmpty: {
		label: 'Is Not Empty',
		fits: ANY,
		operands: 'none',
		render: (field, _literals, typeClass) =>
			typeClass === 'text' ? `(${field} ne null and ${field} ne '')` : `${field} ne null`,
	},
} as const satisfies Record<string, OperatorRule>;

export type Operator = keyof typeof OPERATORS;

/** One comparison. */
export interface Condition {
	/** Property, or a path to one: `Rights/RoleName`. */
	field: string;
	/** Its type expression in the catalogue: `string?`, `date-time`, `PeerType`. */
	type: string;
	operator: Operator;
	/** See `literal` for what each type takes; an array for `in`; ignored by `isEmpty` and `isNotEmpty`. */
	value?: unknown;
	/** Upper end for `between`, inclusive. */
	value2?: unknown;
	/** Compare texts without regard to case, through `tolower`. Default false. No effect on other types. */
	ignoreCase?: boolean;
	/**
	 * Compare the UTC day of a `date-time` only, through `date(field)`; values are then days (`YYYY-MM-DD`). Default false.
	 * For CallHistoryView, where some builds answer 500 to a comparison with a timestamp [?].
	 */
	dayOnly?: boolean;
}

/** Conditions that must all hold, or of which any must. */
export interface ConditionGroup {
	match: 'all' | 'any';
	conditions: readonly Condition[];
}

/** What `filter` takes: conditions and groups of them, one level deep. */
export interface FilterGroup {
	match: 'all' | 'any';
	conditions: ReadonlyArray<Condition | ConditionGroup>;
}

/**
 * Writes a `$filter`, not percent-encoded yet (`queryString` does that).
 *
 * @returns undefined when there is no condition at all
 * @throws ODataInputError naming the field whose operator or value does not fit
 */
export function filter(group: FilterGroup, enums: Enums = {}): string | undefined {
	const parts = group.conditions.flatMap((part) => {
		if (!('conditions' in part)) return [condition(part, enums)];
		const inner = part.conditions.map((one) => condition(one, enums));
		return inner.length < 2 ? inner : [`(${joined(part, inner)})`];
	});
	return parts.length === 0 ? undefined : joined(group, parts);
}

const CONNECTIVES = { all: ' and ', any: ' or ' } as const;

function joined({ match }: ConditionGroup | FilterGroup, parts: readonly string[]): string {
	const connective = own(CONNECTIVES, match);
	if (connective !== undefined) return parts.join(connective);
	throw new ODataInputError('"match" must be all or any.', 'match');
}

function condition(
	{ field, type, operator, value, value2, ignoreCase = false, dayOnly = false }: Condition,
	enums: Enums,
): string {
	const rule: OperatorRule | undefined = Object.hasOwn(OPERATORS, operator)
		? OPERATORS[operator]
		: undefined;
	const typeClass = classOf(type, enums);
	if (!rule || !typeClass || !rule.fits.includes(typeClass)) {
		const fitting = operatorsFor(type, enums);
		throw new ODataInputError(
			`"${field}" cannot be compared with "${rule?.label ?? operator}". ${
				fitting.length > 0
					? `Use one of: ${fitting.map((name) => OPERATORS[name].label).join(', ')}.`
					: 'It holds a list or an object: filter on one of its inner fields.'
			}`,
			field,
		);
	}
	const lower = ignoreCase && typeClass === 'text';
	const comparedType = dayOnly ? dayTypeOf(type, field) : type;
	const literals = operandsOf(rule.operands, value, value2, field).map((operand) =>
		literal(lower ? lowerCase(operand) : operand, comparedType, { field, enums }),
	);
	if (literals.includes('null') && operator !== 'equals' && operator !== 'notEquals') {
		throw new ODataInputError(
			`"${field}" has no value to compare with. Fill it in, or use "${OPERATORS.isEmpty.label}".`,
			field,
		);
	}
	const path = fieldPath(field);
	const wrapper = rule.operands === 'none' ? '' : lower ? 'tolower' : dayOnly ? 'date' : '';
	return rule.render(wrapper ? `${wrapper}(${path})` : path, literals, typeClass);
}

function operandsOf(operands: Operands, value: unknown, value2: unknown, field: string): unknown[] {
	const wanted: Record<Operands, () => unknown[]> = {
		none: () => [],
		one: () => [value],
		two: () => [value, value2],
		list: () => (Array.isArray(value) ? (value as unknown[]) : [value]),
	};
	const values = wanted[operands]();
	if (values.includes(undefined) || (operands === 'list' && values.length === 0)) {
		throw new ODataInputError(
			`"${field}" has no value to compare with. Fill it in, or remove the condition.`,
			field,
		);
	}
	return values;
}

function dayTypeOf(type: string, field: string): string {
	if (parseType(type).name === 'date-time') return 'date';
	throw new ODataInputError(
		`"${field}" has no time of day, so "day only" does not apply to it.`,
		field,
	);
}

function lowerCase(value: unknown): unknown {
	return typeof value === 'string' ? value.toLowerCase() : value;
}

/** The class of a catalogue type; undefined for lists, objects and types with inner fields, which cannot be compared. */
export function classOf(type: string, enums: Enums = {}): TypeClass | undefined {
	const { name, array } = parseType(type);
	if (array) return undefined;
	if (isPrimitive(name)) return CLASS_OF_PRIMITIVE[name];
	return Object.hasOwn(enums, name) ? 'enum' : undefined;
}

/** The operators that fit a catalogue type, in the order of `OPERATORS`; none for lists and objects. */
export function operatorsFor(type: string, enums: Enums = {}): Operator[] {
	const typeClass = classOf(type, enums);
	const entries = Object.entries(OPERATORS) as Array<[Operator, OperatorRule]>;
	return entries
		.filter(([, { fits }]) => typeClass && fits.includes(typeClass))
		.map(([name]) => name);
}

/**
 * Lets an expert's `$filter` pass as it is, after a check that its quotes and parentheses close: a request cut short by one
 * of them fails on the PBX with a message about the wrong place.
 *
 * @returns the text, trimmed; undefined when there is none
 * @throws ODataInputError naming the position (counted from 1)
 */
export function rawFilter(text: string): string | undefined {
	const open: number[] = [];
	let quoteAt = -1;
	for (let index = 0; index < text.length; index++) {
		const character = text[index];
		// A doubled quote inside a text closes and opens it again at once, which comes to the same.
		if (character === "'") quoteAt = quoteAt < 0 ? index : -1;
		else if (quoteAt >= 0) continue;
		else if (character === '(') open.push(index);
		else if (character === ')' && open.pop() === undefined) {
			throw unbalanced('closes a parenthesis that was never opened', index);
		}
	}
	if (quoteAt >= 0) {
		throw unbalanced(
			"opens a text that has no closing quote (write a quote inside a text as '')",
			quoteAt,
		);
	}
	const last = open.pop();
	if (last !== undefined) throw unbalanced('opens a parenthesis that is never closed', last);
	return wellFormed(text.trim(), 'filter') || undefined;
}

function unbalanced(what: string, index: number): ODataInputError {
	return new ODataInputError(`The filter ${what}: position ${index + 1}.`);
}
