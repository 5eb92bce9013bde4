/**
 * What changed on a PBX from one look to the next: pure, with no clock and no PBX of its own. What has to be known of
 * earlier looks is in {@link Memory}, which is JSON and bounded.
 */

/** Where a change can come from. */
export type Kind =
	| 'trunk'
	| 'sbc'
	| 'service'
	| 'extension'
	| 'licence'
	| 'backup'
	| 'userStatus'
	| 'queueLogin'
	| 'update'
	| 'blockedAddress'
	| 'blockedNumber'
	| 'error'
	| 'backupError'
	| 'queue';

/** One thing of a kind as it is now: a trunk, a user, an entry of the log. */
export interface Subject {
	/** Tells it from the others of its kind, at every look. */
	key: string;
	/** How it is, in a word, such as `online`; for what only appears, what it is. */
	value: string;
	/** What goes into the item besides. */
	details: Readonly<Record<string, unknown>>;
}

/** Those who wait in a queue. */
export interface QueueLook {
	queue: string;
	name: string;
	callers: ReadonlyArray<{ callId: number; waitingSeconds: number | null }>;
	details: Readonly<Record<string, unknown>>;
}

/** One look at a PBX. A kind that is missing or null was not read: what is known of it stays. */
export interface Look {
	subjects: Partial<Record<Exclude<Kind, 'queue'>, readonly Subject[] | null>>;
	queues?: readonly QueueLook[] | null;
}

/** A change, as it is told. */
export interface Change {
	event: string;
	kind: Kind;
	key: string;
	/** What was told of it before; null where there was nothing. */
	before: unknown;
	after: unknown;
	details: Readonly<Record<string, unknown>>;
}

/** How a kind of state is told: an event for each value, and the value that nobody needs to be told of at first. */
interface StateRule {
	/** Values without an event are kept in mind silently. */
	events: Readonly<Record<string, string>> | string;
	calm?: string;
}

/** Kinds whose subjects are there all the time and change. */
export const STATES: Readonly<Partial<Record<Kind, StateRule>>> = {
	trunk: { events: { online: 'trunkOnline', offline: 'trunkOffline' }, calm: 'online' },
	sbc: {
		events: { connected: 'sbcConnected', disconnected: 'sbcDisconnected' },
		calm: 'connected',
	},
	service: { events: { running: 'serviceStarted', stopped: 'serviceStopped' }, calm: 'running' },
	extension: {
		events: { registered: 'extensionRegistered', unregistered: 'extensionUnregistered' },
		calm: 'registered',
	},
	licence: { events: { ending: 'licenceEnding', ended: 'licenceEnding' }, calm: 'valid' },
	backup: { events: { old: 'backupTooOld' }, calm: 'recent' },
	userStatus: { events: 'userStatusChanged' },
	queueLogin: { events: { loggedIn: 'agentLoggedIn', loggedOut: 'agentLoggedOut' } },
};

/** Kinds whose subjects appear: each is told once. */
const ARRIVALS: Readonly<Partial<Record<Kind, string>>> = {
	update: 'updateAvailable',
	blockedAddress: 'addressBlocked',
	blockedNumber: 'numberBlocked',
	error: 'errorLogged',
	backupError: 'backupFailed',
};

/** The one event of queues. */
export const QUEUE_EVENT = 'queueThresholdPassed';

/** What is kept in mind of a PBX. JSON: n8n stores it. */
export interface Memory {
	/** By kind and key, what was told last of each subject, or what it was when it was first seen. */
	told?: Partial<Record<Kind, Record<string, string>>>;
	/** By kind and key, what is seen now and not yet told, and since when, in ms since the epoch. */
	unconfirmed?: Partial<Record<Kind, Record<string, { value: string; since: number }>>>;
	/** By kind, keys of what has appeared, the newest last. */
	appeared?: Partial<Record<Kind, string[]>>;
	/** By queue, when it was told that its threshold was passed, in ms since the epoch. */
	alarms?: Record<string, number>;
	/** By queue, how it was at the last look. */
	queues?: Record<string, { waiting: number; longestWait: number }>;
	/** By call, since when its caller waits, in ms since the epoch. */
	waiting?: Record<string, number>;
}

/** Of each kind, so many subjects are kept in mind at most; those beyond are not watched. */
export const MAX_SUBJECTS = 5_000;

/** What decides whether a change is told. */
export interface Rules {
	/** A state must have lasted so long, in ms; 0 tells each at once. */
	confirmMs: number;
	/** Whether what is wrong at the first look is told; otherwise only changes from then on. */
	tellPresent: boolean;
	/** More callers than this in one queue are told; undefined: never. */
	maxCallers?: number;
	/** A caller who waits longer than this is told, in seconds; undefined: never. */
	maxWait?: number;
	/** A queue is told again after this time at the earliest, in ms. */
	againAfterMs: number;
}

/**
 * Compares a look with what is known.
 *
 * - A state is told when it differs from what was told of the same subject last, so that what flaps between two looks, or
 *   within `confirmMs`, is not told, and two events of one subject never say the same.
 * - What appears is told once, as long as its key is kept in mind.
 * - A queue is told while its threshold is passed, and again after `againAfterMs`.
 *
 * @param memory what is known; empty at first
 * @param look how the PBX is
 * @param rules what is told
 * @param now the clock, in ms since the epoch
 * @returns the changes, and what is known from now on; neither argument is changed
 */
