/**
 * OData v4 expressions as used in `$filter` and `$orderby`: text to tree.
 *
 * Own parser, because `@odata/parser` 0.2.14 binds `not` looser than `and`/`or` (`not contains(a,'x') and b eq 1` becomes
 * `not (contains(a,'x') and b eq 1)`), has no `in`, no durations, and rejects `%27` within strings; a test bed that
 * evaluates a filter wrongly is worse than none.
 */
import { badQuery } from './errors';
import { beginsWithDay } from './instant';

export type LiteralType =
	| 'string'
	| 'number'
	| 'boolean'
	| 'datetime'
	| 'date'
	| 'time'
	| 'duration'
	| 'null';

export type BinaryOperator =
	| 'or'
	| 'and'
	| 'eq'
	| 'ne'
	| 'lt'
	| 'le'
	| 'gt'
	| 'ge'
	| 'in'
	| 'has'
	| 'add'
	| 'sub'
	| 'mul'
	| 'div'
	| 'divby'
	| 'mod';

export type Expression =
	| {
			kind: 'literal';
			type: LiteralType;
			value: string | number | boolean | null;
			/** A number written with a point or an exponent. */
			isDecimal?: boolean;
	  }
	| { kind: 'property'; path: string[] }
	| { kind: 'call'; name: string; args: Expression[] }
	| { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
	| { kind: 'not'; operand: Expression }
	| { kind: 'list'; items: Expression[] }
	| {
			kind: 'lambda';
			quantifier: 'any' | 'all';
			path: string[];
			variable?: string;
			predicate?: Expression;
	  };

interface Token {
	kind: 'literal' | 'name' | 'symbol' | 'end';
	text: string;
	at: number;
	literal?: Extract<Expression, { kind: 'literal' }>;
}

const unquote = (text: string) => text.slice(1, -1).replaceAll("''", "'");

/** Lexical forms in the order they are tried; the first that matches at the position wins. */
const LITERALS: ReadonlyArray<
	[RegExp, LiteralType, (text: string) => string | number | boolean | null]
> = [
	[/'(?:[^']|'')*'/y, 'string', unquote],
	[/duration'[^']*'/y, 'duration', (text) => unquote(text.slice('duration'.length))],
	// An enum literal with its type name in front, such as Pbx.PeerType'Extension'.
	[
		/[A-Za-z_][\w.]*\.\w+'(?:[^']|'')*'/y,
		'string',
		(text) => unquote(text.slice(text.indexOf("'"))),
	],
	[
		/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})/y,
		'datetime',
		(text) => text,
	],
	[/\d{4}-\d{2}-\d{2}(?![\w:])/y, 'date', (text) => text],
	[/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iy, 'string', (text) => text],
	[/\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?/y, 'time', (text) => text],
	[/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w])/y, 'number', Number],
	[/(?:true|false)(?!\w)/y, 'boolean', (text) => text === 'true'],
	[/null(?!\w)/y, 'null', () => null],
];
/** Literals that begin with a day. */
const DATED: ReadonlySet<LiteralType> = new Set(['date', 'datetime']);

const NAME = /[A-Za-z_$][\w.]*/y;
const SYMBOL = /[(),/:]/y;
const SPACE = /\s*/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
	pattern.lastIndex = at;
	return pattern.exec(text)?.[0];
}

function nextToken(text: string, from: number): { token: Token; end: number } {
	const at = from + (matchAt(SPACE, text, from)?.length ?? 0);
	if (at >= text.length) return { token: { kind: 'end', text: '', at }, end: at };
	for (const [pattern, type, convert] of LITERALS) {
		const found = matchAt(pattern, text, at);
		if (found !== undefined) {
			if (DATED.has(type) && !beginsWithDay(found)) {
				throw badQuery(`There is no day '${found.slice(0, 10)}', at position ${at} in '${text}'.`);
			}
			const isDecimal = type === 'number' && /[.eE]/.test(found);
			const literal = {
				kind: 'literal' as const,
				type,
				value: convert(found),
				...(isDecimal ? { isDecimal } : {}),
			};
			return { token: { kind: 'literal', text: found, at, literal }, end: at + found.length };
		}
	}
	for (const [kind, pattern] of [
		['name', NAME],
		['symbol', SYMBOL],
	] as const) {
		const found = matchAt(pattern, text, at);
		if (found !== undefined) return { token: { kind, text: found, at }, end: at + found.length };
	}
	throw badQuery(`Syntax error at position ${at} in '${text}'.`);
}

function tokenise(text: string): Token[] {
	const tokens: Token[] = [];
	for (let at = 0; ; ) {
		const { token, end } = nextToken(text, at);
		tokens.push(token);
		if (token.kind === 'end') return tokens;
		at = end;
	}
}

