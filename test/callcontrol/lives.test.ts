import { setTimeout as pause } from 'node:timers/promises';
import { perCall } from '../../lib/callcontrol/calls/perCall';
import { perExtension } from '../../lib/callcontrol/calls/perExtension';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import { startMonitor } from '../../lib/callcontrol/link/monitor';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { LegServer, type WireLeg } from './legServer';
import { QUICK } from './link';

/** How long a call may be out of sight in this test, in ms, and a moment that is shorter. */
const GRACE_MS = 4_000;
const MOMENT_MS = 50;

/** Between two acts of a call: people are slow, and 200 calls at once are many. In ms. */
const PACE_MS = 600;

/** Between the beginnings of two calls, in ms. */
const STAGGER_MS = 8;

/** How 3CX says who started a leg: as documented, or as live captures of two public clients show it (protocol 2.3). */
const SHAPES = {
	documented: (leg: Step) =>
		leg.starts ? { originated_by_dn: leg.dn, legid: 1 } : { originated_by_dn: '10000', legid: 2 },
	captured: (leg: Step) =>
		leg.starts
			? { originated_by_dn: '', originated_by_type: 'None', legid: 1 }
			: { originated_by_dn: 'ROUTER', originated_by_type: 'Wroutepoint', legid: 4 },
};

/** A new state of a leg; the caller is outside unless a party is named. */
interface Step {
	dn: string;
	id?: number;
	status: 'Ringing' | 'Dialing' | 'Connected';
	/** Which of the scenario's calls; default the first. 0: the PBX tells no number. */
	call?: number;
	/** The leg's own DN started it. */
	starts?: boolean;
	/** The DN on the other side, and what it is. */
	party?: string;
	partyType?: string;
	/** The number outside. */
	number?: string;
	referredBy?: string;
}

type Act = Step | { gone: string; id?: number } | 'moment';

interface Life {
	what: string;
	acts: Act[];
	/** DNs on the client's list besides those of the acts, or of another type than extensions. */
	dns?: Record<string, string>;
	/** Told for each call, and for each extension; without what has merely changed. */
	calls: string[];
	extensions?: string[];
	/** What must be so in the events of each call. */
	check?: (events: CallEvent[]) => void;
}

const rings = (dn: string, more: Partial<Step> = {}): Step => ({ dn, status: 'Ringing', ...more });
const talks = (dn: string, more: Partial<Step> = {}): Step => ({
	dn,
	status: 'Connected',
	...more,
});
const dials = (dn: string, more: Partial<Step> = {}): Step => ({
	dn,
	status: 'Dialing',
	starts: true,
	...more,
});
const gone = (dn: string, id?: number): Act => ({ gone: dn, id });
const inside = (party: string, partyType = 'Wextension') => ({ party, partyType });

