/**
 * Turns an expression into a function over rows, checking names and types against the model first, as the PBX does:
 * a filter that names an unknown property or compares a number with a string is a 400, not an empty answer.
 */
import { badQuery, ODataError } from './errors';
import type { BinaryOperator, Expression, LiteralType, OrderItem } from './expression';
import { isInstant } from './instant';
import type { Model, Property, Row, TypeModel } from './model';

type ValueType = LiteralType | 'object' | 'collection' | 'any';
type Value = string | number | boolean | null | object;
type Read = (row: Row) => Value;

interface Compiled {
	type: ValueType;
	read: Read;
	/** Set for an enum property, so that a literal compared with it can be checked. */
	enumMembers?: readonly string[];
	/** Set for a path that ends in an object or collection. */
	target?: TypeModel;
	/** Set for a number that is whole by its type. */
	isInteger?: boolean;
	/** Set for a literal. */
	literal?: string | number | boolean | null;
}

/** Names that a lambda variable binds, to the type of its element. */
type Scope = ReadonlyMap<string, TypeModel>;

const KIND_TYPE: Record<Property['kind'], ValueType> = {
	string: 'string',
	enum: 'string',
	uuid: 'string',
	binary: 'string',
	integer: 'number',
	number: 'number',
	boolean: 'boolean',
	'date-time': 'datetime',
	date: 'date',
	time: 'time',
	duration: 'duration',
	object: 'object',
	any: 'any',
};

/** An instant in the one form that sorts as text: UTC with milliseconds. Text that is no instant is left alone. */
export function canonicalInstant(text: string): string {
	if (text.length === 24 && text.endsWith('Z')) return text;
	const instant = new Date(text);
	return Number.isNaN(instant.getTime()) ? text : instant.toISOString();
}

/** Seconds of an ISO 8601 duration such as `PT1M12.5S` or `P1DT2H`; NaN when it is none. */
export function durationSeconds(text: string): number {
	const parts = /^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
	if (!parts) return Number.NaN;
	const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = parts;
	const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
	return sign === '-' ? -total : total;
}

const TO_COMPARABLE: Partial<Record<ValueType, (value: Value) => Value>> = {
	datetime: (value) => (typeof value === 'string' ? canonicalInstant(value) : value),
	duration: (value) => (typeof value === 'string' ? durationSeconds(value) : value),
	time: (value) => (typeof value === 'string' ? value.padEnd(8, ':00').slice(0, 8) : value),
};

const EDM: Partial<Record<ValueType, string>> = {
	string: 'Edm.String',
	number: 'Edm.Int32',
	boolean: 'Edm.Boolean',
	datetime: 'Edm.DateTimeOffset',
	date: 'Edm.Date',
	time: 'Edm.TimeOfDay',
	duration: 'Edm.Duration',
};
const edm = (type: ValueType) => EDM[type] ?? type;

const instant = (value: Value) => new Date(String(value));

interface Method {
	/** Types of the parameters; fewer arguments than `required` are rejected. */
	parameters: ValueType[];
	required?: number;
	result: ValueType;
	run: (...args: never[]) => Value;
}

const part = (run: (at: Date) => number): Method => ({
	parameters: ['datetime'],
	result: 'number',
	run: (value: string) => run(instant(value)),
});
const text2 = (run: (left: string, right: string) => boolean): Method => ({
	parameters: ['string', 'string'],
	result: 'boolean',
	run,
});
const text1 = (run: (text: string) => string): Method => ({
	parameters: ['string'],
	result: 'string',
	run,
});
const round = (run: (value: number) => number): Method => ({
	parameters: ['number'],
	result: 'number',
	run,
});

