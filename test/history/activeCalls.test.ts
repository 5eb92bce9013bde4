import { readActiveCalls, withTimes, type ActiveTimes } from '../../lib/history/activeCalls';
import type { CallEvent } from '../../lib/callcontrol/calls/tracker';
import { callEvent } from '../callcontrol/samples';
import { clientAt } from '../support/fixedToken';
import { startServer } from '../support/httpServer';
import { withPbx, type Answer } from '../support/recordingPbx';

/** What is known of calls that were there before anybody listened. */

const NOON = Date.parse('2026-11-02T12:00:00Z');
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const iso = (ms: number) => new Date(ms).toISOString();
const NEVER = '0001-01-01T00:00:00Z';

describe('the active calls of a PBX', () => {
	/** @param now our clock */
	const read = async (answer: Answer, now = NOON) =>
		(
			await withPbx(
				({ path }) => (path === '/xapi/v1/ActiveCalls' ? answer : undefined),
				async (client) => await readActiveCalls(client, () => now),
			)
		).result;

	test('bear times by our clock, as far as the PBX knows them', async () => {
		const talks = { Id: 5, Status: 'Talking', EstablishedAt: iso(NOON), ServerNow: iso(NOON) };
		const rings = {
			Id: '6',
			Status: 'Ringing',
			EstablishedAt: NEVER,
			LastChangeStatus: iso(NOON - SECOND),
		};
		const { calls, aheadMs } = await read([200, { value: [talks, rings] }], NOON - HOUR);
		expect(aheadMs).toBe(HOUR);
		expect([...calls]).toEqual([
			[5, { establishedAt: NOON - HOUR, changedAt: undefined, isTalking: true }],
			[6, { establishedAt: undefined, changedAt: NOON - HOUR - SECOND, isTalking: false }],
		]);
	});

	test.each([
		[2_999, 0],
		[3_000, 3_000],
		[-2_999, 0],
		[-3_000, -3_000],
	])('%d ms between the clocks count as %d', async (ahead, aheadMs) => {
		const value = [{ Id: 5, EstablishedAt: iso(NOON), ServerNow: iso(NOON) }];
		const active = await read([200, { value }], NOON - ahead);
		expect(active.aheadMs).toBe(aheadMs);
		expect(active.calls.get(5)?.establishedAt).toBe(NOON - aheadMs);
	});

	test('without its clock, the date of the answer counts', async () => {
		const { calls, aheadMs } = await read([200, { value: [] }], Date.now() - HOUR);
		expect(calls.size).toBe(0);
		expect(Math.abs(aheadMs - HOUR)).toBeLessThan(10 * SECOND);
	});

	test('without any clock, there is no difference', async () => {
		const server = await startServer((_, response) => {
			response.sendDate = false;
			response.end(JSON.stringify({ value: [{ Id: 5, ServerNow: NEVER }] }));
		});
		const { calls, aheadMs } = await readActiveCalls(clientAt(server.origin), () => NOON);
		await server.close();
		expect(aheadMs).toBe(0);
		expect(calls.get(5)).toEqual({ isTalking: false });
	});

	test.each([{}, null, { value: 'none' }])('an answer of %j has none', async (body) => {
		expect((await read([200, body])).calls.size).toBe(0);
	});
});

describe('an event of a call that was there before', () => {
	const known: ActiveTimes = { establishedAt: 20, changedAt: 10, isTalking: false };
	const times = ({ call, leg }: CallEvent) => [
		call.openedAt,
		call.answeredAt,
		leg.openedAt,
		leg.connectedAt,
	];

	test.each<[string, Parameters<typeof callEvent>[0], ActiveTimes, Array<number | undefined>]>([
		[
			'rings since it last changed',
			{ call: { openedAt: 50 }, leg: { openedAt: 50 } },
			known,
			[10, undefined, 10, undefined],
		],
		[
			'was seen to ring before',
			{ call: { openedAt: 5 }, leg: { openedAt: 7 } },
			known,
			[5, undefined, 7, undefined],
		],
		['rings, nobody saw since when', {}, known, [10, undefined, 10, undefined]],
		[
			'rings, and the PBX knows no more',
			{ call: { openedAt: 50 }, leg: { openedAt: 50 } },
			{ isTalking: false },
			[50, undefined, 50, undefined],
		],
		['is known by nothing', {}, { isTalking: false }, [undefined, undefined, undefined, undefined]],
		[
			'talks, though no leg shows it',
			{ call: { openedAt: 50 }, leg: { openedAt: 50 } },
			{ ...known, isTalking: true },
			[50, undefined, 50, undefined],
		],
		[
			'was answered at this phone',
			{ call: { openedAt: 50, answered: true }, leg: { openedAt: 50, connected: true } },
			{ ...known, isTalking: true },
			[50, 20, 50, 20],
		],
		[
			'was answered, as was seen',
			{
				call: { openedAt: 50, answered: true, answeredAt: 60 },
				leg: { openedAt: 50, connected: true, connectedAt: 60 },
			},
			known,
			[50, 60, 50, 60],
		],
		[
			'was answered elsewhere, and rings here',
			{ call: { openedAt: 50, answered: true }, leg: { openedAt: 50 } },
			known,
			[50, 20, 50, undefined],
		],
		[
			'is connected to a machine, and answered by nobody',
			{ call: { openedAt: 50 }, leg: { openedAt: 50, connected: true } },
			known,
			[10, undefined, 50, 20],
		],
	])('that %s', (_, event, active, expected) => {
		const [told] = withTimes([callEvent(event)], { calls: new Map([[7, active]]), aheadMs: 0 });
		expect(times(told!)).toEqual(expected);
	});

	test('stays as it is where the PBX does not name it', () => {
		const event = callEvent();
		expect(withTimes([event], { calls: new Map([[8, known]]), aheadMs: 0 })).toEqual([event]);
	});
});
