import type {
	IDataObject,
	INodeExecutionData,
	INodePropertyOptions,
	IPollFunctions,
} from 'n8n-workflow';
import { WAV_TYPE } from '../../lib/audio/wavType';
import { callFields, recordingFields } from '../../lib/history/callFields';
import type { Call } from '../../lib/xapi/callLog';
import type { Entity } from '../../lib/xapi/entities';
import { readCalls, readMessages, readRecordings, type Read } from '../../lib/history/reads';
import { requestFor } from '../../lib/xapi/invoke';
import { ThreeCxError } from '../../lib/http/errors';
import type { PbxClient } from '../../lib/http/client';
import { hostOf } from '../../lib/http/serverUrl';

/** What a person has set. */
export interface OutputSettings {
	/** Adds the sound file to each recording. */
	download: boolean;
	/** Binary property that the sound file is put in. */
	binaryProperty: string;
	/** Adds the legs to each call, as 3CX sends them. */
	includeLegs: boolean;
	/** ISO 3166 code of the country that local numbers belong to, where the PBX tells it. */
	country?: string;
}

/** Somewhere on the PBX where finished things appear. The cursor of each is kept under its name. */
export type SourceName = 'calls' | 'recordings' | 'messages';

/** How rows are read. */
export const READ: Readonly<Record<SourceName, Read<Call | Entity>>> = {
	calls: readCalls,
	recordings: readRecordings,
	messages: readMessages,
};

/** An event that a person can choose. */
interface HistoryEvent extends INodePropertyOptions {
	/** Value of the parameter, and `event` in the output. */
	value: string;
	source: SourceName;
	/** Which rows of the source it is about; all by default. */
	fits?: (row: Call | Entity) => boolean;
}

/** By name, as n8n shows lists. */
export const EVENTS: readonly HistoryEvent[] = [
	{
		name: 'Call Finished',
		value: 'callFinished',
		source: 'calls',
		description: 'A call has ended: one item for the whole call, answered or not',
	},
	{
		name: 'Call Missed',
		value: 'callMissed',
		source: 'calls',
		description: 'An external call has ended and nobody answered it',
		fits: (row) => {
			const { direction, answered } = row as Call;
			return direction === 'inbound' && !answered;
		},
	},
	{
		name: 'Chat Message',
		value: 'chatMessage',
		source: 'messages',
		description: 'Someone sent a message',
	},
	{
		name: 'Recording Available',
		value: 'recordingAvailable',
		source: 'recordings',
		description:
			'A call recording is available; the option Download Recordings adds the file. Requires the System Owner role.',
	},
];

/** The choices of the Events field. */
export const eventOptions: INodePropertyOptions[] = EVENTS.map(({ name, value, description }) => ({
	name,
	value,
	description,
}));

/**
 * A row as items: one for each chosen event that it is about.
 *
 * @throws ThreeCxError when a recording cannot be downloaded now; one that is gone has no file, and says so
 */
export async function itemsOf(
	context: IPollFunctions,
	client: PbxClient,
	row: Call | Entity,
	events: readonly HistoryEvent[],
	settings: OutputSettings,
): Promise<INodeExecutionData[]> {
	const items: INodeExecutionData[] = [];
	for (const { value, source, fits } of events) {
		if (fits && !fits(row)) continue;
		const json: IDataObject = {
			event: value,
			pbx: hostOf(client.connection.origin),
			...fieldsOf(row, source, settings),
		};
		if (source === 'recordings' && settings.download)
			items.push(await withFile(context, client, json, settings.binaryProperty));
		else items.push({ json });
	}
	return items;
}

/** Legs of a call only on request: there may be dozens. */
function fieldsOf(
	row: Call | Entity,
	source: SourceName,
	{ includeLegs, country }: OutputSettings,
): IDataObject {
	if (source === 'calls') {
		const call = row as Call;
		return {
			...callFields(call, country),
			...(includeLegs && { legs: call.legs as IDataObject[] }),
		};
	}
	return { ...row, ...(source === 'recordings' && recordingFields(row as Entity, country)) };
}

async function withFile(
	context: IPollFunctions,
	client: PbxClient,
	json: IDataObject,
	property: string,
): Promise<INodeExecutionData> {
	const request = requestFor('DownloadRecording', { parameters: { recId: json.Id } });
	const answer = await client.stream(request).catch((cause: unknown) => {
		if (cause instanceof ThreeCxError && isFinal(cause)) return cause;
		throw cause as Error;
	});
	if (answer instanceof ThreeCxError) return { json: { ...json, fileError: answer.message } };
	const fileName =
		String(json.RecordingUrl ?? '')
			.split('/')
			.pop() || `recording-${String(json.Id)}.wav`;
	const binary = await context.helpers.prepareBinaryData(answer.body, fileName, WAV_TYPE);
	return { json, binary: { [property]: binary } };
}

const FINAL = new Set<ThreeCxError['kind']>(['notFound', 'validation', 'forbidden']);

/**
 * Whether trying again does not help: the file is gone, never was, or the PBX itself fails over it (500). One such file
 * must not hold up everything behind it.
 */
const isFinal = ({ kind, status }: ThreeCxError): boolean => FINAL.has(kind) || status === 500;
