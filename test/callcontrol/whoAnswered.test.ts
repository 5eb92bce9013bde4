import { perCall } from '../../lib/callcontrol/calls/perCall';
import { perExtension } from '../../lib/callcontrol/calls/perExtension';
import type { CallEvent, TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { startMonitor, type LinkState, type Monitor } from '../../lib/callcontrol/link/monitor';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { Collector } from './collector';
import { LegServer, type WireLeg } from './legServer';
import { QUICK } from './link';
import { short } from './samples';

/** What happened while nobody listened: told afterwards, by whom the call was answered, and in the order in which it must have been. */

let server: LegServer;
let monitor: Monitor;
let states: Collector<LinkState>;
let calls: Collector<CallEvent>;
let extensions: Collector<CallEvent>;

beforeEach(async () => {
	server = await new LegServer().listen();
	for (const dn of ['100', '101', '102']) server.show(dn, 'Wextension');
	states = new Collector();
	calls = new Collector();
	extensions = new Collector();
	const [ofCalls, ofExtensions] = [perCall(() => true), perExtension(() => true)];
	const take = (event: TrackerEvent) => {
		if (event.kind !== 'call' || event.type === 'participantChanged') return;
		calls.pushAll(ofCalls(event));
		extensions.pushAll(ofExtensions(event));
	};
	monitor = startMonitor({
		connect: async () => await Promise.resolve(server.client()),
		onEvents: (events) => events.forEach(take),
		onState: states.push,
		timing: { ...QUICK, pingMs: 5_000, pongMs: 5_000, goneMs: 300 },
	});
	await monitor.ready();
});

afterEach(async () => {
	await monitor.close();
	await server.close();
	await closeDispatchers();
});

const leg = (dn: string, status: string, more: Partial<WireLeg> = {}): WireLeg => ({
	dn,
	id: 1,
	status,
	party_dn: '10000',
	party_dn_type: 'Wexternalline',
	party_caller_id: '+4930123456',
	originated_by_dn: '10000',
	callid: 7,
	legid: 2,
	...more,
});

/** The link is down while the state changes. */
const meanwhile = async (...changes: Array<WireLeg | { gone: string }>) => {
	const before = states.items.length;
	for (const change of changes) {
		if ('gone' in change) server.silently(undefined, { dn: change.gone as string, id: 1 });
		else server.silently(change);
	}
	server.cut();
	await states.first(({ online }) => online, 'the link again', before);
};

const lines = ({ items }: Collector<CallEvent>) =>
	items.map((each) => short(each).replace('~', ''));

const over = async () => await calls.first(({ type }) => type === 'ended', 'the end of the call');

test('the call went on from one phone to another, who answered', async () => {
	await server.put(leg('100', 'Ringing'));
	await calls.count(1, 'events');
	await meanwhile({ gone: '100' }, leg('101', 'Connected'));
	server.remove({ dn: '101', id: 1 });
	expect((await over()).call).toMatchObject({ answered: true });
	expect(lines(calls)).toEqual(['100 ringing', '101 answered', '101 ended']);
	expect(lines(extensions)).toEqual([
		'100 ringing',
		'101 ringing',
		'101 answered',
		'100 ended',
		'101 ended',
	]);
});

test('it rang on, at another phone, which answers later', async () => {
	await server.put(leg('100', 'Ringing'));
	await calls.count(1, 'events');
	await meanwhile({ gone: '100' }, leg('101', 'Ringing'));
	await server.put(leg('101', 'Connected'));
	await calls.count(2, 'events');
	server.remove({ dn: '101', id: 1 });
	await over();
	expect(lines(calls)).toEqual(['100 ringing', '101 answered', '101 ended']);
});

test('it came and was answered', async () => {
	await meanwhile(leg('101', 'Connected'));
	server.remove({ dn: '101', id: 1 });
	await over();
	expect(lines(calls)).toEqual(['101 ringing', '101 answered', '101 ended']);
	expect(lines(extensions)).toEqual(['101 ringing', '101 answered', '101 ended']);
});

test('it was answered and passed on', async () => {
	await server.put(leg('100', 'Ringing'));
	await server.put(leg('100', 'Connected'));
	await calls.count(2, 'events');
	await meanwhile({ gone: '100' }, leg('101', 'Connected', { referred_by_dn: '100', legid: 3 }));
	server.remove({ dn: '101', id: 1 });
	await over();
	expect(lines(calls)).toEqual(['100 ringing', '100 answered', '101 transferred', '101 ended']);
});

test('a phone that rings for less than a reading takes: ringing before answered', async () => {
	// The leg changes before it has been read: only its second state is seen.
	await server.put(leg('100', 'Connected'));
	await calls.count(2, 'events');
	server.remove({ dn: '100', id: 1 });
	await over();
	expect(lines(calls)).toEqual(['100 ringing', '100 answered', '100 ended']);
});

test('the same where other phones rang before', async () => {
	await server.put(leg('100', 'Ringing'));
	await server.put(leg('101', 'Ringing'));
	await server.put(leg('102', 'Connected'));
	await calls.first(({ type }) => type === 'answered', 'the answer');
	for (const dn of ['100', '101', '102']) server.remove({ dn, id: 1 });
	await over();
	expect(lines(calls)).toEqual(['100 ringing', '102 answered', '102 ended']);
	expect(lines(extensions)).toEqual([
		'100 ringing',
		'101 ringing',
		'102 ringing',
		'102 answered',
		'100 ended',
		'101 ended',
		'102 ended',
	]);
});

test('paging: one phone rings, another answers by itself', async () => {
	await server.put(leg('100', 'Ringing'));
	await server.put(leg('101', 'Connected'));
	await calls.first(({ type }) => type === 'answered', 'the answer');
	for (const dn of ['100', '101']) server.remove({ dn, id: 1 });
	await over();
	expect(lines(calls)).toEqual(['100 ringing', '101 answered', '101 ended']);
});

test('an intercom call: the called phone picks up by itself while the caller still dials', async () => {
	const inside = (party: string) => ({
		party_dn: party,
		party_dn_type: 'Wextension',
		party_caller_id: party,
		originated_by_dn: '100',
	});
	const caller = { ...inside('101'), legid: 1 };
	await server.put(leg('100', 'Dialing', caller));
	await server.put(leg('101', 'Connected', inside('100')));
	await server.put(leg('100', 'Connected', caller));
	await calls.first(({ type }) => type === 'answered', 'the answer');
	for (const dn of ['101', '100']) server.remove({ dn, id: 1 });
	await over();
	expect(lines(calls)).toEqual(['100 dialing', '101 ringing', '101 answered', '101 ended']);
});
