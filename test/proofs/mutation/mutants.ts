/** Makes the mutants of some files, by Stryker's instrumenter. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wordingIgnored, type Path } from './wording';

/** One change of the code. */
export interface Mutant {
	/** Number in the instrumented code. */
	id: string;
	/** Relative to the root. */
	file: string;
	/** Counted from 1. */
	line: number;
	/** Stryker's name of the kind of change. */
	mutator: string;
	/** What stands in the code, on one line, at most {@link SHOWN} characters. */
	original: string;
	/** What takes its place, likewise. */
	replacement: string;
	/** Same for as long as the file is. */
	key: string;
}

/** The instrumented code, in which a mutant is switched on by its number. */
export interface Instrumented {
	/** By absolute path. */
	code: Record<string, string>;
	mutants: Mutant[];
	/** How many were left out as wording. */
	wording: number;
}

const SHOWN = 160;

/**
 * @param root the project
 * @param files to mutate, relative to the root
 * @returns all mutants of these files, without those of wording
 */
export async function instrument(root: string, files: readonly string[]): Promise<Instrumented> {
	const sources = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
	// A package of ES modules only: required, it would not find its own parts.
	const { Instrumenter } = await import('@stryker-mutator/instrumenter');
	const result = await new Instrumenter(SILENT).instrument(
		[...sources].map(([name, content]) => ({ name, content, mutate: true })),
		{
			plugins: null,
			excludedMutations: [],
			ignorers: [{ shouldIgnore: (path: unknown) => wordingIgnored(path as Path) }],
		},
	);
	const counts = new Map<string, number>();
	const all = result.mutants.map((mutant) => {
		const source = sources.get(mutant.fileName) ?? '';
		const ordinal = counts.get(mutant.fileName) ?? 0;
		counts.set(mutant.fileName, ordinal + 1);
		const described = {
			id: mutant.id,
			file: mutant.fileName,
			line: mutant.location.start.line + 1,
			mutator: mutant.mutatorName,
			original: oneLine(textAt(source, mutant.location)),
			replacement: oneLine(mutant.replacement),
			key: `${mutant.fileName}#${hashOf(source)}#${ordinal}`,
		};
		return { described, isWording: mutant.status === 'Ignored' };
	});
	return {
		code: Object.fromEntries(result.files.map(({ name, content }) => [join(root, name), content])),
		mutants: all.filter(({ isWording }) => !isWording).map(({ described }) => described),
		wording: all.filter(({ isWording }) => isWording).length,
	};
}

/** @returns a short name of a content. */
export const hashOf = (content: string): string =>
	createHash('sha256').update(content).digest('hex').slice(0, 12);

interface Position {
	line: number;
	column: number;
}

function textAt(source: string, { start, end }: { start: Position; end: Position }): string {
	const lines = source.split('\n').slice(start.line, end.line + 1);
	lines[lines.length - 1] = (lines.at(-1) ?? '').slice(0, end.column);
	lines[0] = (lines[0] ?? '').slice(start.column);
	return lines.join('\n');
}

function oneLine(text: string): string {
	const line = text.replace(/\s+/g, ' ').trim();
	return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}

const no = () => false;
const nothing = () => undefined;
const SILENT = {
	isTraceEnabled: no,
	isDebugEnabled: no,
	isInfoEnabled: no,
	isWarnEnabled: no,
	isErrorEnabled: no,
	isFatalEnabled: no,
	trace: nothing,
	debug: nothing,
	info: nothing,
	warn: nothing,
	error: nothing,
	fatal: nothing,
};
