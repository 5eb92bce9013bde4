import type { PbxClient } from '../http/client';
import { Parts } from './part';
import {
	isAboutBackup,
	readErrors,
	readNewestBackup,
	readSbcs,
	readServices,
	readStatus,
	readTrunks,
	readUpdates,
	type BackupFile,
	type LogEntry,
	type SbcState,
	type ServiceState,
	type SystemStatus,
	type TrunkState,
	type Update,
} from './reads';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Errors about backups are looked for this far back, in ms. */
const ERRORS_SINCE_MS = 7 * DAY_MS;

/** A licence with fewer days left counts as a problem. */
const LICENCE_DAYS = 30;

/** So much of the disk in use counts as a problem, in percent. */
const DISK_PERCENT = 90;

/** What was read of a PBX; null for what its role does not allow, or what it cannot tell now. */
export interface PbxParts {
	status: SystemStatus | null;
	trunks: TrunkState[] | null;
	sbcs: SbcState[] | null;
	services: ServiceState[] | null;
	/** Undefined: the PBX lists no backup. */
	backup: BackupFile | null | undefined;
	errors: LogEntry[] | null;
	updates: Update[] | null;
}

/**
 * Reads how a PBX is, with seven small requests, and joins it into one object.
 *
 * @param client the PBX
 * @param now the clock, in ms since the epoch
 * @returns see {@link overviewOf}; `notes` says of each part that is null why it is
 * @throws ThreeCxError when the PBX cannot be reached or refuses client ID and secret; never for a right that is missing
 */
export async function readOverview(client: PbxClient, now: number, signal?: AbortSignal) {
	const parts = new Parts();
	// First alone: it renews a token that has ended, which seven at once would each have to wait for.
	const status = await parts.read('status', async () => await readStatus(client, signal));
	const [trunks, sbcs, services, backup, errors, updates] = await Promise.all([
		parts.read('trunks', async () => await readTrunks(client, signal)),
		parts.read('sbcs', async () => await readSbcs(client, signal)),
		parts.read('services', async () => await readServices(client, signal)),
		parts.read('backup', async () => await readNewestBackup(client, signal)),
		parts.read('backupErrors', async () => await readErrors(client, now - ERRORS_SINCE_MS, signal)),
		parts.read('updates', async () => await readUpdates(client, signal)),
	]);
	return {
		...overviewOf({ status, trunks, sbcs, services, backup, errors, updates }, now),
		notes: parts.notes,
	};
}

/**
 * Joins what was read. Every field is always there.
 *
 * @param parts what was read
 * @param now the clock, in ms since the epoch
 * @returns the PBX in one object; `problems` has a sentence for each thing to look after, and is empty when all is well
 */
export function overviewOf(parts: PbxParts, now: number) {
	const facts = factsOf(parts, now);
	return { ...facts, problems: problemsOf(facts) };
}

function factsOf(parts: PbxParts, now: number) {
	const { trunks, sbcs, services, errors, updates } = parts;
	return {
		...identityOf(parts.status),
		licence: licenceOf(parts.status, now),
		calls: callsOf(parts.status),
		extensions: extensionsOf(parts.status),
		trunks: trunks && {
			total: trunks.length,
			online: trunks.filter(({ online }) => online).length,
			offline: trunks.filter(({ online }) => !online).map(({ number, name }) => ({ number, name })),
		},
		sbcs: sbcs && {
			total: sbcs.length,
			connected: sbcs.filter(({ connected }) => connected).length,
			disconnected: sbcs.filter(({ connected }) => !connected).map(({ name }) => name),
		},
		services: services && {
			total: services.length,
			running: services.filter(isRunning).length,
			notRunning: services
				.filter((service) => !isRunning(service))
				.map(({ name, status }) => ({ name, status })),
		},
		backup: backupOf(parts, now),
		backupErrors:
			errors && errors.filter(isAboutBackup).map(({ at, message }) => ({ at, message })),
		updates,
		disk: diskOf(parts.status),
	};
}

type Facts = ReturnType<typeof factsOf>;

/** A service that starts, stops or pauses is not running either. */
export const isRunning = ({ status }: Pick<ServiceState, 'status'>): boolean =>
	status === 'Running';

const text = (value: unknown): string | null =>
	typeof value === 'string' && value !== '' ? value : null;
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const yesOrNo = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