const METHODS: Record<string, Method> = {
	// Case counts: clients of 3CX wrap the field in tolower() to have it ignored (protocol 4.3).
	contains: text2((left, right) => left.includes(right)),
	startswith: text2((left, right) => left.startsWith(right)),
	endswith: text2((left, right) => left.endsWith(right)),
	tolower: text1((text) => text.toLowerCase()),
	toupper: text1((text) => text.toUpperCase()),
	trim: text1((text) => text.trim()),
	concat: {
		parameters: ['string', 'string'],
		result: 'string',
		run: (left: string, right: string) => left + right,
	},
	length: { parameters: ['string'], result: 'number', run: (text: string) => text.length },
	indexof: {
		parameters: ['string', 'string'],
		result: 'number',
		run: (text: string, part: string) => text.indexOf(part),
	},
	substring: {
		parameters: ['string', 'number', 'number'],
		required: 2,
		result: 'string',
		run: (text: string, from: number, length?: number) =>
			text.slice(from, length === undefined ? undefined : from + length),
	},
	year: part((at) => at.getUTCFullYear()),
	month: part((at) => at.getUTCMonth() + 1),
	day: part((at) => at.getUTCDate()),
	hour: part((at) => at.getUTCHours()),
	minute: part((at) => at.getUTCMinutes()),
	second: part((at) => at.getUTCSeconds()),
	date: {
		parameters: ['datetime'],
		result: 'date',
		run: (value: string) => canonicalInstant(value).slice(0, 10),
	},
	time: {
		parameters: ['datetime'],
		result: 'time',
		run: (value: string) => canonicalInstant(value).slice(11, 19),
	},
	now: { parameters: [], result: 'datetime', run: () => new Date().toISOString() },
	round: round(Math.round),
	floor: round(Math.floor),
	ceiling: round(Math.ceil),
};

type Compare = (left: string | number | boolean, right: string | number | boolean) => boolean;
const ORDER: Partial<Record<BinaryOperator, Compare>> = {
	lt: (left, right) => left < right,
	le: (left, right) => left <= right,
	gt: (left, right) => left > right,
	ge: (left, right) => left >= right,
};
const ARITHMETIC: Partial<Record<BinaryOperator, (left: number, right: number) => number>> = {
	add: (left, right) => left + right,
	sub: (left, right) => left - right,
	mul: (left, right) => left * right,
	div: (left, right) => left / right,
	divby: (left, right) => left / right,
	mod: (left, right) => left % right,
};

/** Year, month and so on also take a plain date. */
const accepts = (wanted: ValueType, given: ValueType) =>
	given === wanted ||
	given === 'null' ||
	given === 'any' ||
	(wanted === 'datetime' && given === 'date');

/** Functions that give a decimal, though it is whole. */
const ROUNDING: ReadonlySet<string> = new Set(['round', 'floor', 'ceiling']);

interface Cast {
	type: ValueType;
	isInteger?: boolean;
	/** Null where the text is no such value. */
	run: (text: string) => Value;
}

const whole: Cast = {
	type: 'number',
	isInteger: true,
	run: (text) => (/^-?\d+(?:\.\d+)?$/.test(text) ? Math.trunc(Number(text)) : null),
};
const decimal: Cast = {
	type: 'number',
	run: (text) => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null),
};

const CASTS: Readonly<Record<string, Cast>> = {
	'Edm.String': { type: 'string', run: (text) => text },
	'Edm.Int16': whole,
	'Edm.Int32': whole,
	'Edm.Int64': whole,
	'Edm.Decimal': decimal,
	'Edm.Double': decimal,
	'Edm.Single': decimal,
	'Edm.Boolean': {
		type: 'boolean',
		run: (text) => (/^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : null),
	},
	'Edm.Date': { type: 'date', run: (text) => (isInstant(text) ? text.slice(0, 10) : null) },
	'Edm.DateTimeOffset': {
		type: 'datetime',
		run: (text) => (isInstant(text) ? canonicalInstant(text) : null),
	},
};

class Compiler {
	constructor(private readonly model: Model) {}

	compile(expression: Expression, type: TypeModel, scope: Scope): Compiled {
		switch (expression.kind) {
			case 'literal':
				return {
					type: expression.type,
					read: () => expression.value,
					isInteger: expression.type === 'number' && !expression.isDecimal,
					literal: expression.value,
				};
			case 'property':
				return this.path(expression.path, type, scope);
			case 'call':
				return this.call(expression, type, scope);
			case 'not': {
				const operand = this.boolean(expression.operand, type, scope);
				return { type: 'boolean', read: (row) => negate(operand(row)) };
			}
			case 'binary':
				return this.binary(expression, type, scope);
			case 'lambda':
				return this.lambda(expression, type, scope);
			case 'list':
				throw badQuery("A list of values is only allowed after 'in'.");
		}
	}

