import { notFound, rejected } from '../../odata/errors';
import { Download, type Rules } from '../context';

export const customPrompts: Rules = {
	keep: (_context, { CanBeDeleted }) =>
		CanBeDeleted === true ? undefined : 'WARNINGS.XAPI.ALREADY_IN_USE',
	operations: {
		// The real PBX calls the extension first; here the prompt is spoken as soon as it is asked for.
		'Pbx.MakeCallRecordCustomPrompt'({ context: { store }, args: { dn, filename } }) {
			if (!store.find('Users', 'Number', dn)) {
				throw rejected({ dn: 'WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER' });
			}
			if (store.find('CustomPrompts', 'Filename', filename)) return;
			store.insert('CustomPrompts', {
				Filename: filename,
				DisplayName: filename,
				FileLink: `/xapi/v1/CustomPrompts/${String(filename)}`,
				CanBeDeleted: true,
				PromptType: 'File',
			});
		},
	},
};

export const playlists: Rules = {
	defaults: () => ({ Files: [], Shuffle: false, AutoGain: false, MaxVolumePercent: 100 }),
	operations: {
		'Pbx.DeletePlaylistFile'({ context: { store }, args: { playlistKey, fileName } }) {
			const playlist = store.find('Playlists', 'Name', playlistKey);
			const files = (playlist?.Files ?? []) as string[];
			if (!playlist || !files.includes(String(fileName))) throw notFound();
			store.update('Playlists', playlist, { Files: files.filter((file) => file !== fileName) });
		},
		'Pbx.DownloadPlaylistFile'({ context: { store }, args: { playlistKey, fileName } }) {
			const files = store.find('Playlists', 'Name', playlistKey)?.Files as string[] | undefined;
			if (!files?.includes(String(fileName))) throw notFound();
			return new Download(Buffer.from('RIFF of an invented tune'), 'audio/x-wav', String(fileName));
		},
	},
};