/** ISO 8601 as ms since the epoch; null for what is no time, such as the year 1 that stands for "never". */
const msOf = (value: unknown): number | null => {
	const ms = Date.parse(String(value ?? ''));
	return Number.isNaN(ms) || ms <= 0 ? null : ms;
};

/** @returns whole days until a moment, rounded down, negative once it is over; null where there is none */
export const daysUntil = (moment: unknown, now: number): number | null => {
	const ms = msOf(moment);
	return ms === null ? null : Math.floor((ms - now) / DAY_MS);
};

/** @returns hours since a moment, to a tenth; null where there is none */
export const hoursSince = (moment: unknown, now: number): number | null => {
	const ms = msOf(moment);
	return ms === null ? null : Math.round((now - ms) / (HOUR_MS / 10)) / 10;
};

const identityOf = (status: SystemStatus | null) => ({
	fqdn: text(status?.FQDN),
	version: text(status?.Version),
});

const licenceOf = (status: SystemStatus | null, now: number) =>
	status && {
		product: text(status.ProductCode),
		active: yesOrNo(status.LicenseActive),
		expiresAt: msOf(status.ExpirationDate) === null ? null : text(status.ExpirationDate),
		daysLeft: daysUntil(status.ExpirationDate, now),
		maintenanceExpiresAt:
			msOf(status.MaintenanceExpiresAt) === null ? null : text(status.MaintenanceExpiresAt),
		simultaneousCalls: number(status.MaxSimCalls),
	};

const callsOf = (status: SystemStatus | null) => status && { active: number(status.CallsActive) };

const extensionsOf = (status: SystemStatus | null) =>
	status && {
		total: number(status.ExtensionsTotal),
		registered: number(status.ExtensionsRegistered),
	};

const diskOf = (status: SystemStatus | null) =>
	status && {
		usedPercent: number(status.DiskUsage),
		freeBytes: number(status.FreeDiskSpace),
		totalBytes: number(status.TotalDiskSpace),
		recordingStopped: yesOrNo(status.RecordingStopped),
		voicemailStopped: yesOrNo(status.VoicemailStopped),
	};

/**
 * The newest backup. Those that are kept elsewhere are not in the PBX's list, so that the time of the last one may come
 * from its status instead.
 */
function backupOf({ backup, status }: PbxParts, now: number) {
	if (backup === null && status === null) return null;
	const last = text(status?.LastBackupDateTime);
	const listed = msOf(backup?.createdAt) ?? 0;
	const createdAt =
		(msOf(last) ?? 0) > listed ? last : listed > 0 ? (backup?.createdAt ?? null) : null;
	return {
		scheduled: yesOrNo(status?.BackupScheduled),
		newest: createdAt,
		ageHours: hoursSince(createdAt, now),
		fileName: backup?.fileName ?? null,
		sizeBytes: backup?.sizeBytes ?? null,
	};
}

/** A sentence for each thing to look after. */
function problemsOf(facts: Facts): string[] {
	const { licence, trunks, sbcs, services, backup, backupErrors, updates, disk } = facts;
	const { daysLeft = null, active } = licence ?? {};
	return [
		...(active === false ? ['The licence is not active'] : []),
		...(daysLeft !== null && daysLeft < LICENCE_DAYS
			? [daysLeft < 0 ? 'The licence has expired' : `Days left on the licence: ${daysLeft}`]
			: []),
		...(trunks?.offline ?? []).map(({ number: dn, name }) =>
			`Trunk ${dn} ${name} is offline`.trim(),
		),
		...(sbcs?.disconnected ?? []).map((name) => `SBC ${name} is not connected`),
		...(services?.notRunning ?? []).map(({ name, status }) => `Service ${name}: ${status}`),
		...(backup && backup.newest === null ? ['There is no backup'] : []),
		...(backupErrors && backupErrors.length > 0
			? [`Errors about backups in the last 7 days: ${backupErrors.length}`]
			: []),
		...(updates && updates.length > 0 ? [`Updates to install: ${updates.length}`] : []),
		...((disk?.usedPercent ?? 0) >= DISK_PERCENT
			? [`The disk is ${disk?.usedPercent} % full`]
			: []),
		...(disk?.recordingStopped === true ? ['Recording has stopped'] : []),
		...(disk?.voicemailStopped === true ? ['Voicemail has stopped'] : []),
	];
}
