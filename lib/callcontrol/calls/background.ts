import { ThreeCxError } from '../../http/errors';
import type { AudioLeg } from '../rest/audio';

/** Most files that this process plays at once while their workflows go on: each holds a connection and its audio. */
export const MAX_BACKGROUND = 100;

/** What plays, by PBX and leg. */
const playing = new Map<string, { stop: AbortController; over: Promise<void> }>();

/** How many files this process plays in the background. */
export const backgroundCount = (): number => playing.size;

const nameOf = (origin: string, { dn, id }: Pick<AudioLeg, 'dn' | 'id'>) => `${origin} ${dn}/${id}`;

/**
 * Ends what plays to a leg in the background, so that something else can be played: two at once would be heard as one.
 *
 * @param origin the PBX
 * @param leg a leg of a route point
 * @returns when it has ended
 */
export async function endBackground(
	origin: string,
	leg: Pick<AudioLeg, 'dn' | 'id'>,
): Promise<void> {
	const current = playing.get(nameOf(origin, leg));
	current?.stop.abort();
	await current?.over;
}

/**
 * Begins to play, and does not wait for the end. What plays to the leg already ends first.
 *
 * @param origin the PBX
 * @param leg a leg of a route point
 * @param play plays, and calls `begun` when nothing stands in its way; has to end with the signal, and with the call
 * @param onError told what has ended it before its time: nobody else learns it
 * @returns when it has begun, or is over already
 * @throws what `play` throws before it has begun; and ThreeCxError of kind `rateLimited` when {@link MAX_BACKGROUND} play
 */
export async function playInBackground(
	origin: string,
	leg: Pick<AudioLeg, 'dn' | 'id'>,
	play: (stop: AbortSignal, begun: () => void) => Promise<unknown>,
	onError: (error: Error) => void,
): Promise<void> {
	const name = nameOf(origin, leg);
	while (playing.has(name)) await endBackground(origin, leg);
	if (playing.size >= MAX_BACKGROUND) {
		throw new ThreeCxError({
			kind: 'rateLimited',
			message: `${MAX_BACKGROUND} files are being played in the background already`,
			hint: 'Wait until some of them have ended, or switch "Do Not Wait Until the End" off.',
		});
	}
	const stop = new AbortController();
	await new Promise<void>((resolve, reject) => {
		let hasBegun = false;
		const begun = () => {
			hasBegun = true;
			resolve();
		};
		const over = play(stop.signal, begun)
			.then(
				() => resolve(),
				(error: Error) => (hasBegun ? onError(error) : reject(error)),
			)
			.finally(() => playing.delete(name));
		playing.set(name, { stop, over });
	});
}
