import type { Entity } from './entities';

/* What an answer of the PBX is. Nothing in it is taken for granted: a PBX, or a proxy before it, may send anything. */

/**
 * Whether an answer stands for an empty list: nothing at all (204), or an envelope without `value`, because 3CX leaves out
 * what is null (protocol 4.1).
 */
export const isEmptyAnswer = (answer: unknown): boolean =>
	answer === undefined ||
	answer === null ||
	(typeof answer === 'object' &&
		Object.entries(answer).every(
			([name, value]) => name.startsWith('@odata.') || (name === 'value' && value === null),
		));

/** Whether an answer is a list of rows, as it ought to be. */
export const isRows = (answer: unknown): answer is Entity[] =>
	Array.isArray(answer) && answer.every((row) => typeof row === 'object' && row !== null);