export function compare(
	memory: Memory,
	look: Look,
	rules: Rules,
	now: number,
): { changes: Change[]; memory: Memory } {
	const changes: Change[] = [];
	const next: Memory = {
		...memory,
		told: { ...memory.told },
		unconfirmed: { ...memory.unconfirmed },
		appeared: { ...memory.appeared },
	};
	for (const [name, all] of Object.entries(look.subjects)) {
		if (!all) continue;
		const kind = name as Exclude<Kind, 'queue'>;
		const subjects = all.slice(0, MAX_SUBJECTS);
		const state = STATES[kind];
		if (state) changes.push(...compareStates(kind, state, subjects, next, rules, now));
		else changes.push(...compareArrivals(kind, subjects, next, rules));
	}
	if (look.queues) changes.push(...compareQueues(look.queues, next, rules, now));
	return { changes, memory: next };
}

/** Keys come from the PBX, and may be called `constructor` or `__proto__`: only own ones count. */
const valueIn = <T>(values: Record<string, T> | undefined, key: string): T | undefined =>
	values && Object.hasOwn(values, key) ? values[key] : undefined;

function compareStates(
	kind: Kind,
	{ events, calm }: StateRule,
	subjects: readonly Subject[],
	memory: Memory,
	{ confirmMs, tellPresent }: Rules,
	now: number,
): Change[] {
	const known = memory.told?.[kind];
	const waiting = memory.unconfirmed?.[kind];
	/** What counts as told of a subject that nothing was told of. */
	const atFirst = ({ value }: Subject) =>
		(known === undefined ? tellPresent : true) ? (calm ?? value) : value;
	const changes: Change[] = [];
	const told: Array<[string, string]> = [];
	const unconfirmed: Array<[string, { value: string; since: number }]> = [];
	for (const subject of subjects) {
		const { key, value, details } = subject;
		const before = valueIn(known, key);
		const from = before ?? atFirst(subject);
		const seen = valueIn(waiting, key);
		const since = seen?.value === value ? seen.since : now;
		if (value !== from && now - since < confirmMs) {
			told.push([key, from]);
			unconfirmed.push([key, { value, since }]);
			continue;
		}
		told.push([key, value]);
		const event = typeof events === 'string' ? events : valueIn({ ...events }, value);
		if (value !== from && event !== undefined)
			changes.push({ event, kind, key, before: before ?? null, after: value, details });
	}
	memory.told![kind] = Object.fromEntries(told);
	memory.unconfirmed![kind] = Object.fromEntries(unconfirmed);
	return changes;
}

function compareArrivals(
	kind: Kind,
	subjects: readonly Subject[],
	memory: Memory,
	{ tellPresent }: Rules,
): Change[] {
	const earlier = memory.appeared?.[kind];
	const known = new Set(earlier);
	const fresh = subjects.filter(({ key }) => !known.has(key) && known.add(key));
	memory.appeared![kind] = [...(earlier ?? []), ...fresh.map(({ key }) => key)].slice(
		-MAX_SUBJECTS,
	);
	if (earlier === undefined && !tellPresent) return [];
	return fresh.map(({ key, value, details }) => ({
		event: ARRIVALS[kind] ?? kind,
		kind,
		key,
		before: null,
		after: value,
		details,
	}));
}

function compareQueues(
	queues: readonly QueueLook[],
	memory: Memory,
	{ maxCallers = Infinity, maxWait = Infinity, againAfterMs }: Rules,
	now: number,
): Change[] {
	const changes: Change[] = [];
	const alarms: Array<[string, number]> = [];
	const states: Array<[string, { waiting: number; longestWait: number }]> = [];
	const waiting: Array<[string, number]> = [];
	for (const { queue, name, callers, details } of queues.slice(0, MAX_SUBJECTS)) {
		// The PBX may forget how long somebody has waited (protocol 8.17): the earliest time that was ever seen counts.
		const begun = callers.slice(0, MAX_SUBJECTS).map(({ callId, waitingSeconds }) => {
			const seen = now - (waitingSeconds ?? 0) * 1000;
			return [String(callId), Math.min(seen, valueIn(memory.waiting, String(callId)) ?? seen)] as [
				string,
				number,
			];
		});
		waiting.push(...begun);
		const longest = Math.max(0, ...begun.map(([, since]) => Math.round((now - since) / 1000)));
		const state = { waiting: callers.length, longestWait: longest };
		states.push([queue, state]);
		const last = valueIn(memory.alarms, queue);
		const isPassed = state.waiting > maxCallers || longest > maxWait;
		const isDue = last === undefined || now - last >= againAfterMs;
		if (isPassed && isDue) {
			alarms.push([queue, now]);
			changes.push({
				event: QUEUE_EVENT,
				kind: 'queue',
				key: queue,
				before: valueIn(memory.queues, queue) ?? null,
				after: state,
				details: { name, ...details },
			});
		} else if (last !== undefined && !isDue) alarms.push([queue, last]);
	}
	memory.alarms = Object.fromEntries(alarms);
	memory.queues = Object.fromEntries(states);
	memory.waiting = Object.fromEntries(waiting.slice(0, MAX_SUBJECTS));
	return changes;
}