const LIVES: Life[] = [
	{
		what: 'a call from outside',
		acts: [rings('100'), talks('100'), gone('100')],
		calls: ['100 ringing', '100 answered', '100 ended'],
	},
	{
		what: 'a missed call',
		acts: [rings('100'), gone('100')],
		calls: ['100 ringing', '100 ended'],
		check: (events) => expect(events.at(-1)!.call.answered).toBe(false),
	},
	{
		what: 'a call to outside',
		acts: [dials('100'), talks('100', { starts: true }), gone('100')],
		calls: ['100 dialing', '100 answered', '100 ended'],
		check: (events) => expect(events[1]!.leg.direction).toBe('outbound'),
	},
	{
		what: 'a call to outside that was connected when it was first seen',
		acts: [talks('100', { starts: true }), gone('100')],
		calls: ['100 dialing', '100 answered', '100 ended'],
	},
	{
		what: 'a queue that is not on the list, agents polled in waves',
		acts: [
			rings('100'),
			gone('100'),
			'moment',
			rings('101'),
			gone('101'),
			'moment',
			rings('102'),
			gone('102'),
		],
		calls: ['100 ringing', '102 ended'],
		extensions: [
			'100 ringing',
			'100 ended',
			'101 ringing',
			'101 ended',
			'102 ringing',
			'102 ended',
		],
	},
	{
		what: 'a hunt through five agents, the last of whom answers',
		acts: [
			...['100', '101', '102', '103'].flatMap((dn): Act[] => [rings(dn), gone(dn), 'moment']),
			rings('104'),
			talks('104'),
			gone('104'),
		],
		calls: ['100 ringing', '104 answered', '104 ended'],
	},
	{
		what: 'no answer, forwarded to somebody else',
		acts: [rings('100'), gone('100'), 'moment', rings('101'), talks('101'), gone('101')],
		calls: ['100 ringing', '101 answered', '101 ended'],
	},
	{
		what: 'a blind transfer where the transferor leaves first',
		acts: [
			rings('100'),
			talks('100'),
			'moment',
			gone('100'),
			'moment',
			rings('101', { referredBy: '100' }),
			talks('101', { referredBy: '100' }),
			'moment',
			gone('101'),
		],
		calls: ['100 ringing', '100 answered', '101 transferred', '101 ended'],
		check: (events) => {
			const { call, at } = events.at(-1)!;
			expect(call.answeredAt).toBe(events[1]!.call.answeredAt);
			expect(at - call.answeredAt!).toBeGreaterThanOrEqual(3 * MOMENT_MS - 5);
		},
	},
	{
		what: 'an attended transfer: the leg of the consultation moves into the first call',
		acts: [
			rings('100'),
			talks('100'),
			dials('100', { id: 2, call: 2, ...inside('101') }),
			rings('101', { call: 2, ...inside('100') }),
			talks('101', { call: 2, ...inside('100') }),
			talks('100', { id: 2, call: 2, starts: true, ...inside('101') }),
			talks('101', { referredBy: '100' }),
			gone('100', 2),
			gone('100'),
			gone('101'),
		],
		calls: [
			'100 ringing',
			'100 answered',
			'101 transferred',
			'101 ended',
			'2: 100 dialing',
			'2: 101 ringing',
			'2: 101 answered',
			'2: 101 ended',
		],
	},
	{
		what: 'an attended transfer: a new leg comes into the first call, seen by its taker only',
		acts: [
			rings('101', { call: 2, ...inside('100') }),
			talks('101', { call: 2, ...inside('100') }),
			talks('101', { id: 2, referredBy: '100' }),
			gone('101'),
			'moment',
			gone('101', 2),
		],
		calls: ['101 transferred', '101 ended', '2: 101 ringing', '2: 101 answered', '2: 101 ended'],
		check: (events) => expect(events.some(({ recovered }) => recovered)).toBe(false),
	},
	{
		what: 'a call that is parked and picked up',
		dns: { SP1: 'Wparkextension' },
		acts: [
			rings('100'),
			talks('100'),
			talks('SP1'),
			gone('100'),
			'moment',
			dials('101', { call: 2, ...inside('SP1', 'Wparkextension') }),
			talks('101'),
			gone('SP1'),
			gone('101'),
		],
		calls: [
			'100 ringing',
			'100 answered',
			'SP1 parked',
			'101 pickedUp',
			'101 ended',
			'2: 101 dialing',
			'2: 101 ended',
		],
	},
	{
		what: 'a call that is parked in a slot that is not on the list',
		acts: [
			rings('100'),
			talks('100'),
			talks('100', { party: 'SP1', partyType: 'Wparkextension' }),
			gone('100'),
			'moment',
			talks('101'),
			gone('101'),
		],
		calls: ['100 ringing', '100 answered', '100 parked', '101 pickedUp', '101 ended'],
	},
	{
		what: 'three phones of one extension',
		acts: [
			rings('100'),
			rings('100', { id: 2 }),
			rings('100', { id: 3 }),
			talks('100', { id: 2 }),
			gone('100'),
			gone('100', 3),
			gone('100', 2),
		],
		calls: ['100 ringing', '100 answered', '100 ended'],
		extensions: ['100 ringing', '100 answered', '100 ended'],
	},
	{
		what: 'a call that is picked up from another phone: its leg moves',
		acts: [
			rings('101'),
			dials('102', { call: 2, ...inside('*20*101', 'Wspecialmenu') }),
			talks('102'),
			gone('101'),
			gone('102'),
		],
		calls: ['101 ringing', '102 answered', '102 ended', '2: 102 dialing', '2: 102 ended'],
	},
	{
		what: 'a call that is picked up from another phone: a new leg',
		acts: [rings('101'), talks('102', { starts: true }), gone('101'), gone('102')],
		calls: ['101 ringing', '102 dialing', '102 answered', '102 ended'],
	},
	{
		what: 'an internal call whose caller is connected first',
		acts: [
			dials('100', inside('101')),
			rings('101', inside('100')),
			talks('100', { starts: true, ...inside('101') }),
			talks('101', inside('100')),
			gone('101'),
			gone('100'),
		],
		calls: ['100 dialing', '101 ringing', '101 answered', '101 ended'],
	},
	{
		what: 'a click to call: the own phone rings first',
		acts: [
			rings('100', { starts: true, ...inside('', 'None') }),
			dials('100'),
			talks('100', { starts: true }),
			gone('100'),
		],
		calls: ['100 dialing', '100 answered', '100 ended'],
		check: (events) => expect(events[0]!.leg.direction).toBe('outbound'),
	},
	{
		what: 'a trunk on the list',
		dns: { 10000: 'Wexternalline' },
		acts: [talks('10000', inside('100')), rings('100'), talks('100'), gone('100'), gone('10000')],
		calls: ['100 ringing', '100 answered', '100 ended'],
	},
	{
		what: 'a route point that picks up and passes the call on',
		dns: { app: 'Wroutepoint' },
		acts: [
			talks('app'),
			rings('100', { referredBy: 'app' }),
			gone('app'),
			talks('100', { referredBy: 'app' }),
			gone('100'),
		],
		calls: ['app answered', '100 ringing', '100 answered', '100 transferred', '100 ended'],
	},
	{
		what: 'two calls that have no number',
		acts: [
			rings('100', { call: 0, number: '+4930111' }),
			rings('101', { call: 0, number: '+4930222' }),
			talks('100', { call: 0, number: '+4930111' }),
			gone('100'),
			gone('101'),
		],
		calls: ['100 ringing', '100 answered', '100 ended', '2: 101 ringing', '2: 101 ended'],
	},
	{
		what: 'a DN type without its W',
		dns: { 100: 'extension' },
		acts: [
			rings('100', { partyType: 'externalline' }),
			talks('100', { partyType: 'externalline' }),
			gone('100'),
		],
		calls: ['100 ringing', '100 answered', '100 ended'],
	},
	{
		what: 'a leg that is first seen connected while another phone rang',
		acts: [rings('100'), talks('101'), gone('100'), gone('101')],
		calls: ['100 ringing', '101 answered', '101 ended'],
		extensions: ['100 ringing', '101 ringing', '101 answered', '100 ended', '101 ended'],
	},
];

