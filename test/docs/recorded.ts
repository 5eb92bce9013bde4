import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { Example, Examples } from '../../scripts/docs/example';

/** The items that stand in `docs/nodes` as examples: what the nodes gave against the simulated PBX. */

export const DOCS = join(__dirname, '../../docs');

const FILE = join(DOCS, 'nodes/examples.json');

/** How much of a list and of a text an example shows. */
const MAX_ROWS = 2;
const MAX_TEXT = 160;

/** Values that differ from run to run and say nothing to a reader. */
const PLAIN: ReadonlyArray<[RegExp, string]> = [
	[/127\.0\.0\.1:\d+/g, 'pbx.example.com'],
	[/localhost:\d+/g, 'pbx.example.com'],
];

/** @returns whether the examples are to be written instead of compared */
export const isWriting = process.env.DOCS === 'write';

/** @returns the examples as they stand in the repository */
export function readExamples(): Examples {
	try {
		return JSON.parse(readFileSync(FILE, 'utf8')) as Examples;
	} catch {
		return {};
	}
}

/** The file that {@link readExamples} reads. */
export const EXAMPLES_FILE = FILE;

/** @returns an item as an example: short, and without what belongs to this run only */
export const exampleOf = ({ json, binary }: INodeExecutionData): Example => ({
	json: short(json) as IDataObject,
	...(binary && {
		files: Object.fromEntries(
			Object.entries(binary).map(([field, { fileName, mimeType }]) => [
				field,
				{ fileName, mimeType },
			]),
		),
	}),
});

function short(value: unknown): unknown {
	if (value instanceof Date) return value.toISOString();
	if (Array.isArray(value)) return value.slice(0, MAX_ROWS).map(short);
	if (typeof value === 'object' && value !== null)
		return Object.fromEntries(
			Object.entries(value).map(([name, member]) => [
				name,
				name === 'ClientSecret' ? '(the new key)' : short(member),
			]),
		);
	if (typeof value !== 'string') return value;
	const plain = PLAIN.reduce((text, [pattern, by]) => text.replace(pattern, by), value);
	return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain;
}

/**
 * What an example says about the fields: their names and the kinds of their values. Null says nothing of the kind, and
 * nor does an empty list.
 *
 * @returns lines such as `agents[].Number: string`
 */
export function shapeOf(value: unknown, path = ''): string[] {
	if (value === null || value === undefined) return [];
	if (Array.isArray(value)) return [...new Set(value.flatMap((one) => shapeOf(one, `${path}[]`)))];
	if (typeof value === 'object')
		return Object.entries(value).flatMap(([name, member]) =>
			shapeOf(member, path === '' ? name : `${path}.${name}`),
		);
	return [`${path}: ${typeof value}`];
}
