/*
 * A stand-in for a language model that is offered tools: it decides by their texts alone, as they come over the wire. It
 * knows none of our tools, and its rules are the same for all, so a description that misleads it makes it fail.
 *
 * - It takes the tool whose name, description and arguments share the most telling words with the request (BM25).
 * - It fills in arguments by what their schema says: an example such as +441632960123, a list after "one of", a name.
 * - What the request does not have it looks up with another tool first, or leaves out where it may.
 * - It is careful: a tool that says it ACTS is taken for an order with a word of its own, never for a question.
 */

/** A tool, as models are told of it. */
export interface OfferedTool {
	name: string;
	description: string;
	/** JSON schema of the arguments. */
	schema: { properties?: Record<string, Argument>; required?: string[] };
}

interface Argument {
	type?: string;
	description?: string;
	enum?: string[];
}

/** A tool that was used, and what it answered. */
export interface Step {
	tool: string;
	arguments: Record<string, string>;
	answer: string;
}

/** What it does next: use a tool, or answer. */
export type Next = Pick<Step, 'tool' | 'arguments'> | { answer: string };

/** Said where no tool fits. */
const NO_TOOL = 'I have no tool for that.';

/** Tools that it uses for one request at most. */
const MOST_STEPS = 5;

/** Score that a tool needs: a word that nearly all of them have is no reason. */
const LEAST_SCORE = 1.2;

const MEANINGLESS = new Set(
	'a an and any are as at be been by can could did do does for from had has have he how i if in is it its just me my no not of on one only or our please she so some than that the their them then there they this to us was we were what when where which who whom will with would you your'.split(
		' ',
	),
);

/** The words of a text, without what makes no difference. */
const wordsOf = (text: string): string[] =>
	(
		text
			.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
			.toLowerCase()
			.match(/\p{L}+/gu) ?? []
	)
		.filter((word) => word.length > 1 && !MEANINGLESS.has(word))
		.map((word) =>
			word.replace(/(?:ies|ing|ed|es|s)$/, (end) => (word.length - end.length < 3 ? end : '')),
		)
		.map((word) => (word.length > 4 ? word.replace(/[ey]$/, '') : word));

/** A name says more than a sentence. */
const NAME_WEIGHT = 3;

const documentOf = ({ name, description, schema }: OfferedTool): string[] => [
	...Array.from({ length: NAME_WEIGHT }, () => wordsOf(name)).flat(),
	...wordsOf(description),
	...Object.entries(schema.properties ?? {}).flatMap(([key, argument]) =>
		wordsOf(`${key} ${argument.description ?? ''}`),
	),
];

/** How well each tool fits a text, best first (Okapi BM25, k1 1.2, b 0.5). */
function ranked(text: string, tools: readonly OfferedTool[]) {
	const documents = tools.map(documentOf);
	const average = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;
	const scores = documents.map((document) =>
		[...new Set(wordsOf(text))].reduce((score, word) => {
			const having = documents.filter((each) => each.includes(word)).length;
			const count = document.filter((each) => each === word).length;
			const rarity = Math.log(1 + (documents.length - having + 0.5) / (having + 0.5));
			const length = 0.5 + (0.5 * document.length) / average;
			return score + (rarity * count * 2.2) / (count + 1.2 * length);
		}, 0),
	);
	return tools
		.map((tool, at) => ({ tool, document: documents[at]!, score: scores[at]! }))
		.sort((one, other) => other.score - one.score);
}

const acts = ({ description }: OfferedTool) => /^ACTS\b/.test(description);

/** The tool for a request; undefined where none fits. */
function toolFor(request: string, tools: readonly OfferedTool[]): OfferedTool | undefined {
	const isQuestion = request.trim().endsWith('?');
	const [order = ''] = wordsOf(request);
	// It sees that a name is one; but a name alone is no reason for a tool.
	const isNamed = valuesIn(request).some(({ kind }) => kind === 'name');
	const related = ranked(request, tools).filter(({ score }) => score > 0);
	const found = ranked(isNamed ? `${request} name` : request, tools)
		.filter(({ tool, score }) => score >= LEAST_SCORE && related.some((each) => each.tool === tool))
		.filter(({ tool, document }) => !acts(tool) || (!isQuestion && document.includes(order)));
	return found[0]?.tool;
}

