import { Teller, type ToldEvent } from '../../lib/callcontrol/calls/teller';
import { Told, type ToldCall } from '../../lib/callcontrol/calls/told';
import { closeDispatchers } from '../../lib/http/dispatchers';
import type { Entity } from '../../lib/xapi/entities';
import { Gaps, type GapOptions } from '../../nodes/ThreeCxTrigger/gaps';
import { leg } from '../callcontrol/samples';
import { InstantClock, ManualClock } from '../support/clocks';
import { clientAt } from '../support/fixedToken';
import { startRecordingPbx, type Answer } from '../support/recordingPbx';

/** When the call log is read, for which time, and what the log of n8n says about it. */

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
const PBX = 'https://pbx.example.com';
const DEFAULTS = [5_000, 30_000, 90_000, 600_000, 3_000_000];

/** A call from outside that ended so long ago, as the log has it. */
const row = (ago: number, more: Entity = {}): Entity => ({
	MainCallHistoryId: `call ${ago}`,
	CdrId: `cdr ${ago}`,
	CallId: 0,
	SegmentId: 1,
	StartTime: new Date(Date.now() - ago - 5 * SECOND).toISOString(),
	SourceDn: '10000',
	SourceCallerId: `+44${ago}`,
	DestinationDn: '100',
	DestinationCallerId: '100',
	RingingDuration: 'PT5S',
	TalkingDuration: 'PT0S',
	Answered: false,
	Direction: 'Inbound',
	CallType: 'Extension',
	...more,
});

/** A call that an earlier process has told of. */
const open = (callid: number, openedAt: number): ToldCall => ({
	callid,
	era: 0,
	stay: '',
	steps: new Set(['ringing']),
	given: new Set(),
	waits: new Set(),
	rang: [],
	agents: [],
	openedAt,
	answered: false,
	numbers: [`+44${callid}`],
	leg: {
		dn: '100',
		dnType: 'Wextension',
		direction: 'inbound',
		connected: false,
		participant: leg({ id: callid, callid, party_caller_id: `+44${callid}` }),
	},
});

let pbx: Awaited<ReturnType<typeof startRecordingPbx>>;
/** Answers to each reading of the log, by turns; the last one stays. */
let log: Answer[];
let active: Answer;
let gaps: Gaps;
let told: Told;
let teller: Teller;
let clock: InstantClock;
let said: string[];
/** What is told, with the reading in which it was. */
let events: Array<ToldEvent & { reading: number }>;

const readings = () => pbx.asked.filter(({ path }) => path.includes('GetCallLogData'));

const begin = (calls: ToldCall[] = [], options: Partial<GapOptions> = {}) => {
	const before = Told.begin(PBX, Date.now() - HOUR);
	for (const call of calls) before.add({ ...call, era: before.eraFor(call.callid) });
	told = Told.read(JSON.parse(JSON.stringify(before.write(Date.now()))), PBX)!.told;
	teller = new Teller({ granularities: ['call'], matches: () => true, asked: () => true, told });
	teller.begin([], 'what was missed', true);
	gaps = new Gaps({
		connect: async () => await Promise.resolve(clientAt(pbx.url)),
		logger: { warn: (text: string) => said.push(text), info: () => undefined },
		tell: 'ended',
		push: (event) => events.push({ ...event, reading: readings().length }),
		clock,
		...options,
	});
};

/** Waits for something that other work brings about. */
const until = async (fits: () => boolean) => {
	const end = Date.now() + 5_000;
	while (!fits()) {
		if (Date.now() > end) throw new Error('It did not come about');
		await new Promise((resolve) => setImmediate(resolve));
	}
};

/** Fills a gap that began so long ago, until it is filled. */
const fill = async (ago: number) => {
	gaps.fill(Date.now() - ago, teller, told);
	await until(() => told.gap === undefined);
};

beforeEach(async () => {
	[log, active, said, events, clock] = [[[200, { value: [] }]], [404], [], [], new InstantClock()];
	pbx = await startRecordingPbx(({ path }) => {
		if (path.includes('ActiveCalls')) return active;
		if (!path.includes('GetCallLogData')) return undefined;
		return log[Math.min(readings().length, log.length) - 1];
	});
	begin();
});

afterEach(async () => {
	gaps.close();
	await closeDispatchers();
	await pbx.close();
});

const [EMPTY, BROKEN, FORBIDDEN]: Answer[] = [[200, { value: [] }], [500], [403]];

