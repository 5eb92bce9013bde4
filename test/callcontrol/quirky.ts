import { closeDispatchers } from '../../lib/http/dispatchers';
import type { MonitorOptions } from '../../lib/callcontrol/link/monitor';
import type { TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import type { Pbx, PbxOptions } from '../../sandbox/pbx';
import type { Quirks } from '../../sandbox/pbx/quirks';
import { quietPbx, watch, type Watched } from './link';
import { isCall, short } from './samples';

const CALLER = '+441632960123';

/** Pings do not matter within the time of a test. */
const CALM = { pingMs: 5_000, pongMs: 5_000 };

export const is = (dn: string, type: string) => (event: TrackerEvent) =>
	event.type === type && (isCall(event) ? event.leg.dn : event.dn) === dn;

/** What people see. */
export const milestones = (events: TrackerEvent[]): string[] =>
	events.filter(({ type }) => type !== 'participantChanged' && type !== 'over').map(short);

const open: Array<{ close: () => Promise<void> }> = [];

/** Starts a PBX that is not like the sandbox; {@link closeAll} ends it. */
export async function startQuirky(quirks: Quirks, options: PbxOptions = {}): Promise<Pbx> {
	const pbx = await quietPbx({ quirks, ...options });
	open.push(pbx);
	return pbx;
}

/** Starts a monitor of it, without waiting for its link. */
export function observe(pbx: Pbx, options: Partial<MonitorOptions> = {}): Watched {
	const watched = watch(pbx, { ...options, timing: { ...CALM, ...options.timing } });
	open.push(watched.monitor);
	return watched;
}

export async function closeAll(): Promise<void> {
	for (const each of open.splice(0).reverse()) await each.close();
	await closeDispatchers();
}

/** Calls 100, which answers and hangs up; resolves when the end was told. */
export async function wholeCall(pbx: Pbx, { events }: Watched): Promise<TrackerEvent[]> {
	const from = events.items.length;
	const callid = pbx.calls.incoming({ from: CALLER, to: '100' });
	await events.first(is('100', 'ringing'), 'ringing', from);
	pbx.calls.answer({ callid });
	await events.first(is('100', 'answered'), 'the answer', from);
	pbx.calls.hangUp({ callid });
	await events.first(is('100', 'ended'), 'the end', from);
	return events.items.slice(from);
}
