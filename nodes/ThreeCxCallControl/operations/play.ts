import { msOf } from '../../../lib/audio/pcm';
import { speak, whenConnected } from '../../../lib/callcontrol/rest/audio';
import { endBackground, playInBackground } from '../../../lib/callcontrol/calls/background';
import { watchLeg } from '../../../lib/callcontrol/calls/keyWatch';
import { withCallEvents } from '../../../lib/callcontrol/calls/wait';
import { audioInputFields, audioLeg, audioOf } from '../fields/audio';
import { keyMatcher, stopKeysField } from '../fields/phoneKeys';
import { audioLegFields, audioLegOf } from '../fields/leg';
import { linkOf } from '../link';
import type { Operation } from '../../shared/resource';

export const play: Operation = {
	name: 'play',
	label: 'Play',
	action: 'Play audio to a caller',
	description: 'Play a file to the caller, and wait until it ends or let it play in the background',
	properties: [
		...audioLegFields,
		...audioInputFields,
		{
			displayName: 'Do Not Wait Until the End',
			name: 'background',
			type: 'boolean',
			default: false,
			description:
				'Whether the workflow continues at once. The file plays on until it ends, a key stops it, the call ends, or another file is played to the call.',
		},
		{
			displayName: 'Stop When a Key Is Pressed',
			name: 'stopOnKey',
			type: 'boolean',
			default: false,
			description: 'Whether the caller can stop playback with a phone key',
		},
		{ ...stopKeysField, displayOptions: { show: { stopOnKey: [true] } } },
	],

	async execute(run) {
		const { context, index, client, signal } = run;
		const { origin } = client.connection;
		const leg = audioLegOf(run);
		const audio = audioLeg(run, leg);
		const pcm = await audioOf(run);
		const isStoppable = context.getNodeParameter('stopOnKey', index, false) as boolean;
		const stops = isStoppable
			? keyMatcher(context.getNodeParameter('stopKeys', index, ''))
			: () => false;
		const link = await linkOf(run);
		const play = async (stop?: AbortSignal, begun: (callId: number) => void = () => undefined) =>
			await withCallEvents(link, signal, async (onEvent) => {
				const watch = watchLeg(onEvent, audio, stops);
				const { callid } = await whenConnected(audio);
				begun(callid);
				const ends = [watch.stopped, watch.ended, ...(stop ? [stop] : [])];
				const sentMs = await speak(audio, pcm, AbortSignal.any(ends));
				const key = watch.stopKey ?? null;
				const isWhole = sentMs >= msOf(pcm.length);
				return {
					...leg,
					callId: callid,
					seconds: secondsOf(sentMs),
					completed: isWhole && key === null,
					endedBy: key !== null ? 'key' : isWhole ? 'finished' : 'callEnded',
					key,
				};
			});
		if (!context.getNodeParameter('background', index, false)) {
			await endBackground(origin, audio);
			return await play();
		}
		let callId: number | null = null;
		await playInBackground(
			origin,
			audio,
			async (stop, begun) =>
				await play(stop, (id) => {
					callId = id;
					begun();
				}),
			({ message }) => context.logger.warn(`3CX Call Control: ${PLAYING_ENDED}: ${message}`),
		);
		const seconds = secondsOf(msOf(pcm.length));
		return { ...leg, callId, seconds, completed: null, endedBy: null, key: null };
	},
};

const PLAYING_ENDED = 'a file that was played in the background has ended before its time';

const secondsOf = (ms: number): number => Math.round(ms / 10) / 100;
