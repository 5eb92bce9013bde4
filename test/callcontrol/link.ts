import { createPbxClient, type PbxClient } from '../../lib/http/client';
import { processTokens } from '../../lib/http/tokens';
import {
	startMonitor,
	type LinkState,
	type Monitor,
	type MonitorOptions,
} from '../../lib/callcontrol/link/monitor';
import type { TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { startPbx, type Pbx, type PbxOptions } from '../../sandbox/pbx';
import { Collector } from './collector';

/** Patience for tests: everything soon, nothing at once. */
export const QUICK = {
	pingMs: 100,
	pongMs: 100,
	retryMs: 20,
	retryCapMs: 100,
	refusedMs: 150,
	credentialsMs: 150,
	reconcileMs: 60_000,
	suspicionMs: 20,
};

/** A PBX whose phones ring until the test says otherwise. */
export const quietPbx = async (options: PbxOptions = {}): Promise<Pbx> =>
	await startPbx({
		seedCallLogRows: 0,
		...options,
		calls: { ringTimeoutMs: 600_000, externalAnswerAfterMs: 600_000, ...options.calls },
	});

/** @returns a client of the PBX, as the default API client. */
export function clientOf({ url, defaultClient }: Pbx, ignoreSslIssues = false): PbxClient {
	const connection = { origin: url, ignoreSslIssues };
	const tokens = processTokens.source(connection, defaultClient);
	return createPbxClient({ connection, tokens });
}

/** A monitor of a simulated PBX, and what it tells. */
export interface Watched {
	monitor: Monitor;
	events: Collector<TrackerEvent>;
	states: Collector<LinkState>;
}

export function watch(pbx: Pbx, options: Partial<MonitorOptions> = {}): Watched {
	const events = new Collector<TrackerEvent>();
	const states = new Collector<LinkState>();
	const monitor = startMonitor({
		connect: async () => await Promise.resolve(clientOf(pbx)),
		onEvents: events.pushAll,
		onState: states.push,
		...options,
		timing: { ...QUICK, ...options.timing },
	});
	return { monitor, events, states };
}
