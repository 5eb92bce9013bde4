import { isProgram, isQueue, isTalking } from './legs';
import { legKey, type CallEvent, type LegView } from './tracker';

/** How a caller's time in a queue ended: somebody took the call, the caller hung up, or the queue sent the call on. */
export type QueueOutcome = 'answered' | 'abandoned' | 'overflowed';

/** A caller's time in a queue. */
export interface QueueWait {
	/** Number of the queue. */
	queue: string;
	/** When it began, in ms since the epoch; unknown when that was before we listened. */
	since?: number;
	/** Missing while it goes on, and when nobody saw its end. */
	outcome?: QueueOutcome;
	/** Who has the call now; missing when nobody has. */
	by?: string;
}

/** A queue's leg of a call, for as long as it is not known what became of the caller. */
interface Wait {
	wait: QueueWait;
	/** Once the leg is gone: its end, which is told after what became of the caller, and the legs that were there. */
	gone?: { end: CallEvent; there: ReadonlySet<string> };
}

/** A call that a queue has to do with. */
interface Watched {
	legs: Map<string, LegView>;
	waits: Map<string, Wait>;
}

/** What the beginning and the end of a caller's time in a queue are called within the call. */
export const ENTERED = 'entered queue ';
export const LEFT = 'left queue ';

/**
 * Tells when callers enter and leave queues. The queue's own leg has to be visible: it is Connected to the caller while
 * the queue rings its agents, and is removed when one of them has picked up, the caller hangs up or the queue sends the
 * call on (protocol 3.5). Which of these it was shows in the legs that are there then, or come next; so the leg's own
 * end is told a moment later, after it.
 *
 * @returns a function that takes every event of the tracker, in order, and returns it with those of queues
 */
export function queueWaits(): (event: CallEvent) => CallEvent[] {
	const calls = new Map<string, Watched>();

	return (event) => {
		const { key } = event.call;
		const call = calls.get(key) ?? { legs: new Map(), waits: new Map() };
		calls.set(key, call);
		if (event.type === 'over') {
			calls.delete(key);
			return [...settle(call, () => ({ outcome: 'abandoned' })), event];
		}
		const name = legKey(event.leg.dn, event.leg.participant.id);
		const isNew = !call.legs.has(name);
		if (event.type === 'ended') call.legs.delete(name);
		else call.legs.set(name, event.leg);
		const { leg, type } = event;
		const ofQueue = isQueue(leg.dnType);
		if (type === 'ended') return ofQueue ? leave(call, name, event) : [event];
		const decided = isCalled(leg) ? settle(call, (gone) => nextOf(gone, leg, name, isNew)) : [];
		const entered = ofQueue && type === 'answered' ? [enter(call, name, event)] : [];
		return [...decided, event, ...entered];
	};
}

/** What a leg that is there after the queue's is gone says of the caller. */
function nextOf(
	{ there }: NonNullable<Wait['gone']>,
	leg: LegView,
	name: string,
	isNew: boolean,
): Pick<QueueWait, 'outcome' | 'by'> | undefined {
	// An agent who rang, or somebody who has picked the call up: that leg has never rung.
	const mayTake = there.has(name) || (isNew && !isProgram(leg.dnType));
	if (mayTake && isTalking(leg.participant, leg.dnType)) return { outcome: 'answered', by: leg.dn };
	return there.has(name) ? undefined : { outcome: 'overflowed', by: leg.dn };
}

function enter({ waits }: Watched, name: string, event: CallEvent): CallEvent {
	const wait: QueueWait = { queue: event.leg.dn, since: event.leg.connectedAt };
	waits.set(name, { wait });
	return { ...event, id: `${event.id}.queue`, type: 'queueEntered', step: ENTERED + name, wait };
}

function leave(call: Watched, name: string, end: CallEvent): CallEvent[] {
	const known = call.waits.get(name);
	if (!known) return [end];
	known.gone = { end, there: new Set(call.legs.keys()) };
	const by = takenBy(call.legs.values(), known.wait.since);
	return by === undefined ? [] : settle(call, () => ({ outcome: 'answered', by }));
}

/** Tells what became of the callers whose queue's leg is gone, where that can be said now. */
function settle(
	{ waits }: Watched,
	outcomeOf: (gone: NonNullable<Wait['gone']>) => Pick<QueueWait, 'outcome' | 'by'> | undefined,
): CallEvent[] {
	return [...waits].flatMap(([name, { wait, gone }]) => {
		const outcome = gone && outcomeOf(gone);
		if (!outcome) return [];
		waits.delete(name);
		return [leftEvent(gone.end, name, { ...wait, ...outcome }), gone.end];
	});
}

/**
 * @param event the end of the queue's leg, or what stands for it
 * @param name names the queue's leg, see `legKey`
 * @param wait what is known of the caller's time in the queue
 * @returns that the caller has left the queue
 */
export const leftEvent = (
	event: CallEvent,
	name: string,
	wait: Omit<QueueWait, 'queue'>,
): CallEvent => ({
	...event,
	id: `${event.id}.queue`,
	type: 'queueLeft',
	step: LEFT + name,
	wait: { queue: name.slice(0, name.lastIndexOf('/')), ...wait },
});

/** @returns the DN that took a call out of a queue which it entered at that time, as far as the legs show one. */
export const takenBy = (legs: Iterable<LegView>, since: number | undefined): string | undefined =>
	[...legs].find(
		(leg) =>
			isCalled(leg) &&
			isTalking(leg.participant, leg.dnType) &&
			(since === undefined || leg.connectedAt === undefined || leg.connectedAt >= since),
	)?.dn;

/** Whether it is the leg of somebody who was called, not that of the caller. */
const isCalled = ({ direction }: LegView): boolean => direction === 'inbound';
