import { inspect } from 'node:util';
import { HIDDEN, SECRET_PROPERTIES, secretValues } from '../../lib/xapi/secrets';
import type { CredentialStore } from './n8n';

/**
 * Watches all that the node harness puts out, in every test: items, errors, events and log lines. `watchSuite.ts` fails the
 * test in which a secret shows that nobody asked for by name.
 */

/** Secrets that the harness has handed out: client secrets, tokens, typed passwords. */
const seeded = new Set<string>();

let found: string[] = [];

/** Lines of the log, until the end of the test: the secrets of it are known only then. */
let lines: unknown[][] = [];

/** More than a test writes. */
const MAX_LINES = 10_000;

/** @param line what a logger was given */
export function watchLine(...line: unknown[]): void {
	if (lines.length < MAX_LINES) lines.push(line);
}

/** Shorter ones occur by chance. */
const SHORTEST = 6;

/** How every token of a PBX begins, and of the simulated one. */
const TOKEN = /eyJ[\w-]{10,}\.[\w-]{10,}/;

/** @param parameters what a person typed */
export function seed({ stored }: CredentialStore, parameters: object = {}): void {
	const { clientSecret, oauthTokenData } = stored as Record<string, unknown>;
	const token = (oauthTokenData as { access_token?: unknown } | undefined)?.access_token;
	const typed = secretValues({ path: '', body: parameters });
	for (const value of [clientSecret, token, ...typed]) {
		const isSecret =
			typeof value === 'string' && value.length >= SHORTEST && !value.startsWith('=');
		if (isSecret && value !== 'not issued yet' && value !== HIDDEN) seeded.add(value);
	}
}

/**
 * @param where a word for the message
 * @param shown what was put out
 * @param asked names of secrets that were asked for
 */
export function watch(where: string, shown: unknown, asked: readonly string[] = []): void {
	named(where, shown, asked);
	const text = inspect(withoutNode(shown), {
		depth: 12,
		maxArrayLength: 1_000,
		maxStringLength: 100_000,
	});
	if (TOKEN.test(text)) found.push(`${where}: a token`);
	if (asked.length > 0) return;
	for (const secret of seeded) if (text.includes(secret)) found.push(`${where}: ${secret}`);
}

/**
 * n8n hangs the node on its errors, with all that a person typed into it: that is n8n's, and no leak of ours. It also
 * makes plain objects of errors.
 */
function withoutNode(shown: unknown, depth = 6): unknown {
	if (typeof shown !== 'object' || shown === null || depth === 0) return shown;
	if (Array.isArray(shown)) return shown.map((member) => withoutNode(member, depth - 1));
	const { message, stack, cause } = shown as Partial<Error>;
	const members =
		stack === undefined ? shown : { ...shown, message, stack, cause, node: undefined };
	return Object.fromEntries(
		Object.entries(members).map(([name, member]) => [name, withoutNode(member, depth - 1)]),
	);
}

/** Properties that are secrets by their names. */
function named(where: string, value: unknown, asked: readonly string[], depth = 12): void {
	if (typeof value !== 'object' || value === null || depth === 0) return;
	for (const [name, member] of Object.entries(value)) {
		const isReadable = (typeof member === 'string' && member !== '') || typeof member === 'number';
		const isSecret = !Array.isArray(value) && Object.hasOwn(SECRET_PROPERTIES, name);
		if (isSecret && isReadable && member !== HIDDEN && !asked.includes(name))
			found.push(`${where}: ${name} is ${member}`);
		else named(where, member, asked, depth - 1);
	}
}

/** @returns what the log of this test holds so far */
export const linesSoFar = (): ReadonlyArray<readonly unknown[]> => lines;

/** @returns the secrets that have shown since the last time */
export function takeFound(): string[] {
	for (const line of lines) watch('log', line);
	lines = [];
	const taken = [...new Set(found)];
	found = [];
	return taken;
}
