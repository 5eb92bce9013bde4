import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Owner } from '../../sandbox/playground/api';
import { build, isStale } from '../../sandbox/playground/package';
import { startServices, type Services } from '../../sandbox/playground/services';
import { TablesApi } from '../../sandbox/playground/tables';
import { openN8n } from '../support/openN8n';

/** What the proofs have in common that do something in a real n8n and count what came of it. */

const ROOT = resolve(__dirname, '..', '..');

/** What they work with, and how they tell what they have found. */
export interface Played {
	api: TablesApi;
	/** Who is signed in. */
	owner: Owner;
	services: Services;
	/** Prints a line. */
	say(line: string): void;
	/** Counts. */
	passed(): void;
	failed(): void;
}

/** What such a proof was asked for. */
export interface Asked {
	/** The words of the command. */
	words: string[];
	/** Those of its own flags that were given. */
	flags: ReadonlySet<string>;
}

/** What goes wrong, below the line that says so. */
export const indented = (error: unknown, by: number): string =>
	(error instanceof Error ? error.message : String(error)).replaceAll(/^/gm, ' '.repeat(by));

/**
 * Runs such a proof as the command that it is: with a real n8n and the services at the other ends, which end with it. The
 * last line says how many passed and failed; so does the exit code.
 *
 * @param help what `--help` prints
 * @param play what it does
 * @param flags its own, without their dashes
 */
export function onStage(
	help: string,
	play: (stage: Played, asked: Asked) => Promise<void>,
	flags: readonly string[] = [],
): void {
	void run(help, play, flags)
		.catch((error: unknown) => {
			process.stderr.write(
				`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
			);
			return 2;
		})
		.then((code) => process.exit(code));
}

async function run(...[help, play, own = []]: Parameters<typeof onStage>): Promise<number> {
	const options = Object.fromEntries(
		['help', ...own].map((flag) => [flag, { type: 'boolean' as const }]),
	);
	const { values, positionals } = parseArgs({ allowPositionals: true, options });
	const flags = new Set(Object.keys(values));
	if (flags.has('help')) {
		process.stdout.write(help);
		return 0;
	}
	if (!process.env.N8N_URL && (await isStale(ROOT))) await build(ROOT);
	const services = await startServices();
	const n8n = await openN8n();
	let [passed, failed] = [0, 0];
	const say = (line: string) => void process.stdout.write(`${line}\n`);
	try {
		const api = new TablesApi(n8n.api.baseUrl, n8n.isGuest);
		await api.signIn(n8n.owner);
		const count = { passed: () => void passed++, failed: () => void failed++ };
		await play({ api, services, say, owner: n8n.owner, ...count }, { words: positionals, flags });
	} finally {
		await n8n.close();
		await services.close();
	}
	say(`${passed} passed, ${failed} failed`);
	return failed === 0 && passed > 0 ? 0 : 1;
}

/** Those whose name has one of the words; all where there are none. */
export const chosenBy = <T>(
	all: readonly T[],
	words: readonly string[],
	nameOf: (one: T) => string,
) => all.filter((one) => words.length === 0 || words.some((word) => nameOf(one).includes(word)));