describe('the log is read', () => {
	test.each<[string, Answer[], number, RegExp[]]>([
		['three times, where it can be', [EMPTY!], 3, []],
		['three times, where the first two fail', [BROKEN!, BROKEN!, EMPTY!], 3, []],
		['three times, where the last two fail', [EMPTY!, BROKEN!, BROKEN!], 3, []],
		['until it can be', [BROKEN!, BROKEN!, BROKEN!, EMPTY!], 4, []],
		['five times at most', [BROKEN!], 5, [/the call log could not be read.*HTTP 500/]],
		['once, where it may not be', [FORBIDDEN!], 1, [/may not read the call log/]],
		[
			'until it is known that it may not be',
			[BROKEN!, FORBIDDEN!],
			2,
			[/may not read the call log/],
		],
	])('%s', async (_, answers, times, warnings) => {
		log = answers;
		await fill(MINUTE);
		expect(readings()).toHaveLength(times);
		expect(clock.sleeps).toEqual(DEFAULTS.slice(0, times));
		expect(said).toHaveLength(warnings.length);
		for (const [index, warning] of warnings.entries()) expect(said[index]).toMatch(warning);
	});

	test('at the times that are asked for', async () => {
		begin([], { patience: { readAfterMs: [1, 2] } });
		await fill(MINUTE);
		expect(clock.sleeps).toEqual([1, 2]);
	});

	test('not again once it is known that it may not be; that is said once', async () => {
		log = [FORBIDDEN!];
		await fill(MINUTE);
		await fill(MINUTE);
		expect(readings()).toHaveLength(1);
		expect(said).toHaveLength(1);
		expect(said[0]).toContain('System Owner');
	});

	test('also where there is no connection at first', async () => {
		let tries = 0;
		begin([], {
			connect: async () => {
				if (++tries < 3) throw new Error('down');
				return await Promise.resolve(clientAt(pbx.url));
			},
		});
		await fill(MINUTE);
		expect([tries, readings().length, said.length]).toEqual([3, 1, 0]);
	});

	test('so that the next process looks back no further than rows may be late', async () => {
		const slow = new ManualClock();
		begin([], { clock: slow, patience: { lateMs: SECOND } });
		const began = Date.now();
		gaps.fill(began - MINUTE, teller, told);
		await slow.advance(5_000);
		await until(() => readings().length === 1 && slow.sleeping === 1);
		expect(told.gap).toBeGreaterThanOrEqual(began - SECOND);
		gaps.close();
	});

	test('not for a gap that has become a larger one, nor after the end', async () => {
		const slow = new ManualClock();
		begin([], { clock: slow });
		const began = Date.now();
		gaps.fill(began - MINUTE, teller, told);
		gaps.fill(began - SECOND, teller, told);
		// What began first is not forgotten.
		expect(told.gap).toBe(began - MINUTE);
		gaps.fill(began - 90 * SECOND, teller, told);
		expect(told.gap).toBe(began - 90 * SECOND);
		await slow.advance(5_000);
		await until(() => readings().length === 1 && slow.sleeping === 1);
		expect(told.gap).toBe(began - 90 * SECOND);
		gaps.close();
		// Nothing is kept waiting by what is closed.
		expect(slow.sleeping).toBe(0);
		await slow.advance(HOUR);
		expect(readings()).toHaveLength(1);
		// The next process fills it.
		expect(told.gap).toBe(began - 90 * SECOND);
		expect(said).toEqual([]);
	});
});

describe('the time that is read', () => {
	const period = () => {
		const [, from = '', to = ''] =
			/periodFrom=([^,]+),.*?periodTo=([^,]+),/.exec(readings().at(-1)!.path) ?? [];
		return [from, to].map((text) => Date.parse(text) - Date.now());
	};
	const near = (ms: number) => ({
		asymmetricMatch: (value: unknown) => Math.abs(Number(value) - ms) < 5 * SECOND,
	});

	test('begins a minute before what may not have been told, which is a minute before the gap, and ends in a minute', async () => {
		await fill(10 * MINUTE);
		expect(period()).toEqual([near(-12 * MINUTE), near(MINUTE)]);
	});

	test('is that of a day at most', async () => {
		await fill(100 * HOUR);
		expect(period()).toEqual([near(-24 * HOUR - 2 * MINUTE), near(MINUTE)]);
	});

	test('is that of the calls that are gone, too', async () => {
		begin([open(7, Date.now() - 30 * MINUTE), open(8, Date.now() - 20 * MINUTE)]);
		const slow = new ManualClock();
		begin([open(7, Date.now() - 30 * MINUTE), open(8, Date.now() - 20 * MINUTE)], { clock: slow });
		gaps.fill(Date.now() - 10 * MINUTE, teller, told);
		await slow.advance(5_000);
		await until(() => readings().length === 1);
		expect(period()).toEqual([near(-31 * MINUTE), near(MINUTE)]);
	});

	test('is by the clock of the PBX', async () => {
		active = [
			200,
			{
				value: [{ Id: 1, ServerNow: new Date(Date.now() + HOUR).toISOString(), Status: 'Talking' }],
			},
		];
		log = [[200, { value: [row(MINUTE - HOUR)] }]];
		await fill(10 * MINUTE);
		expect(period()).toEqual([near(HOUR - 12 * MINUTE), near(HOUR + MINUTE)]);
		expect(events).toHaveLength(1);
		expect(events[0]!.at - Date.now()).toEqual(near(-MINUTE));
		// It is over by that clock, so no further reading is waited for.
		expect(events[0]!.reading).toBe(1);
	});
});

