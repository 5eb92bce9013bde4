import type { PbxClient } from '../../http/client';
import { ThreeCxError } from '../../http/errors';
import { isContested, renewalOf } from '../../http/tokens';
import { parseFrame, type EventEntity, type Frame } from './frames';
import { CallOrder, type Pending } from './order';
import { callidIn, LegReads } from './reads';
import { createCallControl, type CallControl } from '../rest/client';
import type { Participant } from '../rest/types';
import { systemClock } from '../../waiting/clock';
import { Sequence, Twins, type Position } from './sequence';
import { superviseSocket, type SocketTiming } from './socket';
import {
	CallTracker,
	legKey,
	type CallEvent,
	type Change,
	type Grace,
	type TrackerEvent,
} from '../calls/tracker';

/** How patient the monitor is, in ms, besides its socket. */
export interface MonitorTiming extends SocketTiming {
	/** The state is read and compared this often, to catch what was lost in silence; default 60,000. */
	reconcileMs: number;
	/** The same while there is reason to think that the socket may say nothing; default 5,000. */
	alertMs: number;
	/** How long such a reason counts, in ms; default 120,000. */
	alertForMs: number;
	/** How long the message may take that tells what a reading has shown; then the socket seems silent; default 2,000. */
	untoldMs: number;
	/** How soon after a sign of loss (gap, malformed message, failed GET) the state is read; default 1,000. */
	suspicionMs: number;
	/** How long a GET may take before the events of other calls stop waiting for it; default 2,000. */
	patienceMs: number;
	/** How long one GET may take; default 10,000. */
	answerMs: number;
}

const DEFAULT_TIMING = {
	reconcileMs: 60_000,
	alertMs: 5_000,
	alertForMs: 120_000,
	untoldMs: 2_000,
	suspicionMs: 1_000,
	patienceMs: 2_000,
	answerMs: 10_000,
};

/** With more legs than this waiting to be read one by one, the whole state is read at once... */
const CROWD = 24;

/** ... after this time, in ms, so that one reading serves a whole burst. */
const CROWD_MS = 250;

/** When a leg whose GET was answered with 500 is asked for again, in ms after the time before. */
const LEG_AGAIN_MS = [200, 400] as const;

/** A socket that seems to say nothing is replaced at once; if that does not help, after twice this time, and so on; in ms... */
const SILENCE_MS = 5_000;

/** ... up to this. */
const MAX_SILENCE_MS = 600_000;

/** After a socket was replaced, the older one may still have told what the new one tells as well, in ms. */
const OVERLAP_MS = 1_000;

/** Max number of waiting messages, or of facts that they stand for; twice as many if they are keys. */
const MAX_WAITING = 5_000;

const isTooMany = (waiting: number, frame: Frame) =>
	waiting >= (frame.kind === 'keys' ? 2 * MAX_WAITING : MAX_WAITING);

/** What a monitor says about its link: once when it goes down, once when it is up again. */
export type LinkState =
	| { online: true; /** How long it was down, in ms; 0 at the first time. */ outageMs: number }
	| { online: false; error: ThreeCxError };

/** What {@link startMonitor} needs. */
export interface MonitorOptions {
	/** Gives a client of the PBX; called for each try to connect. */
	connect(): Promise<PbxClient>;
	/** What is new, in order within each call. */
	onEvents(events: TrackerEvent[]): void;
	onState?(state: LinkState): void;
	/** Called when messages arrive faster than they can be processed, with the number dropped so far. */
	onShed?(total: number): void;
	/** Called once, when somebody else seems to use the client ID: tokens are ended again and again. */
	onContested?(): void;
	/** Each message of the socket as it comes, before it is understood. */
	onMessage?(text: string): void;
	timing?: Partial<MonitorTiming & Grace>;
	random?: () => number;
}

/** Watches all calls of a PBX that an API client may see. */
export interface Monitor {
	readonly online: boolean;
	/** @returns what has happened to the legs that are there, see {@link CallTracker.replay}. */
	replay(): CallEvent[];
	/**
	 * Waits for the link. Tries at once if it is down.
	 *
	 * @param withinMs how long to wait, in ms; default for as long as the try takes
	 * @throws ThreeCxError: why the try failed. The monitor goes on trying by itself.
	 */
	ready(withinMs?: number): Promise<void>;
	/** Ends it: no more callbacks from now on. Resolves when everything is closed. */
	close(): Promise<void>;
}

