import type { Link } from '../../lib/callcontrol/calls/wait';
import { linkTo } from '../shared/connect';
import type { ItemRun } from '../shared/router';

/** @returns how to listen to the calls of the item's PBX, over the same socket as the triggers of this process. */
export const linkOf = ({ context, index }: ItemRun): Link => ({
	connect: async () => await linkTo(context, index),
});
