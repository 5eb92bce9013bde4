import fc from 'fast-check';
import { excess, isKnown, kindOf, learned, UNKNOWN } from '../../../lib/http/inFlight/baseline';
import {
	answered,
	INITIAL,
	MOST,
	overloaded,
	rested,
	START,
	unknownSent,
	type LimitState,
} from '../../../lib/http/inFlight/law';

/** So many answers to requests that were sent one after another, each `ratio` times as slow as a gentle one. */
function after(state: LimitState, count: number, ratio: number, inFlight?: number): LimitState {
	let now = Math.max(0, state.changedAt) + 1;
	for (let index = 0; index < count; index++) {
		state = answered(state, {
			excess: Math.log(ratio),
			inFlight: inFlight ?? state.limit,
			sentAt: now,
			at: now + 0.5,
		});
		now += 1;
	}
	return state;
}

const at = (limit: number, more: Partial<LimitState> = {}): LimitState => ({
	...INITIAL,
	limit,
	step: 1,
	...more,
});

describe('the limit', () => {
	test.each<[string, LimitState, number, number, number]>([
		['doubles at first while answers are steady', INITIAL, 4, 1, 8],
		['and again', INITIAL, 8, 1, 16],
		['up to its end', INITIAL, 100, 1, MOST],
		['waits for four answers', INITIAL, 3, 1, 4],
		['grows by one once an upper end was found', at(8, { ceiling: 12 }), 4, 1, 9],
		['and by more with each success', at(4), 8, 1, 7],
		['stays below the number that was too much', at(11, { ceiling: 12 }), 20, 1, 11],
		['tries that number after a while', at(11, { ceiling: 12 }), 46, 1, 12],
		['stays where answers take a little longer', at(9), 200, 1.12, 9],
		['falls to what the PBX can do: half of it at twice the time', at(16), 4, 2, 8],
		['falls by one at least', at(10), 60, 1.16, 8],
		['falls for slow answers alone no further than it began', at(6), 40, 1.9, START],
		['falls below that where they are very slow', at(6), 4, 6, 2],
		['and never further', at(2), 40, 100, 2],
	])('%s', (_, state, answers, ratio, limit) => {
		expect(after(state, answers, ratio).limit).toBe(limit);
	});

	test('is decided by mean and scatter of the answers', () => {
		let state = INITIAL;
		for (const [at, excess] of [0.01, 0.03, 0.05].entries())
			state = answered(state, { excess, inFlight: at + 1, sentAt: at, at });
		expect(state.seen).toEqual({
			count: 3,
			mean: expect.closeTo(0.03, 9),
			squares: expect.closeTo(0.0008, 9),
			inFlight: 6,
		});
	});

	test('does not grow where nobody needs it', () => {
		expect(after(INITIAL, 100, 1, 1).limit).toBe(START);
	});

	test('does not grow while a kind of request is being learned', () => {
		let state = INITIAL;
		for (let now = 0; now < 40; now++)
			state = answered(state, { excess: 0, inFlight: 4, sentAt: now, at: now, mayGrow: false });
		expect(state.limit).toBe(START);
	});

	test('heeds no answer to what was sent before it changed', () => {
		const state = at(8, { changedAt: 100 });
		expect(answered(state, { excess: 3, inFlight: 8, sentAt: 99, at: 200 })).toBe(state);
	});

	test('is decided by no single answer, however late', () => {
		let state = after(at(8, { ceiling: 9 }), 3, 1);
		state = answered(state, { excess: Math.log(60), inFlight: 8, sentAt: 9, at: 10 });
		expect(state.limit).toBe(8);
	});

	test.each([
		[16, 8],
		[5, 2],
		[2, 1],
		[1, 1],
	])('falls from %i to %i when the PBX refuses', (before, limit) => {
		expect(overloaded(at(before), { sentAt: 1, at: 2 }).limit).toBe(limit);
	});

	test('falls once for all that was refused together', () => {
		let state = overloaded(at(16), { sentAt: 1, at: 10 });
		for (let sentAt = 2; sentAt < 10; sentAt++) state = overloaded(state, { sentAt, at: 12 });
		expect(state.limit).toBe(8);
		expect(overloaded(state, { sentAt: 11, at: 13 }).limit).toBe(4);
	});

	test.each([
		[undefined, 1_000],
		[200, 1_000],
		[5_000, 5_000],
		[9_000_000, 60_000],
	])('does not grow for a while after it: Retry-After %s ms makes %i ms', (retryAfterMs, held) => {
		const { heldUntil } = overloaded(at(16), { sentAt: 1, at: 10, retryAfterMs });
		expect(heldUntil).toBe(10 + held);
		const state = at(8, { heldUntil });
		const steady = (now: number) => {
			let next = state;
			for (let index = 0; index < 4; index++)
				next = answered(next, { excess: 0, inFlight: 8, sentAt: now, at: now });
			return next.limit;
		};
		expect([steady(heldUntil - 1), steady(heldUntil)]).toEqual([8, 9]);
	});

	test('tries a number that failed less and less often', () => {
		let state = at(4);
		const waits: number[] = [];
		for (let tries = 0; tries < 7; tries++) {
			let answers = 0;
			while (state.limit < 5 && answers < 10_000)
				[state, answers] = [after(state, 1, 1), answers + 1];
			waits.push(answers);
			while (state.limit > 4) state = after(state, 1, 1.25);
		}
		expect(waits).toEqual([...waits].sort((a, b) => a - b));
		expect(waits[0]).toBe(4);
		expect(waits.at(-1)).toBeGreaterThan(100);
		// But never gives up.
		expect(waits.at(-1)).toBeLessThan(300);
	});

	test('begins gently with a kind of request that is not known', () => {
		const state = unknownSent(at(16, { ceiling: 17 }), 5);
		expect(state).toMatchObject({ limit: START, step: Infinity, ceiling: Infinity, changedAt: 5 });
		expect(unknownSent(at(2), 5).limit).toBe(2);
	});

	test.each([
		[16, 0, 16],
		[16, 60_000, 10],
		[16, 120_000, 7],
		[16, 3_600_000, 4],
		[1, 60_000, 3],
		[1, 3_600_000, 4],
	])('of %i is, %i ms later, %i', (limit, idleMs, later) => {
		expect(rested(at(limit), idleMs).limit).toBe(later);
	});

	test('is always a whole number from 1 to the most, whatever happens', () => {
		const news = fc.oneof(
			fc.record({
				excess: fc.double({ min: -20, max: 20, noNaN: true }),
				inFlight: fc.integer({ min: 1, max: 40 }),
				mayGrow: fc.boolean(),
			}),
			fc.record({ retryAfterMs: fc.option(fc.nat(), { nil: undefined }) }),
			fc.record({ idleMs: fc.nat(10_000_000) }),
			fc.constant('unknown' as const),
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(news, fc.nat(50)), { maxLength: 300 }), (events) => {
				let [state, now] = [INITIAL, 0];
				for (const [event, passed] of events) {
					const sentAt = now;
					now += passed;
					const before = state.limit;
					if (event === 'unknown') state = unknownSent(state, now);
					else if ('excess' in event) state = answered(state, { ...event, sentAt, at: now });
					else if ('idleMs' in event) state = rested(state, event.idleMs);
					else state = overloaded(state, { ...event, sentAt, at: now });
					expect(Number.isInteger(state.limit)).toBe(true);
					expect(state.limit).toBeGreaterThanOrEqual(1);
					expect(state.limit).toBeLessThanOrEqual(MOST);
					if (typeof event === 'object' && 'retryAfterMs' in event)
						expect(state.limit).toBeLessThanOrEqual(before);
				}
			}),
		);
	});
});

