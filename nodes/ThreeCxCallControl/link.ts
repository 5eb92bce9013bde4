import type { Link } from '../../lib/callcontrol/calls/wait';
import { MAX_IN_FLIGHT } from '../../lib/http/dispatchers';
import { connectTo, linkKey } from '../shared/connect';
import type { ItemRun } from '../shared/router';

/** @returns how to listen to the calls of the item's PBX, over the same socket as the triggers of this process. */
export async function linkOf({ context, index }: ItemRun): Promise<Link> {
	return {
		key: await linkKey(context, index),
		connect: async () => await connectTo(context, index, { inFlight: MAX_IN_FLIGHT }),
	};
}
