import type { PbxClient } from '../../http/client';
import { startMonitor, type LinkState, type Monitor, type MonitorOptions } from './monitor';
import type { TrackerEvent } from '../calls/tracker';

/** Somebody who listens to a PBX. */
export interface Subscriber {
	/** What is the same for all who may share a link: PBX, client ID. */
	key: string;
	/** Gives a client of the PBX; called for each try to connect, as long as this subscriber is the oldest. */
	connect(): Promise<PbxClient>;
	onEvents(events: TrackerEvent[]): void;
	onState?(state: LinkState): void;
	/** Each message of the socket as it comes, see {@link MonitorOptions.onMessage}. */
	onMessage?(text: string): void;
	/** Told what the others threw: it must not end the others, nor the process. */
	onError(error: unknown): void;
	/** Patience of the link; the first subscriber decides. */
	timing?: MonitorOptions['timing'];
}

/** What a subscriber holds. */
export interface Subscription {
	/** Whether the link is up; {@link Subscriber.onState} tells only of changes. */
	readonly online: boolean;
	/** Waits for the link; see {@link Monitor.ready}. */
	ready(withinMs?: number): Promise<void>;
	/** Leaves; the last one closes the link. Nothing is told from now on. */
	leave(): Promise<void>;
}

interface Shared {
	monitor: Monitor;
	subscribers: Set<Subscriber>;
}

const links = new Map<string, Shared>();

/**
 * Listens to a PBX over one socket for all who ask in this process: 3CX ties socket and token to the client ID, and
 * every further socket would be told all the same.
 *
 * @returns the subscription; its link is being opened, or open already
 */
export function subscribe(subscriber: Subscriber): Subscription {
	const { key } = subscriber;
	const shared = links.get(key) ?? open(key, subscriber);
	shared.subscribers.add(subscriber);
	return {
		get online() {
			return shared.monitor.online;
		},
		ready: async (withinMs) => await shared.monitor.ready(withinMs),
		async leave() {
			shared.subscribers.delete(subscriber);
			if (shared.subscribers.size > 0) return;
			if (links.get(key) === shared) links.delete(key);
			await shared.monitor.close();
		},
	};
}

/** How many links this process holds open or tries to open. */
export const linkCount = (): number => links.size;

function open(key: string, first: Subscriber): Shared {
	const subscribers = new Set<Subscriber>([first]);
	const tell = (say: (subscriber: Subscriber) => void) => {
		for (const subscriber of [...subscribers]) {
			try {
				say(subscriber);
			} catch (error) {
				subscriber.onError(error);
			}
		}
	};
	const monitor = startMonitor({
		connect: async () => await ([...subscribers][0] ?? first).connect(),
		onEvents: (events) => tell((subscriber) => subscriber.onEvents(events)),
		onState: (state) => tell((subscriber) => subscriber.onState?.(state)),
		onMessage: (text) => tell((subscriber) => subscriber.onMessage?.(text)),
		timing: first.timing,
	});
	const shared = { monitor, subscribers };
	links.set(key, shared);
	return shared;
}
