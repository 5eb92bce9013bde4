import { WAV_TYPE } from '../../../lib/audio/wavType';
import { invoke, requestFor } from '../../../lib/xapi/invoke';
import { downloadFile } from '../../shared/file';
import { required } from '../../shared/fields/required';
import type { ItemRun } from '../../shared/router';
import { outputFieldOf, outputFileProperty } from '../fields/outputFile';
import { numberField, switchField, textField } from '../fields/simple';
import { aboutRow, locateKey } from '../locator';
import type { EntityResource, OwnOperation } from '../resource';

const fileProperty = {
	displayName: 'File Name',
	name: 'fileName',
	type: 'string' as const,
	required: true,
	default: '',
	placeholder: 'e.g. piano.wav',
	description: 'As listed under Files by Get',
};

/** Runs something about one file of a playlist. */
async function aboutFile<T>(
	run: ItemRun,
	job: (file: { playlistKey: string; fileName: string }) => Promise<T>,
): Promise<T> {
	const fileName = required(
		'fileName',
		'File Name',
		run.context.getNodeParameter('fileName', run.index, ''),
		'Enter one of the names listed under Files by Get.',
	);
	return await aboutRow(run, playlist, async () =>
		job({ playlistKey: String(await locateKey(run, playlist)), fileName }),
	);
}

const deleteFile: OwnOperation = {
	name: 'deleteFile',
	label: 'Delete File',
	action: 'Delete a file from a playlist permanently',
	description: 'Delete one audio file of a playlist permanently',
	onRow: true,
	uses: ['DeletePlaylistFile'],
	properties: [fileProperty],
	execute: async (run) =>
		await aboutFile(run, async (body) => {
			await invoke(run.client, 'DeletePlaylistFile', { body, signal: run.signal });
			return { Name: body.playlistKey, fileName: body.fileName, deleted: true };
		}),
};

const downloadOne: OwnOperation = {
	name: 'downloadFile',
	label: 'Download File',
	action: 'Download a file of a playlist',
	description: 'Get one audio file of a playlist',
	onRow: true,
	uses: ['DownloadPlaylistFile'],
	properties: [fileProperty, outputFileProperty],
	execute: async (run) =>
		await aboutFile(run, async (parameters) => [
			await downloadFile(run, requestFor('DownloadPlaylistFile', { parameters }), {
				property: outputFieldOf(run),
				fileName: parameters.fileName,
				mimeType: WAV_TYPE,
			}),
		]),
};

/** Music on hold: XAPI `Playlists`, whose key is the name. Files are added in the Admin Console only. */
export const playlist: EntityResource = {
	name: 'playlist',
	label: 'Playlist',
	plural: 'Playlists',
	description: 'Audio files for callers on hold',
	entitySet: 'Playlists',
	type: 'Playlist',
	naturalKeys: [],
	title: ({ Name }) => String(Name),
	searchIn: ['Name'],
	summary: ['Name', 'PromptName', 'Shuffle', 'AutoGain', 'MaxVolumePercent', 'Files'],
	expand: {},
	needed: [['Name']],
	fields: [
		textField(
			'Name',
			{
				displayName: 'Name',
				name: 'name',
				placeholder: 'e.g. Calm Piano',
				description: 'The name of the playlist; it cannot be changed later',
			},
			{ prominent: true, createOnly: true },
		),
		switchField('AutoGain', {
			displayName: 'Even Out Volume',
			name: 'autoGain',
			description: 'Whether to play all files at the same volume',
		}),
		numberField('MaxVolumePercent', {
			displayName: 'Maximum Volume (Percent)',
			name: 'maxVolumePercent',
			typeOptions: { minValue: 0, maxValue: 100 },
			default: 100,
		}),
		switchField('Shuffle', {
			displayName: 'Shuffle',
			name: 'shuffle',
			description: 'Whether to play the files in random order',
		}),
	],
	operations: [deleteFile, downloadOne],
};
