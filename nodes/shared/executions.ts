/**
 * Rejections of n8n's done promise that say that the execution did begin: somebody stopped it, it ran too long, n8n shut
 * down, or it was over before n8n looked for its end. It is in n8n's database then, and is not to be started again.
 */
const BEGAN = /^(\w*ExecutionCancelledError|ExecutionNotFoundError)$/;

/** @returns whether an execution whose done promise was rejected with this has begun all the same. */
export const hasBegun = (error: Error): boolean => BEGAN.test(error.constructor.name);
