/** What is kept of the runs, and what it comes to. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Mutant } from './mutants';

/** A mutant that no test notices, with the reason why that is right. */
export interface NamedSurvivor {
	file: string;
	/** The code that may be changed, as the runner prints it. */
	original: string;
	/** What it is changed to; left out: whatever. */
	replacement?: string;
	/** Why no test can, or should, notice. */
	reason: string;
}

/** A mutant that no test notices. */
export interface Survivor {
	file: string;
	line: number;
	mutator: string;
	original: string;
	replacement: string;
	/** No test even reaches it. */
	uncovered?: true;
	/** From the list of named survivors. */
	reason?: string;
}

/** What a run of a folder found. */
export interface FolderResult {
	/** Mutants of the folder, without wording. */
	mutants: number;
	/** Mutants that were tried: all of them, or a sample. */
	tried: number;
	killed: number;
	timeout: number;
	survived: number;
	uncovered: number;
	/** Mutants of wording, left out. */
	wording: number;
	/** Share of the tried ones that was noticed, in percent. */
	score: number;
	/** Bounds of the score at 95 %, where it is of a sample. */
	interval?: [number, number];
	/** Seed of the sample. */
	seed?: number;
	/** Runs of all tests without a mutant, between the others: how many passed. */
	controls: string;
	survivors: Survivor[];
}

/** By folder. */
export type Results = Record<string, FolderResult>;

/** @returns the results kept in a file; none when there is no file. */
export function readJson<T>(file: string, otherwise: T): T {
	return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : otherwise;
}

/** Keeps a value. */
export function writeJson(file: string, value: unknown): void {
	writeFileSync(file, `${JSON.stringify(value, null, '\t')}\n`);
}

/** @returns the survivor with its reason, if it has one. */
export function named(survivor: Survivor, names: readonly NamedSurvivor[]): Survivor {
	const reason = names.find((name) => isNamedBy(survivor, name))?.reason;
	return reason === undefined ? survivor : { ...survivor, reason };
}

/** @returns whether a name is meant for a survivor. */
export function isNamedBy(survivor: Survivor, name: NamedSurvivor): boolean {
	return (
		name.file === survivor.file &&
		name.original === survivor.original &&
		(name.replacement === undefined || name.replacement === survivor.replacement)
	);
}

/** @returns a mutant as a survivor. */
export function survivorOf(mutant: Mutant, uncovered: boolean): Survivor {
	const { file, line, mutator, original, replacement } = mutant;
	return { file, line, mutator, original, replacement, ...(uncovered ? { uncovered } : {}) };
}

/** Share of successes in percent, to a tenth. */
export const percent = (part: number, whole: number): number =>
	whole === 0 ? 100 : Math.round((1000 * part) / whole) / 10;

/** @returns Wilson's interval at 95 % of a share, in percent. */
export function wilson(part: number, whole: number): [number, number] {
	const z = 1.96;
	const share = part / whole;
	const middle = share + z ** 2 / (2 * whole);
	const half = z * Math.sqrt((share * (1 - share)) / whole + z ** 2 / (4 * whole ** 2));
	const scale = 1 + z ** 2 / whole;
	return [
		Math.round((1000 * (middle - half)) / scale) / 10,
		Math.round((1000 * (middle + half)) / scale) / 10,
	];
}

/** @returns the score of all folders, each counted by its mutants. */
export function overall(results: Results): number {
	const folders = Object.values(results);
	const mutants = folders.reduce((total, folder) => total + folder.mutants, 0);
	const noticed = folders.reduce((total, { mutants: own, killed, timeout, tried }) => {
		return total + (tried === 0 ? 0 : (own * (killed + timeout)) / tried);
	}, 0);
	return percent(noticed, mutants);
}
