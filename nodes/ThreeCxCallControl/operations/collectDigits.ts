import { collectDigits as collect } from '../../../lib/audio/digits';
import { speak, whenConnected } from '../../../lib/callcontrol/rest/audio';
import { assertGoesOn } from '../../../lib/waiting/cancelled';
import { watchLeg } from '../../../lib/callcontrol/calls/keyWatch';
import { withCallEvents } from '../../../lib/callcontrol/calls/wait';
import { audioInputFields, audioLeg, audioOf } from '../fields/audio';
import { checkedKeys } from '../fields/phoneKeys';
import { audioLegFields, audioLegOf } from '../fields/leg';
import { linkOf } from '../link';
import type { Operation } from '../../shared/resource';

export const collectDigits: Operation = {
	name: 'collectDigits',
	label: 'Collect Digits',
	action: 'Collect digits from a caller',
	description: 'Get a number that the caller enters on the phone keypad',
	properties: [
		...audioLegFields,
		{
			displayName: 'Play a Prompt First',
			name: 'playPrompt',
			type: 'boolean',
			default: false,
			description:
				'Whether to play a file first that tells the caller what to enter; the first key stops it',
		},
		...audioInputFields.map((field) => ({
			...field,
			displayOptions: { show: { playPrompt: [true] } },
		})),
		{
			displayName: 'Maximum Digits',
			name: 'maxDigits',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 10,
			description: 'The entry is complete after this many digits, without an end key',
		},
		{
			displayName: 'End Key',
			name: 'terminator',
			type: 'string',
			default: '#',
			placeholder: 'e.g. #',
			description:
				'The key or keys that end the entry, not included in the output. Leave empty for none.',
		},
		{
			displayName: 'Wait for First Digit (Seconds)',
			name: 'firstTimeout',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 10,
			description: 'How long to wait for the first digit after the prompt',
		},
		{
			displayName: 'Wait Between Digits (Seconds)',
			name: 'betweenTimeout',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 5,
			description: 'The entry is complete after this long without another key',
		},
	],

	async execute(run) {
		const { context, index, signal } = run;
		const leg = audioLegOf(run);
		const audio = audioLeg(run, leg);
		const number = (name: string, fallback: number) =>
			context.getNodeParameter(name, index, fallback) as number;
		const rules = {
			terminator: checkedKeys(
				'terminator',
				'End Key',
				context.getNodeParameter('terminator', index, '#'),
			),
			max: number('maxDigits', 10),
			firstMs: number('firstTimeout', 10) * 1_000,
			betweenMs: number('betweenTimeout', 5) * 1_000,
		};
		const prompt = context.getNodeParameter('playPrompt', index, false)
			? await audioOf(run)
			: undefined;
		return await withCallEvents(await linkOf(run), signal, async (onEvent, { lost }) => {
			const watch = watchLeg(onEvent, audio, () => true);
			const { callid } = await whenConnected(audio);
			if (prompt) await speak(audio, prompt, AbortSignal.any([watch.stopped, watch.ended]));
			const ended = AbortSignal.any([watch.ended, lost, ...(signal ? [signal] : [])]);
			const { digits, endedBy } = await collect(watch.keys, rules, ended);
			assertGoesOn(signal);
			// Further keys would not be heard.
			if (lost.aborted && endedBy === 'callEnded' && !watch.ended.aborted)
				throw lost.reason as Error;
			return { ...leg, callId: callid, digits, endedBy };
		});
	},
};
