import { ThreeCxError, type ErrorKind } from '../http/errors';

/** Answers that one part of a status may give without an end of the others: no right to it, or trouble with it alone. */
const OF_ONE_PART: ReadonlySet<ErrorKind> = new Set([
	'forbidden',
	'notFound',
	'malformed',
	'rateLimited',
	'server',
	'timeout',
	'unauthorized',
	'validation',
]);

/** What a status is put together from, and what could not be read. */
export class Parts {
	/** Why parts are missing, by the name of the part. */
	readonly errors = new Map<string, ThreeCxError>();

	/** The same in words, for an output. */
	get notes(): Record<string, string> {
		return Object.fromEntries(
			[...this.errors].map(([name, { message, hint }]) => [name, `${message}. ${hint}`]),
		);
	}

	/**
	 * Reads one part.
	 *
	 * @param name of the part, as in the output
	 * @param read reads it
	 * @returns what it gives; null, with a note, where the role does not allow it or the PBX cannot answer this part now
	 * @throws ThreeCxError when the PBX cannot be reached, refuses client ID and secret, or the execution was stopped
	 */
	async read<T>(name: string, read: () => Promise<T>): Promise<T | null> {
		return await read().catch((error: unknown) => {
			if (!(error instanceof ThreeCxError) || !OF_ONE_PART.has(error.kind)) throw error as Error;
			this.errors.set(name, error);
			return null;
		});
	}
}
