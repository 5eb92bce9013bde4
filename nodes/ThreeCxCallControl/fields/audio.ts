import type { INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { SAMPLE_BYTES, SAMPLE_RATE } from '../../../lib/audio/pcm';
import type { Spool } from '../../../lib/audio/spool';
import { pcmFromWav, wavHeader } from '../../../lib/audio/wav';
import { MAX_SPEECH_BYTES, type AudioLeg } from '../../../lib/callcontrol/rest/audio';
import { createCallControl } from '../../../lib/callcontrol/rest/client';
import { ThreeCxError } from '../../../lib/http/errors';
import { fileItem } from '../../shared/file';
import type { ItemRun } from '../../shared/router';
import { required } from '../../shared/fields/required';

import type { Leg } from './leg';

/** Names of the two formats that audio has in n8n. */
export type AudioFormat = 'wav' | 'pcm';

const formatOptions = [
	{
		name: 'Raw PCM',
		value: 'pcm',
		description: 'Samples without a header: signed 16-bit little-endian, mono',
	},
	{
		name: 'WAV',
		value: 'wav',
		description: 'Any common sample rate, width and number of channels',
	},
];

/** Rates that raw audio comes in, in Hz: of telephones, speech services and sound cards. */
const RATES = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

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
	{
		displayName: 'Sample Rate',
		name: 'sampleRate',
		type: 'options',
		options: RATES.map((rate) => ({ name: `${rate / 1_000} kHz`, value: rate })),
		default: SAMPLE_RATE,
		displayOptions: { show: { format: ['pcm'] } },
		description: 'How many samples the file has per second; 3CX plays 8 kHz, others are converted',
	},
];

/** How a recording is handed over. */
export const recordingFormatField: INodeProperties = {
	displayName: 'Format',
	name: 'format',
	type: 'options',
	options: [
		{ ...formatOptions[0]!, description: `${formatOptions[0]!.description}, 8 kHz` },
		{ name: 'WAV', value: 'wav', description: '8 kHz, 16-bit, mono, as phones use it' },
	],
	default: 'wav',
};

/** Where a recording is put. */
export const outputFieldField: INodeProperties = {
	displayName: 'Put Output File in Field',
	name: 'outputField',
	type: 'string',
	default: 'data',
	hint: 'The name of the output field to put the file in',
};

/** A file of each format, from the length of its audio. */
const FORMATS: Record<AudioFormat, { mimeType: string; header: (bytes: number) => Buffer }> = {
	wav: { mimeType: 'audio/wav', header: wavHeader },
	pcm: { mimeType: 'application/octet-stream', header: () => Buffer.alloc(0) },
};

/**
 * Hands a recording over to n8n.
 *
 * @param run the item
 * @param spool what was recorded
 * @param leg whose call it was
 * @param how format, and the field that the file is put in
 * @returns the file as an item
 */
export async function recordingItem(
	run: ItemRun,
	spool: Spool,
	{ callId, extension }: { callId: number; extension: string },
	{ format = 'wav', property }: { format?: AudioFormat; property: string | undefined },
): Promise<INodeExecutionData> {
	const { mimeType, header } = FORMATS[format];
	return await fileItem(
		run,
		{ headers: {}, body: spool.read(header(spool.bytes)) },
		{
			property: property || (outputFieldField.default as string),
			fileName: `call-${callId}-${extension}.${format}`,
			mimeType,
		},
	);
}

/** @returns the audio of the item as Call Control plays it. */
export async function audioOf(run: ItemRun): Promise<Buffer> {
	const name: unknown = run.context.getNodeParameter('audioField', run.index);
	return await audioIn(run, required('audioField', 'Input Data Field Name', name), 'audioField');
}

/**
 * @param run the item
 * @param field the field of the item with the file, which has the format that the panel names
 * @param parameter where the panel names it, for errors
 * @returns its audio as Call Control plays it
 * @throws ThreeCxError of kind `input` when it is no such file, or longer than half an hour; n8n's own error when there is none
 */
export async function audioIn(
	{ context, index, signal }: ItemRun,
	field: string,
	parameter: string,
): Promise<Buffer> {
	const format = context.getNodeParameter('format', index, 'wav') as AudioFormat;
	context.helpers.assertBinaryData(index, field);
	const file = await context.helpers.getBinaryDataBuffer(index, field);
	const rate = context.getNodeParameter('sampleRate', index, SAMPLE_RATE) as number;
	const pcm =
		format === 'wav' ? await pcmFromWav(file, signal) : await pcmOfRate(file, rate, signal);
	if (pcm.length > MAX_SPEECH_BYTES) {
		throw new ThreeCxError({
			kind: 'input',
			field: parameter,
			message: 'The audio is longer than half an hour',
			hint: 'Split it and play the parts one after the other.',
		});
	}
	return pcm.subarray(0, pcm.length - (pcm.length % SAMPLE_BYTES));
}

/** @returns raw audio of any rate at that of Call Control. */
async function pcmOfRate(pcm: Buffer, rate: number, signal?: AbortSignal): Promise<Buffer> {
	if (rate === SAMPLE_RATE) return pcm;
	return await pcmFromWav(Buffer.concat([wavHeader(pcm.length, rate), pcm]), signal);
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
