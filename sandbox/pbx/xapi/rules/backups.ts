import { notFound, rejected } from '../../odata/errors';
import type { Row } from '../../odata/model';
import type { Context, Invocation, Rules } from '../context';

/** Bytes of a backup that nobody looks into. */
const SIZE = 4_194_304;

/** What a backup was made with, by file name; its row does not show it. */
const extrasOf = ({ store }: Context): Row => store.singleton('backupExtras');

function make({ context, args }: Invocation): void {
	const { Name, Contents } = args.description as { Name: string; Contents?: Row };
	const FileName = `${Name}.zip`;
	if (Name === '') throw rejected({ Name: 'WARNINGS.XAPI.REQUIRED' });
	// Seen live for a name that is taken (protocol 4.4).
	if (context.store.find('Backups', 'FileName', FileName))
		throw rejected({ Name: 'WARNINGS.XAPI.DUPLICATE' });
	context.store.insert('Backups', {
		FileName,
		CreationTime: context.now().toISOString(),
		Size: SIZE,
		DownloadLink: `/xapi/v1/Backups('${FileName}')/download`,
	});
	extrasOf(context)[FileName] = {
		Footprint: context.store.nextId(),
		IsEncrypted: Contents?.EncryptBackup === true,
		Version: context.version,
		Contents,
	};
}

/** Version, footprint and encryption of the backup that the path names. */
function extras({ context, entity }: Invocation): Row {
	if (!entity) throw notFound();
	const known = extrasOf(context)[String(entity.FileName)] as Row | undefined;
	return known ?? { Footprint: 0, IsEncrypted: false, Version: context.version };
}

/** Takes note of the wish; the configuration stays, and so does the link. */
function restore(invocation: Invocation): void {
	const { args } = invocation;
	const { Footprint, IsEncrypted, Contents } = extras(invocation);
	const password = ((Contents as Row | undefined)?.EncryptBackupPassword as Row | undefined)?.Value;
	if (args.footprint !== Footprint) throw rejected({ footprint: 'WARNINGS.XAPI.NOT_FOUND' });
	if (IsEncrypted === true && args.password !== password)
		throw rejected({ password: 'WARNINGS.INVALID_PASSWORD' });
	const { store } = invocation.context;
	store.singleton('restored').FileName = invocation.entity?.FileName;
}

export const backups: Rules = {
	deleted: (context, row) => {
		delete extrasOf(context)[String(row.FileName)];
	},
	operations: {
		'Pbx.Backup': make,
		'Pbx.GetBackupExtras': (invocation) => {
			const { Footprint, IsEncrypted, Version } = extras(invocation);
			return { Footprint, IsEncrypted, Version };
		},
		'Pbx.GetCanCreateBackup': () => true,
		'Pbx.Restore': restore,
	},
};
