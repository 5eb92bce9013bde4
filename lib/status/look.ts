import type { PbxClient } from '../http/client';
import { queryString } from '../odata/query';
import { listEntities, type Entity } from '../xapi/entities';
import { readUsersNumbered } from '../xapi/usersNumbered';
import { MAX_SUBJECTS, type Kind, type Look, type QueueLook, type Subject } from './changes';
import { daysUntil, hoursSince, isRunning } from './overview';
import { Parts } from './part';
import { readQueueStatus } from './queues';
import {
	isAboutBackup,
	readErrors,
	readNewestBackup,
	readSbcs,
	readServices,
	readStatus,
	readTrunks,
	readUpdates,
	type LogEntry,
} from './reads';

/** What is looked at, and what counts as wrong. */
export interface Watch {
	kinds: ReadonlySet<Kind>;
	/** Numbers of the extensions whose registration is watched. */
	extensions: readonly string[];
	/** Numbers of the queues that are watched; empty for all. */
	queues: readonly string[];
	/** A backup older than this is too old, in hours. */
	backupHours: number;
	/** A licence with fewer days left is near its end. */
	licenceDays: number;
}

/** Errors of the log are read this far back, in ms: they may be written late, and clocks differ. */
const OVERLAP_MS = 3_600_000;

/** Most rows of a block list that are read, the newest first. */
const MAX_BLOCKED = 1_000;

/** What is asked rarely, because it changes rarely and costs the PBX more, in ms; all else at every look. */
const RARELY: Partial<Record<Kind, number>> = {
	update: 3_600_000,
	licence: 3_600_000,
	backup: 300_000,
};

/**
 * Which kinds are due at a look, and when each was read last. One for each trigger; forgets all when n8n restarts.
 */
export class Timetable {
	private readonly readAt = new Map<Kind, number>();

	/** @returns those of the kinds that are due */
	due(kinds: Iterable<Kind>, now: number): Set<Kind> {
		return new Set(
			[...kinds].filter((kind) => {
				const last = this.readAt.get(kind);
				return last === undefined || now - last >= (RARELY[kind] ?? 0);
			}),
		);
	}

	/** Notes when a kind was read. */
	read(kind: Kind, now: number): void {
		this.readAt.set(kind, now);
	}
}

/**
 * Looks at a PBX: reads the kinds that are asked for, side by side.
 *
 * @param client the PBX
 * @param watch what is looked at
 * @param errorsSince the look before, in ms since the epoch: errors of the log are read from an hour before it on
 * @param now the clock, in ms since the epoch
 * @returns the look, and why kinds are missing in it
 * @throws ThreeCxError when the PBX cannot be reached or refuses client ID and secret
 */
export async function lookAt(
	client: PbxClient,
	watch: Watch,
	errorsSince: number,
	now: number,
	signal?: AbortSignal,
): Promise<{ look: Look; parts: Parts }> {
	const { kinds, backupHours, licenceDays } = watch;
	const parts = new Parts();
	const subjects: Look['subjects'] = {};
	const take = async (
		names: Array<Exclude<Kind, 'queue'>>,
		read: () => Promise<Partial<Record<Kind, Subject[]>>>,
	) => {
		const wanted = names.filter((kind) => kinds.has(kind));
		if (wanted.length === 0) return;
		const found = await parts.read(wanted.join(', '), read);
		for (const kind of wanted) subjects[kind] = found?.[kind] ?? null;
	};
	const sources: Array<Promise<void>> = [
		take(['trunk'], async () => ({
			trunk: (await readTrunks(client, signal)).map(({ number, name, online }) => ({
				key: number,
				value: online ? 'online' : 'offline',
				details: { number, name },
			})),
		})),
		take(['sbc'], async () => ({
			sbc: (await readSbcs(client, signal)).map(({ name, connected }) => ({
				key: name,
				value: connected ? 'connected' : 'disconnected',
				details: { name },
			})),
		})),
		take(['service'], async () => ({
			service: (await readServices(client, signal)).map((service) => ({
				key: service.service,
				value: isRunning(service) ? 'running' : 'stopped',
				details: { ...service },
			})),
		})),
		take(['update'], async () => ({
			update: (await readUpdates(client, signal)).map((update) => ({
				key: `${update.category} ${update.name} ${update.available}`,
				value: update.available,
				details: { ...update },
			})),
		})),
		take(['error', 'backupError'], async () => {
			const errors = await readErrors(client, errorsSince - OVERLAP_MS, signal);
			// The oldest first, as they happened.
			const entries = errors.reverse();
			return {
				error: entries.map(entrySubject),
				backupError: entries.filter(isAboutBackup).map(entrySubject),
			};
		}),
		take(['blockedAddress'], async () => ({
			blockedAddress: (
				await readBlocked(
					client,
					'/Blocklist',
					['Id', 'IPAddrMask', 'BlockType', 'Description'],
					signal,
				)
			)
				.filter(({ BlockType }) => BlockType !== 'Allow')
				.map(({ Id, IPAddrMask, Description }) => ({
					key: String(Id),
					value: String(IPAddrMask ?? ''),
					details: { address: IPAddrMask ?? null, description: Description ?? null },
				})),
		})),
		take(['blockedNumber'], async () => ({
			blockedNumber: (
				await readBlocked(client, '/BlackListNumbers', ['Id', 'CallerId', 'Description'], signal)
			).map(({ Id, CallerId, Description }) => ({
				key: String(Id),
				value: String(CallerId ?? ''),
				details: { number: CallerId ?? null, description: Description ?? null },
			})),
		})),
		take(['userStatus', 'queueLogin'], async () => {
			const users = await readUsers(client, signal);
			return {
				userStatus: users.flatMap((user) => stateOf(user, user.CurrentProfileName)),
				queueLogin: users.flatMap((user) => stateOf(user, LOGINS[String(user.QueueStatus)])),
			};
		}),
		take(['extension'], async () => {
			const users = await readUsersNumbered(client, watch.extensions, USER, { signal });
			return {
				// One that was deleted has no phone either.
				extension: watch.extensions.flatMap((number) => {
					const user = users.get(number) ?? { Number: number };
					return stateOf(user, user.IsRegistered === true ? 'registered' : 'unregistered');
				}),
			};
		}),
		take(['licence', 'backup'], async () => {
			const [status, backup] = await Promise.all([
				readStatus(client, signal),
				kinds.has('backup') ? readNewestBackup(client, signal) : undefined,
			]);
			return {
				licence: licenceSubject(status, licenceDays, now),
				backup: [backupSubject([status.LastBackupDateTime, backup?.createdAt], backupHours, now)],
			};
		}),
	];
	let queues: QueueLook[] | null | undefined;
	const takeQueues = async () => {
		if (!kinds.has('queue')) return;
		queues = await parts.read('queue', async () => await readQueues(client, watch.queues, signal));
	};
	await Promise.all([...sources, takeQueues()]);
	return { look: { subjects, queues }, parts };
}

