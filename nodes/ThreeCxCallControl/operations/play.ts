import { msOf } from '../../../lib/audio/pcm';
import { speak, whenConnected } from '../../../lib/callcontrol/rest/audio';
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
	description: 'Play a file to the caller; the workflow continues when playback ends',
	properties: [
		...audioLegFields,
		...audioInputFields,
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
		const { context, index, signal } = run;
		const leg = audioLegOf(run);
		const audio = audioLeg(run, leg);
		const pcm = await audioOf(run);
		const isStoppable = context.getNodeParameter('stopOnKey', index, false) as boolean;
		const stops = isStoppable
			? keyMatcher(context.getNodeParameter('stopKeys', index, ''))
			: () => false;
		return await withCallEvents(await linkOf(run), signal, async (onEvent) => {
			const watch = watchLeg(onEvent, audio, stops);
			const { callid } = await whenConnected(audio);
			const sentMs = await speak(audio, pcm, AbortSignal.any([watch.stopped, watch.ended]));
			const key = watch.stopKey ?? null;
			const isWhole = sentMs >= msOf(pcm.length);
			return {
				...leg,
				callId: callid,
				seconds: Math.round(sentMs / 10) / 100,
				completed: isWhole && key === null,
				endedBy: key !== null ? 'key' : isWhole ? 'finished' : 'callEnded',
				key,
			};
		});
	},
};