/** Every scenario so often, in either shape, that there are 200 calls at once. */
const TIMES = Math.ceil(200 / LIVES.length / Object.keys(SHAPES).length);

let server: LegServer;
beforeAll(async () => {
	server = await new LegServer().listen();
});
afterAll(async () => {
	await server.close();
	await closeDispatchers();
});

let lastCall = 0;

/** One performance of a scenario, with DNs and callids of its own. */
interface Performance {
	life: Life;
	shape: keyof typeof SHAPES;
	ids: number[];
	prefix: string;
}

describe('lives of calls, 200 at once', () => {
	const told: Array<{ view: 'calls' | 'extensions'; event: CallEvent }> = [];
	let stop: () => Promise<void>;
	const performances: Performance[] = [];

	beforeAll(async () => {
		let everyoneTold = () => undefined as void;
		const whole = new Promise<void>((done) => (everyoneTold = done));
		/** Events of calls that are still to be told. */
		let missing = LIVES.reduce((sum, { calls }) => sum + calls.length, 0) * TIMES * 2;
		for (let time = 0; time < TIMES; time += 1) {
			for (const shape of Object.keys(SHAPES) as Array<keyof typeof SHAPES>) {
				for (const life of LIVES) {
					const prefix = `${performances.length}-`;
					const types = { ...dnsOf(life), ...life.dns };
					for (const [dn, type] of Object.entries(types)) server.show(`${prefix}${dn}`, type);
					performances.push({ life, shape, prefix, ids: [++lastCall, ++lastCall] });
				}
			}
		}
		const views = { calls: perCall(() => true), extensions: perExtension(() => true) };
		const monitor = startMonitor({
			connect: async () => await Promise.resolve(server.client()),
			onEvents: (events) => {
				for (const event of events) {
					if (event.kind !== 'call' || event.type === 'participantChanged') continue;
					for (const view of ['calls', 'extensions'] as const) {
						for (const each of views[view](event)) {
							told.push({ view, event: each });
							if (view === 'calls' && (missing -= 1) === 0) everyoneTold();
						}
					}
				}
			},
			timing: {
				...QUICK,
				pingMs: 10_000,
				pongMs: 10_000,
				goneMs: GRACE_MS,
				parkedMs: 60_000,
				// No reading in between: under load it would see what the frames have not told yet.
				reconcileMs: 60_000,
			},
		});
		await monitor.ready();
		stop = async () => await monitor.close();
		await Promise.all(
			performances.map(async (each, index) => {
				await pause(index * STAGGER_MS);
				await play(each);
			}),
		);
		await Promise.race([whole, pause(30_000, undefined, { ref: false })]);
	}, 60_000);
	afterAll(async () => await stop());

	test.each(
		LIVES.flatMap((life) => Object.keys(SHAPES).map((shape) => [life.what, shape, life] as const)),
	)('%s (%s)', (_, shape, life) => {
		const own = performances.filter((each) => each.life === life && each.shape === shape);
		expect(own).toHaveLength(TIMES);
		for (const each of own) {
			expect(linesOf('calls', each)).toEqual(life.calls);
			if (life.extensions) expect(linesOf('extensions', each)).toEqual(life.extensions);
			life.check?.(eventsOf('calls', each).filter(({ call }) => isFirst(call.id, each)));
		}
	});

	test('every event has an id of its own', () => {
		const ids = told.map(({ view, event }) => `${view} ${event.id}`);
		expect(new Set(ids).size).toBe(ids.length);
	});

	const eventsOf = (view: 'calls' | 'extensions', { prefix }: { prefix: string }) =>
		told
			.filter((each) => each.view === view && each.event.leg.dn.startsWith(prefix))
			.map(({ event }) => event);

	/** The first call's lines, then those of the second, each in the order in which they were told. */
	const linesOf = (view: 'calls' | 'extensions', each: { prefix: string; ids: number[] }) => {
		const events = eventsOf(view, each);
		const keys = [...new Set(events.map(({ call }) => call.key))];
		const second = (event: CallEvent) =>
			event.call.id === 0 ? keys.indexOf(event.call.key) > 0 : event.call.id === each.ids[1];
		const line = ({ leg, type }: CallEvent) => `${leg.dn.slice(each.prefix.length)} ${type}`;
		return [
			...events.filter((event) => !second(event)).map(line),
			...events.filter(second).map((event) => `2: ${line(event)}`),
		];
	};

	const isFirst = (id: number, { ids }: { ids: number[] }) => id !== ids[1];
});

