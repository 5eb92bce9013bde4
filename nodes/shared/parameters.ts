import {
	isSafeObjectProperty,
	type IDataObject,
	type IExecuteFunctions,
	type IGetNodeParameterOptions,
} from 'n8n-workflow';

/** What a parameter gives for an item; {@link UNSURE} leaves the answer to n8n. */
type Reading = (json: IDataObject) => unknown;

const UNSURE = Symbol('n8n decides');
const NOT_SET = Symbol('not set');

/**
 * The context of an execution, with parameters that are read faster.
 *
 * n8n evaluates every expression of every item in an isolate, which takes it 0.3 to 0.5 ms (n8n 2.40.7): longer than a
 * PBX nearby needs to answer. But most expressions are what the editor writes when somebody drags a field into a
 * parameter, `={{ $json.name }}`, and most parameters hold none at all. These are answered from the item itself; every
 * other expression, and every value of which it is not certain what n8n would make of it, is n8n's to answer.
 *
 * It is certain where all of this holds, and only there:
 * - what is looked up is the item's own text, number or switch, found without leaving plain objects and arrays;
 * - n8n would neither convert nor check the value afterwards: none of our parameters has a `validateType` or takes a
 *   pattern out of a value (`test/nodes/parameters.test.ts` holds them to that).
 *
 * @param context n8n's execution context
 * @returns the same context, with its own `getNodeParameter`
 */
export function withQuickParameters(context: IExecuteFunctions): IExecuteFunctions {
	// The input of a tool is what an AI agent says; its expressions are n8n's business. An n8n too old to tell is asked, too.
	if (context.isToolExecution?.() !== false) return context;
	const items = context.getInputData();
	const readings = new Map<string, Reading | typeof NOT_SET | undefined>();

	/** What is set for a parameter is the same for every item; {@link NOT_SET} where nothing is. */
	const readingOf = (name: string, index: number): Reading | typeof NOT_SET | undefined => {
		if (!readings.has(name)) {
			const raw: unknown = context.getNodeParameter(name, index, NOT_SET, { rawExpressions: true });
			readings.set(name, raw === NOT_SET ? NOT_SET : compile(raw));
		}
		return readings.get(name);
	};

	const getNodeParameter = (
		name: string,
		index: number,
		fallback?: unknown,
		options: IGetNodeParameterOptions = {},
	): unknown => {
		const { extractValue, ...others } = options;
		const item = items[index];
		if (item && Object.keys(others).length === 0) {
			const found = readingOf(name, index);
			const reading = found === NOT_SET ? compile(fallback) : found;
			const value = reading?.(item.json) ?? UNSURE;
			if (value !== UNSURE) return extractValue ? chosenIn(value) : value;
		}
		return context.getNodeParameter(name, index, fallback, options);
	};
	return Object.create(context, {
		getNodeParameter: { value: getNodeParameter },
	}) as IExecuteFunctions;
}

/** What a resource locator has chosen; every other value is itself. */
const chosenIn = (value: unknown): unknown =>
	isPlainObject(value) && 'mode' in value && 'value' in value ? value.value : value;

/** @returns how to read a raw parameter; undefined where only n8n can */
function compile(raw: unknown): Reading | undefined {
	if (typeof raw === 'string') {
		if (!raw.startsWith('=')) return () => raw;
		const path = pathIn(raw);
		return path && ((json) => lookUp(json, path));
	}
	if (typeof raw !== 'object' || raw === null) return () => raw;
	if (!Array.isArray(raw) && !isPlainObject(raw)) return undefined;
	const members = Object.entries(raw).map(([name, value]) => [name, compile(value)] as const);
	if (members.some(([, reading]) => !reading)) return undefined;
	// A new one each time, as n8n gives it: whoever gets it may change it. A copy that is filled in costs less than one
	// that is put together, see `rowsFromEntries`.
	return (json) => {
		const built = (Array.isArray(raw) ? [...(raw as unknown[])] : { ...raw }) as typeof raw;
		for (const [name, reading] of members) {
			const value = reading!(json);
			if (value === UNSURE) return UNSURE;
			(built as Record<string, unknown>)[name] = value;
		}
		return built;
	};
}

/** One step of a path: `.name`, `["any text"]`, `['any text']`, `[0]`; texts without escapes. */
const STEP = String.raw`\.[A-Za-z_$][\w$]*|\["[^"\\\n]+"\]|\['[^'\\\n]+'\]|\[\d+\]`;
const REFERENCE = new RegExp(String.raw`^=\{\{\s*\$json((?:${STEP})+)\s*\}\}$`);

/** @returns the steps of an expression that only names something in `$json`; undefined for every other */
function pathIn(expression: string): string[] | undefined {
	const [, steps] = REFERENCE.exec(expression) ?? [];
	const names = steps
		?.match(new RegExp(STEP, 'g'))
		?.map((step) => step.replace(/^\.|^\[["']?|["']?\]$/g, ''));
	// n8n keeps expressions away from names such as `constructor`; how, is its business.
	return names?.every(isSafeObjectProperty) ? names : undefined;
}

function lookUp(json: IDataObject, path: readonly string[]): unknown {
	let value: unknown = json;
	for (const name of path) {
		if (!(Array.isArray(value) || isPlainObject(value)) || !Object.hasOwn(value, name))
			return UNSURE;
		value = (value as Record<string, unknown>)[name];
	}
	return ['string', 'number', 'boolean'].includes(typeof value) ? value : UNSURE;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
	if (typeof value !== 'object' || value === null) return false;
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === Object.prototype || prototype === null;
}
