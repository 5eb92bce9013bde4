import {
	startMonitor,
	type LinkState,
	type Monitor,
	type MonitorOptions,
} from '../../lib/callcontrol/link/monitor';
import type { TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { closeDispatchers } from '../../lib/http/dispatchers';
import type { TokenSource } from '../../lib/http/tokens';
import { Collector } from './collector';
import { QUICK } from './link';
import { Scripted } from './scripted';

/** The leg that most of these tests are about. */
export const LEG = '/callcontrol/100/participants/1';

/** Timers of Node fire up to 1 ms early by another clock. */
export const JITTER_MS = 3;

/** @returns {@link QUICK}, but for what shall not happen by itself within the time of a test */
export const quickBut = <Name extends string>(...names: Name[]) => ({
	...QUICK,
	...(Object.fromEntries(names.map((name) => [name, 60_000])) as Record<Name, number>),
});

/** What a test says of a monitor; `tokens` are those of its client. */
type Options = Partial<MonitorOptions> & { tokens?: TokenSource };

/**
 * A server of which every answer is the test's, and monitors of it, for each test of the file or block that calls this.
 * After the test all of it is closed, and no monitor may have told nothing as if it were something.
 *
 * @param defaults of each monitor
 */
export function scriptedLinks(defaults: Partial<MonitorOptions>) {
	const monitors: Monitor[] = [];
	let server: Scripted;
	let isEverEmpty = false;

	beforeEach(async () => {
		isEverEmpty = false;
		server = await new Scripted().start();
	});

	afterEach(async () => {
		await Promise.all(monitors.splice(0).map(async (monitor) => await monitor.close()));
		await closeDispatchers();
		await server.close();
		expect(isEverEmpty).toBe(false);
	});

	return {
		get server() {
			return server;
		},
		start({ tokens, timing, ...options }: Options = {}) {
			const events = new Collector<TrackerEvent>();
			const states = new Collector<LinkState>();
			const messages = new Collector<string>();
			const monitor = startMonitor({
				connect: async () => await Promise.resolve(server.client(tokens)),
				onEvents: (list) => {
					isEverEmpty ||= list.length === 0;
					events.pushAll(list);
				},
				onState: states.push,
				onMessage: messages.push,
				...defaults,
				timing: { ...defaults.timing, ...timing },
				...options,
			});
			monitors.push(monitor);
			return { monitor, events, states, messages };
		},
	};
}
