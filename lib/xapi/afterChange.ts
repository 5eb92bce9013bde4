import { ThreeCxError } from '../http/errors';
import type { Entity } from './entities';

/*
 * What acted does not fail: once 3CX has taken a change, a read that fails is no reason to fail, because whoever repeats
 * the step makes the change twice. The item then holds what is known, and says that nobody has looked.
 */

/** Marks what could not be looked at after it had been changed. */
export type Unseen = {
	outcome: 'unknown';
	/** Why, for people. */
	note: string;
};

/** @returns the marks of a change that could not be looked at, from what the look has thrown, or a reason in words */
export const unseen = (cause: unknown): Unseen => ({
	outcome: 'unknown',
	note: `3CX has accepted the change, but how things are now could not be read: ${cause instanceof ThreeCxError ? cause.message : String(cause)}`,
});

/**
 * Looks at what a change has made.
 *
 * @param look reads it
 * @param known what is known without looking
 * @returns what was read; if that fails, what is known, with the marks of {@link Unseen}
 */
export const afterChange = async (look: () => Promise<Entity>, known: Entity): Promise<Entity> =>
	await look().catch((cause: unknown) => ({ ...known, ...unseen(cause) }));

/**
 * The row that 3CX has answered to a change.
 *
 * @param answer without properties where the PBX has sent none, or none that can be read
 * @param known what is known without it
 */
export const orKnown = (answer: Entity, known: Entity): Entity =>
	Object.keys(answer).length > 0 ? answer : { ...known, ...unseen(SAYS_NOTHING) };

/** Of an answer that is empty, or not what it should be. */
export const SAYS_NOTHING = 'its answer says nothing';