/**
 * Opens the socket, reads the state, reports the difference, then follows the messages; after every new connection
 * again. It keeps its state between two connections: what happened meanwhile is reported as `recovered`.
 *
 * @returns the monitor, connecting
 */
export function startMonitor(options: MonitorOptions): Monitor {
	const timing = { ...DEFAULT_TIMING, ...options.timing };
	const closing = new AbortController();
	const tracker = new CallTracker(Date.now, options.timing);
	const order = new CallOrder((changes) => {
		for (const seen of readings) for (const change of changes) seen.add(entityOf(change));
		const events = changes.flatMap((change) => tracker.apply(change));
		tell(events);
	});
	const timers = new Set<NodeJS.Timeout>();
	const waiters: Array<(error?: ThreeCxError) => void> = [];

	let current: PbxClient | undefined;
	let control: CallControl | undefined;
	/** Whether the latest reading left something out that was news meanwhile. */
	let isPartial = false;
	/** Messages that come before the state has been read; undefined while they are followed at once. */
	let held: Message[] | undefined = [];
	/** How the messages of each socket are counted. */
	const sequences = new WeakMap<object, Sequence>();
	/** While one socket takes the place of another. */
	let twins: Twins | undefined;
	let endOfOverlap: NodeJS.Timeout | undefined;
	/** Messages that came. */
	let heard = 0;
	/** Until when the state is read more often, and before when a silent socket is not replaced again; on the monotonic clock. */
	let alertUntil = 0;
	let replaceAt = 0;
	let silenceMs = SILENCE_MS;
	let isContestedTold = false;
	/** When the token is to be renewed, in ms since the epoch: the reading of the state then brings the new one. */
	let renewsAt = Infinity;
	let hasBaseline = false;
	let online = false;
	let downSince: number | undefined;
	/** For each reading of the state that is under way: what has been news since it began. */
	const readings = new Set<Set<string>>();
	/** Counts the links, so that what belongs to an older one can be told apart. */
	let epoch = 0;
	let settleTimer: NodeJS.Timeout | undefined;
	let settlesAt = Infinity;
	let reconcileTimer: NodeJS.Timeout | undefined;
	let reconcileAt = Infinity;
	/** Readings of the state that have failed, one after the other. */
	let unread = 0;
	/** Number of dropped messages. */
	let shed = 0;

	function tell(events: TrackerEvent[]): void {
		if (closing.signal.aborted) return;
		if (events.length > 0) options.onEvents(events);
		settleLater();
	}

	/** Calls that are out of sight are told to be over when none of their legs has come back. */
	function settleLater(): void {
		if (tracker.settlesAt >= settlesAt) return;
		cancel(settleTimer);
		settlesAt = tracker.settlesAt;
		settleTimer = after(Math.max(0, settlesAt - Date.now()), () => {
			settlesAt = Infinity;
			tell(tracker.settle());
		});
	}

	// --- Reading single legs ---------------------------------------------------------------------------------------

	const reads = new LegReads({
		order,
		read: readLeg,
		callOf: (dn, id) => tracker.callOf(dn, id),
		patienceMs: timing.patienceMs,
		signal: closing.signal,
	});

	/** A PBX in trouble answers 500 now and then, which nobody below asks again; the next event may be the leg's end. */
	async function askForLeg(dn: string, id: number): Promise<Participant | ThreeCxError> {
		const { signal } = closing;
		const ask = async () =>
			await (control as CallControl)
				.participant(dn, id, signal)
				.catch((cause: unknown) => cause as ThreeCxError);
		let reply = await ask();
		for (const ms of LEG_AGAIN_MS) {
			const hasFailed = reply instanceof Error && reply.status === 500;
			if (!hasFailed || signal.aborted) break;
			await systemClock.sleep(ms, signal);
			reply = await ask();
		}
		return reply;
	}

	async function readLeg(dn: string, id: number): Promise<Change[]> {
		const reply = await askForLeg(dn, id);
		if (!(reply instanceof Error)) {
			await learnType(dn);
			return [{ kind: 'upsert', participant: { ...reply, dn }, origin: 'live' }];
		}
		if (reply.kind === 'notFound') {
			// It is gone; its Remove follows or has passed (protocol 3.4). It went after all that is in line by now: at the
			// place of its upsert the call would seem to end before the phone rings that it was passed on to.
			enqueue([{ kind: 'remove', dn, id, origin: 'live' }]);
			return [];
		}
		// A leg of a DN that is not on the client's list (protocol 3.4): not ours to see.
		if (reply.kind === 'forbidden' && !tracker.knows(dn)) return [];
		if (reply.kind === 'forbidden') return await readInList(dn, id);
		reconcileWithin(timing.suspicionMs);
		return [];
	}

	/** Of a DN that was made after the state was read: a queue that picks up has not answered, a person has. */
	async function learnType(dn: string): Promise<void> {
		if (tracker.knows(dn)) return;
		const found = await (control as CallControl).dn(dn, closing.signal).catch(() => undefined);
		tracker.learn(dn, found?.type ?? '');
	}

	/** Some PBXs show the legs of a DN in lists only (protocol 2.9). */
	async function readInList(dn: string, id: number): Promise<Change[]> {
		const legs = await (control as CallControl)
			.participants(dn, closing.signal)
			.catch(() => undefined);
		if (!legs) reconcileWithin(timing.suspicionMs);
		const found = legs?.find((leg) => leg.id === id);
		if (found) return [{ kind: 'upsert', participant: { ...found, dn }, origin: 'live' }];
		if (legs) enqueue([{ kind: 'remove', dn, id, origin: 'live' }]);
		return [];
	}

	// --- Following messages ----------------------------------------------------------------------------------------

	function receive(text: string, source: object): void {
		heard += 1;
		silenceMs = SILENCE_MS;
		const isTwin = twins?.isTwin(text, source) === true;
		if (!isTwin) options.onMessage?.(text);
		const frame = parseFrame(text);
		const sequence = sequences.get(source) ?? new Sequence();
		sequences.set(source, sequence);
		const { isRepeat, isGap } = sequence.next(frame.sequence, text);
		const message = { frame, isGap, isRepeat: isRepeat || isTwin };
		const waiting = held ? held.length : order.size;
		if (isTooMany(waiting, frame)) shedOne();
		else if (held) held.push(message);
		else follow(message);
	}

	/** A later read of the state makes up for dropped messages, except for keys. So keys are dropped last. */
	function shedOne(): void {
		shed += 1;
		reconcileWithin(CROWD_MS);
		options.onShed?.(shed);
	}

	function follow({ frame, isGap, isRepeat }: Message): void {
		if (isGap) reconcileWithin(timing.suspicionMs);
		// Told twice. States do not mind, keys do.
		if (isRepeat && (frame.kind === 'keys' || frame.kind === 'promptFinished')) return;
		if (frame.kind === 'malformed') reconcileWithin(timing.suspicionMs);
		if (frame.kind === 'malformed' || frame.kind === 'other') return;
		for (const seen of readings) seen.add(nameOf(frame.entity));
		const { entity } = frame;
		if (entity.kind === 'dn') return reconcileWithin(timing.suspicionMs);
		if (entity.kind === 'device') {
			const { dn, id } = entity;
			enqueue([{ kind: 'device', dn, id, registered: frame.kind === 'upsert', origin: 'live' }]);
			return;
		}
		const { dn, id } = entity;
		// Keys of a leg that is not known, because reading it has failed, would be keys of no call.
		const isUnknown = tracker.callOf(dn, id) === undefined && !order.latest(nameOf(entity));
		if (frame.kind === 'upsert' || (frame.kind !== 'remove' && isUnknown)) reads.request(dn, id);
		if (reads.size > CROWD) reconcileWithin(CROWD_MS);
		if (frame.kind === 'upsert') return;
		if (frame.kind === 'keys')
			enqueue([{ kind: 'keys', dn, id, digits: frame.digits, origin: 'live' }]);
		else enqueue([{ kind: frame.kind, dn, id, origin: 'live' }]);
	}

	/** Puts facts in line that need no reading. */
	function enqueue(changes: Change[]): void {
		for (const change of changes) {
			const { dn, id } = change.kind === 'upsert' ? change.participant : change;
			const isDevice = change.kind === 'device';
			const entity = entityOf(change);
			const isNews = isDevice || change.kind === 'upsert' || order.latest(entity);
			// A Remove for a leg that was never seen.
			if (!isNews && tracker.callOf(dn, Number(id)) === undefined) continue;
			const pending: Pending = {
				entity,
				// Phones belong to no call, and wait for none.
				callid: () => (isDevice ? -1 : (callidIn(pending) ?? tracker.callOf(dn, Number(id)))),
				changes: [change],
			};
			order.add(pending);
		}
		order.drain();
	}

	// --- Reading the whole state -----------------------------------------------------------------------------------

	function reconcileWithin(ms: number): void {
		const at = performance.now() + ms;
		if (!online || at >= reconcileAt) return;
		cancel(reconcileTimer);
		reconcileAt = at;
		reconcileTimer = after(ms, () => void reconcile());
	}

	async function reconcile(): Promise<void> {
		reconcileAt = Infinity;
		const link = epoch;
		const heardBefore = heard;
		const read = await readState('recovered', closing.signal).catch(() => undefined);
		// A link that broke meanwhile is followed by a reading of its own.
		if (link !== epoch || closing.signal.aborted) return;
		unread = read ? 0 : unread + 1;
		if (read) {
			socket.check();
			await lookAtTokens();
			// What is true should be told: its message may be on the way, but not for long.
			const isSilent = () => link === epoch && heard === heardBefore && online;
			if (read.news > 0) after(timing.untoldMs, () => isSilent() && silent());
		}
		// What gave rise to suspicion is still unknown: ask again soon, and less and less often.
		const again = read ? untilNextReading() : timing.suspicionMs * 2 ** (unread - 1);
		reconcileWithin(Math.min(again, timing.reconcileMs));
	}

	function untilNextReading(): number {
		const { reconcileMs, alertMs, suspicionMs } = timing;
		const usual = performance.now() < alertUntil ? Math.min(alertMs, reconcileMs) : reconcileMs;
		return Math.min(usual, Math.max(renewsAt - Date.now(), suspicionMs));
	}

	function alert(): void {
		alertUntil = performance.now() + timing.alertForMs;
		reconcileWithin(untilNextReading());
	}

	/** Reading has shown what no message has told: the readings tell meanwhile. */
	function silent(): void {
		alert();
		if (performance.now() < replaceAt) return;
		silenceMs = Math.min(silenceMs * 2, MAX_SILENCE_MS);
		replaceAt = performance.now() + silenceMs;
		socket.replace();
	}

	/** When the token ends, and whether somebody else ends it all the time. */
	async function lookAtTokens(): Promise<void> {
		const { tokens } = current as PbxClient;
		const newest = await tokens.newest?.();
		renewsAt = newest ? renewalOf(newest) : Infinity;
		const endedEarly = tokens.endedEarly?.() ?? [];
		const latest = endedEarly.at(-1);
		if (latest !== undefined && Date.now() - latest < timing.alertForMs) alert();
		if (isContestedTold || !isContested(endedEarly, Date.now())) return;
		isContestedTold = true;
		options.onContested?.();
	}

	async function replaced(): Promise<void> {
		cancel(reconcileTimer);
		await reconcile();
		endOfOverlap = after(OVERLAP_MS, () => (twins = undefined));
	}

	function replacing(): void {
		cancel(endOfOverlap);
		twins ??= new Twins();
	}

	/**
	 * Reads the state and puts the differences in line, except for what has been news in the meantime: that is newer.
	 *
	 * @returns whether there were such exceptions, and how many differences of legs there were besides: that each phone which
	 *   comes or goes is told by a message, is not sure
	 */
	async function readState(
		origin: 'recovered' | 'baseline',
		signal: AbortSignal,
	): Promise<{ isPartial: boolean; news: number }> {
		const link = epoch;
		const newer = new Set<string>();
		readings.add(newer);
		const waiting = reads.waitingNow();
		const dns = await (control as CallControl).list(signal).finally(() => readings.delete(newer));
		if (signal.aborted || link !== epoch) return { isPartial: false, news: 0 };
		// What waited to be read before is shown by this reading, too: one answer instead of many.
		const legs = new Map(
			dns.flatMap(({ participants }) => participants).map((leg) => [legKey(leg.dn, leg.id), leg]),
		);
		for (const read of waiting) {
			if (newer.has(read.entity)) continue;
			const participant = legs.get(read.entity);
			reads.answer(
				read,
				participant ? [{ kind: 'upsert', participant, origin: held ? origin : 'live' }] : [],
			);
		}
		order.drain();
		const changes = tracker.diff(dns, origin);
		const usable = changes.filter((change) => {
			const entity = entityOf(change);
			return !newer.has(entity) && !order.latest(entity);
		});
		enqueue(usable);
		return {
			isPartial: usable.length < changes.length,
			news: usable.filter(({ kind }) => kind !== 'device').length,
		};
	}

	async function synchronise(client: PbxClient, signal: AbortSignal): Promise<void> {
		current = client;
		control = createCallControl(client, timing.answerMs);
		const read = await readState(hasBaseline ? 'recovered' : 'baseline', signal);
		if (signal.aborted) return;
		isPartial = read.isPartial;
		hasBaseline = true;
	}

	function up(): void {
		const shedMeanwhile = (held?.length ?? 0) >= MAX_WAITING;
		const frames = held;
		held = undefined;
		online = true;
		// Whoever waits for the link begins with the state that has been read, before what came after it.
		options.onState?.({
			online,
			outageMs: downSince === undefined ? 0 : performance.now() - downSince,
		});
		downSince = undefined;
		frames?.forEach(follow);
		// Reads of the last link may have been answered meanwhile, and what came after them was told to nobody.
		reconcileWithin(isPartial || shedMeanwhile ? timing.suspicionMs : untilNextReading());
		void lookAtTokens().then(() => reconcileWithin(untilNextReading()));
		for (const done of waiters.splice(0)) done();
	}

	function down(error: ThreeCxError): void {
		epoch += 1;
		online = false;
		held = [];
		cancel(reconcileTimer);
		reconcileAt = Infinity;
		if (downSince === undefined) options.onState?.({ online, error });
		downSince ??= performance.now();
		for (const failed of waiters.splice(0)) failed(error);
	}

	// --- Timers ----------------------------------------------------------------------------------------------------

	function after(ms: number, run: () => void): NodeJS.Timeout {
		const timer = setTimeout(() => {
			timers.delete(timer);
			run();
		}, ms);
		timers.add(timer);
		return timer;
	}

	function cancel(timer: NodeJS.Timeout | undefined): void {
		if (!timer) return;
		clearTimeout(timer);
		timers.delete(timer);
	}

	const socket = superviseSocket({
		connect: options.connect,
		onFrame: receive,
		read: synchronise,
		onUp: up,
		onReplacing: replacing,
		onReplaced: replaced,
		onDoubt: () => reconcileWithin(timing.suspicionMs),
		onDown: down,
		signal: closing.signal,
		timing: options.timing,
		random: options.random,
	});

	return {
		get online() {
			return online;
		},
		replay: () => tracker.replay(),
		async ready(withinMs) {
			if (online) return;
			const outcome = new Promise<ThreeCxError | undefined>((resolve) => waiters.push(resolve));
			socket.retryNow();
			let patience: NodeJS.Timeout | undefined;
			const late = new Promise<ThreeCxError>((resolve) => {
				if (withinMs !== undefined) patience = after(withinMs, () => resolve(tooLate(withinMs)));
			});
			const error = await Promise.race([outcome, late]);
			cancel(patience);
			if (error) throw error;
		},
		async close() {
			closing.abort();
			for (const timer of timers) clearTimeout(timer);
			timers.clear();
			for (const failed of waiters.splice(0)) failed(stopped());
			await socket.ended;
		},
	};
}

/** A message of the socket, and what its number tells. */
interface Message extends Position {
	frame: Frame;
}

/** The name under which the facts about an entity wait for each other. */
function nameOf(entity: EventEntity): string {
	if (entity.kind === 'participant') return legKey(entity.dn, entity.id);
	return entity.kind === 'device' ? `${entity.dn} ${entity.id}` : entity.dn;
}

function entityOf(change: Change): string {
	if (change.kind === 'device') return nameOf({ kind: 'device', dn: change.dn, id: change.id });
	const { dn, id } = change.kind === 'upsert' ? change.participant : change;
	return legKey(dn, id);
}

const tooLate = (ms: number) =>
	new ThreeCxError({
		kind: 'timeout',
		message: `The PBX did not let us listen to calls within ${Math.round(ms / 1000)} seconds`,
		hint: 'Check the Server URL of the credential, and whether a firewall blocks the connection from n8n to the PBX.',
	});

const stopped = () =>
	new ThreeCxError({
		kind: 'cancelled',
		message: 'Listening was stopped',
		hint: 'Start it again if you did not mean to stop it.',
	});
