import type { PbxClient } from '../../http/client';
import { ThreeCxError } from '../../http/errors';
import { NOT_LICENSED } from '../../http/callRefusals';
import { createCallControl } from './client';

/**
 * Tells "there is no such thing" from "this PBX has no Call Control at all": without the licence it answers 404 to
 * everything (protocol 1.8).
 *
 * @param error what a Call Control request ended with
 * @param client the PBX
 * @returns the error to throw: the same, or the one that names the licence
 */
export async function explainNotFound(error: unknown, client: PbxClient): Promise<unknown> {
	if (!(error instanceof ThreeCxError) || error.status !== 404) return error;
	const isThere = await createCallControl(client)
		.list()
		.then(
			() => true,
			(cause: ThreeCxError) => cause.status !== 404,
		);
	if (isThere) return error;
	return new ThreeCxError({
		...NOT_LICENSED,
		kind: 'forbidden',
		status: 404,
		request: error.request,
	});
}
