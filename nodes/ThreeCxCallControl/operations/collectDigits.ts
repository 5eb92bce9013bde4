import { whenConnected } from '../../../lib/callcontrol/rest/audio';
import { endBackground } from '../../../lib/callcontrol/calls/background';
import { watchLeg } from '../../../lib/callcontrol/calls/keyWatch';
import { askForDigits } from '../../../lib/callcontrol/calls/question';
import { withCallEvents } from '../../../lib/callcontrol/calls/wait';
import { audioInputFields, audioLeg, audioOf } from '../fields/audio';
import { digitFields, digitRulesOf } from '../fields/digits';
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
			displayOptions: { show: { playPrompt: [true], ...field.displayOptions?.show } },
		})),
		...digitFields(),
	],

	async execute(run) {
		const { context, index, signal } = run;
		const leg = audioLegOf(run);
		const audio = audioLeg(run, leg);
		const rules = digitRulesOf(run);
		const prompt = context.getNodeParameter('playPrompt', index, false)
			? await audioOf(run)
			: undefined;
		return await withCallEvents(await linkOf(run), signal, async (onEvent, { lost }) => {
			const watch = watchLeg(onEvent, audio, () => true);
			if (prompt) await endBackground(run.client.connection.origin, audio);
			const { callid } = await whenConnected(audio);
			const { digits, endedBy } = await askForDigits(audio, watch, { prompt, rules, lost });
			return { ...leg, callId: callid, digits, endedBy };
		});
	},
};