describe('what is told', () => {
	test.each<['ended' | 'everything', string[]]>([
		['ended', ['ended']],
		['everything', ['ringing', 'ended']],
	])('of calls that nobody saw: %s', async (tell, types) => {
		begin([], { tell });
		log = [[200, { value: [row(MINUTE)] }]];
		await fill(10 * MINUTE);
		expect(events.map(({ type }) => type)).toEqual(types);
		// At once, and not a second time by the next reading.
		expect(events.map(({ reading }) => reading)).toEqual(types.map(() => 1));
	});

	test('is not what ended more than a minute before the gap', async () => {
		log = [[200, { value: [row(12 * MINUTE), row(10.5 * MINUTE)] }]];
		await fill(10 * MINUTE);
		expect(events.map(({ logged }) => logged?.callId)).toEqual([`call ${10.5 * MINUTE}`]);
	});

	test('at the third reading is also what may get further legs', async () => {
		log = [[200, { value: [row(2 * SECOND)] }]];
		await fill(10 * MINUTE);
		expect(events.map(({ reading }) => reading)).toEqual([3]);
	});

	test('is never a call that goes on', async () => {
		active = [200, { value: [{ Id: 5 }] }];
		log = [[200, { value: [row(MINUTE, { CallId: 5 })] }]];
		await fill(10 * MINUTE);
		expect(events).toEqual([]);
	});

	test('of calls that are gone has their time where the log has them', async () => {
		begin([open(60_000, Date.now() - 65 * SECOND)]);
		log = [EMPTY!, [200, { value: [row(MINUTE)] }]];
		await fill(10 * MINUTE);
		expect(events).toHaveLength(1);
		expect(events[0]).toMatchObject({
			type: 'ended',
			reading: 2,
			logged: { callId: 'call 60000' },
		});
		expect(events[0]!.isUnseen).toBeUndefined();
	});

	test.each<[string, Answer, number]>([
		['after the third reading where it does not', [200, { value: [] }], 3],
		['at once where the log may not be read', [403], 1],
		['after the third reading where that fails, once', [500], 3],
	])('of calls that are gone is told %s', async (_, answer, reading) => {
		begin([open(7, Date.now() - 2 * MINUTE)]);
		log = [answer];
		await fill(10 * MINUTE);
		expect(events).toHaveLength(1);
		expect(events[0]).toMatchObject({ type: 'ended', isUnseen: true, reading });
	});

	test('are a thousand events; how many there were is said', async () => {
		const rows = (count: number) =>
			Array.from({ length: count }, (_, index) => row(MINUTE + index * SECOND));
		log = [[200, { value: rows(1_000) }]];
		await fill(5 * HOUR);
		expect([events.length, said]).toEqual([1_000, []]);
		begin();
		log = [[200, { value: rows(1_001) }]];
		events = [];
		await fill(5 * HOUR);
		expect(events).toHaveLength(1_000);
		expect(said).toEqual([
			expect.stringMatching(/1001 events were missed.*the first 1000 are told/),
		]);
	});

	test.each([
		[true, 1],
		[false, 0],
	])(
		'may lack calls where too many have ended since the gap began: %p',
		async (isLate, warnings) => {
			const ended = Date.now() - (isLate ? 5 : 15) * MINUTE;
			const kept = { ...told.write(Date.now()), forgottenUntil: ended };
			begin();
			told = Told.read(kept, PBX)!.told;
			teller = new Teller({
				granularities: ['call'],
				matches: () => true,
				asked: () => true,
				told,
			});
			teller.begin([], 'what was missed', true);
			await fill(10 * MINUTE);
			expect(said).toHaveLength(warnings);
			if (isLate) expect(said[0]).toContain(new Date(ended + 5_000).toISOString());
			// Nothing is known of a log that was not read.
			[log, said] = [[BROKEN!], []];
			await fill(10 * MINUTE);
			expect(said).toEqual([expect.stringContaining('could not be read')]);
		},
	);
});
