import type { INodeProperties } from 'n8n-workflow';
import { pcmFromWav } from '../../../lib/audio/wav';
import { SAMPLE_BYTES } from '../../../lib/audio/pcm';
import { MAX_SPEECH_BYTES, type AudioLeg } from '../../../lib/callcontrol/rest/audio';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { ThreeCxError } from '../../../lib/http/errors';
import type { ItemRun } from '../../shared/router';
import { required } from '../../shared/fields/required';

import type { Leg } from './leg';

/** Names of the two formats that audio has in n8n. */
export type AudioFormat = 'wav' | 'pcm';

const formatOptions = [
	{
		name: 'Raw PCM',
		value: 'pcm',
		description: 'Samples without a header: 8 kHz, signed 16-bit little-endian, mono',
	},
	{
		name: 'WAV',
		value: 'wav',
		description: 'Any common sample rate, width and number of channels',
	},
];

/** The fields for audio that is played to the caller. */
export const audioInputFields: INodeProperties[] = [
	{
		displayName: 'Input Data Field Name',
		name: 'audioField',
		type: 'string',
		required: true,
		default: 'data',
		hint: 'The name of the input field containing the binary file data to be played',
		description:
			'Use a node before this one to get the file, such as HTTP Request or Read/Write Files',
	},
	{
		displayName: 'Format',
		name: 'format',
		type: 'options',
		options: formatOptions,
		default: 'wav',
		description: 'The format of the file. Convert MP3 and other formats to WAV first.',
	},
];

/** How a recording is handed over. */
export const recordingFormatField: INodeProperties = {
	displayName: 'Format',
	name: 'format',
	type: 'options',
	options: [
		formatOptions[0]!,
		{ name: 'WAV', value: 'wav', description: '8 kHz, 16-bit, mono, as phones use it' },
	],
	default: 'wav',
};

/** @returns the audio of the item as Call Control plays it. */
export async function audioOf({ context, index, signal }: ItemRun): Promise<Buffer> {
	const name = context.getNodeParameter('audioField', index);
	const field = required('audioField', 'Input Data Field Name', name);
	const format = context.getNodeParameter('format', index, 'wav') as AudioFormat;
	context.helpers.assertBinaryData(index, field);
	const file = await context.helpers.getBinaryDataBuffer(index, field);
	const pcm = format === 'wav' ? await pcmFromWav(file, signal) : file;
	if (pcm.length > MAX_SPEECH_BYTES) {
		throw new ThreeCxError({
			kind: 'input',
			field: 'audioField',
			message: 'The audio is longer than half an hour',
			hint: 'Split it and play the parts one after the other.',
		});
	}
	return pcm.subarray(0, pcm.length - (pcm.length % SAMPLE_BYTES));
}

/** @returns the leg as the audio functions want it. */
export const audioLeg = (
	{ client, signal }: ItemRun,
	{ extension, participantId }: Leg,
): AudioLeg => ({
	control: createCallControl(client),
	dn: extension,
	id: participantId,
	signal,
});
