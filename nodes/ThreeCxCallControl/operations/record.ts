import type { INodeExecutionData } from 'n8n-workflow';
import type { SilenceRules } from '../../../lib/audio/silence';
import { withSpool } from '../../../lib/audio/spool';
import { recordCaller, whenConnected } from '../../../lib/callcontrol/rest/audio';
import { watchLeg } from '../../../lib/callcontrol/calls/keyWatch';
import { withCallEvents } from '../../../lib/callcontrol/calls/wait';
import type { ItemRun } from '../../shared/router';
import {
	audioLeg,
	outputFieldField,
	recordingFormatField,
	recordingItem,
	type AudioFormat,
} from '../fields/audio';
import { keyMatcher, stopKeysField } from '../fields/phoneKeys';
import { audioLegFields, audioLegOf } from '../fields/leg';
import { linkOf } from '../link';
import type { Operation } from '../../shared/resource';

/** What the panel's options hold. */
interface Options {
	outputField?: string;
	silenceLevel?: number;
	silenceSeconds?: number;
	nothingSeconds?: number;
}

/** For what says when the caller counts as silent. */
const onSilence = { show: { '/endOn': ['silence'] } };

export const record: Operation = {
	name: 'record',
	label: 'Record',
	action: 'Record a caller',
	description: 'Record the caller to a file, for example to transcribe it',
	properties: [
		...audioLegFields,
		{
			displayName: 'Maximum Length (Seconds)',
			name: 'maxSeconds',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: 14_400 },
			default: 60,
			description: 'The recording ends after this time, or when the call ends',
		},
		{
			displayName: 'End Sooner On',
			name: 'endOn',
			type: 'multiOptions',
			options: [
				{ name: 'Key', value: 'key', description: 'The caller presses a phone key' },
				{ name: 'Silence', value: 'silence', description: 'The caller has stopped speaking' },
			],
			default: ['silence'],
			description:
				'What ends the recording before the maximum length; if nothing is selected, only the end of the call does',
		},
		{ ...stopKeysField, displayOptions: { show: { endOn: ['key'] } } },
		recordingFormatField,
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			options: [
				outputFieldField,
				{
					displayName: 'Silence Duration (Seconds)',
					name: 'silenceSeconds',
					type: 'number',
					typeOptions: { minValue: 0.1, numberPrecision: 1 },
					default: 2,
					displayOptions: onSilence,
					description: 'How long the caller must be silent after speaking to end the recording',
				},
				{
					displayName: 'Silence Threshold (dB)',
					name: 'silenceLevel',
					type: 'number',
					typeOptions: { minValue: -90, maxValue: 0 },
					default: -45,
					displayOptions: onSilence,
					description:
						'Audio below this level counts as silence; 0 is the loudest. On noisy lines, raise it to -35.',
				},
				{
					displayName: 'Wait for Speech (Seconds)',
					name: 'nothingSeconds',
					type: 'number',
					typeOptions: { minValue: 1 },
					default: 10,
					displayOptions: onSilence,
					description: 'How long the caller can be silent at the start before the recording ends',
				},
			],
		},
	],

	async execute(run) {
		const { context, index, signal } = run;
		const endOn = context.getNodeParameter('endOn', index, []) as string[];
		if (!endOn.includes('key')) {
			return [await recorded(run, endOn, { stopped: new AbortController().signal })];
		}
		const stops = keyMatcher(context.getNodeParameter('stopKeys', index, ''));
		return await withCallEvents(await linkOf(run), signal, async (onEvent) => {
			const watch = watchLeg(onEvent, audioLeg(run, audioLegOf(run)), stops);
			return [await recorded(run, endOn, watch)];
		});
	},
};

/** Records into a temporary file, whose length goes into its header, and hands it to n8n. */
async function recorded(
	run: ItemRun,
	endOn: string[],
	watch: { stopped: AbortSignal; stopKey?: string },
): Promise<INodeExecutionData> {
	const { context, index } = run;
	const leg = audioLegOf(run);
	const audio = audioLeg(run, leg);
	const options = context.getNodeParameter('options', index, {}) as Options;
	const format = context.getNodeParameter('format', index, 'wav') as AudioFormat;
	const maxMs = (context.getNodeParameter('maxSeconds', index, 60) as number) * 1_000;
	const silence = endOn.includes('silence') ? silenceRules(options) : undefined;
	const { callid } = await whenConnected(audio);
	return await withSpool(async (spool) => {
		const { endedBy, ms, spoken } = await recordCaller(
			audio,
			{ maxMs, silence },
			spool.append,
			watch.stopped,
		);
		const file = await recordingItem(
			run,
			spool,
			{ callId: callid, extension: leg.extension },
			{ format, property: options.outputField },
		);
		return {
			...file,
			json: {
				...leg,
				callId: callid,
				seconds: Math.round(ms / 10) / 100,
				endedBy: endedBy === 'stopped' ? 'key' : endedBy,
				key: watch.stopKey ?? null,
				spoken: spoken ?? null,
				...file.json,
			},
		};
	});
}

const silenceRules = (options: Options): SilenceRules => ({
	afterMs: (options.silenceSeconds ?? 2) * 1_000,
	nothingMs: (options.nothingSeconds ?? 10) * 1_000,
	belowDb: options.silenceLevel ?? -45,
});