type Kind = 'phone' | 'extension' | 'email' | 'name';

const SHAPES: Record<Kind, RegExp> = {
	phone: /(?<![\w+])(?:\+|0)\d[\d ()-]{5,}\d/g,
	extension: /(?<![\w+.])\d{2,5}(?![\w.])/g,
	email: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
	// A sentence begins with a capital, too.
	name: /(?<=\S )\p{Lu}[\p{Ll}'’]+(?: (?:\p{Lu}|van |der )[\p{L}'’]+)*/gu,
};

/** A value in a request, and the words before it. */
interface Found {
	kind: Kind;
	value: string;
	before: string[];
}

/** All values in a request; digits of a phone number are no extension. */
function valuesIn(request: string): Found[] {
	let rest = request;
	return (['email', 'phone', 'extension', 'name'] as const).flatMap((kind) =>
		[...rest.matchAll(SHAPES[kind])].map(({ 0: text, index }) => {
			rest = rest.slice(0, index) + ' '.repeat(text.length) + rest.slice(index + text.length);
			const before =
				request
					.slice(0, index)
					.toLowerCase()
					.match(/\p{L}+/gu) ?? [];
			return { kind, value: text.replace(/['’]s$/, ''), before: before.slice(-3) };
		}),
	);
}

/** What an argument takes, by its examples ("such as 100") and its words. */
function kindsOf(key: string, { description = '' }: Argument): Kind[] {
	const text = `${key} ${description}`;
	const examples = [...text.matchAll(/(?:such as|like|e\.g\.) ([^;]+)/g)].flatMap(([, list = '']) =>
		list.split(/,? or |, | /),
	);
	const has = (kind: Kind) =>
		examples.some((each) => (each.match(SHAPES[kind]) ?? []).join('') === each);
	const isNumbered = /\bID\b/.test(description);
	return [
		...(has('email') || /\be-?mail\b/i.test(text) ? (['email'] as const) : []),
		...(has('phone') || /\b(?:tele)?phone number\b/i.test(text) ? (['phone'] as const) : []),
		...(!isNumbered && (has('extension') || /\bextension\b/i.test(text))
			? (['extension'] as const)
			: []),
		...(/\bname\b/i.test(text) ? (['name'] as const) : []),
	];
}

/** The values of a list in the description, or of the schema's own. */
function choicesOf({ description = '', enum: listed }: Argument): string[] {
	const [, list = ''] = /\bone of:? ([^.;(]+)/i.exec(description) ?? [];
	return listed ?? list.split(/,\s*(?:or\s+)?|\s+or\s+/).filter(Boolean);
}

/**
 * Gives each argument the value whose surroundings speak most of it; the first where none does. A name may stand for the
 * extension of whoever has it.
 */
function assign(
	open: Array<[string, Argument]>,
	values: readonly Found[],
): { given: Record<string, Found>; fit: number } {
	const [first, ...others] = open;
	if (!first) return { given: {}, fit: 0 };
	const [key, argument] = first;
	const kinds = kindsOf(key, argument);
	const words = new Set(`${key} ${argument.description ?? ''}`.toLowerCase().match(/\p{L}+/gu));
	const ways = values
		.filter(({ kind }) => kinds.includes(kind) || (kind === 'name' && kinds.includes('extension')))
		.map((value) => {
			const rest = assign(
				others,
				values.filter((each) => each !== value),
			);
			const near = value.before.filter((word) => words.has(word)).length;
			// A value that is used is worth more than any neighbourhood, one that need not be looked up a little more.
			const use = kinds.includes(value.kind) ? 10 : 9;
			return { given: { [key]: value, ...rest.given }, fit: use + near + rest.fit };
		});
	const without = assign(others, values);
	return [...ways, without].reduce((best, way) => (way.fit > best.fit ? way : best));
}

/** Every object in an answer, inner ones first, with the texts and numbers that it has itself. */
function recordsIn(answer: string): Array<Record<string, string>> {
	const walk = (value: unknown): Array<Record<string, string>> => {
		if (typeof value === 'string') {
			try {
				return /^[[{]/.test(value) ? walk(JSON.parse(value)) : [];
			} catch {
				return [];
			}
		}
		if (typeof value !== 'object' || value === null) return [];
		const entries = Object.entries(value);
		const own = entries.filter(([, each]) => ['string', 'number'].includes(typeof each));
		const inner = entries.flatMap(([, each]) => walk(each));
		return [...inner, Object.fromEntries(own.map(([key, each]) => [key, String(each)]))];
	};
	return walk(answer);
}

/** Looks an argument up in what tools have answered, in a record that has one of these. */
function lookedUp(
	[key, argument]: [string, Argument],
	anchors: readonly string[],
	steps: readonly Step[],
): string | undefined {
	const words = wordsOf(`${key} ${argument.description ?? ''}`);
	const kinds = kindsOf(key, argument);
	const fits = (value: string) =>
		kinds.length === 0
			? /^\d+$/.test(value)
			: kinds.some((kind) => (value.match(SHAPES[kind]) ?? []).join('') === value);
	for (const anchor of anchors) {
		const parts = anchor.toLowerCase().split(' ');
		for (const record of steps.flatMap(({ answer }) => recordsIn(answer))) {
			const texts = Object.values(record)
				.join(' ')
				.toLowerCase()
				.split(/[^\p{L}\d+'’]+/u);
			if (!parts.every((part) => texts.includes(part))) continue;
			const [best] = Object.entries(record)
				.filter(([, value]) => fits(value))
				.map(([name, value]) => ({
					value,
					fit:
						name === key
							? 2
							: wordsOf(name).filter((word) => words.includes(word)).length / wordsOf(name).length,
				}))
				.sort((one, other) => other.fit - one.fit);
			if (best && best.fit > 0) return best.value;
		}
	}
	return undefined;
}

/** What can be filled in, and which arguments lack a value that they need. */
function filled(
	tool: OfferedTool,
	request: string,
	steps: readonly Step[],
	values = valuesIn(request),
) {
	const { properties = {}, required = [] } = tool.schema;
	const lists = Object.entries(properties).flatMap(([key, argument]) => {
		const chosen = choicesOf(argument)
			.sort((one, other) => other.length - one.length)
			.find((each) => request.toLowerCase().includes(each.toLowerCase()));
		return chosen === undefined ? [] : [[key, chosen] as const];
	});
	const open = Object.entries(properties).filter(
		([key, argument]) => choicesOf(argument).length === 0 && !(key in Object.fromEntries(lists)),
	);
	const { given } = assign(open, values);
	const anchors = [...Object.values(given), ...values].map(({ value }) => value);
	const found = open.flatMap((each) => {
		const [key, argument] = each;
		const held = given[key];
		if (held && kindsOf(key, argument).includes(held.kind)) return [[key, held.value] as const];
		if (!held && !required.includes(key)) return [];
		const value = lookedUp(each, held ? [held.value] : anchors, steps);
		return value === undefined ? [] : [[key, value] as const];
	});
	const all = { ...Object.fromEntries(lists), ...Object.fromEntries(found) };
	const missing = open.filter(([key]) => required.includes(key) && !(key in all));
	return { all, missing: missing.map(([key, argument]) => ({ key, argument, named: given[key] })) };
}

/**
 * @param request what a person wants, in one sentence
 * @param tools what there is
 * @param steps what was done for it so far
 */
export function nextStep(
	request: string,
	tools: readonly OfferedTool[],
	steps: readonly Step[],
): Next {
	const tool = toolFor(request, tools);
	if (!tool) return { answer: NO_TOOL };
	const last = steps.at(-1);
	if (last?.tool === tool.name) return { answer: last.answer };
	const { all, missing } = filled(tool, request, steps);
	const [lacking] = missing;
	if (!lacking) return { tool: tool.name, arguments: all };
	const { key, argument, named } = lacking;
	const lookUp = (each: OfferedTool) => filled(each, request, [], named && [named]);
	const helper = ranked(`${key} ${argument.description ?? ''}`, tools)
		.map((each) => each.tool)
		.filter((each) => each !== tool && !acts(each))
		.find((each) => lookUp(each).missing.length === 0);
	const isTried = steps.some((step) => step.tool === helper?.name) || steps.length >= MOST_STEPS;
	if (!helper || isTried) return { answer: `I do not know ${key}.` };
	return { tool: helper.name, arguments: lookUp(helper).all };
}