	boolean(expression: Expression, type: TypeModel, scope: Scope): Read {
		const compiled = this.compile(expression, type, scope);
		if (!accepts('boolean', compiled.type)) {
			throw badQuery(
				`A value of type '${edm(compiled.type)}' was found where a condition was expected.`,
			);
		}
		return compiled.read;
	}

	private path(path: string[], root: TypeModel, scope: Scope): Compiled {
		const [first = '', ...rest] = path;
		const bound = scope.get(first);
		// A lambda variable is read from the row under its own name; see lambda().
		if (bound) return this.follow(rest, bound, (row) => (row[`$${first}`] ?? null) as Value);
		if (first === '$it') return this.follow(rest, root, (row) => row);
		return this.follow(path, root, (row) => row);
	}

	private follow(path: string[], from: TypeModel, start: Read): Compiled {
		let read = start;
		let target: TypeModel | undefined = from;
		let result: Compiled = { type: 'object', read, target };
		for (const name of path) {
			if (name === '$count' && result.type === 'collection') {
				const before = read;
				read = (row) => ((before(row) ?? []) as unknown[]).length;
				result = { type: 'number', read, isInteger: true };
				target = undefined;
				continue;
			}
			const property: Property | undefined = target?.properties.get(name);
			if (!property)
				throw badQuery(
					`Could not find a property named '${name}' on type 'Pbx.${target?.name ?? '?'}'.`,
				);
			const before = read;
			read = (row) => {
				const owner = before(row);
				const value = owner === null ? null : (owner as Row)[name];
				return (value ?? null) as Value;
			};
			target = property.typeName === undefined ? undefined : this.model.type(property.typeName);
			result = {
				type: property.collection ? 'collection' : KIND_TYPE[property.kind],
				read,
				target,
				isInteger: property.kind === 'integer',
				enumMembers:
					property.kind === 'enum' && property.typeName !== undefined
						? this.model.enumMembers(property.typeName)
						: undefined,
			};
		}
		return result;
	}

	private call(
		expression: Extract<Expression, { kind: 'call' }>,
		type: TypeModel,
		scope: Scope,
	): Compiled {
		if (expression.name === 'cast') return this.cast(expression.args, type, scope);
		const method = METHODS[expression.name];
		if (!method) throw badQuery(`An unknown function with name '${expression.name}' was found.`);
		const args = expression.args.map((arg) => this.compile(arg, type, scope));
		const required = method.required ?? method.parameters.length;
		const fits =
			args.length >= required &&
			args.length <= method.parameters.length &&
			args.every((arg, index) => accepts(method.parameters[index] ?? 'any', arg.type));
		if (!fits) {
			const given = args.map((arg) => edm(arg.type)).join(', ');
			throw badQuery(
				`No function signature for the function with name '${expression.name}' matches the specified arguments (${given}).`,
			);
		}
		const reads = args.map((arg) => arg.read);
		const run =
			expression.name === 'now'
				? () => this.model.now?.().toISOString() ?? new Date().toISOString()
				: (method.run as (...values: Value[]) => Value);
		return {
			type: method.result,
			isInteger: method.result === 'number' && !ROUNDING.has(expression.name),
			read: (row) => {
				const values = reads.map((read) => read(row));
				return values.includes(null) ? null : run(...values);
			},
		};
	}

