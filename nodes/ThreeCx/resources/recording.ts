import { WAV_TYPE } from '../../../lib/audio/wavType';
import { recordingFields } from '../../../lib/history/callFields';
import { queryString } from '../../../lib/odata/query';
import { listEntities, type Entity } from '../../../lib/xapi/entities';
import { invoke, requestFor } from '../../../lib/xapi/invoke';
import { defaultCountryOf } from '../../shared/fields/country';
import { downloadFile } from '../../shared/file';
import type { ItemRun } from '../../shared/router';
import { outputFieldOf, outputFileProperty } from '../fields/outputFile';
import { momentInList } from '../inZone';
import { locateKey, notFound } from '../locator';
import { isSimplified, simplifyProperty } from '../../shared/fields/simplify';
import { asOutput, shown } from '../operations/output';
import type { EntityResource, OwnOperation } from '../resource';
import { findProperties, findRecording } from './findRecording';

/** The Id of the recording that the locator names; functions take it, paths do not (protocol 4.2). */
const idOf = async (run: ItemRun) => Number(await locateKey(run, recording));

/** Reads a recording by a filter: `Recordings(5)` is 404 in every notation (protocol 4.2). */
async function readRecording(
	{ client, signal }: ItemRun,
	id: number,
	select: string[] = [],
): Promise<Entity> {
	const query = queryString({ filter: `Id eq ${id}`, select });
	const [row] = await listEntities(client, '/Recordings', { query, limit: 1, signal });
	if (row) return row;
	throw notFound(recording, `ID ${id}`);
}

/** Gives recordings the fields that they share with calls. */
async function withCallFields(run: ItemRun): Promise<(row: Entity) => Entity> {
	const country = await defaultCountryOf(run);
	return (row) => recordingFields(row, country);
}

/** An action of 3CX that takes a list of Ids, for one recording; it says nothing of Ids that it does not know. */
const bulk =
	(operationId: string, done: string): OwnOperation['execute'] =>
	async (run) => {
		const id = await idOf(run);
		await readRecording(run, id, ['Id']);
		await invoke(run.client, operationId, { body: { ids: [id] }, signal: run.signal });
		return { Id: id, [done]: true };
	};

/** Recorded calls: XAPI `Recordings`, which only a System Owner may read (protocol 1.6). */
export const recording: EntityResource = {
	name: 'recording',
	label: 'Recording',
	plural: 'Recordings',
	description: 'A recorded call. Requires the System Owner role.',
	entitySet: 'Recordings',
	type: 'Recording',
	naturalKeys: [],
	title: ({ StartTime, FromDisplayName, FromCallerNumber, ToDisplayName, ToDn }, { timeZone }) =>
		`${momentInList(StartTime, timeZone)} ${String(FromDisplayName || FromCallerNumber || '?')} → ${String(ToDisplayName || ToDn || '?')}`,
	titleNeeds: ['StartTime'],
	searchIn: ['FromDisplayName', 'FromCallerNumber', 'ToDisplayName', 'ToDn'],
	summary: [
		'Id',
		'StartTime',
		'EndTime',
		'CallType',
		'FromDn',
		'FromDisplayName',
		'FromCallerNumber',
		'FromDidNumber',
		'ToDn',
		'ToDisplayName',
		'ToCallerNumber',
		'IsArchived',
		'IsTranscribed',
		'Summary',
	],
	added: withCallFields,
	order: [{ field: 'StartTime', direction: 'desc' }, { field: 'Id' }],
	expand: {},
	fields: [],
	operations: [
		{
			name: 'archive',
			label: 'Archive',
			action: 'Archive a recording',
			description: 'Move a recording to the archive that is set up in 3CX',
			onRow: true,
			uses: ['BulkRecordingsArchive'],
			execute: bulk('BulkRecordingsArchive', 'archiving'),
		},
		{
			name: 'delete',
			label: 'Delete',
			action: 'Delete a recording permanently',
			description: 'Delete a recording permanently',
			onRow: true,
			uses: ['BulkRecordingsDelete'],
			execute: bulk('BulkRecordingsDelete', 'deleted'),
		},
		{
			name: 'download',
			label: 'Download',
			action: 'Download a recording',
			description: 'Get the audio file of a recording',
			onRow: true,
			uses: ['DownloadRecording'],
			properties: [outputFileProperty],
			execute: async (run) => {
				const id = await idOf(run);
				const file = await downloadFile(
					run,
					requestFor('DownloadRecording', { parameters: { recId: id } }),
					{
						property: outputFieldOf(run),
						fileName: `recording-${id}.wav`,
						mimeType: WAV_TYPE,
					},
				);
				return [{ ...file, json: { Id: id, ...file.json } }];
			},
		},
		{
			name: 'findForCall',
			label: 'Find for Call',
			action: 'Find the recording of a call',
			description:
				'Find the recording of the call in the input item, and wait until the PBX has stored it; "found" says whether there is one',
			uses: ['ListRecording', 'GetCallLogData', 'DownloadRecording'],
			properties: findProperties(outputFileProperty),
			execute: async (run) => await findRecording(run, recording.summary, withCallFields),
		},
		{
			name: 'get',
			label: 'Get',
			action: 'Get a recording',
			description: 'Get the details and transcription of a recording',
			onRow: true,
			uses: ['ListRecording'],
			properties: [simplifyProperty],
			execute: async (run) => {
				const simplify = isSimplified(run);
				const select = simplify ? [...recording.summary, 'Transcription'] : [];
				const row = await readRecording(run, await idOf(run), select);
				const added = simplify ? await withCallFields(run) : undefined;
				return asOutput(shown([row], recording, { select }, added));
			},
		},
		{
			name: 'transcribe',
			label: 'Transcribe',
			action: 'Transcribe a recording',
			description: 'Start the transcription of a recording; get the text later with Get',
			onRow: true,
			uses: ['TranscribeRecordings'],
			execute: bulk('TranscribeRecordings', 'transcribing'),
		},
	],
};
