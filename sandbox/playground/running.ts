import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Owner } from './api';

/** What the folder of a running playground tells other processes about it. */
export interface Running {
	pid: number;
	/** URL of the editor. */
	n8n: string;
	/** URL of the PBX: the sandbox's own page, or the real one. */
	pbx: string;
}

/** Where the note about the running playground lies; it is removed when the playground ends. */
export const runningFile = (folder: string): string => join(folder, 'running.json');

/** Where the login of the playground's n8n lies, readable only for its user. */
export const ownerFile = (folder: string): string => join(folder, 'owner.json');

/** @returns the note in a data folder; undefined when no playground has left one there */
export const readRunning = async (folder: string): Promise<Running | undefined> =>
	await readJson<Running>(runningFile(folder));

/** @returns the login of the n8n of a data folder; undefined when it has none yet */
export const readOwner = async (folder: string): Promise<Owner | undefined> =>
	await readJson<Owner>(ownerFile(folder));

/** Leaves the note. */
export async function writeRunning(folder: string, running: Running): Promise<void> {
	await writeFile(runningFile(folder), JSON.stringify(running));
}

async function readJson<T>(file: string): Promise<T | undefined> {
	return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as T) : undefined;
}