describe('what is compared', () => {
	const known = (ms: number, count = 8) => {
		let baseline = UNKNOWN;
		for (let index = 0; index < count; index++) baseline = learned(baseline, ms, true);
		return baseline;
	};

	test('a kind is known after four gentle answers, and not by any others', () => {
		expect(isKnown(known(20, 3))).toBe(false);
		expect(isKnown(known(20, 4))).toBe(true);
		let crowded = UNKNOWN;
		for (let index = 0; index < 40; index++) crowded = learned(crowded, 20, false);
		expect(isKnown(crowded)).toBe(false);
		expect(excess(crowded, 20)).toBeUndefined();
	});

	test.each([
		[20, 20, 1],
		[98, 198, 2],
		// Two ms more are no sign of load.
		[0.5, 2.5, 1.8],
		[20_000, 20_002, 1],
	])('with %d ms known, %d ms are %d times as long', (usual, ms, ratio) => {
		expect(Math.exp(excess(known(usual), ms)!)).toBeCloseTo(ratio, 2);
	});

	test('a PBX that has become slower for good is known as such after a while; one that has become quicker, soon', () => {
		let [slower, quicker] = [known(20, 40), known(40, 40)];
		for (let index = 0; index < 100; index++) slower = learned(slower, 40, true);
		expect(excess(slower, 40)).toBeLessThan(0.08);
		for (let index = 0; index < 32; index++) quicker = learned(quicker, 20, false);
		expect(excess(quicker, 20)).toBeLessThan(0.08);
		// Crowded answers teach nothing but that.
		let same = known(20, 40);
		for (let index = 0; index < 100; index++) same = learned(same, 80, false);
		expect(excess(same, 80)).toBeGreaterThan(1);
	});

	test.each([
		['GET', '/xapi/v1/Users(12)?$select=Id', 'GET /xapi/v1/Users() $select'],
		['GET', "/xapi/v1/Users(Number='a)b(')", 'GET /xapi/v1/Users()'],
		['GET', '/xapi/v1/Users?$top=100&$skip=400', 'GET /xapi/v1/Users $top=100'],
		['GET', '/xapi/v1/Users?$top=100&$count=true', 'GET /xapi/v1/Users $top=100'],
		['GET', '/xapi/v1/Users?%24top=1&%24filter=a', 'GET /xapi/v1/Users $filter $top=1'],
		[
			'GET',
			"/xapi/v1/R/Pbx.Get(from=2026-01-01,name='x')?$orderby=Id&$filter=a%26b",
			'GET /xapi/v1/R/Pbx.Get() $filter $orderby',
		],
		['GET', '/xapi/v1/Users?a%24b=1&%24top=5', 'GET /xapi/v1/Users $top=5 a%24b'],
		['POST', '/xapi/v1/Users', 'POST /xapi/v1/Users'],
	])('%s %s is of the kind "%s"', (method, path, kind) => {
		expect(kindOf(method, path)).toBe(kind);
	});

	test('after sixteen answers at any load that are quicker for certain, the new time counts, as of the sixteenth', () => {
		let quicker = known(40, 40);
		for (let index = 0; index < 8; index++) quicker = learned(quicker, 40, true);
		const before = quicker.mean;
		for (let index = 0; index < 15; index++) quicker = learned(quicker, 20, false);
		expect(quicker.mean).toBe(before);
		quicker = learned(quicker, 20, false);
		expect(excess(quicker, 20)).toBeCloseTo(0, 6);
		expect(quicker.latest.count).toBe(0);
	});

	test('answers that are quicker now and then are no news, nor are those that are hardly quicker', () => {
		let mixed = known(40, 40);
		for (let index = 0; index < 8; index++) mixed = learned(mixed, 40, true);
		let close = mixed;
		const { mean } = mixed;
		for (let index = 0; index < 16; index++) {
			mixed = learned(mixed, index % 4 === 0 ? 5 : 45, false);
			close = learned(close, 39, false);
		}
		expect([mixed.mean, close.mean]).toEqual([mean, mean]);
	});
});
