import { MAX_AWAITED } from '../../http/dispatchers';
import { ThreeCxError } from '../../http/errors';

/** Requests that wait for a call to arrive somewhere, by the address of the PBX. */
const underWay = new Map<string, number>();

/**
 * Counts the requests to a PBX that wait until a call has arrived somewhere. Whoever asked may have stopped to wait long
 * ago: the request goes on, as the call does.
 *
 * @param origin the PBX
 * @param send sends the request
 * @returns its answer
 * @throws ThreeCxError of kind `rateLimited`, before anything is sent, when {@link MAX_AWAITED} wait already
 */
export async function amongAwaited<T>(origin: string, send: () => Promise<T>): Promise<T> {
	const before = underWay.get(origin) ?? 0;
	if (before >= MAX_AWAITED) {
		throw new ThreeCxError({
			kind: 'rateLimited',
			message: `${origin} is sending ${MAX_AWAITED} calls on for this n8n already`,
			hint: 'Nothing was sent. Try again when some of their destinations have answered; "Give Up After" limits how long each one rings.',
		});
	}
	underWay.set(origin, before + 1);
	return await send().finally(() => {
		const left = (underWay.get(origin) ?? 1) - 1;
		if (left > 0) underWay.set(origin, left);
		else underWay.delete(origin);
	});
}