const LOGINS: Readonly<Partial<Record<string, string>>> = {
	LoggedIn: 'loggedIn',
	LoggedOut: 'loggedOut',
};

const entrySubject = ({ id, ...entry }: LogEntry): Subject => ({
	key: String(id),
	value: entry.message,
	details: entry,
});

/** A user as a subject; none where the PBX does not tell the value. */
function stateOf(user: Entity, value: unknown): Subject[] {
	if (typeof value !== 'string' || value === '') return [];
	const number = String(user.Number);
	const name = [user.FirstName, user.LastName].filter(Boolean).join(' ');
	return [{ key: number, value, details: { number, name } }];
}

function licenceSubject(
	{ ExpirationDate, ProductCode }: Entity,
	licenceDays: number,
	now: number,
): Subject[] {
	const daysLeft = daysUntil(ExpirationDate, now);
	// One that never ends has no date.
	const value =
		daysLeft === null || daysLeft >= licenceDays ? 'valid' : daysLeft < 0 ? 'ended' : 'ending';
	return [
		{
			key: 'licence',
			value,
			details: { expiresAt: ExpirationDate ?? null, daysLeft, product: ProductCode ?? null },
		},
	];
}

/** The PBX has no backup at all where neither tells of one: that is too old, too. */
function backupSubject(times: unknown[], backupHours: number, now: number): Subject {
	const ages = times.flatMap((time) => hoursSince(time, now) ?? []);
	const ageHours = ages.length > 0 ? Math.min(...ages) : null;
	const newest =
		ageHours === null ? null : times.find((time) => hoursSince(time, now) === ageHours);
	return {
		key: 'backup',
		value: ageHours === null || ageHours > backupHours ? 'old' : 'recent',
		details: { newest, ageHours },
	};
}

const readBlocked = async (
	client: PbxClient,
	path: string,
	select: string[],
	signal?: AbortSignal,
): Promise<Entity[]> =>
	await listEntities(client, path, {
		query: queryString({ select, orderBy: [{ field: 'Id', direction: 'desc' }] }),
		limit: MAX_BLOCKED,
		signal,
	});

const USER = [
	'Number',
	'FirstName',
	'LastName',
	'CurrentProfileName',
	'QueueStatus',
	'IsRegistered',
];

const readUsers = async (client: PbxClient, signal?: AbortSignal): Promise<Entity[]> =>
	await listEntities(client, '/Users', {
		query: queryString({ select: USER, orderBy: [{ field: 'Number' }] }),
		limit: MAX_SUBJECTS,
		signal,
	});

async function readQueues(
	client: PbxClient,
	wanted: readonly string[],
	signal?: AbortSignal,
): Promise<QueueLook[] | null> {
	const queues = await readQueueStatus(client, wanted, signal);
	// Who waits is the same source for all: of none or of each queue.
	if (queues.some(({ callers }) => callers === null)) return null;
	return queues.map(({ queue, name, callers, free, ringing, talking, loggedOut }) => ({
		queue,
		name,
		callers: callers ?? [],
		details: { queue, callers, free, ringing, talking, loggedOut },
	}));
}
