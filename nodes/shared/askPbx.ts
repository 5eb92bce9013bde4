import type { ILoadOptionsFunctions } from 'n8n-workflow';
import type { PbxClient } from '../../lib/http/client';
import { connectTo } from './connect';
import { toNodeError } from './errors';

/**
 * Asks the PBX for what a dropdown or searchable list shows.
 *
 * @param context n8n's context for such a list
 * @param question reads it
 * @returns what the question gives
 * @throws an error in the words that the editor shows beside the list
 */
export async function askPbx<T>(
	context: ILoadOptionsFunctions,
	question: (client: PbxClient) => Promise<T>,
): Promise<T> {
	return await connectTo(context)
		.then(question)
		.catch((cause: unknown) => {
			throw toNodeError(context.getNode(), cause);
		});
}
