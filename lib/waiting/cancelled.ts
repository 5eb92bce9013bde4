import { ThreeCxError } from '../http/errors';

/** @returns the error of an execution that the user has stopped. */
export const cancelled = (): ThreeCxError =>
	new ThreeCxError({
		kind: 'cancelled',
		message: 'The execution was stopped',
		hint: 'Run the workflow again if you did not mean to stop it.',
	});

/** @throws ThreeCxError of kind `cancelled` when the user has stopped the execution. */
export function assertGoesOn(signal: AbortSignal | undefined): void {
	if (signal?.aborted) throw cancelled();
}
