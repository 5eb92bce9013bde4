import type { Reason } from './types';

/**
 * The PBX refuses an operation on a call.
 *
 * `status` is the HTTP status that Call Control answers with (protocol 2.6); `reason` one of 3CX's routing reasons where
 * one fits, else `None`.
 */
export class Refusal extends Error {
	override readonly name = 'Refusal';

	constructor(
		/** 200: it was tried, and the result says that it failed. */
		readonly status: 200 | 400 | 403 | 404 | 405 | 413 | 422 | 424,
		message: string,
		readonly reason: Reason | 'NoDestinations' = 'None',
	) {
		super(message);
	}
}