	/** `cast(Id,Edm.String)`: what cannot be cast is null (OData 4.01, 5.1.1.10.1). */
	private cast(args: Expression[], type: TypeModel, scope: Scope): Compiled {
		const [value, wanted] = args;
		const name = wanted?.kind === 'property' && wanted.path.length === 1 ? wanted.path[0] : '';
		const cast = CASTS[name ?? ''];
		if (!value || !cast || args.length !== 2) {
			throw badQuery("The function 'cast' takes a value and a type, such as cast(Id,Edm.String).");
		}
		const { read } = this.compile(value, type, scope);
		return {
			type: cast.type,
			isInteger: cast.isInteger,
			read: (row) => {
				const before = read(row);
				return before === null || typeof before === 'object' ? null : cast.run(String(before));
			},
		};
	}

	private binary(
		expression: Extract<Expression, { kind: 'binary' }>,
		type: TypeModel,
		scope: Scope,
	): Compiled {
		const { operator } = expression;
		if (operator === 'and' || operator === 'or') {
			const left = this.boolean(expression.left, type, scope);
			const right = this.boolean(expression.right, type, scope);
			return { type: 'boolean', read: operator === 'and' ? and(left, right) : or(left, right) };
		}
		const left = this.compile(expression.left, type, scope);
		if (expression.right.kind === 'list') {
			const items = expression.right.items.map((item) => {
				const right = this.compile(item, type, scope);
				return this.equality(left, right, false);
			});
			return { type: 'boolean', read: (row) => items.some((item) => item(row)) };
		}
		const right = this.compile(expression.right, type, scope);
		if (operator === 'has') return { type: 'boolean', read: this.flags(left, right) };
		if (operator === 'eq' || operator === 'ne') {
			return { type: 'boolean', read: this.equality(left, right, operator === 'ne') };
		}
		this.comparable(left, right, operator);
		const arithmetic = ARITHMETIC[operator];
		if (arithmetic) {
			// Whole numbers divide to a whole number (OData 4.01, 5.1.1.2.4); `divby` would not.
			const isInteger = left.isInteger === true && right.isInteger === true && operator !== 'divby';
			const round = isInteger ? Math.trunc : (value: number) => value;
			return {
				type: 'number',
				isInteger,
				read: (row) => {
					const values = [left.read(row), right.read(row)];
					if (values.includes(null)) return null;
					if (isInteger && (operator === 'div' || operator === 'mod') && Number(values[1]) === 0) {
						throw new ODataError(500, 'Attempted to divide by zero.');
					}
					return round(arithmetic(Number(values[0]), Number(values[1])));
				},
			};
		}
		const order = ORDER[operator];
		if (!order) throw badQuery(`The operator '${operator}' is not supported here.`);
		const [readLeft, readRight] = comparableReads(left, right);
		return {
			type: 'boolean',
			read: (row) => {
				const a = readLeft(row);
				const b = readRight(row);
				return a === null || b === null ? false : order(a as string, b as string);
			},
		};
	}

	private comparable(left: Compiled, right: Compiled, operator: string): void {
		const ok =
			left.type === right.type ||
			// A day stands for its midnight, UTC, where it is compared with an instant.
			(MOMENTS.has(left.type) && MOMENTS.has(right.type)) ||
			[left.type, right.type].some((type) => type === 'null' || type === 'any');
		if (!ok) {
			throw badQuery(
				`A binary operator with incompatible types was detected. Found operand types '${edm(left.type)}' and '${edm(right.type)}' for operator kind '${operator}'.`,
			);
		}
		for (const [side, other] of [
			[left, right],
			[right, left],
		] as const) {
			if (
				side.enumMembers &&
				typeof other.literal === 'string' &&
				!side.enumMembers.includes(other.literal)
			) {
				throw badQuery(`The string '${other.literal}' is not a valid enumeration type constant.`);
			}
		}
	}

	private equality(left: Compiled, right: Compiled, negated: boolean): Read {
		this.comparable(left, right, negated ? 'ne' : 'eq');
		const [readLeft, readRight] = comparableReads(left, right);
		return (row) => (readLeft(row) === readRight(row)) !== negated;
	}