/** The DNs that take part; extensions unless the scenario says otherwise. */
const dnsOf = (life: Life): Record<string, string> =>
	Object.fromEntries(
		life.acts.flatMap((act) =>
			typeof act === 'object' && 'dn' in act ? [[act.dn, 'Wextension']] : [],
		),
	);

async function play({ life, shape, ids, prefix }: Performance): Promise<void> {
	const named = (dn: string | undefined) => (dn ? `${prefix}${dn}` : '');
	for (const act of life.acts) {
		if (act === 'moment') await pause(MOMENT_MS);
		else if ('gone' in act) server.remove({ dn: named(act.gone), id: act.id ?? 1 });
		else {
			const wire = SHAPES[shape]({ ...act, dn: named(act.dn) });
			await server.put({
				status: act.status,
				party_dn: act.party === undefined ? '10000' : named(act.party),
				party_dn_type: act.partyType ?? 'Wexternalline',
				party_caller_id: act.number
					? `${act.number}${ids[0]}`
					: act.party === undefined
						? `+4930${ids[0]}`
						: act.party,
				party_caller_name: '',
				callid: act.call === 0 ? 0 : ids[(act.call ?? 1) - 1],
				device_id: `sip:${act.dn}@10.0.0.${act.id ?? 1}`,
				referred_by_dn: named(act.referredBy),
				...wire,
				dn: named(act.dn),
				id: act.id ?? 1,
			} as WireLeg);
			await pause(PACE_MS);
		}
	}
}