/** Operators by how tightly they bind, loosest first (OData 4.01, 5.1.1.17). `not` binds tighter than all of them. */
const PRECEDENCE: ReadonlyArray<readonly BinaryOperator[]> = [
	['or'],
	['and'],
	['eq', 'ne'],
	['lt', 'le', 'gt', 'ge', 'in', 'has'],
	['add', 'sub'],
	['mul', 'div', 'divby', 'mod'],
];

class Parser {
	private readonly tokens: Token[];
	private position = 0;

	constructor(private readonly text: string) {
		this.tokens = tokenise(text);
	}

	private get token(): Token {
		return this.tokens[this.position] ?? { kind: 'end', text: '', at: this.text.length };
	}

	private fail(): never {
		const { at, text } = this.token;
		const what = text === '' ? 'Expression expected' : `Syntax error near '${text}'`;
		throw badQuery(`${what} at position ${at} in '${this.text}'.`);
	}

	private take(): Token {
		const { token } = this;
		this.position += 1;
		return token;
	}

	private tryTake(text: string): boolean {
		const { token } = this;
		if (token.kind === 'literal' || token.text !== text) return false;
		this.position += 1;
		return true;
	}

	private expect(text: string): void {
		if (!this.tryTake(text)) this.fail();
	}

	expression(level = 0): Expression {
		const operators = PRECEDENCE[level];
		if (operators === undefined) return this.unary();
		let left = this.expression(level + 1);
		for (;;) {
			const operator = operators.find(
				(name) => this.token.kind === 'name' && this.token.text === name,
			);
			if (operator === undefined) return left;
			this.take();
			const right = operator === 'in' ? this.list() : this.expression(level + 1);
			left = { kind: 'binary', operator, left, right };
		}
	}

	private unary(): Expression {
		if (this.token.kind === 'name' && this.token.text === 'not') {
			this.take();
			return { kind: 'not', operand: this.unary() };
		}
		return this.primary();
	}

	private primary(): Expression {
		if (this.token.literal) return this.take().literal ?? this.fail();
		if (this.tryTake('(')) {
			const inner = this.expression();
			this.expect(')');
			return inner;
		}
		if (this.token.kind !== 'name') this.fail();
		return this.nameOrCall();
	}

	private nameOrCall(): Expression {
		const name = this.take().text;
		if (this.tryTake('(')) return { kind: 'call', name, args: this.argumentsUntilClose() };
		const path = [name];
		while (this.tryTake('/')) {
			if (this.token.kind !== 'name') this.fail();
			const step = this.take().text;
			if ((step === 'any' || step === 'all') && this.tryTake('(')) return this.lambda(step, path);
			path.push(step);
		}
		return { kind: 'property', path };
	}

	private lambda(quantifier: 'any' | 'all', path: string[]): Expression {
		if (this.tryTake(')')) return { kind: 'lambda', quantifier, path };
		if (this.token.kind !== 'name') this.fail();
		const variable = this.take().text;
		this.expect(':');
		const predicate = this.expression();
		this.expect(')');
		return { kind: 'lambda', quantifier, path, variable, predicate };
	}

	private list(): Expression {
		this.expect('(');
		return { kind: 'list', items: this.argumentsUntilClose() };
	}

	private argumentsUntilClose(): Expression[] {
		const args: Expression[] = [];
		if (this.tryTake(')')) return args;
		do args.push(this.expression());
		while (this.tryTake(','));
		this.expect(')');
		return args;
	}

	end(): void {
		if (this.token.kind !== 'end') this.fail();
	}

	/** `asc`, `desc` or nothing, followed by a comma or the end. */
	direction(): 1 | -1 {
		if (this.tryTake('desc')) return -1;
		this.tryTake('asc');
		return 1;
	}

	comma(): boolean {
		return this.tryTake(',');
	}
}

/**
 * Parses the (percent-decoded) text of a `$filter`.
 * @throws ODataError 400 that says where the text stops making sense
 */
export function parseFilter(text: string): Expression {
	const parser = new Parser(text);
	const expression = parser.expression();
	parser.end();
	return expression;
}

export interface OrderItem {
	expression: Expression;
	/** 1 ascending, -1 descending. */
	direction: 1 | -1;
}

/**
 * Parses the text of an `$orderby`: expressions, each with an optional `asc` or `desc`.
 * @throws ODataError 400 that says where the text stops making sense
 */
export function parseOrderBy(text: string): OrderItem[] {
	const parser = new Parser(text);
	const items: OrderItem[] = [];
	do items.push({ expression: parser.expression(), direction: parser.direction() });
	while (parser.comma());
	parser.end();
	return items;
}