	/** Whether all flags of one enum value are set in another: `Flags has Pbx.Flags'A,B'`. */
	private flags(left: Compiled, right: Compiled): Read {
		if (!left.enumMembers || typeof right.literal !== 'string') {
			throw badQuery("The operator 'has' needs an enumeration and one of its values.");
		}
		const wanted = membersOf(right.literal);
		const unknown = wanted.find((member) => !left.enumMembers?.includes(member));
		if (unknown !== undefined) {
			throw badQuery(`The string '${unknown}' is not a valid enumeration type constant.`);
		}
		return (row) => {
			const value = left.read(row);
			if (value === null) return null;
			const held = membersOf(String(value));
			return wanted.every((member) => held.includes(member));
		};
	}

	private lambda(
		expression: Extract<Expression, { kind: 'lambda' }>,
		type: TypeModel,
		scope: Scope,
	): Compiled {
		const collection = this.path(expression.path, type, scope);
		if (collection.type !== 'collection' || !collection.target) {
			throw badQuery(`'${expression.path.join('/')}' is not a collection; any and all need one.`);
		}
		const { variable, predicate, quantifier } = expression;
		const items = (row: Row) => (collection.read(row) ?? []) as Row[];
		if (variable === undefined || predicate === undefined) {
			return { type: 'boolean', read: (row) => items(row).length > 0 };
		}
		const inner = this.boolean(predicate, type, new Map([...scope, [variable, collection.target]]));
		const holds = (row: Row) => (item: Row) => inner({ ...row, [`$${variable}`]: item }) === true;
		return {
			type: 'boolean',
			read:
				quantifier === 'any'
					? (row) => items(row).some(holds(row))
					: (row) => items(row).every(holds(row)),
		};
	}
}

/** Members of an enum value; those of flags are joined with commas. */
const membersOf = (value: string) => value.split(',').map((member) => member.trim());

/** Types of moments: a day is compared with an instant as its midnight. */
const MOMENTS: ReadonlySet<ValueType> = new Set(['date', 'datetime']);

function comparableReads(left: Compiled, right: Compiled): [Read, Read] {
	const isMixed = left.type !== right.type && MOMENTS.has(left.type) && MOMENTS.has(right.type);
	const same = (side: Compiled): Compiled => (isMixed ? { ...side, type: 'datetime' } : side);
	return [comparableRead(same(left)), comparableRead(same(right))];
}

function comparableRead(side: Compiled): Read {
	const convert = TO_COMPARABLE[side.type];
	if (!convert) return side.read;
	if (side.literal !== undefined) {
		const value = convert(side.literal as Value);
		return () => value;
	}
	return (row) => convert(side.read(row));
}

/** Three-valued logic: null is "unknown" and stays so under `not` (OData 4.01, 5.1.1.1). */
const negate = (value: Value): Value => (value === null ? null : value !== true);
const and =
	(left: Read, right: Read): Read =>
	(row) => {
		const a = left(row);
		if (a === false) return false;
		const b = right(row);
		if (b === false) return false;
		return a === null || b === null ? null : true;
	};
const or =
	(left: Read, right: Read): Read =>
	(row) => {
		const a = left(row);
		if (a === true) return true;
		const b = right(row);
		if (b === true) return true;
		return a === null || b === null ? null : false;
	};

/**
 * A predicate for a `$filter`.
 * @throws ODataError 400 for an unknown property or function and for operands that cannot be compared
 */
export function compileFilter(
	expression: Expression,
	type: TypeModel,
	model: Model,
): (row: Row) => boolean {
	const read = new Compiler(model).boolean(expression, type, new Map());
	return (row) => read(row) === true;
}

/** A comparison for an `$orderby`; null comes first in ascending order, as in .NET. */
export function compileOrder(
	items: OrderItem[],
	type: TypeModel,
	model: Model,
): (a: Row, b: Row) => number {
	const compiler = new Compiler(model);
	const keys = items.map(({ expression, direction }) => {
		const compiled = compiler.compile(expression, type, new Map());
		return { read: comparableRead(compiled), direction };
	});
	return (left, right) => {
		for (const { read, direction } of keys) {
			const [a, b] = [read(left), read(right)];
			if (a === b) continue;
			const before = a === null || (b !== null && a < b);
			return before ? -direction : direction;
		}
		return 0;
	};
}
