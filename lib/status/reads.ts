import type { PbxClient } from '../http/client';
import type { OrderBy } from '../odata/field';
import { queryString } from '../odata/query';
import { getEntity, listEntities, type Entity } from '../xapi/entities';
import { isRows } from '../xapi/answer';
import { invoke } from '../xapi/invoke';

/** What is read of a PBX to tell how it is: one small read each, with the few properties that are needed. */

/** Most rows that are read of any list here; a PBX has fewer. */
export const MAX_ROWS = 5_000;

/** Most entries of the event log that one read gives, newest first. */
const MAX_ENTRIES = 100;

/** A trunk, and whether calls can go over it. */
export interface TrunkState {
	number: string;
	name: string;
	online: boolean;
}

/** A session border controller. */
export interface SbcState {
	name: string;
	connected: boolean;
}

/** A service of the PBX. */
export interface ServiceState {
	name: string;
	/** As 3CX calls it, such as `QueueManager`; Restart Services takes it. */
	service: string;
	/** Such as `Running` or `Stopped`. */
	status: string;
}

/** A finished backup. */
export interface BackupFile {
	fileName: string;
	/** ISO 8601. */
	createdAt: string | null;
	sizeBytes: number | null;
}

/** An error of the event log. */
export interface LogEntry {
	id: number;
	/** ISO 8601. */
	at: string | null;
	eventId: number | null;
	source: string;
	message: string;
}

/** An update that can be installed. */
export interface Update {
	name: string;
	category: string;
	installed: string;
	available: string;
	/** Such as `Release` or `Hotfix`. */
	type: string;
}

/** What every read is given. */
type Reading = (client: PbxClient, signal?: AbortSignal) => Promise<Entity[]>;

const textOf = (value: unknown): string =>
	typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const orNull = (value: unknown): string | null => textOf(value) || null;

const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const rowsOf =
	(path: string, select: string[], orderBy?: OrderBy[], limit = MAX_ROWS): Reading =>
	async (client, signal) =>
		await listEntities(client, path, {
			query: queryString({ select, ...(orderBy && { orderBy }) }),
			limit,
			signal,
		});

const trunkRows = rowsOf('/Trunks', ['Id', 'Number', 'Gateway', 'IsOnline']);

/** @returns every trunk; the carrier's name is the one of its gateway (protocol 4.6) */
export const readTrunks = async (client: PbxClient, signal?: AbortSignal): Promise<TrunkState[]> =>
	(await trunkRows(client, signal)).map(({ Number: number, Gateway, IsOnline }) => ({
		number: textOf(number),
		name: textOf((Gateway as Entity | null | undefined)?.Name),
		online: IsOnline === true,
	}));

const sbcRows = rowsOf('/Sbcs', ['Name', 'DisplayName', 'HasConnection']);

/** @returns every session border controller (3CX SBC) */
export const readSbcs = async (client: PbxClient, signal?: AbortSignal): Promise<SbcState[]> =>
	(await sbcRows(client, signal)).map(({ Name, DisplayName, HasConnection }) => ({
		name: textOf(DisplayName) || textOf(Name),
		connected: HasConnection === true,
	}));

const serviceRows = rowsOf('/Services', ['Name', 'DisplayName', 'Status']);

/** @returns every service */
export const readServices = async (
	client: PbxClient,
	signal?: AbortSignal,
): Promise<ServiceState[]> =>
	(await serviceRows(client, signal)).map(({ Name, DisplayName, Status }) => ({
		name: textOf(DisplayName) || textOf(Name),
		service: textOf(Name),
		status: textOf(Status),
	}));

const newestBackupRows = rowsOf(
	'/Backups',
	['FileName', 'CreationTime', 'Size'],
	[{ field: 'CreationTime', direction: 'desc' }],
	1,
);

/** @returns the newest backup that the PBX lists; undefined where it has none */
export const readNewestBackup = async (
	client: PbxClient,
	signal?: AbortSignal,
): Promise<BackupFile | undefined> => {
	const [row] = await newestBackupRows(client, signal);
	if (!row) return undefined;
	const { FileName, CreationTime, Size } = row;
	return {
		fileName: textOf(FileName),
		createdAt: orNull(CreationTime),
		sizeBytes: numberOr(Size),
	};
};

/**
 * Reads errors of the event log.
 *
 * @param since only those from this moment on, in ms since the epoch
 * @returns the newest 100 at most, newest first
 */
export const readErrors = async (
	client: PbxClient,
	since: number,
	signal?: AbortSignal,
): Promise<LogEntry[]> => {
	const filter = `Type eq 'Error' and TimeGenerated ge ${new Date(since).toISOString()}`;
	const rows = await listEntities(client, '/EventLogs', {
		query: queryString({
			filter,
			select: ['Id', 'TimeGenerated', 'EventId', 'Source', 'GroupName', 'Message', 'Params'],
			orderBy: [
				{ field: 'TimeGenerated', direction: 'desc' },
				{ field: 'Id', direction: 'desc' },
			],
		}),
		limit: MAX_ENTRIES,
		signal,
	});
	return rows.map((row) => ({
		id: Number(row.Id),
		at: orNull(row.TimeGenerated),
		eventId: numberOr(row.EventId),
		source: textOf(row.Source) || textOf(row.GroupName),
		message: messageOf(row),
	}));
};

/** `Message` is a template such as `Backup {0} failed`, with its values in `Params` (protocol 4.6). */
function messageOf({ Message, Params }: Entity): string {
	const values: unknown[] = Array.isArray(Params) ? Params : [];
	return textOf(Message).replace(/\{(\d{1,2})\}/g, (hole, index: string) =>
		values[Number(index)] === undefined ? hole : textOf(values[Number(index)]),
	);
}

/** Whether an error is about a backup. 3CX has no field for it, so its words decide. */
export const isAboutBackup = ({ source, message }: Pick<LogEntry, 'source' | 'message'>): boolean =>
	/backup/i.test(`${source} ${message}`);

/** @returns the updates that can be installed and that nobody has set aside */
export const readUpdates = async (client: PbxClient, signal?: AbortSignal): Promise<Update[]> => {
	const { Entries } = ((await invoke(client, 'GetUpdates', { signal })) ?? {}) as Entity;
	return (isRows(Entries) ? Entries : [])
		.filter(({ OutOfDate, Ignore }) => OutOfDate === true && Ignore !== true)
		.map(({ Name, Category, LocalVersion, ServerVersion, UpdateType }) => ({
			name: textOf(Name),
			category: textOf(Category),
			installed: textOf(LocalVersion),
			available: textOf(ServerVersion),
			type: textOf(UpdateType),
		}));
};

/** What of `SystemStatus` tells how the PBX is; the whole has 52 properties. */
const STATUS = [
	'FQDN',
	'Version',
	'ProductCode',
	'LicenseActive',
	'ExpirationDate',
	'MaintenanceExpiresAt',
	'MaxSimCalls',
	'CallsActive',
	'ExtensionsRegistered',
	'ExtensionsTotal',
	'DiskUsage',
	'FreeDiskSpace',
	'TotalDiskSpace',
	'RecordingStopped',
	'VoicemailStopped',
	'BackupScheduled',
	'LastBackupDateTime',
] as const;

/** `SystemStatus`, as far as it is used here. */
export type SystemStatus = Partial<Record<(typeof STATUS)[number], unknown>>;

/** @returns the singleton `SystemStatus`, without the licence key */
export const readStatus = async (client: PbxClient, signal?: AbortSignal): Promise<SystemStatus> =>
	await getEntity(client, '/SystemStatus', queryString({ select: STATUS }), { signal });
