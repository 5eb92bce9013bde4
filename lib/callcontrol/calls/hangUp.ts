import type { ThreeCxError } from '../../http/errors';
import { systemClock, type Clock } from '../../waiting/clock';
import type { CallControl } from '../rest/client';

/** How often it is tried, and the pause after a failure, in ms. */
const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * Ends a leg, whatever has become of the execution that has begun it: nobody else will. Not for legs that were seen to
 * end, whose number another one may have by now.
 *
 * @param control the PBX; its time limit is that of one try
 * @param leg whose, and which one
 * @returns the error of the last try; undefined when the leg is gone
 */
export async function hangUp(
	control: Pick<CallControl, 'act'>,
	{ dn, id }: { dn: string; id: number },
	clock: Clock = systemClock,
): Promise<ThreeCxError | undefined> {
	for (let tries = 1; ; tries++) {
		const error = await control.act(dn, id, 'drop').then(
			() => undefined,
			(cause: ThreeCxError) => cause,
		);
		if (!error || error.kind === 'notFound') return undefined;
		if (tries === TRIES) return error;
		await clock.sleep(PAUSE_MS);
	}
}
